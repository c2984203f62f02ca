"""What every matching engine offers, and the rules that all of them follow.

Order of validation. The first reason that applies refuses a message, and a refused message changes nothing:

1. ``UNKNOWN_MESSAGE_KIND``, then ``UNKNOWN_ACCOUNT``.
2. ``CANCEL``: ``ORDER_NOT_FOUND`` if no resting order of this account has the id (its month is not read).
   ``CANCEL_ALL``: ``MONTH_NOT_LISTED`` unless the month is listed or ``ALL_MONTHS``; nothing to cancel is no
   refusal. A suspended account may cancel.
3. ``ACCOUNT_SUSPENDED`` unless the order is a close-out, then ``MONTH_NOT_LISTED``.
4. ``UNKNOWN_SIDE``, ``UNKNOWN_TIME_IN_FORCE``, ``QUANTITY_NOT_POSITIVE``, ``QUANTITY_TOO_LARGE``,
   ``DUPLICATE_ORDER_ID`` (of an order that rests now, in any month and of any account).
5. ``PRICE_LIMIT`` or ``PRICE_BAND`` for a limit price out of range; ``NO_OPPOSITE_PRICE`` for a market order.
6. ``POST_ONLY_WOULD_TAKE`` when the price reaches the best opposite order, whoever owns it.
7. ``FOK_NOT_FILLABLE`` when the opposite lots within the price, without the account's own, are too few.
8. ``INSUFFICIENT_MARGIN`` unless the order is a close-out.

Margin check. The requirement of an account is the sum over months of the margin per lot times
``max(|position + resting buys|, |position - resting sells|)``: the worst that can happen if one side fills. A
new order counts in full as if it rested. It passes if the requirement then is within the account's funds, or
is no higher than it was before the order.

Self-match prevention. An aggressor that meets an order of its own account cancels that resting order (cause
``SELF_MATCH``) and goes on matching.

Order of cancellations. ``CANCEL_ALL`` goes through the slots upwards and within a slot from the account's
newest order to its oldest; every cancellation by the exchange (``cancel_account``, ``expire_month``,
``close_day``, ``open_day``) follows the order of ``resting_orders``.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from abm.core.errors import ParameterError
from abm.core.orders import RESTING_DTYPE, CancelCause

DEFAULT_MAX_ORDER_LOTS = 100_000
"""Largest quantity of one order unless the engine is built with another."""

MAX_LADDER_TICKS = 20_000_000
"""Widest price range of a month that an engine takes: a wider one is a mistake in units."""

_PACKED_RESTING_DTYPE = np.dtype([(name, RESTING_DTYPE[name]) for name in RESTING_DTYPE.names or ()])


class MatchResult(NamedTuple):
    """Everything that one batch of messages caused.

    The arrays may be views that the next call on the engine overwrites.

    Attributes
    ----------
    outcomes : array of OUTCOME_DTYPE, shape (n,)
        One per message, in batch order.
    trades : array of TRADE_DTYPE
        In order of execution.
    cancellations : array of CANCELLATION_DTYPE
        In order of occurrence.
    """

    outcomes: NDArray[np.void]
    trades: NDArray[np.void]
    cancellations: NDArray[np.void]


class TopOfBook(NamedTuple):
    """Best prices and quantities of every slot, int64 of shape (n_slots,) each.

    An empty side shows ``NO_PRICE`` and 0 lots; ``last_trade_ticks`` is today's last trade, ``NO_PRICE``
    before the first.
    """

    best_bid_ticks: NDArray[np.int64]
    best_ask_ticks: NDArray[np.int64]
    bid_lots: NDArray[np.int64]
    ask_lots: NDArray[np.int64]
    last_trade_ticks: NDArray[np.int64]


class TradingDay(NamedTuple):
    """Checked terms of one trading day, one row per slot."""

    months: NDArray[np.int64]
    low_ticks: NDArray[np.int64]
    high_ticks: NDArray[np.int64]
    is_daily_limit: NDArray[np.bool_]
    protection_ticks: NDArray[np.int64]


class Exchange(Protocol):
    """The order books of all listed months.

    Rows of every per-month array are slots: ``month % n_slots``. Money is integer micro-USD, prices are
    signed integer ticks, quantities are integer lots.
    """

    n_accounts: int
    n_slots: int
    max_order_lots: int

    def open_day(
        self,
        *,
        months: NDArray[np.int64],
        reference_ticks: NDArray[np.int64],
        low_ticks: NDArray[np.int64],
        high_ticks: NDArray[np.int64],
        is_daily_limit: NDArray[np.bool_],
        protection_ticks: NDArray[np.int64],
    ) -> NDArray[np.void]:
        """List the day's months and set their price ranges; orders left outside are cancelled.

        Parameters
        ----------
        months : array of int64, shape (n_slots,)
            The absolute month of each slot. A slot may change its month only while it has no orders.
        reference_ticks : array of int64, shape (n_slots,)
            The price each range was built around; it must lie inside.
        low_ticks, high_ticks : array of int64, shape (n_slots,)
            Lowest and highest price an order may have.
        is_daily_limit : array of bool, shape (n_slots,)
            Whether the range is a daily price limit (refusals say ``PRICE_LIMIT``) or a technical price band
            (``PRICE_BAND``).
        protection_ticks : array of int64, shape (n_slots,)
            How far beyond the best opposite price a market order may trade.

        Returns
        -------
        array of CANCELLATION_DTYPE
            Resting orders outside the new ranges, cause ``PRICE_LIMIT``.

        Raises
        ------
        ParameterError
            If a range is empty, too wide or does not hold its reference, or a protection is negative.
        """
        ...

    def load_risk(
        self,
        *,
        position_lots: NDArray[np.int64],
        funds_usd_micro: NDArray[np.int64],
        margin_per_lot_usd_micro: NDArray[np.int64],
        may_trade: NDArray[np.bool_],
    ) -> None:
        """Copy in what the pre-trade check needs; ``match`` keeps its own positions current from there.

        Parameters
        ----------
        position_lots : array of int64, shape (n_accounts, n_slots)
            Signed net positions.
        funds_usd_micro : array of int64, shape (n_accounts,)
            What an account may have bound as margin.
        margin_per_lot_usd_micro : array of int64, shape (n_slots,)
            Initial margin of one lot, not negative.
        may_trade : array of bool, shape (n_accounts,)
            False for a suspended account.
        """
        ...

    def match(self, orders: NDArray[np.void]) -> MatchResult:
        """Process messages one by one, in the order given.

        Parameters
        ----------
        orders : array of ORDER_DTYPE, shape (n,)
            Sorted by arrival; never modified.
        """
        ...

    def cancel_account(self, account: int, cause: CancelCause) -> NDArray[np.void]:
        """Cancel all resting orders of an account."""
        ...

    def expire_month(self, month: int) -> NDArray[np.void]:
        """Cancel all resting orders of a month, which is not listed again before the next ``open_day``."""
        ...

    def close_day(self) -> NDArray[np.void]:
        """Cancel all ``DAY`` orders."""
        ...

    def top_of_book(self) -> TopOfBook:
        """Return best prices, their lots and the last trades of today (copies)."""
        ...

    def depth(
        self, month: int, levels: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return bid prices, bid lots, ask prices and ask lots of the best price levels, best first."""
        ...

    def resting_orders(self) -> NDArray[np.void]:
        """Return all resting orders: by slot, buys before sells, best price first, oldest first."""
        ...

    @property
    def position_lots(self) -> NDArray[np.int64]:
        """Signed net positions as matched so far, shape (n_accounts, n_slots), read-only."""
        ...

    @property
    def open_order_lots(self) -> NDArray[np.int64]:
        """Resting buy and sell lots, shape (n_accounts, n_slots, 2), read-only."""
        ...

    def check(self) -> None:
        """Assert that books, index of orders and open lots agree and that no book is crossed."""
        ...

    def update_digest(self, digest: Any) -> None:
        """Feed the state of the books to a ``hashlib`` object: equal books, equal digest."""
        ...


