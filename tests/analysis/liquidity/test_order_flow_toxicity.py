"""VPIN against cases by hand, a closed form of coin flips and the market of informed traders it is for."""

from __future__ import annotations

import math

import numpy as np
import pytest
from liquidity_market import measures, tables_of
from scipy import stats

import analysis
from abm.core.errors import ParameterError
from analysis.liquidity.flow_toxicity import fill_buckets


def test_an_order_too_large_for_a_bucket_goes_on_in_the_next():
    filled = fill_buckets([3, -1, -5, 4, -1], 4)  # 3 - 1 | -4 | -1 + 3 | 1 - 1, not full
    assert filled.imbalance_share.tolist() == [0.5, 1.0, 0.5]
    assert filled.last_order.tolist() == [1, 2, 3]
    assert analysis.vpin([3, -1, -5, 4, -1], 4) == (pytest.approx(2 / 3), 3, "")
    assert analysis.vpin([1] * 10, 2.5).value == 1.0
    assert analysis.vpin([1, -1] * 10, 2).value == 0.0


def test_a_bucket_holds_orders_of_one_series():
    signed, series = [2, -1, 2, 2, -3], ["a", "b", "a", "b", "b"]
    found = analysis.vpin(signed, 2, series)
    assert (found.value, found.observations) == (pytest.approx((1 + 1 + 0 + 0 + 1) / 5), 5)
    with pytest.raises(ParameterError, match=r"series: shape \(1,\) is not \(5,\)"):
        analysis.vpin(signed, 2, [0])


@pytest.mark.parametrize("size", [1, 5, 12])
def test_coin_flips_have_the_mean_of_the_binomial_distribution(size):
    signed = np.random.default_rng(1).choice([-1.0, 1.0], 60_000)
    heads = np.arange(size + 1)
    weights = stats.binom.pmf(heads, size, 0.5)
    shares = np.abs(2 * heads - size) / size
    expected = weights @ shares
    error = math.sqrt(weights @ (shares - expected) ** 2 / (60_000 / size))
    assert analysis.vpin(signed, size).value == pytest.approx(expected, abs=4 * error + 1e-12)


def test_vpin_is_the_share_of_informed_orders_in_the_market_it_comes_from():
    """Easley et al. (2012), equation 6: alpha mu / (alpha mu + 2 epsilon), buckets of a day's volume."""
    rng = np.random.default_rng(2)
    epsilon, mu, days, size = 500, 1_000, 400, 200
    has_news, is_good = rng.random(days) < 0.4, rng.random(days) < 0.5
    flow = []
    for informed, side in zip(has_news * mu, is_good, strict=True):
        bought, sold = epsilon + informed * side, epsilon + informed * (not side)
        flow.append(rng.permutation(np.repeat([1.0, -1.0], [bought, sold])))
    informed = has_news.mean() * mu
    by_chance = math.sqrt(2 / (math.pi * size))  # of a bucket without news
    found = analysis.vpin(np.concatenate(flow), size).value
    assert informed / (informed + 2 * epsilon) < found < informed / (informed + 2 * epsilon) + by_chance


def test_what_has_no_full_bucket_is_no_number():
    for few in ([], [1.0, -1.0]):
        assert analysis.vpin(few, 3).reason == "no full bucket of volume"
    for wrong in (0, -1.0, math.nan):
        with pytest.raises(ParameterError, match="bucket_lots: "):
            analysis.vpin([1.0], wrong)
    with pytest.raises(ParameterError, match="signed_lots: 1 of 2 are not finite"):
        analysis.vpin([1.0, math.nan], 1)


def test_the_buckets_of_a_run_take_whole_orders_that_somebody_sent():
    trades = [
        {"lots": 4, "taker_order_id": 1}, {"lots": 4, "taker_order_id": 1, "price_ticks": 102},
        {"lots": 8, "taker_order_id": 2, "aggressor_side": -1, "round": 1},
        {"lots": 90, "aggressor_side": 0}, {"lots": 90, "spread_months": 1},
    ]  # fmt: skip
    tables = tables_of([{}, {"day": 1}], trades)
    found = analysis.volume_buckets(tables, 1)  # 16 lots in two days: 8 a bucket
    assert found["imbalance_share"].tolist() == [1.0, 1.0]
    assert found["round"].tolist() == [0, 1]
    assert (found["shuffled_share"] == 1.0).all()
    halves = analysis.volume_buckets(tables_of([{}], trades), 1)
    assert halves["imbalance_share"].tolist() == [0.0]
    assert analysis.volume_buckets(tables_of([{}])).empty
    assert measures(tables_of([{}]))["vpin"][1] == "no full bucket of volume"


def test_orders_in_runs_of_one_side_are_beyond_those_shuffled():
    rng = np.random.default_rng(3)
    sides = np.repeat(rng.choice([-1, 1], 200), 10)
    trades = [{"taker_order_id": k, "aggressor_side": int(side)} for k, side in enumerate(sides)]
    found = analysis.volume_buckets(tables_of([{}], trades), 200)
    assert found["imbalance_share"].mean() == 1.0
    weights = stats.binom.pmf(np.arange(11), 10, 0.5)
    by_chance = weights @ np.abs(2 * np.arange(11) - 10) / 10
    assert found["shuffled_share"].iloc[0] == pytest.approx(by_chance, abs=0.02)
    again = analysis.volume_buckets(tables_of([{}], trades), 200)
    assert again.equals(found)
