"""What the plain-Python exchange shows: records, best prices, and that its books are sound."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from abm.core.orders import NO_PRICE, RESTING_DTYPE, MessageKind, Side, TradingPhase
from abm.exchange.interface import SpreadTop, TopOfBook
from abm.exchange.reference.auction import indicative
from abm.exchange.reference.book import Book
from abm.exchange.reference.market import Market
from abm.exchange.reference.order import LIMITS, RESTING_LIVES, STOPS, Order
from abm.exchange.reference.spreads import implied_lots, implied_price


def records(rows: Sequence[tuple[int, ...]], dtype: np.dtype[np.void]) -> NDArray[np.void]:
    """Return rows as a structured array."""
    return np.array([tuple(row) for row in rows], dtype=dtype)


def resting_records(orders: Iterable[Order]) -> NDArray[np.void]:
    """Return orders as RESTING_DTYPE."""
    rows = [
        (
            order.order_id,
            order.price,
            order.stop,
            order.shown,
            order.hidden,
            order.display,
            order.expiry_day,
            order.account,
            order.month,
            order.kind,
            order.side,
            order.time_in_force,
            order.self_match,
            order.spread_months,
        )
        for order in orders
    ]
    return records(rows, RESTING_DTYPE)


def column_of(side: Side) -> int:
    """Return 0 for buys and 1 for sells."""
    return 0 if side is Side.BUY else 1


def top_of_book(market: Market) -> TopOfBook:
    """Return best prices and their lots, or those of the auction, of every slot."""
    top = TopOfBook(*np.zeros((8, market.n_slots), dtype=np.int64))
    for column in (top.best_bid_ticks, top.best_ask_ticks, top.last_trade_ticks, top.indicative_ticks):
        column[:] = NO_PRICE
    for month in market.months.values():
        slot, book = month.month % market.n_slots, market.books[month.month, 0]
        top.last_trade_ticks[slot] = month.last_trade
        top.phase[slot] = month.phase
        if month.phase is not TradingPhase.AUCTION:
            top.best_bid_ticks[slot], top.bid_lots[slot] = _best(book, Side.BUY)
            top.best_ask_ticks[slot], top.ask_lots[slot] = _best(book, Side.SELL)
            continue
        outcome = indicative(market, book)
        if outcome is not None:
            top.indicative_ticks[slot], top.indicative_lots[slot] = outcome
    return top


def spread_top(market: Market) -> SpreadTop:
    """Return the better of the real and the implied best prices of every listed spread."""
    lengths = list(market.rules.spread_lengths)
    top = SpreadTop(*np.zeros((4, len(lengths), market.n_slots), dtype=np.int64))
    top.best_bid_ticks[:] = top.best_ask_ticks[:] = NO_PRICE
    for (month, length), book in market.books.items():
        if length and market.trades_continuously(book):
            cell = lengths.index(length), month % market.n_slots
            top.best_bid_ticks[cell], top.bid_lots[cell] = _best_of_spread(market, book, Side.BUY)
            top.best_ask_ticks[cell], top.ask_lots[cell] = _best_of_spread(market, book, Side.SELL)
    return top


def depth(
    book: Book, levels: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return prices and shown lots of the best bids, then of the best asks."""
    columns = []
    for side in (Side.BUY, Side.SELL):
        prices = book.prices(side)[:levels]
        columns.append(np.array(prices, dtype=np.int64))
        columns.append(np.array([book.shown_lots(side, price) for price in prices], dtype=np.int64))
    return columns[0], columns[1], columns[2], columns[3]


def check_market(market: Market) -> None:
    """Assert that books and indexes hold the same orders, that these may be there, and no book is crossed."""
    booked = {order.order_id: order for order in market.in_book_order()}
    assert booked == market.orders
    assert {number: order for own in market.orders_of.values() for number, order in own.items()} == booked
    for order in booked.values():
        assert order.order_id in market.orders_of[order.account]
        assert order.shown > 0 <= order.hidden
        assert order.hidden == 0 or order.shown <= order.display
        assert order.time_in_force in RESTING_LIVES
        low, high = market.price_range(market.book_of(order))
        for price in (order.price, order.stop):
            assert price == NO_PRICE or low <= price <= high
    for book in market.books.values():
        _check_book(market, book)


def _check_book(market: Market, book: Book) -> None:
    for side, queues in book.queues.items():
        assert all(queues.values()), "an empty queue was left at a price"
        top = book.top_order[side]
        assert top is None or top is queues[top.price][0]
        quoted = [order.account for order in book.side_orders(side) if order.kind is MessageKind.QUOTE]
        assert len(quoted) == len(set(quoted)), "one quote an account and side"
    assert all(stop.kind in STOPS for stop in book.stops)
    if market.trades_continuously(book) or book.spread_months:
        assert not book.is_crossed()
        assert all(order.kind in LIMITS for side in Side for order in book.side_orders(side))
    for order in book.side_orders(Side.BUY):
        assert not book.own_reached(order), "orders of one account cross"


def _best(book: Book, side: Side) -> tuple[int, int]:
    price = book.best(side)
    return (NO_PRICE, 0) if price is None else (price, book.shown_lots(side, price))


def _best_of_spread(market: Market, book: Book, side: Side) -> tuple[int, int]:
    real, lots = _best(book, side)
    implied = implied_price(market, book, side)
    if implied is None:
        return real, lots
    if lots == 0 or side * (implied - real) > 0:
        return implied, implied_lots(market, book, side)
    return real, lots + (implied_lots(market, book, side) if implied == real else 0)
