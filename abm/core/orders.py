"""Records that pass between agents, exchange and clearing: messages, outcomes, trades, cancellations.

All are NumPy structured arrays, so that compiled kernels fill them without a Python object per order.
A month is the absolute delivery month; a price is in signed ticks; a quantity is in lots.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

NO_PRICE = int(np.iinfo(np.int64).min)
"""Stands in a price array where there is no price (an empty side, a month without a trade)."""

ALL_MONTHS = -1
"""Month of a ``CANCEL_ALL`` message that covers every listed month."""


class Side(IntEnum):
    """Side of an order; the value is the sign of the position it builds."""

    BUY = 1
    SELL = -1


class MessageKind(IntEnum):
    """What a message asks of the exchange."""

    LIMIT = 0
    MARKET = 1
    """Market order with protection: a limit at the best opposite price plus or minus the protection."""
    CANCEL = 2
    """Cancel the account's own resting order named by ``order_id``."""
    CANCEL_ALL = 3
    """Cancel all resting orders of the account in ``month`` (``ALL_MONTHS`` for every month)."""


class TimeInForce(IntEnum):
    """How long an order lives."""

    DAY = 0
    GTC = 1
    IOC = 2
    FOK = 3


class RejectReason(IntEnum):
    """Why a message was refused; ``NONE`` means that it was accepted."""

    NONE = 0
    UNKNOWN_MESSAGE_KIND = 1
    UNKNOWN_SIDE = 2
    UNKNOWN_TIME_IN_FORCE = 3
    UNKNOWN_ACCOUNT = 4
    ACCOUNT_SUSPENDED = 5
    MONTH_NOT_LISTED = 6
    QUANTITY_NOT_POSITIVE = 7
    QUANTITY_TOO_LARGE = 8
    PRICE_LIMIT = 9
    """Outside the daily price limits."""
    PRICE_BAND = 10
    """Outside the technical price band that stands where no daily limit applies."""
    INSUFFICIENT_MARGIN = 11
    POST_ONLY_WOULD_TAKE = 12
    FOK_NOT_FILLABLE = 13
    NO_OPPOSITE_PRICE = 14
    """A market order met an empty opposite side."""
    ORDER_NOT_FOUND = 15
    DUPLICATE_ORDER_ID = 16
    BOOK_FULL = 17


class CancelCause(IntEnum):
    """Why lots of an accepted order left the market without a trade."""

    USER = 0
    IOC_REMAINDER = 1
    """The unfilled rest of an IOC or market order."""
    SELF_MATCH = 2
    DAY_END = 3
    PRICE_LIMIT = 4
    """A resting order that the day's new price limits shut out."""
    EXPIRY = 5
    SUSPENSION = 6


ORDER_DTYPE = np.dtype(
    [
        ("order_id", np.int64),
        ("price_ticks", np.int64),
        ("lots", np.int64),
        ("arrival", np.float64),
        ("account", np.int32),
        ("month", np.int32),
        ("kind", np.int8),
        ("side", np.int8),
        ("time_in_force", np.int8),
        ("post_only", np.int8),
        ("close_out", np.int8),
    ],
    align=True,
)
"""One message. ``arrival`` is the sort key within the round, in milliseconds after its start; ``close_out``
marks an order of the clearing house for a defaulter's account, which no margin check or suspension stops."""

OUTCOME_DTYPE = np.dtype(
    [
        ("order_id", np.int64),
        ("filled_lots", np.int64),
        ("resting_lots", np.int64),
        ("cancelled_lots", np.int64),
        ("reason", np.int8),
    ],
    align=True,
)
"""What became of one message at once. For an accepted order the three lots sum to its quantity; for a
cancel ``cancelled_lots`` is what it removed from the book."""

TRADE_DTYPE = np.dtype(
    [
        ("price_ticks", np.int64),
        ("lots", np.int64),
        ("maker_order_id", np.int64),
        ("taker_order_id", np.int64),
        ("buyer", np.int32),
        ("seller", np.int32),
        ("month", np.int32),
        ("aggressor_side", np.int8),
    ],
    align=True,
)
"""One execution at the resting order's price. ``aggressor_side`` is the side of the incoming order."""

CANCELLATION_DTYPE = np.dtype(
    [
        ("order_id", np.int64),
        ("lots", np.int64),
        ("account", np.int32),
        ("month", np.int32),
        ("cause", np.int8),
    ],
    align=True,
)
"""Lots that left the market without a trade, with the cause."""

RESTING_DTYPE = np.dtype(
    [
        ("order_id", np.int64),
        ("price_ticks", np.int64),
        ("lots", np.int64),
        ("account", np.int32),
        ("month", np.int32),
        ("side", np.int8),
        ("time_in_force", np.int8),
    ],
    align=True,
)
"""One resting order, for snapshots and the state hash."""
