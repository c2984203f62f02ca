"""One market maker, alone with takers that reach as far as the models of optimal quotes say.

In those models an order of one lot comes on each side with the probability min(1, A e^(-k d) dt) of filling a
quote at the distance d from the value s, in each step dt, and s moves up or down by sigma sqrt(dt). Here the
step is a round of the market: a rule of the venue moves the public value of each delivery month; a trader
sends into each month and on each side an order that reaches to the distance -ln(U / (A dt)) / k from it, with
U uniform, which is the same thing through a book. Every month is a session of its own, and the maker, whose
inventory elsewhere is told not to matter, is the built-in one.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from abm.agents.base.population import TraderAgent
from abm.core.orders import Side, TimeInForce
from abm.market import CustomAgents, MarketRule, TokenFuturesMarket
from abm.scenario import Scenario

TICKS_PER_UNIT = 1_000
VALUE = 100.0
MONTHS = 60
MAKERS = "agents.market_makers."


class World(NamedTuple):
    """Parameters of the models, in units of price and of the session."""

    sigma: float
    k: float
    rate: float
    steps: int


class Sessions(NamedTuple):
    """What each session ends with, and the mean spread quoted over all."""

    profit: np.ndarray
    inventory: np.ndarray
    mean_spread: float


class WalkingValue(MarketRule):
    """Moves the value of every month, and keeps the maker's cash and inventory by month."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.random = world, np.random.default_rng([seed, 1])
        self.value = np.full(MONTHS, VALUE)
        self.cash, self.inventory = np.zeros(MONTHS), np.zeros(MONTHS, dtype=np.int64)
        self.spreads: list[float] = []

    def before_round(self, market):
        months = market.curve.months
        months["model_ticks"] = self.value * TICKS_PER_UNIT
        months["scale_ticks"] = VALUE * TICKS_PER_UNIT
        months["volatility_per_day"] = self.world.sigma / VALUE

    def after_matching(self, market, batch, result):
        quotes = batch[batch["account"] == market.makers.first_account]
        self.spreads.append(float((quotes["ask_ticks"] - quotes["price_ticks"]).mean() / TICKS_PER_UNIT))
        trades = result.trades
        sign = np.where(trades["buyer"] == market.makers.first_account, 1, -1)
        np.add.at(self.inventory, trades["month"], sign * trades["lots"])
        np.add.at(self.cash, trades["month"], -sign * trades["lots"] * trades["price_ticks"] / TICKS_PER_UNIT)
        step = self.world.sigma / math.sqrt(self.world.steps)
        self.value += step * self.random.choice([-1.0, 1.0], MONTHS)


class Takers(TraderAgent):
    """All takers of all months."""

    latency_ms = 1_000.0
    world: World
    seed: int

    def __init__(self, model, population, row):
        super().__init__(model, population, row)
        self.random_reach = np.random.default_rng([self.seed, 2])

    def decide(self, view):
        world = self.world
        likely = world.rate / world.steps
        reach = -np.log(self.random_reach.random((2, MONTHS)) / likely) / world.k * TICKS_PER_UNIT
        value = view.months["model_ticks"]
        for side, prices in (
            (Side.BUY, np.floor(value + reach[0])),
            (Side.SELL, np.ceil(value - reach[1])),
        ):
            for tenor, price in enumerate(prices.astype(np.int64).tolist()):
                self.limit(side=side, price_ticks=price, lots=1, tenor=tenor, time_in_force=TimeInForce.IOC)


def lonely_market(world: World, gamma: float, seed: int, **maker) -> tuple[TokenFuturesMarket, WalkingValue]:
    """Return the market before its first round; a field of the maker may be set otherwise."""
    quiet = {f"agents.{name}.count": 0 for name in ("noise", "fundamentalists", "chartists")}
    settings = {
        "count": 1,
        "requotes_per_day": 1e12,
        "risk_aversion": gamma / TICKS_PER_UNIT,
        "fill_distance": 1.0 / world.k / VALUE,
        "fill_rate": world.rate,
        "horizon": "session",
        "estimates": "public",
        "curve_correlation": 0.0,
        "belief_sd": 0.0,
        "max_skew": 1.0,
        "max_spread_near": 1.0,
        "max_spread_far": 1.0,
        "quote_lots_near": 1,
        "quote_lots_far": 1,
        "cash_usd": 1e12,
    } | maker
    scenario = Scenario().replace(
        quiet
        | {MAKERS + name: value for name, value in settings.items()}
        | {
            "run.days": 1,
            "calendar.rounds_per_day": world.steps,
            "contract.listed_months": MONTHS,
            "contract.tick_size_usd": 1.0 / TICKS_PER_UNIT,
            "contract.contract_size_msit": TICKS_PER_UNIT,
            "spot.initial_price_usd": VALUE,
            "spot.trend_per_year": 0.0,
            "exchange.daily_limit": 1.0,
            "exchange.halts.expanded_limits": (),
            "exchange.sessions.opening_auction": 0.0,
            "clearing.intraday_cycles": 0,
        }
    )
    rule = WalkingValue(world, seed)
    takers = type("TakersHere", (Takers,), {"world": world, "seed": seed})
    market = TokenFuturesMarket(
        scenario, rng=seed, custom_agents=[CustomAgents(takers, cash_usd=1e12)], rules=[rule]
    )
    for population in market.populations:
        if population.name in ("provider", "enterprise"):
            for name in population.activity_columns:
                population.columns[name][:] = 0.0
    return market, rule


def sessions(world: World, gamma: float, seeds, **maker) -> Sessions:
    """Return the sessions of a day of ``MONTHS`` delivery months, for each seed."""
    profit, inventory, spreads = [], [], []
    for seed in seeds:
        market, rule = lonely_market(world, gamma, seed, **maker)
        for _ in range(world.steps):
            market.step()
        profit.append(rule.cash + rule.inventory * rule.value)
        inventory.append(rule.inventory)
        spreads.append(np.mean(rule.spreads))
    return Sessions(np.concatenate(profit), np.concatenate(inventory), float(np.mean(spreads)))
