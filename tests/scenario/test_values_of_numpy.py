"""Scenario values that come from NumPy, pandas or the standard library stand for the plain ones."""

from __future__ import annotations

from decimal import Decimal
from enum import IntEnum, StrEnum
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest

from abm.core.errors import ScenarioError
from abm.scenario import Scenario
from abm.scenario.loading import packaged_folder
from abm.scenario.sections.contract import CalendarSection

BASELINE = Scenario()


class Rounds(IntEnum):
    COARSE = 24


class Model(StrEnum):
    SCAN = "scan"


class Text(str):
    pass


PRICES = packaged_folder() / "data" / "provider_prices.csv"
SAME = {
    "an integer": ("calendar.rounds_per_day", np.int64(24), 24),
    "a small unsigned integer": ("calendar.rounds_per_day", np.uint8(24), 24),
    "an integer without dimensions": ("calendar.rounds_per_day", np.array(24), 24),
    "a member of an enumeration": ("calendar.rounds_per_day", Rounds.COARSE, 24),
    "a row of a pandas column": ("calendar.rounds_per_day", pd.Series([24, 48])[0], 24),
    "a float": ("clearing.margin.rate", np.float64(0.25), 0.25),
    "a short float": ("clearing.margin.rate", np.float32(0.25), 0.25),
    "a long float": ("clearing.margin.rate", np.longdouble(0.25), 0.25),
    "an integer for a float": ("clearing.margin.rate", np.int32(1), 1.0),
    "a decimal": ("clearing.margin.rate", Decimal("0.25"), 0.25),
    "a fraction": ("clearing.margin.rate", Fraction(1, 4), 0.25),
    "a boolean": ("exchange.halts.reopening_auction", np.bool_(True), True),
    "a text": ("clearing.margin.model", np.str_("scan"), "scan"),
    "a kind of text": ("clearing.margin.model", Text("scan"), "scan"),
    "a text of an enumeration": ("clearing.margin.model", Model.SCAN, "scan"),
    "an array": ("exchange.halts.expanded_limits", np.array([0.15, 0.2]), [0.15, 0.2]),
    "a list of floats": ("exchange.halts.expanded_limits", [np.float64(0.15), np.float64(0.2)], (0.15, 0.2)),
    "a pandas column": ("exchange.spreads.lengths", pd.Series([1, 2]), (1, 2)),
    "a whole table": ("run", MappingProxyType({"days": np.int64(9), "seed": np.int16(3)}),
                      {"days": 9, "seed": 3}),
    "a law": ("agents.noise.actions_per_day", {"law": "choice", "values": np.array([8.0, 32.0])},
              {"law": "choice", "values": [8.0, 32.0]}),
    "a path": ("index.provider_prices", PRICES, str(PRICES)),
}  # fmt: skip


@pytest.mark.parametrize("case", SAME)
def test_a_value_gives_the_same_scenario_as_the_plain_one(case):
    field, value, plain = SAME[case]
    given, expected = BASELINE.replace({field: value}), BASELINE.replace({field: plain})
    assert given == expected
    assert given.sha256() == expected.sha256()
    assert given.to_toml() == expected.to_toml()


def test_a_section_built_by_hand_holds_plain_values():
    calendar = CalendarSection(rounds_per_day=np.int64(24))
    assert type(calendar.rounds_per_day) is int
    built = Scenario(calendar=calendar, clearing={"margin": {"rate": np.float64(0.25)}})
    assert type(built.clearing.margin.rate) is float
    plain = BASELINE.replace({"calendar.rounds_per_day": 24, "clearing.margin.rate": 0.25})
    assert built.to_toml() == plain.to_toml()


REFUSED = {
    "not a number": ("clearing.margin.rate", np.float64("nan"), "nan is not a finite number in"),
    "infinite": ("clearing.margin.rate", np.float32("inf"), "inf is not a finite number in"),
    "too large": ("clearing.margin.rate", np.float64(3.0), "3.0 is not in"),
    "an array for a number": ("clearing.margin.rate", np.array([0.1]), r"\[0.1\] is not a number in"),
    "a float for an integer": ("calendar.rounds_per_day", np.float64(24.0), "24.0 is not an integer in"),
    "a boolean for an integer": ("calendar.rounds_per_day", np.bool_(True), "true is not an integer in"),
    "a number for a boolean": ("exchange.halts.reopening_auction", np.int64(1), "1 is not true or false"),
    "a missing value": ("clearing.margin.rate", pd.NA, "<NA> is not a number in"),
    "a date": ("clearing.margin.rate", np.datetime64("2027-01-04"), "2027-01-04.* is not a number in"),
    "a set": ("exchange.spreads.lengths", {1}, r"\{1\} is not an array"),
    "bytes": ("clearing.margin.model", np.bytes_(b"scan"), "scan.* is not"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_value_is_refused_by_name(case):
    field, value, words = REFUSED[case]
    with pytest.raises(ScenarioError, match=rf"^{field}: .*{words}") as refusal:
        BASELINE.replace({field: value})
    assert "\n" not in str(refusal.value)


def test_a_refused_table_is_shown_in_one_short_line():
    with pytest.raises(ScenarioError, match="is not a number") as refusal:
        BASELINE.replace({"clearing.margin.rate": pd.DataFrame(np.zeros((40, 40)))})
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 200


@pytest.mark.parametrize("changes", [[("run.days", 3)], {1: 3}, {"run": {3: 4}}, "run.days=3", None])
def test_changes_that_are_no_fields_with_values_are_refused(changes):
    with pytest.raises(ScenarioError, match=r"is not a mapping|fields are named by text"):
        BASELINE.replace(changes)


def test_a_relative_path_is_found_from_where_the_script_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.csv").write_bytes(PRICES.read_bytes())
    assert BASELINE.replace({"index.provider_prices": Path("mine.csv")}).provider_prices_path() == (
        tmp_path / "mine.csv"
    )
