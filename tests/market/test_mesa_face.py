"""The market is a Mesa model: stepping, agent sets, the data collector, and a user's own traders."""

from __future__ import annotations

import math

import numpy as np
import pytest

from abm import CustomAgents, Scenario, Side, TimeInForce, TokenFuturesMarket, TraderAgent
from abm.agents.hedgers.shell import Enterprise, InferenceProvider
from abm.agents.makers.shell import DesignatedMarketMaker
from abm.core.errors import ParameterError, ScenarioError


@pytest.fixture
def coarse() -> Scenario:
    return Scenario.load("plain").replace({"calendar.rounds_per_day": 6})


def step_days(market, days):
    for _ in range(days * market.clock.calendar.rounds_per_day):
        market.step()


def test_it_steps_like_any_mesa_model(coarse):
    market = TokenFuturesMarket(scenario=coarse, rng=7)
    market.step()
    assert market.steps == 1
    assert (market.clock.day, market.clock.round) == (0, 1)
    step_days(market, 2)
    assert market.clock.day == 2


def test_agents_are_grouped_by_type(coarse):
    market = TokenFuturesMarket(scenario=coarse, rng=7)
    section = coarse.agents
    assert len(market.agents_by_type[Enterprise]) == section.enterprises.count
    assert len(market.agents_by_type[InferenceProvider]) == section.providers.count
    assert len(market.agents_by_type[DesignatedMarketMaker]) == section.market_makers.count
    hedging = market.agents_by_type[Enterprise].select(lambda agent: agent.hedges)
    assert 0 < len(hedging) < section.enterprises.count


def test_the_data_collector_has_a_row_a_day(coarse):
    market = TokenFuturesMarket(scenario=coarse, rng=7)
    step_days(market, 3)
    frame = market.datacollector.get_model_vars_dataframe()
    assert list(frame["day"]) == [0.0, 1.0, 2.0]
    assert (frame["open_interest_lots"].diff().dropna() > 0).all()


def test_the_default_seed_is_the_scenarios(coarse):
    assert TokenFuturesMarket(scenario=coarse).seed_used == coarse.run.seed


def test_an_unknown_scenario_is_named():
    with pytest.raises(ScenarioError, match="no_such_scenario"):
        TokenFuturesMarket(scenario="no_such_scenario")


class Buyer(TraderAgent):
    """Buys ten lots of the second month at the ask, once."""

    latency_ms = 1.0

    def decide(self, view):
        ask = view.best_ask_ticks(tenor=1)
        if ask is not None and self.position_lots(tenor=1) == 0:
            self.limit(side=Side.BUY, tenor=1, price_ticks=ask, lots=10, time_in_force=TimeInForce.IOC)


class Rester(TraderAgent):
    """Keeps one bid far below the market and replaces it every round."""

    def decide(self, view):
        self.cancel_all(tenor=2)
        self.resting = self.limit(
            side=Side.BUY, tenor=2, price_ticks=int(view.months["low_ticks"][2]), lots=1
        )


class Watcher(TraderAgent):
    """Counts how often it is asked."""

    looks_per_day = 2.0

    def __init__(self, model, population, row):
        super().__init__(model, population, row)
        self.looks = 0

    def decide(self, view):
        self.looks += 1


class Sleeper(Watcher):
    """Is never asked."""

    looks_per_day = 0.0


class Picky(Watcher):
    """Each has a rate of its own, the first one an impossible one."""

    def __init__(self, model, population, row):
        super().__init__(model, population, row)
        self.looks_per_day = row - 1.0


@pytest.mark.parametrize("rounds_per_day", [12, 48])
def test_a_custom_agent_is_asked_at_its_rate_a_day_whatever_a_round_is(coarse, rounds_per_day):
    scenario, days, watchers = coarse.replace({"calendar.rounds_per_day": rounds_per_day}), 4, 100
    market = TokenFuturesMarket(
        scenario, rng=7, custom_agents=[CustomAgents(Watcher, watchers), CustomAgents(Sleeper, 3)]
    )
    step_days(market, days)
    looks = [watcher.looks for watcher in market.agents_by_type[Watcher]]
    chance = -math.expm1(-2.0 / rounds_per_day)
    asked, error = watchers * days * rounds_per_day * chance, 4 * math.sqrt(watchers * days * 2.0)
    assert sum(looks) == pytest.approx(asked, abs=error)
    assert len(set(looks)) > 5
    assert [sleeper.looks for sleeper in market.agents_by_type[Sleeper]] == [0, 0, 0]


def test_a_custom_agent_in_default_is_asked_no_more(coarse):
    market = TokenFuturesMarket(coarse, rng=7, custom_agents=[CustomAgents(Watcher, 2)])
    watchers = list(market.agents_by_type[Watcher])
    market.populations[-1].suspend(watchers[0].account)
    step_days(market, 3)
    assert watchers[0].looks == 0 < watchers[1].looks


def test_a_rate_below_zero_names_class_and_value(coarse):
    with pytest.raises(ParameterError, match=r"Picky: looks_per_day -1\.0 is not >= 0"):
        TokenFuturesMarket(coarse, rng=7, custom_agents=[CustomAgents(Picky, 2)])


def test_a_custom_agent_trades_with_its_own_account(coarse):
    market = TokenFuturesMarket(scenario=coarse, rng=7, custom_agents=[CustomAgents(Buyer, count=2)])
    step_days(market, 1)
    buyers = list(market.agents_by_type[Buyer])
    assert [buyer.account for buyer in buyers] == [200, 201]
    assert all(buyer.position_lots(tenor=1) == 10 for buyer in buyers)
    assert all(0 < buyer.equity_usd < 1_010_000 for buyer in buyers)


def test_a_custom_agent_knows_its_order_id_at_once(coarse):
    market = TokenFuturesMarket(scenario=coarse, rng=7, custom_agents=[CustomAgents(Rester)])
    for _ in range(4):
        market.step()
    rester = next(iter(market.agents_by_type[Rester]))
    own = [row for row in market.exchange.resting_orders() if row["account"] == rester.account]
    assert [int(row["order_id"]) for row in own] == [rester.resting]


def test_a_built_in_trader_cannot_be_made_to_send_by_hand(coarse):
    market = TokenFuturesMarket(scenario=coarse, rng=7)
    with pytest.raises(ParameterError, match="compiled code"):
        next(iter(market.agents_by_type[Enterprise])).market(side=Side.BUY, lots=1)


def test_custom_agents_need_a_count_and_money():
    with pytest.raises(ParameterError, match="count 0 is not >= 1"):
        CustomAgents(Buyer, count=0)
    with pytest.raises(ParameterError, match="cash_usd"):
        CustomAgents(Buyer, cash_usd=-1.0)


def test_positions_of_all_agents_sum_to_zero_at_every_step(coarse):
    market = TokenFuturesMarket(scenario=coarse, rng=3)
    for _ in range(30):
        market.step()
        assert (market.clearing.position_lots.sum(axis=0) == 0).all()
        assert np.array_equal(market.clearing.position_lots, market.exchange.position_lots)
