"""Reading ``--set section.field=value``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from typing import Any

from abm.core.errors import ScenarioError


def parse_overrides(assignments: Iterable[str]) -> dict[str, Any]:
    """Return the values by dotted field; a value is written as in TOML, a plain word needs no quotes.

    Raises
    ------
    ScenarioError
        If an assignment has no ``=`` or no field.
    """
    changes: dict[str, Any] = {}
    for assignment in assignments:
        field, equals, text = assignment.partition("=")
        if not equals or not field.strip():
            raise ScenarioError(f"--set: {assignment!r} is not of the form section.field=value")
        changes[field.strip()] = _value(text.strip())
    return changes


def _value(text: str) -> Any:
    try:
        parsed = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return parsed["value"] if len(parsed) == 1 else text
