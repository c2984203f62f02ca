"""The table of hedging, reckoned anew from trades, postings, accounts and prices of a small market."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from quiet_market import FEW_TRADERS, buys, play, quiet, rows_of, sells, together

from abm.agents.hedgers.treasury import HedgeEvents
from abm.market import TokenFuturesMarket
from abm.market.assembly.foundations import lay_foundations
from abm.market.day.hedge_days import day_opening

ROUNDS, MONTH, DAYS = 6, 4, 12
FIELDS = FEW_TRADERS | {
    "run__days": DAYS,
    "calendar__rounds_per_day": ROUNDS,
    "calendar__days_per_month": MONTH,
    "calendar__months_per_year": 6,
    "agents__enterprises__count": 3,
    "agents__enterprises__hedging_share": 1.0,
    "agents__enterprises__cash_share": 0.05,
    "agents__enterprises__credit_share": 0.4,
    "agents__enterprises__programme__rule": "strip",
    "agents__enterprises__programme__ramp_days": 2,
    "agents__enterprises__programme__cross_probability": 1.0,
    "agents__enterprises__programme__slice_share": 1.0,
    "agents__enterprises__programme__max_premium": 1.0,
    "agents__enterprises__programme__cost_of_funds": 0.06,
    "agents__enterprises__programme__band_share": 0.0,
    "contract__listed_months": 3,
}
FUNDS_RATE_PER_DAY = 0.06 / 24


def _near_value(plus, tenor):
    return lambda view: max(1, round(float(view.months["model_ticks"][tenor])) + plus)


@pytest.fixture(scope="module", params=[0, 2 * MONTH], ids="{} days of warm-up".format)
def books(request):
    market, (offers, bids), recorder = quiet(**FIELDS, run__warm_up_months=request.param // MONTH)
    market.enterprises.columns["actions_per_day"][:] = 48.0
    for day, round_of_day in np.ndindex(request.param + DAYS, ROUNDS):
        moment = day - request.param, round_of_day
        offers.script[moment] = together(*(sells(_near_value(5, k), 2_000, k) for k in (1, 2)))
        bids.script[moment] = together(*(buys(_near_value(-5, k), 2_000, k) for k in (1, 2)))
    play(market, (request.param + DAYS) * ROUNDS)
    tables = {name: recorder.table(name) for name in recorder.table_names}
    # Positions carried into day 0 count as traded then, at the last settlement.
    tables["moves"] = pd.concat([tables["trades"], tables["transfers"]])
    return market, tables


def _hedging(tables):
    """Yield the rows of the months that were hedged before their delivery."""
    rows = [row for row in tables["hedging"].itertuples() if row.month > 0]
    assert len(rows) == 3 * (DAYS // MONTH - 1)
    return rows


def _days(month):
    """Return the days whose charges a month bears: they are posted when the day's contract has gone."""
    return range(month * MONTH - 1, (month + 1) * MONTH - 1)


def test_profit_is_lots_times_final_price_less_what_they_were_traded_at(books):
    market, tables = books
    tick_usd = market.contract.tick_value_usd_micro / 1e6
    trades, daily = tables["moves"], tables["daily"]
    for row in _hedging(tables):
        (final,) = daily.query(f"month == {row.month} and final")["settlement_ticks"]
        own = trades[trades["month"] == row.month]
        gain = sum(
            side * (own["lots"] * (final - own["price_ticks"]))[own[name] == row.account].sum()
            for name, side in (("buyer", 1), ("seller", -1))
        )
        assert row.futures_pnl_usd == pytest.approx(gain * tick_usd, rel=1e-12)
        assert gain != 0


def test_lots_at_delivery_are_those_held_when_the_month_begins(books):
    _, tables = books
    trades = tables["moves"]
    for row in _hedging(tables):
        before = trades[(trades["month"] == row.month) & (trades["day"] < row.month * MONTH)]
        bought = before["lots"][before["buyer"] == row.account].sum()
        assert row.hedge_lots_at_delivery == bought - before["lots"][before["seller"] == row.account].sum()
        assert row.hedge_lots_at_delivery > 0


def _posted_usd(market, tables, kinds, account, *moments, side="debit"):
    """Return what was posted against an account, or in its favour, on some days or in one round, USD."""
    chart, ledger = market.clearing.chart, tables["ledger"]
    own = [part.start + account for part in (chart.collateral, chart.bank, chart.credit_line)]
    rows = ledger[ledger["kind"].isin(kinds) & ledger[side].isin(own)]
    for name, values in zip(("day", "round"), moments, strict=False):
        rows = rows[rows[name].isin(values)]
    return rows["amount_usd_micro"].sum() / 1e6


