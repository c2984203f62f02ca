"""One order of the plain-Python exchange, from its entry to its last lot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from abm.core.orders import NO_PRICE, MessageKind, SelfMatch, Side, TimeInForce

RESTING_LIVES = (TimeInForce.DAY, TimeInForce.GTC, TimeInForce.GTD)
STOPS = (MessageKind.STOP, MessageKind.STOP_LIMIT)
LIMITS = (MessageKind.LIMIT, MessageKind.QUOTE)


@dataclass(slots=True, eq=False)
class Order:
    """An order that enters, waits for its trigger or rests.

    While it enters, all its lots are in ``shown``. At any time shown, hidden, filled and cancelled lots sum
    to its quantity.
    """

    order_id: int
    account: int
    month: int
    spread_months: int
    side: Side
    kind: MessageKind
    price: int
    shown: int
    time_in_force: TimeInForce
    self_match: SelfMatch
    stop: int = NO_PRICE
    display: int = 0
    expiry_day: int = 0
    hidden: int = 0
    filled: int = 0
    cancelled: int = 0
    entered: int = 0
    """Grows with every order that comes to rest."""

    @property
    def remaining(self) -> int:
        """Lots neither filled nor cancelled, shown or hidden."""
        return self.shown + self.hidden

    @property
    def may_rest(self) -> bool:
        """Whether what cannot trade at once stays in the book in continuous trading."""
        return self.kind in LIMITS and self.time_in_force in RESTING_LIVES

    def show(self, lots: int) -> None:
        """Set the remaining lots: what the display allows shows, the rest hides."""
        self.shown = min(self.display, lots) if self.display else lots
        self.hidden = lots - self.shown

    def reaches(self, opposite_price: int) -> bool:
        """Say whether the order's limit allows a trade at a price."""
        return reaches(self.side, self.price, opposite_price)

    def legs(self) -> Iterator[tuple[int, Side]]:
        """Yield the months in which the order buys or sells."""
        yield self.month, self.side
        if self.spread_months:
            yield self.month + self.spread_months, opposite(self.side)


def opposite(side: Side) -> Side:
    """Return the other side."""
    return Side.SELL if side is Side.BUY else Side.BUY


def reaches(side: Side, limit: int, opposite_price: int) -> bool:
    """Say whether an order with this limit can trade at the price of an opposite order."""
    return limit >= opposite_price if side is Side.BUY else limit <= opposite_price
