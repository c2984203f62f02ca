"""Arbitrageurs, informed traders and risk limits in the whole market."""

from __future__ import annotations

import numpy as np
import pytest
from quiet_market import at_settlement, buys, play, quiet, sells, together

from abm.core.errors import ScenarioError
from abm.core.orders import NO_PRICE, TradingPhase
from abm.market import TokenFuturesMarket, run
from abm.market.day.private_signals import tomorrows_values_ticks
from abm.scenario import Scenario

BOTH = {"agents.arbitrageurs.count": 3, "agents.informed.count": 3}
SILENT = BOTH | {
    "agents.arbitrageurs.actions_per_day": 0.0,
    "agents.arbitrageurs.quotes_per_day": 0.0,
    "agents.informed.actions_per_day": 0.0,
}
TABLES = ("trades", "quotes", "daily", "spot", "margin_calls")


def population(market, name):
    return next(p for p in market.populations if p.name == name)


def test_silent_arbitrageurs_and_informed_traders_change_nobodys_path(short, short_run):
    alone, watched = short_run(4), run(short.replace(SILENT), seed=4)
    for table in TABLES:
        assert alone.tables[table].equals(watched.tables[table]), table


@pytest.mark.parametrize("name", ["arbitrageur", "informed"])
def test_one_silent_trader_among_others_of_its_class_changes_nobodys_path(short, name):
    """What it would have drawn does not matter either."""
    busy = short.replace(BOTH | {"exchange.spreads.lengths": [1], "agents.informed.signal_sd": 0.0})
    markets = [TokenFuturesMarket(busy, rng=2) for _ in range(2)]
    for market in markets:
        silenced = population(market, name)
        for rate in silenced.activity_columns:
            silenced.columns[rate][-1] = 0.0
    population(markets[0], name).streams[-1] += 12345
    for market in markets:
        play(market, 5 * 12)
    assert (markets[0].clearing.position_lots == markets[1].clearing.position_lots).all()
    assert markets[0].trades_made == markets[1].trades_made > 0


def test_the_same_seed_gives_the_same_world_with_either_engine(short):
    limits = {"agents.noise.limits.max_leverage": 0.5, "agents.chartists.limits.stop_out": 0.98}
    busy = short.replace(BOTH | limits | {"exchange.spreads.lengths": [1, 2], "run.days": 8})
    compiled, reference = (
        run(busy.replace({"exchange.engine": engine}), seed=3) for engine in ("compiled", "reference")
    )
    assert compiled.state_hash == reference.state_hash


def test_the_signal_is_what_the_public_values_will_be_tomorrow_and_moves_no_path(short):
    knowing, ignorant = (
        TokenFuturesMarket(short.replace({"agents.informed.count": count, "run.days": 24}), rng=5)
        for count in (1, 0)
    )
    informed, told, public = population(knowing, "informed"), [], []
    for _ in range(24):
        for market in (knowing, ignorant):
            market.step()
        told.append((knowing.curve.months["month"].copy(), informed.values_ticks.copy()))
        public.append({int(row["month"]): float(row["model_ticks"]) for row in knowing.curve.months})
        for market in (knowing, ignorant):
            play(market, 11)
    for (months, values), tomorrow in zip(told, public[1:], strict=False):
        for month, value in zip(months.tolist(), values.tolist(), strict=True):
            if month in tomorrow:
                assert value == pytest.approx(tomorrow[month], rel=1e-12)
    expiring = 20  # the last day of the first month
    assert told[expiring][1][0] == public[expiring][int(told[expiring][0][0])]
    assert [f.usd_micro for f in knowing.desk.fixings] == [f.usd_micro for f in ignorant.desk.fixings]


def test_looking_ahead_again_gives_the_same_values(short):
    market = TokenFuturesMarket(short, rng=5)
    play(market, 30)
    first = tomorrows_values_ticks(market)
    np.testing.assert_array_equal(first, tomorrows_values_ticks(market))
    assert len(market.desk.fixings) == 3


