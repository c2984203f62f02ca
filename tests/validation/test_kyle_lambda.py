"""The informed traders of the scenario, one maker who learns: Kyle (1985), through the call auction.

In every auction the value is v ~ N(p, sigma_v^2) around the public reference price p, noise traders send
N(0, sigma_u^2) lots and the informed beta (v - p), all as market orders. The maker offers a straight ladder
of limit orders around p, lambda ticks a lot. It does not know who trades: after each day it regresses values
on the flow it has filled, and takes the slope as its next lambda. The informed (``agents.informed``, rule
"auction") learns the ladder from its own fills and answers with beta = 1 / (2 lambda). Both start from wrong
guesses. In Kyle's equilibrium lambda = sigma_v / (2 sigma_u) and beta = sigma_u / sigma_v.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from bare_market import DEEP, bare_market

from abm.agents.base.population import TraderAgent
from abm.core.orders import ORDER_DTYPE, MessageKind, Side
from abm.market.venue.rules import MarketRule
from analysis.price_impact import kyle_lambda

VALUE_SD, NOISE_SD = 100.0, 50.0  # ticks, lots
LAMBDA = VALUE_SD / (2.0 * NOISE_SD)
LADDER_LOTS = 450
TENORS = range(1, 12)
ROUNDS_PER_DAY = 40
DAYS, LEARNING_DAYS = 24, 8
MEMORY_AUCTIONS = 80.0
"""After the learning days a first guess of the informed weighs (1 - 1/80)^320 = 2 %."""


class Maker(TraderAgent):
    """Offers one lot every lambda ticks above p and bids for one every lambda ticks below."""

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
                ladder["price_ticks"] = round(view.mid_ticks(tenor)) - side * steps
                ladder["kind"], ladder["side"], ladder["lots"] = MessageKind.LIMIT, side, 1
                ladder["account"], ladder["month"] = self.account, self.model.front_month + tenor
                ladder["arrival"] = self.population.arrival_ms(self)
                outbox.extend(ladder)


class Noise(TraderAgent):
    """Needs to trade, whatever the price."""

    def decide(self, view):
        for tenor in TENORS:
            lots = round(self.model.auctions.draws.normal(0.0, NOISE_SD))
            if lots != 0:
                self.market(side=Side.BUY if lots > 0 else Side.SELL, lots=abs(lots), tenor=tenor)


class Auctions(MarketRule):
    """Holds an auction in every month in every round, draws its value, and keeps what came of it."""

    def __init__(self, seed):
        self.draws = np.random.default_rng(seed)
        self.rows = []

    def open_day(self, market):
        market.auctions, self.maker = self, market.agents_by_type[Maker][0]
        self.informed = next(p for p in market.populations if p.name == "informed")

    def before_round(self, market):
        everywhere = np.ones(market.exchange.n_slots, dtype=np.bool_)
        market.sessions.call(everywhere, until_round=market.clock.now_round + 1)
        self.prices = market.public_view().months["reference_ticks"].copy()
        self.values = self.prices + self.draws.normal(0.0, VALUE_SD, len(self.prices))
        self.informed.values_ticks[:] = math.nan
        self.informed.values_ticks[TENORS] = self.values[TENORS]  # the signal of the round
        self.held = market.clearing.position_lots.copy()

    def after_matching(self, market, batch, result):
        change = market.clearing.position_lots - self.held
        for tenor in TENORS:
            slot = market.clock.calendar.slot(market.front_month + tenor)
            trades = result.trades[result.trades["month"] == market.front_month + tenor]
            if len(trades) > 0:
                price = trades["price_ticks"][0] - self.prices[tenor]
                flow, own = -change[self.maker.account, slot], change[self.informed.accounts, slot].sum()
                value = self.values[tenor] - self.prices[tenor]
                self.rows.append((market.clock.day, flow, price, value, own, self.maker.slope))

    def close_day(self, market):
        table = np.array(self.rows)
        since = min(market.clock.day, LEARNING_DAYS)
        recent = table[table[:, 0] >= since]
        self.maker.slope = kyle_lambda(recent[:, 3], recent[:, 1]).slope


def play(seed, *, guess, informed=1):
    """Return what came of every auction, the rule, and the informed traders."""
    auctions = Auctions(seed)
    market, _ = bare_market(
        (Maker, Noise), [auctions], seed,
        calendar__rounds_per_day=ROUNDS_PER_DAY, exchange__max_order_lots=100_000,
        agents__informed__count=informed, agents__informed__rule="auction", agents__informed__signal_sd=0.0,
        agents__informed__max_position_lots=1_000_000, agents__informed__cash_usd=DEEP,
        agents__informed__auction__price_impact=guess,
        agents__informed__auction__memory_auctions=MEMORY_AUCTIONS,
    )  # fmt: skip
    for population in market.populations:
        if population.name == "informed":
            population.columns["actions_per_day"] = 1.0
    for _ in range(DAYS * ROUNDS_PER_DAY):
        market.step()
    return np.array(auctions.rows), auctions


@pytest.mark.verify
@pytest.mark.parametrize(("seed", "guess"), [(8, 2.5 * LAMBDA), (9, 0.5 * LAMBDA)])
def test_lambda_is_half_the_ratio_of_value_risk_to_noise(seed, guess):
    """Learned slope within 5 % of sigma_v / (2 sigma_u); profit, information and impact are Kyle's."""
    table, auctions = play(seed, guess=guess)
    slopes = table[:, 5][np.flatnonzero(np.diff(table[:, 0], prepend=-1))]
    assert slopes[0] == 2.5 * LAMBDA
    assert auctions.maker.slope == pytest.approx(LAMBDA, rel=0.05)

    settled = table[table[:, 0] > LEARNING_DAYS]
    _, flow, price, value, own, slope = settled.T
    auctions_held = len(settled)
    assert auctions_held > 0.99 * ROUNDS_PER_DAY * len(TENORS) * (DAYS - LEARNING_DAYS - 1)
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

    believed = auctions.informed.impacts["impact_ticks"][0, TENORS]
    # One trader's regression over 2 M auctions, M = 80, errs by lambda / sqrt(2 M) where sigma_x = sigma_u.
    assert believed.mean() == pytest.approx(LAMBDA, abs=4 * LAMBDA / math.sqrt(160 * len(TENORS)))
