"""Intervals of any statistic by resampling: blocks of one long series, or whole seeds of a table of runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from abm.core.arguments import refusal, seed_number, whole_number
from abm.core.arrays import FloatArray
from abm.core.errors import ParameterError
from abm.core.randomness import RandomStreams

from .given import one_number, sample, share
from .intervals import FEW, FEW_FOR_A_BOOTSTRAP

FEW_BLOCKS = 10
"""Blocks in a series below which their resampled means spread too little (judgement)."""
_LARGEST_FAILING = 0.05
"""Share of draws without a value above which an interval of the others would mislead (judgement)."""


class BootstrapInterval(NamedTuple):
    """A statistic and the percentile interval of its resampled values.

    Parameters
    ----------
    estimate, low, high : float
        The statistic of what was given, and its bounds; NaN where ``reason`` says so.
    sd : float
        Standard deviation of the resampled values: the standard error.
    n : int
        What is resampled: values of the series, or seeds.
    draws : int
        Resamples that have a value.
    method : str
        ``stationary blocks`` or ``whole seeds``.
    reason : str
        What is missing or to be doubted, in words; empty where nothing is.
    confidence : float
        Of the interval.
    """

    estimate: float
    low: float
    high: float
    sd: float
    n: int
    draws: int
    method: str
    reason: str
    confidence: float


def block_bootstrap(
    series: ArrayLike,
    statistic: Callable[[FloatArray], float],
    *,
    block: int,
    draws: int = 1_999,
    seed: int = 1,
    confidence: float = 0.95,
) -> BootstrapInterval:
    """Return the interval of a statistic of one long series whose values depend on their neighbours.

    The stationary bootstrap: blocks begin anywhere, have geometric lengths and go on at the beginning where
    the series ends, so that a resample is as stationary as the series.

    Parameters
    ----------
    series : array or Series of float, shape (steps,)
        In the order of time, without gaps.
    statistic : function of an array to a number
        Gets a resample of the same length.
    block : int
        Mean length of a block in steps, in [1, steps]: several times the lag to which values depend on each
        other. 1 resamples single values.
    draws, seed : int
        Resamples, and the seed that draws them.
    confidence : float
        Of the interval.

    Returns
    -------
    BootstrapInterval
        With NaN bounds for fewer than two values, for a gap, or if the statistic fails in more than 5 % of
        the draws. Joints between blocks weaken dependence, so that intervals are somewhat too short: the
        fewer blocks in the series and the shorter they are, the more.

    Raises
    ------
    ParameterError
        If an argument is outside its domain, or the statistic gives anything but one number.

    References
    ----------
    Politis and Romano, The stationary bootstrap, Journal of the American Statistical Association 89 (1994).
    """
    values = sample("series", series)
    n = len(values)
    length = whole_number("block", block, least=1, most=max(n, 1), allowed=f"in [1, {max(n, 1)}], the steps")
    level, count, rng = share("confidence", confidence), *_source(draws, seed, "blocks")
    empty = BootstrapInterval(math.nan, math.nan, math.nan, math.nan, n, 0, "stationary blocks", "", level)
    gaps = n - int(np.isfinite(values).sum())
    if gaps:
        return empty._replace(reason=f"{gaps} of {n} values are missing or infinite")
    if n < 2:
        return empty._replace(reason="one value" if n else "no value")
    resamples = (values[_stationary(n, length, rng)] for _ in range(count))
    found = _percentiles(statistic, values, resamples, empty)
    if not found.reason and n < FEW_BLOCKS * length:
        return found._replace(reason="few blocks: the interval may be too short")
    return found


def day_bootstrap(
    days: int,
    statistic: Callable[[NDArray[np.int64]], float],
    *,
    block: int,
    draws: int,
    seed: int,
    confidence: float,
) -> BootstrapInterval:
    """Return the interval of a statistic of the days of one run, drawn in blocks.

    Parameters
    ----------
    days : int
        How many there are; blocks are no longer.
    statistic : function of positions of days to a number
        Gets as many as there are, some of them several times.
    block, draws, seed, confidence
        As in ``block_bootstrap``.
    """
    return block_bootstrap(
        np.arange(days),
        lambda drawn: statistic(drawn.astype(np.int64)),
        block=min(block, max(days, 1)),
        draws=draws,
        seed=seed,
        confidence=confidence,
    )


def seed_bootstrap(
    frame: pd.DataFrame,
    statistic: Callable[[pd.DataFrame], float],
    *,
    by: str = "seed",
    draws: int = 1_999,
    seed: int = 1,
    confidence: float = 0.95,
) -> BootstrapInterval:
    """Return the interval of a statistic of several runs by resampling whole seeds.

    Rows of one seed depend on each other, those of two seeds do not: a seed is taken with all its rows.

    Parameters
    ----------
    frame : DataFrame
        Rows of all seeds.
    statistic : function of a DataFrame to a number
        Gets the rows of as many seeds as there are, some of them several times. Seeds are numbered from 0 on
        in the column ``by``, so that one drawn twice counts as two; the index is numbered afresh.
    by : str
        Column that tells the seeds apart.
    draws, seed : int
        Resamples, and the seed that draws them.
    confidence : float
        Of the interval.

    Returns
    -------
    BootstrapInterval
        With NaN bounds for fewer than two seeds, or if the statistic fails in more than 5 % of the draws.

    Raises
    ------
    ParameterError
        If there is no such column or a row has no seed, an argument is outside its domain, or the statistic
        gives anything but one number.

    References
    ----------
    Davison and Hinkley, Bootstrap Methods and their Application, 1997, section 3.8.
    """
    if not isinstance(frame, pd.DataFrame):
        raise refusal("frame", frame, "a DataFrame")
    if not isinstance(by, str) or by not in frame.columns:
        raise ParameterError(f"by: there is no column {by!r}")
    level, count, rng = share("confidence", confidence), *_source(draws, seed, "seeds")
    labels = frame[by]
    if not isinstance(labels, pd.Series):
        raise ParameterError(f"by: there are {labels.shape[1]} columns {by!r}")
    if labels.isna().any():
        raise ParameterError(f"frame: {int(labels.isna().sum())} rows have no {by}")
    rows = _rows_by_label(labels)
    n = len(rows)
    empty = BootstrapInterval(math.nan, math.nan, math.nan, math.nan, n, 0, "whole seeds", "", level)
    if n == 0:
        return empty._replace(reason="no seed")
    whole = _renumbered(frame, by, rows)
    if n == 1:
        return empty._replace(estimate=one_number(statistic(whole)), reason="one seed")
    resamples = (_renumbered(frame, by, [rows[i] for i in rng.integers(n, size=n)]) for _ in range(count))
    found = _percentiles(statistic, whole, resamples, empty)
    return found._replace(reason=FEW_FOR_A_BOOTSTRAP) if not found.reason and n < FEW else found


def _source(draws: Any, seed: Any, name: str) -> tuple[int, np.random.Generator]:
    count = whole_number("draws", draws, least=100)
    return count, RandomStreams(seed_number("seed", seed)).generator("analysis", "inference", name)


def _stationary(n: int, block: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the positions of one stationary resample."""
    begins = rng.random(n) < 1.0 / block
    begins[0] = True
    heads = np.flatnonzero(begins)
    starts = rng.integers(n, size=len(heads))
    which = np.cumsum(begins) - 1
    positions: NDArray[np.int64] = (starts[which] + np.arange(n) - heads[which]) % n
    return positions


