"""Margin from an exponentially weighted volatility."""

import math
from statistics import NormalDist

import numpy as np
import pytest
from margin_days import (
    USD,
    alternating,
    basis,
    day,
    level,
    lots,
    market,
    observed,
    one_account,
    random_moves,
    share_bps,
)

from abm.clearing.margin_models import EwmaMargin
from abm.core.errors import ParameterError

PRICE = 1_000_000
CALM = alternating(0.01, 600)


def after_doubling(decay, days):
    """Margin of a lot over its value, after so many days of twice the volatility, against before."""
    course = market(alternating(0.02, days), start=PRICE, days_per_month=10_000)
    model = EwmaMargin(basis(CALM), decay=decay)
    model.observe(course[0])
    before = level(model, course[0].settlement_ticks[1])
    observed(model, course[1:])
    return level(model, course[-1].settlement_ticks[1]) / before


@pytest.mark.parametrize(
    ("decay", "days", "ratio"), [(0.97, 5, 1.193), (0.97, 20, 1.539), (0.94, 5, 1.341), (0.94, 20, 1.769)]
)
def test_margin_after_volatility_doubles(decay, days, ratio):
    assert math.sqrt(4.0 - 3.0 * decay**days) == pytest.approx(ratio, abs=5e-4)
    assert round(after_doubling(decay, days), 3) == ratio


def test_margin_of_a_lot_is_the_normal_quantile_times_volatility_over_the_margin_period():
    model = EwmaMargin(basis(CALM), confidence=0.99, mpor_days=4)
    model.observe(day(PRICE, PRICE, PRICE, share=(5_000, 10_000, 10_000)))
    # 2.326 x 1 % x sqrt(4) of a million dollars; half of it where half of the fixings are known
    expected = NormalDist().inv_cdf(0.99) * 0.01 * 2 * PRICE * USD
    assert model.per_lot_usd_micro()[1] == pytest.approx(expected, abs=1.5)
    assert model.per_lot_usd_micro()[0] == pytest.approx(expected / 2, abs=1.5)


def test_offsets_between_months_are_those_of_their_correlation():
    rng = np.random.default_rng(4)
    z = rng.standard_normal((20_000, 2))
    # correlations exactly 0.8 between tenors 0 and 1, and none with tenor 2
    z = np.linalg.solve(np.linalg.cholesky(z.T @ z / len(z)), z.T).T
    third = alternating(1.0, len(z), 1)[:, 0]
    third = third - z @ (z.T @ third) / len(z)
    third /= math.sqrt((third**2).mean())
    moves = 0.01 * np.column_stack([z[:, 0], 0.8 * z[:, 0] + 0.6 * z[:, 1], third])
    model = EwmaMargin(basis(moves), decay=1.0)
    model.observe(day(PRICE, PRICE, PRICE))
    lot = model.per_lot_usd_micro()[1]
    for position, volatility in [
        ((1, -1, 0), math.sqrt(2.0 - 1.6)),
        ((1, 1, 0), math.sqrt(2.0 + 1.6)),
        ((1, 0, -1), math.sqrt(2.0)),
        ((3, 0, -4), 5.0),
    ]:
        assert one_account(model, *position) / lot == pytest.approx(volatility, rel=1e-6)


def test_a_calendar_spread_of_months_that_move_alike_needs_nothing_but_round_off():
    model = EwmaMargin(basis(CALM))
    model.observe(day(PRICE, PRICE, PRICE))
    assert one_account(model, 0, 1, -1) < 1e-6 * one_account(model, 0, 1, 0)


def test_the_whole_course_equals_a_plain_recursion():
    """Independent oracle: weighted sums written out, in a market that rolls."""
    history, live = random_moves(5, 100), random_moves(6, 50)
    model = EwmaMargin(basis(history), decay=0.95, confidence=0.98, mpor_days=3)
    course = market(live, start=10**9)
    position = lots([3, -5, 2])
    total, weight = np.zeros((3, 3)), 0.0
    for move in history:
        total, weight = 0.95 * total + np.outer(move, move), 0.95 * weight + 1.0
    for at, shown in enumerate(course):
        model.observe(shown)
        if at > 0:
            move = live[at - 1].copy()
            share = share_bps(at - 1) / 1e4
            if at % 21 == 0 or share < 0.05:  # expired, or nearly fixed: the second month stands in
                volatility = np.sqrt(np.diag(total) / weight)
                move[0] = move[1] / volatility[1] * volatility[0]
            total, weight = 0.95 * total + np.outer(move, move), 0.95 * weight + 1.0
        covariance = (total / weight)[np.ix_(shown.tenor, shown.tenor)]
        value = position[0] * shown.settlement_ticks * shown.remaining_share_bps / 1e4 * USD
        expected = NormalDist().inv_cdf(0.98) * math.sqrt(3.0 * value @ covariance @ value)
        assert one_account(model, *position[0]) == pytest.approx(expected, rel=1e-6)


def test_with_decay_one_all_days_count_alike_and_without_learning_nothing_does():
    history = random_moves(7, 200)
    days = market(5.0 * random_moves(8, 30), start=PRICE, days_per_month=10_000)
    frozen, growing = (
        EwmaMargin(basis(history), decay=1.0, learns=False),
        EwmaMargin(basis(history), decay=1.0),
    )
    observed(frozen, days), observed(growing, days)
    price = days[-1].settlement_ticks[1]
    plain = np.sqrt(np.mean(history[:, 1] ** 2)) * NormalDist().inv_cdf(0.99) * math.sqrt(2)
    assert level(frozen, price) == pytest.approx(plain, rel=1e-9)
    both = np.concatenate([history[:, 1], 5.0 * random_moves(8, 30)[:, 1]])
    wider = np.sqrt(np.mean(both**2)) * NormalDist().inv_cdf(0.99) * math.sqrt(2)
    assert level(growing, price) == pytest.approx(wider, rel=1e-4)


def test_a_price_that_stands_still_keeps_a_margin():
    model = EwmaMargin(basis(np.zeros((60, 3))))
    model.observe(day(PRICE, PRICE, PRICE))
    assert level(model, PRICE) == pytest.approx(0.001 * NormalDist().inv_cdf(0.99) * math.sqrt(2), rel=1e-6)
    assert one_account(model, 0, 1, -1) > 0


@pytest.mark.parametrize(
    ("days", "parameters", "message"),
    [
        (59, {}, "59 days are fewer than the 60 that ewma needs"),
        (60, {"decay": 1.01}, "decay: 1.01"),
        (60, {"decay": 0.0}, "decay: 0.0"),
        (60, {"confidence": 1.0}, "confidence: 1.0"),
        (60, {"mpor_days": 0}, "mpor_days: 0"),
    ],
)
def test_what_makes_no_sense_is_refused(days, parameters, message):
    with pytest.raises(ParameterError, match=message):
        EwmaMargin(basis(CALM[:days]), **parameters)
