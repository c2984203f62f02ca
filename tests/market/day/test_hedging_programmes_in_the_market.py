"""Hedge programmes through the market: what they hold, what is left of the bill, and when money ends them."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from abm.core.errors import ScenarioError
from abm.core.orders import RejectReason
from abm.market import TokenFuturesMarket, run
from abm.market.day.hedge_days import day_opening
from abm.recording import Recorder
from abm.recording.hedging import hedge_effect
from abm.scenario import Scenario

EXPLOSION = Path(__file__).parents[2] / "plain_explosion.toml"
ENTERPRISES = "agents.enterprises."
PROGRAMME = ENTERPRISES + "programme."
DEEP = {ENTERPRISES + "cash_share": 5.0, ENTERPRISES + "credit_share": 5.0}
FEW = {ENTERPRISES + "hedging_share": 0.2}


def scenario(name="plain", **programme):
    coarse = {"calendar.rounds_per_day": 12, "exchange.sessions.opening_auction": 0.0}
    return Scenario.load(name).replace(coarse | {PROGRAMME + key: value for key, value in programme.items()})


def market_of(**programme):
    return TokenFuturesMarket(scenario(**programme).replace(DEEP | FEW), rng=1)


def step_days(market, days):
    """Yield once a day, after its close."""
    for _ in range(days):
        for _ in range(market.clock.calendar.rounds_per_day):
            market.step()
        yield market.clock.day - 1


def by_tenor(market):
    """Positions of the enterprises in tenor order, as the day's traders saw the months."""
    slots = market.curve.months["slot"]
    return market.clearing.position_lots[market.enterprises.accounts][:, slots]


def test_a_full_strip_without_basis_or_quantity_risk_leaves_little_of_the_surprise():
    """What is left is execution: days of building up, spread, fees, whole lots, and the no-trade band."""
    certain = {"index.basis_sd": 0.0, ENTERPRISES + "need_volatility": 0.0}
    perfect = scenario(rule="strip", ramp_days=1, cross_probability=1.0, band_share=0.0)
    result = run(perfect.replace(DEEP | FEW | certain), seed=1)
    effect = hedge_effect(result.tables["hedging"].query("month > 1"))  # month 1 is still being built
    assert effect.unhedged_sd > 0.08
    assert effect.volatility_reduction_pooled > 0.93
    months = result.tables["hedging"].query("hedges and month > 1")
    fees = months["fees_usd"] / months["expected_bill_usd"]
    left = months["net_cost_usd"] / months["expected_bill_usd"] - 1.0 - fees
    assert left.abs().median() < 0.01


def test_a_stack_sits_in_one_month_and_rolls_before_delivery():
    """A small stack: a large one finds too few to roll with, and carries a part into delivery."""
    market = TokenFuturesMarket(
        scenario(rule="stack", roll_days=10).replace(DEEP | {ENTERPRISES + "hedging_share": 0.05}), rng=1
    )
    own = market.enterprises
    whole = own.need_lots[own.hedges][:, 1:].sum()
    shares = {}
    for day in step_days(market, 63):
        held = by_tenor(market).sum(axis=0)
        shares[day] = held[:3] / whole
        assert not held[3:].any()
    for day, (delivery, near, rolled) in shares.items():
        day_of_month = day % 21
        if day >= 30 and day_of_month == 10:  # before the roll
            assert near == pytest.approx(1.0, abs=0.03)
            assert rolled == 0.0
        if day >= 30 and day_of_month == 20:
            assert near < 0.2
            assert rolled > 0.5
        if day_of_month >= 3:
            assert delivery < 0.01


def test_a_rolling_programme_holds_the_months_up_to_its_tenor():
    market = market_of(rule="rolling", roll_tenor=2)
    for day in step_days(market, 60):
        if day in (35, 55):
            held, need = by_tenor(market).sum(axis=0), market.enterprises.need_lots[:, 1].sum()
            np.testing.assert_allclose(held[1:3], need, rtol=0.06)
            assert not held[3:].any()


