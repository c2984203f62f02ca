"""What it costs to fork, save and load a market in the middle of the plain year."""

from __future__ import annotations

import gc
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from abm.market import TokenFuturesMarket
from abm.recording import Recorder
from abm.scenario import Scenario

DAYS, TIMES = 126, 20


def bench_forks(console: Console) -> None:
    """Measure a market that records nothing, and one by each profile."""
    table = Table(
        title=f"a market after {DAYS} days of the plain market, medians of {TIMES}", title_justify="left"
    )
    for column in ("profile", "fork CPU ms", "save CPU ms", "load CPU ms", "file MiB"):
        table.add_column(column, justify="left" if column == "profile" else "right")
    for profile in (None, "summary", "daily", "full"):
        table.add_row(profile or "no recorder", *_measured(profile))
    console.print(table)


def _measured(profile: str | None) -> list[str]:
    market = TokenFuturesMarket(
        Scenario.load("plain"), recorder=None if profile is None else Recorder(profile)
    )
    for _ in range(DAYS * market.clock.calendar.rounds_per_day):
        market.step()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "market"
        spent = [
            _median_ms(market.fork),
            _median_ms(lambda: market.save(path)),
            _median_ms(lambda: TokenFuturesMarket.load(path)),
        ]
        return [*(f"{ms:.1f}" for ms in spent), f"{path.stat().st_size / 2**20:.1f}"]


def _median_ms(act: Callable[[], Any]) -> float:
    spent = []
    for _ in range(TIMES):
        gc.collect()
        began = time.process_time()
        act()
        spent.append(1e3 * (time.process_time() - began))
    return statistics.median(spent)
