"""The exchange in plain Python, written to be obviously right: the oracle of the compiled one.

Price levels are dictionaries of queues, everything that can be derived is derived anew each time, and nothing
is shared with the compiled engine but the record types.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.core.errors import ParameterError
from abm.core.orders import (
    ALL_MONTHS,
    CANCELLATION_DTYPE,
    NO_PRICE,
    OUTCOME_DTYPE,
    RESTING_DTYPE,
    TRADE_DTYPE,
    CancelCause,
    MessageKind,
    RejectReason,
    Side,
    TimeInForce,
)
from abm.exchange.interface import DEFAULT_MAX_ORDER_LOTS, MatchResult, TopOfBook, checked_day, digest_books
from abm.exchange.reference_month import MonthBook, RestingOrder, reaches

_RESTING_LIVES = (TimeInForce.DAY, TimeInForce.GTC)


class ReferenceExchange:
    """Order books of all listed months as dictionaries and queues: readable and slow.

    Follows ``abm.exchange.interface.Exchange``, where the methods are documented.

    Parameters
    ----------
    n_accounts, n_slots : int
        Trading accounts and months listed at a time.
    max_order_lots : int
        Largest quantity of one order.
    order_capacity : int
        Ignored: a dictionary has no capacity. Accepted so that both engines are built alike.
    """

    def __init__(
        self,
        *,
        n_accounts: int,
        n_slots: int,
        max_order_lots: int = DEFAULT_MAX_ORDER_LOTS,
        order_capacity: int = 0,
    ) -> None:
        for name, count in (
            ("n_accounts", n_accounts),
            ("n_slots", n_slots),
            ("max_order_lots", max_order_lots),
        ):
            if count <= 0:
                raise ParameterError(f"{name}: {count} is not > 0")
        self.n_accounts = n_accounts
        self.n_slots = n_slots
        self.max_order_lots = max_order_lots
        self._months: dict[int, MonthBook] = {}
        self._orders: dict[int, RestingOrder] = {}
        self._positions = [[0] * n_slots for _ in range(n_accounts)]
        self._funds = [0] * n_accounts
        self._margins = [0] * n_slots
        self._may_trade = [True] * n_accounts
        self._trades: list[tuple[int, ...]] = []
        self._cancellations: list[tuple[int, ...]] = []

    @property
    def position_lots(self) -> NDArray[np.int64]:
        """Signed net positions as matched so far, shape (n_accounts, n_slots), read-only."""
        positions = np.array(self._positions, dtype=np.int64)
        positions.flags.writeable = False
        return positions

    @property
    def open_order_lots(self) -> NDArray[np.int64]:
        """Resting buy and sell lots, shape (n_accounts, n_slots, 2), read-only."""
        lots = np.zeros((self.n_accounts, self.n_slots, 2), dtype=np.int64)
        for order in self._orders.values():
            lots[order.account, order.month % self.n_slots, 0 if order.side is Side.BUY else 1] += order.lots
        lots.flags.writeable = False
        return lots

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
        """List the day's months and set their price ranges; orders left outside are cancelled."""
        day = checked_day(
            self.n_slots,
            months=months,
            reference_ticks=reference_ticks,
            low_ticks=low_ticks,
            high_ticks=high_ticks,
            is_daily_limit=is_daily_limit,
            protection_ticks=protection_ticks,
        )
        self._cancellations = []
        terms = {
            int(day.months[slot]): MonthBook(
                month=int(day.months[slot]),
                low=int(day.low_ticks[slot]),
                high=int(day.high_ticks[slot]),
                range_reason=RejectReason.PRICE_LIMIT
                if day.is_daily_limit[slot]
                else RejectReason.PRICE_BAND,
                protection=int(day.protection_ticks[slot]),
            )
            for slot in range(self.n_slots)
        }
        for order in self._in_book_order():
            assert order.month in terms, f"month {order.month} is taken over with orders in it"
            today = terms[order.month]
            if today.low <= order.price <= today.high:
                today.add(order)
            else:
                self._cancel(order, CancelCause.PRICE_LIMIT)
        self._months = terms
        return _records(self._cancellations, CANCELLATION_DTYPE)

    def load_risk(
        self,
        *,
        position_lots: NDArray[np.int64],
        funds_usd_micro: NDArray[np.int64],
        margin_per_lot_usd_micro: NDArray[np.int64],
        may_trade: NDArray[np.bool_],
    ) -> None:
        """Copy in what the pre-trade check needs; ``match`` keeps its own positions current from there."""
        self._positions = np.asarray(position_lots).tolist()
        self._funds = np.asarray(funds_usd_micro).tolist()
        self._margins = np.asarray(margin_per_lot_usd_micro).tolist()
        self._may_trade = np.asarray(may_trade).tolist()

    def match(self, orders: NDArray[np.void]) -> MatchResult:
        """Process messages one by one, in the order given."""
        self._trades = []
        self._cancellations = []
        outcomes = [(int(message["order_id"]), *self._process(message)) for message in orders]
        return MatchResult(
            _records(outcomes, OUTCOME_DTYPE),
            _records(self._trades, TRADE_DTYPE),
            _records(self._cancellations, CANCELLATION_DTYPE),
        )

    def cancel_account(self, account: int, cause: CancelCause) -> NDArray[np.void]:
        """Cancel all resting orders of an account."""
        return self._cancel_each(
            (order for order in self._in_book_order() if order.account == account), cause
        )

    def expire_month(self, month: int) -> NDArray[np.void]:
        """Cancel all resting orders of a month, which is not listed again before the next ``open_day``."""
        cancellations = self._cancel_each(self._listed(month).orders(), CancelCause.EXPIRY)
        del self._months[month]
        return cancellations

    def close_day(self) -> NDArray[np.void]:
        """Cancel all ``DAY`` orders."""
        day_orders = (order for order in self._in_book_order() if order.time_in_force is TimeInForce.DAY)
        return self._cancel_each(day_orders, CancelCause.DAY_END)

    def top_of_book(self) -> TopOfBook:
        """Return best prices, their lots and the last trades of today."""
        top = TopOfBook(*np.zeros((5, self.n_slots), dtype=np.int64))
        for prices in (top.best_bid_ticks, top.best_ask_ticks, top.last_trade_ticks):
            prices[:] = NO_PRICE
        for month, book in self._months.items():
            slot = month % self.n_slots
            top.last_trade_ticks[slot] = book.last_trade
            bid, ask = book.best(Side.BUY), book.best(Side.SELL)
            if bid is not None:
                top.best_bid_ticks[slot] = bid
                top.bid_lots[slot] = sum(order.lots for order in book.queues[Side.BUY][bid])
            if ask is not None:
                top.best_ask_ticks[slot] = ask
                top.ask_lots[slot] = sum(order.lots for order in book.queues[Side.SELL][ask])
        return top

    def depth(
        self, month: int, levels: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return bid prices, bid lots, ask prices and ask lots of the best price levels, best first."""
        book = self._listed(month)
        columns = []
        for side in (Side.BUY, Side.SELL):
            prices = book.prices(side)[:levels]
            columns.append(np.array(prices, dtype=np.int64))
            lots = [sum(order.lots for order in book.queues[side][price]) for price in prices]
            columns.append(np.array(lots, dtype=np.int64))
        return columns[0], columns[1], columns[2], columns[3]

    def resting_orders(self) -> NDArray[np.void]:
        """Return all resting orders: by slot, buys before sells, best price first, oldest first."""
        return _records(
            [
                (o.order_id, o.price, o.lots, o.account, o.month, o.side, o.time_in_force)
                for o in self._in_book_order()
            ],
            RESTING_DTYPE,
        )

    def check(self) -> None:
        """Assert that books and index of orders agree and that no book is crossed."""
        booked = {order.order_id: order for order in self._in_book_order()}
        assert booked == self._orders
        for book in self._months.values():
            bid, ask = book.best(Side.BUY), book.best(Side.SELL)
            assert bid is None or ask is None or bid < ask
            for order in book.orders():
                assert order.lots > 0
                assert order.time_in_force in _RESTING_LIVES
                assert book.low <= order.price <= book.high

    def update_digest(self, digest: Any) -> None:
        """Feed the state of the books to a ``hashlib`` object: equal books, equal digest."""
        digest_books(digest, self.resting_orders(), self.top_of_book().last_trade_ticks)

    def _listed(self, month: int) -> MonthBook:
        if month not in self._months:
            raise ParameterError(f"month: {month} is not listed, listed are {sorted(self._months)}")
        return self._months[month]

    def _in_book_order(self) -> list[RestingOrder]:
        by_slot = sorted(self._months.values(), key=lambda book: book.month % self.n_slots)
        return [order for book in by_slot for order in book.orders()]

    def _requirement(self, account: int, extra: dict[tuple[int, Side], int]) -> int:
        """Return what the account must hold if on each month's worse side all orders fill."""
        open_lots = dict(extra)
        for order in self._orders.values():
            if order.account == account:
                key = (order.month % self.n_slots, order.side)
                open_lots[key] = open_lots.get(key, 0) + order.lots
        total = 0
        for slot, margin in enumerate(self._margins):
            long_lots = self._positions[account][slot] + open_lots.get((slot, Side.BUY), 0)
            short_lots = self._positions[account][slot] - open_lots.get((slot, Side.SELL), 0)
            total += margin * max(abs(long_lots), abs(short_lots))
        return total

    def _cancel(self, order: RestingOrder, cause: CancelCause) -> None:
        self._cancellations.append((order.order_id, order.lots, order.account, order.month, cause))
        self._months[order.month].remove(order)
        del self._orders[order.order_id]

    def _cancel_each(self, orders: Iterable[RestingOrder], cause: CancelCause) -> NDArray[np.void]:
        self._cancellations = []
        for order in list(orders):
            self._cancel(order, cause)
        return _records(self._cancellations, CANCELLATION_DTYPE)

    def _process(self, message: Any) -> tuple[int, int, int, int]:
        """Return filled, resting and cancelled lots and the reject reason of one message."""
        kind, account = int(message["kind"]), int(message["account"])
        order_id, month = int(message["order_id"]), int(message["month"])
        if kind not in list(MessageKind):
            return 0, 0, 0, RejectReason.UNKNOWN_MESSAGE_KIND
        if not 0 <= account < self.n_accounts:
            return 0, 0, 0, RejectReason.UNKNOWN_ACCOUNT
        if kind == MessageKind.CANCEL:
            order = self._orders.get(order_id)
            if order is None or order.account != account:
                return 0, 0, 0, RejectReason.ORDER_NOT_FOUND
            lots = order.lots
            self._cancel(order, CancelCause.USER)
            return 0, 0, lots, RejectReason.NONE
        if kind == MessageKind.CANCEL_ALL:
            if month != ALL_MONTHS and month not in self._months:
                return 0, 0, 0, RejectReason.MONTH_NOT_LISTED
            return 0, 0, self._cancel_all(account, month), RejectReason.NONE
        reason, price = self._refusal(message)
        if reason is not RejectReason.NONE:
            return 0, 0, 0, reason
        return *self._execute(message, price), RejectReason.NONE

    def _cancel_all(self, account: int, month: int) -> int:
        """Cancel an account's orders by slot, newest first (the index of orders is oldest first)."""
        chosen = [o for o in self._orders.values() if o.account == account and month in (ALL_MONTHS, o.month)]
        chosen.reverse()
        chosen.sort(key=lambda order: order.month % self.n_slots)
        for order in chosen:
            self._cancel(order, CancelCause.USER)
        return sum(order.lots for order in chosen)

    def _refusal(self, message: Any) -> tuple[RejectReason, int]:
        """Return why a new order is refused, or ``NONE`` and its limit price."""
        account, month = int(message["account"]), int(message["month"])
        lots, price = int(message["lots"]), int(message["price_ticks"])
        is_close_out = message["close_out"] != 0
        if not self._may_trade[account] and not is_close_out:
            return RejectReason.ACCOUNT_SUSPENDED, price
        if month not in self._months:
            return RejectReason.MONTH_NOT_LISTED, price
        if message["side"] not in list(Side):
            return RejectReason.UNKNOWN_SIDE, price
        if message["time_in_force"] not in list(TimeInForce):
            return RejectReason.UNKNOWN_TIME_IN_FORCE, price
        if lots <= 0:
            return RejectReason.QUANTITY_NOT_POSITIVE, price
        if lots > self.max_order_lots:
            return RejectReason.QUANTITY_TOO_LARGE, price
        if int(message["order_id"]) in self._orders:
            return RejectReason.DUPLICATE_ORDER_ID, price
        book, side = self._months[month], Side(int(message["side"]))
        best_opposite = book.best(Side(-side))
        if message["kind"] == MessageKind.MARKET:
            if best_opposite is None:
                return RejectReason.NO_OPPOSITE_PRICE, price
            price = max(book.low, min(book.high, best_opposite + side * book.protection))
        elif not book.low <= price <= book.high:
            return book.range_reason, price
        if message["post_only"] != 0 and best_opposite is not None and reaches(side, price, best_opposite):
            return RejectReason.POST_ONLY_WOULD_TAKE, price
        if message["time_in_force"] == TimeInForce.FOK and self._fillable(book, side, price, account) < lots:
            return RejectReason.FOK_NOT_FILLABLE, price
        if not is_close_out:
            before = self._requirement(account, {})
            after = self._requirement(account, {(month % self.n_slots, side): lots})
            if after > self._funds[account] and after > before:
                return RejectReason.INSUFFICIENT_MARGIN, price
        return RejectReason.NONE, price

    def _fillable(self, book: MonthBook, side: Side, price: int, account: int) -> int:
        """Return the lots of other accounts that an order at this price would reach."""
        opposite = (order for order in book.orders() if order.side is not side and order.account != account)
        return sum(order.lots for order in opposite if reaches(side, price, order.price))

    def _execute(self, message: Any, price: int) -> tuple[int, int, int]:
        """Match an accepted order and return its filled, resting and cancelled lots."""
        account, month, order_id = int(message["account"]), int(message["month"]), int(message["order_id"])
        book, slot, side = self._months[month], month % self.n_slots, Side(int(message["side"]))
        lots = remaining = int(message["lots"])
        while remaining > 0:
            best = book.best(Side(-side))
            if best is None or not reaches(side, price, best):
                break
            maker = book.queues[Side(-side)][best][0]
            if maker.account == account:
                self._cancel(maker, CancelCause.SELF_MATCH)
                continue
            traded = min(remaining, maker.lots)
            buyer, seller = (account, maker.account) if side is Side.BUY else (maker.account, account)
            self._trades.append((best, traded, maker.order_id, order_id, buyer, seller, month, side))
            self._positions[buyer][slot] += traded
            self._positions[seller][slot] -= traded
            book.last_trade = best
            remaining -= traded
            maker.lots -= traded
            if maker.lots == 0:
                book.remove(maker)
                del self._orders[maker.order_id]
        life = TimeInForce(int(message["time_in_force"]))
        if remaining == 0:
            return lots, 0, 0
        if message["kind"] == MessageKind.LIMIT and life in _RESTING_LIVES:
            order = RestingOrder(order_id, account, month, side, price, remaining, life)
            self._orders[order_id] = order
            book.add(order)
            return lots - remaining, remaining, 0
        self._cancellations.append((order_id, remaining, account, month, CancelCause.IOC_REMAINDER))
        return lots - remaining, 0, remaining


def _records(rows: Sequence[tuple[int, ...]], dtype: np.dtype[np.void]) -> NDArray[np.void]:
    records = np.zeros(len(rows), dtype=dtype)
    for i, row in enumerate(rows):
        records[i] = row
    return records