def test_nobody_hedges_with_the_programme_none():
    market = market_of(rule="none")
    for _ in step_days(market, 3):
        assert not by_tenor(market).any()
    assert not market.enterprises.hedges.any()


def test_minimum_variance_ratios_do_not_know_the_future():
    """Two markets that differ in a coming shock want the same until it comes, and learn apart then."""
    shock = {
        "spot.level_shift.log_size": 1.0,
        "spot.level_shift.start_day": 46,
        "spot.level_shift.duration_days": 5,
    }
    calm = market_of(rule="minimum_variance", estimation_days=21)
    shaken = TokenFuturesMarket(calm.market_scenario.replace(shock), rng=1)
    for day in step_days(calm, 64):
        for _ in step_days(shaken, 1):
            pass
        ratios = calm.enterprises.estimator.ratios, shaken.enterprises.estimator.ratios
        targets = calm.enterprises.target_lots, shaken.enterprises.target_lots
        if day <= 46:
            np.testing.assert_array_equal(*ratios)
            np.testing.assert_array_equal(*targets)
    assert (ratios[0] != ratios[1]).any()  # month 2, which the shock has moved, has settled


def test_minimum_variance_ratios_are_those_of_the_tables():
    """Months 2 and 3, each against its settlement prices of the month before, as an analyst would do it."""
    terms = scenario(rule="minimum_variance", estimation_days=0, window_months=2).replace(DEEP | FEW)
    recorder = Recorder("daily")
    market = TokenFuturesMarket(terms, rng=1, recorder=recorder)
    for _ in step_days(market, 84):
        pass
    market.step()  # month 3 is learnt from at the open
    daily, bills = recorder.table("daily").set_index(["day", "month"]), recorder.table("hedging")
    tick_usd = market.contract.ticks_to_usd(1)
    costs, futures = [], []
    for month in (2, 3):
        final = daily.loc[(21 * month + 20, month), "settlement_ticks"] * tick_usd
        own = bills[bills["month"] == month]
        paid = (own["bill_usd"] / own["need_msit"]).to_numpy()
        paid = paid / market.desk.quotes.expected_multiples[market.enterprises.provider]
        for close in range(21 * (month - 1) - 1, 21 * month - 1):  # what was known at each open
            seen = daily.loc[(close, month), "settlement_ticks"] * tick_usd
            costs.append(paid - seen)
            futures.append(final - seen)
    cost, future = np.array(costs, dtype=float), np.array(futures, dtype=float)
    covariance = ((cost - cost.mean(axis=0)) * (future - future.mean())[:, None]).mean(axis=0)
    expected = np.clip(covariance / future.var(), 0.0, 2.0)
    np.testing.assert_allclose(market.enterprises.estimator.ratios[:, 1], expected, rtol=1e-9)
    assert len(set(expected.round(6))) > 5


def test_money_is_set_aside_for_the_whole_need_where_the_ratio_is_still_unknown():
    cash = {
        ratio: market_of(rule="minimum_variance", ratio=ratio).enterprises.funding for ratio in (0, 0.5, 1, 2)
    }
    strip = market_of(rule="strip", ratio=1.0).enterprises.funding
    for ratio in (0, 0.5, 1):
        np.testing.assert_array_equal(cash[ratio].cash_usd_micro, strip.cash_usd_micro)
        np.testing.assert_array_equal(cash[ratio].credit_limit_usd_micro, strip.credit_limit_usd_micro)
    np.testing.assert_allclose(cash[2].cash_usd_micro, 2 * strip.cash_usd_micro, rtol=1e-9)


