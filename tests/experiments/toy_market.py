"""Runs that take no time: what a sweep sees of a market, made importable for worker processes."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from pathlib import Path

from abm.core.errors import ParameterError
from abm.recording import FORMAT, PROFILES
from abm.scenario import Scenario

KEPT = Path(__file__).parents[1] / "recording" / "folders" / f"format-{FORMAT}"
"""A folder with the tables of the profiles asked for. Nothing of ours reads or writes it: that takes time."""


def finish(
    scenario: Scenario, *, seed: int, out: Path, metrics: dict[str, float | None] | None = None
) -> None:
    """Write a run folder with the tables of a kept one, whose metrics follow from scenario and seed."""
    assert not out.exists()
    if metrics is None:
        metrics = {
            "margin_times_seed": scenario.clearing.margin.rate * seed,
            "days": float(scenario.run.days),
        }
    profile = scenario.recording.profile
    rows = PROFILES[profile]
    kept = json.loads((KEPT / "manifest.json").read_text())
    parts = ["scenario.toml", *(f"{table}.parquet" for table in rows)]
    manifest = kept | {
        "seed": seed,
        "scenario_sha256": scenario.sha256(),
        "state_hash": f"hash-of-seed-{seed}",
        "metrics": metrics,
        "profile": profile,
        "rows": {table: kept["rows"][table] for table in rows},
        "sha256": {part: kept["sha256"][part] for part in parts},
    }
    del manifest["manifest_sha256"]
    own = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".partial", dir=out.parent))
    for part in parts:
        shutil.copy(KEPT / part, draft)
    (draft / "manifest.json").write_text(json.dumps(manifest | {"manifest_sha256": own}))
    os.rename(draft, out)


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


def quoted(scenario: Scenario, *, seed: int, out: Path) -> None:
    """Write a run whose spread grows with tick and seed, and whose margin calls with rate and noise."""
    tick, rate = scenario.contract.tick_size_usd, scenario.clearing.margin.rate
    noise = (seed * 7919) % 13 / 13.0
    metrics: dict[str, float | None] = {
        "front_spread_usd": 2.0 * tick + 0.001 * seed + 0.1 * (tick - 0.001) * noise,
        "margin_calls": 100.0 + 50.0 * rate * (noise - 0.4) + seed,
        "limit_halts": 3.0,
        "dmm_stress_presence": None,
        "volatility_reduction_within": 0.3 if seed % 2 else None,
        "volatility_reduction": 0.3,
        "dmm_pay_usd": 5.0 + 40.0 * (tick > 0.001 and seed == 1) + 1e-3 * tick * seed,
    }
    finish(scenario, seed=seed, out=out, metrics=metrics)


def quoted_but_for_two(scenario: Scenario, *, seed: int, out: Path) -> None:
    """Fail on seed 2 of a coarse tick."""
    if seed == 2 and scenario.contract.tick_size_usd > 0.001:
        raise ParameterError("seed: 2 is not to this market's taste")
    quoted(scenario, seed=seed, out=out)


def interrupted_on_three(scenario: Scenario, *, seed: int, out: Path) -> None:
    """Act as if Ctrl-C was pressed when seed 3 begins."""
    if seed == 3:
        raise KeyboardInterrupt
    quoted(scenario, seed=seed, out=out)
