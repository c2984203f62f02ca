"""One instrument's order book in plain Python: queues at prices, waiting stop orders, the top order."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field

from abm.core.orders import NO_PRICE, Side, TradingPhase
from abm.exchange.reference.order import STOPS, Order, opposite, reaches


@dataclass(slots=True)
class Month:
    """Today's terms and state of one listed month."""

    month: int
    reference: int
    low: int
    high: int
    is_daily_limit: bool
    protection: int
    band: int
    interruption: int
    last_trade: int = NO_PRICE
    phase: TradingPhase = TradingPhase.CONTINUOUS

    @property
    def latest_price(self) -> int:
        """Today's last trade, before the first the day's reference."""
        return self.reference if self.last_trade == NO_PRICE else self.last_trade

    def is_calm_at(self, price: int, reference: int) -> bool:
        """Say whether an execution at a price would not interrupt trading."""
        return self.interruption == 0 or abs(price - reference) <= self.interruption


@dataclass(slots=True)
class Book:
    """Both sides of one month or calendar spread; queues run in order of priority."""

    month: int
    spread_months: int = 0
    queues: dict[Side, dict[int, list[Order]]] = field(default_factory=lambda: {Side.BUY: {}, Side.SELL: {}})
    stops: list[Order] = field(default_factory=list)
    top_order: dict[Side, Order | None] = field(default_factory=lambda: {Side.BUY: None, Side.SELL: None})

    def prices(self, side: Side) -> list[int]:
        """Return the prices of a side, best first."""
        return sorted(self.queues[side], reverse=side is Side.BUY)

    def best(self, side: Side) -> int | None:
        """Return the best price of a side."""
        queues = self.queues[side]
        if not queues:
            return None
        return max(queues) if side is Side.BUY else min(queues)

    def best_queue(self, side: Side) -> list[Order]:
        """Return the queue at the best price of a side that is not empty."""
        queues = self.queues[side]
        return queues[max(queues) if side is Side.BUY else min(queues)]

    def shown_lots(self, side: Side, price: int) -> int:
        """Return the lots that show at a price."""
        return sum(order.shown for order in self.queues[side][price])

    def side_orders(self, side: Side) -> Iterator[Order]:
        """Yield the orders of a side by price, then priority."""
        for price in self.prices(side):
            yield from self.queues[side][price]

    def waiting_stops(self, side: Side) -> list[Order]:
        """Return the stops of a side, first to trigger first, then oldest first."""
        stops = [stop for stop in self.stops if stop.side is side]
        return sorted(stops, key=lambda stop: (side * stop.stop, stop.entered))

    def orders(self) -> list[Order]:
        """Return all orders in canonical order: buys, sells, stops to buy, stops to sell."""
        return [
            *self.side_orders(Side.BUY),
            *self.side_orders(Side.SELL),
            *self.waiting_stops(Side.BUY),
            *self.waiting_stops(Side.SELL),
        ]

    def is_crossed(self) -> bool:
        """Say whether a buy reaches a sell."""
        bid, ask = self.best(Side.BUY), self.best(Side.SELL)
        return bid is not None and ask is not None and bid >= ask

    def add(self, order: Order) -> None:
        """Put an order behind the others of its price, or a stop among the waiting ones."""
        if order.kind in STOPS:
            self.stops.append(order)
        else:
            self.queues[order.side].setdefault(order.price, []).append(order)

    def betters(self, order: Order) -> bool:
        """Say whether an order that comes to rest is better than all of its side."""
        best = self.best(order.side)
        return best is None or (order.price != best and reaches(order.side, order.price, best))

    def remove(self, order: Order) -> None:
        """Take an order out."""
        if order.kind in STOPS:
            self.stops.remove(order)
            return
        queue = self.queues[order.side][order.price]
        queue.remove(order)
        if not queue:
            del self.queues[order.side][order.price]
        if self.top_order[order.side] is order:
            self.top_order[order.side] = None

    def refill(self, iceberg: Order) -> None:
        """Show the next lots of an iceberg, behind the others of its price."""
        self.remove(iceberg)
        iceberg.show(iceberg.hidden)
        self.add(iceberg)

    def own_reached(self, order: Order) -> list[Order]:
        """Return the opposite orders of the same account that an order's price reaches, first one first."""
        return [
            other
            for other in self.side_orders(opposite(order.side))
            if other.account == order.account and order.reaches(other.price)
        ]

    def copy(self) -> Book:
        """Return a copy with copies of the orders."""
        twins = {id(order): copy(order) for order in self.orders()}
        return Book(
            self.month,
            self.spread_months,
            {
                side: {price: [twins[id(order)] for order in queue] for price, queue in queues.items()}
                for side, queues in self.queues.items()
            },
            [twins[id(stop)] for stop in self.stops],
            {side: twins.get(id(order)) for side, order in self.top_order.items()},
        )
