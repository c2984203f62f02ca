"""The numbers of a run, against values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from abm.core.contract import ContractSpec
from abm.recording import metrics


def daily(rows: str) -> pd.DataFrame:
    """Build the daily table from lines of

    ``day month tenor | settlement volume open_interest | spread two_sided_share depth [F]``,

    where ``F`` marks a final settlement and ``-`` a day that was never two-sided.
    """
    records = []
    for line in rows.strip().splitlines():
        cells = line.replace("|", " ").split()
        final = cells[-1] == "F"
        numbers = [math.nan if cell == "-" else float(cell) for cell in cells[: len(cells) - final]]
        records.append((*numbers, final))
    names = ("day", "month", "tenor", "settlement_ticks", "volume_lots", "open_interest_lots", "spread_ticks")
    frame = pd.DataFrame(records, columns=[*names, "two_sided_share", "depth_lots", "final"])
    whole = ["day", "month", "tenor", "volume_lots", "open_interest_lots"]
    frame["trades"] = 1
    return frame.astype(dict.fromkeys(whole, "int64") | {"settlement_ticks": "Int64"})


TWO_MONTHS = daily(
    """
    0 0 0 | 2000 10  5 | 4.0 1.00 20
    0 1 1 | 2100  0  2 | -   0.00  5
    1 0 0 | 2020  6  8 | 8.0 0.25 10
    1 1 1 | 2090  0  4 | 9.0 0.50  5
    2 0 0 | 2050  4  5 | 4.0 1.00 30 F
    2 1 1 | 2070  0  6 | 6.0 1.00 11
    3 1 0 | 2070  8 10 | 5.0 1.00 20
    3 2 1 | 2200  1  2 | 7.0 1.00  5
    """
)


def test_the_spread_counts_each_day_by_its_two_sided_rounds() -> None:
    tenors = metrics.liquidity_by_tenor(TWO_MONTHS)
    assert tenors.loc[0, "spread_ticks"] == pytest.approx((4 * 1 + 8 * 0.25 + 4 * 1 + 5 * 1) / 3.25)
    assert tenors.loc[1, "spread_ticks"] == pytest.approx((9 * 0.5 + 6 + 7) / 2.5)
    assert tenors.loc[0, "two_sided_share"] == pytest.approx((1 + 0.25 + 1 + 1) / 4)
    assert tenors.loc[1, "two_sided_share"] == pytest.approx((0 + 0.5 + 1 + 1) / 4)
    assert tenors["depth_lots"].tolist() == [20.0, 6.5]
    assert tenors["volume_lots_per_day"].tolist() == [7.0, 0.25]


def test_a_tenor_that_is_never_two_sided_has_no_spread() -> None:
    tenors = metrics.liquidity_by_tenor(daily("0 0 0 | 2000 0 0 | - 0 0"))
    assert math.isnan(tenors.loc[0, "spread_ticks"])


def test_a_listed_month_without_a_trade_is_seen() -> None:
    assert metrics.months_traded(TWO_MONTHS).to_dict() == {0: 20, 1: 8, 2: 1}
    assert metrics.months_traded(TWO_MONTHS[TWO_MONTHS["day"] < 3]).to_dict() == {0: 20, 1: 0}


def test_open_interest_is_followed_over_the_run_and_across_the_expiry() -> None:
    interest = metrics.open_interest(TWO_MONTHS)
    assert (interest.first, interest.last, interest.peak) == (7.0, 12.0, 12.0)
    assert interest.carried_share == pytest.approx(6 / 12)  # 6 lots in month 1, of 8 + 4 the day before


def test_the_risk_premium_is_the_log_of_the_price_over_what_is_expected_of_it() -> None:
    tick = ContractSpec(tick_size_usd_micro=1_000)
    expected = [2.0, 2.0, 2.0, 2.0, 2.05, 2.0, math.nan, 2.2]
    found = metrics.risk_premia(TWO_MONTHS.assign(expected_usd=expected), tick)
    assert found[["day", "tenor"]].to_numpy().tolist() == [[0, 0], [0, 1], [1, 0], [1, 1], [2, 1], [3, 1]]
    near = found.loc[found["tenor"] == 1, "premium"]
    np.testing.assert_allclose(near, np.log([2.1 / 2.0, 2.09 / 2.0, 2.07 / 2.0, 1.0]), atol=1e-15)


def test_a_price_of_zero_or_less_has_no_premium() -> None:
    sunk = TWO_MONTHS.assign(settlement_ticks=-5, expected_usd=2.0)
    assert metrics.risk_premia(sunk, ContractSpec()).empty
    assert metrics.risk_premia(TWO_MONTHS.assign(expected_usd=-2.0), ContractSpec()).empty


def test_front_volatility_never_takes_the_change_of_month_for_a_return() -> None:
    front = [math.log(2020 / 2000), math.log(2050 / 2020), math.log(2070 / 2070)]
    expected = np.std(front, ddof=1) * math.sqrt(252)
    assert metrics.settlement_volatility(TWO_MONTHS, tenor=0, days_per_year=252) == pytest.approx(expected)


def test_a_price_through_zero_has_no_log_return() -> None:
    prices = daily(
        """
        0 0 0 | 50  0 0 | - 0 0
        1 0 0 | 60  0 0 | - 0 0
        2 0 0 | -10 0 0 | - 0 0
        3 0 0 | 40  0 0 | - 0 0
        4 0 0 | 44  0 0 | - 0 0
        """
    )
    expected = np.std([math.log(60 / 50), math.log(44 / 40)], ddof=1)
    assert metrics.settlement_volatility(prices, tenor=0, days_per_year=1) == pytest.approx(expected)


def test_basis_is_futures_minus_index() -> None:
    spot = pd.DataFrame(
        {"day": [0, 1, 2, 3], "index_fixing_usd_micro": [1_900_000, 2_000_000, 2_100_000, 2_070_000]}
    )
    basis = metrics.front_basis_usd(TWO_MONTHS, spot, ContractSpec(tick_size_usd_micro=1_000))
    assert basis.tolist() == pytest.approx([0.10, 0.02, -0.05, 0.0])


def test_convergence_is_the_distance_from_the_last_settlement_to_the_final_price() -> None:
    assert metrics.convergence_ticks(TWO_MONTHS).to_dict() == {0: 30.0}


CALLS = pd.DataFrame(
    [  # day, round, account, cash, credit, outstanding, deadline
        (0, 1, 5, 100, 0, 0, 3),  # met at once from cash
        (0, 1, 6, 10, 20, 70, 3),  # owes 70,
        (0, 2, 6, 0, 30, 40, 3),  # then 40 of the same call
        (1, 1, 6, 5, 5, 0, 9),  # a new call, met at once
        (1, 1, 7, 0, 0, 50, 9),  # never met
    ],
    columns=["day", "round", "account", "met_cash", "met_credit", "outstanding", "deadline_round"],
).rename(columns={name: f"{name}_usd_micro" for name in ("met_cash", "met_credit", "outstanding")})
CALLS[["met_cash_usd_micro", "met_credit_usd_micro", "outstanding_usd_micro"]] *= 1_000_000


def test_a_call_computed_again_while_open_counts_once() -> None:
    defaults = pd.DataFrame(
        {"event": ["client_default", "member_default", "close_out_finished"], "account": [7, 7, 7]}
    )
    calls = metrics.margin_calls(CALLS, defaults)
    assert (calls.calls, calls.met_at_once, calls.missed) == (4, 2, 1)
    assert calls.met_cash_usd == 115.0
    assert calls.met_credit_usd == 55.0
    assert calls.amount_usd == 115.0 + 55.0 + 40.0 + 50.0


def test_a_missed_call_counts_once_also_where_the_account_is_reduced_first() -> None:
    events = [("forced_reduction", 5), ("forced_reduction", 6), ("client_default", 6), ("client_default", 7)]
    defaults = pd.DataFrame(events, columns=["event", "account"])
    assert metrics.margin_calls(CALLS, defaults).missed == 3


def test_spreads_are_also_shares_of_the_price_and_say_what_a_tick_is_of_it() -> None:
    days = daily(
        """
        0 0 0 | 2000 0 0 | 4.0 1.00 20
        0 1 1 | 50   0 0 | 1.0 1.00  5
        1 0 0 | 1000 0 0 | 6.0 0.50 10
        1 1 1 | 50   0 0 | -   0.00  5
        2 0 0 | 4000 0 0 | -   0.00 10
        2 1 1 | -    0 0 | 9.0 1.00  5
        """
    )
    tenors = metrics.liquidity_by_tenor(days)
    assert tenors.loc[0, "spread_share"] == pytest.approx((0.002 * 1 + 0.006 * 0.5) / 1.5)
    assert tenors.loc[0, "tick_share"] == pytest.approx((1 / 2000 + 1 / 1000 + 1 / 4000) / 3)
    assert tenors.loc[1, "spread_share"] == pytest.approx(
        0.01
    )  # of 100 ticks, and the day without a price out
    assert tenors.loc[1, "spread_ticks"] == pytest.approx(5.0)
    assert tenors.loc[1, "tick_share"] == pytest.approx(0.01)