def checked_day(
    n_slots: int,
    *,
    months: NDArray[np.int64],
    reference_ticks: NDArray[np.int64],
    low_ticks: NDArray[np.int64],
    high_ticks: NDArray[np.int64],
    is_daily_limit: NDArray[np.bool_],
    protection_ticks: NDArray[np.int64],
) -> TradingDay:
    """Return the terms of a trading day as arrays of one row per slot, or raise ``ParameterError``."""
    day = TradingDay(
        months=np.array(months, dtype=np.int64),
        low_ticks=np.array(low_ticks, dtype=np.int64),
        high_ticks=np.array(high_ticks, dtype=np.int64),
        is_daily_limit=np.array(is_daily_limit, dtype=np.bool_),
        protection_ticks=np.array(protection_ticks, dtype=np.int64),
    )
    reference = np.array(reference_ticks, dtype=np.int64)
    for name, column in (*day._asdict().items(), ("reference_ticks", reference)):
        if column.shape != (n_slots,):
            raise ParameterError(f"open_day {name}: shape {column.shape} is not ({n_slots},)")
    assert np.all(day.months >= 0), f"months {day.months} are not absolute delivery months"
    assert np.array_equal(day.months % n_slots, np.arange(n_slots)), f"months {day.months} are not in slots"
    for slot in range(n_slots):
        low, high = int(day.low_ticks[slot]), int(day.high_ticks[slot])
        month = f"open_day month {day.months[slot]}"
        if not low <= int(reference[slot]) <= high:
            raise ParameterError(f"{month}: reference {reference[slot]} is not in [{low}, {high}] ticks")
        if high - low >= MAX_LADDER_TICKS:
            raise ParameterError(f"{month}: range [{low}, {high}] is not under {MAX_LADDER_TICKS} ticks wide")
        if day.protection_ticks[slot] < 0:
            raise ParameterError(f"{month}: protection_ticks {day.protection_ticks[slot]} is not >= 0")
    return day


def digest_books(digest: Any, resting: NDArray[np.void], last_trade_ticks: NDArray[np.int64]) -> None:
    """Feed resting orders, without padding bytes, and last trades to a ``hashlib`` object."""
    digest.update(np.ascontiguousarray(resting.astype(_PACKED_RESTING_DTYPE)).tobytes())
    digest.update(np.ascontiguousarray(last_trade_ticks).tobytes())
