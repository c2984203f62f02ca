"""What market makers learn from their own observation, against what was put in."""

from __future__ import annotations

import math

import numpy as np
import pytest
from stage import months_around
from traders import habit_rows, maker_rows

from abm.agents.makers.learning import (
    BINS,
    PRIOR_LOTS,
    adverse_selection,
    blank_mind,
    close_estimates,
    fitted_fill_rate,
    note_round,
    see_months,
)
from abm.core.orders import NO_PRICE, TRADE_DTYPE

NOBODY = np.zeros(0, dtype=TRADE_DTYPE)


def see(mind, mid, *, day_share, sample_days=0.02, habits=None, month=5, quoted=True):
    months = months_around(first_month=month)
    months["scale_ticks"] = 3_000.0
    months["best_bid_ticks"] = months["best_ask_ticks"] = np.rint(mid)
    months["best_bid_ticks"] -= 5
    months["best_ask_ticks"] += 5
    if not quoted:
        months["best_bid_ticks"] = NO_PRICE
    see_months(
        mind, habit_rows(len(mind.variance)) if habits is None else habits, months, day_share, sample_days
    )
    return months


@pytest.mark.parametrize("rounds_per_day", [24, 48, 400])
def test_volatility_is_per_day_whatever_the_rounds(rounds_per_day):
    """A random walk of 2 % a day, seen for 40 days with a memory of ten."""
    mind, habits = blank_mind(1, 12, 1), habit_rows(1, estimate_days=10.0)
    steps = np.random.default_rng(4).normal(0.0, 60.0 / math.sqrt(rounds_per_day), 40 * rounds_per_day)
    for mid in 30_000 + np.cumsum(steps):
        see(mind, mid, day_share=1 / rounds_per_day, habits=habits)
    volatility = np.sqrt(mind.variance[0])
    # 400 to 480 independent changes in memory: a standard deviation of some 3.5 % of the estimate
    np.testing.assert_allclose(volatility, 0.02, rtol=0.10)


def test_the_first_guess_of_volatility_is_the_public_one_also_of_a_new_month():
    mind = blank_mind(1, 12, 1)
    see(mind, 3_000, day_share=0.02, month=0)
    np.testing.assert_allclose(np.sqrt(mind.variance), 0.02)
    see(mind, 3_300, day_share=0.02, month=0)
    assert (np.sqrt(mind.variance) > 0.021).all()
    see(mind, 3_000, day_share=0.02, month=1)  # months 1 to 12: slot 0 now holds month 12
    assert np.sqrt(mind.variance[0, 0]) == pytest.approx(0.02)
    assert (np.sqrt(mind.variance[0, 1:]) > 0.021).all()


def test_a_book_without_two_sides_says_nothing_of_volatility():
    mind = blank_mind(1, 12, 1)
    see(mind, 3_000, day_share=0.02)
    see(mind, 3_900, day_share=0.02, quoted=False)
    np.testing.assert_allclose(mind.variance, 0.02**2)
    see(mind, 3_003, day_share=0.02)  # 0.1 % in two intervals
    weight = -math.expm1(-0.04 / 5.0)
    np.testing.assert_allclose(mind.variance, 0.02**2 + weight * (0.001**2 / 0.04 - 0.02**2))


def fit(rate, distance, days, guess=(40.0, 0.004), at=None):
    """Counts as expected in so many days at each of some distances."""
    away = np.linspace(0.0005, 0.011, BINS) if at is None else np.full(BINS, at)
    time = np.full(BINS, days / BINS)
    lots = rate * np.exp(-away / distance) * time
    return fitted_fill_rate(time, time * away, lots, lots * away, *guess)


@pytest.mark.parametrize(("rate", "distance"), [(40.0, 0.004), (100.0, 0.002), (15.0, 0.012)])
def test_the_fill_rate_that_made_the_counts_is_found(rate, distance):
    found = fit(rate, distance, days=10_000.0)
    assert found == (pytest.approx(rate, rel=0.01), pytest.approx(distance, rel=0.01))


def test_without_observations_the_first_guess_stands():
    assert fit(1.0, 1.0, days=0.0) == (pytest.approx(40.0, rel=1e-6), pytest.approx(0.004, rel=1e-6))


def test_quoting_at_one_distance_leaves_the_slope_near_the_guess_but_finds_the_level():
    rate, distance = fit(80.0, 0.004, days=100.0, at=0.004)
    assert rate * math.exp(-0.004 / distance) == pytest.approx(80.0 * math.exp(-1.0), rel=0.05)


def test_estimates_of_random_fills_are_right_on_average():
    rng, away = np.random.default_rng(3), np.linspace(0.001, 0.009, BINS)
    time = np.full(BINS, 20.0 / BINS)
    found = []
    for _ in range(200):
        lots = rng.poisson(60.0 * np.exp(-away / 0.003) * time).astype(float)
        found.append(fitted_fill_rate(time, time * away, lots, lots * away, 60.0, 0.003))
    rate, distance = np.mean(found, axis=0)
    assert rate == pytest.approx(60.0, rel=0.03)
    assert distance == pytest.approx(0.003, rel=0.03)


