"""Switching traders in the whole market: nobody else's path, the state hash, defaults, risk limits."""

from __future__ import annotations

import numpy as np
import pytest
from quiet_market import play

from abm.agents.switching.kernel import OPTIMIST
from abm.core.errors import ScenarioError
from abm.market import TokenFuturesMarket, run
from abm.scenario import Scenario

SOME = {"agents.switching.count": 30}
SILENT = {"agents.switching.chartist_lots_per_day": 0.0, "agents.switching.value_lots_per_day": 0.0}
TABLES = ("trades", "quotes", "daily", "spot", "margin_calls")


def switching(market):
    return next(p for p in market.populations if p.name == "switching")


def test_silent_switching_traders_change_nobodys_path(short, short_run):
    alone, watched = short_run(4), run(short.replace(SOME | SILENT), seed=4)
    for table in TABLES:
        assert alone.tables[table].equals(watched.tables[table]), table


def test_one_silent_trader_among_others_changes_nobodys_path(short):
    """What it would have drawn, and the role it would have had, do not matter either."""
    markets = [TokenFuturesMarket(short.replace(SOME), rng=2) for _ in range(2)]
    for market in markets:
        for rate in switching(market).activity_columns:
            switching(market).columns[rate][-1] = 0.0
    switching(markets[0]).streams[-1] += 12345
    switching(markets[0]).columns["role"][-1] = OPTIMIST
    for market in markets:
        play(market, 5 * 12)
    assert (markets[0].clearing.position_lots == markets[1].clearing.position_lots).all()
    assert markets[0].trades_made == markets[1].trades_made > 0


def test_they_make_another_market_and_the_same_one_again_with_either_engine(short):
    busy = short.replace(SOME | {"run.days": 8})
    first = run(busy, seed=3)
    assert first.state_hash == run(busy.replace({"exchange.engine": "reference"}), seed=3).state_hash
    assert not first.tables["trades"].equals(run(short.replace({"run.days": 8}), seed=3).tables["trades"])


def test_the_state_hash_sees_roles_and_remembered_prices(short):
    market = TokenFuturesMarket(short.replace(SOME), rng=8)
    play(market, 15)
    seen = {market.state_hash()}
    switching(market).columns["role"][0] = 1 - abs(switching(market).columns["role"][0])
    seen.add(market.state_hash())
    switching(market).memory.history[0, 0] += 1.0
    seen.add(market.state_hash())
    assert len(seen) == 3


def test_they_switch_and_trade_and_keep_their_position_limits(short):
    market = TokenFuturesMarket(short.replace(SOME | {"agents.switching.max_position_lots": 9}), rng=6)
    groups, most = set(), 0
    for _ in range(12 * 12):
        market.step()
        groups.add(switching(market).groups)
        most = max(most, int(np.abs(market.clearing.position_lots[switching(market).accounts]).max()))
    assert len(groups) > 20
    assert all(sum(group) == 30 and min(group) >= 4 for group in groups)
    assert most == 9  # market orders do not rest, so that no position outgrows the limit


def test_a_trader_in_default_and_one_that_is_stopped_out_have_no_vote(short):
    limits = {"agents.switching.limits.stop_out": 0.5, "agents.switching.limits.cooling_days": 1}
    market = TokenFuturesMarket(short.replace(SOME | limits), rng=6)
    population = switching(market)
    play(market, 12)
    assert sum(population.groups) == 30
    population.suspend(population.first_account)
    population.limits.rows["capital_usd"][1:3] = 1e12  # they have lost almost all of it
    play(market, 1)
    roles = population.columns["role"][:3].copy()
    assert sum(population.groups) == 27
    play(market, 11)
    assert (population.columns["role"][:3] == roles).all()
    play(market, 3 * 12)  # those stopped out have closed and are back
    assert sum(population.groups) == 29
    assert (population.limits.rows["state"][:4] == [2, 0, 0, 0]).all()


def test_prices_near_zero_and_below_stop_nobody(short):
    """The value falls through zero; distances are measured by 100 ticks at least."""
    market = TokenFuturesMarket(short.replace(SOME), rng=3)
    play(market, 6)
    months = market.curve.months.copy()
    population, view = switching(market), market.public_view()
    for level in (0.0, -30.0, -3_000.0):
        months["reference_ticks"], months["model_ticks"] = level, level + 20.0
        view.months = months
        market.outbox.count = 0
        population.act(view, market.clearing.position_lots, market.outbox)
        sent = market.outbox.messages
        assert np.isin(sent["account"], np.arange(*population.accounts.indices(10_000))).all()
        assert (np.abs(sent["lots"]) < 100).all()
        market.outbox.count = 0


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("chartist_share", 1.5, "agents.switching.chartist_share: 1.5 is not in [0, 1]"),
        ("opinion_rate", -1.0, "agents.switching.opinion_rate: -1.0 is not in [0, 1000]"),
        ("trend_days", 0.0, "agents.switching.trend_days: 0.0 is not in (0, 63]"),
    ],
)
def test_a_value_that_no_trader_can_have_is_a_mistake_with_a_name(field, value, message):
    with pytest.raises(ScenarioError) as caught:
        Scenario().replace({f"agents.switching.{field}": value})
    assert str(caught.value) == message
