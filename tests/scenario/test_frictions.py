"""The list of frictions: each is there, can be switched off alone, and all off leaves none."""

from __future__ import annotations

import pytest

from abm.core.errors import ScenarioError
from abm.scenario import Scenario
from abm.scenario.explain import explain
from abm.scenario.frictions import FRICTIONS, frictions_of, with_only, without_frictions

MARKET = Scenario.load("baseline")
NAMES = [friction.name for friction in FRICTIONS]


def changed(one: Scenario, other: Scenario) -> set[str]:
    before = {row.field: row.value for row in explain(one)}
    return {row.field for row in explain(other) if before.get(row.field) != row.value}


def on(scenario: Scenario) -> list[str]:
    return [state.friction.name for state in frictions_of(scenario) if state.is_on]


def test_no_two_frictions_share_a_name_or_a_field():
    fields = [field for friction in FRICTIONS for field in friction.off]
    assert len(set(NAMES)) == len(NAMES)
    assert len(set(fields)) == len(fields)


def test_a_market_without_frictions_has_none():
    assert len(on(MARKET)) > 5
    assert on(without_frictions(MARKET)) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_friction_is_switched_off_alone(name):
    everything = MARKET
    off = without_frictions(everything, [name])
    assert on(off) == [other for other in on(everything) if other != name]
    friction = next(each for each in FRICTIONS if each.name == name)
    assert changed(everything, off) <= set(friction.off)


@pytest.mark.parametrize("name", on(MARKET))
def test_a_friction_is_left_on_alone(name):
    assert on(with_only(MARKET, name)) == [name]


def test_a_scenario_that_lacks_a_friction_is_left_as_it_is():
    bare = without_frictions(MARKET)
    assert without_frictions(bare) is bare


def test_a_friction_that_is_none_is_refused_with_the_names_there_are():
    with pytest.raises(ScenarioError, match=r"frictions: 'taxes' is not one of fees, "):
        without_frictions(MARKET, ["taxes"])
    with pytest.raises(ScenarioError, match=r"frictions: 'taxes' is not one of fees, "):
        with_only(MARKET, "taxes")
