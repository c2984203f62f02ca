"""The batch of one round: messages of all traders, written by kernels and by custom agents alike."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.core.arguments import whole_number
from abm.core.errors import ParameterError
from abm.core.kernel import kernel
from abm.core.orders import ORDER_DTYPE, MessageKind, SelfMatch, TimeInForce

_LIMIT = int(MessageKind.LIMIT)
_MARKET = int(MessageKind.MARKET)
_CANCEL_ALL = int(MessageKind.CANCEL_ALL)
_QUOTE = int(MessageKind.QUOTE)
_NAME_ANOTHER_ORDER = (MessageKind.CANCEL, MessageKind.CANCEL_ALL, MessageKind.MODIFY)
_DAY = int(TimeInForce.DAY)
_IOC = int(TimeInForce.IOC)

_WHOLE_FIELDS = (
    "account", "kind", "month", "side", "price_ticks", "lots", "time_in_force", "order_id", "stop_ticks",
    "ask_ticks", "ask_lots", "display_lots", "minimum_lots", "expiry_day", "self_match", "spread_months",
)  # fmt: skip

DEFAULT_SELF_MATCH = int(np.iinfo(np.int8).min)
"""Stands for the outbox's own self-match instruction until the batch is complete."""


class Outbox:
    """A growing buffer of ``ORDER_DTYPE`` messages whose order ids run on from batch to batch.

    Ids run in steps of two: a new order's id is ``first_order_id`` plus twice its row, so that its sender
    knows it before the exchange does, and the ask of a quote has the id after its bid's.

    Parameters
    ----------
    capacity : int
        Messages that fit before the buffer grows.
    self_match : SelfMatch
        Instruction of the messages whose sender gives none, such as those of the built-in traders.
    """

    def __init__(self, capacity: int = 4_096, *, self_match: SelfMatch = SelfMatch.CANCEL_RESTING) -> None:
        self.rows: NDArray[Any] = np.zeros(capacity, dtype=ORDER_DTYPE)
        self.count = 0
        self.first_order_id = 1
        self.self_match = self_match

    @property
    def next_order_id(self) -> int:
        """Order id of the next message; messages that others number go on from it in steps of two."""
        return self.first_order_id + 2 * self.count

    @property
    def messages(self) -> NDArray[Any]:
        """The batch so far, in the order of writing: a view, which may be changed in place."""
        batch = self.rows[: self.count]
        instruction = batch["self_match"]
        instruction[instruction == DEFAULT_SELF_MATCH] = int(self.self_match)
        return batch

    def reserve(self, messages: int) -> None:
        """Make room for that many more messages."""
        needed = self.count + messages
        if needed > len(self.rows):
            grown = np.zeros(max(needed, 2 * len(self.rows)), dtype=ORDER_DTYPE)
            grown[: self.count] = self.rows[: self.count]
            self.rows = grown

    def add(
        self,
        account: int,
        arrival: float,
        kind: int,
        month: int,
        side: int = 0,
        price_ticks: int = 0,
        lots: int = 0,
        time_in_force: int = _DAY,
        post_only: bool = False,
        order_id: int | None = None,
        stop_ticks: int = 0,
        ask_ticks: int = 0,
        ask_lots: int = 0,
        display_lots: int = 0,
        minimum_lots: int = 0,
        expiry_day: int = 0,
        self_match: int | None = None,
        spread_months: int = 0,
    ) -> int:
        """Append one message and return its order id (for a cancel or modify, the id that it names).

        ``OrderEntry`` passes arguments by position: names are a third of what a message costs.

        Raises
        ------
        ParameterError
            If a quantity, price or month is not whole: NumPy would cut it.
        """
        if not (type(price_ticks) is type(lots) is type(month) is int):
            _check_whole(locals())
        count = self.count
        if count == len(self.rows):
            self.reserve(1)
        if order_id is None:
            order_id = self.first_order_id + 2 * count
        self.rows[count] = (
            order_id, price_ticks, lots, arrival, stop_ticks, ask_ticks, ask_lots, display_lots, minimum_lots,
            expiry_day, account, month, kind, side, time_in_force, post_only, 0,
            DEFAULT_SELF_MATCH if self_match is None else self_match, spread_months,
        )  # fmt: skip
        self.count = count + 1
        return order_id

    def extend(self, messages: NDArray[Any]) -> None:
        """Append messages; new orders among them are numbered from ``next_order_id`` on."""
        if messages.dtype != ORDER_DTYPE:
            raise ParameterError(f"messages: dtype {messages.dtype} is not ORDER_DTYPE")
        new_ids = messages["order_id"][~np.isin(messages["kind"], _NAME_ANOTHER_ORDER)]
        own = range(self.next_order_id, self.next_order_id + 2 * len(messages))
        assert all(order_id in own for order_id in new_ids.tolist()), f"order ids {new_ids} are not in {own}"
        self.reserve(len(messages))
        self.rows[self.count : self.count + len(messages)] = messages
        self.count += len(messages)

    def take_sorted(self, batch: NDArray[Any] | None = None) -> NDArray[Any]:
        """Return the batch in order of arrival and start the next one.

        The sort is stable: messages that one trader sent with one arrival time keep their order.

        Parameters
        ----------
        batch : array of ORDER_DTYPE, optional
            What stands for ``messages`` after rules of the venue have changed, left out or added some.
        """
        batch = self.messages if batch is None else batch
        order = np.argsort(batch["arrival"], kind="stable")
        added_at_most = 0 if np.may_share_memory(batch, self.rows) else len(batch)
        self.first_order_id += 2 * (self.count + added_at_most)
        self.count = 0
        return batch.take(order)  # for rows with fields a sixth of the time of batch[order]