def test_who_holds_nothing_without_data_hedges_once_there_are_some():
    terms = scenario(rule="minimum_variance", ratio=0.0, estimation_days=0).replace(FEW)
    recorder = Recorder("full")
    market = TokenFuturesMarket(terms, rng=1, recorder=recorder)
    held = [by_tenor(market).sum() for _ in step_days(market, 70)]
    assert not any(held[:42])  # the first month that was ahead settles at the end of day 41
    assert held[-1] > 1_000
    orders = recorder.table("orders")
    own = orders[orders["account"] < market.enterprises.count]
    assert (own["reason"] != RejectReason.INSUFFICIENT_MARGIN).all()


def test_a_treasury_sees_all_it_could_pay_beyond_its_margin():
    market = market_of()
    for _ in step_days(market, 30):
        pass
    house, seen = market.clearing, day_opening(market)
    own = house.collateral_usd_micro + house.bank_cash_usd_micro - house.credit_drawn_usd_micro
    limit = np.concatenate([population.funding.credit_limit_usd_micro for population in market.populations])
    np.testing.assert_array_equal(seen.free_funds_usd_micro, own + limit - house.initial_margin())


DAYS, DAYS_OF_THE_RICH = 110, 84


@cache
def explosion_with(cash_share, days, profile):
    """A demand explosion with rules of abandonment, and little or much money for margin."""
    money = {ENTERPRISES + "cash_share": cash_share, ENTERPRISES + "credit_share": 0.02, "run.days": days}
    rules = scenario(EXPLOSION, abandon_below=0.5, reenter_above=1.0, unwind_days=3, cooling_days=5)
    return run(rules.replace(money | {"recording.profile": profile}), seed=1)


def poor():
    return explosion_with(0.05, DAYS, "full")


def test_the_hedge_is_given_up_where_money_is_short_and_kept_where_it_is_not():
    rich = explosion_with(5.0, DAYS_OF_THE_RICH, "daily")  # until the price is at its highest
    assert poor().manifest["metrics"]["hedge_abandonment"] > 0.3
    assert rich.manifest["metrics"]["hedge_abandonment"] == 0.0
    assert rich.tables["hedge_events"].empty
    assert poor().tables["hedging"]["abandoned_days"].sum() > 0
    assert rich.tables["hedging"]["abandoned_days"].sum() == 0
    months = [result.tables["hedging"].query("month < @DAYS_OF_THE_RICH // 21") for result in (poor(), rich)]
    effects = [hedge_effect(bills).volatility_reduction_pooled for bills in months]
    assert effects[0] < effects[1]


def test_a_hedge_that_was_given_up_is_taken_up_again():
    events = poor().tables["hedge_events"]
    by_account = events.groupby("account")["event"].apply(list)
    assert (by_account.str[0] == "abandoned").all()
    assert (by_account.str[1] == "resumed").sum() > 3
    given_up = events[events["event"] == "abandoned"]
    assert (given_up["free_funds_usd_micro"] < 0.5 * given_up["initial_margin_usd_micro"]).all()


def held_before(trades, account, order) -> int:
    """Return an account's position in the month of an order at the start of its round."""
    earlier = (trades["day"] < order.day) | ((trades["day"] == order.day) & (trades["round"] < order.round))
    traded = trades[earlier & (trades["month"] == order.month)]
    bought = traded.loc[traded["buyer"] == account, "lots"].sum()
    return int(bought - traded.loc[traded["seller"] == account, "lots"].sum())


def test_who_has_given_up_sends_reducing_orders_only_and_is_soon_flat():
    tables = poor().tables
    events, orders, accounts = tables["hedge_events"], tables["orders"], tables["accounts"]
    left_over = []
    for account, own in events.groupby("account"):
        left = int(own["day"].iloc[0])
        back = own.loc[own["event"] == "resumed", "day"].min()
        until = DAYS - 1 if math.isnan(back) else int(back) - 1
        sent = orders[
            (orders["account"] == account) & orders["day"].between(left, until) & (orders["lots"] > 0)
        ]
        for order in sent.itertuples():
            held = held_before(tables["trades"], account, order)
            assert (
                held * order.side < 0
            )  # a resting order may sell more than was meant: then it buys that back
            assert order.lots <= abs(held)
        gross = accounts[accounts["account"] == account].set_index("day")["gross_lots"].loc[left - 1 : until]
        assert (gross.diff().dropna() <= 0).all()
        if until >= left + 5:
            left_over.append(gross[left + 4] / gross[left - 1])
    assert len(left_over) > 5
    assert np.median(left_over) == 0.0
    assert max(left_over) < 0.3  # the largest find too few buyers when all sell at once


