"""Speed of the simulator on this machine: the baseline, where its time goes, matching alone, start-up.

Figures are CPU seconds of one process, medians of a few runs; machines differ and are noisy, so compare
ratios measured together, not numbers from two machines.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from abm.core.orders import ORDER_DTYPE, MessageKind, Side, TimeInForce
from abm.exchange import CompiledExchange, Exchange, ReferenceExchange
from abm.market import run
from abm.scenario import Scenario
from bench.spot import bench_spot

RUNS = 3
BATCH = 300
SLOTS, ACCOUNTS = 12, 500


def main() -> None:
    """Measure everything and print it."""
    console = Console()
    console.print("warming up (compiles the kernels on first use)")
    run(Scenario.load("baseline").replace({"run.days": 2}))
    _bench_baseline(console)
    _bench_matching(console)
    bench_spot(console)
    _bench_start_up(console)


def _bench_baseline(console: Console) -> None:
    """Run the baseline year; messages per CPU second count everything but set-up."""
    manifests = [run("baseline").manifest for _ in range(RUNS)]
    rates, spent = [], []
    for manifest in manifests:
        phases = {name: s for name, s in manifest["cpu_seconds"].items() if name != "set_up"}
        spent.append(sum(phases.values()))
        rates.append(manifest["counts"]["messages"] / spent[-1])
    table = Table(title=f"baseline year, median of {RUNS}", title_justify="left")
    table.add_column("phase")
    table.add_column("CPU s", justify="right")
    table.add_column("share", justify="right")
    for phase in manifests[0]["cpu_seconds"]:
        seconds = statistics.median(manifest["cpu_seconds"][phase] for manifest in manifests)
        share = "" if phase == "set_up" else f"{seconds / statistics.median(spent):.0%}"
        table.add_row(phase, f"{seconds:.2f}", share)
    console.print(table)
    messages = manifests[0]["counts"]["messages"]
    console.print(
        f"{messages:,} messages in {statistics.median(spent):.2f} CPU s: "
        f"[bold]{statistics.median(rates):,.0f} messages per CPU second[/bold]\n"
    )


def message_stream(count: int, seed: int = 1) -> np.ndarray:
    """Return mixed messages: 66 % limit orders near 3,000 ticks, 10 % market orders, 24 % cancels."""
    rng = np.random.default_rng(seed)
    orders = np.zeros(count, dtype=ORDER_DTYPE)
    orders["order_id"] = np.arange(1, count + 1)
    orders["account"] = rng.integers(0, ACCOUNTS, count)
    orders["month"] = rng.integers(0, SLOTS, count)
    orders["side"] = rng.choice([Side.BUY, Side.SELL], count)
    orders["price_ticks"] = 3_000 - orders["side"] * rng.integers(-3, 30, count)
    orders["lots"] = rng.integers(1, 20, count)
    orders["time_in_force"] = TimeInForce.DAY
    kind = rng.random(count)
    orders["kind"] = np.select(
        [kind < 0.66, kind < 0.76], [MessageKind.LIMIT, MessageKind.MARKET], MessageKind.CANCEL
    )
    market = orders["kind"] == MessageKind.MARKET
    orders["time_in_force"][market] = TimeInForce.IOC
    cancel = np.flatnonzero(orders["kind"] == MessageKind.CANCEL)
    aimed_at = np.maximum(cancel - rng.integers(1, 2_000, len(cancel)), 0)
    orders["order_id"][cancel] = orders["order_id"][aimed_at]
    orders["account"][cancel] = orders["account"][aimed_at]
    return orders


def _open(engine: type) -> Exchange:
    books: Exchange = engine(n_accounts=ACCOUNTS, n_slots=SLOTS)
    months = np.arange(SLOTS, dtype=np.int64)
    books.open_day(
        months=months,
        reference_ticks=np.full(SLOTS, 3_000),
        low_ticks=np.full(SLOTS, 2_700),
        high_ticks=np.full(SLOTS, 3_300),
        is_daily_limit=np.ones(SLOTS, dtype=np.bool_),
        protection_ticks=np.full(SLOTS, 60),
    )
    books.load_risk(
        position_lots=np.zeros((ACCOUNTS, SLOTS), dtype=np.int64),
        funds_usd_micro=np.full(ACCOUNTS, 10**15),
        margin_per_lot_usd_micro=np.full(SLOTS, 300 * 10**6),
        may_trade=np.ones(ACCOUNTS, dtype=np.bool_),
    )
    return books


def _matching_rate(engine: type, orders: np.ndarray) -> float:
    books = _open(engine)
    batches = [orders[start : start + BATCH] for start in range(0, len(orders), BATCH)]
    started = time.process_time()
    for batch in batches:
        books.match(batch)
    return len(orders) / (time.process_time() - started)


def _bench_matching(console: Console) -> None:
    """Match the same stream with the compiled books and with the plain-Python twin, margin check on."""
    orders = message_stream(1_000_000)
    _matching_rate(CompiledExchange, orders[:BATCH])
    compiled = statistics.median(_matching_rate(CompiledExchange, orders) for _ in range(RUNS))
    plain = _matching_rate(ReferenceExchange, orders[:60_000])
    table = Table(
        title=f"matching alone, 12 months, batches of {BATCH}, margin check on", title_justify="left"
    )
    table.add_column("books")
    table.add_column("messages per CPU s", justify="right")
    table.add_row("compiled (1,000,000 messages)", f"{compiled:,.0f}")
    table.add_row("plain Python reference (60,000)", f"{plain:,.0f}")
    table.add_row("ratio", f"{compiled / plain:,.0f}")
    console.print(table)
    console.print()


def _bench_start_up(console: Console) -> None:
    """Time a second ``sitsim run`` of one coarse day: nearly all of it is start-up."""
    command = [
        str(Path(sys.executable).with_name("sitsim")), "run", "baseline",
        "--days", "1", "--rounds-per-day", "2", "--no-report", "--quiet",
    ]  # fmt: skip
    seconds = []
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory() as folder:
            before = os.times()
            subprocess.run([*command, "--out", str(Path(folder) / "out")], check=True, capture_output=True)
            after = os.times()
        seconds.append(
            after.children_user + after.children_system - before.children_user - before.children_system
        )
    console.print(f"start-up of `sitsim run`, kernels cached: {statistics.median(seconds):.2f} CPU s")


if __name__ == "__main__":
    main()
