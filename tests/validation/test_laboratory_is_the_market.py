"""With its frictions off the market is the laboratory: a strip removes in it what it removes at model prices.

What parts the two is measured: whole lots, the days that buying takes, and what buyers pay beyond the model.
``scenarios/laboratory_and_market.py`` prints the same tables.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from scenarios.laboratory_and_market import LEVELS, RATIOS, Comparison, compare

SEEDS = range(1, 13)
MOST_APART = 0.02

pytestmark = pytest.mark.verify


@cache
def compared() -> Comparison:
    found = compare("demand_explosion", SEEDS)
    print(found.reductions.groupby("ratio")[list(LEVELS)].agg(["mean", "std"]).round(4).T)
    print(found.entry.pivot(index="month", columns="ratio", values="entry_bp").round(1))
    return found


def of_ratio(ratio):
    reductions = compared().reductions
    return reductions[reductions["ratio"] == ratio]


def means(ratio):
    return of_ratio(ratio)[list(LEVELS)].mean()


@pytest.mark.parametrize("ratio", RATIOS)
def test_the_market_reduces_the_volatility_of_bills_as_the_laboratory_does(ratio):
    rows = of_ratio(ratio)
    assert len(rows) == len(SEEDS)
    np.testing.assert_allclose(rows["fraction_usd"], ratio, atol=1e-6)  # on every seed's own prices
    apart = rows["traded_usd"] - rows["fraction_usd"]
    error = apart.std(ddof=1) / np.sqrt(len(apart))
    assert abs(apart.mean()) < MOST_APART
    assert abs(apart.mean()) + 3.0 * error < 1.5 * MOST_APART  # and not by luck


@pytest.mark.parametrize("ratio", RATIOS)
def test_what_is_left_is_whole_lots_the_days_of_buying_and_the_price_paid(ratio):
    found = means(ratio)
    lots, waiting, paying = np.diff(found)
    assert lots + waiting + paying == pytest.approx(found["traded_usd"] - ratio, abs=1e-6)
    assert abs(lots) < 0.005
    assert abs(paying) < 0.005
    assert -0.02 < waiting < 0.005


def test_what_parts_a_full_strip_most_is_the_days_of_buying():
    """Whatever comes before all is bought is missed, and a full strip misses nothing else."""
    lots, waiting, paying = np.diff(means(1.0))
    assert waiting < -0.005
    assert abs(waiting) > abs(lots) > 0.001
    assert abs(waiting) > abs(paying)
    shares = compared().entry["first_day_share"]
    assert 0.4 < shares.mean() < 0.95


def test_buyers_pay_beyond_the_model_and_most_in_the_first_month():
    """A near month moves most while it is bought."""
    for ratio, entry in compared().entry.groupby("ratio"):
        cost = entry.set_index("month")["entry_bp"]
        assert (cost > 0.0).all(), ratio
        assert cost.idxmax() == 1
        assert cost[1] > 3.0 * cost[11]
        assert cost.max() < 150.0
