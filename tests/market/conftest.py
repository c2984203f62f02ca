"""Runs that several tests read; each is made once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pandas as pd
import pytest

from abm.market import RunResult, run
from abm.scenario import Scenario

SEEDS = (1, 2, 3)
"""The first is run by the fast tests, the others by `make verify`."""


@cache
def year(name: str, seed: int, profile: str = "daily") -> RunResult:
    return run(Scenario.load(name).replace({"recording.profile": profile}), seed=seed)


@pytest.fixture(
    scope="session", params=[SEEDS[0], *(pytest.param(seed, marks=pytest.mark.verify) for seed in SEEDS[1:])]
)
def baseline_year(request: pytest.FixtureRequest) -> RunResult:
    return year("baseline", request.param)


@pytest.fixture(scope="session")
def explosion() -> RunResult:
    return year("demand_explosion", SEEDS[0], "full")


@pytest.fixture(scope="session")
def other_explosions() -> list[RunResult]:
    return [year("demand_explosion", seed) for seed in SEEDS[1:]]


@pytest.fixture(scope="session")
def halting_year(explosion: RunResult) -> Mapping[str, pd.DataFrame]:
    """Every table of a year in which months halt."""
    return explosion.tables


@pytest.fixture(scope="session")
def short() -> Scenario:
    """A month and a bit, coarse rounds: fast, and one contract expires."""
    return Scenario.load("baseline").replace({"run.days": 24, "calendar.rounds_per_day": 12})
