"""The mean over seeds and the mean difference of two variants in pairs, each with its interval.

One value a seed goes in. What a sample cannot tell comes out as NaN with the reason in words.
"""

from __future__ import annotations

import math
from typing import Any, Literal, NamedTuple, cast, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from abm.core.arguments import refusal, seed_number, shown, whole_number
from abm.core.arrays import FloatArray
from abm.core.errors import ParameterError
from abm.core.randomness import RandomStreams

from .given import sample, share

Method = Literal["t", "bootstrap", "percentile"]

FEW = 16
"""Fewer values than this are few: a skewed sample, or a bootstrap of it, covers too rarely (judgement)."""
SKEWED = 1.0
"""Skewness from which a sample counts as skewed (Bulmer, Principles of Statistics, 1979: highly skewed)."""
FEW_AND_SKEWED = "few and skewed: the interval may be too short"
FEW_FOR_A_BOOTSTRAP = "few: a bootstrap interval is too short"
SAME = "the same in every seed"
NOISE = 1e-12
"""Differences below this share of the values are what sums of floats leave."""
_LARGEST = 1e150
"""Squares of larger numbers overflow, and those of their inverses vanish."""


class MeanInterval(NamedTuple):
    """The mean of one value a seed, and the interval that holds its expected value.

    Parameters
    ----------
    mean, low, high : float
        Mean and bounds, in the unit of the values; NaN where ``reason`` says so.
    sd : float
        Standard deviation over seeds (divisor n - 1).
    n : int
        Values used.
    method : str
        As asked for.
    reason : str
        What is missing or to be doubted, in words; empty where nothing is.
    left_out : int
        Values that are missing.
    confidence : float
        Of the interval.
    """

    mean: float
    low: float
    high: float
    sd: float
    n: int
    method: str
    reason: str
    left_out: int
    confidence: float


class PairedDifference(NamedTuple):
    """The mean difference of two variants over paired seeds, variant less base.

    Parameters
    ----------
    base : float
        Mean of the base over the pairs used; over all it has where there is no pair.
    difference, low, high : float
        Mean difference and bounds, in the unit of the values; NaN where ``reason`` says so.
    p_value : float
        Two-sided, of the hypothesis that the expected difference is zero.
    sd : float
        Standard deviation of the differences (divisor n - 1).
    n : int
        Pairs used.
    method : str
        As asked for.
    reason : str
        What is missing or to be doubted, in words; empty where nothing is.
    left_out : int
        Pairs of which one side or both are missing.
    confidence : float
        Of the interval.
    """

    base: float
    difference: float
    low: float
    high: float
    p_value: float
    sd: float
    n: int
    method: str
    reason: str
    left_out: int
    confidence: float


class _Settings(NamedTuple):
    confidence: float
    method: Method
    draws: int
    seed: int


class _Found(NamedTuple):
    mean: float
    low: float
    high: float
    p_value: float
    sd: float
    reason: str


def mean_interval(
    values: ArrayLike,
    *,
    confidence: float = 0.95,
    method: Method = "t",
    draws: int = 9_999,
    seed: int = 1,
) -> MeanInterval:
    """Return the mean of one value a seed with its interval.

    Parameters
    ----------
    values : array or Series of float, shape (seeds,)
        NaN are left out and counted.
    confidence, method, draws, seed
        As in ``paired_difference``.

    Returns
    -------
    MeanInterval
        With NaN bounds for no value, one value or an infinite one; bounds equal to the mean where all are.

    Raises
    ------
    ParameterError
        If an argument is outside its domain.
    """
    settings = _checked(confidence, method, draws, seed)
    given = sample("values", values)
    used = given[~np.isnan(given)]
    found = _judge(used, float(np.abs(used).max(initial=0.0)), settings)
    left_out = len(given) - len(used)
    reason = found.reason if len(used) else "no value"
    return MeanInterval(
        found.mean,
        found.low,
        found.high,
        found.sd,
        len(used),
        method,
        _joined(reason, _left_out(left_out, len(given), "value") if len(used) else ""),
        left_out,
        settings.confidence,
    )


