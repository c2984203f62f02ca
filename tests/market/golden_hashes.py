"""State hashes of every packaged scenario: what they are now, and the file that says what they were.

`python tests/market/golden_hashes.py` writes the file anew, for the versions it runs on. Whoever commits a
new hash says in CHANGELOG why results change.
"""

from __future__ import annotations

import json
import platform
from functools import cache
from pathlib import Path

import numba
import numpy as np

from abm.market import run
from abm.scenario import Scenario
from abm.scenario.loading import packaged_scenarios

FILE = Path(__file__).with_suffix(".json")
DAYS = {"aas_2018": 12, "demand_explosion": 23, "negative_price_2020": 22, "nickel_2022": 10}
"""Into what a scenario is about: a move beyond margin, a default, a shock, a price below zero."""
OTHERS_DAYS = 4
"""Opening auctions, settlements, margin calls and fees."""
MARKETS_DAYS = 22
"""Of baseline and plain market. Over a month's end: an expiry, a listing, a resized fund, the makers' pay."""
MARKETS = ("baseline", "plain")


def _cases() -> dict[str, tuple[str, int, int]]:
    packaged = [path.stem for path in sorted(packaged_scenarios()) if path.stem not in MARKETS]
    runs = [(name, DAYS.get(name, OTHERS_DAYS), 1) for name in packaged]
    runs += [(name, MARKETS_DAYS, seed) for name in MARKETS for seed in (1, 2)]
    return {f"{name}, {days} days, seed {seed}": (name, days, seed) for name, days, seed in runs}


CASES = _cases()
"""Scenario, days and seed of each case, by its name."""


def versions() -> str:
    """Return what a hash may depend on beside the program: floats are rounded by these."""
    return f"numpy {np.__version__}, numba {numba.__version__}, {platform.machine()}"


@cache
def recorded() -> dict[str, dict[str, str]]:
    """Return the file: hashes of the cases, by versions."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def hash_now(case: str) -> str:
    """Run a case and return its state hash."""
    name, days, seed = CASES[case]
    return run(
        Scenario.load(name).replace({"run.days": days, "recording.profile": "summary"}), seed=seed
    ).state_hash


def main() -> None:
    """Write the hashes of these versions into the file; those of other versions are thereby out of date."""
    FILE.write_text(json.dumps({versions(): {case: hash_now(case) for case in CASES}}, indent=2) + "\n")
    print(FILE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
