"""The uncrossing of an auction in plain Python (rule 7)."""

from __future__ import annotations

from collections.abc import Sequence

from abm.core.orders import CancelCause, MessageKind, Side, TradingPhase
from abm.exchange.reference.book import Book
from abm.exchange.reference.market import Market
from abm.exchange.reference.order import Order, reaches

Ladder = Sequence[tuple[int, int]]
"""Prices and lots of one side."""


def auction_price(
    bids: Ladder, asks: Ladder, *, low: int, high: int, reference: int
) -> tuple[int, int] | None:
    """Return price and volume of an auction, ``None`` if nothing can trade.

    The price executes most, then leaves the smallest surplus, then is nearest the reference. Demand and
    supply change only at the prices of orders, so the best prices form one interval, whose ends are next to
    an order's price or at an end of the range: looking there and at the reference is looking everywhere.
    """
    near_orders = {price + step for price, _ in (*bids, *asks) for step in (-1, 0, 1)}
    candidates = [price for price in near_orders | {low, high, reference} if low <= price <= high]

    def rank(price: int) -> tuple[int, int, int]:
        demand = sum(lots for bid, lots in bids if bid >= price)
        supply = sum(lots for ask, lots in asks if ask <= price)
        return -min(demand, supply), abs(demand - supply), abs(price - reference)

    best = min(candidates, key=rank)
    volume = -rank(best)[0]
    return (best, volume) if volume else None


def indicative(market: Market, book: Book) -> tuple[int, int] | None:
    """Return the price and the volume at which a month would uncross now."""
    month = market.months[book.month]
    bids, asks = (
        [(price, sum(order.remaining for order in queue)) for price, queue in book.queues[side].items()]
        for side in (Side.BUY, Side.SELL)
    )
    if not bids or not asks:
        return None
    return auction_price(bids, asks, low=month.low, high=month.high, reference=month.latest_price)


def uncross(market: Market, book: Book) -> None:
    """Trade the crossing orders of a month at one price and return to continuous trading."""
    outcome = indicative(market, book)
    if outcome is not None:
        price, volume = outcome
        buys = _fills(book, Side.BUY, price, volume)
        sells = _fills(book, Side.SELL, price, volume)
        _pair(market, price, buys, sells)
        for order, lots in buys + sells:
            order.show(order.remaining - lots)
            order.filled += lots
            market.tidy(order)
    waiting = [order for order in book.orders() if order.kind is MessageKind.MARKET]
    market.cancel_each(waiting, CancelCause.AUCTION_REMAINDER)
    market.months[book.month].phase = TradingPhase.CONTINUOUS
    book.top_order = {Side.BUY: None, Side.SELL: None}


def _fills(book: Book, side: Side, price: int, volume: int) -> list[tuple[Order, int]]:
    """Return who trades how many lots on a side: by price, then priority, until the volume is gone."""
    fills = []
    for order in book.side_orders(side):
        if volume and reaches(side, order.price, price):
            fills.append((order, min(volume, order.remaining)))
            volume -= fills[-1][1]
    return fills


def _pair(market: Market, price: int, buys: list[tuple[Order, int]], sells: list[tuple[Order, int]]) -> None:
    """Record the trades of the first buyer with the first seller until both lists are used up."""
    waiting_buys, waiting_sells = list(buys), list(sells)
    while waiting_buys:
        (buy, buy_lots), (sell, sell_lots) = waiting_buys.pop(0), waiting_sells.pop(0)
        lots = min(buy_lots, sell_lots)
        market.execute(buy.month, price, lots, buy, sell, 0)
        if buy_lots > lots:
            waiting_buys.insert(0, (buy, buy_lots - lots))
        if sell_lots > lots:
            waiting_sells.insert(0, (sell, sell_lots - lots))
    assert not waiting_sells
