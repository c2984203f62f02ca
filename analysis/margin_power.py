"""How likely the tests of margin are to reject too little of it: what a back-test without a find is worth.

Both are computed exactly, by summing over everything that the test looks at, so that no number of days is too
small. Kupiec (1995) finds his test weak in a year of days; Christoffersen (1998) states the alternative of
breaches that follow each other as a two-state Markov chain.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, bdtrc, chdtri, gammaln, xlogy

from abm.core.arguments import finite_number, whole_number
from abm.core.arrays import FloatArray
from abm.core.errors import ParameterError

from .margin_backtest import kupiec_bounds

TIMES = 2.0
"""Rate of breaches that a test should tell from the one asked for: twice as many."""
AFTER_BREACH = 0.25
"""Chance of a breach after a breach that a test should tell from independence: one in four (judgement)."""
ENOUGH_POWER = 0.8
"""Power below which a test that does not reject says little; four in five is customary (Cohen 1988)."""
_TAIL = 12.0
"""Standard deviations beyond which no count of breaches matters."""


def kupiec_power(
    observations: int, confidence: float, *, times: float = TIMES, significance: float = 0.05
) -> float:
    """Return the exact probability that Kupiec's test rejects where breaches are more frequent than asked.

    Parameters
    ----------
    observations : int
        Independent days or periods.
    confidence : float
        Share of them that margin is meant to cover.
    times : float
        True rate of breaches over the one asked for; 1 gives the true size of the test.
    significance : float
        Of the test.

    Returns
    -------
    float
        0.24 for 250 days at 99 % that are really 98 %; NaN without an observation.

    Raises
    ------
    ParameterError
        If an argument is outside its domain, or the true rate is not in (0, 1).
    """
    if whole_number("observations", observations, least=0) == 0:
        return math.nan
    low, high = kupiec_bounds(observations, confidence, significance)
    rate = finite_number("times", times) * (1.0 - confidence)
    if not 0.0 < rate < 1.0:
        raise ParameterError(f"times: {times} makes a rate of {rate:.4g}, which is not in (0, 1)")
    too_few = float(bdtr(low - 1, observations, rate)) if low > 0 else 0.0
    too_many = float(bdtrc(high, observations, rate)) if high < observations else 0.0
    return too_few + too_many


def christoffersen_power(
    observations: int, confidence: float, *, after_breach: float = AFTER_BREACH, significance: float = 0.05
) -> float:
    """Return the exact probability that Christoffersen's test rejects where breaches follow each other.

    Breaches are then as frequent as asked for but come in a two-state Markov chain: a breach is followed by
    another with probability ``after_breach``. Where no breach lets it test, it does not reject.

    Parameters
    ----------
    observations : int
        Days or periods in a row.
    confidence : float
        Share of them that margin covers.
    after_breach : float
        Chance that a breach follows a breach; at ``1 - confidence`` they are independent, which gives the
        true size of the test.
    significance : float
        Of the test.

    Returns
    -------
    float
        NaN without an observation.

    Raises
    ------
    ParameterError
        If an argument is outside its domain, or no chain has this rate and this chance.
    """
    n = whole_number("observations", observations, least=0)
    for name, share in (("confidence", confidence), ("significance", significance)):
        if not 0.0 < finite_number(name, share) < 1.0:
            raise ParameterError(f"{name}: {share} is not in (0, 1)")
    if not 0.0 <= finite_number("after_breach", after_breach) < 1.0:
        raise ParameterError(f"after_breach: {after_breach} is not in [0, 1)")
    rate = 1.0 - confidence
    after_none = rate * (1.0 - after_breach) / confidence
    if not after_none < 1.0:
        raise ParameterError(
            f"after_breach: {after_breach} is too small for breaches in a share {rate:.4g} of days"
        )
    return math.nan if n == 0 else _rejection(n, rate, after_none, float(after_breach), float(significance))


@cache
def _rejection(n: int, rate: float, after_none: float, after_breach: float, significance: float) -> float:
    """Return the chance that the test rejects, over all histories of so many days."""
    critical = float(chdtri(1.0, significance))
    total = rejected = 0.0
    for first in (0, 1):
        for last in (0, 1):
            chance, statistic = _histories(n, rate, after_none, after_breach, first, last)
            total += float(chance.sum())
            rejected += float(chance[statistic > critical].sum())
    assert abs(total - 1.0) < 1e-6, f"the chances of all histories sum to {total}"
    return min(rejected, 1.0)


def _histories(
    n: int, rate: float, after_none: float, after_breach: float, first: int, last: int
) -> tuple[FloatArray, FloatArray]:
    """Return chance and statistic of all counts that histories with such a first and last day may have.

    A history is runs of breaches and of days without, in turn. ``ones`` days of breach in ``runs`` runs can
    be made in ``C(ones - 1, runs - 1)`` ways, the others likewise, and the counts of all four kinds of steps
    follow, on which alone both the chance and the statistic depend.
    """
    memory = after_breach - after_none
    spread = math.sqrt(n * rate * (1.0 - rate) * (1.0 + abs(memory)) / (1.0 - abs(memory)))
    most = min(n, math.ceil(n * rate + _TAIL * (spread + 2.0 / (1.0 - abs(memory)))))
    ones, runs = (grid.ravel() for grid in np.meshgrid(np.arange(most + 1), np.arange(most + 1)))
    zeros, gaps = n - ones, runs + 1 - first - last
    possible = _may_be(ones, runs) & _may_be(zeros, gaps) & ((first + last == 0) | (runs > 0))
    possible &= (first + last == 2) | (gaps > 0)
    ones, runs, zeros, gaps = ones[possible], runs[possible], zeros[possible], gaps[possible]
    up, down, stay, calm = runs - first, runs - last, ones - runs, zeros - gaps
    log_chance = _log_ways(ones, runs) + _log_ways(zeros, gaps) + math.log(rate if first else 1.0 - rate)
    log_chance += xlogy(up, after_none) + xlogy(calm, 1.0 - after_none)
    log_chance += xlogy(stay, after_breach) + xlogy(down, 1.0 - after_breach)
    statistic = 2.0 * (_fit(up, calm) + _fit(stay, down) - _fit(up + stay, calm + down))
    # Where no day follows a breach, or none a day without, there is no test.
    statistic[(up + calm == 0) | (stay + down == 0)] = 0.0
    return np.exp(log_chance), statistic


def _may_be(days: NDArray[np.int64], runs: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return whether so many days can be made of so many runs."""
    possible: NDArray[np.bool_] = (runs >= 0) & (runs <= days) & ((runs > 0) == (days > 0))
    return possible


