"""Estimators of liquidity from plain series: Roll, Corwin and Schultz, Amihud, and how fast books refill."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abm.core.arguments import finite_number
from abm.core.arrays import FloatArray
from abm.core.errors import ParameterError

_CORWIN_SCHULTZ = 3.0 - 2.0 * math.sqrt(2.0)
LEAST_PAIRS = 2
"""Pairs of neighbouring observations that a covariance needs."""


class Estimate(NamedTuple):
    """A number with what it rests on.

    Attributes
    ----------
    value : float
        NaN where there is none.
    observations : int
        Pairs, days or rounds that it is of.
    reason : str
        Why the value is NaN; empty otherwise.
    """

    value: float
    observations: int
    reason: str = ""


def roll_spread(prices: ArrayLike, series: ArrayLike | None = None) -> Estimate:
    """Return the spread that the bounce between bid and ask implies (Roll 1984): 2 sqrt(-cov).

    Parameters
    ----------
    prices : array of float, shape (n,)
        Prices of trades, in order.
    series : array, shape (n,), optional
        Which series each price belongs to, as day and month: no change is taken from one to the next.

    Returns
    -------
    Estimate
        In units of price; NaN where successive changes are correlated positively or there are too few.
    """
    price = one_dimensional("prices", prices)
    of_series = np.zeros(len(price)) if series is None else np.asarray(series)
    equally_long("series", of_series, price)
    change = np.diff(price)
    change[of_series[1:] != of_series[:-1]] = math.nan
    first, second = change[:-1], change[1:]
    known = np.isfinite(first) & np.isfinite(second)
    first, second, pairs = first[known], second[known], int(known.sum())
    if pairs < LEAST_PAIRS:
        return Estimate(math.nan, pairs, f"fewer than {LEAST_PAIRS} pairs of successive price changes")
    covariance = float((first * second).mean() - first.mean() * second.mean())
    if covariance > 0.0:
        return Estimate(math.nan, pairs, "successive price changes are correlated positively")
    return Estimate(2.0 * math.sqrt(max(-covariance, 0.0)), pairs)


def corwin_schultz_spread(high: ArrayLike, low: ArrayLike, close: ArrayLike | None = None) -> FloatArray:
    """Return the spread that highs and lows of each two days in a row imply (Corwin and Schultz 2012).

    Parameters
    ----------
    high, low : array of float, shape (n,)
        Highest and lowest price of each day, above zero.
    close : array of float, shape (n,), optional
        Last price. Where a day lies wholly above or below the close before, it is moved to touch it: the
        step over night is no spread (their section II).

    Returns
    -------
    array of float, shape (n - 1,)
        As shares of the price; NaN beside a day without a price above zero. Some are negative: the authors
        set these to zero before they take a mean.
    """
    highest, lowest = one_dimensional("high", high), one_dimensional("low", low)
    equally_long("low", lowest, highest)
    if (highest < lowest).any():
        at = int(np.flatnonzero(highest < lowest)[0])
        raise ParameterError(f"high: {highest[at]} on day {at} is below the low, {lowest[at]}")
    step = np.zeros(max(len(highest) - 1, 0))
    if close is not None:
        last = one_dimensional("close", close)
        equally_long("close", last, highest)
        step = np.maximum(lowest[1:] - last[:-1], 0.0) + np.minimum(highest[1:] - last[:-1], 0.0)
    ranges = [highest[:-1], lowest[:-1], highest[1:] - step, lowest[1:] - step]
    is_priced = np.logical_and.reduce([each > 0.0 for each in ranges])
    log_high, log_low, next_high, next_low = (np.log(np.where(is_priced, each, 1.0)) for each in ranges)
    beta = (log_high - log_low) ** 2 + (next_high - next_low) ** 2
    gamma = (np.maximum(log_high, next_high) - np.minimum(log_low, next_low)) ** 2
    alpha = (np.sqrt(2.0 * beta) - np.sqrt(beta)) / _CORWIN_SCHULTZ - np.sqrt(gamma / _CORWIN_SCHULTZ)
    return np.where(is_priced, 2.0 * np.expm1(alpha) / (1.0 + np.exp(alpha)), math.nan)


def amihud_illiquidity(returns: ArrayLike, turnover: ArrayLike) -> Estimate:
    """Return the mean of absolute returns over the turnover of their day (Amihud 2002).

    Parameters
    ----------
    returns : array of float, shape (n,)
        Daily returns.
    turnover : array of float, shape (n,)
        Money that changed hands on those days; the result is per unit of it. Days without are left out.
    """
    change, volume = one_dimensional("returns", returns), one_dimensional("turnover", turnover)
    equally_long("turnover", volume, change)
    known = np.isfinite(change) & np.isfinite(volume) & (volume > 0.0)
    if not known.any():
        return Estimate(math.nan, 0, "no day with both a return and trades")
    return Estimate(float((np.abs(change[known]) / volume[known]).mean()), int(known.sum()))


def resiliency(depth: ArrayLike, series: ArrayLike | None = None, *, step_days: float = 1.0) -> Estimate:
    """Return the rate per day at which depth comes back to its mean: deviations fall as exp(-rate x days).

    The rate is that of a first-order autoregression of the depth's deviation from its mean (the mean
    reversion of Kempf, Mayston and Yadav 2009). The half-life is ln 2 over the rate.

    Parameters
    ----------
    depth : array of float, shape (n,)
        Lots, or any other measure such as the spread, at equal steps; NaN where it is not known.
    series : array, shape (n,), optional
        Which series each belongs to, as day and month: no step is taken from one to the next.
    step_days : float
        Length of a step in days.

    Returns
    -------
    Estimate
        NaN where depth never varies, or its deviations do not decay or change their sign at each step.
    """
    level = one_dimensional("depth", depth)
    of_series = np.zeros(len(level)) if series is None else np.asarray(series)
    equally_long("series", of_series, level)
    finite_number("step_days", step_days, above=0.0)
    deviation = level - (np.nanmean(level) if np.isfinite(level).any() else 0.0)
    known = np.isfinite(deviation[:-1]) & np.isfinite(deviation[1:]) & (of_series[:-1] == of_series[1:])
    first, second, pairs = deviation[:-1][known], deviation[1:][known], int(known.sum())
    if pairs < LEAST_PAIRS:
        return Estimate(math.nan, pairs, f"fewer than {LEAST_PAIRS} steps with a depth before and after")
    square = float(first @ first)
    if square == 0.0:
        return Estimate(math.nan, pairs, "depth does not vary")
    kept = float(first @ second) / square
    if kept >= 1.0:
        return Estimate(math.nan, pairs, "deviations of depth do not decay")
    if kept <= 0.0:
        return Estimate(math.nan, pairs, "nothing of a deviation of depth is left after one step")
    return Estimate(-math.log(kept) / step_days, pairs)


def one_dimensional(name: str, values: ArrayLike) -> FloatArray:
    """Return a list of numbers as floats, or raise ``ParameterError`` for one of another shape."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ParameterError(f"{name}: shape {array.shape} is not one-dimensional")
    return array


def equally_long(name: str, values: NDArray[np.generic], others: FloatArray) -> None:
    """Raise ``ParameterError`` unless two arrays have one shape."""
    if values.shape != others.shape:
        raise ParameterError(f"{name}: shape {values.shape} is not {others.shape}, that of the others")
