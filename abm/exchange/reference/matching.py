"""Matching in plain Python: what happens to an order that enters, and after it (rules 5 to 8)."""

from __future__ import annotations

from collections.abc import Sequence

from abm.core.orders import (
    NO_PRICE,
    CancelCause,
    MatchingRule,
    MessageKind,
    SelfMatch,
    Side,
    TimeInForce,
    TradingPhase,
)
from abm.exchange.reference.book import Book
from abm.exchange.reference.market import Market
from abm.exchange.reference.order import Order, opposite
from abm.exchange.reference.spreads import executable_spread_order, execute_implied, implied_price


def enter(market: Market, order: Order) -> None:
    """Match an order that passed its checks; what is left rests or is cancelled."""
    book = market.book_of(order)
    if not market.trades_continuously(book):
        join_auction(market, order)
        return
    interrupts = _trade(market, book, order)
    if order.shown == 0:
        return
    if interrupts:
        market.months[order.month].phase = TradingPhase.AUCTION
        if order.may_rest:
            join_auction(market, order)
        else:
            market.cancel(order, CancelCause.INTERRUPTION)
    elif order.may_rest:
        market.rest(order)
    else:
        market.cancel(order, CancelCause.IOC_REMAINDER)


def join_auction(market: Market, order: Order) -> None:
    """Let an order rest in an auction; it may not cross orders of its own account."""
    if order.kind is MessageKind.MARKET:
        low, high = market.price_range(market.book_of(order))
        order.price = high if order.side is Side.BUY else low
        order.time_in_force, order.expiry_day = TimeInForce.DAY, 0
    own = market.book_of(order).own_reached(order)
    if own:
        market.prevent_self_match(order, own)
    if order.shown:
        market.rest(order)


def fillable_lots(market: Market, order: Order) -> int:
    """Return the lots that an order would be filled with had it no end of lots: it is tried out."""
    trial = market.alone(order.month)
    book = trial.books[order.month, 0]
    endless = Order(
        order_id=order.order_id,
        account=order.account,
        month=order.month,
        spread_months=0,
        side=order.side,
        kind=order.kind,
        price=order.price,
        shown=1 + sum(other.remaining for other in book.side_orders(opposite(order.side))),
        time_in_force=TimeInForce.IOC,
        self_match=order.self_match,
    )
    _trade(trial, book, endless)
    return endless.filled


def settle(market: Market) -> None:
    """Execute what a message has made executable: implied spread trades first, then triggered stops."""
    while True:
        spread_order = executable_spread_order(market)
        if spread_order is not None:
            execute_implied(market, spread_order)
            if spread_order.order_id in market.orders:
                market.tidy(spread_order)
            continue
        stop = _triggered_stop(market)
        if stop is None:
            return
        _trigger(market, stop)


def shares_of_round(lots: int, shown: Sequence[int], top: int | None, minimum: int) -> list[int]:
    """Return how a round of pro-rata allocation fills the orders of a price.

    Parameters
    ----------
    lots : int
        Lots of the incoming order.
    shown : sequence of int
        Shown lots of the orders, oldest first.
    top : int or None
        Index of the top order, filled before all others.
    minimum : int
        A share below this becomes none.

    Returns
    -------
    list of int
        Lots filled of each order. CME Globex: pro-rata shares are rounded down, the rest goes by time.
    """
    if lots >= sum(shown):
        return list(shown)
    fills = [0] * len(shown)
    if top is not None:
        fills[top] = min(lots, shown[top])
    left = lots - sum(fills)
    still_shown = [size - fill for size, fill in zip(shown, fills, strict=True)]
    shares = [left * size // sum(still_shown) for size in still_shown]
    fills = [fill + (share if share >= minimum else 0) for fill, share in zip(fills, shares, strict=True)]
    for index, size in enumerate(shown):
        fills[index] += min(lots - sum(fills), size - fills[index])
    return fills


def _trade(market: Market, book: Book, order: Order) -> bool:
    """Trade an order against its book; return whether its next execution would interrupt trading."""
    near = market.months[order.month]
    reference = near.latest_price
    other_side = opposite(order.side)
    while order.shown:
        price = book.best(other_side)
        if price is not None and not order.reaches(price):
            price = None
        implied = implied_price(market, book, other_side)
        if (
            implied is not None
            and order.reaches(implied)
            and (price is None or _is_better(order, implied, price))
        ):
            execute_implied(market, order)
            continue
        if price is None:
            return False
        if book.spread_months == 0 and not near.is_calm_at(price, reference):
            return True
        _trade_at_best_price(market, book, order)
    return False


def _is_better(order: Order, implied: int, real: int) -> bool:
    return implied < real if order.side is Side.BUY else implied > real


def _trade_at_best_price(market: Market, book: Book, order: Order) -> None:
    """Trade with the next order (FIFO), or all orders of the best price for one round (pro-rata)."""
    side = opposite(order.side)
    queue = book.best_queue(side)
    rules = market.rules
    rule = rules.spread_matching if book.spread_months else rules.matching
    if rule is MatchingRule.FIFO:
        maker = queue[0]
        if maker.account == order.account:
            market.prevent_self_match(order, [maker])
        else:
            market.take(maker, order, min(order.shown, maker.shown))
            market.tidy(maker)
        return
    top = book.top_order[side] if rules.top_order else None
    own = [resting for resting in queue if resting.account == order.account]
    if own:
        if order.self_match is SelfMatch.CANCEL_BOTH and top in own:
            own = [top]
        market.prevent_self_match(order, own)
        return
    makers = list(queue)
    top_index = makers.index(top) if top in makers else None
    shown = [maker.shown for maker in makers]
    fills = shares_of_round(order.shown, shown, top_index, rules.pro_rata_min_lots)
    round_fills = list(zip(makers, fills, strict=True))
    if top_index is not None:
        round_fills.insert(0, round_fills.pop(top_index))
    for maker, lots in round_fills:
        if lots:
            market.take(maker, order, lots)
    for maker in makers:
        market.tidy(maker)


def _triggered_stop(market: Market) -> Order | None:
    """Return the first stop that the last trade of its month has reached, in the order of rule 8."""
    for book in market.in_row_order():
        if not book.stops or not market.trades_continuously(book):
            continue
        last_trade = market.months[book.month].last_trade
        for side in (Side.BUY, Side.SELL):
            for stop in book.waiting_stops(side):
                if is_reached(stop, last_trade):
                    return stop
    return None


def is_reached(stop: Order, last_trade: int) -> bool:
    """Say whether a last trade is at or beyond a stop's trigger."""
    if last_trade == NO_PRICE:
        return False
    return last_trade >= stop.stop if stop.side is Side.BUY else last_trade <= stop.stop


def _trigger(market: Market, stop: Order) -> None:
    """Let a stop enter the book as a market order with protection or as a limit order."""
    month = market.months[stop.month]
    market.leave(stop)
    if stop.kind is MessageKind.STOP:
        stop.kind = MessageKind.MARKET
        stop.price = max(month.low, min(month.high, stop.stop + stop.side * month.protection))
    else:
        stop.kind = MessageKind.LIMIT
    stop.stop = NO_PRICE
    enter(market, stop)
