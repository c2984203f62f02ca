"""Speed of spot path generation on this machine: the compiled walk beside plain NumPy steps.

Figures are paths per CPU second of one process, the best of a few runs; compare ratios measured together.
A row drops its result before it makes the next, as Monte Carlo does: the C library then has the memory ready.
In memory that the system has to clear first, as when results are kept, X and S cost some 2 ns a step more.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from rich.console import Console
from rich.table import Table

from abm.spot.process.jumps import DoubleExponentialJumps
from abm.spot.process.level import Level
from abm.spot.process.long_run import LongRunFactor
from abm.spot.process.mrjd import MeanRevertingJumpDiffusion
from abm.spot.process.process import SpotProcess
from abm.spot.process.regimes import Regime, RegimeSwitchingJumpDiffusion
from bench.console import wide_console

PATHS, STEPS = 10_000, 252
RUNS = 15
TIMES = np.arange(STEPS + 1) / STEPS
JUMPS = DoubleExponentialJumps(0.8, 5.0, 8.0)
LEVEL = Level(3.0, trend_per_year=1.84)
PLAIN = MeanRevertingJumpDiffusion(6.0, 0.6, 3.0, JUMPS, LEVEL)
TWO_FACTORS = MeanRevertingJumpDiffusion(6.0, 0.6, 3.0, JUMPS, LEVEL, long_run=LongRunFactor(-0.2, 0.3, 0.4))
SWITCHING = RegimeSwitchingJumpDiffusion(
    6.0, (Regime(0.4, 2.0, JUMPS), Regime(1.2, 9.0, JUMPS, 0.3)), ((-2.0, 2.0), (10.0, -10.0)), LEVEL
)


def main() -> None:
    """Measure and print."""
    bench_spot(wide_console())


def bench_spot(console: Console) -> None:
    """Print a table of paths per CPU second for each way to make them."""
    fast = np.random.Generator(np.random.SFC64(1))
    default = np.random.default_rng(1)
    filled = PLAIN.simulate(TIMES, PATHS, fast)
    rows: list[tuple[str, Callable[[], object]]] = [
        ("plain NumPy steps, X only", lambda: _plain_steps(PLAIN, default)),
        ("compiled, X only", lambda: _deviations(PLAIN, fast)),
        ("compiled, X and S", lambda: PLAIN.simulate(TIMES, PATHS, fast)),
        ("compiled, X and S with PCG64", lambda: PLAIN.simulate(TIMES, PATHS, default)),
        ("compiled, X and S, arrays given", lambda: PLAIN.simulate(TIMES, PATHS, fast, out=filled)),
        ("compiled, X and S, arrays given, PCG64", lambda: PLAIN.simulate(TIMES, PATHS, default, out=filled)),
        ("two factors, X + xi and S", lambda: TWO_FACTORS.simulate(TIMES, PATHS, fast, out=filled)),
        ("two regimes, X and S", lambda: SWITCHING.simulate(TIMES, PATHS, fast, out=filled)),
    ]
    table = Table(
        title=f"spot paths of {STEPS} steps, best of {RUNS}, {PATHS:,} at once", title_justify="left"
    )
    table.add_column("way")
    table.add_column("paths per CPU s", justify="right")
    table.add_column("ns a step", justify="right")
    for name, work in rows:
        work()
        seconds = min(_cpu_seconds(work) for _ in range(RUNS))
        table.add_row(name, f"{PATHS / seconds:,.0f}", f"{seconds / PATHS / STEPS * 1e9:.1f}")
    console.print(table)
    console.print()


def _plain_steps(process: MeanRevertingJumpDiffusion, rng: np.random.Generator) -> np.ndarray:
    x = np.empty((TIMES.size, PATHS))
    x[0] = process.x0
    for i, dt in enumerate(np.diff(TIMES)):
        x[i + 1] = process.step(x[i], float(dt), rng)
    return x


def _deviations(process: SpotProcess, rng: np.random.Generator) -> np.ndarray:
    return process.simulate_log_deviation(TIMES, PATHS, rng)


def _cpu_seconds(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


if __name__ == "__main__":
    main()