def trade(price, lots, *, buyer, seller, aggressor, month=5):
    trades = np.zeros(1, dtype=TRADE_DTYPE)
    for name, value in {
        "price_ticks": price, "lots": lots, "buyer": buyer, "seller": seller,
        "aggressor_side": aggressor, "month": month,
    }.items():  # fmt: skip
        trades[name] = value
    return trades


def quoting_mind(makers=2, rounds=1):
    """Two makers with accounts 0 and 1 that quote 2,988 : 3,012 for five lots around 3,000."""
    mind = blank_mind(makers, 12, rounds)
    mind.value_ticks[:] = 3_000.0
    mind.quote_ticks[:], mind.quote_lots[:] = (2_988, 3_012), 5
    return mind


def test_time_and_fills_are_counted_at_the_distance_from_the_own_value():
    mind, makers = quoting_mind(), maker_rows(2)
    months = see(mind, 3_004, day_share=0.25)
    mind.quote_lots[:] = 5
    mind.quote_lots[1, :, 0] = 0
    note_round(mind, makers, months, trade(2_988, 3, buyer=0, seller=9, aggressor=-1), 0.25)
    # the bins are 0.1 % wide and begin six below zero: 12 ticks of 3,000 are at 0.4 %
    np.testing.assert_allclose(mind.time_days[0, 0], np.eye(BINS)[10] * 0.5)
    np.testing.assert_allclose(mind.time_days[1, 0], np.eye(BINS)[10] * 0.25)
    np.testing.assert_allclose(mind.time_distance[0, 0, 10], 0.5 * 0.004)
    np.testing.assert_allclose(mind.lots[0, 0], np.eye(BINS)[10] * 3)
    assert mind.lots[0, 1:].sum() == mind.lots[1].sum() == 0


def test_quotes_beyond_the_own_value_are_at_a_negative_distance():
    """An inventory has moved both quotes up: the bid stands 15 ticks above the value."""
    mind = quoting_mind()
    mind.quote_ticks[:] = (3_015, 3_039)
    months = see(mind, 3_000, day_share=0.25)
    mind.quote_lots[:] = 5
    note_round(mind, maker_rows(2), months, NOBODY, 0.25)
    assert np.flatnonzero(mind.time_days[0, 0]).tolist() == [1, 19]
    np.testing.assert_allclose(mind.time_distance[0, 0, [1, 19]], [-0.25 * 0.005, 0.25 * 0.013])


@pytest.mark.parametrize(
    "other",
    [
        trade(2_988, 3, buyer=9, seller=0, aggressor=-1),  # it was the one who came
        trade(2_988, 3, buyer=0, seller=9, aggressor=0),  # an auction
        trade(2_988, 3, buyer=7, seller=9, aggressor=-1),  # somebody else's
    ],
    ids=["aggressor", "auction", "others"],
)
def test_only_fills_of_the_own_resting_quotes_count(other):
    mind = quoting_mind()
    months = see(mind, 3_000, day_share=0.25)
    note_round(mind, maker_rows(2), months, other, 0.25)
    assert mind.lots.sum() == mind.recent_lots.sum() == 0


@pytest.mark.parametrize(
    ("is_bid", "later", "cost"),
    [(True, 2_985, 15), (True, 3_009, -9), (False, 2_985, -15), (False, 3_009, 9)],
)
def test_a_fill_is_judged_by_the_mid_some_rounds_later(is_bid, later, cost):
    mind, makers = quoting_mind(rounds=3), maker_rows(2)
    months = see(mind, 3_000, day_share=0.25)
    buyer, seller, price = (0, 9, 2_988) if is_bid else (9, 0, 3_012)
    note_round(
        mind, makers, months, trade(price, 4, buyer=buyer, seller=seller, aggressor=-1 if is_bid else 1), 0.25
    )
    for mid in (3_500, 3_500):
        see(mind, mid, day_share=0.25)
    assert mind.cost_lots.sum() == 0
    see(mind, later, day_share=0.25)
    assert mind.cost[0, 0] * 3_000 == pytest.approx(4 * cost)
    assert mind.cost_lots[0, 0] == 4
    assert adverse_selection(mind, 0, 0) == pytest.approx(4 * cost / 3_000 / (4 + PRIOR_LOTS))
    see(mind, later, day_share=0.25)
    assert mind.cost_lots[0, 0] == 4  # once


def test_what_was_counted_fades_and_the_estimates_follow():
    mind = quoting_mind()
    mind.time_days[:], mind.lots[:], mind.cost_lots[:] = 1.0, 2.0, 3.0
    close_estimates(mind, maker_rows(2), habit_rows(2, estimate_days=2.0), 1.0)
    keep = math.exp(-0.5)
    for part, before in ((mind.time_days, 1.0), (mind.lots, 2.0), (mind.cost_lots, 3.0)):
        np.testing.assert_allclose(part, before * keep)
    assert (mind.fill_rate > 0).all()


def test_makers_without_anything_to_see_learn_nothing():
    mind, makers = quoting_mind(), maker_rows(2)
    months = see(mind, 3_000, day_share=0.25)
    months["phase"] = 2
    note_round(mind, makers, months, NOBODY, 0.25)
    assert mind.time_days.sum() == 0
