"""Implied prices of calendar spreads in plain Python (rule 8)."""

from __future__ import annotations

from abm.core.orders import Side
from abm.exchange.reference.book import Book
from abm.exchange.reference.market import Market
from abm.exchange.reference.order import Order, opposite


def implied_price(market: Market, spread: Book, side: Side) -> int | None:
    """Return the price that the best outright orders imply for a side of a spread.

    The implied ask is the near month's best ask minus the far month's best bid, the implied bid the near
    month's best bid minus the far month's best ask (CME Globex, implied IN).
    """
    if spread.spread_months == 0 or not market.rules.implied_in or not market.trades_continuously(spread):
        return None
    near, far = market.legs(spread)
    near_price = market.books[near.month, 0].best(side)
    far_price = market.books[far.month, 0].best(opposite(side))
    if near_price is None or far_price is None:
        return None
    if not near.is_calm_at(near_price, near.latest_price) or not far.is_calm_at(far_price, far.latest_price):
        return None
    return near_price - far_price


def implied_lots(market: Market, spread: Book, side: Side) -> int:
    """Return the lots behind an implied price: the smaller of what shows in both months."""
    near, far = (market.books[leg.month, 0] for leg in market.legs(spread))
    near_lots = sum(order.shown for order in near.best_queue(side))
    far_lots = sum(order.shown for order in far.best_queue(opposite(side)))
    return min(near_lots, far_lots)


def execute_implied(market: Market, order: Order) -> None:
    """Trade a spread order with the next outright order of each leg, or prevent a self-match."""
    side = order.side
    near, far = (market.books[leg.month, 0] for leg in market.legs(market.book_of(order)))
    near_maker = near.best_queue(opposite(side))[0]
    far_maker = far.best_queue(side)[0]
    for maker in (near_maker, far_maker):
        if maker.account == order.account:
            market.prevent_self_match(order, [maker])
            return
    lots = min(order.shown, near_maker.shown, far_maker.shown)
    for maker, leg_side in ((near_maker, side), (far_maker, opposite(side))):
        market.execute(maker.month, maker.price, lots, maker, order, leg_side)
        market.fill(maker, lots)
        market.tidy(maker)
    market.fill(order, lots)


def executable_spread_order(market: Market) -> Order | None:
    """Return the resting spread order that trades with implied prices next, in the order of rule 8."""
    if not market.rules.implied_in:
        return None
    for book in market.in_row_order():
        for side in (Side.BUY, Side.SELL):
            best = book.best(side)
            if book.spread_months == 0 or best is None:
                continue
            implied = implied_price(market, book, opposite(side))
            order = book.best_queue(side)[0]
            if implied is not None and order.reaches(implied):
                return order
    return None
