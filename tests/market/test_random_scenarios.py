"""What ``validate`` accepts, ``run`` runs: random scenario files, and what is refused is named."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from random_scenarios import Attempt, acceptable_scenario

from abm.market import TokenFuturesMarket, run
from abm.market.assembly.foundations import require_feasible
from abm.scenario import Scenario
from abm.spot.process.jumps import HeavyTailWarning


def accepted(path: Path, seed: int, *, small: bool) -> Attempt:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", HeavyTailWarning)
        return acceptable_scenario(path, seed, require_feasible, small=small)


@pytest.mark.parametrize("seed", range(50))
@pytest.mark.filterwarnings("ignore::abm.spot.process.jumps.HeavyTailWarning")
def test_a_scenario_that_is_accepted_trades_for_two_days(seed: int, tmp_path: Path) -> None:
    market = TokenFuturesMarket(accepted(tmp_path / "random.toml", seed, small=True).scenario)
    for _ in range(2 * market.clock.calendar.rounds_per_day):
        market.step()
    assert market.clock.calendar.days_open(market.clock.day) == 2


@pytest.mark.verify
@pytest.mark.parametrize("first", range(1_000, 2_000, 100))
@pytest.mark.filterwarnings("ignore::abm.spot.process.jumps.HeavyTailWarning")
def test_a_thousand_scenarios_that_are_accepted_run_for_two_days(first: int, tmp_path: Path) -> None:
    refused = 0
    for seed in range(first, first + 100):
        attempt = accepted(tmp_path / "random.toml", seed, small=False)
        refused += len(attempt.refusals)
        result = run(attempt.scenario)
        assert result.tables["spot"]["day"].max() == 1, f"seed {seed}"
    assert refused > 50


def test_the_packaged_scenarios_are_feasible() -> None:
    for name in ("plain", "aas_2018", "negative_price_2020", "nickel_2022"):
        require_feasible(Scenario.load(name))
