"""Many comparisons in one table: p-values and confidence that hold for all of them together."""

from __future__ import annotations

from typing import overload

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from abm.core.arguments import refusal, whole_number
from abm.core.arrays import FloatArray

from .given import sample, share


@overload
def holm(p_values: pd.Series) -> pd.Series: ...
@overload
def holm(p_values: ArrayLike) -> FloatArray: ...
def holm(p_values: ArrayLike | pd.Series) -> FloatArray | pd.Series:
    """Return p-values adjusted for the number of comparisons in a table (Holm's step-down).

    The chance that any of the comparisons without an effect falls below a significance is at most that
    significance, however the comparisons depend on each other.

    Parameters
    ----------
    p_values : array or Series of float, shape (comparisons,)
        One a comparison; NaN where there was none to make.

    Returns
    -------
    array or Series of float, shape (comparisons,)
        In the same order, a Series with its index; NaN stays NaN and does not count as a comparison.

    Raises
    ------
    ParameterError
        If one is no number in [0, 1].

    References
    ----------
    Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6,
    1979.
    """
    given = sample("p_values", p_values)
    counted = ~np.isnan(given)
    known = given[counted]
    if ((known < 0.0) | (known > 1.0)).any():
        raise refusal("p_values", p_values, "in [0, 1] throughout")
    order = np.argsort(known, kind="stable")
    steps = known[order] * np.arange(len(known), 0, -1)
    adjusted = np.full_like(given, np.nan)
    adjusted[np.flatnonzero(counted)[order]] = np.minimum(np.maximum.accumulate(steps), 1.0)
    if isinstance(p_values, pd.Series):
        return pd.Series(adjusted, index=p_values.index, name=p_values.name)
    return adjusted


def adjusted_confidence(comparisons: int, confidence: float = 0.95) -> float:
    """Return the confidence of each interval of a table whose intervals all hold together (Bonferroni).

    Parameters
    ----------
    comparisons : int
        Intervals in the table.
    confidence : float
        That all of them hold their true values, however they depend on each other.

    Returns
    -------
    float
        0.995 for ten comparisons at 95 %. Holm's test is the sharper one: an interval of this confidence may
        hold zero where the p-value of ``holm`` is significant, never the other way round. Intervals that
        follow Holm's test step by step exist, but end at zero for most of the differences it finds.

    Raises
    ------
    ParameterError
        If there is no comparison, or the confidence is not in (0, 1).
    """
    count = whole_number("comparisons", comparisons, least=1)
    return 1.0 - (1.0 - share("confidence", confidence)) / count
