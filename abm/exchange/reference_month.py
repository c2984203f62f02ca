"""One month's order book in plain Python: a dictionary of queues on each side."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from abm.core.orders import NO_PRICE, RejectReason, Side, TimeInForce


@dataclass(slots=True)
class RestingOrder:
    """One resting order."""

    order_id: int
    account: int
    month: int
    side: Side
    price: int
    lots: int
    time_in_force: TimeInForce


@dataclass(slots=True)
class MonthBook:
    """Both sides of one listed month: a queue of orders, oldest first, at each price."""

    month: int
    low: int
    high: int
    range_reason: RejectReason
    protection: int
    last_trade: int = NO_PRICE
    queues: dict[Side, dict[int, deque[RestingOrder]]] = field(
        default_factory=lambda: {Side.BUY: {}, Side.SELL: {}}
    )

    def prices(self, side: Side) -> list[int]:
        """Return the prices of a side, best first."""
        return sorted(self.queues[side], reverse=side is Side.BUY)

    def best(self, side: Side) -> int | None:
        """Return the best price of a side."""
        queues = self.queues[side]
        if not queues:
            return None
        return max(queues) if side is Side.BUY else min(queues)

    def orders(self) -> Iterable[RestingOrder]:
        """Yield buys, then sells, best price first, oldest first."""
        for side in (Side.BUY, Side.SELL):
            for price in self.prices(side):
                yield from self.queues[side][price]

    def add(self, order: RestingOrder) -> None:
        """Queue an order behind the others of its price."""
        self.queues[order.side].setdefault(order.price, deque()).append(order)

    def remove(self, order: RestingOrder) -> None:
        """Take an order out of its queue."""
        queue = self.queues[order.side][order.price]
        queue.remove(order)
        if not queue:
            del self.queues[order.side][order.price]


def reaches(side: Side, price: int, opposite_price: int) -> bool:
    """Say whether an order at a price can trade with an opposite order."""
    return price >= opposite_price if side is Side.BUY else price <= opposite_price
