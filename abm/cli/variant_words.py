"""Reading ``--variant``, ``--grid`` and ``--precision``: commas inside brackets and quotes part nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from abm.cli.overrides import parse_overrides, parse_value
from abm.core.arguments import shown
from abm.core.errors import ParameterError

_CLOSING = {"[": "]", "{": "}"}


def parse_variants(words: Iterable[str]) -> list[tuple[str, dict[str, Any]]]:
    """Return name and changed fields of each ``NAME:FIELD=VALUE,...``.

    Raises
    ------
    ParameterError, ScenarioError
        If one has no field, no ``=``, or an open bracket or quote.
    """
    return [_variant(word) for word in words]


def parse_grid(words: Iterable[str]) -> dict[str, list[Any]]:
    """Return the values of each field of ``FIELD=V1,V2``.

    Raises
    ------
    ParameterError
        If one has no field, no value, stands twice, or an open bracket or quote.
    """
    grid: dict[str, list[Any]] = {}
    for word in words:
        field, equals, text = (part.strip() for part in word.partition("="))
        if not equals or not field or not text:
            raise ParameterError(f"--grid: {shown(word)} is not of the form FIELD=V1,V2")
        if field in grid:
            raise ParameterError(f"--grid: {field} is given twice")
        grid[field] = [parse_value(part, f"--grid {field}") for part in _parts(text, "--grid")]
    return grid


def parse_precision(words: Iterable[str]) -> dict[str, float]:
    """Return the half-width asked for of each ``METRIC=WIDTH``.

    Raises
    ------
    ParameterError
        If one is not of that form.
    """
    widths = {}
    for word in words:
        metric, equals, text = (part.strip() for part in word.partition("="))
        try:
            widths[metric] = float(text)
        except ValueError:
            equals = ""
        if not equals or not metric:
            raise ParameterError(f"--precision: {shown(word)} is not of the form METRIC=WIDTH")
    return widths


def _variant(word: str) -> tuple[str, dict[str, Any]]:
    name, colon, rest = word.partition(":")
    is_named = bool(colon) and "=" not in name
    if is_named and not rest.strip():
        raise ParameterError(f"--variant: {shown(word)} has no FIELD=VALUE behind its name")
    parts = _parts(rest if is_named else word, "--variant")
    if not is_named:
        name = ", ".join(_short(part) for part in parts)
    changes = parse_overrides(parts, "--variant")
    if len(changes) < len(parts):
        raise ParameterError(f"--variant: {shown(word)} sets a field twice")
    return name.strip(), changes


def _short(assignment: str) -> str:
    """Return an assignment with the last part of its field only."""
    field, equals, value = assignment.partition("=")
    return f"{field.strip().rpartition('.')[2]}{equals}{value.strip()}"


def _parts(text: str, option: str) -> list[str]:
    """Split at the commas that stand outside brackets and quotes."""
    parts, start, closing, quote = [], 0, [], ""
    for place, character in enumerate(text):
        if quote:
            if character == quote and text[place - 1] != "\\":
                quote = ""
        elif character in "\"'":
            quote = character
        elif character in _CLOSING:
            closing.append(_CLOSING[character])
        elif closing and character == closing[-1]:
            closing.pop()
        elif character == "," and not closing:
            parts.append(text[start:place])
            start = place + 1
    if quote or closing:
        raise ParameterError(f"{option}: {shown(text)} has no closing {quote or closing[-1]}")
    parts = [part.strip() for part in (*parts, text[start:])]
    if not all(parts):
        raise ParameterError(f"{option}: {shown(text)} has nothing between or after its commas")
    return parts
