"""One form for every complaint about an argument outside its domain."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abm.core.arguments import refusal
from abm.core.errors import ParameterError


def require(holds: bool, field: str, value: object, allowed: str) -> None:
    """Raise ``ParameterError`` naming field, value and what is allowed, unless the condition holds.

    State the condition positively (``x > 0``): a NaN then fails it.
    """
    if not holds:
        raise ParameterError(f"{field}: {value} is not {allowed}")


def require_number(field: str, value: Any) -> None:
    """Refuse what is no single real number: a text, a boolean, a list, an array; NaN passes."""
    kind = np.asarray(value).dtype.kind if np.ndim(value) == 0 else "-"
    if kind not in "iuf":
        raise refusal(field, value, "a number")


def require_numbers(owner: str, holder: object, *names: str) -> None:
    """Refuse a record whose named fields are no single real numbers."""
    for name in names:
        require_number(f"{owner}{name}", getattr(holder, name))


def require_generator(rng: Any) -> None:
    """Refuse a source of draws that is no ``numpy.random.Generator``: a seed, none, a legacy one."""
    if not isinstance(rng, np.random.Generator):
        raise refusal("rng", rng, "a numpy.random.Generator")


def real_numbers(field: str, values: ArrayLike) -> NDArray[np.float64]:
    """Return an array of real numbers as floats; texts, booleans, complex numbers and None are refused."""
    array = np.asarray(values)
    if array.dtype.kind not in "iuf" and array.size:
        raise refusal(field, values, "an array of numbers")
    return array.astype(np.float64, copy=False)


def finite_numbers(field: str, values: ArrayLike) -> NDArray[np.float64]:
    """Return an array of finite real numbers as floats."""
    numbers = real_numbers(field, values)
    if not np.isfinite(numbers).all():
        raise refusal(field, values, "finite")
    return numbers
