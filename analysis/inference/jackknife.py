"""A statistic of all seeds together, as one value a seed."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from abm.core.arguments import whole_number
from abm.core.arrays import FloatArray
from abm.core.errors import ParameterError


def jackknife_values(statistic: Callable[[FloatArray], FloatArray], n: int) -> FloatArray:
    """Return the pseudo-values of a statistic: n times that of all seeds less n - 1 times that without each.

    Their mean is the statistic with its bias of order 1/n taken off, and they count as one value a seed: for
    ``mean_interval``, ``paired_difference`` or ``control_variate``.

    Parameters
    ----------
    statistic : function of an array of shape (rows, n) to one of shape (rows,)
        Each row says how often each seed counts, 0 or 1.
    n : int
        Seeds.

    Returns
    -------
    array of float, shape (n,)
        NaN where the statistic has no value of all seeds, or without that one; of fewer than two seeds.

    Raises
    ------
    ParameterError
        If ``n`` is no whole number from 0, or the statistic gives another shape.

    References
    ----------
    Tukey, Bias and confidence in not quite large samples (abstract), Annals of Mathematical Statistics 29,
    1958. Miller, The jackknife: a review, Biometrika 61, 1974.
    """
    n = whole_number("n", n, least=0)
    if n < 2:
        return np.full(n, math.nan)
    found = np.asarray(statistic(np.vstack([np.ones((1, n)), 1.0 - np.eye(n)])), dtype=np.float64)
    if found.shape != (n + 1,):
        raise ParameterError(f"statistic: it gave shape {found.shape} and not one number for each row")
    values: FloatArray = n * found[0] - (n - 1) * found[1:]
    return values
