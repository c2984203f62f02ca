"""State of the plain-Python exchange and the elementary events: an order rests, leaves, trades."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from abm.core.orders import CancelCause, SelfMatch, Side, TradingPhase
from abm.exchange.interface import BookRules
from abm.exchange.reference.book import Book, Month
from abm.exchange.reference.order import Order, opposite


class Market:
    """Listed months, order books, positions, and the events since they were last read.

    Everything that can be derived is derived anew each time: nothing is kept twice but the index of orders
    and the orders of each account.
    """

    def __init__(self, n_slots: int, rules: BookRules) -> None:
        self.n_slots = n_slots
        self.rules = rules
        self.today = 0
        self.months: dict[int, Month] = {}
        self.books: dict[tuple[int, int], Book] = {}
        self.orders: dict[int, Order] = {}
        self.orders_of: defaultdict[int, dict[int, Order]] = defaultdict(dict)
        self.positions: defaultdict[tuple[int, int], int] = defaultdict(int)
        self.n_rested = 0
        self.trades: list[tuple[int, ...]] = []
        self.cancellations: list[tuple[int, ...]] = []

    def book_of(self, order: Order) -> Book:
        """Return the book that an order is for."""
        return self.books[order.month, order.spread_months]

    def in_row_order(self) -> list[Book]:
        """Return the books by instrument row: months by slot, then spreads by length and near slot."""
        return sorted(self.books.values(), key=lambda book: (book.spread_months, book.month % self.n_slots))

    def in_book_order(self) -> Iterator[Order]:
        """Yield all resting orders in canonical order."""
        for book in self.in_row_order():
            yield from book.orders()

    def legs(self, book: Book) -> list[Month]:
        """Return the month of a book, or both months of a spread's."""
        months = [book.month, book.month + book.spread_months] if book.spread_months else [book.month]
        return [self.months[month] for month in months]

    def price_range(self, book: Book) -> tuple[int, int]:
        """Return the lowest and the highest price of an instrument."""
        near, far = self.legs(book)[0], self.legs(book)[-1]
        if book.spread_months == 0:
            return near.low, near.high
        return near.low - far.high, near.high - far.low

    def trades_continuously(self, book: Book) -> bool:
        """Say whether a month, or both legs of a spread, are in continuous trading."""
        return all(leg.phase is TradingPhase.CONTINUOUS for leg in self.legs(book))

    def rest(self, order: Order) -> None:
        """Let an order rest in its book, or a stop wait for its trigger, as the newest one."""
        book = self.book_of(order)
        self.n_rested += 1
        order.entered = self.n_rested
        order.show(order.remaining)
        if self.trades_continuously(book) and order.may_rest and book.betters(order):
            book.top_order[order.side] = order
        book.add(order)
        self.orders[order.order_id] = order
        self.orders_of[order.account][order.order_id] = order

    def leave(self, order: Order) -> None:
        """Take a resting order out of its book."""
        self.book_of(order).remove(order)
        del self.orders[order.order_id]
        del self.orders_of[order.account][order.order_id]

    def cancel(self, order: Order, cause: CancelCause) -> None:
        """Cancel what remains of an order, whether it enters or rests."""
        self._record_cancellation(order, order.remaining, cause)
        if self.orders.get(order.order_id) is order:
            self.leave(order)
        order.show(0)

    def cancel_each(self, orders: Iterable[Order], cause: CancelCause) -> None:
        """Cancel orders one after the other."""
        for order in list(orders):
            self.cancel(order, cause)

    def prevent_self_match(self, order: Order, own: Sequence[Order]) -> None:
        """Cancel the account's resting orders, the incoming order, or the first of those and this."""
        if order.self_match is SelfMatch.CANCEL_RESTING:
            self.cancel_each(own, CancelCause.SELF_MATCH)
            return
        if order.self_match is SelfMatch.CANCEL_BOTH:
            self.cancel(own[0], CancelCause.SELF_MATCH)
        self.cancel(order, CancelCause.SELF_MATCH)

    def reduce(self, order: Order, lots: int, cause: CancelCause) -> None:
        """Cancel lots of a resting order, which keeps its place: hidden lots first, then shown ones."""
        assert 0 <= lots < order.remaining
        if lots == 0:
            return
        self._record_cancellation(order, lots, cause)
        from_hidden = min(lots, order.hidden)
        order.hidden -= from_hidden
        order.shown -= lots - from_hidden

    def _record_cancellation(self, order: Order, lots: int, cause: CancelCause) -> None:
        order.cancelled += lots
        row = (order.order_id, lots, order.account, order.month, cause, order.spread_months)
        self.cancellations.append(row)

    def execute(
        self, month: int, price: int, lots: int, maker: Order, taker: Order, side: int, spread_months: int = 0
    ) -> None:
        """Record a trade in a month and move positions; fills are booked by ``fill``.

        ``side`` is the taker's side in this month; it is 0 in an auction, where the maker buys.
        """
        buyer, seller = (taker, maker) if side == Side.BUY else (maker, taker)
        parties = (maker.order_id, taker.order_id, buyer.account, seller.account)
        self.trades.append((price, lots, *parties, month, side, spread_months))
        self.positions[buyer.account, month % self.n_slots] += lots
        self.positions[seller.account, month % self.n_slots] -= lots
        if spread_months == 0:
            self.months[month].last_trade = price

    def take(self, maker: Order, taker: Order, lots: int) -> None:
        """Trade shown lots of a resting order with an order of the same book, at the resting price."""
        book = self.book_of(maker)
        for month, price, side in self._trade_legs(book, maker.price, taker.side):
            self.execute(month, price, lots, maker, taker, side, book.spread_months)
        self.fill(maker, lots)
        self.fill(taker, lots)

    def _trade_legs(self, book: Book, price: int, side: Side) -> list[tuple[int, int, Side]]:
        """Return month, price and the taker's side of each leg of a trade."""
        if book.spread_months == 0:
            return [(book.month, price, side)]
        near, far = self.legs(book)
        near_price = max(near.low, min(near.high, far.reference + price))
        return [(near.month, near_price, side), (far.month, near_price - price, opposite(side))]

    def fill(self, order: Order, lots: int) -> None:
        """Book a fill of shown lots; ``tidy`` says what becomes of a resting order that shows none."""
        assert 0 < lots <= order.shown
        order.shown -= lots
        order.filled += lots

    def tidy(self, order: Order) -> None:
        """Refill a resting iceberg that shows nothing, or take out an order that is filled."""
        if order.shown == 0:
            if order.hidden:
                self.book_of(order).refill(order)
            else:
                self.leave(order)

    def alone(self, month: int) -> Market:
        """Return a copy of one month's market, to try an order out."""
        trial = Market(self.n_slots, self.rules)
        trial.months = {month: replace(self.months[month])}
        trial.books = {(month, 0): self.books[month, 0].copy()}
        for order in trial.books[month, 0].orders():
            trial.orders[order.order_id] = order
            trial.orders_of[order.account][order.order_id] = order
        return trial
