"""One more member who does nothing changes nobody's path, of whichever class (invariant 36)."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from abm.market import TokenFuturesMarket
from abm.recording import Recorder
from abm.scenario import Scenario

DAYS, ROUNDS = 4, 12
PEERS = {"arbitrageurs": 2, "informed": 2, "mixture": 6, "switching": 30}
"""Members of the classes that the baseline does without."""
EAGER = {
    "exchange.spreads.lengths": [1, 2],
    "agents.arbitrageurs.threshold": 0.0,
    "exchange.taker_fee_usd": 0.2,
}
"""Arbitrageurs find something to do."""
SECTIONS = {
    "enterprise": "enterprises",
    "noise": "noise",
    "fundamentalist": "fundamentalists",
    "chartist": "chartists",
    "dmm": "market_makers",
    "arbitrageur": "arbitrageurs",
    "informed": "informed",
    "mixture": "mixture",
    "switching": "switching",
}
"""Every class but three. A provider quotes into the index, so that one more changes the public price of a
token, whatever it does in futures. A holder has nothing but its position: see the test of its own.
An order flow has no members, but streams by month."""


def scenario(**more) -> Scenario:
    peers = {f"agents.{section}.count": count for section, count in PEERS.items()}
    return Scenario().replace({"calendar.rounds_per_day": ROUNDS, **peers, **EAGER, **more})


def some_days(terms: Scenario, silent: str | None = None):
    """Return trades and settlements, with the last member of a class silent and its account left out."""
    recorder = Recorder("full")
    market = TokenFuturesMarket(terms, rng=3, recorder=recorder)
    idle = None
    if silent is not None:
        population = next(p for p in market.populations if p.name == silent)
        for name in population.activity_columns:
            population.columns[name][-1] = 0.0
        idle = population.first_account + population.count - 1
    for _ in range(DAYS * ROUNDS):
        market.step()
    trades, daily = recorder.table("trades"), recorder.table("daily")
    if idle is not None:
        assert not market.clearing.position_lots[idle].any()
        for party in ("buyer", "seller"):
            assert (trades[party] != idle).all()
            trades[party] = trades[party].where(trades[party] < idle, trades[party] - 1)
    return trades, daily[["day", "month", "settlement_ticks"]]


@cache
def without_it():
    trades, settlements = some_days(scenario())
    sections = set(market_classes(trades))
    assert sections >= set(SECTIONS), "somebody of every class trades, or the test says little"
    return trades, settlements


def market_classes(trades) -> list[str]:
    """Return the classes of those who traded."""
    accounts = np.union1d(trades["buyer"], trades["seller"])
    populations = TokenFuturesMarket(scenario(), rng=3).populations
    return [
        p.name
        for p in populations
        if ((accounts >= p.first_account) & (accounts < p.first_account + p.count)).any()
    ]


@pytest.mark.parametrize("name", SECTIONS)
def test_one_more_member_who_does_nothing_changes_no_trade_and_no_settlement_price(name):
    section = SECTIONS[name]
    one_more = getattr(scenario().agents, section).count + 1
    trades, settlements = some_days(scenario(**{f"agents.{section}.count": one_more}), silent=name)
    alone, settled = without_it()
    assert settlements.equals(settled)
    assert trades.equals(alone)


def test_a_holder_of_nothing_changes_no_trade_and_no_settlement_price():
    nobody = {"name": "nobody", "lots": [0], "cash_usd": 1e6}
    trades, settlements = some_days(scenario(**{"agents.holders": [nobody]}), silent="holder")
    alone, settled = without_it()
    assert settlements.equals(settled)
    assert trades.equals(alone)


def test_one_more_enterprise_changes_neither_the_quotes_nor_the_forward_sales_of_a_provider():
    more = Scenario().agents.enterprises.count + 1
    few, many = (
        TokenFuturesMarket(scenario(**changes), rng=3) for changes in ({}, {"agents.enterprises.count": more})
    )
    np.testing.assert_array_equal(few.desk.quotes.expected_multiples, many.desk.quotes.expected_multiples)
    sold = [next(p for p in m.populations if p.name == "provider").need_lots for m in (few, many)]
    np.testing.assert_array_equal(*sold)
