"""What a public function asks of an index, a seed, a count, a number or an array: the thing, or one line.

An index that wraps, a seed cut to a whole number, an array cut to integers or read as one number: each
answers a question that nobody asked. So a function checks such an argument before it uses it, and names the
argument, the value and what is allowed. NumPy's and pandas' integers and floats are as good as plain ones;
booleans are no numbers.
"""

from __future__ import annotations

import math
from numbers import Real
from operator import index
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

from abm.core.errors import ParameterError

_LONGEST_SHOWN = 80


def whole(value: Any) -> int | None:
    """Return a whole number as a plain ``int``, ``None`` for anything else: a float, a boolean, a text."""
    if isinstance(value, bool) or getattr(value, "ndim", 0) > 0:
        return None
    try:
        return index(value)
    except TypeError:
        return None


def finite(value: Any) -> float | None:
    """Return a real number as a plain ``float``, ``None`` for NaN, infinities and what is no number."""
    plain = value.item() if getattr(value, "ndim", None) == 0 else value
    if isinstance(plain, bool) or not isinstance(plain, Real):
        return None
    try:
        number = float(plain)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def row_number(name: str, value: Any, count: int, *, allowed: str = "") -> int:
    """Return an index of one of ``count`` rows, counted from the first; none wraps.

    Raises
    ------
    ParameterError
        If it is no whole number in [0, count - 1].
    """
    if type(value) is int and 0 <= value < count:
        return value
    return whole_number(name, value, least=0, most=count - 1, allowed=allowed)


def whole_number(
    name: str, value: Any, *, least: int | None = None, most: int | None = None, allowed: str = ""
) -> int:
    """Return a whole number within bounds.

    Parameters
    ----------
    name : str
        Of the argument.
    value : object
        What was given.
    least, most : int, optional
        Bounds.
    allowed : str
        The bounds in words, instead of ``>= least`` or ``in [least, most]``.

    Raises
    ------
    ParameterError
        Naming the argument, the value and what is allowed.
    """
    number, bounds = whole(value), allowed or _bounds_text(least, most)
    if number is None:
        raise refusal(name, value, f"a whole number {bounds}".rstrip())
    if (least is not None and number < least) or (most is not None and number > most):
        raise refusal(name, number, bounds)
    return number


def seed_number(name: str, value: Any) -> int:
    """Return a seed: a whole number that is not negative.

    Raises
    ------
    ParameterError
        If it is a float, a text, a boolean, a generator or negative.
    """
    return whole_number(name, value, least=0)


def finite_number(
    name: str,
    value: Any,
    *,
    least: float | None = None,
    most: float | None = None,
    above: float | None = None,
) -> float:
    """Return a finite number within bounds.

    Raises
    ------
    ParameterError
        Naming the argument, the value and what is allowed.
    """
    number = finite(value)
    inside = number is not None and not (
        (least is not None and number < least)
        or (most is not None and number > most)
        or (above is not None and number <= above)
    )
    if number is None or not inside:
        bounds = f"> {above:g}" if above is not None else _bounds_text(least, most)
        raise refusal(name, value, f"a finite number {bounds}".rstrip())
    return number


def counted(name: str, value: Any, least: int = 0) -> Any:
    """Return a number counted from the least one, such as a day or a month, or an array of them.

    Raises
    ------
    ParameterError
        If it is below the least one or not whole.
    """
    if type(value) is int and value >= least:
        return value
    if getattr(value, "ndim", 0) > 0:
        array = whole_array(name, value)
        if (array < least).any():
            raise refusal(name, int(array.min()), f"a whole number >= {least}")
        return array
    return whole_number(name, value, least=least)


def whole_array(name: str, values: Any, shape: tuple[int, ...] | None = None) -> NDArray[np.int64]:
    """Return an array of whole numbers as int64; floats count where every one of them is whole.

    Raises
    ------
    ParameterError
        If it holds fractions, NaN, booleans or anything else, or has another shape than the one asked for.
    """
    import numpy as np  # a scenario that is only read needs none

    array = np.asarray(values)
    is_whole = array.dtype.kind in "iu" or array.size == 0
    if not is_whole and array.dtype.kind == "f":
        is_whole = bool((np.isfinite(array) & (np.floor(array) == array)).all())
    if not is_whole:
        raise refusal(name, values, "an array of whole numbers")
    if shape is not None and array.shape != shape:
        raise ParameterError(f"{name}: shape {array.shape} is not {shape}")
    return array.astype(np.int64, copy=False)


def refusal(name: str, value: Any, allowed: str) -> ParameterError:
    """Return the one line that names an argument, its value and what is allowed."""
    return ParameterError(f"{name}: {shown(value)} is not {allowed}")


def shown(value: Any) -> str:
    """Return a value in one short line."""
    text = " ".join(repr(value.item() if getattr(value, "ndim", None) == 0 else value).split())
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]} ..."


def _bounds_text(least: float | None, most: float | None) -> str:
    if least is not None and most is not None:
        return f"in [{least}, {most}]"
    if least is not None:
        return f">= {least}"
    return f"<= {most}" if most is not None else ""
