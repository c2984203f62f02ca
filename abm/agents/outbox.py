"""The batch of one round: messages of all traders, written by kernels and by custom agents alike."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.core.kernel import kernel
from abm.core.orders import ORDER_DTYPE, MessageKind, TimeInForce

_LIMIT = int(MessageKind.LIMIT)
_MARKET = int(MessageKind.MARKET)
_CANCEL_ALL = int(MessageKind.CANCEL_ALL)
_DAY = int(TimeInForce.DAY)
_IOC = int(TimeInForce.IOC)


class Outbox:
    """A growing buffer of ``ORDER_DTYPE`` messages whose order ids run on from batch to batch.

    A new order's id is ``first_order_id`` plus its row, so that its sender knows it before the exchange does.
    """

    def __init__(self, capacity: int = 4_096) -> None:
        self.rows: NDArray[Any] = np.zeros(capacity, dtype=ORDER_DTYPE)
        self.count = 0
        self.first_order_id = 1

    def reserve(self, messages: int) -> None:
        """Make room for that many more messages."""
        needed = self.count + messages
        if needed > len(self.rows):
            grown = np.zeros(max(needed, 2 * len(self.rows)), dtype=ORDER_DTYPE)
            grown[: self.count] = self.rows[: self.count]
            self.rows = grown

    def add(
        self,
        *,
        kind: int,
        account: int,
        month: int,
        arrival: float,
        side: int = 0,
        price_ticks: int = 0,
        lots: int = 0,
        time_in_force: int = _DAY,
        post_only: bool = False,
        order_id: int = 0,
    ) -> int:
        """Append one message and return its order id (for a cancel, the id of the order it names)."""
        self.reserve(1)
        order_id = order_id or self.first_order_id + self.count
        self.rows[self.count] = (
            order_id,
            price_ticks,
            lots,
            arrival,
            account,
            month,
            kind,
            side,
            time_in_force,
            post_only,
            0,
        )
        self.count += 1
        return order_id

    def extend(self, messages: NDArray[Any]) -> None:
        """Append messages whose order ids run on from here."""
        self.reserve(len(messages))
        self.rows[self.count : self.count + len(messages)] = messages
        self.count += len(messages)

    def take_sorted(self) -> NDArray[Any]:
        """Return the batch in order of arrival and start the next one.

        The sort is stable: messages that one trader sent with one arrival time keep their order.
        """
        batch = self.rows[: self.count]
        order = np.argsort(batch["arrival"], kind="stable")
        self.first_order_id += self.count
        self.count = 0
        return batch[order]


@kernel
def write_limit(
    rows: NDArray[Any],
    count: int,
    first_order_id: int,
    account: int,
    month: int,
    arrival: float,
    side: int,
    price_ticks: int,
    lots: int,
    time_in_force: int,
    post_only: int,
) -> int:
    """Write one limit order at row ``count`` and return the new count."""
    rows[count].order_id = first_order_id + count
    rows[count].price_ticks = price_ticks
    rows[count].lots = lots
    rows[count].arrival = arrival
    rows[count].account = account
    rows[count].month = month
    rows[count].kind = _LIMIT
    rows[count].side = side
    rows[count].time_in_force = time_in_force
    rows[count].post_only = post_only
    rows[count].close_out = 0
    return count + 1


@kernel
def write_market(
    rows: NDArray[Any],
    count: int,
    first_order_id: int,
    account: int,
    month: int,
    arrival: float,
    side: int,
    lots: int,
) -> int:
    """Write one market order with protection at row ``count`` and return the new count."""
    count = write_limit(rows, count, first_order_id, account, month, arrival, side, 0, lots, _IOC, 0)
    rows[count - 1].kind = _MARKET
    return count


@kernel
def write_cancel_all(rows: NDArray[Any], count: int, account: int, month: int, arrival: float) -> int:
    """Write a cancel of all resting orders of an account in a month and return the new count."""
    count = write_limit(rows, count, 0, account, month, arrival, 0, 0, 0, _DAY, 0)
    rows[count - 1].order_id = 0
    rows[count - 1].kind = _CANCEL_ALL
    return count
