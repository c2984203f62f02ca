"""Values as a TOML file would give them, whatever NumPy, pandas or the standard library wrap them in."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike, fspath
from typing import Any

from abm.core.errors import ScenarioError

_NUMPY_KINDS = tuple("biufUO")
"""Booleans, integers, floats, text, and mixed columns: dates and the like are no scenario values."""
_DEEPEST = 4


def plain_value(value: Any, *, depth: int = 0) -> Any:
    """Return a value as plain Python: NumPy and pandas scalars and arrays, subclasses, paths.

    A one-dimensional array, a list or a pandas column becomes a tuple, an array without dimensions its
    number, a member of an enumeration that is a number or a text that number or text, and a path its text.
    Anything else is left as it is, for validation to judge: a date, a set, complex numbers.
    """
    kind = type(value)
    if kind in (bool, int, float, str, dict) or value is None:
        return value
    if kind in (tuple, list):
        return tuple(plain_value(item, depth=depth + 1) for item in value) if depth < _DEEPEST else value
    if getattr(getattr(value, "dtype", None), "kind", "") in _NUMPY_KINDS:
        return _of_numpy(value, depth)
    for base in (int, float, str):
        if isinstance(value, base):
            return base.__str__(value) if base is str else base(value)
    if isinstance(value, Mapping):
        return dict(value)
    return fspath(value) if isinstance(value, PathLike) else value


def plain_tables(tables: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested tables with every value in them plain; see ``plain_value``.

    Raises
    ------
    ScenarioError
        If a key is no text.
    """
    for key in tables:
        if not isinstance(key, str):
            raise ScenarioError(f"{key!r}: unknown key (fields are named by text)")
    return {
        plain_value(key): plain_tables(value) if isinstance(value, Mapping) else plain_value(value)
        for key, value in tables.items()
    }


def _of_numpy(value: Any, depth: int) -> Any:
    """Return what a NumPy or pandas scalar or array holds; an extended float as the nearest double."""
    held = value.tolist()
    if isinstance(held, list):
        return plain_value(held, depth=depth)
    return float(held) if getattr(held, "dtype", None) is not None else held
