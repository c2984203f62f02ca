"""How tight money was for traders, against values worked out by hand."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd

from abm.recording import SCHEMAS, read_run
from abm.recording.class_metrics import SPECULATORS, class_metrics

FOLDERS = Path(__file__).parent / "folders"


def class_days(*rows: tuple[int, str, int, int, int, int]) -> pd.DataFrame:
    names = ["day", "agent_class", "active", "refused", "refused_for_margin", "shrinking_orders"]
    return pd.DataFrame(rows, columns=names)


def test_refusals_and_orders_that_shrink_are_those_of_all_classes_a_day() -> None:
    days = class_days(
        (0, "noise", 10, 4, 3, 0),
        (0, "dmm", 2, 1, 0, 0),
        (1, "noise", 7, 2, 2, 5),
        (1, "dmm", 2, 0, 0, 0),
    )
    numbers = class_metrics({"class_days": days, "credit_events": pd.DataFrame({"account": [3, 8]})})
    assert numbers["refused_per_day"] == 3.5
    assert numbers["refused_for_margin_per_day"] == 2.5
    assert numbers["shrinking_orders_per_day"] == 2.5
    assert numbers["active_noise"] == 8.5
    assert numbers["active_chartist"] == 0.0
    assert numbers["credit_lines_ended"] == 2.0


def test_without_a_day_and_in_older_folders_nothing_is_known() -> None:
    empty = {name: SCHEMAS[name].empty_table().to_pandas() for name in ("class_days", "credit_events")}
    older = read_run(FOLDERS / "format-5").tables
    for tables in (empty, {}, older):
        assert all(math.isnan(value) for value in class_metrics(tables).values())


def test_a_folder_says_who_was_in() -> None:
    numbers = class_metrics(read_run(FOLDERS / "format-6").tables)
    assert (numbers["active_noise"], numbers["active_fundamentalist"]) == (6.0, 3.0)
    known = {name for name in SPECULATORS if numbers[f"active_{name}"] > 0.0}
    assert known == {"noise", "fundamentalist", "chartist"}
