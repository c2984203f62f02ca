"""Speed and memory of the hedging laboratory on this machine, in a process of its own."""

from __future__ import annotations

import resource
import subprocess
import sys
import time

from rich.console import Console
from rich.table import Table

from abm.hedging import HedgeStudy, Listing
from bench.console import wide_console

PROGRAMMES = ("layered", "strip:0.8", "rolling:2", "stack:scaled", "minimum_variance")
PATHS, MONTHS = 10_000, 36
RUNS = 3


def main() -> None:
    """Measure and print."""
    bench_hedging(wide_console())


def bench_hedging(console: Console) -> None:
    """Print CPU seconds after start-up, and the peak memory of the process, start-up included."""
    table = Table(
        title=f"hedging laboratory, {PATHS:,} paths x {MONTHS} months, best of {RUNS}", title_justify="left"
    )
    for column in ("programmes", "CPU s", "peak GB"):
        table.add_column(column, justify="left" if column == "programmes" else "right")
    for words in (("strip:0.8",), PROGRAMMES):
        answer = subprocess.run(
            [sys.executable, "-m", "bench.hedging", ",".join(words)],
            check=True,
            capture_output=True,
            text=True,
        )
        seconds, gigabytes = answer.stdout.split()
        table.add_row(", ".join(words), seconds, gigabytes)
    console.print(table)
    console.print()


def measure(words: str) -> None:
    """Print the CPU seconds of a study, kernels loaded, and the peak memory in GB."""
    study = HedgeStudy.from_scenario(
        "demand_explosion", words.split(","), paths=PATHS, listing=Listing(MONTHS)
    )
    study.replace(paths=10).run()
    seconds = []
    for _ in range(RUNS):
        before = time.process_time()
        study.run()
        seconds.append(time.process_time() - before)
    peak_kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{min(seconds):.2f} {peak_kilobytes / 1e6:.2f}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(sys.argv[1])
    else:
        main()