def test_who_knows_tomorrow_earns_and_who_knows_little_earns_less(short):
    profit = []
    for error in (0.0, 1.0):
        changes = {"agents.informed.count": 6, "agents.informed.signal_sd": error}
        agents = run(short.replace(changes), seed=7).tables["agents"]
        profit.append(agents.loc[agents["agent_class"] == "informed", "pnl_usd_micro"].sum())
    assert profit[0] > 0
    assert profit[0] > profit[1]


def apart(near, far, plus=0):
    """Price of a calendar spread at its legs' settlement prices."""
    return lambda view: view.settlement_ticks(near) - view.settlement_ticks(far) + plus


def test_everybody_sees_the_quotes_of_the_listed_spreads_as_old_as_market_data_are():
    market, (ann, bob), _ = quiet(exchange__spreads__lengths=(1, 3), exchange__market_data__delay_days=1 / 12)
    ann.script[0, 0] = together(
        buys(apart(1, 2, -3), 5, tenor=1, far_tenor=2),
        sells(apart(1, 2, 4), 6, tenor=1, far_tenor=2),
        buys(apart(0, 3, 0), 2, tenor=0, far_tenor=3),
    )
    play(market, 4)
    view = bob.views[0, 3]
    spreads, month, long = view.spreads, apart(1, 2)(view), apart(0, 3)(view)
    listed = market.contract.listed_months
    assert len(spreads) == (listed - 1) + (listed - 3)
    quoted = spreads[spreads["best_bid_ticks"] != NO_PRICE]
    assert quoted.tolist() == [
        (1, 1, 1, month - 3, month + 4, 5, 6),
        (0, 3, 0, long, NO_PRICE, 2, 0),
    ]
    assert (bob.views[0, 1].spreads["best_bid_ticks"] == NO_PRICE).all()  # not seen yet
    plain, (ann, bob), _ = quiet()
    play(plain, 1)
    assert len(bob.views[0, 0].spreads) == 0


def test_old_quotes_of_a_spread_are_not_shown_while_a_leg_is_in_an_auction():
    market, (ann, bob), _ = quiet(
        exchange__spreads__lengths=(1,), exchange__market_data__delay_days=1 / 12,
        exchange__interruption__width=0.01, exchange__interruption__duration_days=0.5,
    )  # fmt: skip
    ann.script[0, 0] = together(
        buys(apart(1, 2), 5, tenor=1, far_tenor=2),
        buys(apart(3, 4), 5, tenor=3, far_tenor=4),
        sells(at_settlement(2, 90), 1, 2),
    )
    bob.script[0, 2] = buys(at_settlement(2, 90), 1, 2)  # too far: an auction in tenor 2
    play(market, 5)
    before, during = bob.views[0, 2].spreads, bob.views[0, 3].spreads
    assert bob.views[0, 3].phase(2) == TradingPhase.AUCTION
    assert before["tenor"][before["bid_lots"] > 0].tolist() == [1, 3]
    assert during["tenor"][during["bid_lots"] > 0].tolist() == [3]


def test_arbitrageurs_and_informed_traders_keep_their_position_limits(short):
    changes = BOTH | {"agents.arbitrageurs.max_position_lots": 15, "agents.informed.max_position_lots": 10}
    market = TokenFuturesMarket(short.replace(changes | {"exchange.spreads.lengths": [1]}), rng=6)
    most = {"arbitrageur": 0, "informed": 0}
    for _ in range(24 * 12):
        before = {name: held_by(market, name) for name in most}
        market.step()
        for name, limit in (("arbitrageur", 15), ("informed", 10)):
            now = held_by(market, name)
            grew = (now > before[name]) & (before[name] >= limit)
            assert not grew.any()
            most[name] = max(most[name], int(now.max()))
    assert min(most.values()) >= 10


