"""Every number of a run folder, its speed included."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from abm import Scenario, run
from abm.recording import RunFolder, read_run
from analysis import metrics


def test_speed_leaves_set_up_out() -> None:
    manifest = {
        "counts": {"messages": 1_000},
        "cpu_seconds": {"set_up": 55.0, "agents": 1.5, "match": 0.5},
    }
    assert metrics.messages_per_cpu_second(manifest) == 500.0
    assert math.isnan(metrics.messages_per_cpu_second({**manifest, "cpu_seconds": {"set_up": 1.0}}))


def test_the_metrics_of_a_run_are_finite_plain_numbers(synthetic_run: RunFolder) -> None:
    numbers = metrics.run_metrics(synthetic_run)
    assert all(type(number) is float for number in numbers.values())
    missing = {name for name, number in numbers.items() if not math.isfinite(number)}
    assert missing == {  # four months are listed
        f"{name}_tenor_{months}" for name in ("risk_premium", "volatility", "spread_bp") for months in (6, 11)
    }
    assert numbers["front_two_sided_share"] == pytest.approx(0.99)
    assert numbers["client_defaults"] == 1.0
    assert numbers["messages_per_cpu_second"] == 60_000.0


def test_a_months_own_halts_are_counted_and_the_share_of_auctions_is_of_all_lots(
    synthetic_run: RunFolder,
) -> None:
    numbers = metrics.run_metrics(synthetic_run)
    assert (numbers["limit_halts"], numbers["interruptions"]) == (
        2.0,
        1.0,
    )  # one more halted along with another
    daily = synthetic_run.tables["daily"]
    share = daily["auction_lots"].sum() / daily["volume_lots"].sum()
    assert numbers["auction_volume_share"] == pytest.approx(share)
    assert 0.2 < share < 0.25


SPENT = 0.02


def test_all_processor_time_after_set_up_is_in_a_phase(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time between phases, for closing tables and for writing them counts: here 0.02 s is spent on each."""

    def burn() -> None:
        until = time.process_time() + SPENT
        while time.process_time() < until:
            pass

    def burning(function: Callable[..., Any]) -> Callable[..., Any]:
        def slower(*args: Any, **kwargs: Any) -> Any:
            burn()
            return function(*args, **kwargs)

        return slower

    module = sys.modules["abm.market.run"]
    monkeypatch.setattr(module, "market_metrics", burning(module.market_metrics))
    monkeypatch.setattr(pq, "write_table", burning(pq.write_table))
    scenario = Scenario().replace(
        {"run.days": 1, "calendar.rounds_per_day": 2, "recording.profile": "summary"}
    )
    result = run(scenario, out=tmp_path / "run", progress=lambda *_: burn())
    spent = read_run(tmp_path / "run").manifest["cpu_seconds"]
    assert (spent["other"] >= SPENT, spent["finish"] >= SPENT) == (True, True)
    assert spent["write"] >= SPENT * len(result.tables)
    assert spent == result.manifest["cpu_seconds"]
    in_phases = sum(seconds for phase, seconds in spent.items() if phase != "set_up")
    expected = result.manifest["counts"]["messages"] / in_phases
    assert metrics.messages_per_cpu_second(result.manifest) == pytest.approx(expected)
