"""Reading ``--set section.field=value``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from abm.core.errors import ScenarioError


def parse_overrides(assignments: Iterable[str], option: str = "--set") -> dict[str, Any]:
    """Return the values by dotted field; a value is written as in TOML, a plain word needs no quotes.

    Parameters
    ----------
    assignments : iterable of str
        Each ``section.field=value``.
    option : str
        What messages call the option they were given with.

    Raises
    ------
    ScenarioError
        If an assignment has no ``=`` or no field.
    """
    from abm.core.settings.wording import MOST_CHARACTERS, printable

    changes: dict[str, Any] = {}
    for assignment in assignments:
        field, equals, text = assignment.partition("=")
        if not equals or not field.strip():
            written = printable(assignment, MOST_CHARACTERS)
            raise ScenarioError(f"{option}: '{written}' is not of the form section.field=value")
        named = printable(field.strip(), MOST_CHARACTERS)
        changes[field.strip()] = parse_value(text.strip(), f"{option} {named}")
    return changes


def parse_value(text: str, where: str) -> Any:
    """Return a value written as in TOML, or a plain word as text.

    Parameters
    ----------
    text : str
        The value.
    where : str
        What messages call its place.
    """
    from abm.core.settings.toml_files import NotToml, parse_toml

    try:
        parsed = parse_toml(f"value = {text}", where)
    except NotToml:
        return text
    return parsed["value"] if len(parsed) == 1 else text