def test_a_defaulter_hedges_no_more():
    """Without the rule of abandonment the same want of money ends in default, and for good."""
    money = {ENTERPRISES + "cash_share": 0.02, ENTERPRISES + "credit_share": 0.0, "run.days": 90}
    harsh = {"clearing.margin.rate": 0.10, "clearing.margin.far_rate": 0.10}
    result = run(scenario(EXPLOSION).replace(money | harsh), seed=1)
    failed = result.tables["defaults"].query("event == 'client_default'")
    hedgers = result.tables["hedging"].query("hedges")["account"].unique()
    failed = failed[failed["account"].isin(hedgers)]
    assert len(failed) > 0
    assert result.manifest["metrics"]["hedge_abandonment"] == pytest.approx(len(failed) / len(hedgers))


def test_own_money_in_margin_has_a_price_that_is_no_cash_flow():
    dear = run(scenario(cost_of_funds=0.5).replace({"run.days": 43}), seed=1)
    free = run(scenario(cost_of_funds=0.0).replace({"run.days": 43}), seed=1)
    assert dear.state_hash == free.state_hash
    hedgers = dear.tables["hedging"].query("hedges and month == 1")
    assert (hedgers["margin_cost_usd"] > 0.0).all()
    assert not free.tables["hedging"]["margin_cost_usd"].any()
    without = dear.tables["hedging"].drop(columns="margin_cost_usd")
    np.testing.assert_array_equal(without, free.tables["hedging"].drop(columns="margin_cost_usd"))


def test_marginal_cost_follows_supply_where_the_trend_does_and_the_price_level_elsewhere():
    supply = {"spot.trend_per_year": "three_factor_supply", "spot.level_shift.log_size": 0.4}
    for changes, expected in (
        (supply, lambda market: -market.market_scenario.spot.supply.hardware_efficiency_growth),
        ({"spot.trend_per_year": 1.0}, None),
    ):
        market = TokenFuturesMarket(scenario().replace(changes), rng=1)
        for _ in step_days(market, 11):
            pass
        provider = market.populations[1]
        log_fall = math.log(provider.columns["floor_ticks"][0] / provider.marginal_cost_ticks[0])
        if expected is None:
            assert log_fall == pytest.approx(-1.0 * 10 / 252)
        else:
            rates = market.market_scenario.spot.supply
            yearly = (
                rates.hardware_efficiency_growth
                + rates.algorithmic_efficiency_growth
                - rates.energy_cost_growth
            )
            assert log_fall == pytest.approx(-yearly * 10 / 252)


def test_an_outage_makes_a_provider_buy_back_what_it_cannot_deliver():
    outages = {
        "agents.providers.outages_per_year": 12.0,
        "agents.providers.outage_days": 8.0,
        "agents.providers.outage_capacity_loss": 0.6,
    }
    market = TokenFuturesMarket(scenario().replace(outages), rng=1)
    steady = TokenFuturesMarket(scenario(), rng=1)
    down_days, targets = 0, []
    for day in step_days(market, 42):
        for _ in step_days(steady, 1):
            pass
        provider, usual = market.populations[1], steady.populations[1]
        is_down = provider.outages.is_down
        down_days += is_down.sum()
        if day >= 30:
            np.testing.assert_array_equal(provider.target_lots[~is_down], usual.target_lots[~is_down])
            np.testing.assert_allclose(
                provider.target_lots[is_down], 0.4 * usual.target_lots[is_down], atol=1.0
            )
            targets.append(provider.target_lots.sum())
    assert down_days > 20
    assert market.desk.index_usd == steady.desk.index_usd  # spot prices do not feel it
    assert max(targets) > min(targets)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {PROGRAMME + "rule": "stack", PROGRAMME + "stack_tenor": 11},
            "agents.enterprises.programme.stack_tenor: 11 is not < contract.listed_months - 1 = 11",
        ),
        (
            {"agents.providers.programme.rule": "rolling", "agents.providers.programme.roll_days": 22},
            "agents.providers.programme.roll_days: 22 is not <= calendar.days_per_month = 21",
        ),
    ],
)
def test_a_programme_that_does_not_fit_the_contract_is_refused(changes, line):
    with pytest.raises(ScenarioError, match=line.replace(".", r"\.")):
        scenario().replace(changes)