def _rows_by_label(labels: pd.Series) -> list[NDArray[np.intp]]:
    """Return the positions of the rows of each label, labels in the order in which they appear."""
    codes, found = pd.factorize(labels)
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(found)))
    return np.split(order, ends[:-1]) if len(found) else []


def _renumbered(frame: pd.DataFrame, by: str, rows: list[NDArray[np.intp]]) -> pd.DataFrame:
    """Return the rows of some seeds, each of them with a number of its own."""
    taken = frame.take(np.concatenate(rows)).reset_index(drop=True)
    taken[by] = np.repeat(np.arange(len(rows)), [len(part) for part in rows])
    return taken


def _percentiles(
    statistic: Callable[[Any], float], whole: Any, resamples: Iterator[Any], empty: BootstrapInterval
) -> BootstrapInterval:
    estimate = one_number(statistic(whole))
    drawn = np.array([one_number(statistic(each)) for each in resamples])
    found = drawn[np.isfinite(drawn)]
    failing, draws = len(drawn) - len(found), len(drawn)
    said = f"the statistic has no value in {failing} of {draws} draws" if failing else ""
    known = empty._replace(estimate=estimate, draws=len(found), reason=said)
    if not math.isfinite(estimate):
        return known._replace(reason="the statistic has no value")
    if failing > _LARGEST_FAILING * draws:
        return known
    tail = (1.0 - empty.confidence) / 2.0
    low, high = np.quantile(found, [tail, 1.0 - tail])
    return known._replace(low=float(low), high=float(high), sd=float(found.std(ddof=1)))
