"""Metrics of who stood behind a run: owners that refill, and a house that fronts."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from abm.recording import read_run
from abm.recording.capital_metrics import capital_metrics, owners_by_class

FOLDERS = Path(__file__).parent / "folders"
USD = 1_000_000


def agents(**columns: list[int]) -> pd.DataFrame:
    names = ("initial_equity", "pnl", "paid_out", "brought_in", "outside_gain")
    money = {f"{name}_usd_micro": [usd * USD for usd in columns.get(name, [0, 0, 0])] for name in names}
    return pd.DataFrame({"agent_class": ["noise", "noise", "dmm"]} | money)


def tables(of_agents: pd.DataFrame, *needs_usd: int | None) -> dict[str, pd.DataFrame]:
    need = pd.array([None if usd is None else usd * USD for usd in needs_usd], dtype="Int64")
    return {
        "agents": of_agents,
        "defaults": pd.DataFrame({"loss_usd_micro": [0, 7 * USD, 5 * USD]}),
        "clearing_days": pd.DataFrame({"liquidity_need_usd_micro": need}),
    }


def test_no_gain_of_one_trader_makes_good_the_loss_of_another():
    found = owners_by_class(agents(pnl=[-100, 80, 20], brought_in=[30, 9, 10], paid_out=[0, 60, 0]))
    noise = found.loc["noise", ["accounts", "lost", "brought_in", "refilled", "paid_out"]]
    assert noise.tolist() == [2, 100, 39, 30, 60]
    assert found.loc["noise", "refill_share"] == pytest.approx(0.3)
    assert math.isnan(found.loc["dmm", "refill_share"])


def test_the_metrics_say_worst_day_loss_beyond_collateral_and_what_owners_refilled():
    found = capital_metrics(tables(agents(pnl=[-100, 80, -100], brought_in=[170, 0, 10]), 0, 12, 5))
    assert found == {
        "worst_liquidity_need_usd": 12.0,
        "loss_beyond_collateral_usd": 12.0,
        "owners_refill_share": pytest.approx(0.55),
    }


def test_what_an_older_folder_did_not_keep_is_nan_and_its_owners_did_nothing():
    found = capital_metrics(read_run(FOLDERS / "format-5").tables)
    assert math.isnan(found["worst_liquidity_need_usd"])
    assert found["owners_refill_share"] == 0.0
    assert math.isnan(capital_metrics(read_run(FOLDERS / "format-1").tables)["worst_liquidity_need_usd"])
    assert math.isnan(capital_metrics(tables(agents(), None))["owners_refill_share"])


def test_a_folder_of_the_newest_format_has_all_three():
    found = capital_metrics(read_run(FOLDERS / "format-6").tables)
    assert found["worst_liquidity_need_usd"] == 92_400.0
    assert 0.0 < found["owners_refill_share"] <= 1.0
