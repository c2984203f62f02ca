"""Shifts of the level at random: what a curve expects of them, against quadrature and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad

from abm.core.errors import ParameterError
from abm.spot.process.level_shifts import LevelShiftArrivals, LevelShiftPaths, RandomLevelShifts

QUARTER_RAMP = RandomLevelShifts(1.5, 0.4, 0.2, duration_years=0.25, first_year=0.1)


@pytest.mark.parametrize(
    "law",
    [
        QUARTER_RAMP,
        RandomLevelShifts(2.0, 0.41, 0.0, duration_years=90 / 252),
        RandomLevelShifts(2.0, -0.7, 0.5, duration_years=0.02),
        RandomLevelShifts(2.0, 0.0, 0.3, duration_years=0.5),
        RandomLevelShifts(2.0, 0.4, 1e-7, duration_years=0.5),
        RandomLevelShifts(0.7, 0.4, 0.2),
        RandomLevelShifts(0.7, 0.0, 0.0, duration_years=0.5),
    ],
    ids=str,
)
@pytest.mark.parametrize(("now", "date"), [(0.0, 0.06), (0.0, 0.3), (0.05, 1.0), (0.5, 2.5), (0.7, 0.7)])
def test_the_expected_move_is_that_of_a_poisson_process_of_ramps(law, now, date):
    def relative(age):
        share = min(age / law.duration_years, 1.0) if law.duration_years else 1.0
        return math.expm1(share * law.log_size + 0.5 * (share * law.log_size_sd) ** 2)

    oldest = max(date - max(now, law.first_year), 0.0)
    kink = [law.duration_years] if 0.0 < law.duration_years < oldest else None
    expected = law.intensity * quad(relative, 0.0, oldest, points=kink, epsabs=1e-13)[0]
    assert law.log_expected(now, date) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_the_mean_of_a_month_of_simulated_levels_is_what_the_curve_expects():
    dates = 0.5 + np.arange(1, 22) / 252
    paths = QUARTER_RAMP.simulate(dates[-1], 40_000, np.random.default_rng(2))
    month = np.exp(paths.log_move(dates)).mean(axis=1)
    expected = np.exp(QUARTER_RAMP.log_expected(0.0, dates)).mean()
    assert expected > 1.15
    assert month.mean() == pytest.approx(expected, abs=3.0 * month.std() / math.sqrt(len(month)))


def test_a_curve_that_foresees_the_shifts_has_no_drift_and_one_that_does_not_has():
    """Whoever buys a forward today expects neither gain nor loss by tomorrow, if the curve knows the law."""
    now, date = 0.4, [0.45, 1.0]
    paths = QUARTER_RAMP.simulate(now, 40_000, np.random.default_rng(3))
    foreseen = np.exp(paths.log_expected(now, date))
    error = foreseen.std(axis=0) / math.sqrt(paths.n_paths)
    today = np.exp(QUARTER_RAMP.log_expected(0.0, date))
    assert (np.abs(foreseen.mean(axis=0) - today) < 3.0 * error).all()
    unforeseen = np.exp(paths.log_expected(now, date, foreseen=False))
    np.testing.assert_array_equal(unforeseen[:, 0], unforeseen[:, 1])
    assert (unforeseen.mean(axis=0) < today - 3.0 * error).all()


def test_a_shift_that_has_begun_is_known_with_its_whole_course():
    law = RandomLevelShifts(0.0, 0.4, duration_years=0.2)
    one = LevelShiftPaths(law, 2, np.array([1]), np.array([0.1]), np.array([0.5]))
    np.testing.assert_allclose(one.log_move([0.05, 0.2, 0.4]), [[0, 0, 0], [0, 0.25, 0.5]])
    np.testing.assert_allclose(one.log_expected(0.05, [0.2, 0.4]), np.zeros((2, 2)))
    np.testing.assert_allclose(one.log_expected(0.15, [0.2, 0.4]), [[0, 0], [0.25, 0.5]])
    np.testing.assert_allclose(one.log_expected(0.15, [0.2, 0.4], foreseen=False), [[0, 0], [0.125] * 2])


def test_the_shifts_of_a_market_arrive_one_after_another_by_the_same_law():
    arrivals = LevelShiftArrivals(QUARTER_RAMP, np.random.default_rng(4))
    years = 2_000.0
    for year in np.linspace(0.0, years, 50):
        arrivals.advance_to(year)
        assert all(shift.start_year <= year for shift in arrivals.begun)
    starts = np.array([shift.start_year for shift in arrivals.begun])
    sizes = np.array([shift.log_size for shift in arrivals.begun])
    assert starts[0] >= 0.1
    assert (np.diff(starts) > 0).all()
    assert len(starts) == pytest.approx(1.5 * years, abs=3.5 * math.sqrt(1.5 * years))
    assert sizes.mean() == pytest.approx(0.4, abs=3.5 * 0.2 / math.sqrt(len(sizes)))
    assert sizes.std() == pytest.approx(0.2, rel=0.05)
    at_once = LevelShiftArrivals(QUARTER_RAMP, np.random.default_rng(4))
    at_once.advance_to(years)
    assert at_once.begun == arrivals.begun


def test_no_shift_comes_at_intensity_zero():
    never = RandomLevelShifts(0.0, 0.4, 0.2)
    arrivals = LevelShiftArrivals(never, np.random.default_rng(1))
    arrivals.advance_to(1e6)
    assert arrivals.begun == []
    assert never.simulate(10.0, 5, np.random.default_rng(1)).path.size == 0
    assert never.log_expected(0.0, 5.0) == 0.0


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: RandomLevelShifts(-1.0, 0.4), "level_shifts.intensity: -1.0 is not a finite number >= 0"),
        (lambda: RandomLevelShifts(1.0, math.nan), "level_shifts.log_size: nan is not a finite number"),
        (lambda: RandomLevelShifts(1.0, 0.4, -0.1), "level_shifts.log_size_sd: -0.1 is not a finite number"),
        (lambda: QUARTER_RAMP.log_expected(1.0, [0.5]), r"dates: \[0.5\] is not >= t = 1.0"),
        (lambda: QUARTER_RAMP.simulate(1.0, 0, np.random.default_rng(1)), "n_paths: 0 is not >= 1"),
    ],
)
def test_what_a_law_of_shifts_cannot_be_is_refused(make, line):
    with pytest.raises(ParameterError, match=line):
        make()
