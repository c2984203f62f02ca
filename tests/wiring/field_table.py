"""A table of scenario fields: what value is set, and where it must arrive in the market that is built.

A row names a field, a value other than the usual one, and one or more *arrivals*: a probe of the market (a
function) with exactly what it must find there, in the unit of the engine. Rows of one :class:`Group` share a
market, so their values should differ from each other: a row that reads its neighbour's field then fails.

Names of fields: ``clearing.margin.rate`` as in a scenario file; ``agents.holders[].lots`` for a field of each
entry of a list of tables; ``spot.jumps[gaussian].std`` for a field of one kind of a table that has kinds;
``law[uniform].low`` for the laws that a parameter of a class may follow.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from abm.core.settings.fields import Section
from abm.core.settings.laws import Law
from abm.market import TokenFuturesMarket
from abm.scenario import Scenario

Probe = Callable[[TokenFuturesMarket], Any]
Arrival = tuple[Probe, Any]

SEED = 5
BASE: dict[str, Any] = {
    "calendar.rounds_per_day": 20,
    "calendar.days_per_month": 10,
    "calendar.months_per_year": 6,
    "contract.listed_months": 5,
    "contract.contract_size_msit": 500,
    "contract.tick_size_usd": 0.004,
    "spot.initial_price_usd": 2.0,
    "spot.trend_per_year": 0.0,
    "agents.enterprises.count": 8,
    "agents.providers.count": 6,
    "agents.noise.count": 10,
    "agents.fundamentalists.count": 5,
    "agents.chartists.count": 4,
}
"""Under every group: 60 days a year, 500 ticks a price, a tick of a lot worth 2 USD, and few traders."""

_BUILT: dict[str, TokenFuturesMarket] = {}
_ENTRY = re.compile(r"(?P<table>.+)\[(?P<kind>\w*)\]\.(?P<name>[\w.]+)")
_KIND = re.compile(r"\[\w+\]")
_LAWS = typing.get_args(Law)


class Row:
    """A field, a value for it, and where that must arrive."""

    def __init__(self, field: str, value: Any, *arrivals: Arrival) -> None:
        assert arrivals, f"{field}: a row says where its value arrives"
        self.field, self.value, self.arrivals = field, value, arrivals


@dataclass(frozen=True)
class Idle:
    """A field that no engine or trader takes in, and why it stays."""

    field: str
    why: str


@dataclass(eq=False)
class Group:
    """Rows that are set together in one market.

    Attributes
    ----------
    name : str
        For the names of the tests.
    rows : list of Row
        The fields that are set.
    given : dict
        Fields that hold besides, with and without the rows.
    alongside : dict of str to list
        Further entries for lists of tables, after the one that the rows make.
    """

    name: str
    rows: list[Row]
    given: dict[str, Any] = field(default_factory=dict)
    alongside: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def market(self, *, with_rows: bool = True, as_laws: bool = False) -> TokenFuturesMarket:
        """Return the market of the group; with ``as_laws`` every parameter is a law of one value."""
        return _market(BASE | self.given | (self._changes(as_laws) if with_rows else {}))

    def _changes(self, as_laws: bool) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        for row in self.rows:
            value = row.value
            if as_laws and row.field in PARAMETERS and not isinstance(value, dict):
                value = {"law": "choice", "values": [value]}
            entry = _ENTRY.fullmatch(row.field)
            if entry is None:
                changes[row.field] = value
            else:
                *tables, last = entry["name"].split(".")
                inside = changes.setdefault(entry["table"], {})
                for table in tables:
                    inside = inside.setdefault(table, {})
                inside[last] = value
        lists = {row.field.partition("[]")[0] for row in self.rows if "[]" in row.field}
        for table in sorted(lists):
            changes[table] = [changes[table], *self.alongside.get(table, [])]
        return changes


def _market(changes: dict[str, Any]) -> TokenFuturesMarket:
    """Return a market, the same for the same changes: probes leave it as they find it."""
    key = repr(sorted(changes.items()))
    if key not in _BUILT:
        _BUILT[key] = TokenFuturesMarket(Scenario().replace(changes), rng=SEED)
    return _BUILT[key]


def forget_markets() -> None:
    """Let the markets go that the groups have built."""
    _BUILT.clear()


def is_same(found: Any, expected: Any) -> bool:
    """Say whether a probe has found what was expected; one number stands for an array of it.

    Whole numbers, words and flags must be equal, and floats to a billionth of their size.
    """
    if isinstance(expected, str | bool | type(None)) or not np.size(expected):
        return bool(type(found) is type(expected) and found == expected) or (
            isinstance(expected, bool) and isinstance(found, np.bool_) and bool(found) is expected
        )
    here, there = np.asarray(found), np.asarray(expected)
    if here.size == 0 or (there.ndim > 0 and here.shape != there.shape):
        return False
    if there.dtype.kind == "f" and here.dtype.kind in "fi":
        return bool(np.allclose(here, there, rtol=1e-9, atol=1e-12))
    return bool(here.dtype.kind == there.dtype.kind and (here == there).all())


def declared_fields() -> set[str]:
    """Return every field of a scenario, found from its sections; a parameter with its laws is one field."""
    return {name for name, _ in _walk(Scenario, "")}


def declared_words() -> set[tuple[str, str]]:
    """Return every (field, word) of the fields that hold one of some words; kinds of tables are fields."""
    walked = ((name, annotation) for name, annotation in _walk(Scenario, "") if not _KIND.search(name))
    return {(name, word) for name, annotation in walked for word in _words(annotation)}


def usual_value(scenario: Scenario, name: str) -> Any:
    """Return a field's value in a scenario; ``None`` in a list without entries or under another kind."""
    value: Any = scenario
    for part in re.sub(r"\[\w*\]", "", name).split("."):
        if isinstance(value, tuple):
            value = value[0] if value else None
        value = getattr(value, part, None)
    return value


def _walk(section: type[Section], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, info in section.model_fields.items():
        inner = list(dict.fromkeys(_sections(info.annotation)))
        if not inner or set(inner) & set(_LAWS):
            yield f"{prefix}{name}", info.annotation
        elif typing.get_origin(info.annotation) is tuple:
            for entry in inner:
                yield from _walk(entry, f"{prefix}{name}[].")
        elif len(inner) == 1:
            yield from _walk(inner[0], f"{prefix}{name}.")
        else:
            for one in inner:
                yield from _walk(one, f"{prefix}{name}[{_kind(one)}].")


def _sections(annotation: Any) -> Iterator[type[Section]]:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _sections(argument)


def _kind(section: type[Section]) -> str:
    """Return the word by which a table of several kinds is told apart."""
    (word,) = {
        word
        for info in section.model_fields.values()
        if typing.get_origin(info.annotation) is typing.Literal
        for word in typing.get_args(info.annotation)
        if len(typing.get_args(info.annotation)) == 1
    }
    return str(word)


def _words(annotation: Any) -> Iterator[str]:
    if typing.get_origin(annotation) is typing.Literal:
        yield from (word for word in typing.get_args(annotation) if isinstance(word, str))
    else:
        for argument in typing.get_args(annotation):
            yield from _words(argument)


PARAMETERS = {name for name, annotation in _walk(Scenario, "") if set(_sections(annotation)) & set(_LAWS)}
"""Fields that may be a number or a law of numbers."""
