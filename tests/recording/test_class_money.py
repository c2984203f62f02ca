"""What classes are paid for risk, and how much of their money is in margin, worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from abm.market.run import run
from abm.recording.class_money import class_money_metrics, expected_sharpe, margin_to_equity
from abm.scenario import Scenario

USD = 1_000_000


def class_days(agent_class, equity, margin, profit=0.0, edge=0.0):
    equity = np.array(equity, dtype=float)
    return pd.DataFrame(
        {
            "day": np.arange(len(equity)),
            "agent_class": agent_class,
            "equity_usd_micro": (equity * USD).astype(np.int64),
            "initial_margin_usd_micro": (np.zeros(len(equity)) + margin * USD).astype(np.int64),
            "profit_usd_micro": (np.zeros(len(equity)) + np.array(profit) * USD).astype(np.int64),
            "edge_usd": np.zeros(len(equity)) + edge,
        }
    )


def test_the_sharpe_ratio_to_expect_is_yearly_edge_over_yearly_risk() -> None:
    """An edge of 3 USD a day against a profit of +-10 USD: 3 x 256 over 10 x 16, but for the ddof."""
    days = class_days("dmm", np.full(40, 100.0), 0.0, profit=[10.0, -10.0] * 20, edge=[1.0, 5.0] * 20)
    others = class_days("noise", np.full(40, 100.0), 0.0, profit=1e6, edge=-1e6)
    found = expected_sharpe(pd.concat([days, others]), "dmm", days_per_year=256)
    assert found == pytest.approx(3.0 * 256 / (10.0 * math.sqrt(40 / 39) * 16.0))
    assert math.isnan(expected_sharpe(others, "noise", days_per_year=256))
    assert math.isnan(expected_sharpe(others, "dmm", days_per_year=256))


def test_margin_over_equity_is_a_mean_of_days_by_quarter() -> None:
    """100 USD of margin; equity halves after the first quarter and is gone on the last day."""
    days = class_days("dmm", [1_000.0] * 2 + [500.0] * 5 + [-1.0], 100.0)
    shares = margin_to_equity(pd.concat([days, class_days("noise", [50.0] * 8, 25.0)]))
    assert shares.loc["dmm"].tolist() == pytest.approx([1.2 / 7, 0.1, 0.2, 0.2, 0.2])
    assert shares.loc["noise"].tolist() == pytest.approx([0.5] * 5)


def test_a_folder_without_the_table_has_no_such_numbers() -> None:
    numbers = class_money_metrics({}, days_per_year=252)
    assert len(numbers) == 12
    assert all(math.isnan(value) for value in numbers.values())


def test_class_days_are_what_trades_and_accounts_tell() -> None:
    """23 days, with an expiry: edge from every trade, profit and margin from every account."""
    scenario = Scenario().replace(
        {"run.days": 23, "calendar.rounds_per_day": 4, "recording.profile": "daily"}
    )
    result = run(scenario, seed=3)
    tables, contract = result.tables, scenario.contract
    tick_value_usd = contract.tick_size_usd * contract.contract_size_msit
    daily = tables["daily"].set_index(["day", "month"])["model_ticks"].astype(float)
    trades = tables["trades"]
    model = daily.loc[pd.MultiIndex.from_frame(trades[["day", "month"]])].to_numpy()
    gain = (model - trades["price_ticks"]) * trades["lots"] * tick_value_usd
    class_of = tables["agents"].set_index("account")["agent_class"]
    by_side = [
        gain.groupby([trades["day"], class_of.loc[trades[side]].to_numpy()]).sum() * sign
        for side, sign in (("buyer", 1.0), ("seller", -1.0))
    ]
    edge = by_side[0].add(by_side[1], fill_value=0.0)
    money = tables["class_money"].set_index(["day", "agent_class"])
    # The table of the day has model values on tick: half a tick at most on every lot.
    allowed = 0.5 * tick_value_usd * trades["lots"].groupby(trades["day"]).sum().max()
    difference = (money["edge_usd"] - edge.reindex(money.index, fill_value=0.0)).abs()
    assert difference.max() < allowed / 5
    assert money["edge_usd"].abs().max() > 20 * difference.max()
    assert money["edge_usd"].groupby("day").sum().abs().max() < 1e-3  # what one gains the other gives

    accounts = tables["accounts"]
    names = class_of.loc[accounts["account"]].to_numpy()
    margin = accounts["initial_margin_usd_micro"].groupby([accounts["day"], names]).sum()
    assert (money["initial_margin_usd_micro"] == margin.reindex(money.index)).all()
    equity = (
        accounts["equity_usd_micro"] + accounts["bank_cash_usd_micro"] - accounts["credit_drawn_usd_micro"]
    )
    assert (
        money["equity_usd_micro"] == equity.groupby([accounts["day"], names]).sum().reindex(money.index)
    ).all()
    profit = tables["agents"].groupby("agent_class")["pnl_usd_micro"].sum()
    assert (money["profit_usd_micro"].groupby("agent_class").sum() == profit).all()
