"""A scenario file is read as written, and what is wrong in one is said in one line."""

from __future__ import annotations

import re
import tomllib
from functools import reduce
from pathlib import Path

import pytest

import scenarios
from abm.core.errors import ScenarioError
from abm.scenario import Scenario, explain, list_scenarios

HERE = Path(__file__).parent
PACKAGED = {path.stem: path for path in sorted(Path(scenarios.__file__).parent.glob("*.toml"))}
STUDIES = sorted(name for name in PACKAGED if name.startswith("rule_"))
VALID = sorted((HERE / "valid").glob("*.toml"))
INVALID = sorted((HERE / "invalid").glob("*.toml"))


def remarks(path: Path, word: str) -> list[str]:
    return re.findall(rf"^# {word}: (.*)$", path.read_text(), flags=re.MULTILINE)


def part_of(table: object, name: str) -> object:
    return table[int(name)] if isinstance(table, tuple) else getattr(table, name)


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_valid_file_resolves_to_what_it_says(path: Path) -> None:
    scenario = Scenario.load(path)
    expected = remarks(path, "expect")
    assert expected
    for line in expected:
        field, value = line.split(" = ")
        found = reduce(part_of, field.split("."), scenario)
        said = tomllib.loads(f"value = {value}")["value"]
        assert (field, found) == (field, tuple(said) if isinstance(said, list) else said)


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_the_resolved_text_of_a_scenario_loads_to_the_same_content(path: Path, tmp_path: Path) -> None:
    scenario = Scenario.load(path)
    copy = tmp_path / "elsewhere.toml"
    copy.write_text(scenario.to_toml())
    assert Scenario.load(copy).sha256() == scenario.sha256()
    assert Scenario.load(copy).name == scenario.name


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_a_mistake_is_one_line_with_file_field_value_and_what_is_allowed(path: Path) -> None:
    (expected,) = remarks(path, "error")
    with pytest.raises(ScenarioError) as caught:
        Scenario.load(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.replace(f"{path.parent}/", "") == expected.replace("PACKAGED", ", ".join(PACKAGED))


def test_text_that_is_not_utf8_is_a_named_mistake(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes("description = 'déjà vu'".encode("latin-1"))
    with pytest.raises(ScenarioError, match=r"latin\.toml: not UTF-8 text \(byte 16\)"):
        Scenario.load(path)


def test_the_packaged_plain_market_states_the_defaults() -> None:
    assert Scenario.load("plain").sha256() == Scenario().sha256()


def test_every_packaged_scenario_loads_and_describes_itself() -> None:
    listed = list_scenarios()
    assert [row.name for row in listed] == list(PACKAGED)
    shocks = {"demand_explosion", "supply_shortage", "technology_breakthrough"}
    assert {"plain", "baseline"} | shocks < PACKAGED.keys()
    assert len(STUDIES) >= 5
    for row in listed:
        assert Scenario.load(row.name).description == row.description != ""


def changes(before: str, after: str) -> dict[str, object]:
    pairs = zip(explain(Scenario.load(before)), explain(Scenario.load(after)), strict=True)
    return {
        new.field: new.value
        for old, new in pairs
        if old.value != new.value and new.field not in ("name", "description")
    }


def test_the_baseline_is_the_plain_market_but_for_what_makes_it_bind() -> None:
    changed = changes("plain", "baseline")
    of_the_venue = {"contract.tick_size_usd", "run.warm_up_months"}
    of_the_price = {"spot.sigma", "spot.knowledge", "spot.long_run.volatility"}
    of_the_agents = {field for field in changed if field.startswith("agents.")}
    assert changed.keys() == of_the_venue | of_the_price | of_the_agents
    assert changed["run.warm_up_months"] == 3
    assert changed["contract.tick_size_usd"] == 0.0002
    assert changed["agents.capital.rule"] == "follows_notional"
    # Of the traders, money, what may be done with it and the pace change; how many they are does not.
    how_many = (".count", ".hedging_share", ".max_position_lots")
    assert not any(field.endswith(how_many) for field in of_the_agents)


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_of_a_rule_changes_the_venue_and_nothing_else(name: str) -> None:
    text = PACKAGED[name].read_text(encoding="utf-8")
    base = tomllib.loads(text)["extends"]
    changed = changes(base, name)
    assert changed
    assert all(field.startswith(("exchange.", "contract.tick_size")) for field in changed), changed
    assert f"Compare with {base}" in text


KNOWN_SHIFT = {"run.warm_up_months": 1, "spot.knowledge": "exact", "spot.long_run.volatility": 0.0}
"""Hedges stand when the level shifts, and the shift is all the news of the long run."""


@pytest.mark.parametrize(
    ("name", "differs"),
    [
        (
            "demand_explosion",
            {
                "spot.kappa": 6.0,
                "spot.sigma": 0.6,
                "spot.jump_intensity": 6.0,
                "spot.jumps.p_up": 0.8,
                "spot.jumps.eta_up": 5.0,
                "spot.jumps.eta_down": 8.0,
                "spot.level_shift.log_size": 0.41,
                "spot.level_shift.start_day": 21,
                "spot.level_shift.duration_days": 63,
                "agents.providers.credit_share": 0.12,
            },
        ),
        (
            "supply_shortage",
            {
                "spot.kappa": 3.0,
                "spot.sigma": 0.45,
                "spot.jump_intensity": 3.0,
                "spot.jumps.p_up": 0.75,
                "spot.jumps.eta_up": 5.5556,
                "spot.level_shift.log_size": 0.35,
                "spot.level_shift.start_day": 21,
                "spot.level_shift.duration_days": 5,
            },
        ),
        (
            "technology_breakthrough",
            {
                "spot.sigma": 0.35,
                "spot.jumps.p_up": 0.2,
                "spot.jumps.eta_up": 8.0,
                "spot.jumps.eta_down": 4.0,
                "spot.level_shift.log_size": -0.3466,
                "spot.level_shift.start_day": 21,
                "agents.enterprises.credit_share": 0.08,
            },
        ),
    ],
)
def test_a_shock_differs_from_the_baseline_in_spot_price_warm_up_and_credit_of_who_loses(
    name: str, differs: dict[str, float]
) -> None:
    assert changes("baseline", name) == KNOWN_SHIFT | differs
