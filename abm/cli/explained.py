"""The resolved scenario as a commented TOML document."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from itertools import groupby

from abm.core.settings.toml_text import toml_value
from abm.scenario import ExplainedField, Scenario, explain
from abm.scenario.explain import fields_under, section_descriptions
from abm.scenario.frictions import frictions_of

_WIDTH = 79

FRICTIONS_NAME = "frictions"
"""Asked for in place of a table: what parts the market from the laboratory."""


def explained_toml(scenario: Scenario, name: str | None = None) -> str:
    """Return each field under its meaning, unit, source and origin; the text is itself a scenario file.

    Parameters
    ----------
    scenario : Scenario
        Resolved.
    name : str, optional
        A table or a field by its dotted name; all fields by default.

    Raises
    ------
    ScenarioError
        If there is no such table or field.
    """
    rows = explain(scenario)
    if name is not None:
        rows = fields_under(rows, name)
    descriptions = section_descriptions(scenario)
    lines: list[str] = []
    for table, in_table in groupby(rows, key=lambda row: row.field.rpartition(".")[0]):
        if table:
            lines += ["", *_comment(descriptions.get(table, "")), f"[{table}]"]
        # An array of tables ends the plain fields of the table that it stands in.
        for row in sorted(in_table, key=lambda row: _is_array_of_tables(row.value)):
            lines += _field(row)
    return "\n".join(lines).strip("\n")


def explained_frictions(scenario: Scenario) -> str:
    """Return each friction, whether it is on, and its fields with the values that switch it off.

    Parameters
    ----------
    scenario : Scenario
        Resolved.
    """
    found = frictions_of(scenario)
    count = sum(state.is_on for state in found)
    lines = [
        f"{scenario.name}: {count} of {len(found)} frictions are on; --set FIELD=VALUE switches one off."
    ]
    for friction, values, is_on in found:
        width = max(map(len, values))
        about = f"{friction.name}: {'on' if is_on else 'off'}. {friction.about}"
        lines += ["", *textwrap.wrap(about, _WIDTH)]
        for field, value in values.items():
            line = f"  {field:{width}} = {toml_value(value)}"
            off = "" if value == friction.off[field] else f"  off: {toml_value(friction.off[field])}"
            # Two long words do not fit beside a long name: the second goes below the first.
            lines += [line + off] if len(line + off) <= _WIDTH else [line, f"{'':{width + 3}}{off}"]
    return "\n".join(lines)


def _field(row: ExplainedField) -> Iterator[str]:
    """Yield a field: what it means, what it may be and where its value is from, then the value."""
    yield ""
    yield from _comment(row.description)
    said = [
        "" if row.unit in ("-", "1") else row.unit,
        row.allowed,
        f"set by {row.origin}" if row.origin not in ("default", "override") else row.origin,
        "" if row.source in ("-", f"see {row.origin}") else row.source,
    ]
    yield from _comment("; ".join(part for part in said if part), indent="  ")
    if not _is_array_of_tables(row.value):
        yield from _assignment(row.field.rpartition(".")[2], row.value)
        return
    for number, item in enumerate(row.value):
        yield from ([""] if number else [])
        yield f"[[{row.field}]]"
        for key, value in item.items():
            yield from _assignment(key, value)


def _is_array_of_tables(value: object) -> bool:
    """Say whether a value is an array of tables of which one is too wide for a line."""
    return (
        isinstance(value, tuple)
        and len(value) > 0
        and all(isinstance(item, dict) for item in value)
        and any(len(toml_value(item)) > _WIDTH - 5 for item in value)
    )


def _assignment(name: str, value: object) -> Iterator[str]:
    """Yield a TOML assignment; a long array gets a line for each item, and a long string several."""
    if value is None:
        yield f"# {name} is not set"
        return
    text = f"{name} = {toml_value(value)}"
    if len(text) > _WIDTH and isinstance(value, str):
        quoted = toml_value(value)[1:-1]
        words = textwrap.wrap(quoted, _WIDTH - 6, break_long_words=False, break_on_hyphens=False)
        if " ".join(words) == quoted:  # blanks in a row would be lost
            yield f'{name} = """\\'
            yield from (f"    {line} \\" for line in words[:-1])
            yield f'    {words[-1]}"""'
            return
    if len(text) <= _WIDTH or not isinstance(value, tuple):
        yield text
        return
    yield f"{name} = ["
    yield from (f"    {toml_value(item)}," for item in value)
    yield "]"


def _comment(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=f"# {indent}",
        subsequent_indent=f"# {indent}",
        break_long_words=False,
        break_on_hyphens=False,
    )
