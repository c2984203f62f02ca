"""Measures of an index: what its composition adds, and how it tracks the spot price."""

import math

import numpy as np
import pytest

from abm.core.errors import ParameterError
from abm.spot.index.chained_index import ChainedFisherIndex
from abm.spot.index.index import IndexFixing, token_price_index
from abm.spot.index.index_measures import composition_noise, index_tracking


def both_indices(days_of_prices, days_of_volumes, cap=1.0):
    """The two index methods on the same quotes, NaN where there is no index."""
    chain = ChainedFisherIndex(5.0, cap, 2, reference_quality=86.0, minimum_quality=86.0)
    raw, matched = [], []
    for prices, volumes in zip(days_of_prices, days_of_volumes, strict=True):
        scores = np.full(len(prices), 86.0)
        weighted = token_price_index(
            prices,
            volumes,
            qualities=scores,
            reference_quality=86.0,
            minimum_quality=86.0,
            cap=cap,
            min_providers=2,
        )
        for values, outcome in ((raw, weighted), (matched, chain.fix(prices, volumes, scores))):
            values.append(outcome.value_usd if isinstance(outcome, IndexFixing) else math.nan)
    return np.array(raw), np.array(matched)


def test_a_fixed_basket_has_no_composition_noise():
    rng = np.random.default_rng(1)
    prices = 3.0 * np.exp(np.cumsum(0.1 * rng.standard_normal((60, 5)), axis=0))
    noise = composition_noise(*both_indices(prices, np.tile([10.0, 20, 30, 25, 15], (60, 1))))
    assert np.abs(noise.log_changes).max() < 1e-13
    assert noise.volatility == pytest.approx(0.0, abs=1e-12)
    assert noise.volume_weighted_volatility == pytest.approx(noise.matched_volatility, rel=1e-9)
    assert noise.matched_volatility > 0.3


def test_volume_that_moves_to_a_dear_model_is_composition_noise_and_no_price_change():
    prices = np.tile([1.0, 9.0], (3, 1))
    raw, matched = both_indices(prices, [[1, 1], [1, 3], [1, 1]])
    assert matched.tolist() == [5.0, 5.0, 5.0]
    noise = composition_noise(raw, matched)
    assert noise.log_changes == pytest.approx([math.log(7 / 5), -math.log(7 / 5)])
    assert noise.volatility == noise.volume_weighted_volatility > 5.0
    assert noise.matched_volatility == 0.0


def test_an_entrant_is_composition_noise():
    prices = [[2.0, 4.0, math.nan], [2.0, 4.0, 0.3], [2.0, 4.0, 0.3]]
    raw, matched = both_indices(prices, np.ones((3, 3)))
    noise = composition_noise(raw, matched)
    assert noise.log_changes == pytest.approx([math.log(2.1 / 3.0), 0.0])


def test_days_without_an_index_are_left_out():
    noise = composition_noise([1.0, math.nan, 2.0, 4.0, 4.0], [1.0, 1.0, 1.0, 1.0, 1.0], days_per_year=100)
    assert np.isnan(noise.log_changes).tolist() == [True, True, False, False]
    assert noise.volatility == pytest.approx(10.0 * np.std([math.log(2.0), 0.0], ddof=1))
    assert math.isnan(composition_noise([1.0, 2.0], [1.0, 2.0]).volatility)


def test_an_index_that_is_a_multiple_of_the_spot_price_tracks_it_perfectly():
    spot = 3.0 * np.exp(np.cumsum(0.05 * np.random.default_rng(2).standard_normal(100)))
    perfect = index_tracking(1.1 * spot, spot, horizon=5)
    assert perfect == pytest.approx((math.log(1.1), 0.0, 1.0, 1.0), abs=1e-12)
    damped = index_tracking(spot**0.5, spot)
    assert (damped.change_correlation, damped.change_beta) == pytest.approx((1.0, 0.5))


def test_an_index_that_follows_late_has_no_correlation_today_and_some_over_a_week():
    spot = 3.0 * np.exp(np.cumsum(0.05 * np.random.default_rng(3).standard_normal(4000)))
    late, spot = spot[:-1], spot[1:]
    assert abs(index_tracking(late, spot).change_correlation) < 0.08
    assert index_tracking(late, spot, horizon=5).change_correlation == pytest.approx(0.8, abs=0.05)
    still = index_tracking(np.full(10, 2.0), spot[:10])
    assert math.isnan(still.change_correlation)
    assert still.change_beta == 0.0
    gap = index_tracking([2.0, math.nan, 2.2, 2.3, 2.1], [2.0, 2.1, 2.2, 2.3, 2.1])
    assert (gap.sd_log_error, gap.change_beta) == pytest.approx((0.0, 1.0), abs=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: composition_noise([1.0, 2.0], [1.0]), r"matched_usd: \[1.0\] is not a list of 2"),
        (lambda: composition_noise([0.0], [1.0]), r"volume_weighted_usd: \[0.0\] is not positive"),
        (lambda: composition_noise([1.0], [1.0], days_per_year=0), "days_per_year: 0 is not a finite"),
        (lambda: index_tracking([1.0], [[1.0]]), r"spot_usd: \[\[1.0\]\] is not a list"),
        (lambda: index_tracking([1.0] * 9, [1.0] * 9, horizon=0), "horizon: 0 is not >= 1"),
        (lambda: index_tracking([1.0] * 9, [1.0] * 9, horizon=8), "index_usd: .* is not long enough for 2"),
    ],
)
def test_refused_series_name_field_value_and_what_is_allowed(call, message):
    with pytest.raises(ParameterError, match=message):
        call()