def _log_ways(days: NDArray[np.int64], runs: NDArray[np.int64]) -> FloatArray:
    """Return the log of the ways in which so many days are so many runs; none of none is one way."""
    none = days == 0
    d, r = np.where(none, 1, days), np.where(none, 1, runs)
    ways: FloatArray = gammaln(d) - gammaln(r) - gammaln(d - r + 1)
    return ways


def _fit(events: NDArray[np.int64], others: NDArray[np.int64]) -> FloatArray:
    """Return the largest log-likelihood of counts of events and of other days."""
    trials = np.maximum(events + others, 1)
    fit: FloatArray = xlogy(events, events / trials) + xlogy(others, others / trials)
    return fit


def said_of_power(observations: int, confidence: float, *, times: float = TIMES) -> str:
    """Return in words what Kupiec's test of so many observations can tell, and what it cannot.

    Parameters
    ----------
    observations : int
        Independent days or periods.
    confidence : float
        Share of them that margin is meant to cover.
    times : float
        True rate of breaches over the one asked for.

    Returns
    -------
    str
        E.g. ``250 periods cannot tell 1 % of breaches from 2 % (power 0.24)``; they can from a power of 0.8.
    """
    chance = kupiec_power(observations, confidence, times=times)
    if math.isnan(chance):
        return "there is no period to test"
    rate = 100.0 * (1.0 - confidence)
    can = "can" if chance >= ENOUGH_POWER else "cannot"
    periods = "period" if observations == 1 else "periods"
    return (
        f"{observations:,} {periods} {can} tell {rate:.3g} % of breaches from {times * rate:.3g} % "
        f"(power {chance:.2f})"
    )
