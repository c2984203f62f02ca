"""What a hedge did: two measures of volatility that are never one, worst cases, and an auditor's tests."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from abm.core.arrays import FloatArray

OFFSET_BAND = (0.80, 1.25)
"""Dollar offset that used to count as highly effective: IAS 39, AG105(b)."""


class Reduction(NamedTuple):
    """1 - sd(hedged) / sd(unhedged), and the same with variances; NaN where nothing varies unhedged."""

    volatility: float
    variance: float


def reduction(hedged: FloatArray, unhedged: FloatArray) -> Reduction:
    """Return the reductions of one sample, shape (n,)."""
    spread = float(unhedged.std())
    # What is left of equal numbers after rounding is not a spread.
    if spread <= 1e-12 * float(np.abs(unhedged).max(initial=0.0)):
        return Reduction(math.nan, math.nan)
    kept = float(hedged.std()) / spread
    return Reduction(1.0 - kept, 1.0 - kept**2)


def reductions(hedged: FloatArray, unhedged: FloatArray) -> list[Reduction]:
    """Return the reductions of each row, shape (rows, n)."""
    return [reduction(own, bare) for own, bare in zip(hedged, unhedged, strict=True)]


def volatility_reduction_within(hedged: FloatArray, unhedged: FloatArray, expected: FloatArray) -> FloatArray:
    """Return 1 - sd(hedged) / sd(unhedged) over the months of each path, shape (paths,).

    Parameters
    ----------
    hedged, unhedged : array of float, shape (months, paths)
        Bills.
    expected : array of float, shape (months, paths)
        Expected bills; the surprise of a month is its bill over the expected one less one. Months without
        one do not count.
    """
    counted = (expected > 0.0).all(axis=1)
    if counted.sum() < 2:
        return np.full(hedged.shape[1], math.nan)
    base = expected[counted]
    own = (hedged[counted] / base).std(axis=0, ddof=1)
    bare = (unhedged[counted] / base).std(axis=0, ddof=1)
    within: FloatArray = 1.0 - np.divide(own, bare, out=np.full(own.shape, math.nan), where=bare > 0.0)
    return within


def r_squared(gain: FloatArray, bill: FloatArray) -> float:
    """Return the squared correlation of gains and bills over paths (Ederington 1979); NaN without any."""
    g, b = gain - gain.mean(), bill - bill.mean()
    scale = float((g @ g) * (b @ b))
    tiny = (1e-12 * max(float(np.abs(gain).max()), 1e-300)) ** 2 * gain.size
    return float(g @ b) ** 2 / scale if float(g @ g) > tiny and scale > 0.0 else math.nan


def regression_slope(gain: FloatArray, bill: FloatArray) -> float:
    """Return the slope of bills on gains; one where the hedge moves as the bill does."""
    g, b = gain - gain.mean(), bill - bill.mean()
    square = float(g @ g)
    return float(g @ b) / square if square > 0.0 else math.nan


class DollarOffset(NamedTuple):
    """Gain of the hedge over the surprise of the bill, path by path."""

    median: float
    share_in_band: float
    """Share of paths with an offset within ``OFFSET_BAND``."""


def dollar_offset(gain: FloatArray, surprise: FloatArray) -> DollarOffset:
    """Return the dollar offset over paths; NaN without a hedge."""
    moved = surprise != 0.0
    if not gain.any() or not moved.any():
        return DollarOffset(math.nan, math.nan)
    offset = gain[moved] / surprise[moved]
    low, high = OFFSET_BAND
    return DollarOffset(float(np.median(offset)), float(((offset >= low) & (offset <= high)).mean()))


def cash_flow_at_risk(bill: FloatArray, confidence: float) -> float:
    """Return how far the bill's quantile is above its expectation."""
    return float(np.quantile(bill, confidence) - bill.mean())
