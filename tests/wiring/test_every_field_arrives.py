"""Every field of a scenario reaches the engine or the trader that uses it, in its unit.

A new field needs a row, in the file ``rows_*.py`` of its section. Take the group whose market can have it,
or make one with what it needs as ``given``; choose a value that no other row of the group has, and say where
it must arrive and as what:

    Row("clearing.call_deadline_days", 0.45, (lambda m: m.clearing.rules.call_deadline_rounds, 9)),

``m`` is the built ``TokenFuturesMarket``; look where the field is used, not where it is read. Compute what is
expected by hand, from the scenario's units to the engine's (``field_table.BASE`` has 20 rounds a day, 10 days
a month, 60 a year, and a tick of a lot worth 2 USD). A field that chooses a word needs a row, and a group,
for each word but the usual one. A field that nothing takes in is an ``Idle`` with the reason why it stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import rows_capital
import rows_clearing
import rows_companies
import rows_hedgers
import rows_makers
import rows_spot
import rows_traders
import rows_venue
from field_table import (
    PARAMETERS,
    Group,
    Probe,
    declared_fields,
    declared_words,
    forget_markets,
    is_same,
    usual_value,
)

from abm.market import TokenFuturesMarket
from abm.scenario import Scenario

SECTIONS = (
    rows_spot,
    rows_venue,
    rows_clearing,
    rows_capital,
    rows_hedgers,
    rows_companies,
    rows_makers,
    rows_traders,
)
GROUPS: list[Group] = [group for section in SECTIONS for group in section.GROUPS]
IDLE = {idle.field: idle.why for section in SECTIONS for idle in getattr(section, "IDLE", ())}


@pytest.fixture(scope="module", autouse=True)
def _no_market_stays() -> Iterator[None]:
    yield
    forget_markets()


each_group = pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)


def test_every_field_has_a_row_and_every_row_a_field():
    rows = {row.field for group in GROUPS for row in group.rows}
    assert sorted(declared_fields() - rows - IDLE.keys()) == []
    assert sorted((rows | IDLE.keys()) - declared_fields()) == []
    assert sorted(rows & IDLE.keys()) == []


def test_every_word_that_a_field_may_hold_has_a_row():
    set_words = {
        (row.field, word)
        for group in GROUPS
        for row in group.rows
        for word in (row.value if isinstance(row.value, tuple) else (row.value,))
        if isinstance(word, str)
    }
    plain = Scenario()
    usual = {
        (name, word) for name, word in declared_words() if word in np.atleast_1d(usual_value(plain, name))
    }
    assert sorted(declared_words() - usual - set_words) == []


@each_group
def test_a_changed_value_arrives(group: Group):
    market = group.market()
    assert [
        f"{row.field}, arrival {number}: {found!r} is not {expected!r}"
        for row in group.rows
        for number, (probe, expected) in enumerate(row.arrivals)
        if not is_same(found := probe(market), expected)
    ] == []


@each_group
def test_without_the_rows_something_else_is_there(group: Group):
    """A probe that finds the expected value anyway would show nothing."""
    market = group.market(with_rows=False)
    assert [
        f"{row.field}, arrival {number}: {expected!r} is there anyway"
        for row in group.rows
        for number, (probe, expected) in enumerate(row.arrivals)
        if usual_value(market.market_scenario, row.field) == row.value
        or is_same(_seen(probe, market), expected)
    ] == []


def _seen(probe: Probe, market: TokenFuturesMarket) -> Any:
    """Return what a probe finds; nothing where the market has no such part."""
    try:
        return probe(market)
    except (AttributeError, IndexError, KeyError, StopIteration, ValueError):
        return None


@each_group
def test_rows_of_a_market_have_values_of_their_own(group: Group):
    numbers = [
        row.value
        for row in group.rows
        if isinstance(row.value, int | float) and not isinstance(row.value, bool)
    ]
    assert sorted(number for number in numbers if numbers.count(number) > 1) == []


@pytest.mark.parametrize(
    "group",
    [group for group in GROUPS if any(row.field in PARAMETERS for row in group.rows)],
    ids=lambda group: group.name,
)
def test_a_law_of_one_value_arrives_where_the_number_does(group: Group):
    market = group.market(as_laws=True)
    assert [
        f"{row.field} as a law: {found!r} is not {expected!r}"
        for row in group.rows
        if row.field in PARAMETERS
        for probe, expected in row.arrivals
        if not is_same(found := probe(market), expected)
    ] == []
