"""Runs that take no time: what a sweep sees of a market, made importable for worker processes."""

from __future__ import annotations

import os
import time
from dataclasses import asdict
from pathlib import Path

from abm.core.calendar import TradingCalendar
from abm.core.contract import ContractSpec
from abm.core.errors import ParameterError
from abm.recording import Recorder
from abm.scenario import Scenario


def finish(scenario: Scenario, *, seed: int, out: Path) -> None:
    """Write a run folder whose metrics follow from the scenario and the seed."""
    assert not out.exists()
    metrics = {"margin_times_seed": scenario.clearing.margin.rate * seed, "days": float(scenario.run.days)}
    manifest = {
        "seed": seed,
        "scenario_name": scenario.name,
        "scenario_sha256": scenario.sha256(),
        "state_hash": f"hash-of-seed-{seed}",
        "versions": {},
        "counts": {"messages": 0},
        "metrics": metrics,
        "cpu_seconds": {},
        "contract": asdict(ContractSpec()),
        "calendar": asdict(TradingCalendar()),
    }
    Recorder(scenario.recording.profile).write(out, manifest=manifest, scenario_toml="")


def fail_on_seed_one(scenario: Scenario, *, seed: int, out: Path) -> None:
    """Refuse seed 1 as a user's mistake and stumble over seed 2."""
    if seed == 1:
        raise ParameterError("seed: 1 is not to this market's taste")
    if seed == 2:
        raise ZeroDivisionError("a fault\nof ours")
    finish(scenario, seed=seed, out=out)


def die_on_seed_one(scenario: Scenario, *, seed: int, out: Path) -> None:
    """End the whole process on seed 1, as the operating system does when memory runs out."""
    if seed == 1:
        os._exit(9)
    time.sleep(0.2)  # long enough for the death to be noticed while other runs still wait
    finish(scenario, seed=seed, out=out)


def interrupt_on_seed_one(scenario: Scenario, *, seed: int, out: Path) -> None:
    """Act as if Ctrl-C was pressed during seed 1."""
    if seed == 1:
        raise KeyboardInterrupt
    finish(scenario, seed=seed, out=out)


def wait_on_seed_one(scenario: Scenario, *, seed: int, out: Path) -> None:
    """Say which process runs seed 1, and take longer than anybody waits."""
    if seed == 1:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.parent.joinpath(f"pid-{os.getpid()}").touch()
        time.sleep(600)
    finish(scenario, seed=seed, out=out)
