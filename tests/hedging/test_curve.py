"""Prices of average-price months on many paths against the process's own forwards, fixing by fixing."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from abm.hedging.curve import MonthCurve
from abm.hedging.listing import Listing
from abm.hedging.paths import observed_paths, simulate_paths, with_foreseen_level
from abm.hedging.shifts import FixedShift, RandomShifts
from abm.spot.process.jumps import DoubleExponentialJumps, GaussianJumps
from abm.spot.process.level import Level, LevelShift, Seasonality
from abm.spot.process.long_run import LongRunFactor
from abm.spot.process.mrjd import MeanRevertingJumpDiffusion
from abm.spot.process.premium import RiskPremium
from abm.spot.process.regimes import Regime, RegimeSwitchingJumpDiffusion

KOU, GAUSSIAN = DoubleExponentialJumps(0.8, 5.0, 8.0), GaussianJumps(0.25, 0.12)
SEASON = Seasonality(weekly=(0.02, 0.0, 0.0, 0.0, -0.02), days_per_year=252.0)
LEVEL = Level(3.0, 1.84, seasonality=SEASON)
FACTOR = LongRunFactor(-0.2, 0.3, -0.5, 0.1)
STRESS = (Regime(0.4, 2.0, KOU), Regime(1.2, 9.0, GAUSSIAN, 0.3))
CASES = {
    "one factor": MeanRevertingJumpDiffusion(6.0, 0.6, 6.0, KOU, LEVEL, 0.3),
    "fast reversion": MeanRevertingJumpDiffusion(80.0, 1.5, 6.0, GAUSSIAN, LEVEL, -0.5),
    "two factors and a premium": MeanRevertingJumpDiffusion(
        2.0, 0.6, 3.0, KOU, LEVEL, 0.1, FACTOR, RiskPremium(0.5, 0.7, 0.1)
    ),
    "regimes": RegimeSwitchingJumpDiffusion(6.0, STRESS, ((-2.0, 2.0), (10.0, -10.0)), LEVEL, 0.1, 0, FACTOR),
}
LISTING = Listing(3, 3, 21, final_fixings=7)
DAYS = [0, 1, 13, 21, 40, 42, 63]


def priced_alone(process, listing, paths, day, month, path, measure="Q"):
    """The month's price by the process's own average-price forward over the fixings that count."""
    fixed = listing.fixing_days(month)[-(listing.final_fixings or listing.days_per_month) :]
    known = [paths.spot_usd[d, path] for d in fixed if d <= day]
    return process.average_price_forward(
        day / listing.days_per_year,
        [d / listing.days_per_year for d in fixed if d > day],
        paths.x[day, path],
        known,
        measure,
        xi=None if paths.xi is None else paths.xi[day, path],
        regime=None if paths.regime is None else int(paths.regime[day, path]),
    )


@pytest.mark.parametrize("process", CASES.values(), ids=CASES.keys())
def test_every_month_costs_what_the_process_says(process):
    rng = np.random.default_rng(4)
    paths = simulate_paths(process, LISTING, None, 2, rng, rng)
    bound = float(np.abs(paths.x).max())
    for measure in ("Q", "P") if process.premium else ("Q",):
        curve = MonthCurve(process, LISTING, None, DAYS, measure, largest_deviation=bound)
        # With regimes each price of one path alone solves a differential equation.
        for day in (42,) if process is CASES["regimes"] else DAYS:
            front, tradable = LISTING.front_month(day), LISTING.tradable(day)
            months = range(max(front, 1), max(tradable.stop, front + 1))
            found = curve.prices(day, months, paths)
            alone = [
                [priced_alone(process, LISTING, paths, day, month, p, measure) for p in range(2)]
                for month in months
            ]
            np.testing.assert_allclose(found, alone, rtol=1e-9)


@pytest.mark.parametrize("process", CASES.values(), ids=CASES.keys())
def test_after_days_before_it_day_0_finds_the_process_on_its_way(process):
    rng, days, paths = np.random.default_rng(4), 63, 20_000
    found = simulate_paths(process, LISTING, None, paths, rng, rng, days_before=days)
    total = found.x[0] + (0.0 if found.xi is None else found.xi[0])
    assert found.x.shape == (LISTING.last_day + 1, paths)
    mean, variance = process.cumulants(days / LISTING.days_per_year)[:2]
    assert total.mean() == pytest.approx(mean, abs=4.0 * math.sqrt(variance / paths))
    assert total.var() == pytest.approx(variance, rel=0.1)
    level = process.level.log_usd(0.0)
    np.testing.assert_allclose(np.log(found.spot_usd[0]), level + total, rtol=1e-9)


def test_a_shift_that_is_not_foreseen_counts_as_far_as_it_has_come_and_a_foreseen_one_in_full():
    process = CASES["one factor"]
    shift = LevelShift(0.4, 10 / 252, 20 / 252)
    for foreseen in (False, True):
        moves = FixedShift(shift, foreseen)
        believed = with_foreseen_level(process, moves)
        rng = np.random.default_rng(4)
        paths = simulate_paths(believed, LISTING, moves, 2, rng, rng)
        plain = simulate_paths(process, LISTING, None, 2, np.random.default_rng(4), rng)
        moved = np.exp(shift.log_move(LISTING.years))[:, None]
        np.testing.assert_allclose(paths.spot_usd, plain.spot_usd * moved, rtol=1e-12)
        for day in (0, 20):
            curve = MonthCurve(believed, LISTING, moves, [day], largest_deviation=2.0)
            found = curve.prices(day, range(3, 4), paths)[0]
            bare = MonthCurve(process, LISTING, None, [day], largest_deviation=2.0)
            expected = math.exp(0.4) if foreseen else moved[day, 0]
            np.testing.assert_allclose(found / bare.prices(day, range(3, 4), plain)[0], expected, rtol=1e-9)


@pytest.mark.parametrize("duration", [0.0, 0.2])
def test_futures_that_count_on_random_shifts_are_fair(duration):
    """Bought on any day and held to settlement they gain nothing on average, whatever is under way."""
    process = replace(CASES["one factor"], level=Level(1.0))
    shifts = RandomShifts(3.0, 0.3, 0.2, duration, foreseen=True)
    listing = Listing(3, 3)
    paths = simulate_paths(
        process, listing, shifts, 20_000, np.random.default_rng(1), np.random.default_rng(2)
    )
    final = paths.spot_usd[listing.fixing_days(3)].mean(axis=0)
    bound = float(np.abs(paths.x).max())
    days = [0, 20, 50]
    curve = MonthCurve(process, listing, shifts, days, largest_deviation=bound)
    unaware = MonthCurve(process, listing, None, [0], largest_deviation=bound)
    for day in days:
        gain = final - curve.prices(day, range(3, 4), paths)[0]
        assert abs(gain.mean()) < 4.0 * gain.std() / math.sqrt(gain.size)
    blind = final - unaware.prices(0, range(3, 4), replace(paths, drawn=None))[0]
    assert blind.mean() > 10.0 * blind.std() / math.sqrt(blind.size)


def test_growth_of_shifts_is_the_mean_of_what_they_add():
    shifts = RandomShifts(2.0, 0.3, 0.2, 0.25, foreseen=True)
    ahead = np.array([0.0, 0.1, 0.25, 0.8])
    drawn = shifts.draw(0.8, 50_000, np.random.default_rng(3))
    added = np.exp(drawn.log_move(ahead))
    errors = added.std(axis=1) / math.sqrt(50_000)
    difference = np.abs(added.mean(axis=1) - np.exp(shifts.log_growth_to_come(ahead)))
    assert (difference <= 4.0 * errors).all()


def test_observed_prices_are_paths_of_the_process_they_came_from():
    process, shift = CASES["two factors and a premium"], FixedShift(LevelShift(0.4, 0.05, 0.1))
    rng = np.random.default_rng(8)
    paths = simulate_paths(process, LISTING, shift, 4, rng, rng)
    again = observed_paths(process, LISTING, paths.spot_usd, shift=shift, xi=paths.xi)
    for name in ("x", "spot_usd", "shocks"):
        np.testing.assert_allclose(getattr(again, name), getattr(paths, name), rtol=1e-9, atol=1e-10)