def held_by(market, name):
    return np.abs(market.clearing.position_lots[population(market, name).accounts])


def test_arbitrageurs_make_trades_in_spread_books(short):
    changes = {"agents.arbitrageurs.count": 4, "agents.market_makers.count": 0}
    spreads = {"exchange.spreads.lengths": [1, 2], "recording.profile": "full"}
    tables = run(short.replace(changes | spreads), seed=6).tables
    agents, legs = tables["agents"], tables["trades"].query("spread_months != 0")
    arbitrageurs = set(agents.loc[agents["agent_class"] == "arbitrageur", "account"])
    assert len(legs) > 20
    assert set(legs["spread_months"]) == {1, 2}
    assert set(legs["buyer"]) | set(legs["seller"]) <= arbitrageurs


def test_leverage_bounds_what_traders_hold(short):
    bound = {"agents.noise.limits.max_leverage": 0.5, "agents.noise.cash_usd": 60_000.0}
    unbound = bound | {"agents.noise.limits.max_leverage": 0.0}
    free, held = (TokenFuturesMarket(short.replace(changes), rng=9) for changes in (unbound, bound))
    for market in (free, held):
        play(market, 12 * 12)
    assert held_by(held, "noise").sum() < 0.8 * held_by(free, "noise").sum()
    price = held.curve.months["reference_ticks"].min()
    most = held_by(held, "noise").sum(axis=1).max()
    assert most * price < 2.0 * 0.5 * 60_000  # resting orders of one day may come on top


def test_losses_stop_traders_out_who_close_everything_and_come_back(short):
    limits = {"stop_out": 0.97, "cooling_days": 1, "closing_per_day": 2.0}  # slower than the cooling
    stops = {f"agents.noise.limits.{name}": value for name, value in limits.items()}
    market = TokenFuturesMarket(short.replace(stops | {"agents.noise.cash_usd": 60_000.0}), rng=9)
    noise, out, held = population(market, "noise"), set(), np.zeros(0)
    came_back = set()
    for _ in range(24):
        play(market, 12)
        stopped = np.flatnonzero(noise.limits.stopped)
        assert (noise.columns["actions_per_day"][stopped] == 0.0).all()
        returned = out - set(stopped.tolist())
        assert all(held[row] == 0 for row in returned)
        came_back |= returned
        out = set(stopped.tolist())
        held = np.abs(market.clearing.position_lots[noise.accounts]).sum(axis=1)
    assert len(came_back) > 3


OFF = {"agents.noise.limits.max_leverage": 0.0}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("agents.noise.limits.stop_out", 1.5, "agents.noise.limits.stop_out: 1.5 is not in [0, 1]"),
        ("agents.informed.signal_sd", -1.0, "agents.informed.signal_sd: -1.0 is not in [0, 5]"),
        (
            "agents.arbitrageurs.slices",
            2,
            "agents.arbitrageurs.slices: unknown key (did you mean slice_lots?)",
        ),
    ],
)
def test_a_value_that_no_trader_can_have_is_a_mistake_with_a_name(field, value, message):
    with pytest.raises(ScenarioError) as caught:
        Scenario().replace({field: value})
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "name", ["noise", "fundamentalists", "chartists", "mixture", "arbitrageurs", "informed", "switching"]
)
def test_every_class_of_speculators_can_have_risk_limits(short, name):
    fields = {
        f"agents.{name}.count": 5,
        f"agents.{name}.limits.stop_out": {"law": "uniform", "low": 0.2, "high": 0.8},
    }
    market = TokenFuturesMarket(short.replace(fields), rng=1)
    limited = [p for p in market.populations if p.limits is not None]
    assert len(limited) == 1
    assert limited[0].count == 5
    assert len(set(limited[0].limits.rows["stop_out"].tolist())) == 5
    play(market, 13)
    assert (limited[0].limits.rows["equity_usd"] > 0.0).all()
