"""Order books by other hands behind one small face, to stand beside ours: a quick dict book, and packages.

Every class has a book a month and the calls of `Books`. A package is imported when its class is called, so
that those which are not installed do no harm.
"""

from __future__ import annotations

import heapq
import random
import sys
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol

from abm.core.orders import MessageKind, Side

BUY = int(Side.BUY)
LIMIT, CANCEL = int(MessageKind.LIMIT), int(MessageKind.CANCEL)
Message = tuple[int, int, int, int, int, int, int]
"""Kind, order id, account, month, side, price in ticks, lots."""


class Traded(NamedTuple):
    """Trades, their lots, and price times lots added up."""

    trades: int
    lots: int
    turnover: int


class Books(Protocol):
    """What the bench asks of a peer."""

    def limit(self, order_id: int, account: int, month: int, side: int, price: int, lots: int) -> None:
        """Enter a limit order; what is left of it rests."""
        ...

    def market(self, order_id: int, account: int, month: int, side: int, lots: int) -> None:
        """Enter a market order; what is left of it is gone."""
        ...

    def cancel(self, order_id: int, month: int) -> None:
        """Cancel an order if it rests."""
        ...

    def traded(self) -> Traded:
        """Everything that has traded so far."""
        ...


def play(books: Books, messages: Iterable[Message]) -> None:
    """Send messages to a peer's books, one by one."""
    limit, market, cancel = books.limit, books.market, books.cancel
    for kind, order_id, account, month, side, price, lots in messages:
        if kind == LIMIT:
            limit(order_id, account, month, side, price, lots)
        elif kind == CANCEL:
            cancel(order_id, month)
        else:
            market(order_id, account, month, side, lots)


class DictBook:
    """One month's book as one writes it in an hour: price levels in dicts, a heap of prices a side.

    A level is a dict of orders by id, which keeps the order of arrival. Its key is minus the price for bids
    and the price for asks: the best is the smallest. The heap may hold keys whose level is gone. A resting
    order is the list `[id, lots, side, price]`.
    """

    def __init__(self) -> None:
        self.orders: dict[int, list[int]] = {}
        self._levels: dict[int, dict[int, dict[int, list[int]]]] = {1: {}, -1: {}}
        self._heaps: dict[int, list[int]] = {1: [], -1: []}

    def enter(
        self, order_id: int, side: int, price: int | None, lots: int, rests: bool = True
    ) -> list[tuple[int, int, int]]:
        """Match an order, leave its rest, and return the trades: resting order, price, lots."""
        trades: list[tuple[int, int, int]] = []
        levels, heap = self._levels[-side], self._heaps[-side]
        while lots and heap and (price is None or heap[0] <= side * price):
            level = levels.get(heap[0])
            if not level:
                levels.pop(heapq.heappop(heap), None)
                continue
            resting = next(iter(level.values()))
            traded = min(lots, resting[1])
            trades.append((resting[0], resting[3], traded))
            lots -= traded
            resting[1] -= traded
            if not resting[1]:
                del level[resting[0]], self.orders[resting[0]]
        if lots and rests and price is not None:
            order = self.orders[order_id] = [order_id, lots, side, price]
            key, levels = -side * price, self._levels[side]
            if key not in levels:
                levels[key] = {}
                heapq.heappush(self._heaps[side], key)
            levels[key][order_id] = order
        return trades

    def cancel(self, order_id: int) -> None:
        """Cancel an order if it rests."""
        order = self.orders.pop(order_id, None)
        if order is not None:
            _, _, side, price = order
            del self._levels[side][-side * price][order_id]


class DictBooks:
    """The quick dict book, one a month."""

    def __init__(self, n_months: int) -> None:
        self._books = [DictBook() for _ in range(n_months)]
        self._trades: list[tuple[int, int, int]] = []

    def limit(self, order_id: int, account: int, month: int, side: int, price: int, lots: int) -> None:
        """Enter a limit order."""
        self._trades += self._books[month].enter(order_id, side, price, lots)

    def market(self, order_id: int, account: int, month: int, side: int, lots: int) -> None:
        """Enter a market order."""
        self._trades += self._books[month].enter(order_id, side, None, lots)

    def cancel(self, order_id: int, month: int) -> None:
        """Cancel an order."""
        self._books[month].cancel(order_id)

    def traded(self) -> Traded:
        """Add up the trades."""
        return added_up((price, lots) for _, price, lots in self._trades)


class LightMatchingBooks:
    """The package lightmatchingengine, an instrument a month.

    It gives orders ids of its own, fails when a filled order is cancelled, and rests what a market order
    leaves (at price 0), so its orders are kept here and asked whether anything is left.
    """

    def __init__(self, n_months: int) -> None:
        from lightmatchingengine.lightmatchingengine import LightMatchingEngine
        from lightmatchingengine.lightmatchingengine import Side as TheirSide

        self._engine = LightMatchingEngine()
        self._sides = {BUY: TheirSide.BUY, -BUY: TheirSide.SELL}
        self._orders: dict[int, Any] = {}
        self._reports: list[tuple[int, list[Any]]] = []

    def limit(self, order_id: int, account: int, month: int, side: int, price: int, lots: int) -> None:
        """Enter a limit order."""
        order, trades = self._engine.add_order(month, price, lots, self._sides[side])
        if trades:
            self._reports.append((order.order_id, trades))
        if order.leaves_qty:
            self._orders[order_id] = order

    def market(self, order_id: int, account: int, month: int, side: int, lots: int) -> None:
        """Enter a market order and cancel its rest."""
        self.limit(order_id, account, month, side, 0, lots)
        self.cancel(order_id, month)

    def cancel(self, order_id: int, month: int) -> None:
        """Cancel an order."""
        order = self._orders.pop(order_id, None)
        if order is not None and order.leaves_qty:
            self._engine.cancel_order(order.order_id, month)

    def traded(self) -> Traded:
        """Add up the resting orders' side of the trades: the other is reported once a price."""
        return added_up(
            (trade.trade_price, trade.trade_qty)
            for taker, trades in self._reports
            for trade in trades
            if trade.order_id != taker
        )


