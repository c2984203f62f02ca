"""The level that the price reverts to: start, trend and permanent shifts."""

import math

import numpy as np
import pytest

from abm.core.errors import ParameterError
from abm.spot.level import Level, LevelShift


def test_level_starts_at_the_initial_price_and_falls_with_the_trend():
    level = Level(initial_price_usd=60.0, trend_per_year=math.log(40.0) / 2.0)
    assert level.usd([0.0, 2.0]) == pytest.approx([60.0, 1.50], rel=1e-14)


def test_demand_shift_builds_up_over_its_duration_and_then_stays():
    level = Level(2.0, shifts=(LevelShift(log_size=0.41, start_year=0.25, duration_years=0.25),))
    expected = 2.0 * np.exp([0.0, 0.0, 0.205, 0.41, 0.41])
    assert level.usd([0.0, 0.25, 0.375, 0.5, 9.0]) == pytest.approx(expected, rel=1e-14)


def test_shift_without_duration_is_a_step_and_shifts_add_up():
    steps = (LevelShift(-1.39, 0.5, 0.0), LevelShift(0.35, 0.75, 0.0))
    level = Level(2.0, shifts=steps)
    moves = level.log_usd([0.49, 0.5, 0.75]) - math.log(2.0)
    assert moves == pytest.approx([0.0, -1.39, -1.04], abs=1e-14)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Level(0.0), "level.initial_price_usd: 0.0 is not a finite number > 0"),
        (lambda: Level(2.0, math.inf), "level.trend_per_year: inf is not a finite number"),
        (lambda: LevelShift(math.nan, 0.0, 1.0), "level_shift.log_size: nan is not a finite number"),
        (lambda: LevelShift(0.4, 0.0, -1.0), "level_shift.duration_years: -1.0 is not a finite number >= 0"),
    ],
)
def test_refused_levels_name_field_value_and_what_is_allowed(make, message):
    with pytest.raises(ParameterError, match=message):
        make()
