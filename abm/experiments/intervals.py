"""Means over paired seeds with their 95 % intervals."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.core.arrays import FloatArray
from abm.core.neighbours import neighbour_module

CONFIDENCE = 0.95


class Estimate(NamedTuple):
    """A value over seeds, its 95 % interval, and the number of seeds behind it."""

    mean: float
    low: float
    high: float
    seeds: int


def mean_of(values: FloatArray) -> Estimate:
    """Return the mean and its interval by Student's t; no interval from a single seed.

    Parameters
    ----------
    values : array of float, shape (seeds,)
        NaN where a seed has no value.
    """
    found = neighbour_module("analysis", "inference").mean_interval(values, confidence=CONFIDENCE)
    return Estimate(found.mean, found.low, found.high, found.n)


def jackknifed(statistic: Callable[[NDArray[np.intp]], float], seeds: int) -> Estimate:
    """Return a statistic of all seeds and its jackknife interval, each seed left out once (Tukey 1958).

    Parameters
    ----------
    statistic : callable
        Takes the numbers of the seeds that count.
    seeds : int
        How many there are.
    """
    everyone = np.arange(seeds)
    value = statistic(everyone)
    left_out = np.array([statistic(np.delete(everyone, seed)) for seed in range(seeds)])
    spread = float(((left_out - left_out.mean()) ** 2).sum()) if seeds > 2 else math.nan
    return _around(value, math.sqrt((seeds - 1) / seeds * spread), seeds)


def _around(value: float, standard_error: float, seeds: int) -> Estimate:
    if math.isnan(standard_error):
        return Estimate(value, math.nan, math.nan, seeds)
    from scipy.stats import t

    half = float(t.ppf(0.5 + CONFIDENCE / 2.0, seeds - 1)) * standard_error
    return Estimate(value, value - half, value + half, seeds)
