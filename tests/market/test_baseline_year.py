"""A year of the baseline, and of its plain twin, is alive and sane; loose bounds, over several seeds."""

from __future__ import annotations

import numpy as np
import pytest


def test_the_front_month_is_quoted_on_both_sides_almost_always(ordinary_year):
    assert ordinary_year.manifest["metrics"]["front_two_sided_share"] > 0.95


def test_every_listed_month_trades(ordinary_year):
    traded = ordinary_year.tables["daily"].groupby("month")["volume_lots"].sum()
    assert len(traded) == 12 + 11  # twelve at the start, a new one after each of eleven expiries
    assert (traded > 0).all()


def test_open_interest_grows_or_stands_after_a_warm_up_and_rolls(ordinary_year):
    metrics = ordinary_year.manifest["metrics"]
    grown = metrics["open_interest_last_lots"] / metrics["open_interest_first_lots"]
    if ordinary_year.manifest["warm_up_days"]:
        assert 0.5 < grown < 2.0  # hedges stand when the record begins
    else:
        assert grown > 5.0
    assert metrics["open_interest_carried_share"] > 0.6  # expiry takes one month of twelve, not the market


def test_futures_converge_to_the_final_settlement(ordinary_year):
    daily = ordinary_year.tables["daily"]
    front = daily[daily.tenor == 0]
    final = front[front.final].set_index("month")["settlement_ticks"].astype(float)
    day_before = front[front.day % 21 == 19].set_index("month")["settlement_ticks"].astype(float)
    first_day = front[front.day % 21 == 0].set_index("month")["settlement_ticks"].astype(float)
    last_error = np.abs(np.log(day_before / final))
    # In a month with defaults the close-out of positions may press the price up to its last days.
    defaults = ordinary_year.tables["defaults"]
    failed = defaults.loc[defaults.event.str.endswith("_default"), "day"] // 21
    last_error = last_error[~last_error.index.isin(failed)]
    assert len(last_error) >= 10
    assert last_error.max() < 0.02
    assert last_error.mean() < 0.5 * np.abs(np.log(first_day / final)).mean()


def test_some_margin_calls_are_made_and_met(ordinary_year):
    calls = ordinary_year.tables["margin_calls"]
    assert len(calls) > 0
    met = calls["met_cash_usd_micro"] + calls["met_credit_usd_micro"]
    assert (met == calls["amount_usd_micro"] - calls["outstanding_usd_micro"]).all()
    assert (met > 0).any()


def test_makers_are_present_and_paid(ordinary_year):
    dmm = ordinary_year.tables["dmm"]
    assert dmm.groupby("account")["presence"].mean().min() > 0.8
    assert dmm["pay_usd_micro"].sum() > 0


def test_futures_profits_and_losses_sum_to_what_the_exchange_took(ordinary_year):
    agents = ordinary_year.tables["agents"]
    pay = ordinary_year.tables["dmm"]["pay_usd_micro"].sum()
    assert -agents["pnl_usd_micro"].sum() == agents["fees_usd_micro"].sum() - pay
    assert (agents["credit_interest_usd_micro"] >= 0).all()


def test_hedging_lowers_bill_volatility_in_a_demand_explosion(explosion):
    assert explosion.manifest["metrics"]["volatility_reduction_within"] > 0.1


@pytest.mark.verify
def test_hedging_lowers_it_over_the_seeds_and_leaves_something(explosions):
    reductions = [run.manifest["metrics"]["volatility_reduction_within"] for run in explosions]
    assert all(reduction > 0.1 for reduction in reductions)
    assert np.mean(reductions) < 0.95  # frictions and basis leave something


def test_who_does_not_hedge_pays_the_bill_and_what_an_unused_credit_line_costs(explosion):
    hedging = explosion.tables["hedging"]
    unhedged = hedging[~hedging.hedges]
    assert len(unhedged) > 50
    assert (unhedged[["futures_pnl_usd", "fees_usd"]] == 0).all(axis=None)
    assert np.allclose(unhedged["net_cost_usd"], unhedged["bill_usd"] + unhedged["interest_usd"], rtol=1e-12)
    lines_cost = (
        explosion.manifest["scenario_name"] == "demand_explosion"
    )  # in the plain market they are free
    assert ((unhedged["interest_usd"] > 0) == lines_cost).all()
    assert (unhedged["interest_usd"] < 0.001 * unhedged["bill_usd"]).all()


def test_a_settlement_without_window_trades_lies_inside_the_closing_quotes(ordinary_year):
    daily, quotes = ordinary_year.tables["daily"], ordinary_year.tables["quotes"]
    closing = quotes[quotes["round"] == quotes["round"].max()]
    # A default at the close of the last round takes the defaulter's orders out before prices are settled.
    defaults = ordinary_year.tables["defaults"]
    late = defaults[defaults.event.str.endswith("_default") & (defaults["round"] == closing["round"].max())]
    daily = daily[~daily.day.isin(late.day)]
    rows = daily[(daily.settlement_tier > 1) & ~daily.final].merge(closing, on=["day", "month"])
    assert len(rows) > 100
    bid = rows.best_bid_ticks.astype(float).fillna(-np.inf)
    ask = rows.best_ask_ticks.astype(float).fillna(np.inf)
    assert ((rows.settlement_ticks >= bid) & (rows.settlement_ticks <= ask)).all()
