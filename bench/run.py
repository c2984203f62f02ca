"""Speed of the simulator on this machine: baseline and phases, forks, traders, matching, hedging, start-up.

Figures are CPU seconds of one process, medians of a few runs; machines differ and are noisy, so compare
ratios measured together, not numbers from two machines.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from abm.market import run
from abm.scenario import Scenario
from bench.agents import bench_agents
from bench.console import wide_console
from bench.forks import bench_forks
from bench.hedging import bench_hedging
from bench.matching import bench_matching
from bench.spot import bench_spot

RUNS = 3


def main() -> None:
    """Measure everything and print it."""
    console = wide_console()
    console.print("warming up (compiles the kernels on first use)")
    run(Scenario.load("baseline").replace({"run.days": 2}))
    _bench_baseline(console)
    _bench_margin_models(console)
    _bench_recording(console)
    bench_forks(console)
    bench_agents(console)
    bench_matching(console)
    bench_spot(console)
    bench_hedging(console)
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


def _bench_margin_models(console: Console) -> None:
    """Run the baseline year under each margin model in turn; what it costs is said relative to ``flat``."""
    models = ("flat", "ewma", "filtered_historical", "scan")
    spent: dict[str, list[float]] = {model: [] for model in models}
    for _ in range(RUNS):
        for model in models:
            manifest = run(Scenario.load("baseline").replace({"clearing.margin.model": model})).manifest
            spent[model].append(sum(s for name, s in manifest["cpu_seconds"].items() if name != "set_up"))
    table = Table(title=f"baseline year by margin model, best of {RUNS} in turn", title_justify="left")
    table.add_column("model")
    table.add_column("CPU s", justify="right")
    table.add_column("of flat", justify="right")
    for model in models:
        table.add_row(model, f"{min(spent[model]):.2f}", f"{min(spent[model]) / min(spent['flat']):.2f}")
    console.print(table)


def _bench_recording(console: Console) -> None:
    """Run the baseline year with each recording profile in turn; what it costs is relative to ``summary``."""
    profiles = ("summary", "daily", "full")
    spent: dict[str, list[float]] = {profile: [] for profile in profiles}
    for _ in range(RUNS):
        for profile in profiles:
            manifest = run(Scenario.load("baseline").replace({"recording.profile": profile})).manifest
            spent[profile].append(sum(s for name, s in manifest["cpu_seconds"].items() if name != "set_up"))
    table = Table(title=f"baseline year by recording profile, best of {RUNS} in turn", title_justify="left")
    table.add_column("profile")
    table.add_column("CPU s", justify="right")
    table.add_column("of summary", justify="right")
    for profile in profiles:
        least = min(spent[profile])
        table.add_row(profile, f"{least:.2f}", f"{least / min(spent['summary']):.2f}")
    console.print(table)


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
