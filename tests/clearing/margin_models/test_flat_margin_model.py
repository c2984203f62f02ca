"""Flat margin: rates of notional by tenor bucket."""

import numpy as np
import pytest
from margin_days import alternating, basis, day, lots, usd

from abm.clearing.margin_models import FlatMargin, calibrated_buckets, margin_model
from abm.core.errors import ParameterError


def test_margin_is_the_rate_of_notional_of_the_tenor_and_of_what_is_not_fixed():
    model = FlatMargin(basis(floor=100), buckets=[(0, 2_000), (1, 1_000)])
    model.observe(day(5_000, 5_000, -20, tenor=(1, 0, 2), share=(10_000, 2_500, 10_000)))
    assert usd(model.per_lot_usd_micro()) == [500, 250, 10]
    assert usd(model.per_account_usd_micro(lots([2, -3, 0], [0, 0, 1]))) == [1_750, 10]


def test_calibrated_rates_cover_the_confidence_over_the_margin_period():
    moves = np.linspace(-0.10, 0.10, 2_001)[:, None] * np.array([1.0, 0.5, 0.5])
    # 99 % of moves of a uniform law on +-10 % are within 9.9 %; over four days twice that.
    assert calibrated_buckets(moves, [0, 2], confidence=0.99, mpor_days=4) == [(0, 1_980), (2, 990)]


def test_flat_margin_is_calibrated_to_the_history_where_no_rates_are_given():
    model = margin_model("flat", basis(alternating(0.03, 10)), confidence=0.99, mpor_days=4)
    model.observe(day(1_000, 1_000, 1_000))
    assert usd(model.per_lot_usd_micro()) == [60, 60, 60]


@pytest.mark.parametrize(
    ("buckets", "message"),
    [([], "ascending"), ([(6, 1_200), (6, 800)], r"\[6, 6\]"), ([(6, 0)], "rates")],
)
def test_rates_that_make_no_sense_are_refused(buckets, message):
    with pytest.raises(ParameterError, match=message):
        FlatMargin(basis(), buckets=buckets)
    with pytest.raises(ParameterError, match=r"bucket_tenors: no move for tenors 3\.\.5"):
        calibrated_buckets(alternating(0.03, 10), [2, 5], confidence=0.99, mpor_days=1)