def paired_difference(
    base: ArrayLike,
    variant: ArrayLike,
    *,
    confidence: float = 0.95,
    method: Method = "t",
    draws: int = 9_999,
    seed: int = 1,
) -> PairedDifference:
    """Return the mean difference of two variants that were run with the same seeds.

    Parameters
    ----------
    base, variant : array or Series of float, shape (seeds,)
        One value a seed. Two Series are paired by their index, two other sequences by position. A pair with a
        NaN, or a seed that only one Series has, is left out and counted.
    confidence : float
        Of the interval.
    method : {"t", "bootstrap", "percentile"}
        Student's t; BCa over pairs (Efron, Better bootstrap confidence intervals, Journal of the American
        Statistical Association 82, 1987); or the percentiles of resampled means. P-values of the latter two
        are those at which the interval ends at zero, and no smaller than 2 / (draws + 1).
    draws, seed : int
        Resampled means of the bootstrap, and the seed that draws them.

    Returns
    -------
    PairedDifference
        No pair, one pair or an infinite value give NaN bounds and p-value. Where all differences are equal,
        up to round-off, both bounds are the difference; the p-value is 1 if it is zero and 2 ** (1 - n)
        otherwise, the chance that n differences of random sign all have the same one: Student's would be 0
        for two seeds already.

    Raises
    ------
    ParameterError
        If the sides are no numbers, differ in length, or a Series is paired with something else or has a seed
        twice; if an option is outside its domain.

    Notes
    -----
    Why Student's t is the default: over 2,000 studies its 95 % intervals held the true difference in 94.6,
    94.4 and 95.5 % of them for 8, 16 and 64 normal differences, and in 88.9, 90.6 and 93.7 % for exponential
    ones; those of BCa in 88.0, 91.4 and 94.6 %, and 85.6, 89.7 and 93.2 %; percentiles are within about two
    points of BCa. "few and skewed" appears in half of the studies of 8 exponential differences, and in 18 %
    of those of 8 normal ones: a tail that no seed has met cannot be seen.
    """
    settings = _checked(confidence, method, draws, seed)
    first, second, alone = _paired(base, variant)
    both = ~(np.isnan(first) | np.isnan(second))
    left_out = alone + len(both) - int(both.sum())
    if not both.any():
        level = sample("base", base)
        level = level[np.isfinite(level)]
        reason = _why_no_pair(sample("base", base), sample("variant", variant))
        mean = float(level.mean()) if len(level) else math.nan
        return PairedDifference(
            mean, *(math.nan,) * 5, 0, method, reason, left_out=left_out, confidence=settings.confidence
        )
    first, second = first[both], second[both]
    scale = float(max(np.abs(first).max(), np.abs(second).max()))
    found = _judge(second - first if scale < _LARGEST else np.full(1, np.inf), scale, settings)
    return PairedDifference(
        float(first.mean()) if (np.abs(first) < _LARGEST).all() else math.nan,
        *found[:5],
        len(first),
        method,
        _joined(found.reason, _left_out(left_out, left_out + len(first), "pair")),
        left_out,
        settings.confidence,
    )


def _checked(confidence: Any, method: Any, draws: Any, seed: Any) -> _Settings:
    if not isinstance(method, str) or method not in get_args(Method):
        raise refusal("method", method, f"one of {', '.join(get_args(Method))}")
    return _Settings(
        share("confidence", confidence),
        cast("Method", method),
        whole_number("draws", draws, least=100),
        seed_number("seed", seed),
    )


def _paired(base: Any, variant: Any) -> tuple[FloatArray, FloatArray, int]:
    """Return both sides in the same order, and how many seeds only one of them has."""
    first, second = sample("base", base), sample("variant", variant)
    if isinstance(base, pd.Series) and isinstance(variant, pd.Series):
        for name, side in (("base", base), ("variant", variant)):
            if not side.index.is_unique:
                twice = side.index[side.index.duplicated()][0]
                raise ParameterError(f"{name}: seed {shown(twice)} occurs more than once")
        at = variant.index.get_indexer(base.index)
        common = at >= 0
        alone = len(first) + len(second) - 2 * int(common.sum())
        return first[common], second[at[common]], alone
    if isinstance(base, pd.Series) or isinstance(variant, pd.Series):
        raise ParameterError("variant: a Series is paired by its index, so that base has to be one too")
    if len(first) != len(second) and len(first) and len(second):
        raise ParameterError(f"variant: {len(second)} values cannot be paired with {len(first)} of the base")
    shorter = min(len(first), len(second))
    return first[:shorter], second[:shorter], max(len(first), len(second)) - shorter


