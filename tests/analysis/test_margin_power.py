"""The power of the tests of margin, against enumeration, scipy and simulation."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from abm.core.errors import ParameterError
from analysis.margin_backtest import christoffersen_test, kupiec_bounds, kupiec_test
from analysis.margin_power import christoffersen_power, kupiec_power, said_of_power


@pytest.mark.parametrize("days", [1, 60, 125, 250, 1_000])
@pytest.mark.parametrize(("confidence", "times"), [(0.99, 2.0), (0.98, 2.0), (0.95, 0.5), (0.99, 1.0)])
def test_kupiecs_power_is_the_chance_of_the_counts_that_it_rejects(
    days: int, confidence: float, times: float
) -> None:
    counts = np.arange(days + 1)
    rejected = [kupiec_test(int(count), days, confidence).p_value < 0.05 for count in counts]
    exact = stats.binom.pmf(counts[rejected], days, times * (1.0 - confidence)).sum()
    assert kupiec_power(days, confidence, times=times) == pytest.approx(exact, abs=1e-12)


def test_a_year_of_days_finds_twice_the_breaches_one_time_in_four_and_ten_years_nearly_always() -> None:
    # The counts that are not rejected are 1-6 of 250, 5-16 of 1,000 and 16-35 of 2,500.
    for days, (low, high), power in ((250, (1, 6), 0.243), (1_000, (5, 16), 0.782), (2_500, (16, 35), 0.985)):
        assert kupiec_bounds(days, 0.99) == (low, high)
        outside = 1.0 - stats.binom.cdf(high, days, 0.02) + stats.binom.cdf(low - 1, days, 0.02)
        assert kupiec_power(days, 0.99) == pytest.approx(outside)
        assert outside == pytest.approx(power, abs=5e-4)


def by_enumeration(days: int, confidence: float, after_breach: float) -> float:
    """Sum the chance of every history of so many days that Christoffersen's test rejects."""
    rate, rejected = 1.0 - confidence, 0.0
    after_none = rate * (1.0 - after_breach) / confidence
    for history in itertools.product((0, 1), repeat=days):
        chance = rate if history[0] else 1.0 - rate
        for before, now in itertools.pairwise(history):
            to_breach = after_breach if before else after_none
            chance *= to_breach if now else 1.0 - to_breach
        rejected += chance * (christoffersen_test(history).p_value < 0.05)
    return rejected


@pytest.mark.parametrize("days", [1, 2, 3, 9])
@pytest.mark.parametrize(("confidence", "after_breach"), [(0.8, 0.5), (0.9, 0.1), (0.7, 0.0), (0.98, 0.25)])
def test_christoffersens_power_is_that_of_all_histories(
    days: int, confidence: float, after_breach: float
) -> None:
    exact = by_enumeration(days, confidence, after_breach)
    found = christoffersen_power(days, confidence, after_breach=after_breach)
    assert found == pytest.approx(exact, abs=1e-12)


@pytest.mark.verify
def test_christoffersens_power_is_that_of_simulated_chains() -> None:
    rng, days, rate, after_breach, chains = np.random.default_rng(3), 500, 0.02, 0.25, 4_000
    after_none = rate * (1.0 - after_breach) / (1.0 - rate)
    hit = np.zeros((chains, days), dtype=np.bool_)
    hit[:, 0] = rng.random(chains) < rate
    for day in range(1, days):
        hit[:, day] = rng.random(chains) < np.where(hit[:, day - 1], after_breach, after_none)
    found = np.mean([christoffersen_test(chain).p_value < 0.05 for chain in hit])
    exact = christoffersen_power(days, 1.0 - rate)
    assert abs(found - exact) < 4.0 * math.sqrt(exact * (1.0 - exact) / chains)


def test_more_days_and_more_clustered_breaches_are_found_more_easily() -> None:
    by_days = [christoffersen_power(days, 0.99) for days in (60, 250, 1_000, 4_000)]
    assert by_days == sorted(by_days)
    by_memory = [christoffersen_power(500, 0.99, after_breach=chance) for chance in (0.01, 0.1, 0.25, 0.5)]
    assert by_memory == sorted(by_memory)
    # Independent breaches: in a year there are too few of them to reject even in five cases of a hundred.
    assert christoffersen_power(250, 0.99, after_breach=0.01) < 0.02


def test_what_a_back_test_cannot_tell_is_said() -> None:
    assert said_of_power(250, 0.99) == "250 periods cannot tell 1 % of breaches from 2 % (power 0.24)"
    assert said_of_power(2_500, 0.99) == "2,500 periods can tell 1 % of breaches from 2 % (power 0.98)"
    assert said_of_power(1, 0.98, times=3.0).startswith("1 period cannot tell 2 % of breaches from 6 %")
    assert said_of_power(0, 0.99) == "there is no period to test"
    assert math.isnan(kupiec_power(0, 0.99))
    assert math.isnan(christoffersen_power(0, 0.99))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: kupiec_power(10, 0.4, times=2.0), "times: 2.0 makes a rate of 1.2"),
        (lambda: kupiec_power(10, 0.99, times=0.0), "times: 0.0"),
        (lambda: kupiec_power(10, 1.0), "confidence: 1.0"),
        (lambda: christoffersen_power(10, 1.0), "confidence: 1.0"),
        (lambda: christoffersen_power(10, 0.99, after_breach=1.0), "after_breach: 1.0"),
        (lambda: christoffersen_power(10, 0.3, after_breach=0.1), "after_breach: 0.1 is too small"),
        (lambda: christoffersen_power(10, 0.99, significance=0.0), "significance: 0.0"),
    ],
)
def test_a_power_that_makes_no_sense_is_refused(call, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ParameterError, match=message):
        call()
