"""Back-test statistics against published numbers, closed forms and brute force."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from abm.core.errors import ParameterError
from analysis.margin_backtest import (
    backtest_table,
    christoffersen_test,
    conditional_coverage_test,
    kupiec_bounds,
    kupiec_test,
    procyclicality,
)


@pytest.mark.parametrize(("days", "fewest", "most"), [(250, 1, 6), (1_000, 5, 16), (2_500, 16, 35)])
def test_kupiec_bounds_at_99_percent(days: int, fewest: int, most: int) -> None:
    assert kupiec_bounds(days, 0.99) == (fewest, most)


def test_bounds_are_where_the_test_begins_to_reject() -> None:
    for days, confidence in [(60, 0.95), (250, 0.975), (500, 0.995), (10, 0.99)]:
        accepted = [n for n in range(days + 1) if kupiec_test(n, days, confidence).p_value >= 0.05]
        assert kupiec_bounds(days, confidence) == (accepted[0], accepted[-1])


def test_kupiec_statistic_by_hand() -> None:
    # No breach in 250 days: -2 x 250 x ln 0.99. Ten in 250 days: 4 % against 1 %.
    assert kupiec_test(0, 250, 0.99).statistic == pytest.approx(-500.0 * math.log(0.99))
    by_hand = 2.0 * (10 * math.log(4.0) + 240 * math.log(0.96 / 0.99))
    assert kupiec_test(10, 250, 0.99).statistic == pytest.approx(by_hand)
    assert kupiec_test(10, 250, 0.9999999).p_value < 1e-9
    assert kupiec_test(5, 500, 0.99).statistic == pytest.approx(0.0, abs=1e-12)
    assert kupiec_test(5, 500, 0.99).p_value == pytest.approx(1.0, abs=1e-5)
    assert math.isnan(kupiec_test(0, 0, 0.99).p_value)


def test_p_values_are_those_of_the_chi_squared_law() -> None:
    breaches = np.random.default_rng(1).random(800) < 0.02
    one = kupiec_test(int(breaches.sum()), 800, 0.99)
    both = conditional_coverage_test(breaches, 0.99)
    assert one.p_value == pytest.approx(stats.chi2.sf(one.statistic, 1))
    assert both.p_value == pytest.approx(stats.chi2.sf(both.statistic, 2))
    assert both.statistic == pytest.approx(one.statistic + christoffersen_test(breaches).statistic)


def test_breaches_that_follow_each_other_are_found_and_scattered_ones_are_not() -> None:
    scattered, clustered = np.zeros(1_000, dtype=bool), np.zeros(1_000, dtype=bool)
    scattered[::100] = True
    clustered[500:510] = True
    assert christoffersen_test(scattered).p_value > 0.5
    assert christoffersen_test(clustered).p_value < 1e-6
    # Same frequency, so only the joint test tells them apart.
    assert conditional_coverage_test(scattered, 0.99).p_value > 0.5
    assert conditional_coverage_test(clustered, 0.99).p_value < 1e-6


def test_christoffersen_statistic_by_hand() -> None:
    # Transitions: 0>0 twice, 0>1 twice, 1>1 once, 1>0 once.
    found = christoffersen_test([0, 0, 0, 1, 1, 0, 1]).statistic
    split = 2 * math.log(0.5) + 2 * math.log(0.5) + 2 * math.log(0.5)
    assert found == pytest.approx(2.0 * (split - 6 * math.log(0.5)), abs=1e-12)
    # 0>0 three times, 0>1 once, 1>1 three times, 1>0 never: 4 of 7 days are breaches.
    found = christoffersen_test([0, 0, 0, 0, 1, 1, 1, 1]).statistic
    split = 3 * math.log(0.75) + math.log(0.25)
    assert found == pytest.approx(2.0 * (split - 4 * math.log(4 / 7) - 3 * math.log(3 / 7)))


def test_independence_cannot_be_tested_without_a_breach() -> None:
    assert math.isnan(christoffersen_test(np.zeros(100)).p_value)
    assert math.isnan(conditional_coverage_test(np.zeros(100), 0.99).p_value)


@pytest.mark.verify
def test_a_true_model_is_rejected_in_five_percent_of_samples() -> None:
    rng = np.random.default_rng(2)
    breaches = rng.random((4_000, 1_000)) < 0.01
    rejected = np.mean([not 5 <= int(row.sum()) <= 16 for row in breaches])
    exact = 1.0 - sum(math.comb(1_000, n) * 0.01**n * 0.99 ** (1_000 - n) for n in range(5, 17))
    assert abs(rejected - exact) < 4.0 * math.sqrt(exact * (1.0 - exact) / 4_000)
    assert exact < 0.06


def rows() -> pd.DataFrame:
    made = pd.DataFrame(
        {
            "day": [2, 0, 1, 3, 0, 1],
            "account": [7, 7, 7, 7, 8, 8],
            "tenor": [0, 0, 0, 0, 1, 1],
            "requirement_usd_micro": np.array([10, 10, 20, 40, 5, 5]) * 1_000_000,
            "loss_usd_micro": np.array([13, -2, 25, 40, 0, 1]) * 1_000_000,
        }
    )
    return made.assign(breach=made["loss_usd_micro"] > made["requirement_usd_micro"])


def test_the_table_says_for_each_account_what_margin_covered() -> None:
    table = backtest_table(rows(), "account", confidence=0.99)
    assert table.index.tolist() == [7, 8]
    assert table.index.name == "account"
    assert table.loc[7, ["observations", "breaches", "coverage"]].tolist() == [4, 2, 0.5]
    assert table.loc[7, "mean_requirement_usd"] == 20.0
    assert table.loc[7, "largest_exception_usd"] == 5.0
    assert table.loc[7, "average_exception_usd"] == 4.0
    assert table.loc[7, "kupiec_p"] == kupiec_test(2, 4, 0.99).p_value
    assert table.loc[7, "independence_p"] == christoffersen_test([0, 1, 1, 0]).p_value
    assert table.loc[8, ["breaches", "coverage", "largest_exception_usd"]].tolist() == [0, 1.0, 0.0]


def test_the_table_groups_by_several_columns_and_may_be_empty() -> None:
    table = backtest_table(rows(), ["account", "tenor"], confidence=0.99)
    assert table.index.tolist() == [(7, 0), (8, 1)]
    assert backtest_table(rows().iloc[:0], "account", confidence=0.99).empty


def test_with_a_margin_period_of_two_days_independence_is_tested_on_every_other_day() -> None:
    days = 100
    overlapping = np.isin(np.arange(days), (20, 21, 60, 61))
    made = pd.DataFrame(
        {"day": range(days), "account": 1, "requirement_usd_micro": 1, "loss_usd_micro": 2 * overlapping}
    ).assign(breach=overlapping)
    daily = backtest_table(made, "account", confidence=0.95).loc[1, "independence_p"]
    apart = backtest_table(made, "account", confidence=0.95, mpor_days=2).loc[1, "independence_p"]
    assert daily < 0.01 < 0.5 < apart


def test_a_missing_column_is_named() -> None:
    with pytest.raises(ParameterError, match="no column 'breach'"):
        backtest_table(rows().drop(columns="breach"), "account", confidence=0.99)


def test_procyclicality_of_a_course_by_hand() -> None:
    found = procyclicality([4.0, 4.0, 5.0, 10.0, 8.0, 6.0, 3.0], days=(1, 2, 5, 20))
    assert found.mean == pytest.approx(40 / 7)
    assert found.peak_to_trough == pytest.approx(10 / 3)
    assert found.largest_call_ratio[1] == 2.0
    assert found.largest_call_ratio[2] == 2.5
    assert found.largest_call_ratio[5] == 1.5
    assert math.isnan(found.largest_call_ratio[20])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: kupiec_test(3, 2, 0.99), "breaches: 3"),
        (lambda: kupiec_test(1, 2, 1.0), "confidence: 1.0"),
        (lambda: kupiec_bounds(0, 0.99), "observations: 0"),
        (lambda: kupiec_bounds(10, 0.99, 0.0), "significance: 0.0"),
        (lambda: procyclicality([1.0, 0.0]), "requirement"),
        (lambda: procyclicality([1.0], days=(0,)), "days"),
    ],
)
def test_what_makes_no_sense_is_refused(call, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ParameterError, match=message):
        call()
