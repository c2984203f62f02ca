"""A shift of the price level may be random in day and size, and foreseen by the curve or not."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from abm.core.calendar import TradingCalendar
from abm.core.errors import ScenarioError
from abm.core.randomness import RandomStreams
from abm.market.assembly.spot_build import build_desk
from abm.market.day.spot_desk import SpotDesk
from abm.scenario import Scenario
from abm.scenario.price_model import fit_provider_prices, random_shifts

SHIFT = "spot.level_shift."
OFTEN = {SHIFT + "log_size": 0.4, SHIFT + "log_size_sd": 0.2, SHIFT + "duration_days": 30}
FIXED = {SHIFT + "log_size": 0.5, SHIFT + "start_day": 10, SHIFT + "duration_days": 20}
FORESEEN = {SHIFT + "foreseen": True}
RANDOM = OFTEN | {SHIFT + "intensity_per_year": 12.0}
CALENDAR = TradingCalendar(rounds_per_day=2, days_per_month=21, months_per_year=12, listed_months=12)


def desk_of(changes, *, seed=1) -> SpotDesk:
    terms = Scenario().replace({"spot.initial_price_usd": 3.0} | changes)
    capacity = np.ones(terms.agents.providers.count)
    return build_desk(terms, CALENDAR, fit_provider_prices(terms), capacity, RandomStreams(seed))


def walk(desk: SpotDesk, days: int) -> SpotDesk:
    for day in range(len(desk.fixings), days + 1):
        desk.advance_to(day)
    return desk


def curve(desk: SpotDesk, months: int = 12):
    return desk.model_curve_usd(len(desk.fixings) - 1, months)


def test_random_shifts_move_the_level_and_no_other_draw():
    plain, shifted = walk(desk_of({}), 60), walk(desk_of(RANDOM), 60)
    moved = math.log(shifted.spot_usd / plain.spot_usd)
    assert abs(moved) > 0.3
    assert moved == pytest.approx(shifted.log_shift(60))
    begun = shifted._arrivals.begun
    assert 1 <= len(begun) <= 9
    assert len({shift.log_size for shift in begun}) == len(begun)
    other = desk_of(RANDOM, seed=2)
    other._arrivals.advance_to(1.0)
    assert other._arrivals.begun[0].start_year != begun[0].start_year


def test_a_curve_that_does_not_know_of_random_shifts_holds_what_has_happened():
    plain, shifted = walk(desk_of({}), 30), walk(desk_of(RANDOM), 30)
    np.testing.assert_array_equal(curve(walk(desk_of(RANDOM), 0)), curve(walk(desk_of({}), 0)))
    moved = math.exp(shifted.log_shift(30))
    assert abs(moved - 1.0) > 0.1
    np.testing.assert_allclose(curve(shifted)[5:], moved * curve(plain)[5:], rtol=1e-6)


def test_the_foreseen_curve_is_the_mean_of_simulated_months():
    """Average-price months, by a Monte Carlo of price and shifts together."""
    desk = walk(desk_of(RANDOM | FORESEEN), 0)
    law = random_shifts(Scenario().replace(RANDOM).spot, CALENDAR)
    dates = np.arange(12 * 21) / 252
    rng, paths = np.random.default_rng(5), 10_000
    start = replace(desk.process, x0=math.log(desk.index_usd / 3.0))  # the curve begins at the fixing
    price = start.simulate(dates, paths, rng).price_usd
    price *= np.exp(law.simulate(dates[-1], paths, rng).log_move(dates))
    months = price.reshape(paths, 12, 21).mean(axis=2)
    error = months.std(axis=0) / math.sqrt(paths)
    assert (np.abs(months.mean(axis=0) - curve(desk)) < 3.0 * error + 2e-6).all()
    assert (curve(desk)[6:] > 1.5 * curve(walk(desk_of({}), 0))[6:]).all()


def test_the_foreseen_curve_knows_the_rest_of_a_shift_that_has_begun():
    never = OFTEN | {SHIFT + "intensity_per_year": 0.0}
    plain, quiet = walk(desk_of({}), 30), walk(desk_of(never | FORESEEN), 30)
    np.testing.assert_allclose(curve(quiet), curve(plain))
    desk = walk(desk_of(RANDOM | FORESEEN), 30)
    assert desk._arrivals.begun, "a shift within thirty days, or the test says nothing"
    now, dates = 30 / 252, np.arange(63, 84) / 252
    begun = sum(shift.log_move(dates) for shift in desk._arrivals.begun)
    expected = np.exp(begun + desk._arrivals.law.log_expected(now, dates))
    forwards = plain._expected_fixings_usd(30, 6)[2]
    np.testing.assert_allclose(curve(desk)[2], np.mean(forwards * expected), rtol=1e-5)


def test_a_fixed_shift_surprises_unless_it_is_foreseen():
    plain, blind, knowing = (walk(desk_of(c), 0) for c in ({}, FIXED, FIXED | FORESEEN))
    np.testing.assert_array_equal(curve(blind), curve(plain))
    np.testing.assert_allclose(curve(knowing)[2:], math.exp(0.5) * curve(plain)[2:])
    assert curve(knowing)[0] < 1.2 * curve(plain)[0]
    for desk in (blind, knowing):
        walk(desk, 31)
    np.testing.assert_allclose(curve(blind), curve(knowing))  # it has happened: both know


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({SHIFT + "log_size_sd": 0.2}, "log_size_sd: 0.2 is not 0 without intensity_per_year"),
        (RANDOM | {SHIFT + "log_size": 2.0}, r"intensity_per_year: 12.0 is not <= 1.\d+, with which"),
        (RANDOM | {SHIFT + "log_size": -4.0}, "intensity_per_year: 12.0 is not <= 2.381, with which"),
        ({SHIFT + "intensity_per_year": -1.0}, r"intensity_per_year: -1.0 is not in \[0, 252\]"),
        ({SHIFT + "foreseen": 1}, "foreseen: 1 is not true or false"),
    ],
)
def test_what_a_random_shift_cannot_be_is_refused(changes, line):
    with pytest.raises(ScenarioError, match=rf"^{SHIFT}{line}"):
        Scenario().replace(changes)