def _check_whole(message: dict[str, Any]) -> None:
    """Refuse a message that is not of whole numbers; those of NumPy and of enumerations are."""
    for name in _WHOLE_FIELDS:
        value = message[name]
        is_plain = isinstance(value, (int, np.integer)) and value is not True and value is not False
        if not is_plain and (value is not None or name not in ("order_id", "self_match")):
            whole_number(name, value)


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
    """Write one limit order at row ``count`` and return the new count.

    Rows are used again round after round, so every field is set.
    """
    rows[count].order_id = first_order_id + 2 * count
    rows[count].price_ticks = price_ticks
    rows[count].lots = lots
    rows[count].arrival = arrival
    rows[count].stop_ticks = 0
    rows[count].ask_ticks = 0
    rows[count].ask_lots = 0
    rows[count].display_lots = 0
    rows[count].minimum_lots = 0
    rows[count].expiry_day = 0
    rows[count].account = account
    rows[count].month = month
    rows[count].kind = _LIMIT
    rows[count].side = side
    rows[count].time_in_force = time_in_force
    rows[count].post_only = post_only
    rows[count].close_out = 0
    rows[count].self_match = DEFAULT_SELF_MATCH
    rows[count].spread_months = 0
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
def write_quote(
    rows: NDArray[Any],
    count: int,
    first_order_id: int,
    account: int,
    month: int,
    arrival: float,
    bid_ticks: int,
    bid_lots: int,
    ask_ticks: int,
    ask_lots: int,
    post_only: int,
) -> int:
    """Write one two-sided quote at row ``count`` and return the new count; a side of 0 lots is withdrawn."""
    count = write_limit(
        rows, count, first_order_id, account, month, arrival, 0, bid_ticks, bid_lots, _DAY, post_only
    )
    rows[count - 1].kind = _QUOTE
    rows[count - 1].ask_ticks = ask_ticks
    rows[count - 1].ask_lots = ask_lots
    return count


@kernel
def write_cancel_all(rows: NDArray[Any], count: int, account: int, month: int, arrival: float) -> int:
    """Write a cancel of all resting orders of an account in a month and return the new count."""
    count = write_limit(rows, count, 0, account, month, arrival, 0, 0, 0, _DAY, 0)
    rows[count - 1].order_id = 0
    rows[count - 1].kind = _CANCEL_ALL
    return count
