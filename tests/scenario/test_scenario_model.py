"""A scenario is immutable, hashed by content, explained field by field."""

from __future__ import annotations

import pickle
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import get_args

import pytest
from pydantic import ValidationError

from abm.core.errors import ScenarioError
from abm.core.settings.fields import Section
from abm.scenario import Scenario, explain
from abm.scenario.sections.exchange import PopulationName

HERE = Path(__file__).parent


def test_replace_returns_another_scenario_and_leaves_the_first_alone() -> None:
    before = Scenario.load("baseline")
    after = before.replace({"clearing.margin.rate": 0.2, "run.days": 5})
    assert (before.clearing.margin.rate, before.run.days) == (0.12, 252)
    assert (after.clearing.margin.rate, after.run.days) == (0.2, 5)
    assert after.clearing.margin.far_rate == before.clearing.margin.far_rate


def test_a_scenario_cannot_be_changed_in_place() -> None:
    scenario = Scenario()
    with pytest.raises(ValidationError, match="frozen"):
        scenario.run.days = 3


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("clearing.margin.rate", -0.1, "clearing.margin.rate: -0.1 is not in [0.0001, 1]"),
        ("clearing.margin.rate", "0.1", 'clearing.margin.rate: "0.1" is not a number in [0.0001, 1]'),
        ("clearing.margn.rate", 0.1, "clearing.margn: unknown key (did you mean margin?)"),
        ("clearing", 3, "clearing: 3 is not a table"),
        ("run.days.first", 3, "run.days: {first = 3} is not an integer in [1, 25200]"),
        ("run.seed", 2**63, "run.seed: 9223372036854775808 is not in [0, 9223372036854775807]"),
    ],
)
def test_replace_refuses_what_a_file_may_not_say(field: str, value: object, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        Scenario.load("baseline").replace({field: value})
    assert str(caught.value) == message


def test_replacing_the_kind_of_jump_starts_its_table_afresh() -> None:
    changed = Scenario().replace({"spot.jumps.kind": "gaussian", "spot.jumps.std": 0.3})
    assert changed.spot.jumps.model_dump() == {"kind": "gaussian", "mean": 0.25, "std": 0.3}


def test_the_hash_is_the_same_in_another_process() -> None:
    code = "from abm.scenario import Scenario; print(Scenario.load('demand_explosion').sha256())"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == Scenario.load("demand_explosion").sha256()


def test_the_hash_follows_the_content_and_not_the_labels() -> None:
    scenario = Scenario()
    assert scenario.replace({"name": "another", "description": "words"}).sha256() == scenario.sha256()
    assert scenario.replace({"run.seed": 2}).sha256() != scenario.sha256()
    assert scenario.replace({"run.days": 252}).sha256() == scenario.sha256()


def test_the_hash_follows_the_bytes_of_the_price_file_and_not_its_place(tmp_path: Path) -> None:
    def scenario_beside(folder: str, prices: str) -> Scenario:
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "prices.csv").write_text(prices)
        path = tmp_path / folder / "own.toml"
        path.write_text('index.provider_prices = "prices.csv"')
        return Scenario.load(path)

    first, moved, edited = (scenario_beside(*pair) for pair in [("a", "1"), ("b", "1"), ("c", "2")])
    assert first.sha256() == moved.sha256() != edited.sha256()


def test_a_scenario_travels_to_another_process_with_its_origins() -> None:
    scenario = Scenario.load(HERE / "valid" / "own_prices.toml").replace({"run.days": 3})
    copy = pickle.loads(pickle.dumps(scenario))
    assert copy.sha256() == scenario.sha256()
    assert explain(copy) == explain(scenario)


def test_explain_names_unit_source_and_origin_of_every_field() -> None:
    rows = {row.field: row for row in explain(Scenario.load("demand_explosion").replace({"run.days": 5}))}
    assert rows["run.days"][1:5] == (5, "trading days", "see override", "override")
    assert rows["spot.kappa"][1:5] == (6.0, "1/year", "see demand_explosion.toml", "demand_explosion.toml")
    assert rows["clearing.members"][1:5] == (6, "members", "judgement", "baseline.toml")
    assert rows["exchange.engine"][1:5] == ("compiled", "-", "judgement", "default")
    unlabelled = [row.field for row in rows.values() if not (row.unit and row.source and row.description)]
    assert unlabelled == []
    unsourced = [row.field for row in rows.values() if row.source == "-"]
    assert unsourced == ["name", "description"]


def test_explain_shows_a_list_of_tables_on_one_line_that_can_be_read_back() -> None:
    tiers = ({"from_lots": 10_000, "maker_fee_usd": 0.1, "taker_fee_usd": 0.4},)
    scenario = Scenario().replace({"exchange.fee_tiers": list(tiers), "exchange.spreads.lengths": [1, 2]})
    rows = {row.field: row for row in explain(scenario)}
    assert rows["exchange.fee_tiers"][1:5] == (tiers, "lots, USD/lot", "see override", "override")
    assert rows["exchange.spreads.lengths"][1:5] == ((1, 2), "months", "see override", "override")
    again = Scenario().replace({name: row.value for name, row in rows.items() if row.source != "-"})
    assert again.sha256() == scenario.sha256() != Scenario().sha256()


def test_every_population_of_the_scenario_can_be_exempt_from_position_limits() -> None:
    parts = [(name, part) for name, part in Scenario().agents if isinstance(part, Section)]
    counted = [name for name, part in parts if "count" in dict(part)]
    populations = [*counted, "holders", "order_flow"]
    exempting = {"exchange.position_limits.exempt": populations}
    assert list(Scenario().replace(exempting).exchange.position_limits.exempt) == populations
    assert set(get_args(PopulationName)) == set(populations)


def test_the_schema_describes_the_tables_of_a_list() -> None:
    schema = Scenario.json_schema()
    exchange = schema["$defs"]["ExchangeSection"]["properties"]
    assert exchange["fee_tiers"]["items"] == {"$ref": "#/$defs/FeeTier"}
    tier = schema["$defs"]["FeeTier"]
    assert tier["required"] == ["from_lots", "maker_fee_usd", "taker_fee_usd"]
    assert tier["properties"]["maker_fee_usd"]["unit"] == "USD/lot"
    assert exchange["spreads"]["$ref"] == "#/$defs/SpreadsSection"
    assert schema["$defs"]["SpreadsSection"]["properties"]["lengths"]["items"]["minimum"] == 1


def test_the_schema_knows_every_key_of_the_packaged_files() -> None:
    schema = Scenario.json_schema()

    def check(table: dict[str, object], node: dict[str, object], path: str) -> None:
        variants = [node, *node.get("oneOf", [])]
        known: dict[str, object] = {}
        for variant in variants:
            reference = str(variant.get("$ref", "")).rpartition("/")[2]
            known |= schema["$defs"][reference]["properties"] if reference else variant.get("properties", {})
        for key, value in table.items():
            assert key in known, f"{path}{key}"
            if isinstance(value, dict):
                check(value, known[key], f"{path}{key}.")

    for name in ("baseline", "demand_explosion"):
        text = (HERE.parents[1] / "scenarios" / f"{name}.toml").read_text()
        check(tomllib.loads(text), schema, "")


def test_reading_a_scenario_does_not_import_numpy() -> None:
    load = "from abm.scenario import Scenario; Scenario.load('baseline')"
    code = f"import sys; {load}; print('numpy' in sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "False"
