"""Quotes against informed traders: Glosten and Milgrom (1985), through the exchange, one order a round.

A day is a session. The value is V_H or V_L with even odds; a trader who comes is informed with probability a
and otherwise buys or sells by the toss of a coin. The informed are the simulator's own; the maker quotes one
lot at the conditional expectation after a purchase and after a sale, which it works out from the public tape.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from bare_market import DEEP, bare_market

from abm.agents.base.population import TraderAgent
from abm.core.orders import Side
from abm.market.venue.rules import MarketRule

LOW, HIGH = 200_000, 300_000
VALUE_GAP = HIGH - LOW
SESSIONS = 300
ALWAYS = 1e9


class BayesianMaker(TraderAgent):
    """Quotes in even rounds; a trader comes in odd ones."""

    latency_ms = 1.0
    informed_share = math.nan

    def decide(self, view):
        step = math.log((1 + self.informed_share) / (1 - self.informed_share))
        if view.round == 0:
            self.log_odds = 0.0
        if view.round % 2 == 0:
            for trade in view.trades:
                if trade["round"] == view.round - 1:
                    self.log_odds += step * trade["aggressor_side"]
            bid, ask = (
                LOW + VALUE_GAP / (1.0 + math.exp(-(self.log_odds + side * step))) for side in (-1, 1)
            )
            self.quote(
                bid_ticks=max(round(bid), LOW + 1),
                bid_lots=1,
                ask_ticks=min(round(ask), HIGH - 1),
                ask_lots=1,
            )


class CoinTosser(TraderAgent):
    """Buys or sells one lot when the rule says that it has come."""

    comes = False

    def decide(self, view):
        if self.comes:
            self.market(side=Side.BUY if self.model.random.random() < 0.5 else Side.SELL, lots=1)


class Arrivals(MarketRule):
    """Draws the value of the day and who comes in a round; keeps quotes and trades."""

    def __init__(self, informed_share, seed):
        self.draws = np.random.default_rng(seed)
        self.informed_share = informed_share
        self.sessions = []

    def open_day(self, market):
        self.informed = next(p for p in market.populations if p.name == "informed")
        self.tosser = market.agents_by_type[CoinTosser][0]
        self.value = HIGH if self.draws.random() < 0.5 else LOW
        self.informed.values_ticks[:] = self.value
        self.sessions.append({"value": self.value, "quotes": [], "trades": [], "informed": []})

    def before_round(self, market):
        comes = market.clock.round % 2 == 1
        is_informed = comes and self.draws.random() < self.informed_share
        self.informed.columns["actions_per_day"] = ALWAYS if is_informed else 0.0
        self.tosser.comes = comes and not is_informed
        if comes:
            top, slot = market.exchange.top_of_book(), market.curve.slots[0]
            self.sessions[-1]["quotes"].append((top.best_bid_ticks[slot], top.best_ask_ticks[slot]))
            self.sessions[-1]["informed"].append(is_informed)

    def after_matching(self, market, batch, result):
        for trade in result.trades:
            self.sessions[-1]["trades"].append((int(trade["aggressor_side"]), int(trade["price_ticks"])))


def play(informed_share, trades, seed):
    arrivals = Arrivals(informed_share, seed)
    market, (maker, _) = bare_market(
        (BayesianMaker, CoinTosser), [arrivals], seed,
        calendar__rounds_per_day=2 * trades, contract__listed_months=1, contract__tick_size_usd=1e-5,
        agents__informed__count=1, agents__informed__signal_sd=0.0, agents__informed__threshold=0.0,
        agents__informed__mean_lots=1, agents__informed__max_position_lots=1_000_000,
        agents__informed__cash_usd=DEEP,
    )  # fmt: skip
    maker.informed_share = informed_share
    for _ in range(SESSIONS * 2 * trades):
        market.step()
    return arrivals.sessions


@pytest.mark.verify
@pytest.mark.parametrize(("share", "trades"), [(0.2, 30), (0.5, 9)])
def test_the_spread_is_the_informed_share_of_the_value_gap_and_quotes_converge(share, trades):
    """First spread a (V_H - V_L); zero expected profit of the maker; the mid price finds the value."""
    sessions = play(share, trades, seed=3)
    values = np.array([session["value"] for session in sessions])
    quotes = np.array([session["quotes"] for session in sessions], dtype=np.float64)
    sides = np.array([[side for side, _ in session["trades"]] for session in sessions])
    prices = np.array([[price for _, price in session["trades"]] for session in sessions], dtype=np.float64)
    informed = np.array([session["informed"] for session in sessions])
    assert sides.shape == (SESSIONS, trades)  # one trade a round, never two, never none

    first_spread = quotes[:, 0, 1] - quotes[:, 0, 0]
    assert np.abs(first_spread - share * VALUE_GAP).max() <= 1.0
    right_way = np.where(values == HIGH, 1, -1)[:, None]
    assert (sides == right_way)[informed].all()
    assert informed.mean() == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / informed.size))

    step = math.log((1 + share) / (1 - share))
    log_odds = step * np.cumsum(sides, axis=1)[:, :-1]
    for column, side in ((0, -1), (1, 1)):
        expected = LOW + VALUE_GAP / (1.0 + np.exp(-(log_odds + side * step)))
        assert np.abs(quotes[:, 1:, column] - expected).max() <= 1.0

    profit = (sides * (prices - values[:, None])).mean(axis=1) / VALUE_GAP  # of the maker, a trade
    assert abs(profit.mean()) < 4 * profit.std() / math.sqrt(SESSIONS)
    gain = (right_way * (values[:, None] - prices))[informed]
    assert gain.min() > 0.0
    first_gain = np.abs(values - prices[:, 0])[informed[:, 0]]
    assert np.abs(first_gain - 0.5 * (1 - share) * VALUE_GAP).max() <= 1.0

    wrong = np.abs(quotes.mean(axis=2)[:, -1] - values) / VALUE_GAP
    expected_wrong = expected_error_of_the_mid(share, trades - 1)
    assert wrong.mean() == pytest.approx(expected_wrong, abs=4 * wrong.std() / math.sqrt(SESSIONS))
    assert wrong.mean() < 0.5 * np.abs(quotes.mean(axis=2)[:, 0] - values).mean() / VALUE_GAP


def expected_error_of_the_mid(share, trades):
    """Mean distance of the mid from the value after so many trades, as a share of the gap, exactly."""
    step, error = math.log((1 + share) / (1 - share)), 0.0
    for right in range(trades + 1):
        chance = math.comb(trades, right) * (0.5 + share / 2) ** right * (0.5 - share / 2) ** (trades - right)
        odds = step * (2 * right - trades)
        mid = sum(1.0 / (1.0 + math.exp(-(odds + side * step))) for side in (-1, 1)) / 2
        error += chance * (1.0 - mid)
    return error
