"""Kernels as plain Python, which ``NUMBA_DISABLE_JIT=1`` runs: the oracle of the compiled ones."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np


class Rows:
    """An array of records as a kernel reads it: a field is an attribute, an integer of any width a number.

    Parameters
    ----------
    array : ndarray
        With named fields; what is written here is written there.
    """

    __slots__ = ("_array",)

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        object.__setattr__(self, "_array", array)

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the array's dimensions."""
        return tuple(self._array.shape)

    def __len__(self) -> int:
        return len(self._array)

    def __getitem__(self, place: Any) -> Any:
        found = self._array[place]
        return Rows(found) if isinstance(found, np.ndarray) else Row(found)

    def __setitem__(self, place: Any, value: Any) -> None:
        self._array[place] = value._record if isinstance(value, Row) else value

    def __getattr__(self, field: str) -> Any:
        return self._array[field]


class Row:
    """A record as a kernel reads and writes it.

    Parameters
    ----------
    record : numpy.void
        A place in an array of records; what is written here is written there.
    """

    __slots__ = ("_record",)

    def __init__(self, record: np.void) -> None:
        object.__setattr__(self, "_record", record)

    def __getattr__(self, field: str) -> Any:
        value = self._record[field]
        return value.item() if isinstance(value, np.generic) else value

    def __setattr__(self, field: str, value: Any) -> None:
        self._record[field] = value


def run_plainly(plain: Callable[..., Any]) -> Callable[..., Any]:
    """Return a kernel's plain function that takes the same arguments as the compiled one.

    Parameters
    ----------
    plain : callable
        The function as it is written; it stays reachable as ``py_func``.
    """

    @wraps(plain)
    def kernel(*arguments: Any) -> Any:
        with np.errstate(over="ignore"):  # compiled integers wrap around in silence
            return plain(*map(_as_read, arguments))

    kernel.py_func = plain  # type: ignore[attr-defined]
    return kernel


def _as_read(argument: Any) -> Any:
    if isinstance(argument, tuple):
        parts = [_as_read(part) for part in argument]
        return type(argument)(*parts) if hasattr(argument, "_fields") else tuple(parts)
    if isinstance(argument, np.ndarray) and argument.dtype.names:
        return Rows(argument)
    return argument