def _judge(values: FloatArray, scale: float, settings: _Settings) -> _Found:
    """Return mean, bounds, p-value, standard deviation and reason of one sample without NaN."""
    n = len(values)
    if not (np.abs(values) < _LARGEST).all():
        return _Found(*(math.nan,) * 5, "a value is infinite or beyond 1e150")
    if n < 2:
        return _Found(float(values[0]) if n else math.nan, *(math.nan,) * 4, "one seed")
    if np.ptp(values) <= max(NOISE * scale, 1.0 / _LARGEST):
        mean = float(values.mean()) if np.abs(values).max() > NOISE * scale else 0.0
        return _Found(mean, mean, mean, 2.0 ** (1 - n) if mean else 1.0, 0.0, SAME)
    sd = float(values.std(ddof=1))
    interval = _student if settings.method == "t" else _bootstrap
    low, high, p_value = interval(values, settings)
    return _Found(float(values.mean()), low, high, p_value, sd, doubt(values, settings.method))


def _student(values: FloatArray, settings: _Settings) -> tuple[float, float, float]:
    n, mean = len(values), float(values.mean())
    error = float(values.std(ddof=1)) / math.sqrt(n)
    reach = float(stdtrit(n - 1, 0.5 + settings.confidence / 2.0)) * error
    return mean - reach, mean + reach, 2.0 * float(stdtr(n - 1, -abs(mean) / error))


def _bootstrap(values: FloatArray, settings: _Settings) -> tuple[float, float, float]:
    from scipy.stats import bootstrap  # slow to load, and Student's t needs none of it

    is_bca = settings.method == "bootstrap"
    found = bootstrap(
        (values,),
        np.mean,
        n_resamples=settings.draws,
        confidence_level=settings.confidence,
        method="BCa" if is_bca else "percentile",
        random_state=RandomStreams(settings.seed).generator("analysis", "inference", "mean"),
    )
    means, n_draws = found.bootstrap_distribution, settings.draws
    below = _share_below(means, 0.0)
    p_value = 2.0 * min(below, 1.0 - below)
    if is_bca:
        away = values - values.mean()
        acceleration = float((away**3).sum() / (6.0 * (away**2).sum() ** 1.5))
        bias = float(ndtri(_share_below(means, float(values.mean()))))
        shift = float(ndtri(below)) - bias
        p_value = 2.0 * float(ndtr(-abs(shift / (1.0 + acceleration * shift) - bias)))
    low, high = found.confidence_interval
    return float(low), float(high), min(max(p_value, 2.0 / (n_draws + 1)), 1.0)


def _share_below(means: FloatArray, level: float) -> float:
    """Return the share of draws below a level, half of those on it, kept off 0 and 1."""
    draws = len(means)
    found = float((means < level).sum() + (means <= level).sum()) / (2.0 * draws)
    return min(max(found, 1.0 / (draws + 1)), draws / (draws + 1))


def doubt(values: FloatArray, method: Method) -> str:
    """Return why an interval may cover too rarely.

    The more skewed, the more values are few: 4 times the squared skewness, from 2 on (judgement; Cochran,
    Sampling Techniques, 1977, section 2.15, asks 25 times, for a coverage of 94 % at least).
    """
    n = len(values)
    away = values - values.mean()
    if n > 2:
        skewness = float((away**3).mean() / (away**2).mean() ** 1.5) * math.sqrt(n * (n - 1)) / (n - 2)
        if abs(skewness) > SKEWED and n < max(FEW, 4.0 * skewness**2):
            return FEW_AND_SKEWED
    return FEW_FOR_A_BOOTSTRAP if method != "t" and n < FEW else ""


def _why_no_pair(base: FloatArray, variant: FloatArray) -> str:
    empty = [name for name, side in (("base", base), ("variant", variant)) if not (~np.isnan(side)).any()]
    if len(empty) == 2:
        return "no value on either side"
    return f"the {empty[0]} has no value" if empty else "no seed has a value on both sides"


def _left_out(count: int, among: int, what: str) -> str:
    return f"{count} of {among} {what}s left out: no value" if count else ""


def _joined(*reasons: str) -> str:
    return "; ".join(reason for reason in reasons if reason)
