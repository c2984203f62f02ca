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
    lots, waiting, paying = (after - before for before, after in zip(found, found.iloc[1:], strict=False))
    assert lots + waiting + paying == pytest.approx(found["traded_usd"] - ratio, abs=1e-6)
    assert abs(lots) < 0.01
    assert abs(waiting) < 0.01
    assert abs(paying) < 0.005
    assert found["whole_usd"] == pytest.approx(found["traded_usd"], abs=0.015)


def test_whole_lots_take_most_where_the_strip_is_full():
    """A rounded position misses the need either way, so that a full one only loses."""
    assert means(1.0)["whole_usd"] < 1.0 - 0.003


def test_buyers_pay_beyond_the_model_and_most_in_the_first_month():
    """A near month has less time to be bought in, and moves most while it is."""
    for ratio, entry in compared().entry.groupby("ratio"):
        cost = entry.set_index("month")["entry_bp"]
        assert (cost.drop(1) > 0.0).all(), ratio
        assert cost.max() < 100.0
        assert entry["early_share"].mean() > 0.7
        assert cost[1] > cost[11]
