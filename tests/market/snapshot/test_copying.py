"""A market is copied whole; its parts are not copied alone, and say so; what other processes need pickles."""

from __future__ import annotations

import copy
import pickle

import pytest
from twins import assert_twins

from abm import CustomAgents, MarketRule, Scenario, TokenFuturesMarket, TraderAgent, run
from abm.core.errors import SitsimError
from abm.recording import Recorder

SHORT = Scenario().replace({"calendar.rounds_per_day": 2, "run.days": 2})


class Idle(TraderAgent):
    def decide(self, view):
        self.cancel_all()


class Keeper(MarketRule):
    def before_round(self, market):
        self.market = market


PARTS = {
    "built-in trader": lambda market: next(iter(market.agents)),
    "custom trader": lambda market: next(iter(market.agents_by_type[Idle])),
    "population": lambda market: market.populations[0],
    "custom population": lambda market: market.populations[-1],
    "exchange": lambda market: market.exchange,
    "clearing house": lambda market: market.clearing,
    "day": lambda market: market.today,
    "agent set": lambda market: market.agents,
    "books": lambda market: market.exchange._store,
}


@pytest.fixture(scope="module")
def market():
    market = TokenFuturesMarket(
        SHORT, rng=7, custom_agents=[CustomAgents(Idle)], rules=[Keeper()], recorder=Recorder("daily")
    )
    market.step()
    return market


def test_a_deep_copy_of_a_market_is_its_equal_and_goes_its_own_way(market):
    before = market.state_hash()
    twin = copy.deepcopy(market)
    assert_twins(market, twin)
    twin.step()
    assert market.state_hash() == before != twin.state_hash()


def test_a_part_that_holds_its_market_is_not_copied_alone_either(market):
    with pytest.raises(SitsimError, match="Keeper cannot be copied alone: copy its market, and take that of"):
        copy.deepcopy(market.rules[-1])


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("way", [copy.deepcopy, pickle.dumps])
def test_a_part_of_a_market_is_neither_copied_nor_pickled_alone(market, part, way):
    before = market.state_hash()
    with pytest.raises(SitsimError, match="cannot be copied or pickled: ") as refusal:
        way(PARTS[part](market))
    assert isinstance(refusal.value, TypeError)
    assert "\n" not in str(refusal.value)
    assert market.state_hash() == before


def test_a_pickled_market_is_refused_and_the_remedy_named(market):
    with pytest.raises(SitsimError, match=r"pickled: fork\(\) gives an independent market, save\(path\) a"):
        pickle.dumps(market)


@pytest.mark.parametrize("part", ["built-in trader", "population", "exchange", "clearing house", "day"])
def test_a_shallow_copy_that_would_share_the_state_is_refused_too(market, part):
    for shared in (PARTS[part](market), market):
        with pytest.raises(SitsimError, match="cannot be copied or pickled"):
            copy.copy(shared)


def test_an_agent_set_may_be_copied_as_mesa_does_it(market):
    assert len(market.agents.select()) == len(copy.copy(market.agents)) == len(market.agents)


def test_what_other_processes_need_still_pickles(market):
    scenario, result = SHORT, run(SHORT, seed=7)
    for value in (scenario, CustomAgents(Idle, 2), market.contract, market.clock.calendar):
        assert pickle.loads(pickle.dumps(value)) == copy.deepcopy(value) == value
    again = pickle.loads(pickle.dumps(result))
    assert again.state_hash == result.state_hash
    assert again.tables["daily"].equals(result.tables["daily"])
    assert copy.deepcopy(result).manifest == result.manifest
