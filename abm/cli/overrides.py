"""Reading ``--set section.field=value``."""

from __future__ import annotations

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
    from abm.scenario.wording import MOST_CHARACTERS, printable

    changes: dict[str, Any] = {}
    for assignment in assignments:
        field, equals, text = assignment.partition("=")
        if not equals or not field.strip():
            written = printable(assignment, MOST_CHARACTERS)
            raise ScenarioError(f"--set: '{written}' is not of the form section.field=value")
        changes[field.strip()] = _value(printable(field.strip(), MOST_CHARACTERS), text.strip())
    return changes


def _value(field: str, text: str) -> Any:
    from abm.scenario.toml_files import NotToml, parse_toml

    try:
        parsed = parse_toml(f"value = {text}", f"--set {field}")
    except NotToml:
        return text
    return parsed["value"] if len(parsed) == 1 else text