def test_interest_and_fees_are_those_of_the_days_of_the_month(books):
    market, tables = books
    for row in _hedging(tables):
        kinds = ("interest", "interest_capitalised")
        interest = _posted_usd(market, tables, kinds, row.account, _days(row.month))
        assert row.interest_usd == pytest.approx(interest, abs=1e-9)
    assert (tables["hedging"]["interest_usd"] > 0.0).any()
    trades = tables["trades"]
    for row in tables["hedging"].itertuples():
        own = trades[
            trades["day"].isin(_days(row.month))
            & ((trades["buyer"] == row.account) | (trades["seller"] == row.account))
        ]
        assert row.fees_usd == pytest.approx(0.5 * own["lots"].sum(), abs=1e-9)


def test_margin_costs_what_own_money_in_the_hedge_could_have_earned(books):
    market, tables = books
    tick_usd = market.contract.tick_value_usd_micro / 1e6
    accounts, trades, daily = tables["accounts"], tables["moves"], tables["daily"]
    settled = daily.set_index(["day", "month"])["settlement_ticks"]
    for row in _hedging(tables):
        cost = 0.0
        for day in _days(row.month):
            (then,) = accounts.query(f"day == {day} and account == {row.account}").itertuples()
            gains = 0.0
            # At a month's last close its contract has gone before margin is reckoned.
            for month in range((day + 1) // MONTH, (day + 1) // MONTH + 3):
                own = trades[(trades["month"] == month) & (trades["day"] <= day)]
                signed = own["lots"] * (1 * (own["buyer"] == row.account) - (own["seller"] == row.account))
                gains += tick_usd * (signed * (settled.get((day, month), 0) - own["price_ticks"])).sum()
            # Credit as it stood at the close, before calls drew on it and excess repaid it.
            moment = ([day], [ROUNDS - 1])
            drawn = then.credit_drawn_usd_micro / 1e6
            drawn -= _posted_usd(market, tables, ("call_from_credit",), row.account, *moment)
            drawn += _posted_usd(market, tables, ("credit_repayment",), row.account, *moment, side="credit")
            cost += FUNDS_RATE_PER_DAY * (then.initial_margin_usd_micro / 1e6 - drawn - gains)
        assert row.margin_cost_usd == pytest.approx(cost, rel=1e-9)


def test_net_cost_is_the_bill_less_the_profit_and_all_that_the_hedge_cost(books):
    rows = books[1]["hedging"]
    paid = rows["bill_usd"] - rows["futures_pnl_usd"] + rows["fees_usd"] + rows["interest_usd"]
    assert rows["net_cost_usd"].to_numpy() == pytest.approx(paid.to_numpy())
    assert rows["abandoned_days"].tolist() == [0] * len(rows)


def test_needs_are_told_how_far_the_price_went_from_what_was_expected(books):
    market, _ = books
    surprise = day_opening(market).log_price_surprise
    assert surprise == market.desk.log_price_surprise
    assert abs(surprise) > 1e-6


def test_the_expected_bill_is_the_need_at_the_price_that_day_0_expected_of_the_month(books):
    market, tables = books
    own, desk = market.enterprises, _desk_on_day_0(market)
    by_month = desk.expected_month_mean_usd(0, DAYS // MONTH)
    assert len(set(by_month.round(6))) == DAYS // MONTH
    for row in tables["hedging"].itertuples():
        multiple = desk.quotes.expected_multiples[own.provider[row.account - own.first_account]]
        assert row.expected_bill_usd == pytest.approx(row.need_msit * multiple * by_month[row.month])


def _desk_on_day_0(market: TokenFuturesMarket):
    desk = lay_foundations(market.market_scenario, market.seed_used).desk
    for day in range(1 - market.clock.calendar.warm_up_days, 1):
        desk.advance_to(day)
    return desk


def test_an_event_of_a_hedge_names_the_account_and_not_its_place_in_the_class():
    market, _, recorder = quiet(**FIELDS)
    money = np.array([5, 6], dtype=np.int64)
    market.tables.record_hedge_events(7, HedgeEvents("abandoned", np.array([0, 2]), money, money + 10))
    columns = ("account", "event", "free_funds_usd_micro", "initial_margin_usd_micro")
    assert rows_of(recorder.table("hedge_events"), *columns) == [
        (7, "abandoned", 5, 15),
        (9, "abandoned", 6, 16),
    ]


def test_each_month_counts_its_own_days_without_a_hedge():
    market, _, recorder = quiet(**FIELDS)
    market.enterprises.treasury.abandoned[1] = True
    play(market, 2 * MONTH * ROUNDS)
    assert recorder.table("hedging")["abandoned_days"].tolist() == [0, MONTH, 0] * 2
