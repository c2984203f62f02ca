"""Filtered historical simulation against a plain oracle, and by hand."""

import math

import numpy as np
import pytest
from margin_days import USD, alternating, basis, day, lots, market, observed, one_account, random_moves

from abm.clearing.margin_models import FilteredHistoricalMargin
from abm.clearing.margin_models.confidence import empirical_quantile, larger_losses
from abm.core.errors import ParameterError

PRICE = 1_000_000


def plain_filtered_historical(moves, values, *, confidence, mpor_days, decay, lookback):
    """Margin of each portfolio, written out: ``moves`` by tenor, ``values`` in micro-USD by tenor."""
    variance, weight = 0.0, 0.0
    standardised = []
    for at, move in enumerate(moves):
        if at >= 60:
            standardised.append(move / np.sqrt(variance / weight))
        variance, weight = decay * variance + move**2, decay * weight + 1.0
    scenarios = np.array(standardised[-lookback:]) * np.sqrt(variance / weight) * math.sqrt(mpor_days)
    margins = []
    for value in values:
        losses = sorted((-sum(value * scenario) for scenario in scenarios), reverse=True)
        allowed = math.floor(len(losses) * (1.0 - confidence) + 1e-9)  # scenarios that may lose more
        margins.append(max(losses[allowed], 0.0))
    return margins


@pytest.mark.parametrize(
    ("days", "confidence", "mpor", "decay", "lookback"),
    [
        (310, 0.99, 2, 0.97, 750),
        (900, 0.99, 2, 0.97, 750),
        (900, 0.975, 1, 0.99, 500),
        (700, 0.95, 5, 0.94, 250),
    ],
)
def test_margin_equals_an_independent_oracle(days, confidence, mpor, decay, lookback):
    history = random_moves(11, days, 4)
    live = random_moves(12, 45, 4)
    rng = np.random.default_rng(13)
    portfolios = rng.integers(-50, 50, (30, 4)) * rng.integers(0, 2, (30, 4))
    model = FilteredHistoricalMargin(
        basis(history, slots=4), confidence=confidence, mpor_days=mpor, decay=decay, lookback_days=lookback
    )
    known = list(history)
    for at, shown in enumerate(market(live, start=10**8, days_per_month=10_000, opening_day=20_000)):
        model.observe(shown)
        if at > 0:
            known.append(live[at - 1])
        if at % 15 == 0:
            values = np.zeros((30, 4))
            exposure = shown.settlement_ticks * shown.remaining_share_bps / 1e4 * USD
            values[:, shown.tenor] = portfolios * exposure
            expected = plain_filtered_historical(
                np.array(known), values, confidence=confidence, mpor_days=mpor, decay=decay, lookback=lookback
            )
            # The oracle is told the moves, the model sees prices in whole ticks of 1e-8 of the price.
            assert model.per_account_usd_micro(portfolios).tolist() == pytest.approx(expected, rel=1e-5)


def test_margin_of_a_lot_is_the_larger_of_long_and_short():
    history = random_moves(14, 400)
    history[:, 1] -= 0.02  # losses of a long are larger
    model = FilteredHistoricalMargin(basis(history))
    model.observe(day(PRICE, PRICE, PRICE))
    long, short = one_account(model, 0, 1, 0), one_account(model, 0, -1, 0)
    assert short < long == model.per_lot_usd_micro()[1]


@pytest.mark.parametrize(
    ("scenarios", "confidence", "larger"), [(750, 0.99, 7), (500, 0.99, 5), (1_000, 0.99, 10)]
)
def test_the_quantile_lets_at_most_one_percent_of_scenarios_lose_more(scenarios, confidence, larger):
    assert larger_losses(scenarios, confidence) == larger
    losses = np.random.default_rng(3).permutation(scenarios).astype(float)[None, :]
    assert empirical_quantile(losses, confidence)[0] == scenarios - 1 - larger
    assert empirical_quantile(losses, confidence)[0] == np.quantile(losses, confidence, method="inverted_cdf")


def test_a_step_in_volatility_is_overshot_while_its_first_days_are_remembered():
    """Gurrola-Perez and Murphy, Bank of England Working Paper 525 (2015), found this in such models."""
    model = FilteredHistoricalMargin(basis(alternating(0.01, 400)))
    course = market(alternating(0.02, 400), start=PRICE, days_per_month=10_000)
    model.observe(course[0])
    before = model.per_lot_usd_micro()[1] / course[0].settlement_ticks[1]
    observed(model, course[1:])
    after = model.per_lot_usd_micro()[1] / course[-1].settlement_ticks[1]
    assert before == pytest.approx(0.01 * math.sqrt(2) * USD, rel=1e-6)
    # Day j of the step stood at 2 / sqrt(4 - 3 x 0.97^j) of its eve's volatility. Of 740 scenarios 7 may lose
    # more; a short lost on days 0, 2, .. 14, so margin is not twice but 2.8 times what it was.
    assert after / before == pytest.approx(2.0 * 2.0 / math.sqrt(4.0 - 3.0 * 0.97**14), rel=1e-4)


def test_days_before_the_look_back_are_forgotten():
    wild, calm = 10.0 * random_moves(15, 150), random_moves(16, 400)
    history = np.concatenate([wild, calm])
    long = FilteredHistoricalMargin(basis(history), decay=1.0, lookback_days=750)
    short = FilteredHistoricalMargin(basis(history), decay=1.0, lookback_days=300)
    shown = day(PRICE, PRICE, PRICE)
    long.observe(shown), short.observe(shown)
    assert (short.per_lot_usd_micro() < long.per_lot_usd_micro()).all()


def test_only_changed_portfolios_are_computed_and_all_of_them_at_the_next_close():
    history = random_moves(17, 400)
    model = FilteredHistoricalMargin(basis(history))
    days = market(random_moves(18, 2), start=PRICE)
    positions = lots([1, 0, 0], [0, -2, 0], [0, 0, 0])
    for shown in days:
        model.observe(shown)
        for _ in range(3):
            fresh = observed(FilteredHistoricalMargin(basis(history)), days[: days.index(shown) + 1])
            assert (
                model.per_account_usd_micro(positions).tolist()
                == fresh.per_account_usd_micro(positions).tolist()
            )
            positions[1] += [1, 1, -1]
            positions[2] += [0, 3, 0]
    assert model.per_account_usd_micro(positions[:2]).shape == (2,)


@pytest.mark.parametrize(
    ("days", "parameters", "message"),
    [
        (309, {}, "309 days are fewer than the 310 that filtered_historical needs"),
        (310, {"lookback_days": 249}, "lookback_days: 249"),
        (310, {"confidence": 0.4}, "confidence: 0.4"),
    ],
)
def test_what_makes_no_sense_is_refused(days, parameters, message):
    with pytest.raises(ParameterError, match=message):
        FilteredHistoricalMargin(basis(random_moves(1, days)), **parameters)
