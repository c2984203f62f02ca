"""A market in which nobody trades but traders who follow a script: every event is the test's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from abm.agents.base.population import TraderAgent
from abm.core.orders import RejectReason, Side
from abm.market import CustomAgents, TokenFuturesMarket
from abm.recording import Recorder
from abm.scenario import Scenario

FEW_TRADERS = {
    f"agents__{name}__count": count
    for name, count in {
        "enterprises": 2, "providers": 4, "noise": 1, "fundamentalists": 1, "chartists": 1,
        "market_makers": 1,
    }.items()
}  # fmt: skip
"""For a market of players alone: the silent built-in traders take time to make and to margin."""

Moment = tuple[int, int]
Act = Callable[[TraderAgent, Any], None]


class Player(TraderAgent):
    """Does what its script says in a (day, round) and keeps every view it is shown."""

    latency_ms = 1.0

    def __init__(self, model, population, row):
        super().__init__(model, population, row)
        self.script: dict[Moment, Act] = {}
        self.views: dict[Moment, Any] = {}

    def decide(self, view):
        self.views[view.day, view.round] = view
        act = self.script.get((view.day, view.round))
        if act is not None:
            act(self, view)


def quiet(players: int = 2, *, seed: int = 1, rules=(), silent: bool = True, **fields: Any):
    """Return a market of silent built-in traders, its players, and its recorder.

    A field's name has ``__`` for ``.``; by default the day has 12 rounds and opens without an auction.
    """
    changes = {"calendar.rounds_per_day": 12, "exchange.sessions.opening_auction": 0.0}
    changes |= {name.replace("__", "."): value for name, value in fields.items()}
    recorder = Recorder("full")
    market = TokenFuturesMarket(
        Scenario().replace(changes),
        rng=seed,
        custom_agents=[CustomAgents(Player, count=players, cash_usd=1e9)],
        rules=rules,
        recorder=recorder,
    )
    if silent:
        for population in market.populations[:-1]:
            for name in population.activity_columns:
                population.columns[name][:] = 0.0
    return market, list(market.agents_by_type[Player]), recorder


def play(market: TokenFuturesMarket, rounds: int) -> None:
    for _ in range(rounds):
        market.step()


def phases(market: TokenFuturesMarket, player: Player, tenor: int = 0) -> str:
    """Return the phases that a player has seen of a month, one letter a round: c, a, h."""
    return "".join("cah"[int(player.views[moment].months["phase"][tenor])] for moment in sorted(player.views))


def buys(price: Callable[[Any], int] | int, lots: int = 1, tenor: int = 0, **more: Any) -> Act:
    return _order(Side.BUY, price, lots, tenor, more)


def sells(price: Callable[[Any], int] | int, lots: int = 1, tenor: int = 0, **more: Any) -> Act:
    return _order(Side.SELL, price, lots, tenor, more)


def _order(side: Side, price: Any, lots: int, tenor: int, more: dict[str, Any]) -> Act:
    def act(player: TraderAgent, view: Any) -> None:
        ticks = price(view) if callable(price) else price
        player.limit(side=side, price_ticks=ticks, lots=lots, tenor=tenor, **more)

    return act


def together(*acts: Act) -> Act:
    def act(player: TraderAgent, view: Any) -> None:
        for each in acts:
            each(player, view)

    return act


def at_settlement(tenor: int = 0, plus: int = 0) -> Callable[[Any], int]:
    return lambda view: view.settlement_ticks(tenor) + plus


def at_upper_limit(tenor: int = 0) -> Callable[[Any], int]:
    return lambda view: int(view.months["high_ticks"][tenor])


def at_lower_limit(tenor: int = 0) -> Callable[[Any], int]:
    return lambda view: int(view.months["low_ticks"][tenor])


def reasons(recorder: Recorder, account: int) -> list[str]:
    orders = recorder.table("orders")
    own = orders[orders["account"] == account]
    return [RejectReason(reason).name for reason in own["reason"]]


def rows_of(table: Any, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in np.asarray(table[list(columns)]).tolist()]
