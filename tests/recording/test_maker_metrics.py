"""Numbers that judge the market makers of a run, on tables made by hand."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from abm.recording.maker_metrics import maker_metrics


def tables(dmm_rows: int = 2) -> dict[str, pd.DataFrame]:
    daily = pd.DataFrame(
        {
            "settlement_ticks": pd.array([1_000, 500, -200], dtype="Int64"),
            "spread_ticks": [10.0, math.nan, 8.0],
            "two_sided_share": [1.0, 0.0, 0.5],
        }
    )
    dmm = pd.DataFrame(
        {
            "account": [7, 8],
            "presence": [0.9, 0.7],
            "at_best": [0.5, 0.3],
            "obligation_met": [True, False],
            "stress_share": [0.3, 0.1],
            "stress_presence": [1.0, 0.2],
            "pay_usd_micro": [5_000_000, 0],
        }
    )
    agents = pd.DataFrame({"account": [6, 7, 8], "pnl_usd_micro": [99_000_000, 4_000_000, -1_000_000]})
    return {"daily": daily, "dmm": dmm.iloc[:dmm_rows], "agents": agents}


def test_spreads_are_shares_of_the_price_of_their_month_also_below_zero():
    found = maker_metrics(tables())
    assert found["curve_spread"] == pytest.approx((0.01 + 0.04) / 2)
    assert found["curve_two_sided_share"] == 0.5


def test_a_spread_at_a_price_of_nothing_is_measured_by_a_hundred_ticks():
    at_zero = tables()
    at_zero["daily"]["settlement_ticks"] = pd.array([0, 500, -40], dtype="Int64")
    assert maker_metrics(at_zero)["curve_spread"] == pytest.approx((0.10 + 0.08) / 2)


def test_presence_in_stress_is_weighted_by_how_much_stress_there_was():
    found = maker_metrics(tables())
    assert found["dmm_stress_presence"] == pytest.approx((0.3 * 1.0 + 0.1 * 0.2) / 0.4)
    assert found["dmm_stress_share"] == pytest.approx(0.2)
    assert (found["dmm_presence"], found["dmm_obligation_met"]) == (pytest.approx(0.8), 0.5)


def test_pay_and_profit_are_of_the_makers_only():
    found = maker_metrics(tables())
    assert (found["dmm_pay_usd"], found["dmm_pnl_usd"]) == (5.0, 3.0)


def test_a_market_without_makers_has_no_presence():
    found = maker_metrics(tables(0))
    assert math.isnan(found["dmm_presence"])
    assert math.isnan(found["dmm_stress_presence"])
    assert found["dmm_pnl_usd"] == 0.0
