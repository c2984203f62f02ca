"""The tables alone give every position and all variation margin, and say where each equity went."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from abm.market import RunResult, run
from abm.scenario import Scenario

SMALL = Path(__file__).parents[2] / "recording" / "folders" / "small_market.toml"
SHORT = {"recording.profile": "daily", "calendar.rounds_per_day": 4}
# Everybody's resources are nothing against four shorts and a price that doubles in two days.
BEYOND_ALL_LAYERS = SHORT | {
    "spot.level_shift.log_size": 0.8,
    "spot.level_shift.start_day": 1,
    "clearing.close_out_method": "auction",
    "clearing.collateral_rate": 0.03,
    "clearing.member_capital_usd": 1e3,
    "clearing.fund_contribution_usd": 1e3,
    "clearing.skin_in_the_game_usd": 1e3,
    "clearing.recovery.tear_up": True,
}
ON_CREDIT = (
    {"name": "weak short", "lots": (0, -200, -100), "cash_usd": 1.5e5, "credit_usd": 1e5},
    {"name": "long", "count": 2, "lots": (0, 100, 50), "cash_usd": 5e7},
)
CASES = {
    "auction and porting": ("aas_2018", SHORT | {"spot.dislocation.start_day": 1, "run.days": 6}),
    "haircut": (
        "nickel_2022",
        BEYOND_ALL_LAYERS | {"run.days": 5, "clearing.recovery.variation_haircut": 0.5},
    ),
    "tear-up": ("nickel_2022", BEYOND_ALL_LAYERS | {"run.days": 5, "clearing.member_account_usd": 0.0}),
    "expiry and credit": (str(SMALL), {"recording.profile": "daily", "agents.holders": ON_CREDIT}),
    "auction at a month's last close": (
        str(SMALL),
        {"spot.level_shift.start_day": 1, "spot.level_shift.log_size": 0.3, "agents.holders": ON_CREDIT}
        | {"run.days": 4},
    ),
    "after a warm-up": (str(SMALL), {"run.warm_up_months": 3, "run.days": 4, "agents.holders": ON_CREDIT}),
}


@cache
def played(case: str) -> RunResult:
    name, changes = CASES[case]
    return run(Scenario.load(name).replace(changes))


def rebuilt(result: RunResult) -> pd.DataFrame:
    """Positions at each close and the day's variation margin, from trades, transfers and prices."""
    tables, size = result.tables, result.manifest["contract"]
    moves = pd.concat([tables["trades"], tables["transfers"]])
    accounts = int(tables["agents"]["account"].max()) + 1
    held = np.zeros((accounts, int(tables["daily"]["month"].max()) + 1), dtype=np.int64)
    last = np.zeros(held.shape[1], dtype=np.int64)
    rows = []
    for day, prices in tables["daily"].groupby("day"):
        value = held * last
        for side, sign in (("buyer", 1), ("seller", -1)):
            today = moves[(moves["day"] == day) & (moves[side] >= 0)]
            place = today[side].to_numpy(np.int64), today["month"].to_numpy(np.int64)
            lots = sign * today["lots"].to_numpy(np.int64)
            np.add.at(held, place, lots)
            np.add.at(value, place, lots * today["price_ticks"].to_numpy(np.int64))
        last[prices["month"]] = prices["settlement_ticks"].to_numpy(np.int64)
        gain = (held * last - value).sum(axis=1)
        held[:, prices.loc[prices["final"], "month"]] = 0
        rows.append(
            pd.DataFrame(
                {
                    "day": day,
                    "account": np.arange(accounts),
                    "variation_usd_micro": gain * size["contract_size_msit"] * size["tick_size_usd_micro"],
                    "net_lots": held.sum(axis=1),
                    "gross_lots": np.abs(held).sum(axis=1),
                }
            )
        )
    return pd.concat(rows, ignore_index=True)


@pytest.mark.parametrize("case", CASES)
def test_positions_and_variation_margin_follow_from_trades_transfers_and_settlement_prices(case: str) -> None:
    found = rebuilt(played(case))
    pd.testing.assert_frame_equal(found, played(case).tables["accounts"][list(found)])


@pytest.mark.parametrize("case", CASES)
def test_the_change_of_each_equity_is_the_profit_and_what_stands_apart_from_it(case: str) -> None:
    tables = played(case).tables
    agents, accounts = tables["agents"].set_index("account"), tables["accounts"].groupby("account")
    defaults = tables["defaults"].groupby("account")
    borne = defaults["loss_usd_micro"].sum().reindex(agents.index, fill_value=0)
    pay = tables["dmm"].groupby("account")["pay_usd_micro"].sum().reindex(agents.index, fill_value=0)
    cut = tables["defaults"][["variation_haircut_usd_micro", "tear_up_usd_micro"]].to_numpy().sum()

    futures = accounts["variation_usd_micro"].sum() - agents["fees_usd_micro"] + pay
    assert agents["pnl_usd_micro"].tolist() == futures.tolist()
    assert agents["pay_usd_micro"].tolist() == pay.tolist()
    assert agents["deficit_covered_usd_micro"].tolist() == borne.tolist()
    assert agents["gains_given_up_usd_micro"].sum() == cut
    interest = accounts["collateral_interest_usd_micro"].last()
    assert agents["collateral_interest_usd_micro"].tolist() == interest.tolist()
    apart = (
        agents["collateral_interest_usd_micro"]
        - agents["credit_interest_usd_micro"]
        - agents["levies_usd_micro"]
        + agents["deficit_covered_usd_micro"]
        - agents["gains_given_up_usd_micro"]
    )
    change = agents["final_equity_usd_micro"] - agents["initial_equity_usd_micro"]
    assert change.tolist() == (agents["pnl_usd_micro"] + apart).tolist()


def test_the_cases_hold_what_moves_positions_and_money_without_a_trade() -> None:
    kinds = {case: set(played(case).tables["transfers"]["kind"]) for case in CASES}
    assert kinds["auction and porting"] == {"opening", "auction", "porting"}
    assert kinds["haircut"] >= {"opening", "auction"}
    assert kinds["tear-up"] >= {"opening", "tear_up", "porting"}
    assert kinds["expiry and credit"] == {"opening"}
    agents = {case: played(case).tables["agents"] for case in CASES}
    assert agents["haircut"]["gains_given_up_usd_micro"].sum() > 0
    assert agents["haircut"]["collateral_interest_usd_micro"].sum() > 0
    assert agents["tear-up"]["gains_given_up_usd_micro"].sum() > 0
    assert agents["expiry and credit"]["credit_interest_usd_micro"].sum() > 0
    assert played("expiry and credit").tables["daily"]["final"].any()


def test_a_ported_client_keeps_its_positions_and_changes_its_member() -> None:
    tables = played("auction and porting").tables
    moved = tables["transfers"].query("kind == 'porting'")
    (failed,) = tables["defaults"].query("event == 'member_default'")["member"]
    assert (moved["buyer"] == moved["seller"]).all()
    members = moved[["buyer_member", "seller_member"]].to_numpy()
    assert (np.sort(members == failed, axis=1) == [False, True]).all()
    now = tables["agents"].set_index("account").loc[moved["buyer"], "member"].to_numpy()
    assert (members.sum(axis=1) - failed == now).all()
