"""Runs that several tests read; each is made once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest

from abm.market import RunResult, run
from abm.scenario import Scenario

EXPLOSION = Path(__file__).parents[1] / "plain_explosion.toml"
"""A demand explosion where money is deep: for the rules of a venue, which money does not touch."""
SEEDS = (1, 2, 3)
COARSE = 24
"""Rounds a day in the fast tests; `make verify` runs the years as they are packaged, with every seed."""
AS_PACKAGED = Scenario().calendar.rounds_per_day
YEAR, SHOCK_AND_AFTER = 252, 126
"""Days of a run; the shock of a demand explosion is over on day 84."""


@cache
def year(name: str | Path, seed: int, rounds: int, days: int = YEAR, profile: str = "daily") -> RunResult:
    changes = {"recording.profile": profile, "calendar.rounds_per_day": rounds, "run.days": days}
    return run(Scenario.load(name).replace(changes), seed=seed)


@pytest.fixture(
    scope="session",
    params=[
        (name, seed, rounds)
        if (name, rounds) == ("baseline", COARSE)
        else pytest.param((name, seed, rounds), marks=pytest.mark.verify)
        for name in ("baseline", "plain")
        for seed, rounds in [(SEEDS[0], COARSE), *((seed, AS_PACKAGED) for seed in SEEDS)]
    ],
    ids=lambda terms: "{}, seed {}, {} rounds a day".format(*terms),
)
def ordinary_year(request: pytest.FixtureRequest) -> RunResult:
    """Return a year in which nothing is staged: of the baseline, and of its twin where money is deep."""
    return year(*request.param)


@pytest.fixture(
    scope="session",
    params=[
        ("demand_explosion", COARSE, SHOCK_AND_AFTER),
        pytest.param((EXPLOSION, COARSE, SHOCK_AND_AFTER), marks=pytest.mark.verify),
        pytest.param(("demand_explosion", AS_PACKAGED, YEAR), marks=pytest.mark.verify),
        pytest.param((EXPLOSION, AS_PACKAGED, YEAR), marks=pytest.mark.verify),
    ],
    ids=lambda terms: f"{Path(terms[0]).stem}, {terms[1]} rounds a day, {terms[2]} days",
)
def explosion(request: pytest.FixtureRequest) -> RunResult:
    name, rounds, days = request.param
    return year(name, SEEDS[0], rounds, days)


@pytest.fixture(scope="session")
def explosions() -> list[RunResult]:
    return [year("demand_explosion", seed, AS_PACKAGED) for seed in SEEDS]


class Halting(NamedTuple):
    """A run in which months halt, and its terms."""

    tables: Mapping[str, pd.DataFrame]
    rounds: int
    daily_limit: float


NARROW = {
    "calendar.rounds_per_day": COARSE,
    "exchange.daily_limit": 0.04,
    "exchange.halts.expanded_limits": (0.06, 0.08),
    "recording.profile": "full",
    "run.days": 42,
}


@pytest.fixture(
    scope="session",
    params=["narrow limits", pytest.param("a year of usual limits", marks=pytest.mark.verify)],
)
def halting(request: pytest.FixtureRequest) -> Halting:
    """Return a demand explosion: narrow limits stop months in two months as often as wide ones in a year."""
    scenario = Scenario.load(EXPLOSION)
    if request.param == "narrow limits":
        scenario = scenario.replace(NARROW)
        result = run(scenario, seed=SEEDS[0])
    else:
        result = year(EXPLOSION, SEEDS[0], AS_PACKAGED, profile="full")
    return Halting(result.tables, scenario.calendar.rounds_per_day, scenario.exchange.daily_limit)


@pytest.fixture(scope="session")
def short() -> Scenario:
    """A month and a bit, coarse rounds: fast, and one contract expires."""
    return Scenario.load("plain").replace({"run.days": 24, "calendar.rounds_per_day": 12})


@pytest.fixture(scope="session")
def short_run(short: Scenario) -> Callable[[int], RunResult]:
    """Return the run of ``short`` with a seed: the world that others are held against."""
    return cache(lambda seed: run(short, seed=seed))
