"""Every field of a resolved scenario with its unit, its source and where its value came from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from abm.scenario.fields import Section
from abm.scenario.loading import packaged_scenarios, read_tables
from abm.scenario.model import Scenario


class ExplainedField(NamedTuple):
    """One resolved field.

    ``origin`` is ``default``, the file that set the value, or ``override``; ``source`` is the public
    source of the default value or ``judgement``, and for another value refers to its origin.
    """

    field: str
    value: Any
    unit: str
    source: str
    origin: str
    description: str


class ScenarioListing(NamedTuple):
    """A packaged scenario: the name to load it by and its own one-sentence description."""

    name: str
    description: str


def explain(scenario: Scenario) -> list[ExplainedField]:
    """Return every field of a scenario in the order of the file."""
    defaults = {row.field: row.value for row in _fields_of(Scenario(), "", Scenario())}
    return [
        row._replace(source=f"see {row.origin}")
        if row.source != "-" and defaults.get(row.field, row.value) != row.value
        else row
        for row in _fields_of(scenario, "", scenario)
    ]


def list_scenarios() -> list[ScenarioListing]:
    """Return the packaged scenarios in order of name."""
    return [
        ScenarioListing(path.stem, str(read_tables(path, path.name).get("description", "")))
        for path in packaged_scenarios()
    ]


def _fields_of(table: Section, prefix: str, scenario: Scenario) -> Iterator[ExplainedField]:
    """Yield the plain fields of a table, then those of the tables in it, as a TOML file has to have them."""
    inner = [name for name in type(table).model_fields if isinstance(getattr(table, name), Section)]
    for name, info in type(table).model_fields.items():
        if name not in inner:
            declared = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
            yield ExplainedField(
                field=f"{prefix}{name}",
                value=_plain(getattr(table, name)),
                unit=str(declared.get("unit", "-")),
                source=str(declared.get("source", "-")),
                origin=scenario.origin(f"{prefix}{name}"),
                description=info.description or "",
            )
    for name in inner:
        yield from _fields_of(getattr(table, name), f"{prefix}{name}.", scenario)


def _plain(value: Any) -> Any:
    """Return a value with the sections inside an array as mappings."""
    if isinstance(value, Section):
        return value.model_dump()
    return tuple(_plain(item) for item in value) if isinstance(value, tuple) else value
