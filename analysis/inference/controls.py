"""A mean over seeds, sharpened by quantities of the same seeds whose expected values are known."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr, stdtrit

from abm.core.arguments import refusal
from abm.core.arrays import FloatArray
from abm.core.errors import ParameterError

from .given import sample, share
from .intervals import NOISE, SAME, doubt, mean_interval

NO_USE = "the controls are the same in every seed"


class ControlledMean(NamedTuple):
    """A mean over seeds after what controls say of these seeds, and the plain one beside it.

    Parameters
    ----------
    mean, low, high : float
        Estimate and bounds, in the unit of the values; NaN where ``reason`` says so.
    p_value : float
        Two-sided, of the hypothesis that the expected value is zero.
    sd : float
        Standard error of the estimate times the root of ``n``: the spread that so many plain values would
        have to have for an error as large.
    n : int
        Values.
    slopes : array of float, shape (controls,)
        What the estimate takes off for each unit that a control's mean is above its expected value.
    variance_ratio : float
        Squared standard error of the estimate over that of the plain mean; above 1 where controls cost more
        than they bring.
    reason : str
        What is missing or to be doubted, in words; empty where nothing is.
    confidence : float
        Of the interval.
    plain, plain_low, plain_high : float
        Mean and interval of the values alone, by Student's t.
    """

    mean: float
    low: float
    high: float
    p_value: float
    sd: float
    n: int
    slopes: FloatArray
    variance_ratio: float
    reason: str
    confidence: float
    plain: float
    plain_low: float
    plain_high: float


def control_variate(
    values: ArrayLike,
    controls: ArrayLike,
    expectation: ArrayLike,
    *,
    expectation_error: ArrayLike = 0.0,
    slopes: ArrayLike | None = None,
    confidence: float = 0.95,
) -> ControlledMean:
    """Return the mean of one value a seed, corrected by controls whose expected values are known.

    The values are regressed on the controls less their expected values; the intercept is the estimate. Its
    interval takes Student's t with n - 1 - k degrees of freedom for k controls, the residual variance, and
    the uncertainty of the expected values.

    Parameters
    ----------
    values : array or Series of float, shape (seeds,)
        One a seed.
    controls : array of float, shape (seeds,) or (seeds, k)
        Of the same seeds, in the same order.
    expectation : float or array of float, shape (k,)
        Expected value of each control.
    expectation_error : float or array of float, shape (k,)
        Its standard error where it was estimated, independently for each.
    slopes : float or array of float, shape (k,), optional
        Slopes known beforehand, e.g. 1 for a control on the scale of the values; they cost no degree of
        freedom. By least squares if absent.
    confidence : float
        Of the interval.

    Returns
    -------
    ControlledMean
        NaN bounds where a value or a control is missing or infinite, for the expected value of a control is
        that over all seeds, or where there are fewer than k + 2 seeds. Controls that are the same in every
        seed say nothing: then it is the plain mean.

    Raises
    ------
    ParameterError
        If shapes do not fit, something is no number, or an error is negative.

    Notes
    -----
    Exact where values and controls are normal together. A control that is worth nothing costs: the expected
    variance grows by (n - 2) / (n - 2 - k), 20 % for one control and 8 seeds, 8 % for 16. One with a
    correlation r leaves (1 - r^2) (n - 2) / (n - 2 - k).

    References
    ----------
    Lavenberg and Welch, A perspective on the use of control variables to increase the efficiency of Monte
    Carlo simulations, Management Science 27, 1981.
    """
    level = share("confidence", confidence)
    given = sample("values", values)
    known = _controls(controls, len(given))
    k = known.shape[1]
    expected = _each("expectation", expectation, k)
    error = _each("expectation_error", expectation_error, k)
    if (error < 0.0).any():
        raise refusal("expectation_error", expectation_error, "0 or more throughout")
    fixed = None if slopes is None else _each("slopes", slopes, k)
    plain = mean_interval(given, confidence=level)
    nothing = ControlledMean(
        *(math.nan,) * 5, len(given), np.full(k, math.nan), math.nan, "", level, plain.mean, plain.low,
        plain.high,
    )  # fmt: skip
    missing = len(given) - int((np.isfinite(given) & np.isfinite(known).all(axis=1)).sum())
    if missing:
        return nothing._replace(reason=f"{missing} of {len(given)} seeds have no value or no control")
    if len(given) < k + 2:
        return nothing._replace(reason=f"{len(given)} seeds are too few for {k} controls")
    return _corrected(given, known - expected, error, fixed, nothing)


def _corrected(
    values: FloatArray, away: FloatArray, error: FloatArray, fixed: FloatArray | None, empty: ControlledMean
) -> ControlledMean:
    """Return the mean of values less what controls away from their expected values account for."""
    n = len(values)
    slopes, rank, leverage = (fixed, 0, 1.0 / n) if fixed is not None else _regressed(values, away)
    residuals = values - values.mean() - (away - away.mean(axis=0)) @ slopes
    degrees = n - 1 - rank
    variance = float(residuals @ residuals) / degrees * leverage + float(((slopes * error) ** 2).sum())
    mean = float(values.mean() - slopes @ away.mean(axis=0))
    standard_error = math.sqrt(variance)
    half = float(stdtrit(degrees, 0.5 + empty.confidence / 2.0)) * standard_error
    size = float(np.abs(values).max(initial=0.0))
    if standard_error <= NOISE * size:
        mean = 0.0 if abs(mean) <= NOISE * size else mean
        p_value = 1.0 if mean == 0.0 else 2.0 ** (1 - n)
    else:
        p_value = 2.0 * float(stdtr(degrees, -abs(mean) / standard_error))
    plain_variance = float(values.var(ddof=1)) / n
    reason = (
        NO_USE
        if rank == 0 and fixed is None
        else SAME
        if np.ptp(values) <= NOISE * size
        else doubt(residuals, "t")
    )
    return empty._replace(
        mean=mean,
        low=mean - half,
        high=mean + half,
        p_value=p_value,
        sd=standard_error * math.sqrt(n),
        slopes=slopes,
        variance_ratio=variance / plain_variance if plain_variance > 0.0 else 1.0,
        reason=reason,
    )


def _regressed(values: FloatArray, away: FloatArray) -> tuple[FloatArray, int, float]:
    """Return the slopes of least squares, how many are independent, and what an intercept's variance is.

    The last is in units of the residual variance.
    """
    n, scale = len(values), np.abs(away).max(axis=0)
    varies = np.ptp(away, axis=0) > NOISE * scale
    used = (away - away.mean(axis=0))[:, varies] / scale[varies]
    rank = int(np.linalg.matrix_rank(used)) if used.size else 0
    slopes = np.zeros(away.shape[1])
    if rank == 0:
        return slopes, 0, 1.0 / n
    inverse = np.linalg.pinv(used)
    slopes[varies] = (inverse @ (values - values.mean())) / scale[varies]
    reach = inverse.T @ (away.mean(axis=0)[varies] / scale[varies])
    return slopes, rank, 1.0 / n + float(reach @ reach)


def _controls(given: Any, n: int) -> FloatArray:
    """Return the controls as an array of shape (seeds, k)."""
    values = np.asarray(given, dtype=object)
    if values.ndim == 1:
        columns = [sample("controls", given)]
    elif values.ndim == 2 and values.shape[1] > 0:
        columns = [sample("controls", values[:, number]) for number in range(values.shape[1])]
    else:
        raise refusal("controls", given, "an array of seeds, or of seeds by controls")
    if len(columns[0]) != n:
        raise ParameterError(f"controls: of {len(columns[0])} seeds, the values of {n}")
    return np.stack(columns, axis=1)


def _each(name: str, given: Any, k: int) -> FloatArray:
    """Return one finite number for each control."""
    numbers = sample(name, np.atleast_1d(np.asarray(given, dtype=object)))
    if len(numbers) not in (1, k) or not np.isfinite(numbers).all():
        raise refusal(name, given, f"a finite number, or one for each of {k} controls")
    return np.broadcast_to(numbers, (k,)).astype(np.float64)
