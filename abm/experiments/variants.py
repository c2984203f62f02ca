"""The named markets of a comparison: what was asked, told apart and found fit before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

from abm.core.arguments import shown
from abm.core.errors import ParameterError, ScenarioError, SitsimError
from abm.core.settings.wording import shown as shown_value
from abm.experiments.sweep import values_to_try
from abm.scenario import Scenario, explain

Given = Scenario | str | Path | Mapping[str, Any] | tuple[Scenario | str | Path, Mapping[str, Any]]
"""A variant as it may be given: a scenario, its name or path, fields changed in the base, or both."""

_SEED = "run.seed"
_LONGEST_NAME = 60


def named_scenarios(
    variants: Mapping[str, Given] | Sequence[Scenario | str | Path],
    grid: Mapping[str, Sequence[Any]] | None,
    common: Mapping[str, Any],
) -> dict[str, Scenario]:
    """Return the scenario of each variant by name, the base first.

    Parameters
    ----------
    variants : mapping or sequence
        See ``compare``.
    grid : mapping of str to sequence, optional
        Values of each dotted field: every combination is one more variant of the base, but for
        the base's own.
    common : mapping of str to object
        Values for all variants; a variant's own go before them.

    Raises
    ------
    ParameterError
        If there is no variant but the base, two have one name or are the same market, or a name is none.
    ScenarioError
        If a field or a value is not allowed, with the variant's name.
    """
    given = _pairs(variants)
    (base_name, base_given), *others = given
    start, own = _parts(base_name, base_given)
    _require_no_seed("common", common)
    # Files of the base are read once; a mapping changes the base as it was given.
    found = {base_name: _built(base_name, start or Scenario.load("baseline"), {**common, **own})}
    for name, item in others:
        scenario, changes = _parts(name, item)
        fields = {**common, **changes} if scenario is not None else {**common, **own, **changes}
        origin = scenario or start or Scenario.load("baseline")
        _add(found, name, _built(name, origin, fields))
    base = _identity(found[base_name])
    for name, changes in _cells(grid):
        cell = _built(name, found[base_name], changes)
        if _identity(cell) != base:
            _add(found, name, cell)
    if len(found) < 2:
        raise ParameterError(f"variants: there is none but the base {base_name!r}")
    _require_different(found)
    return found


def require_each_feasible(scenarios: Mapping[str, Scenario], seed: int) -> None:
    """Refuse a variant whose market cannot be built.

    Raises
    ------
    ScenarioError
        With the variant's name.
    """
    from abm.market.assembly.foundations import require_feasible  # late: a mistake above is told without it

    for name, scenario in scenarios.items():
        with _called(name):
            require_feasible(scenario, seed)


def changed_fields(base: Scenario, variant: Scenario) -> dict[str, tuple[str, str]]:
    """Return the fields in which a variant differs, each with the base's and its own value as text."""
    ours, theirs = ({row.field: row.value for row in explain(each)} for each in (base, variant))
    fields = [field for field in {**ours, **theirs} if field not in ("name", "description", _SEED)]

    def text(values: Mapping[str, Any], field: str) -> str:
        return shown_value(values[field]) if field in values else "none"

    found = {field: (text(ours, field), text(theirs, field)) for field in fields}
    return {field: values for field, values in found.items() if values[0] != values[1]}


def _pairs(variants: Any) -> list[tuple[str, Any]]:
    if isinstance(variants, Mapping):
        pairs = list(variants.items())
    elif isinstance(variants, list | tuple):
        loaded = [item if isinstance(item, Scenario) else _loaded("variants", item) for item in variants]
        pairs = [(scenario.name, scenario) for scenario in loaded]
    else:
        raise ParameterError(f"variants: {shown(variants)} is not a mapping of names to markets, or a list")
    if not pairs:
        raise ParameterError("variants: there is no base")
    for position, (name, _) in enumerate(pairs):
        _require_name(name)
        if name in [other for other, _ in pairs[:position]]:
            raise ParameterError(f"variants: two are called {name!r}")
    return pairs


def _require_name(name: Any) -> None:
    if not isinstance(name, str) or not name.strip() or not name.isprintable() or len(name) > _LONGEST_NAME:
        raise ParameterError(
            f"variants: {shown(name)} is not a name of 1 to {_LONGEST_NAME} printable characters"
        )


def _parts(name: str, given: Any) -> tuple[Scenario | None, dict[str, Any]]:
    """Return the scenario that a variant starts from, ``None`` for the base's, and what it changes."""
    scenario, changes = given if isinstance(given, tuple) and len(given) == 2 else (given, {})
    if isinstance(scenario, Mapping):
        scenario, changes = None, scenario
    if not isinstance(changes, Mapping):
        raise ParameterError(f"variants: {name}: {shown(changes)} is not a mapping of fields to values")
    _require_no_seed(name, changes)
    if scenario is None or isinstance(scenario, Scenario):
        return scenario, dict(changes)
    return _loaded(name, scenario), dict(changes)


def _loaded(name: str, scenario: Any) -> Scenario:
    if not isinstance(scenario, str | Path):
        raise ParameterError(f"{name}: {shown(scenario)} is not a scenario, its name or path, or fields")
    return Scenario.load(scenario)


def _built(name: str, origin: Scenario, changes: Mapping[str, Any]) -> Scenario:
    with _called(name):
        return origin.replace(changes)


@contextmanager
def _called(name: str) -> Iterator[None]:
    """Let a complaint about a scenario name its variant."""
    try:
        yield
    except SitsimError as error:
        raise ScenarioError(f"variant {name!r}: {error}") from None


def _cells(grid: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield name and changes of each cell of a full factorial, the last field fastest."""
    if grid is None:
        return
    if not isinstance(grid, Mapping):
        raise ParameterError(f"grid: {shown(grid)} is not a mapping of fields to their values")
    _require_no_seed("grid", grid)
    choices = {field: values_to_try("grid", field, values) for field, values in grid.items()}
    short = {field: field.rpartition(".")[2] for field in choices}
    if len(set(short.values())) < len(short):
        short = {field: field for field in choices}
    for values in product(*choices.values()):
        cell = dict(zip(choices, values, strict=True))
        name = ", ".join(f"{short[field]}={shown_value(value)}" for field, value in cell.items())
        yield name, cell


def _require_no_seed(where: str, changes: Mapping[str, Any]) -> None:
    if _SEED in changes:
        raise ParameterError(f"{where}: {_SEED} is not allowed (pass seeds)")


def _add(found: dict[str, Scenario], name: str, scenario: Scenario) -> None:
    if name in found:
        raise ParameterError(f"variants: two are called {name!r}")
    found[name] = scenario


def _identity(scenario: Scenario) -> str:
    """Return a hash of the market alone: neither seed nor what is recorded of it counts."""
    return scenario.replace({_SEED: 0, "recording.profile": "summary"}).sha256()


def _require_different(found: Mapping[str, Scenario]) -> None:
    base = next(iter(found))
    seen: dict[str, str] = {}
    for name, scenario in found.items():
        market = _identity(scenario)
        if market in seen:
            other = seen[market]
            kind = "the base " if other == base else ""
            raise ParameterError(f"variants: {name!r} is the same market as {kind}{other!r}")
        seen[market] = name
