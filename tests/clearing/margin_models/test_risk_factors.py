"""Relative moves by tenor: what belongs to a contract and what is only the roll."""

import numpy as np
import pytest
from margin_days import basis, day, market

from abm.clearing.margin_models import MarginBasis, MarginDay
from abm.clearing.margin_models.moves import TenorMoves
from abm.core.errors import ParameterError
from abm.core.orders import NO_PRICE


def moves_of(*days, floor=100):
    follower = TenorMoves(basis(floor=floor))
    return [follower.since(each).tolist() for each in days]


def test_a_move_goes_to_the_tenor_of_the_day_before():
    first = day(1_000, 2_000, 4_000, tenor=(1, 2, 0), months=(7, 8, 6))
    second = day(1_010, 1_980, 4_000, tenor=(1, 2, 0), months=(7, 8, 6))
    assert moves_of(first, second)[1] == [0.0, 0.01, -0.01]


def test_the_expiring_and_the_new_month_give_no_roll_move():
    first = day(1_000, 2_000, 4_000, months=(0, 1, 2))
    # Slot 0 now holds month 3 at another price; the others are a month nearer.
    second = day(9_000, 2_020, 4_000, tenor=(2, 0, 1), months=(3, 1, 2))
    assert moves_of(first, second)[1] == pytest.approx([np.nan, 0.01, 0.0], nan_ok=True)


def test_the_front_month_counts_what_is_not_fixed_yet():
    first = day(1_000, 2_000, 4_000, share=(5_000, 10_000, 10_000))
    second = day(1_010, 2_000, 4_000, share=(4_500, 10_000, 10_000))
    assert moves_of(first, second)[1] == pytest.approx([0.02, 0.0, 0.0])


def test_a_front_month_that_is_nearly_fixed_says_nothing():
    first = day(1_000, 2_000, 4_000, share=(499, 10_000, 10_000))
    assert np.isnan(moves_of(first, day(1_010, 2_000, 4_000))[1][0])


def test_moves_are_relative_to_the_floor_where_the_price_is_near_zero_or_negative():
    assert moves_of(day(0, -50, -200), day(10, -60, -190))[1] == pytest.approx([0.1, -0.1, 0.05])


def test_the_first_day_has_no_move():
    assert np.isnan(moves_of(day(1_000, 2_000, 4_000))[0]).all()


def test_a_flat_curve_that_rolls_never_moves():
    days = market(np.zeros((100, 4)), start=5_000)
    follower = TenorMoves(basis(slots=4))
    seen = np.array([follower.since(each) for each in days])
    assert np.nanmax(np.abs(seen)) == 0.0
    assert np.isnan(seen[1:, 1:]).sum() == 0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"months": (1, 2)}, r"day.months: shape \(2,\)"),
        ({"tenor": (0, 0, 1)}, r"day.tenor: \[0, 0, 1\]"),
        ({"share": (0, 10_001, 0)}, "remaining_share_bps"),
        ({"volume": (0, -1, 0)}, "volume_lots"),
    ],
)
def test_a_day_that_makes_no_sense_is_refused(wrong, message):
    with pytest.raises(ParameterError, match=message):
        day(1, 2, 3, **wrong)


def test_a_day_needs_a_price_for_every_month_and_keeps_it():
    with pytest.raises(ParameterError, match=r"settlement_ticks\[1\]: NO_PRICE"):
        day(1, NO_PRICE, 3)
    with pytest.raises(ValueError, match="read-only"):
        day(1, 2, 3).settlement_ticks[0] = 5
    assert isinstance(day(1, 2, 3), MarginDay)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((0, 100, np.zeros((1, 3))), "tick_value_usd_micro: 0"),
        ((1, 0, np.zeros((1, 3))), "floor_price_ticks: 0"),
        ((1, 1, np.zeros(3)), r"history: shape \(3,\)"),
        ((1, 1, np.array([[0.0, np.nan]])), r"history\[0, 1\]: nan"),
    ],
)
def test_a_basis_that_makes_no_sense_is_refused(given, message):
    with pytest.raises(ParameterError, match=message):
        MarginBasis(*given)
