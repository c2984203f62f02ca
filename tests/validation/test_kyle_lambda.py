"""One auction, one informed trader, one maker who learns: Kyle (1985), through the call auction.

In every auction the value is v ~ N(p0, sigma_v^2), noise traders send N(0, sigma_u^2) lots and the informed
beta (v - p0), all as market orders. The maker offers a straight ladder of limit orders around p0, lambda
ticks a lot. It does not know who trades: after each day it regresses values on the flow it has filled, and
takes the slope as its next lambda. The informed best-responds to the ladder, beta = 1 / (2 lambda). In Kyle's
equilibrium lambda = sigma_v / (2 sigma_u) and beta = sigma_u / sigma_v.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from bare_market import bare_market

from abm.agents.base import TraderAgent
from abm.core.orders import ORDER_DTYPE, MessageKind, Side
from abm.market.rules import MarketRule
from analysis.price_impact import kyle_lambda

VALUE_SD, NOISE_SD = 100.0, 50.0  # ticks, lots
LAMBDA = VALUE_SD / (2.0 * NOISE_SD)
LADDER_LOTS = 450
TENORS = range(1, 12)
DAYS, LEARNING_DAYS = 20, 3


class Maker(TraderAgent):
    """Offers one lot every lambda ticks above p0 and bids for one every lambda ticks below."""

    latency_ms = 1.0
    slope = 2.5 * LAMBDA

    def decide(self, view):
        outbox = self.population.outbox
        self.cancel_all()
        steps = np.rint(self.slope * np.arange(1, LADDER_LOTS + 1)).astype(np.int64)
        for tenor in TENORS:
            for side in (Side.BUY, Side.SELL):
                ladder = np.zeros(LADDER_LOTS, dtype=ORDER_DTYPE)
                ladder["order_id"] = outbox.next_order_id + 2 * np.arange(LADDER_LOTS)
                ladder["price_ticks"] = self.model.auctions.fair[tenor] - side * steps
                ladder["kind"], ladder["side"], ladder["lots"] = MessageKind.LIMIT, side, 1
                ladder["account"], ladder["month"] = self.account, self.model.front_month + tenor
                ladder["arrival"] = self.population.arrival_ms(self, (view.day, view.round))
                outbox.extend(ladder)


class Informed(TraderAgent):
    """Knows the values and the ladder."""

    def decide(self, view):
        auctions = self.model.auctions
        for tenor in TENORS:
            surprise = auctions.values[tenor] - auctions.fair[tenor]
            send(self, surprise / (2.0 * auctions.maker.slope), tenor)


class Noise(TraderAgent):
    """Needs to trade, whatever the price."""

    def decide(self, view):
        for tenor in TENORS:
            send(self, self.model.auctions.draws.normal(0.0, NOISE_SD), tenor)


def send(agent, lots, tenor):
    if round(abs(lots)) > 0:
        agent.market(side=Side.BUY if lots > 0 else Side.SELL, lots=round(abs(lots)), tenor=tenor)


class Auctions(MarketRule):
    """Holds an auction in every month in every round, draws its value, and keeps what came of it."""

    def __init__(self, seed):
        self.draws = np.random.default_rng(seed)
        self.rows = []

    def open_day(self, market):
        market.auctions, self.maker = self, market.agents_by_type[Maker][0]
        if market.clock.day == 0:
            self.fair = np.rint(market.curve.months["model_ticks"]).astype(np.int64)

    def before_round(self, market):
        everywhere = np.ones(market.exchange.n_slots, dtype=np.bool_)
        market.sessions.call(everywhere, until_round=market.clock.now_round + 1)
        self.values = self.fair + self.draws.normal(0.0, VALUE_SD, len(self.fair))
        self.held = market.clearing.position_lots.copy()

    def after_matching(self, market, batch, result):
        change = market.clearing.position_lots - self.held
        informed = market.agents_by_type[Informed][0]
        for tenor in TENORS:
            slot = market.clock.calendar.slot(market.front_month + tenor)
            trades = result.trades[result.trades["month"] == market.front_month + tenor]
            if len(trades) > 0:
                price = int(trades["price_ticks"][0]) - self.fair[tenor]
                flow, own = -change[self.maker.account, slot], change[informed.account, slot]
                value = self.values[tenor] - self.fair[tenor]
                self.rows.append((market.clock.day, flow, price, value, own, self.maker.slope))

    def close_day(self, market):
        table = np.array(self.rows)
        since = min(market.clock.day, LEARNING_DAYS)
        recent = table[table[:, 0] >= since]
        self.maker.slope = kyle_lambda(recent[:, 3], recent[:, 1]).slope


@pytest.mark.verify
def test_lambda_is_half_the_ratio_of_value_risk_to_noise():
    """Learned slope within 5 % of sigma_v / (2 sigma_u); profit, information and impact are Kyle's."""
    auctions = Auctions(seed=8)
    market, _ = bare_market(
        (Maker, Informed, Noise), [auctions], 8, calendar__rounds_per_day=40, exchange__max_order_lots=100_000
    )
    for _ in range(DAYS * 40):
        market.step()
    table = np.array(auctions.rows)
    slopes = table[:, 5][np.flatnonzero(np.diff(table[:, 0], prepend=-1))]
    assert slopes[0] == 2.5 * LAMBDA
    assert auctions.maker.slope == pytest.approx(LAMBDA, rel=0.05)

    settled = table[table[:, 0] > LEARNING_DAYS]
    _, flow, price, value, own, slope = settled.T
    auctions_held = len(settled)
    assert auctions_held > 0.99 * 40 * len(TENORS) * (DAYS - LEARNING_DAYS - 1)
    assert np.abs(flow).max() < LADDER_LOTS  # the ladder was never exhausted
    impact = kyle_lambda(price, flow)
    assert impact.slope == pytest.approx(slope.mean(), rel=0.01)
    assert impact.slope == pytest.approx(LAMBDA, rel=0.05)
    assert impact.r_squared > 0.99

    assert kyle_lambda(own, value).slope == pytest.approx(NOISE_SD / VALUE_SD, rel=0.05)  # beta
    profit = own * (value - price)
    error = profit.std() / math.sqrt(auctions_held)
    assert profit.mean() == pytest.approx(VALUE_SD * NOISE_SD / 2.0, abs=4 * error)
    learned = kyle_lambda(value, price)  # prices hold half of what there is to know
    assert learned.slope == pytest.approx(1.0, abs=4 * learned.standard_error)
    assert learned.r_squared == pytest.approx(0.5, abs=4 / math.sqrt(auctions_held))
    made = flow * (price - value)  # by the maker, who competes its profit away
    assert abs(made.mean()) < 4 * made.std() / math.sqrt(auctions_held)
