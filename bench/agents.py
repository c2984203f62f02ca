"""What traders cost: 1,000 of each way to write one, who look at the market in every round.

Figures are CPU time of one process beyond that of the same market without them. The first column is the time
in which traders decide; what clearing and settlement of 1,000 further accounts cost is in the second.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from abm.agents.base.outbox import Outbox
from abm.agents.base.population import Population, TraderAgent
from abm.agents.base.view import MarketView
from abm.agents.speculators.noise import NOISE_DTYPE
from abm.agents.speculators.shell import NoiseTraders
from abm.core.orders import ORDER_DTYPE, MessageKind, Side, TimeInForce
from abm.market import CustomAgents, TokenFuturesMarket
from abm.market.assembly.custom_build import CustomTraders, NewAccounts, PopulationSpec
from bench.console import wide_console

TRADERS = 1_000
DAYS = 28
_FAR_BELOW_TICKS = 200  # inside the daily limits, far from trading
_PLAIN_DTYPE = np.dtype([("account", np.int64), ("actions_per_day", np.float64)])


class Idle(TraderAgent):
    """Returns at once: what it costs is the framework."""

    def decide(self, view: MarketView) -> None:
        """Do nothing."""


class Dozing(Idle):
    """Is asked twice a day."""

    looks_per_day = 2.0


class Looking(TraderAgent):
    """Reads three numbers and finds nothing to do."""

    def decide(self, view: MarketView) -> None:
        """Look at the second month."""
        ask = view.best_ask_ticks(tenor=1)
        if ask is not None and ask < 0.5 * view.settlement_ticks(tenor=1) and self.position_lots(1) < 10:
            self.market(side=Side.BUY, lots=1, tenor=1)


class Sending(TraderAgent):
    """Sends one order that does not rest."""

    def decide(self, view: MarketView) -> None:
        """Bid far below the market, immediate or cancel."""
        price = view.settlement_ticks(tenor=1) - _FAR_BELOW_TICKS
        self.limit(side=Side.BUY, price_ticks=price, lots=1, tenor=1, time_in_force=TimeInForce.IOC)


class VectorisedLooking(Population):
    """Looks for all its traders in NumPy and sends nothing."""

    def decide_all(self, view: MarketView, position_lots: NDArray[np.int64], outbox: Outbox) -> None:
        """Look at the second month."""
        month = view.months[1]
        held = position_lots[self.columns["account"], month["slot"]]
        is_active = self.columns["actions_per_day"] > 0.0
        dear = month["best_ask_ticks"] > 0.99 * month["settlement_ticks"]
        np.flatnonzero(~dear & (held < 10) & is_active)


class VectorisedSending(Population):
    """Sends one order of each trader that does not rest."""

    def decide_all(self, view: MarketView, position_lots: NDArray[np.int64], outbox: Outbox) -> None:
        """Bid far below the market, immediate or cancel."""
        month = view.months[1]
        orders = np.zeros(self.count, dtype=ORDER_DTYPE)
        orders["order_id"] = outbox.next_order_id + 2 * np.arange(self.count)
        orders["account"] = self.columns["account"]
        orders["kind"], orders["side"], orders["time_in_force"] = MessageKind.LIMIT, Side.BUY, TimeInForce.IOC
        orders["month"], orders["lots"], orders["arrival"] = month["month"], 1, 5.0
        orders["price_ticks"] = month["settlement_ticks"] - _FAR_BELOW_TICKS
        outbox.extend(orders)


class Cost(NamedTuple):
    """What some traders more cost: CPU microseconds of deciding a round, and a share of all CPU time."""

    deciding_us: float
    share: float
    base_us: float


def main() -> None:
    """Measure and print."""
    bench_agents(wide_console())


def bench_agents(console: Console) -> None:
    """Print what 1,000 traders cost in each way to write one."""
    rows: list[tuple[str, CustomTraders]] = [
        ("decide(view) that returns at once", CustomAgents(Idle, TRADERS)),
        ("decide(view) twice a day that returns at once", CustomAgents(Dozing, TRADERS)),
        ("decide(view) that looks", CustomAgents(Looking, TRADERS)),
        ("decide(view) that sends an order", CustomAgents(Sending, TRADERS)),
        ("decide_all in NumPy that looks", _spec(_plain(VectorisedLooking))),
        ("decide_all in NumPy that sends an order each", _spec(_plain(VectorisedSending))),
        ("compiled: noise traders, idle", _spec(_noise(0.0))),
        ("compiled: noise traders, an order and a cancel", _spec(_noise(48.0))),
    ]
    table = Table(
        title=f"{TRADERS:,} traders more in the plain market, median of {DAYS} pairs of days",
        title_justify="left",
    )
    table.add_column("traders")
    table.add_column("us a decision", justify="right")
    table.add_column("whole market, share of CPU", justify="right")
    base_us = 0.0
    for name, traders in rows:
        cost = _cost(traders)
        base_us = cost.base_us
        table.add_row(name, f"{cost.deciding_us / TRADERS:.3f}", f"{cost.share:+.0%}")
    console.print(table)
    console.print(f"a round of the plain market without them: {base_us:.0f} us\n")


def _cost(traders: CustomTraders) -> Cost:
    """Run the plain market without and with some more traders, day by day in turn, from the second day on."""
    without = TokenFuturesMarket("plain", rng=1)
    having = TokenFuturesMarket("plain", rng=1, custom_agents=(traders,))
    _day_us(without)
    _day_us(having)
    pairs = np.array([(*_day_us(without), *_day_us(having)) for _ in range(DAYS)])
    deciding = float(np.median(pairs[:, 2] - pairs[:, 0]))
    share = float(np.median(pairs[:, 3] / pairs[:, 1])) - 1.0
    return Cost(deciding, share, float(np.median(pairs[:, 1])))


def _day_us(market: TokenFuturesMarket) -> tuple[float, float]:
    """Run a day and return CPU microseconds a round: of the traders' decisions, and of everything."""
    rounds = market.clock.calendar.rounds_per_day
    before, started = market.timer.cpu_seconds.get("agents", 0.0), time.process_time()
    for _ in range(rounds):
        market.step()
    deciding = market.timer.cpu_seconds["agents"] - before
    return 1e6 * deciding / rounds, 1e6 * (time.process_time() - started) / rounds


def _spec(build: Callable[[NewAccounts], Population]) -> PopulationSpec:
    return PopulationSpec("bench", TRADERS, build)


def _plain(population_class: type[Population]) -> Callable[[NewAccounts], Population]:
    def build(accounts: NewAccounts) -> Population:
        columns = accounts.columns(_PLAIN_DTYPE, actions_per_day=1.0)
        return population_class(
            columns, accounts.streams, first_account=accounts.first_account, funding=accounts.funding
        )

    return build


def _noise(actions_per_day: float) -> Callable[[NewAccounts], Population]:
    """Return a builder of noise traders whose limit orders rest far from the market."""

    def build(accounts: NewAccounts) -> Population:
        values: dict[str, Any] = {"latency_ms": 50.0, "mean_lots": 1.0, "max_position_lots": 100}
        values |= {"price_distance": 0.05, "cancels_per_day": actions_per_day}
        columns = accounts.columns(NOISE_DTYPE, actions_per_day=actions_per_day, **values)
        return NoiseTraders(
            columns,
            accounts.streams,
            accounts.tenor_weights,
            first_account=accounts.first_account,
            funding=accounts.funding,
        )

    return build


if __name__ == "__main__":
    main()
