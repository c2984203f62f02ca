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
    STOP = 4
    """Market order with protection that waits until the last trade reaches ``stop_ticks``."""
    STOP_LIMIT = 5
    """Limit order that waits until the last trade reaches ``stop_ticks``."""
    MODIFY = 6
    """New price and new remaining lots for the account's own resting order named by ``order_id``."""
    QUOTE = 7
    """Both sides of an account's quote in one month, in place of its last: bid ``price_ticks`` and ``lots``,
    ask ``ask_ticks`` and ``ask_lots``. The bid gets the id ``order_id``, the ask ``order_id + 1``."""


class TimeInForce(IntEnum):
    """How long an order lives."""

    DAY = 0
    GTC = 1
    IOC = 2
    FOK = 3
    GTD = 4
    """Until the close of day ``expiry_day``."""


class SelfMatch(IntEnum):
    """What happens when an order meets an order of its own account; the incoming order's instruction."""

    CANCEL_RESTING = 0
    CANCEL_AGGRESSOR = 1
    CANCEL_BOTH = 2


class MatchingRule(IntEnum):
    """Who is filled first among the orders of one price."""

    FIFO = 0
    """The oldest order first."""
    PRO_RATA = 1
    """The top order, then shares in proportion to size, then the oldest first."""


class TradingPhase(IntEnum):
    """What an order book does with orders."""

    CONTINUOUS = 0
    AUCTION = 1
    """Orders are collected, none trades until the book uncrosses at one price."""
    HALT = 2
    """Nothing but cancellations is accepted."""


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
    """A bid too far above, or an offer too far below, the last trade (the settlement before the first)."""
    INSUFFICIENT_MARGIN = 11
    POST_ONLY_WOULD_TAKE = 12
    FOK_NOT_FILLABLE = 13
    NO_OPPOSITE_PRICE = 14
    """A market order met an empty opposite side."""
    ORDER_NOT_FOUND = 15
    DUPLICATE_ORDER_ID = 16
    PRICE_RANGE = 17
    """Outside the technical range of prices that stands where no daily limit applies."""
    PRICE_MISSING = 18
    """``NO_PRICE`` where a price is needed: what a belief that is not a number turns into."""
    UNKNOWN_SELF_MATCH_MODE = 19
    MONTH_HALTED = 20
    """No new orders: the month is halted, or a leg of the spread is not in continuous trading."""
    SPREAD_NOT_LISTED = 21
    NOT_FOR_SPREADS = 22
    """A kind, time in force or condition that calendar spreads do not take."""
    NOT_FOR_STOPS = 23
    """A time in force or condition that stop orders do not take."""
    NOT_IN_AUCTION = 24
    """An order that must trade at once cannot enter an auction."""
    DISPLAY_NOT_VALID = 25
    MINIMUM_NOT_VALID = 26
    MINIMUM_NOT_FILLABLE = 27
    EXPIRY_DAY_PAST = 28
    STOP_ALREADY_REACHED = 29
    NOT_MODIFIABLE = 30
    QUOTE_CROSSED = 31
    """A quote whose bid is not below its ask."""
    POSITION_LIMIT = 32


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
    """The order's month has expired (of a spread: a leg)."""
    SUSPENSION = 6
    GOOD_TILL_DATE = 7
    MODIFIED = 8
    """Lots given up by a modification, or all lots of an order that it enters anew."""
    QUOTE_REPLACED = 9
    INTERRUPTION = 10
    """The rest of an order that must not rest, when its next execution would have interrupted trading."""
    AUCTION_REMAINDER = 11
    """What a market order left unfilled in an auction."""


ORDER_DTYPE = np.dtype(
    [
        ("order_id", np.int64),
        ("price_ticks", np.int64),
        ("lots", np.int64),
        ("arrival", np.float64),
        ("stop_ticks", np.int64),
        ("ask_ticks", np.int64),
        ("ask_lots", np.int32),
        ("display_lots", np.int32),
        ("minimum_lots", np.int32),
        ("expiry_day", np.int32),
        ("account", np.int32),
        ("month", np.int32),
        ("kind", np.int8),
        ("side", np.int8),
        ("time_in_force", np.int8),
        ("post_only", np.int8),
        ("close_out", np.int8),
        ("self_match", np.int8),
        ("spread_months", np.int8),
    ],
    align=True,
)
"""One message; zero is the usual value of every field but the first four, account, month, kind and side.

``arrival`` is the sort key within the round, in milliseconds after its start; ``stop_ticks`` triggers a
stop order; ``ask_ticks`` and ``ask_lots`` are the other side of a quote; ``display_lots`` is the part of an
iceberg order that shows (0: all); ``minimum_lots`` must fill at once (0: nothing must); ``expiry_day`` ends a
GTD order; ``close_out`` marks an order of the clearing house for a defaulter's account, which no margin check
position limit or suspension stops; ``spread_months`` names a calendar spread, bought by buying ``month`` and
selling the month that many later (0: the outright month)."""

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
cancel ``cancelled_lots`` is what it removed from the book; for a quote they are sums over both sides."""

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
        ("spread_months", np.int8),
    ],
    align=True,
)
"""One execution at the resting order's price. ``aggressor_side`` is the side of the incoming order; it is 0
in an auction, where the buyer's order stands as maker and the seller's as taker. A trade in a calendar spread
is two rows, one for each leg, the near one first, marked by the spread's ``spread_months``."""

CANCELLATION_DTYPE = np.dtype(
    [
        ("order_id", np.int64),
        ("lots", np.int64),
        ("account", np.int32),
        ("month", np.int32),
        ("cause", np.int8),
        ("spread_months", np.int8),
    ],
    align=True,
)
"""Lots that left the market without a trade, with the cause."""

RESTING_DTYPE = np.dtype(
    [
        ("order_id", np.int64),
        ("price_ticks", np.int64),
        ("stop_ticks", np.int64),
        ("lots", np.int64),
        ("hidden_lots", np.int64),
        ("display_lots", np.int32),
        ("expiry_day", np.int32),
        ("account", np.int32),
        ("month", np.int32),
        ("kind", np.int8),
        ("side", np.int8),
        ("time_in_force", np.int8),
        ("self_match", np.int8),
        ("spread_months", np.int8),
    ],
    align=True,
)
"""One resting order, for snapshots and the state hash. ``lots`` shows in the book, ``hidden_lots`` waits
behind it; ``kind`` is LIMIT, MARKET (waiting for an auction), QUOTE, STOP or STOP_LIMIT. ``stop_ticks`` is
``NO_PRICE`` but for stop orders, ``price_ticks`` is ``NO_PRICE`` for a STOP, ``expiry_day`` 0 but for GTD."""
