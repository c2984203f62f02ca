"""One-line messages for what is wrong in a scenario: file, field, value, what is allowed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from abm.core.settings.fields import Disagreement, bounds_text, declared_bounds
from abm.core.settings.wording import MOST_CHARACTERS, dotted_name, printable, shown
from abm.scenario.loading import TABLE_TAGS, Layers

_TYPES = {
    "float_type": "a number",
    "finite_number": "a finite number",
    "int_type": "an integer",
    "int_from_float": "an integer",
    "string_type": "a string",
    "bool_type": "true or false",
    "tuple_type": "an array",
    "model_type": "a table",
    "dict_type": "a table",
    "model_attributes_type": "a table",
}
_BOUNDS = {
    "greater_than": "gt",
    "greater_than_equal": "ge",
    "less_than": "lt",
    "less_than_equal": "le",
}

_MOST_TEXT = 8 * MOST_CHARACTERS
"""Longest account of a problem: it may list all keys of a table."""

Path = tuple[str | int, ...]


def problem_line(
    error: ValidationError,
    model: type[BaseModel],
    layers: Layers,
    *,
    name_files: bool,
) -> str:
    """Return the first problem of a validation as one line, and how many more there are.

    Parameters
    ----------
    error : pydantic.ValidationError
        What validation found.
    model : type
        The model the tables were validated against.
    layers : Layers
        What was validated, and what set each field; of two that disagree, the one that was set last is named.
    name_files : bool
        Whether the message begins with the file.
    """
    tables, origins = layers.tables, layers.origins
    by_field: dict[Path, list[ErrorDetails]] = {}
    for details in error.errors(include_url=False):
        by_field.setdefault(_field_path(details, tables), []).append(details)
    # An unknown key first: a misspelt key is often the cause of the others.
    ordered = sorted(by_field.items(), key=lambda item: item[1][0]["type"] != "extra_forbidden")
    path, problems = ordered[0]
    path, text = _describe(path, problems, model, layers)
    dotted, text = dotted_name(path), printable(text, _MOST_TEXT)
    origin = _origin(".".join(map(str, path)), origins) or _origin_of_mentioned(text, origins)
    if not name_files:
        origin = None
    more = f" (and {len(ordered) - 1} more)" if len(ordered) > 1 else ""
    return f"{origin + ': ' if origin else ''}{dotted}: {text}{more}"


def _origin(dotted: str, origins: Mapping[str, str]) -> str | None:
    """Return the file that set a field, or a field inside or around it."""
    for field, origin in origins.items():
        if f"{field}.".startswith(f"{dotted}.") or dotted.startswith(f"{field}."):
            return origin
    return None


def _origin_of_mentioned(text: str, origins: Mapping[str, str]) -> str | None:
    """Return the file that set a field which the message sets another one against."""
    mentioned = (_origin(word, origins) for word in text.split() if "." in word)
    return next((origin for origin in mentioned if origin is not None), None)


def _unknown_key(key: str, known: Iterable[str]) -> str:
    """Say that a key is unknown and which known one is nearest, or which there are."""
    known = list(known)
    near = get_close_matches(key, known, n=1) if len(key) <= MOST_CHARACTERS else []
    return f"unknown key (did you mean {near[0]}?)" if near else f"unknown key (allowed: {', '.join(known)})"


def _field_path(details: ErrorDetails, tables: Mapping[str, Any]) -> Path:
    """Return the location without the labels of union branches, which are not in the file."""
    path: list[str | int] = []
    here: Any = tables
    for part in details["loc"]:
        if isinstance(here, Mapping) and part in here:
            here = here[part]
        elif isinstance(here, (list, tuple)) and isinstance(part, int):
            here = here[part] if part < len(here) else None
        elif not (details["type"] == "missing" and part == details["loc"][-1]):
            continue
        path.append(part)
    return tuple(path)


def _describe(
    path: Path,
    problems: list[ErrorDetails],
    model: type[BaseModel],
    layers: Layers,
) -> tuple[Path, str]:
    """Return which field is wrong and how."""
    first, tables = problems[0], layers.tables
    value = shown(first["input"])
    context = first.get("ctx", {})
    match first["type"]:
        case "extra_forbidden":
            return path, _unknown_key(str(path[-1]), _known_keys(model, path[:-1], tables))
        case "missing":
            return path, "missing"
        case "union_tag_invalid":
            tag = context["discriminator"].strip("'")
            return (*path, tag), f"{shown(context['tag'])} is not one of {_quoted(context['expected_tags'])}"
        case "union_tag_not_found":
            return (*path, context["discriminator"].strip("'")), "missing"
        case "value_error":
            field, _, text = str(context["error"]).partition(": ")
            wrong = context["error"]
            if isinstance(wrong, Disagreement):
                first_rank, other_rank = (
                    layers.rank(".".join(map(str, (*path, name)))) for name in (wrong.field, wrong.other)
                )
                if other_rank > first_rank:
                    field, text = wrong.other, wrong.other_text
            return (*path, *field.split(".")), text
    info = _field_info(model, path, tables)
    expected = dict.fromkeys(_expectation(problem, info) for problem in problems)
    return path, f"{value} is not {' or '.join(expected)}"


def _expectation(details: ErrorDetails, info: FieldInfo | None) -> str:
    kind, context = details["type"], details.get("ctx", {})
    if kind == "literal_error":
        return _quoted(context["expected"])
    if kind in _BOUNDS:
        name = _BOUNDS[kind]
        return _interval(info) or bounds_text({name: context[name]})
    if kind == "law":
        return f"a number, or a table whose law is {context['laws']}"
    if kind in _TYPES:
        interval = _interval(info)
        return f"{_TYPES[kind]} {interval}" if interval else _TYPES[kind]
    return f"allowed: {details['msg'][:1].lower()}{details['msg'][1:]}"


def _interval(info: FieldInfo | None) -> str:
    """Return a field's bounds as an interval, or as one comparison if it has a single bound."""
    return bounds_text(declared_bounds(info))


def _quoted(expected: str) -> str:
    """Return pydantic's list ``'a', 'b' or 'c'`` as TOML strings."""
    names = [name.strip().strip("'") for name in expected.replace(" or ", ", ").split(",")]
    return " or ".join(f'"{name}"' for name in names)


def _known_keys(model: type[BaseModel], path: Path, tables: Mapping[str, Any]) -> list[str]:
    return [key for candidate in _models_at(model, path, tables) for key in candidate.model_fields]


def _field_info(model: type[BaseModel], path: Path, tables: Mapping[str, Any]) -> FieldInfo | None:
    for candidate in _models_at(model, path[:-1], tables):
        if path[-1] in candidate.model_fields:
            return candidate.model_fields[str(path[-1])]
    return None


def _models_at(model: type[BaseModel], path: Path, tables: Mapping[str, Any]) -> list[type[BaseModel]]:
    """Return the models that may describe the table at a path; of several kinds, those that it names."""
    candidates, here = [model], tables
    for part in path:
        here = here[part]  # type: ignore[index]
        if isinstance(part, str):
            infos = [c.model_fields[part] for c in candidates if part in c.model_fields]
            candidates = [sub for info in infos for sub in _models_in(info.annotation)]
        candidates = [c for c in candidates if _fits_tag(c, here)] or candidates
    return candidates


def _fits_tag(model: type[BaseModel], table: Any) -> bool:
    return isinstance(table, Mapping) and all(
        table[tag] == model.model_fields[tag].default
        for tag in TABLE_TAGS
        if tag in table and tag in model.model_fields
    )


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models_in(argument)]
