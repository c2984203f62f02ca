"""What every matching engine offers. The rules that all of them follow are in ``docs/exchange-rules.md``."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from abm.core.arguments import whole_number
from abm.core.orders import RESTING_DTYPE, CancelCause
from abm.exchange.day_terms import MAX_LADDER_TICKS, TradingDay, check_wider, checked_day
from abm.exchange.results import FIFO_BOOKS, BookRules, MatchResult, OwnQuotes, SpreadTop, TopOfBook

__all__ = [
    "DEFAULT_MAX_ORDER_LOTS",
    "FIFO_BOOKS",
    "MAX_LADDER_TICKS",
    "MAX_ORDER_LOTS",
    "UNLIMITED_LOTS",
    "BookRules",
    "Exchange",
    "MatchResult",
    "OwnQuotes",
    "SpreadTop",
    "TopOfBook",
    "TradingDay",
    "check_accounts",
    "check_wider",
    "checked_day",
    "digest_books",
]

DEFAULT_MAX_ORDER_LOTS = 100_000
"""Largest quantity of one order unless the engine is built with another."""

MAX_ORDER_LOTS = 1_000_000_000
"""Largest ``max_order_lots`` that an engine takes: quantities of one order fit 32 bits."""

UNLIMITED_LOTS = 2**62
"""Position limit of a month that has none."""

_PACKED_RESTING_DTYPE = np.dtype([(name, RESTING_DTYPE[name]) for name in RESTING_DTYPE.names or ()])


class Exchange(Protocol):
    """The order books of all listed months and their calendar spreads.

    Rows of every per-month array are slots: ``month % n_slots``. Money is integer micro-USD, prices are
    signed integer ticks, quantities are integer lots.
    """

    n_accounts: int
    n_slots: int
    max_order_lots: int
    rules: BookRules

    def open_day(
        self,
        *,
        months: NDArray[np.int64],
        reference_ticks: NDArray[np.int64],
        low_ticks: NDArray[np.int64],
        high_ticks: NDArray[np.int64],
        is_daily_limit: NDArray[np.bool_],
        protection_ticks: NDArray[np.int64],
        band_ticks: NDArray[np.int64] | None = None,
        interruption_ticks: NDArray[np.int64] | None = None,
        day: int = 0,
    ) -> NDArray[np.void]:
        """List the day's months and set their price ranges; orders left outside are cancelled.

        Every month starts in continuous trading. The range of a spread is what its legs' ranges allow.

        Parameters
        ----------
        months : array of int64, shape (n_slots,)
            The absolute month of each slot, consecutive months. A slot may change its month only while it has
            no orders.
        reference_ticks : array of int64, shape (n_slots,)
            The prior settlement, inside the range: the reference until the first trade.
        low_ticks, high_ticks : array of int64, shape (n_slots,)
            Lowest and highest price an order may have.
        is_daily_limit : array of bool, shape (n_slots,)
            Whether the range is a daily price limit (refusals say ``PRICE_LIMIT``) or a technical range
            (``PRICE_RANGE``).
        protection_ticks : array of int64, shape (n_slots,)
            How far beyond the best opposite price a market order may trade, and a stop order beyond its
            trigger.
        band_ticks : array of int64, shape (n_slots,), optional
            Width of the price band around the last trade; 0, the default, for none.
        interruption_ticks : array of int64, shape (n_slots,), optional
            How far from the last trade an execution may be before it interrupts trading; 0, the default, for
            no such rule.
        day : int
            Today, which GTD orders are measured against.

        Returns
        -------
        array of CANCELLATION_DTYPE
            Resting orders outside the new ranges, cause ``PRICE_LIMIT``.

        Raises
        ------
        ParameterError
            If a range is empty, too wide or does not hold its reference, or another width is negative.
        """
        ...

    def widen_range(self, *, low_ticks: NDArray[np.int64], high_ticks: NDArray[np.int64]) -> None:
        """Move the ends of today's price ranges outwards; no order is touched.

        Parameters
        ----------
        low_ticks, high_ticks : array of int64, shape (n_slots,)
            New ranges, each holding the old one.

        Raises
        ------
        ParameterError
            If a range does not hold the old one or is too wide.
        """
        ...

    def set_phases(self, phases: NDArray[np.int64]) -> None:
        """Set the trading phase of every slot; an auction ends only through ``uncross`` or in a halt.

        Parameters
        ----------
        phases : array of int64, shape (n_slots,)
            Values of ``TradingPhase``.

        Raises
        ------
        ParameterError
            If a phase is unknown, or a month would go from a book with crossed orders to continuous trading.
        """
        ...

    def uncross(self, months: NDArray[np.int64]) -> MatchResult:
        """End the auctions of some months, in the order given: trade at one price, then go on continuously.

        Parameters
        ----------
        months : array of int64
            Listed months in phase ``AUCTION``.

        Raises
        ------
        ParameterError
            If a month is not listed or not in an auction.
        """
        ...

    def load_risk(
        self,
        *,
        position_lots: NDArray[np.int64],
        funds_usd_micro: NDArray[np.int64],
        margin_per_lot_usd_micro: NDArray[np.int64],
        may_trade: NDArray[np.bool_],
        position_limit_lots: NDArray[np.int64] | None = None,
        limit_exempt: NDArray[np.bool_] | None = None,
    ) -> None:
        """Copy in what the pre-trade checks need; ``match`` keeps its own positions current from there.

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
        position_limit_lots : array of int64, shape (n_slots,), optional
            Largest absolute net position in a month; no limit by default.
        limit_exempt : array of bool, shape (n_accounts,), optional
            True for an account that no position limit binds, such as a recognised hedger; nobody by default.
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
        """Cancel all resting orders of a month and of the spreads that have it as a leg.

        The month is not listed again before the next ``open_day``.
        """
        ...

    def close_day(self) -> NDArray[np.void]:
        """Cancel all ``DAY`` orders (quotes too), and the ``GTD`` orders whose last day is today."""
        ...

    def top_of_book(self) -> TopOfBook:
        """Return best prices, their lots, last trades of today and phases (copies)."""
        ...

    def spread_top(self) -> SpreadTop:
        """Return best prices and lots of the calendar spreads."""
        ...

    def depth(
        self, month: int, levels: int, spread_months: int = 0
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return bid prices, shown bid lots, ask prices and shown ask lots of the best levels, best first.

        Stop orders do not show; prices implied by other books do not either.
        """
        ...

    def resting_orders(self) -> NDArray[np.void]:
        """Return all resting orders, RESTING_DTYPE, in their canonical order.

        By instrument (months by slot, then spreads by length and slot of the near month); within one buys
        before sells, best price first, in order of priority; then its waiting stop orders, buys before sells,
        first to trigger first, oldest first.
        """
        ...

    def open_orders(self, account: int) -> NDArray[np.void]:
        """Return an account's resting orders in canonical order."""
        ...

    def own_quotes(self, first_account: int, count: int) -> OwnQuotes:
        """Return the live quotes of consecutive accounts."""
        ...

    @property
    def position_lots(self) -> NDArray[np.int64]:
        """Signed net positions as matched so far, shape (n_accounts, n_slots), read-only."""
        ...

    @property
    def open_order_lots(self) -> NDArray[np.int64]:
        """Resting buy and sell lots, hidden ones, stops and spread legs too; (n_accounts, n_slots, 2)."""
        ...

    @property
    def phases(self) -> NDArray[np.int64]:
        """Trading phase of every slot, shape (n_slots,), a copy."""
        ...

    def check(self) -> None:
        """Assert that books, index of orders and open lots agree and that no continuous book is crossed."""
        ...

    def update_digest(self, digest: Any) -> None:
        """Feed the state of the books to a ``hashlib`` object: equal books, equal digest."""
        ...


def check_accounts(first_account: int, count: int, n_accounts: int) -> None:
    """Raise ``ParameterError`` unless consecutive accounts are all among those there are."""
    whole_number("count", count, least=0)
    whole_number("first_account", first_account, least=0, most=n_accounts - count)


def digest_books(
    digest: Any, resting: NDArray[np.void], last_trade_ticks: NDArray[np.int64], phases: NDArray[np.int64]
) -> None:
    """Feed resting orders, without padding bytes, last trades and phases to a ``hashlib`` object."""
    digest.update(np.ascontiguousarray(resting.astype(_PACKED_RESTING_DTYPE)).tobytes())
    digest.update(np.ascontiguousarray(last_trade_ticks).tobytes())
    digest.update(np.ascontiguousarray(phases).tobytes())