class CythonBooks:
    """The package cython-orderbook, a book a month, with whole prices (its examples take decimals).

    It names orders by strings of its own, which are kept here.
    """

    def __init__(self, n_months: int) -> None:
        from cython_orderbook import Order, OrderBook, OrderSide

        self._order = Order
        self._sides = {BUY: OrderSide.BID, -BUY: OrderSide.ASK}
        self._books = [OrderBook() for _ in range(n_months)]
        self._names: dict[int, str] = {}

    def limit(self, order_id: int, account: int, month: int, side: int, price: int, lots: int) -> None:
        """Enter a limit order."""
        order = self._order(self._sides[side], lots, price)
        self._books[month].add_limit_order(order)
        if order.remaining_quantity:
            self._names[order_id] = order.order_id

    def market(self, order_id: int, account: int, month: int, side: int, lots: int) -> None:
        """Enter a market order."""
        self._books[month].add_market_order(self._order(self._sides[side], lots))

    def cancel(self, order_id: int, month: int) -> None:
        """Cancel an order."""
        name = self._names.pop(order_id, None)
        if name is not None:
            self._books[month].cancel_order(name)

    def traded(self) -> Traded:
        """Add up the books' logs."""
        return added_up((t.price, t.quantity_filled) for book in self._books for t in book.trade_log)


class PamsBooks:
    """The package pams, a market a month, driven as its own sequential runner drives it, in one time step.

    A market order's rest would wait in the book, so it is cancelled.
    """

    def __init__(self, n_months: int) -> None:
        from pams.market import Market
        from pams.order import LIMIT_ORDER, MARKET_ORDER, Cancel, Order

        self._order, self._cancellation = Order, Cancel
        self._limit_kind, self._market_kind = LIMIT_ORDER, MARKET_ORDER
        self._orders: dict[int, Any] = {}
        self._trades: list[Any] = []
        self._markets = []
        for month in range(n_months):
            market = Market(month, random.Random(month), simulator=None, name=str(month))
            market.setup({"tickSize": 1, "marketPrice": 3_000})
            market._is_running = True
            market._update_time(next_fundamental_price=3_000.0)
            self._markets.append(market)

    def _enter(self, order_id: int, order: Any) -> None:
        market = self._markets[order.market_id]
        market._add_order(order)
        self._trades += market._execution()
        if order.volume:
            self._orders[order_id] = order

    def limit(self, order_id: int, account: int, month: int, side: int, price: int, lots: int) -> None:
        """Enter a limit order."""
        self._enter(order_id, self._order(account, month, side == BUY, self._limit_kind, lots, price=price))

    def market(self, order_id: int, account: int, month: int, side: int, lots: int) -> None:
        """Enter a market order and cancel its rest."""
        self._enter(order_id, self._order(account, month, side == BUY, self._market_kind, lots))
        self.cancel(order_id, month)

    def cancel(self, order_id: int, month: int) -> None:
        """Cancel an order."""
        order = self._orders.pop(order_id, None)
        if order is not None and order.volume:
            self._markets[month]._cancel_order(self._cancellation(order))

    def traded(self) -> Traded:
        """Add up the execution logs."""
        return added_up((int(log.price), log.volume) for log in self._trades)


def added_up(trades: Iterable[tuple[int, int]]) -> Traded:
    """Count trades given as price and lots."""
    n_trades = n_lots = turnover = 0
    for price, lots in trades:
        n_trades += 1
        n_lots += lots
        turnover += price * lots
    return Traded(n_trades, n_lots, turnover)


class Peer(NamedTuple):
    """Books to measure, how to get them, and what they leave out that ours do."""

    name: str
    books: Callable[[int], Books]
    install: str
    leaves_out: str


_EXTRA = "pip install 'sitsim[bench]'"
_PAMS = (
    _EXTRA
    if sys.version_info >= (3, 13)
    else "before Python 3.13 it asks for NumPy below 2 and the extra leaves it out, but it runs with "
    "NumPy 2: pip install --no-deps pams"
)

PEERS = (
    Peer(
        "dict book in Python",
        DictBooks,
        "",
        "no margin check, accounts, price limits or self-match prevention; three kinds of message",
    ),
    Peer(
        "lightmatchingengine",
        LightMatchingBooks,
        _EXTRA,
        "as the dict book; keeps every filled order; a cancel walks through its price level",
    ),
    Peer(
        "cython-orderbook",
        CythonBooks,
        _EXTRA,
        "as the dict book; one book, no months (here a book each)",
    ),
    Peer(
        "pams",
        PamsBooks,
        _PAMS,
        "no margin check, limits or self-match prevention; one price for all fills of an order, "
        "the last one's; a cancel walks through its side of the book",
    ),
)
