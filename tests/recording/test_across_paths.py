"""The two measures of one hedge, against values worked out by hand: within a run, and across runs."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from abm.recording.across_paths import across_paths, reduction_across, run_bills
from abm.recording.hedging import hedge_effect, surprises


def run_of(*rows: tuple[int, int, str, bool, float, float, float]) -> pd.DataFrame:
    names = ["month", "account", "name", "hedges", "budget_usd", "bill_usd", "net_cost_usd"]
    return pd.DataFrame(rows, columns=names).astype({"hedges": bool})


def two_futures() -> list[pd.DataFrame]:
    """Account 7 is large and hedges half, account 8 is small and hedges all; account 9 does not hedge."""
    return [
        run_of(
            (0, 7, "", True, 100.0, 900.0, 900.0),  # in delivery when the run begins: nobody could hedge it
            (1, 7, "", True, 300.0, 300.0 + up, 300.0 + up / 2),
            (2, 7, "", True, 100.0, 100.0 + up, 100.0 + up / 2),
            (1, 8, "acme", True, 100.0, 100.0 + up, 105.0),
            (2, 8, "acme", True, 100.0, 100.0 - up, 95.0),
            (1, 9, "", False, 100.0, 100.0 + 9 * up, 100.0 + 9 * up),
        )
        for up in (-20.0, 20.0)
    ]


def test_the_year_of_a_hedger_is_compared_over_the_runs():
    found = across_paths(two_futures())
    by_hedger = found.by_hedger
    assert by_hedger.index.tolist() == [7, 8]
    assert by_hedger["name"].tolist() == ["", "acme"]
    assert by_hedger["paths"].tolist() == [2, 2]
    assert by_hedger["expected_usd"].tolist() == [400.0, 200.0]
    sd = math.sqrt(2.0)  # of -1 and 1
    assert by_hedger["unhedged_sd"].tolist() == pytest.approx([0.1 * sd, 0.0])
    assert by_hedger["hedged_sd"].tolist() == pytest.approx([0.05 * sd, 0.0])
    assert by_hedger["volatility_reduction_across"][7] == pytest.approx(0.5)
    assert math.isnan(by_hedger["volatility_reduction_across"][8])  # a year that never surprises
    assert found.volatility_reduction_across == pytest.approx(0.5)
    assert found.variance_reduction_across == pytest.approx(0.75)
    assert found.paths == 2


def test_months_are_compared_over_the_runs_and_hedgers_count_by_their_budget():
    found = across_paths(two_futures())
    # Each dollar of sd is 20 unhedged; account 7 keeps half of its 20, account 8 nothing.
    assert found.by_month["volatility_reduction_across"].tolist() == pytest.approx([0.75, 0.75])
    assert found.volatility_reduction_across_monthly == pytest.approx(0.75)
    assert found.variance_reduction_across_monthly == pytest.approx(1 - 0.25**2)


@pytest.mark.parametrize(
    "runs",
    [
        [],
        two_futures()[:1],
        [run[~run["hedges"]] for run in two_futures()],
        [run[:1] for run in two_futures()],
    ],
    ids=["no run", "one run", "nobody hedges", "no month"],
)
def test_across_no_two_paths_nothing_can_be_said(runs):
    found = across_paths(runs)
    assert math.isnan(found.volatility_reduction_across)
    assert math.isnan(found.variance_reduction_across_monthly)
    assert found.paths == len(runs)


def test_the_measure_across_is_not_the_one_within():
    """A shift that differs by run and is the same in every month is risk across runs and none within one."""
    runs = [
        run_of(*((month, 1, "", True, 100.0, 100.0 + up + month, 100.0 + month) for month in (1, 2, 3)))
        for up in (-20.0, 0.0, 20.0)
    ]
    assert across_paths(runs).volatility_reduction_across == pytest.approx(1.0)
    within = hedge_effect(runs[0], against="expected_need").volatility_reduction_within
    assert within == pytest.approx(0.0)


def test_a_need_that_comes_out_otherwise_surprises_the_bill_and_not_the_price_paid():
    months = run_of((1, 1, "", True, 100.0, 120.0, 120.0), (2, 1, "", True, 100.0, 80.0, 80.0)).assign(
        expected_bill_usd=[120.0, 80.0]
    )  # a fifth more needed, then a fifth less
    assert surprises(months)["unhedged"].tolist() == [0.0, 0.0]
    against = surprises(months, against="expected_need")
    assert against["unhedged"].tolist() == pytest.approx([0.2, -0.2])
    assert against["expected_usd"].tolist() == [100.0, 100.0]


def test_enterprises_weigh_by_cost_and_not_by_number():
    months = run_of(
        (1, 1, "", True, 0.0, 1_100.0, 1_000.0), (2, 1, "", True, 0.0, 900.0, 1_000.0),
        (1, 2, "", True, 0.0, 1.1, 1.1), (2, 2, "", True, 0.0, 0.9, 0.9),
    ).assign(expected_bill_usd=[1_000.0, 1_000.0, 1.0, 1.0])  # fmt: skip
    effect = hedge_effect(months)
    assert effect.volatility_reduction_within == pytest.approx(0.5)  # all and nothing
    assert effect.volatility_reduction_within_weighted == pytest.approx(1 - 1 / 1_001)
    assert effect.variance_reduction_within_weighted == pytest.approx(1 - 1 / 1_001**2)
    assert effect.volatility_reduction == effect.volatility_reduction_within  # its earlier name


def test_the_measure_of_weighted_runs_is_that_of_runs_that_are_there_as_often():
    rng = np.random.default_rng(5)
    runs = [
        run_of(
            *(
                (month, account, "", bool((account + path) % 4), 100.0 + account, *rng.normal(100.0, 9.0, 2))
                for month in (0, 1, 2)
                for account in range(6)
            )
        )
        for path in range(7)
    ]  # who has an account differs from run to run, as without a common population
    weights = rng.multinomial(7, np.full(7, 1 / 7), size=20).astype(float)
    weights[0] = 1.0
    drawn = [
        [run for run, times in zip(runs, row, strict=True) for _ in range(int(times))] for row in weights
    ]
    wanted = [across_paths(some).volatility_reduction_across for some in drawn]
    assert reduction_across(run_bills(runs), weights) == pytest.approx(wanted)


def test_weighted_runs_without_a_hedger_or_a_spread_have_no_measure():
    nobody = [run[~run["hedges"]] for run in two_futures()]
    assert math.isnan(reduction_across(run_bills(nobody), np.ones((1, 2)))[0])
    assert math.isnan(reduction_across(run_bills(two_futures()), np.array([[2.0, 0.0]]))[0])
