"""A market maker that stands ready at one price for any size, and moves it by the excess demand it has met.

The auctioneer of Lux and Marchesi (2000): in an elementary step of time the price moves by one elementary
step, up with probability max(0, beta (ED + mu)), down with max(0, -beta (ED + mu)), mu ~ N(0, sigma_mu^2).
Here the step is a round, the maker quotes a tick either side of its price before anybody looks, and ED is
what it has sold less what it has bought in the round.
"""

from __future__ import annotations

import numpy as np

from abm.agents.base.population import TraderAgent
from abm.core.orders import MessageKind
from abm.market import MarketRule

TICKS_PER_STEP = 10
ENDLESS_LOTS = 1_000_000


class Bystander(TraderAgent):
    """Holds the maker's account; the rule speaks for it."""

    def decide(self, view):
        return None


class StandingMaker(MarketRule):
    """Quotes, meets the flow, moves the price; the value of the month moves by ``news`` a day (log)."""

    def __init__(self, *, value_ticks, beta, sigma_mu, lots_per_demand, news, seed):
        self.price, self.value = value_ticks, float(value_ticks)
        self.beta, self.sigma_mu, self.lots_per_demand, self.news = beta, sigma_mu, lots_per_demand, news
        self.random = np.random.default_rng([seed, 3])
        self.prices, self.groups = [], []

    def open_day(self, market):
        self.value *= np.exp(self.news * self.random.standard_normal())

    def before_round(self, market):
        market.curve.months["model_ticks"] = self.value
        account = market.agents_by_type[Bystander][0].account
        market.outbox.add(
            kind=MessageKind.QUOTE, account=account, month=market.front_month, arrival=0.0,
            price_ticks=self.price - 1, lots=ENDLESS_LOTS, ask_ticks=self.price + 1, ask_lots=ENDLESS_LOTS,
        )  # fmt: skip
        assert len(market.exchange.match(market.outbox.take_sorted()).trades) == 0

    def after_matching(self, market, batch, result):
        trades = result.trades
        demand = (trades["aggressor_side"] * trades["lots"]).sum() / self.lots_per_demand
        push = self.beta * (demand + self.sigma_mu * self.random.standard_normal())
        if self.random.random() < abs(push):
            self.price += TICKS_PER_STEP if push > 0.0 else -TICKS_PER_STEP
        self.prices.append(self.price)
        self.groups.append(next(p for p in market.populations if p.name == "switching").groups)
