"""Margin in money, against values worked out by hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from abm.core.errors import ParameterError
from abm.recording import Recorder, read_run
from abm.recording.margin_metrics import called_by_day_usd, largest_rise, margin_metrics
from abm.recording.metrics import margin_calls, market_metrics

USD = 1_000_000
FOLDERS = Path(__file__).parent / "folders"


def calls(*rows: tuple[int, int, int, int, int, int]) -> pd.DataFrame:
    """Rows of (day, account, deadline, amount, met from cash, from credit), USD, in rounds of their own."""
    names = ("day", "account", "deadline_round", "amount", "met_cash", "met_credit")
    frame = pd.DataFrame(rows, columns=list(names)).assign(round=range(len(rows)))
    amounts = {f"{name}_usd_micro": frame.pop(name) * USD for name in names[3:]}
    frame = frame.assign(**amounts)
    met = frame["met_cash_usd_micro"] + frame["met_credit_usd_micro"]
    return frame.assign(outstanding_usd_micro=frame["amount_usd_micro"] - met)


# Account 1 is called for 100, pays 60, and is called again for the 40 it owes and 30 more.
CALLS = calls((0, 1, 9, 100, 60, 0), (0, 2, 9, 10, 10, 0), (1, 1, 9, 70, 50, 20), (3, 2, 19, 25, 5, 20))
AGENTS = pd.DataFrame({"credit_interest_usd_micro": [3 * USD, 0, USD]})
NOTHING = pd.DataFrame({"event": [], "account": []})


def days(margin: list[float], notional: list[float], lot_share: list[float]) -> pd.DataFrame:
    amounts = {"initial_margin": margin, "notional": notional}
    amounts["variation"] = [7.0 * n for n in range(len(margin))]
    columns = {f"{name}_usd_micro": np.array(usd) * USD for name, usd in amounts.items()}
    return pd.DataFrame({"day": range(len(margin)), "lot_margin_share": lot_share} | columns)


def test_a_call_computed_again_asks_for_what_it_rose_by() -> None:
    assert called_by_day_usd(CALLS).to_dict() == {0: 110.0, 1: 30.0, 3: 25.0}
    assert called_by_day_usd(CALLS).sum() == margin_calls(CALLS, NOTHING).amount_usd


def test_margin_in_money_by_hand() -> None:
    margin, notional = [10.0, 30.0, 20.0, 0.0, 0.0, 0.0, 10.0], [100.0, 200.0, 100.0, 0.0, 0.0, 0.0, 200.0]
    lot = [0.05, 0.06, 0.06, 0.06, 0.06, 0.09, 0.08]
    clearing = days(margin, notional, lot)
    found = margin_metrics({"margin_calls": CALLS, "agents": AGENTS, "clearing_days": clearing})
    assert found == {
        "initial_margin_mean_usd": 10.0,
        "initial_margin_peak_usd": 30.0,
        "initial_margin_share": pytest.approx(70 / 600),
        "initial_margin_peak_share": pytest.approx(0.2),
        "variation_largest_day_usd": 42.0,
        "lot_margin_peak_to_trough": pytest.approx(9 / 5),
        "lot_margin_largest_rise": pytest.approx(9 / 5),
        "margin_called_usd": 165.0,
        "margin_called_largest_day_usd": 110.0,
        "margin_funding_usd": 4.0,
    }
    assert largest_rise(np.array(lot), 1) == pytest.approx(1.5)
    assert math.isnan(largest_rise(np.array(lot), 7))
    with pytest.raises(ParameterError, match="days: 0"):
        largest_rise(np.array(lot), 0)


def test_a_run_in_which_nothing_is_held_called_or_listed_later_has_no_ratios() -> None:
    empty = days([0.0, 0.0], [0.0, 0.0], [math.nan, math.nan])
    found = margin_metrics({"margin_calls": CALLS.iloc[:0], "agents": AGENTS, "clearing_days": empty})
    without = {name for name, value in found.items() if math.isnan(value)}
    ratios = {"initial_margin_share", "initial_margin_peak_share"}
    assert without == ratios | {"lot_margin_peak_to_trough", "lot_margin_largest_rise"}
    assert found["initial_margin_peak_usd"] == found["margin_called_largest_day_usd"] == 0.0


@pytest.mark.parametrize("number", [1, 4])
def test_what_an_older_folder_did_not_keep_is_no_number(number: int) -> None:
    run = read_run(FOLDERS / f"format-{number}")
    found = market_metrics(run.tables, run.contract, run.calendar)
    kept = run.tables["margin_calls"]["met_cash_usd_micro"].sum() > 0
    assert (found["margin_called_usd"] > 0) == kept
    assert math.isnan(found["initial_margin_mean_usd"])
    assert math.isnan(found["lot_margin_largest_rise"])
    assert math.isnan(found["margin_funding_usd"]) == (number == 1)


def test_the_tables_of_margin_models_are_kept_on_request_whatever_the_profile() -> None:
    asked = {"margin_models", "margin_model_lots"}
    for profile in ("summary", "daily", "full"):
        without, kept = Recorder(profile), Recorder(profile, margin_models=True)
        assert set(kept.table_names) - set(without.table_names) == asked
        assert not any(without.keeps(name) for name in asked)
        assert without.keeps("clearing_days")