@pytest.mark.parametrize(
    "changes",
    [
        {PROGRAMME + "abandon_below": 0.8, PROGRAMME + "reenter_above": 0.5},
        {"agents.providers.programme.rule": "minimum_variance"},
        {"agents.providers.programme.quantity_correction": True},
    ],
)
def test_a_programme_that_contradicts_itself_is_refused(changes):
    with pytest.raises(ScenarioError, match="programme"):
        scenario().replace(changes)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        (
            {"need_log_sd": 5.0, "need_msit_per_day": 1e7},
            r"agents.enterprises.need_msit_per_day: 10000000.0 .*all money",
        ),
        (
            {"need_msit_per_day": 1e7, "cash_share": 100.0, "cash_log_sd": 5.0},
            "agents.enterprises.cash_share: 100.0 .*all money",
        ),
        (
            {"need_msit_per_day": 1e6, "credit_share": 1e2, "need_log_sd": 2.0},
            "agents.enterprises.credit_share: 100.0 .*all money",
        ),
    ],
)
def test_money_beyond_what_an_account_can_hold_is_the_mistake_of_a_field(changes, field):
    terms = scenario().replace({ENTERPRISES + name: value for name, value in changes.items()})
    with pytest.raises(ScenarioError, match=rf"{field}.* is not <= 1e\+12"):
        TokenFuturesMarket(terms, rng=1)


def test_the_fees_of_a_month_are_those_of_the_account_on_every_contract():
    """A day's fees are charged after its expiry: those of the last day come with the next month."""
    recorder = Recorder("full")
    market = TokenFuturesMarket(scenario(), rng=1, recorder=recorder)
    for _ in step_days(market, 21):
        pass
    trades, venue = recorder.table("trades"), market.market_scenario.exchange
    trades = trades[(trades["aggressor_side"] != 0) & (trades["day"] < 20)]
    assert len(set(trades["month"])) > 6
    paid = np.zeros(market.enterprises.count)
    for side, party in ((1, "buyer"), (-1, "seller")):
        fee = np.where(trades["aggressor_side"] == side, venue.taker_fee_usd, venue.maker_fee_usd)
        ours = (trades[party] < market.enterprises.count).to_numpy()
        np.add.at(paid, trades[party][ours], (fee * trades["lots"])[ours])
    bills = recorder.table("hedging")
    np.testing.assert_allclose(bills["fees_usd"], paid, atol=1e-6)
    assert (bills.loc[bills["hedges"], "fees_usd"] > 0).all()


def test_the_state_hash_sees_the_rules_that_are_on():
    """Two markets alike but for the memory of a rule have different states."""
    for terms, change in (
        ({"patience_days": 1.0}, lambda hedgers: hedgers._progress["waited_days"].fill(3.0)),
        ({"abandon_below": 0.1}, lambda hedgers: hedgers.treasury.abandoned.fill(True)),
        ({"rule": "minimum_variance"}, lambda hedgers: hedgers.estimator.ratios.fill(0.1)),
    ):
        market = market_of(**terms)
        before = market.state_hash()
        change(market.enterprises)
        assert market.state_hash() != before
