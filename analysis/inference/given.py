"""What the functions of this package are given: samples of one value a seed, shares, and statistics."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from abm.core.arguments import finite_number, refusal
from abm.core.arrays import FloatArray
from abm.core.errors import ParameterError


def share(name: str, value: Any) -> float:
    """Return a confidence or a power: a number between 0 and 1, neither of them.

    Raises
    ------
    ParameterError
        If it is none.
    """
    number = finite_number(name, value)
    if not 0.0 < number < 1.0:
        raise refusal(name, value, "in (0, 1)")
    return number


def sample(name: str, values: Any) -> FloatArray:
    """Return a list of numbers as floats; what is missing (NaN, None, ``pandas.NA``) becomes NaN.

    Raises
    ------
    ParameterError
        If it is not one-dimensional or holds texts, booleans or anything else that is no number.
    """
    given = values.to_numpy() if isinstance(values, pd.Series | pd.Index) else np.asarray(values)
    if given.ndim == 1 and given.size == 0:
        return np.empty(0)
    if given.ndim == 1 and given.dtype.kind in "iuf":
        return given.astype(np.float64)
    if given.ndim == 1 and given.dtype.kind == "O":
        found = [_number(each) for each in given]
        if None not in found:
            return np.array(found, dtype=np.float64)
    raise refusal(name, values, "a list of numbers")


def _number(value: Any) -> float | None:
    """Return a number, NaN for one that is missing, and None for what is no number."""
    if value is None or value is pd.NA:
        return math.nan
    is_number = isinstance(value, Real) and not isinstance(value, bool | np.bool_)
    return float(value) if is_number else None


def one_number(value: Any) -> float:
    """Return what a statistic gave, which has to be one number or NaN.

    Raises
    ------
    ParameterError
        If it is none.
    """
    plain = value.item() if getattr(value, "ndim", None) == 0 else value
    number = None if plain is None else _number(plain)
    if number is None:
        raise ParameterError(f"statistic: it gave {type(value).__name__} and not one number")
    return number
