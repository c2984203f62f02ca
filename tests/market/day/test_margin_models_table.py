"""Every margin model on the same positions: a table that the market does not notice."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from abm.clearing import EwmaMargin, register_margin_model
from abm.clearing.margin_models import registry
from abm.market import RunResult, run
from abm.scenario import Scenario

BUILT_IN = ("flat", "ewma", "filtered_historical", "scan")
SMALL: dict[str, Any] = {
    "run.days": 9,
    "calendar.rounds_per_day": 4,
    "calendar.days_per_month": 4,
    "contract.listed_months": 4,
    "exchange.sessions.opening_auction": 0.5,
    "clearing.member_account_usd": 1e8,
    "clearing.close_out_method": "auction",
    "clearing.treasury.credit_first": True,
    "clearing.margin.history_days": 320,
    "clearing.margin.procyclicality": "buffer",
    "clearing.margin.concentration_share": 0.1,
    "recording.margin_models": True,
    "agents.enterprises.count": 6,
    "agents.providers.count": 6,
    "agents.noise.count": 10,
    "agents.fundamentalists.count": 4,
    "agents.chartists.count": 4,
}
KEYS = ["day", "model"]


@cache
def small(*changes: tuple[str, Any]) -> RunResult:
    return run(Scenario.load("plain").replace(SMALL | dict(changes)), seed=3)


def of(found: RunResult, table: str, model: str) -> pd.DataFrame:
    rows = found.tables[table]
    return rows[rows["model"] == model].drop(columns="own").reset_index(drop=True)


def test_a_run_that_asks_every_model_is_the_same_run() -> None:
    asked, plain = small(), small(("recording.margin_models", False))
    assert asked.state_hash == plain.state_hash
    assert set(asked.tables) - set(plain.tables) == {"margin_models", "margin_model_lots"}
    for name, table in plain.tables.items():
        pd.testing.assert_frame_equal(asked.tables[name], table, obj=name)


def test_each_close_whose_period_is_over_has_a_row_of_each_model() -> None:
    models = small().tables["margin_models"]
    assert models[KEYS].values.tolist() == [[day, name] for day in range(7) for name in BUILT_IN]
    assert models.loc[models["own"], "model"].unique().tolist() == ["flat"]
    lots = small().tables["margin_model_lots"]
    assert (lots.groupby(KEYS).size() == 4).all()
    assert set(lots["tenor"]) == {0, 1, 2, 3}


def test_the_scenarios_own_model_asks_for_what_the_house_required() -> None:
    tables = small().tables
    own = of(small(), "margin_models", "flat").set_index("day")
    accounts = tables["accounts"][tables["accounts"]["day"].isin(own.index)]
    required = accounts.groupby("day")["initial_margin_usd_micro"].sum()
    assert own["requirement_usd_micro"].tolist() == required.tolist()
    assert required.min() > 0
    days = tables["clearing_days"].set_index("day").loc[own.index]
    assert own["requirement_usd_micro"].tolist() == days["initial_margin_usd_micro"].tolist()
    assert own["member_requirement_usd_micro"].tolist() == days["member_margin_usd_micro"].tolist()
    for name in ("accounts", "notional_usd_micro"):
        assert own[name].tolist() == days[name].tolist(), name


def test_the_back_test_of_the_own_model_is_that_of_the_run() -> None:
    tables = small().tables
    own = of(small(), "margin_models", "flat").set_index("day")
    rows = tables["margin_backtest"]
    excess = (rows["loss_usd_micro"] - rows["requirement_usd_micro"]).clip(lower=0).groupby(rows["day"])
    assert own["breaches"].tolist() == rows.groupby("day")["breach"].sum().tolist()
    assert own["accounts"].tolist() == rows.groupby("day").size().tolist()
    assert own["largest_excess_usd_micro"].tolist() == excess.max().tolist()
    assert own["total_excess_usd_micro"].tolist() == excess.sum().tolist()
    lots, longs = of(small(), "margin_model_lots", "flat"), tables["contract_backtest"].query("side == 1")
    both = lots.merge(longs, on=["day", "month", "tenor"], suffixes=("", "_run"))
    assert len(both) == len(lots) == len(longs)
    for name in ("requirement_usd_micro", "loss_usd_micro"):
        assert both[name].tolist() == both[f"{name}_run"].tolist(), name


@pytest.mark.parametrize("model", BUILT_IN[1:])
def test_a_model_is_asked_for_what_it_would_require_if_it_were_the_scenarios(model: str) -> None:
    flat, other = small(), small(("clearing.margin.model", model))
    pd.testing.assert_frame_equal(flat.tables["positions"], other.tables["positions"])  # or nothing is shown
    for table in ("margin_models", "margin_model_lots"):
        for name in BUILT_IN:
            pd.testing.assert_frame_equal(of(flat, table, name), of(other, table, name), obj=name)
    own = other.tables["margin_models"]
    assert own.loc[own["own"], "model"].unique().tolist() == [model]


def test_breaches_of_another_model_are_counted_by_account() -> None:
    """Losses from the back-test of the run, margins from a run of that model."""
    counted = of(small(), "margin_models", "ewma").set_index("day")
    other = small(("clearing.margin.model", "ewma")).tables["margin_backtest"]
    assert counted["breaches"].tolist() == other.groupby("day")["breach"].sum().tolist()
    assert counted["breaches"].sum() > 0


def test_no_requirement_knows_a_price_that_is_still_to_come() -> None:
    jump = (
        ("spot.level_shift.log_size", 0.5),
        ("spot.level_shift.start_day", 6),
        ("spot.level_shift.duration_days", 1),
    )
    calm, shifted = (
        found.tables["margin_models"].query("day < 6").reset_index(drop=True)
        for found in (small(), small(*jump))
    )
    required = [*KEYS, "own", "accounts", "requirement_usd_micro", "member_requirement_usd_micro"]
    pd.testing.assert_frame_equal(calm[required], shifted[required])
    eve = calm["day"] == 5
    assert (calm.loc[eve, "total_excess_usd_micro"] < shifted.loc[eve, "total_excess_usd_micro"]).all()


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(registry, "_REGISTERED", dict(registry._REGISTERED))
    register_margin_model("house_blend", EwmaMargin)
    return "house_blend"


def test_a_registered_model_stands_beside_the_built_in_ones_that_the_scenario_could_have(
    registered: str,
) -> None:
    dear_near_spreads = {"clearing.margin.spread_charge": 0.5}  # dearer than far ones: no scan margin
    changes = SMALL | dear_near_spreads | {"run.days": 3, "clearing.margin.registered": registered}
    models = run(Scenario.load("plain").replace(changes), seed=3).tables["margin_models"]
    assert models["model"].tolist() == [registered, "flat", "ewma", "filtered_historical"]
    assert models["own"].tolist() == [True, False, False, False]
    by_name = models.set_index("model")["requirement_usd_micro"]
    assert by_name[registered] == by_name["ewma"] > 0


def test_a_flat_rate_with_its_buffer_asks_for_the_same_share_of_a_lots_value_at_any_price() -> None:
    share = small().tables["clearing_days"]["lot_margin_share"]
    assert share.tolist() == pytest.approx([0.12 * 1.25] * 9, abs=1e-6)
    assert small().manifest["metrics"]["lot_margin_peak_to_trough"] == pytest.approx(1.0, abs=1e-5)
    assert small().tables["daily"].query("tenor == 1")["settlement_ticks"].nunique() > 5
    ewma = small(("clearing.margin.model", "ewma"))
    assert ewma.manifest["metrics"]["lot_margin_peak_to_trough"] > 1.01


def test_the_sums_of_the_day_are_those_of_the_accounts() -> None:
    tables = small().tables
    days, accounts = tables["clearing_days"].set_index("day"), tables["accounts"]
    by_day = accounts.groupby("day")
    assert days["initial_margin_usd_micro"].tolist() == by_day["initial_margin_usd_micro"].sum().tolist()
    assert days["credit_drawn_usd_micro"].tolist() == by_day["credit_drawn_usd_micro"].sum().tolist()
    paid = (-accounts["variation_usd_micro"]).clip(lower=0).groupby(accounts["day"]).sum()
    assert days["variation_usd_micro"].tolist() == paid.tolist()
    assert days["variation_usd_micro"].sum() > 0
    interest = tables["agents"]["credit_interest_usd_micro"].sum()
    assert days["credit_interest_usd_micro"].sum() == interest > 0
    held = tables["positions"].assign(lots=tables["positions"]["lots"].abs())
    on_other_days = tables["daily"].query("not final").set_index(["day", "month"])["settlement_ticks"]
    whole = [day for day in days.index if (day + 1) % 4]  # a month that is listed over night has no row yet
    value = held[held["day"].isin(whole)].join(on_other_days, on=["day", "month"])
    notional = (value["lots"] * value["settlement_ticks"]).groupby(value["day"]).sum()
    assert days.loc[notional.index, "notional_usd_micro"].tolist() == (notional * 1_000_000).tolist()
    asked = np.array([small().manifest["metrics"]["initial_margin_peak_usd"]])
    assert asked == days["initial_margin_usd_micro"].max() / 1e6
