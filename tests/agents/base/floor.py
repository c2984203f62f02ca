"""A trading floor of two custom agents, three listed months and the one-month spreads between them."""

from __future__ import annotations

from types import SimpleNamespace

import mesa
import numpy as np
from stage import keys

from abm.agents.base.outbox import Outbox
from abm.agents.base.population import CustomPopulation, Funding, TraderAgent
from abm.core.orders import RejectReason, SelfMatch
from abm.exchange import BookRules
from abm.exchange.reference.engine import ReferenceExchange

FRONT, LISTED, DAY = 30, 3, 100
LOW, HIGH = 900, 1_100


class Hand(TraderAgent):
    """A trader whose messages the test sends."""

    latency_ms = 5.0

    def decide(self, view):
        """Leave it to the test."""


class Floor(mesa.Model):
    """Months 30 to 32 on day 100, prices from 900 to 1,100 ticks, orders of at most 1,000 lots."""

    def __init__(self, self_match=SelfMatch.CANCEL_RESTING):
        super().__init__(rng=1)
        self.front_month = FRONT
        self.clock = SimpleNamespace(day=DAY)
        self.exchange = ReferenceExchange(
            n_accounts=2, n_slots=LISTED, max_order_lots=1_000, rules=BookRules(spread_lengths=(1,))
        )
        by_slot = np.full(LISTED, 1, dtype=np.int64)
        self.exchange.open_day(
            months=FRONT + np.arange(LISTED),
            reference_ticks=1_000 * by_slot,
            low_ticks=LOW * by_slot,
            high_ticks=HIGH * by_slot,
            is_daily_limit=np.ones(LISTED, dtype=np.bool_),
            protection_ticks=5 * by_slot,
            day=DAY,
        )
        money = np.full(2, 10**12)
        population = CustomPopulation(
            Hand, keys(2), first_account=0, funding=Funding(money, 0 * money, 0), jitter=0.0
        )
        population.create_agents(self)
        population.outbox = self.outbox = Outbox(self_match=self_match)
        self.ann, self.bob = population.agents

    def match(self):
        """Send the round's messages to the exchange and return its result."""
        return self.exchange.match(self.outbox.take_sorted())

    def reasons(self):
        """Send the round's messages and return why each was refused."""
        return [RejectReason(reason) for reason in self.match().outcomes["reason"].tolist()]
