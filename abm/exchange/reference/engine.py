"""The exchange in plain Python, written to be obviously right: the oracle of the compiled one.

It reads like the rule book, ``docs/exchange-rules.md``: price levels are dictionaries of queues, everything
that can be derived is derived anew each time, and nothing is shared with the compiled engine but the record
types and the checks of a trading day's terms.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.core.arguments import row_number, whole_array, whole_number
from abm.core.errors import ParameterError
from abm.core.orders import (
    CANCELLATION_DTYPE,
    NO_PRICE,
    ORDER_DTYPE,
    OUTCOME_DTYPE,
    TRADE_DTYPE,
    CancelCause,
    MessageKind,
    RejectReason,
    TimeInForce,
    TradingPhase,
)
from abm.exchange.interface import (
    DEFAULT_MAX_ORDER_LOTS,
    FIFO_BOOKS,
    MAX_ORDER_LOTS,
    BookRules,
    MatchResult,
    OwnQuotes,
    SpreadTop,
    TopOfBook,
    check_accounts,
    check_wider,
    checked_day,
    digest_books,
)
from abm.exchange.reference.auction import uncross
from abm.exchange.reference.book import Book, Month
from abm.exchange.reference.entry import (
    KINDS,
    Message,
    Outcome,
    cancel,
    cancel_all,
    modify,
    new_order,
    refused,
)
from abm.exchange.reference.market import Market
from abm.exchange.reference.matching import settle
from abm.exchange.reference.order import Order
from abm.exchange.reference.quotes import own_quote, quote
from abm.exchange.reference.risk import RiskTerms
from abm.exchange.reference.views import (
    check_market,
    column_of,
    depth,
    records,
    resting_records,
    spread_top,
    top_of_book,
)

assert ORDER_DTYPE.names == Message._fields


class ReferenceExchange:
    """Order books as dictionaries and queues: readable and slow.

    Follows ``abm.exchange.interface.Exchange``, where the methods are documented.

    Parameters
    ----------
    n_accounts, n_slots : int
        Trading accounts and months listed at a time.
    max_order_lots : int
        Largest quantity of one order.
    order_capacity : int
        Ignored: a dictionary has no capacity. Accepted so that both engines are built alike.
    rules : BookRules
        How the books match.
    """

    def __init__(
        self,
        *,
        n_accounts: int,
        n_slots: int,
        max_order_lots: int = DEFAULT_MAX_ORDER_LOTS,
        order_capacity: int = 0,
        rules: BookRules = FIFO_BOOKS,
    ) -> None:
        whole_number("n_accounts", n_accounts, least=0)
        for name, count in (("n_slots", n_slots), ("max_order_lots", max_order_lots)):
            whole_number(name, count, least=1, allowed="> 0")
        if max_order_lots > MAX_ORDER_LOTS:
            raise ParameterError(f"max_order_lots: {max_order_lots} is not <= {MAX_ORDER_LOTS}")
        self.n_accounts = n_accounts
        self.n_slots = n_slots
        self.max_order_lots = max_order_lots
        self.rules = rules
        self._market = Market(n_slots, rules)
        self._risk = RiskTerms(max_order_lots, [0] * n_accounts, [0] * n_slots, [True] * n_accounts, None, [])

    @property
    def position_lots(self) -> NDArray[np.int64]:
        """Signed net positions as matched so far, shape (n_accounts, n_slots), read-only."""
        positions = np.zeros((self.n_accounts, self.n_slots), dtype=np.int64)
        for cell, lots in self._market.positions.items():
            positions[cell] = lots
        positions.flags.writeable = False
        return positions

    @property
    def open_order_lots(self) -> NDArray[np.int64]:
        """Resting buy and sell lots of all kinds, shape (n_accounts, n_slots, 2), read-only."""
        lots = np.zeros((self.n_accounts, self.n_slots, 2), dtype=np.int64)
        for order in self._market.orders.values():
            for month, side in order.legs():
                lots[order.account, month % self.n_slots, column_of(side)] += order.remaining
        lots.flags.writeable = False
        return lots

    @property
    def phases(self) -> NDArray[np.int64]:
        """Trading phase of every slot, shape (n_slots,), a copy."""
        phases = np.full(self.n_slots, int(TradingPhase.CONTINUOUS), dtype=np.int64)
        for month in self._market.months.values():
            phases[month.month % self.n_slots] = int(month.phase)
        return phases

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
        """List the day's months and set their price ranges; orders left outside are cancelled."""
        terms = checked_day(
            self.n_slots,
            months=months,
            reference_ticks=reference_ticks,
            low_ticks=low_ticks,
            high_ticks=high_ticks,
            is_daily_limit=is_daily_limit,
            protection_ticks=protection_ticks,
            band_ticks=band_ticks,
            interruption_ticks=interruption_ticks,
            day=day,
        )
        market = self._market
        listed = [
            Month(
                month=int(terms.months[slot]),
                reference=int(terms.reference_ticks[slot]),
                low=int(terms.low_ticks[slot]),
                high=int(terms.high_ticks[slot]),
                is_daily_limit=bool(terms.is_daily_limit[slot]),
                protection=int(terms.protection_ticks[slot]),
                band=int(terms.band_ticks[slot]),
                interruption=int(terms.interruption_ticks[slot]),
            )
            for slot in range(self.n_slots)
        ]
        market.today = terms.day
        market.months = {month.month: month for month in listed}
        instruments = [
            (month, length)
            for length in (0, *self.rules.spread_lengths)
            for month in market.months
            if month + length in market.months
        ]
        for order in market.orders.values():
            instrument = (order.month, order.spread_months)
            assert instrument in instruments, f"{instrument} is not listed any more but has orders"
        market.books = {
            instrument: market.books.get(instrument) or Book(*instrument) for instrument in instruments
        }
        shut_out = [order for order in market.in_book_order() if not self._is_in_range(order)]
        cancellations = self._cancel_each(shut_out, CancelCause.PRICE_LIMIT)
        for book in market.books.values():
            assert not book.is_crossed(), f"month {book.month} opens with crossed orders"
        return cancellations

    def widen_range(self, *, low_ticks: NDArray[np.int64], high_ticks: NDArray[np.int64]) -> None:
        """Move the ends of today's price ranges outwards; no order is touched."""
        listed = np.zeros(self.n_slots, dtype=np.int64)
        for month in self._market.months.values():
            listed[month.month % self.n_slots] = month.month
        ranges = {}
        for number, month in self._market.months.items():
            slot = number % self.n_slots
            ranges[number] = int(low_ticks[slot]), int(high_ticks[slot])
            check_wider(listed, (month.low, month.high), ranges[number], slot)
        for number, month in self._market.months.items():
            month.low, month.high = ranges[number]

    def set_phases(self, phases: NDArray[np.int64]) -> None:
        """Set the trading phase of every listed month; an auction ends by ``uncross`` or in a halt."""
        new: list[int] = whole_array("phases", phases, (self.n_slots,)).tolist()
        for slot, phase in enumerate(new):
            if phase not in list(TradingPhase):
                raise ParameterError(f"set_phases slot {slot}: {phase} is not in {[*map(int, TradingPhase)]}")
        for month in self._market.months.values():
            if new[month.month % self.n_slots] == TradingPhase.CONTINUOUS:
                self._check_may_go_continuous(month)
        for month in self._market.months.values():
            month.phase = TradingPhase(new[month.month % self.n_slots])

    def uncross(self, months: NDArray[np.int64]) -> MatchResult:
        """End the auctions of some months, in the order given: trade at one price, then go on."""
        market = self._market
        chosen: list[int] = whole_array("months", months).tolist()
        for month in chosen:
            self._check_listed(month)
            if market.months[month].phase is not TradingPhase.AUCTION or chosen.count(month) > 1:
                raise ParameterError(f"uncross month {month}: it is not in an auction, or given twice")
        market.trades, market.cancellations = [], []
        for month in chosen:
            uncross(market, market.books[month, 0])
        settle(market)
        return self._result([])

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
        """Copy in what the pre-trade checks need; ``match`` keeps its own positions current from there."""
        shape = (self.n_accounts, self.n_slots)
        self._market.positions = defaultdict(int)
        for cell, lots in np.ndenumerate(whole_array("position_lots", position_lots, shape)):
            self._market.positions[cell[0], cell[1]] = int(lots)
        exempt = np.zeros(self.n_accounts, dtype=bool) if limit_exempt is None else np.asarray(limit_exempt)
        self._risk = RiskTerms(
            self.max_order_lots,
            whole_array("funds_usd_micro", funds_usd_micro, shape[:1]).tolist(),
            whole_array("margin_per_lot_usd_micro", margin_per_lot_usd_micro, shape[1:]).tolist(),
            np.asarray(may_trade).tolist(),
            None if position_limit_lots is None else np.asarray(position_limit_lots).tolist(),
            exempt.tolist(),
        )

    def match(self, orders: NDArray[np.void]) -> MatchResult:
        """Process messages one by one, in the order given."""
        self._market.trades, self._market.cancellations = [], []
        outcomes = []
        for row in orders.tolist():
            message = Message._make(row)
            outcomes.append((message.order_id, *self._process(message)))
            settle(self._market)
        return self._result(outcomes)

    def cancel_account(self, account: int, cause: CancelCause) -> NDArray[np.void]:
        """Cancel all resting orders of an account."""
        account = row_number("account", account, self.n_accounts)
        orders = self._market.in_book_order()
        return self._cancel_each([order for order in orders if order.account == account], cause)

    def expire_month(self, month: int) -> NDArray[np.void]:
        """Cancel all orders that have a month as a leg; it is not listed again before ``open_day``."""
        self._check_listed(month)
        market = self._market
        orders = market.in_book_order()
        gone = [order for order in orders if month in [leg for leg, _ in order.legs()]]
        cancellations = self._cancel_each(gone, CancelCause.EXPIRY)
        del market.months[month]
        market.books = {
            (near, length): book
            for (near, length), book in market.books.items()
            if month not in (near, near + length)
        }
        return cancellations

    def close_day(self) -> NDArray[np.void]:
        """Cancel all ``DAY`` orders (quotes too), and the ``GTD`` orders whose last day is today."""
        self._market.cancellations = []
        for order in list(self._market.in_book_order()):
            if order.time_in_force is TimeInForce.DAY:
                self._market.cancel(order, CancelCause.DAY_END)
            elif order.time_in_force is TimeInForce.GTD and order.expiry_day <= self._market.today:
                self._market.cancel(order, CancelCause.GOOD_TILL_DATE)
        return records(self._market.cancellations, CANCELLATION_DTYPE)

    def top_of_book(self) -> TopOfBook:
        """Return best prices, their shown lots, last trades, indicative auctions and phases."""
        return top_of_book(self._market)

    def spread_top(self) -> SpreadTop:
        """Return best prices and lots of the calendar spreads, implied ones too."""
        return spread_top(self._market)

    def depth(
        self, month: int, levels: int, spread_months: int = 0
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return bid prices, bid lots, ask prices and ask lots of the best levels, best first."""
        self._check_listed(month, whole_number("spread_months", spread_months))
        return depth(self._market.books[month, spread_months], whole_number("levels", levels, least=0))

    def resting_orders(self) -> NDArray[np.void]:
        """Return all resting orders in their canonical order."""
        return resting_records(self._market.in_book_order())

    def open_orders(self, account: int) -> NDArray[np.void]:
        """Return an account's resting orders in canonical order."""
        account = row_number("account", account, self.n_accounts)
        return resting_records(order for order in self._market.in_book_order() if order.account == account)

    def own_quotes(self, first_account: int, count: int) -> OwnQuotes:
        """Return the live quotes of consecutive accounts."""
        check_accounts(first_account, count, self.n_accounts)
        quotes = OwnQuotes(*np.zeros((2, count, self.n_slots, 2), dtype=np.int64))
        quotes.price_ticks[:] = NO_PRICE
        for row in range(count):
            for month in self._market.months:
                for side, order in own_quote(self._market, first_account + row, month).items():
                    cell = row, month % self.n_slots, column_of(side)
                    quotes.price_ticks[cell], quotes.lots[cell] = order.price, order.shown
        return quotes

    def check(self) -> None:
        """Assert that books, index of orders and open lots agree and that no continuous book is crossed."""
        check_market(self._market)

    def update_digest(self, digest: Any) -> None:
        """Feed the state of the books to a ``hashlib`` object: equal books, equal digest."""
        top = self.top_of_book()
        digest_books(digest, self.resting_orders(), top.last_trade_ticks, top.phase)

    def _process(self, message: Message) -> Outcome:
        """Check 1 of the rule book, then the rules of the message's kind."""
        if message.kind not in KINDS:
            return refused(RejectReason.UNKNOWN_MESSAGE_KIND)
        if not 0 <= message.account < self.n_accounts:
            return refused(RejectReason.UNKNOWN_ACCOUNT)
        if message.kind == MessageKind.CANCEL:
            return cancel(self._market, message)
        if message.kind == MessageKind.CANCEL_ALL:
            return cancel_all(self._market, message)
        if message.kind == MessageKind.MODIFY:
            return modify(self._market, self._risk, message)
        if message.kind == MessageKind.QUOTE:
            return quote(self._market, self._risk, message)
        return new_order(self._market, self._risk, message)

    def _is_in_range(self, order: Order) -> bool:
        """Say whether an order's price, and its trigger, are prices of today."""
        low, high = self._market.price_range(self._market.book_of(order))
        prices = [price for price in (order.stop, order.price) if price != NO_PRICE]
        return all(low <= price <= high for price in prices)

    def _check_listed(self, month: int, spread_months: int = 0) -> None:
        if whole_number("month", month) not in self._market.months:
            listed = sorted(self._market.months)
            raise ParameterError(f"month: {month} is not listed, listed are {listed}")
        if (month, spread_months) not in self._market.books:
            raise ParameterError(f"spread_months: {spread_months} of month {month} is not listed")

    def _check_may_go_continuous(self, month: Month) -> None:
        book = self._market.books[month.month, 0]
        if month.phase is TradingPhase.AUCTION:
            raise ParameterError(f"set_phases month {month.month}: an auction ends by uncross or in a halt")
        if book.is_crossed() or any(order.kind is MessageKind.MARKET for order in book.orders()):
            raise ParameterError(f"set_phases month {month.month}: its book waits for an auction")

    def _cancel_each(self, orders: Iterable[Order], cause: CancelCause) -> NDArray[np.void]:
        self._market.cancellations = []
        self._market.cancel_each(orders, cause)
        return records(self._market.cancellations, CANCELLATION_DTYPE)

    def _result(self, outcomes: Sequence[tuple[int, ...]]) -> MatchResult:
        return MatchResult(
            records(outcomes, OUTCOME_DTYPE),
            records(self._market.trades, TRADE_DTYPE),
            records(self._market.cancellations, CANCELLATION_DTYPE),
        )
