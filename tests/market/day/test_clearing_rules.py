"""The clearing house's rules through the whole market: margin, back-test, exposures, default management."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from abm.clearing.margin_models import FlatMargin, register_margin_model
from abm.core.errors import ScenarioError
from abm.market import TokenFuturesMarket
from abm.market.assembly.margin_history import launch_history
from abm.recording import Recorder
from abm.scenario import Scenario

COARSE = {"calendar.rounds_per_day": 8}
CRISIS = COARSE | {
    "agents.providers.cash_share": 0.15,
    "agents.providers.credit_share": 0.0,
    "clearing.member_capital_usd": 200_000.0,
    "clearing.fund_contribution_usd": 100_000.0,
    "clearing.skin_in_the_game_usd": 50_000.0,
    "spot.level_shift.log_size": 1.0,
    "spot.level_shift.duration_days": 10,
}
EXPLOSION = Path(__file__).parents[2] / "plain_explosion.toml"
LAYERS = (
    "member_capital",
    "member_fund",
    "skin_in_the_game",
    "survivors_fund",
    "assessments",
    "variation_haircut",
    "tear_up",
    "uncovered",
)


def traded(days, changes, base="plain", seed=2):
    recorder = Recorder("daily")
    market = TokenFuturesMarket(Scenario.load(base).replace(changes), rng=seed, recorder=recorder)
    for _ in range(days * market.clock.calendar.rounds_per_day):
        market.step()
    return market, {name: recorder.table(name) for name in recorder.table_names}


@pytest.mark.parametrize("model", ["flat", "ewma", "filtered_historical", "scan"])
@pytest.mark.parametrize("procyclicality", ["none", "floor"])
def test_a_market_runs_under_every_margin_model(model, procyclicality):
    changes = {"clearing.margin.model": model, "clearing.margin.procyclicality": procyclicality}
    market, tables = traded(4, COARSE | changes)
    assert (market.clearing.margin_per_lot_usd_micro > 0).all()
    assert (tables["accounts"]["initial_margin_usd_micro"] > 0).any()
    market.clearing.check()


@pytest.mark.parametrize(
    "more", [{"clearing.margin.procyclicality": "floor"}, {"clearing.margin.concentration_share": 0.01}]
)
def test_neither_a_floor_nor_a_concentration_add_on_lowers_what_is_asked(more):
    fhs = Scenario.load("plain").replace(COARSE | {"clearing.margin.model": "filtered_historical"})
    plain = TokenFuturesMarket(fhs, rng=2).clearing.margin_per_lot_usd_micro
    asked = TokenFuturesMarket(fhs.replace(more), rng=2).clearing.margin_per_lot_usd_micro
    assert (asked >= plain).all()


def test_a_registered_margin_model_is_used_and_an_unknown_name_is_a_scenario_error():
    register_margin_model("a_fifth", lambda basis: FlatMargin(basis, buckets=[(11, 2_000)]))
    named = Scenario.load("plain").replace({"clearing.margin.registered": "a_fifth"})
    market = TokenFuturesMarket(named, rng=1)
    value = np.abs(market.curve.settlement_by_slot()) * market.contract.tick_value_usd_micro
    assert market.clearing.margin_per_lot_usd_micro.tolist() == (-(-value // 5)).tolist()
    with pytest.raises(
        ScenarioError, match=r'registered: "nobody" is not usable: .*known: flat, ewma.*a_fifth'
    ):
        TokenFuturesMarket(named.replace({"clearing.margin.registered": "nobody"}))


def test_the_back_test_holds_the_margin_of_the_close_against_the_loss_of_two_days():
    market, tables = traded(8, COARSE | {"clearing.margin.model": "ewma"})
    rows = tables["margin_backtest"]
    accounts = tables["accounts"].set_index(["day", "account"])["initial_margin_usd_micro"]
    assert rows["day"].max() == 5  # day 5 is known at the close of day 7
    asked = accounts.loc[list(zip(rows["day"], rows["account"], strict=True))]
    assert rows["requirement_usd_micro"].to_numpy().tolist() == asked.to_numpy().tolist()
    daily = tables["daily"].set_index(["day", "month"])["settlement_ticks"]
    long = tables["contract_backtest"].query("side == 1 and day == 3")
    for row in long.itertuples():
        moved = int(daily[5, row.month]) - int(daily[3, row.month])
        assert row.loss_usd_micro == -moved * market.contract.tick_value_usd_micro
    assert (rows["breach"] == (rows["loss_usd_micro"] > rows["requirement_usd_micro"])).all()


def test_exposures_are_recorded_for_both_tiers_every_day():
    market, tables = traded(2, COARSE)
    rows = tables["exposures"]
    per_day = 2 * (len(market.agents) + 6 + 1)  # a rise and a fall; clients, members, the house
    assert rows.groupby("day").size().tolist() == [per_day, per_day]
    clients = rows.query("level == 'client' and day == 1")
    members = rows.query("level == 'member' and day == 1")
    assert clients["margin_usd_micro"].sum() == members["margin_usd_micro"].sum() > 0


@pytest.fixture(scope="module")
def recovered():
    rules = {
        "clearing.recovery.assessment_multiple": 2.75,
        "clearing.recovery.variation_haircut": 1.0,
        "clearing.recovery.tear_up": True,
        "clearing.recovery.replenish_days": 5.0,
        "clearing.fund.sizing": "cover_2",
        "clearing.fund.floor_usd": 50_000.0,
    }
    return traded(42, CRISIS | rules, base=EXPLOSION)


def test_the_whole_waterfall_bears_a_crisis_in_order_and_leaves_nothing_uncovered(recovered):
    market, tables = recovered
    finished = tables["defaults"].query("event == 'close_out_finished'")
    layers = finished[[f"{name}_usd_micro" for name in LAYERS]]
    assert (layers.sum(axis=1) == finished["loss_usd_micro"]).all()
    assert (layers.sum() > 0)[["assessments_usd_micro", "variation_haircut_usd_micro"]].any()
    first_loss = layers[layers.sum(axis=1) > 0].iloc[0]
    assert first_loss["member_capital_usd_micro"] > 0
    market.clearing.check()
    assert np.array_equal(market.exchange.position_lots, market.clearing.position_lots)


def test_the_fund_is_sized_to_cover_two_at_month_ends(recovered):
    _, tables = recovered
    sizings = tables["guaranty_fund"]
    assert sizings["day"].unique().tolist() == [20, 41]
    for _, rows in sizings.groupby("day"):
        assert rows["required_usd_micro"].sum() >= rows["cover_two_usd_micro"].iloc[0]


def test_members_bid_for_a_defaulters_portfolio_and_the_market_keeps_the_same_positions():
    rules = {"clearing.close_out_method": "auction", "clearing.member_account_usd": 50e6}
    market, tables = traded(34, CRISIS | rules, base=EXPLOSION)
    own = next(p for p in market.populations if p.name == "member").accounts
    assert (tables["defaults"]["event"] == "client_default").any()
    assert market.clearing.position_lots[own].any()
    assert np.array_equal(market.exchange.position_lots, market.clearing.position_lots)
    assert not market.clearing.position_lots.sum(axis=0).any()


@cache
def crisis_without_rules():
    return traded(34, CRISIS, base=EXPLOSION)


def test_a_forced_reduction_comes_before_a_default_and_spares_some():
    _, plain = crisis_without_rules()
    _, reduced = traded(34, CRISIS | {"clearing.reduction_grace_days": 2.0}, base=EXPLOSION)
    events = reduced["defaults"]
    notices = events[events["event"] == "forced_reduction"]
    assert len(notices) > 0
    defaults = events[events["event"] == "client_default"]
    assert len(defaults) <= (plain["defaults"]["event"] == "client_default").sum()
    first_notice = notices.groupby("account")["day"].min()
    first_default = defaults.groupby("account")["day"].min()
    both = first_default.index.intersection(first_notice.index)
    assert (first_default[both] >= first_notice[both]).all()


def test_ad_hoc_calls_add_margin_cycles_when_losses_are_large():
    _, plain = crisis_without_rules()
    _, more = traded(34, CRISIS | {"clearing.ad_hoc_call_loss_share": 0.05}, base=EXPLOSION)
    rounds = {
        name: len(tables["margin_calls"][["day", "round"]].drop_duplicates())
        for name, tables in (("plain", plain), ("more", more))
    }
    assert rounds["more"] > rounds["plain"]


def test_the_launch_history_moves_like_the_forward_curve():
    market = TokenFuturesMarket(Scenario.load("plain").replace({"spot.jump_intensity": 0.0}), rng=1)
    process, calendar = market.desk.process, market.clock.calendar
    moves = launch_history(
        process, calendar, days=20_000, listed_months=12, final_fixings=21, rng=np.random.default_rng(3)
    )
    assert moves.shape == (20_000, 12)
    tau = np.maximum(np.arange(12), 0.25) * 21 / 252
    expected = process.futures_volatility(tau)
    # Without jumps the volatility of 20,000 days has a deviation of 0.5 %; a day's decay of X adds 0.8 %.
    assert moves.std(axis=0) * np.sqrt(252) == pytest.approx(expected, rel=0.03)
