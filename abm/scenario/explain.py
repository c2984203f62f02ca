"""Every field of a resolved scenario with its unit, its source and where its value came from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any, Literal, NamedTuple, get_args, get_origin

from pydantic.fields import FieldInfo

from abm.core.errors import ScenarioError
from abm.core.settings.fields import Section, bounds_text, declared_bounds
from abm.core.settings.toml_text import toml_value
from abm.scenario.loading import packaged_scenarios, read_tables
from abm.scenario.model import Scenario

_MOST_NEAR = 4


class ExplainedField(NamedTuple):
    """One resolved field.

    ``origin`` is ``default``, the file that set the value, or ``override``; ``source`` is the public
    source of the default value or ``judgement``, and for another value refers to its origin; ``allowed`` is
    what a value of the field may be, empty where the type alone says it.
    """

    field: str
    value: Any
    unit: str
    source: str
    origin: str
    description: str
    allowed: str = ""


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


def section_descriptions(scenario: Scenario) -> dict[str, str]:
    """Return what each table of a scenario is about, by its dotted name."""
    return dict(_sections_of(scenario, ""))


def fields_under(rows: Iterable[ExplainedField], name: str) -> list[ExplainedField]:
    """Return the fields of a table, or one field, by dotted name.

    Raises
    ------
    ScenarioError
        If there is no such table or field; the nearest names are in the message.
    """
    rows = list(rows)
    wanted = name.strip().strip(".")
    found = [row for row in rows if f"{row.field}.".startswith(f"{wanted}.")]
    if wanted and found:
        return found
    raise ScenarioError(f"{name}: there is no such table or field{_nearest(wanted, rows)}")


def _nearest(wanted: str, rows: list[ExplainedField]) -> str:
    """Return the names nearest to a wrong one: misspelt in full, or right in its last part."""
    names = dict.fromkeys(name for row in rows for name in _prefixes(row.field))
    last = wanted.rpartition(".")[2]
    by_last_part = [name for name in names if last and last == name.rpartition(".")[2]]
    last_parts = dict.fromkeys(name.rpartition(".")[2] for name in names)
    misspelt = [
        name
        for part in get_close_matches(last, last_parts, n=2, cutoff=0.75)
        for name in names
        if name.rpartition(".")[2] == part
    ]
    close = get_close_matches(wanted, names, n=3, cutoff=0.75)
    # Of equally good ones first those in the table that was named.
    table = wanted.rpartition(".")[0]
    same_table = [name for name in misspelt if name.rpartition(".")[0] == table]
    near = list(dict.fromkeys([*by_last_part, *same_table, *close, *misspelt]))[:_MOST_NEAR]
    if near:
        return f" (did you mean {' or '.join(near)}?)"
    return f" (tables: {', '.join(dict.fromkeys(name.partition('.')[0] for name in names if '.' in name))})"


def _prefixes(field: str) -> Iterator[str]:
    """Yield the tables around a field, then the field."""
    parts = field.split(".")
    yield from (".".join(parts[:length]) for length in range(1, len(parts) + 1))


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
                allowed=_allowed(info),
            )
    for name in inner:
        yield from _fields_of(getattr(table, name), f"{prefix}{name}.", scenario)


def _sections_of(table: Section, prefix: str) -> Iterator[tuple[str, str]]:
    for name, info in type(table).model_fields.items():
        inner = getattr(table, name)
        if isinstance(inner, Section):
            yield f"{prefix}{name}", info.description or ""
            yield from _sections_of(inner, f"{prefix}{name}.")


def _allowed(info: FieldInfo) -> str:
    """Return the bounds of a field, or the words it may be."""
    words = get_args(info.annotation) if get_origin(info.annotation) is Literal else ()
    return " or ".join(map(toml_value, words)) if words else bounds_text(declared_bounds(info))


def _plain(value: Any) -> Any:
    """Return a value with the sections in an array as mappings, less what is not set: TOML has no null."""
    if isinstance(value, Section):
        return value.model_dump(exclude_none=True)
    return tuple(_plain(item) for item in value) if isinstance(value, tuple) else value
