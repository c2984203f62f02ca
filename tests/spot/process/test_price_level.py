"""The level that the price reverts to: start, trend and permanent shifts."""

import math

import numpy as np
import pytest

from abm.core.errors import ParameterError
from abm.spot.process.level import Level, LevelShift, Seasonality


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


def test_weekly_effects_follow_the_trading_week_and_average_to_zero():
    week = (0.03, 0.01, 0.0, -0.01, 0.02)
    level = Level(2.0, seasonality=Seasonality(weekly=week, first_weekday=3))
    days = np.arange(250)
    effects = level.log_usd(days / 252.0) - math.log(2.0)
    expected = [week[(day + 3) % 5] - 0.01 for day in days]
    assert effects == pytest.approx(expected, abs=1e-14)
    assert effects[:5].sum() == pytest.approx(0.0, abs=1e-14)
    assert level.log_usd(days / 252.0 + 0.9 / 252.0) == pytest.approx(level.log_usd(days / 252.0), abs=1e-14)


def test_the_hour_of_the_day_moves_the_level_in_harmonics():
    season = Seasonality(diurnal=((0.12, 0.0), (0.0, -0.05)), days_per_year=365.0)
    hours = np.arange(48)
    t = (7.0 + hours / 24.0) / 365.0
    assert season.hour(t) == pytest.approx(hours % 24, abs=1e-9)
    angle = 2.0 * np.pi * hours / 24.0
    assert season.log_effect(t) == pytest.approx(0.12 * np.sin(angle) - 0.05 * np.cos(2 * angle), abs=1e-10)
    assert season.log_effect(t).sum() == pytest.approx(0.0, abs=1e-10)
    shorter = Seasonality(diurnal=((0.12, 0.0),), hours_per_day=8.0)
    assert shorter.hour(10.25 / 252.0) == pytest.approx(2.0, abs=1e-9)


def test_every_day_begins_at_hour_zero_whatever_the_rounding():
    season = Seasonality(weekly=(0.1, 0.2, 0.3, 0.4, 0.5))
    days = np.arange(3_000)
    for t in (days / 252.0, days * (1.0 / 252.0), np.cumsum(np.full(3_000, 1 / 252.0)) - 1 / 252.0):
        assert np.array_equal(season.log_effect(t), season.log_effect(days / 252.0))
        assert season.hour(t).max() < 1e-4


def test_seasonality_is_absent_by_default():
    assert Level(2.0).seasonality is None
    assert Seasonality().log_effect([0.1, 0.2]).tolist() == [0.0, 0.0]
    assert Level(2.0, 1.0, seasonality=Seasonality()).usd(0.3) == Level(2.0, 1.0).usd(0.3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Level(0.0), "level.initial_price_usd: 0.0 is not a finite number > 0"),
        (lambda: Level(2.0, math.inf), "level.trend_per_year: inf is not a finite number"),
        (lambda: LevelShift(math.nan, 0.0, 1.0), "level_shift.log_size: nan is not a finite number"),
        (
            lambda: Seasonality(weekly=(0.1, 0.2)),
            "seasonality.weekly: .* is not 5 or 7 finite numbers, or none",
        ),
        (lambda: Seasonality(weekly=(math.nan,) * 5), "seasonality.weekly: .* is not 5 or 7 finite numbers"),
        (lambda: Seasonality(diurnal=((0.1, math.inf),)), "seasonality.diurnal: .* is not pairs of finite"),
        (lambda: Seasonality(days_per_year=0.0), "seasonality.days_per_year: 0.0 is not a finite number > 0"),
        (
            lambda: Seasonality(hours_per_day=-1.0),
            "seasonality.hours_per_day: -1.0 is not a finite number > 0",
        ),
        (
            lambda: Seasonality((0.0,) * 5, first_weekday=5),
            "seasonality.first_weekday: 5 is not a day of the week",
        ),
        (lambda: LevelShift(0.4, 0.0, -1.0), "level_shift.duration_years: -1.0 is not a finite number >= 0"),
    ],
)
def test_refused_levels_name_field_value_and_what_is_allowed(make, message):
    with pytest.raises(ParameterError, match=message):
        make()
