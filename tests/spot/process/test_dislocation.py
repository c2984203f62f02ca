"""A passing move of the price in USD: its course, what is foreseen of it, and what it does to an index."""

from __future__ import annotations

import numpy as np
import pytest

from abm.core.errors import ParameterError
from abm.spot.index.index import IndexFixing, token_price_index
from abm.spot.process.dislocation import PriceDislocation

GLUT = PriceDislocation(-12.0, start_day=3, duration_days=2, fade_days=3)


def test_it_stands_for_its_days_and_then_fades_in_equal_steps():
    assert GLUT.amount_usd(np.arange(10)).tolist() == [0, 0, 0, -12, -12, -9, -6, -3, 0, 0]


def test_without_a_fade_it_ends_at_once():
    one_day = PriceDislocation(-40.0, start_day=4)
    assert one_day.amount_usd(np.arange(7)).tolist() == [0, 0, 0, 0, -40, 0, 0]
    assert float(one_day.amount_usd(4)) == -40.0


def test_a_longer_fade_moves_more_in_all():
    days = np.arange(100)
    fades = [PriceDislocation(1.0, 2, 5, fade).amount_usd(days).sum() for fade in range(6)]
    assert fades == pytest.approx([5.0 + fade / 2 for fade in range(6)], rel=1e-14)


def test_nobody_foresees_it_and_from_its_first_day_everybody_does():
    days = np.arange(3, 12)
    for today in (0, 1, 2):
        assert not GLUT.foreseen_usd(today, days).any()
    for today in (3, 5, 7, 11):
        np.testing.assert_array_equal(GLUT.foreseen_usd(today, days), GLUT.amount_usd(days))


def test_a_size_of_zero_is_no_dislocation():
    assert not PriceDislocation(0.0, 1, 5, 5).amount_usd(np.arange(20)).any()


@pytest.mark.parametrize("size_usd", [0.7, -0.4])
def test_the_index_of_moved_quotes_is_the_moved_index(size_usd):
    """The volume-weighted mean is linear, so the amount may be added to the index instead of the quotes."""
    quotes, volumes = np.array([3.0, 1.5, 0.5, 4.0, 2.2, 1.1]), np.array([5.0, 1.0, 2.0, 9.0, 3.0, 1.0])
    rules = {"qualities": np.full(6, 86.0), "reference_quality": 86.0, "minimum_quality": 86.0}
    before, after = (token_price_index(prices, volumes, **rules) for prices in (quotes, quotes + size_usd))
    assert isinstance(before, IndexFixing)
    assert isinstance(after, IndexFixing)
    assert after.value_usd == pytest.approx(before.value_usd + size_usd, rel=1e-14)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PriceDislocation(np.inf), "dislocation.size_usd: inf is not a finite number"),
        (lambda: PriceDislocation(1.0, start_day=-1), "dislocation.start_day: -1 is not >= 0"),
        (lambda: PriceDislocation(1.0, duration_days=0), "dislocation.duration_days: 0 is not >= 1"),
        (lambda: PriceDislocation(1.0, fade_days=-2), "dislocation.fade_days: -2 is not >= 0"),
    ],
)
def test_what_it_cannot_be_is_refused_by_name(make, message):
    with pytest.raises(ParameterError) as caught:
        make()
    assert str(caught.value) == message
