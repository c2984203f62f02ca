"""Budgets, results and lost credit among all the others: who gives way when margin rises, and who not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from abm.market import TokenFuturesMarket, run
from abm.recording import Recorder
from abm.scenario import Scenario

ROUNDS = 12
SMALL: dict[str, Any] = {
    "calendar.rounds_per_day": ROUNDS,
    "contract.listed_months": 6,
    "agents.enterprises.count": 8,
    "agents.providers.count": 4,
    "agents.noise.count": 20,
    "agents.fundamentalists.count": 8,
    "agents.chartists.count": 6,
    "agents.market_makers.count": 3,
    "agents.noise.cash_usd": 60_000.0,
    "agents.fundamentalists.cash_usd": 120_000.0,
}
CLASSES = ("noise", "fundamentalists")
WIDE = {f"agents.{name}.limits.margin_to_equity": 1_000.0 for name in CLASSES}
BUDGETS = {f"agents.{name}.limits.margin_to_equity": 0.25 for name in CLASSES}
SHRINK = {f"agents.{name}.limits.shrink_above": 1.25 for name in CLASSES}


def market(**changes: Any) -> TokenFuturesMarket:
    return TokenFuturesMarket(Scenario().replace(SMALL | changes), rng=3, recorder=Recorder("summary"))


def step(trading: TokenFuturesMarket, days: int) -> TokenFuturesMarket:
    for _ in range(days * ROUNDS):
        trading.step()
    return trading


def gross_lots(trading: TokenFuturesMarket, name: str) -> int:
    population = next(each for each in trading.populations if each.name == name)
    return int(np.abs(trading.clearing.position_lots[population.accounts]).sum())


def with_margin_tripled(trading: TokenFuturesMarket) -> TokenFuturesMarket:
    """Return a market with the same past in which a lot costs three times the margin from tomorrow on."""
    fork = trading.fork()
    fork.clearing.parts.requirements.model._rate_bps *= 3
    return fork


def test_a_rise_of_margin_makes_those_on_a_budget_sell_and_nobody_else() -> None:
    bound = step(market(**BUDGETS | SHRINK), 8)
    tripled, usual = step(with_margin_tripled(bound), 3), step(bound, 3)
    for name in ("noise", "fundamentalist"):
        assert gross_lots(tripled, name) < 0.75 * gross_lots(usual, name)
    assert _shrinking_orders(tripled) > 10 * max(_shrinking_orders(usual), 1)

    free = step(market(**{"agents.noise.cash_usd": 1e7, "agents.fundamentalists.cash_usd": 1e7}), 8)
    tripled, usual = step(with_margin_tripled(free), 3), step(free, 3)
    assert np.array_equal(tripled.clearing.position_lots, usual.clearing.position_lots)


def _shrinking_orders(trading: TokenFuturesMarket) -> int:
    return sum(each.limits.shrinking_orders for each in trading.populations if each.limits is not None)


def test_a_budget_that_never_binds_changes_nothing() -> None:
    free, bound = (step(market(**changes), 4) for changes in ({}, WIDE | SHRINK))
    assert np.array_equal(free.clearing.position_lots, bound.clearing.position_lots)
    assert np.array_equal(free.clearing.equity_usd_micro, bound.clearing.equity_usd_micro)
    assert np.array_equal(free.messages_sent, bound.messages_sent)


def largest_margin_shares(**changes: Any) -> list[float]:
    """Return the largest margin over equity of noise traders and of fundamentalists after eight days."""
    trading = step(market(**changes), 8)
    per_lot, equity = trading.clearing.margin_per_lot_usd_micro, trading.equity_usd_micro
    shares = np.abs(trading.clearing.position_lots) @ per_lot / equity
    groups = [each for each in trading.populations if each.name in ("noise", "fundamentalist")]
    return [float(shares[each.accounts].max()) for each in groups]


def test_who_is_on_a_budget_keeps_to_it() -> None:
    tight = {f"agents.{name}.limits.margin_to_equity": 0.1 for name in CLASSES}
    assert max(largest_margin_shares(**tight)) < 0.115  # what the day's prices and resting orders add
    assert min(largest_margin_shares()) > 0.2


RESULTS = {
    f"agents.{name}.limits.results.{key}": value
    for name in CLASSES
    for key, value in {"memory_months": 1.0, "exit_below": 0.0, "turnover_per_month": 0.2}.items()
}
CREDIT = {
    "agents.enterprises.credit_share": 0.25,
    "agents.credit_commitment_fee": 0.005,
    "agents.credit_end_share": 0.999,
}


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    months = {"run.days": 12, "calendar.days_per_month": 4, "clearing.margin.history_days": 310}
    result = run(Scenario().replace(SMALL | months | BUDGETS | SHRINK | RESULTS | CREDIT), seed=3)
    return dict(result.tables) | {"metrics": pd.Series(result.manifest["metrics"])}


def test_the_days_of_a_class_say_who_is_in_and_who_has_left(tables: dict[str, pd.DataFrame]) -> None:
    noise = tables["class_days"].query("agent_class == 'noise'").set_index("day")
    assert (noise["active"] + noise["left"] + noise["stopped"] <= noise["traders"]).all()
    assert noise["left"].iloc[3] == 0
    assert 1 <= noise["left"].iloc[4] <= 4, "a fifth of twenty in a month"
    assert (noise["left"].diff().loc[[day for day in noise.index if day % 4 != 0][1:]] == 0).all()
    assert tables["metrics"]["active_noise"] == noise["active"].mean()


def test_refusals_and_messages_of_all_days_are_those_of_the_accounts(tables: dict[str, pd.DataFrame]) -> None:
    by_class = tables["class_days"].groupby("agent_class")[["messages", "refused"]].sum()
    agents = tables["agents"].groupby("agent_class")[["messages", "rejected"]].sum()
    assert by_class["messages"].to_dict() == agents["messages"].to_dict()
    assert by_class["refused"].to_dict() == agents["rejected"].to_dict()


def test_ended_lines_are_recorded_and_counted(tables: dict[str, pd.DataFrame]) -> None:
    ended = tables["credit_events"]
    assert len(ended) == tables["metrics"]["credit_lines_ended"] > 0
    assert ended["account"].is_unique
    assert (ended["equity_usd_micro"] < 0.999 * ended["reference_usd_micro"]).all()


def test_a_fork_remembers_budgets_results_and_ended_lines() -> None:
    one = step(market(**BUDGETS | SHRINK | RESULTS | CREDIT, **{"calendar.days_per_month": 4}), 5)
    assert one.clearing.parts.funding.lines.ended.any()
    assert any(each.limits.gone.any() for each in one.populations if each.limits is not None)
    other = step(one.fork(), 4)
    assert step(one, 4).state_hash() == other.state_hash()
