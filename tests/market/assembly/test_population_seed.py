"""The same firms on other price paths: who is there has a seed of its own."""

from __future__ import annotations

import numpy as np
import pytest

from abm.core.errors import ParameterError, ScenarioError
from abm.market import PopulationSpec, TokenFuturesMarket, run
from abm.scenario import Scenario

LAW = {"law": "lognormal", "median": 16.0, "log_sd": 0.5}
FEW = {
    "calendar.rounds_per_day": 3,
    "agents.enterprises.count": 20,
    "agents.noise.count": 30,
    "contract.listed_months": 4,
}
PEERS = FEW | {
    "agents.mixture.count": 4,
    "agents.switching.count": 10,
    "agents.arbitrageurs.count": 2,
    "agents.informed.count": 2,
    "agents.noise.actions_per_day": LAW,
    "agents.market_makers.requotes_per_day": LAW,
    "agents.sentiment.strength": 0.5,
    "agents.companies": [{"name": "acme", "need_msit_per_day": 900, "cash_usd": 1e6}],
}


def market(seed: int, population_seed: int | None = None) -> TokenFuturesMarket:
    return TokenFuturesMarket(Scenario().replace(PEERS), rng=seed, population_seed=population_seed)


def walked(changes=None, *, days: int = 2, **seeds) -> TokenFuturesMarket:
    scenario = Scenario().replace(FEW | (changes or {}))
    built = TokenFuturesMarket(scenario, rng=seeds.pop("seed"), **seeds)
    for _ in range(days * 3):
        built.step()
    return built


def who_is_there(built: TokenFuturesMarket) -> dict[str, np.ndarray]:
    """Everything that is known of the traders on day 0 but their decision streams."""
    seen = {"capacity": built.desk.quotes.volume_shares, "multiples": built.desk.quotes.expected_multiples}
    for population in built.populations:
        seen[f"{population.name}.cash"] = population.funding.cash_usd_micro
        seen[f"{population.name}.credit"] = population.funding.credit_limit_usd_micro
        for name in population.columns.dtype.names:
            seen[f"{population.name}.{name}"] = population.columns[name]
    for own in (built.enterprises, *built.companies.values()):
        for name in ("mean_need_msit", "provider", "hedges", "need_lots"):
            seen[f"{own.name}.{name}"] = getattr(own, name)
    herd = next(p for p in built.populations if p.name == "noise").herd
    seen["friends"] = herd.graph.neighbours
    return {name: np.array(value) for name, value in seen.items()}


def test_one_population_seed_is_the_same_firms_whatever_the_seed():
    one, two = who_is_there(market(1, 7)), who_is_there(market(2, 7))
    assert one.keys() == two.keys()
    for name, value in one.items():
        np.testing.assert_array_equal(value, two[name], err_msg=name)


def test_another_population_seed_is_other_firms():
    one, two = who_is_there(market(1, 7)), who_is_there(market(1, 8))
    differ = {name for name, value in one.items() if not np.array_equal(value, two[name])}
    drawn = {
        "capacity", "multiples", "friends", "enterprise.mean_need_msit", "enterprise.provider",
        "enterprise.hedges", "enterprise.cash", "noise.actions_per_day", "dmm.requotes_per_day",
    }  # fmt: skip
    assert drawn <= differ


def test_prices_and_order_flow_follow_the_seed():
    markets = [
        walked(seed=1, population_seed=7),
        walked(seed=2, population_seed=7),
        walked(seed=1, population_seed=8),
    ]
    prices = [market.desk.spot_usd for market in markets]
    assert prices[0] == prices[2] != prices[1]  # the spot price is nobody's
    traded = [market.trade_value_ticks.tolist() for market in markets]
    assert traded[0] != traded[1]
    assert min(market.trades_made for market in markets) > 10


def test_without_one_it_is_the_seed_of_the_run():
    plain = walked(seed=5)
    assert plain.population_seed_used == 5
    assert walked(seed=5, population_seed=5).state_hash() == plain.state_hash()
    named = {"run.population_seed": 6}
    assert walked(named, seed=5).state_hash() == walked(seed=5, population_seed=6).state_hash()
    assert walked(named, seed=5).state_hash() != plain.state_hash()
    assert walked(named, seed=5, population_seed=5).state_hash() == plain.state_hash()


def test_a_run_says_whose_population_it_had():
    result = run(Scenario().replace(FEW | {"run.days": 1}), seed=5, population_seed=7)
    assert (result.manifest["seed"], result.manifest["population_seed"]) == (5, 7)
    assert result.state_hash == walked({"run.days": 1}, days=1, seed=5, population_seed=7).state_hash()


def test_traders_of_a_users_own_draw_their_parameters_by_it():
    drawn = []

    def build(accounts):
        drawn.append((accounts.parameter_generator("size").random(), accounts.generator("orders").random()))
        raise InterruptedError

    for seed, population_seed in ((1, 7), (2, 7), (2, 8)):
        with pytest.raises(InterruptedError):
            TokenFuturesMarket(
                Scenario(), rng=seed, custom_agents=[PopulationSpec("mine", 1, build)],
                population_seed=population_seed,
            )  # fmt: skip
    assert drawn[0][0] == drawn[1][0] != drawn[2][0]
    assert drawn[0][1] != drawn[1][1] == drawn[2][1]


def test_a_population_seed_below_zero_is_refused():
    with pytest.raises(ScenarioError, match=r"run.population_seed: -1 is not in \[0"):
        Scenario().replace({"run.population_seed": -1})
    for wrong in (-1, 2.5, True, "7"):
        with pytest.raises(ParameterError, match=rf"^population_seed: {wrong!r} is not a whole number >= 0"):
            run(Scenario(), population_seed=wrong)
    assert market(1, np.int64(7)).population_seed_used == 7
