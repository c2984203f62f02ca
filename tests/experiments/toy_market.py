"""Runs that take no time: what a sweep sees of a market, made importable for worker processes."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from abm.core.errors import ParameterError
from abm.scenario import Scenario


def finish(scenario: Scenario, *, seed: int, out: Path) -> None:
    """Write a manifest whose one metric follows from the scenario and the seed."""
    assert not out.exists()
    out.mkdir(parents=True)
    metrics = {"margin_times_seed": scenario.clearing.margin.rate * seed, "days": float(scenario.run.days)}
    text = json.dumps({"metrics": metrics, "state_hash": f"hash-of-seed-{seed}"})
    (out / "manifest.json").write_text(text)


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
