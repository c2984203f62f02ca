"""Messages in plain Python: which are refused and why, what the others do (rules 2 to 4)."""

from __future__ import annotations

from typing import NamedTuple

from abm.core.orders import (
    ALL_MONTHS,
    NO_PRICE,
    CancelCause,
    MessageKind,
    RejectReason,
    SelfMatch,
    Side,
    TimeInForce,
    TradingPhase,
)
from abm.exchange.reference.market import Market
from abm.exchange.reference.matching import enter, fillable_lots, is_reached
from abm.exchange.reference.order import LIMITS, STOPS, Order, opposite
from abm.exchange.reference.risk import RiskTerms, too_risky
from abm.exchange.reference.spreads import implied_price

NONE = RejectReason.NONE

KINDS = {int(kind) for kind in MessageKind}
SIDES = {int(side) for side in Side}
LIVES = {int(life) for life in TimeInForce}
SELF_MATCH_MODES = {int(mode) for mode in SelfMatch}


class Message(NamedTuple):
    """One row of ORDER_DTYPE."""

    order_id: int
    price_ticks: int
    lots: int
    arrival: float
    stop_ticks: int
    ask_ticks: int
    ask_lots: int
    display_lots: int
    minimum_lots: int
    expiry_day: int
    account: int
    month: int
    kind: int
    side: int
    time_in_force: int
    post_only: int
    close_out: int
    self_match: int
    spread_months: int


class Outcome(NamedTuple):
    """What became of one message."""

    filled: int = 0
    resting: int = 0
    cancelled: int = 0
    reason: RejectReason = NONE


def refused(reason: RejectReason) -> Outcome:
    """Return the outcome of a refused message."""
    return Outcome(reason=reason)


def cancel(market: Market, message: Message) -> Outcome:
    """Cancel one order of the account."""
    order = market.orders.get(message.order_id)
    if order is None or order.account != message.account:
        return refused(RejectReason.ORDER_NOT_FOUND)
    lots = order.remaining
    market.cancel(order, CancelCause.USER)
    return Outcome(cancelled=lots)


def cancel_all(market: Market, message: Message) -> Outcome:
    """Cancel the account's orders in one instrument or in all: by row, newest first."""
    if message.month == ALL_MONTHS:
        books = market.in_row_order()
    else:
        reason = not_listed(market, message.month, message.spread_months)
        if reason:
            return refused(reason)
        books = [market.books[message.month, message.spread_months]]
    cancelled = 0
    for book in books:
        own = [order for order in book.orders() if order.account == message.account]
        cancelled += sum(order.remaining for order in own)
        market.cancel_each(sorted(own, key=lambda order: -order.entered), CancelCause.USER)
    return Outcome(cancelled=cancelled)


def modify(market: Market, risk: RiskTerms, message: Message) -> Outcome:
    """Reduce an order in its place, or let it enter anew with another price or more lots."""
    old = market.orders.get(message.order_id)
    if old is None or old.account != message.account:
        return refused(RejectReason.ORDER_NOT_FOUND)
    if old.kind not in LIMITS:
        return refused(RejectReason.NOT_MODIFIABLE)
    message = message._replace(month=old.month, spread_months=old.spread_months, side=old.side)
    reason = no_access(market, risk, message) or _wrong_modification(risk, message)
    if reason:
        return refused(reason)
    if message.price_ticks == old.price and message.lots <= old.remaining:
        market.reduce(old, old.remaining - message.lots, CancelCause.MODIFIED)
        return Outcome(resting=message.lots)
    anew = Order(
        order_id=old.order_id,
        account=old.account,
        month=old.month,
        spread_months=old.spread_months,
        side=old.side,
        kind=MessageKind.LIMIT,
        price=message.price_ticks,
        shown=message.lots,
        time_in_force=old.time_in_force,
        self_match=SelfMatch(message.self_match),
        display=min(old.display, message.lots),
        expiry_day=old.expiry_day,
    )
    reason = (
        wrong_price(market, anew)
        or would_take(market, anew, message)
        or too_risky(market, risk, anew, message.close_out != 0, replaced=old)
    )
    if reason:
        return refused(reason)
    market.cancel(old, CancelCause.MODIFIED)
    enter(market, anew)
    return Outcome(anew.filled, anew.remaining, anew.cancelled)


def new_order(market: Market, risk: RiskTerms, message: Message) -> Outcome:
    """Check a new order and let it enter, or wait if it is a stop."""
    reason = no_access(market, risk, message) or _wrong_form(market, risk, message)
    if reason:
        return refused(reason)
    order = _order(message)
    reason = wrong_price(market, order)
    if reason:
        return refused(reason)
    month = market.months[order.month]
    if order.kind is MessageKind.MARKET and month.phase is TradingPhase.CONTINUOUS:
        order.price = _market_order_limit(market, order)
    reason = (
        would_take(market, order, message)
        or _not_fillable(market, order, message)
        or too_risky(market, risk, order, message.close_out != 0)
    )
    if reason:
        return refused(reason)
    if order.kind in STOPS:
        market.rest(order)
    else:
        enter(market, order)
    return Outcome(order.filled, order.remaining, order.cancelled)


def not_listed(market: Market, month: int, spread_months: int) -> RejectReason:
    """Check that an instrument is listed."""
    if month not in market.months:
        return RejectReason.MONTH_NOT_LISTED
    if (month, spread_months) not in market.books:
        return RejectReason.SPREAD_NOT_LISTED
    return NONE


def no_access(market: Market, risk: RiskTerms, message: Message) -> RejectReason:
    """Check 4 and 5: the account may trade, the instrument is listed and not halted."""
    may_trade = risk.may_trade[message.account]
    if not may_trade and (message.close_out == 0 or message.kind == MessageKind.QUOTE):
        return RejectReason.ACCOUNT_SUSPENDED
    reason = not_listed(market, message.month, message.spread_months)
    if reason:
        return reason
    book = market.books[message.month, message.spread_months]
    if book.spread_months:
        is_closed = not market.trades_continuously(book)
    else:
        is_closed = market.months[book.month].phase is TradingPhase.HALT
    return RejectReason.MONTH_HALTED if is_closed else NONE


def _wrong_form(market: Market, risk: RiskTerms, message: Message) -> RejectReason:
    """Check 6 of a new order: every field holds something that its kind and phase allow."""
    life, kind = message.time_in_force, message.kind
    is_conditional = message.display_lots != 0 or message.minimum_lots != 0
    in_auction = market.months[message.month].phase is TradingPhase.AUCTION
    if message.side not in SIDES:
        return RejectReason.UNKNOWN_SIDE
    if life not in LIVES:
        return RejectReason.UNKNOWN_TIME_IN_FORCE
    reason = _wrong_modification(risk, message)
    if reason:
        return reason
    if not 0 <= message.display_lots <= message.lots:
        return RejectReason.DISPLAY_NOT_VALID
    if not 0 <= message.minimum_lots <= message.lots:
        return RejectReason.MINIMUM_NOT_VALID
    if message.spread_months and (kind != MessageKind.LIMIT or life == TimeInForce.FOK or is_conditional):
        return RejectReason.NOT_FOR_SPREADS
    lives_at_once = life in (TimeInForce.IOC, TimeInForce.FOK)
    if kind in STOPS and (lives_at_once or is_conditional or message.post_only != 0):
        return RejectReason.NOT_FOR_STOPS
    if in_auction and (
        life == TimeInForce.FOK
        or message.minimum_lots != 0
        or (kind == MessageKind.LIMIT and life == TimeInForce.IOC)
    ):
        return RejectReason.NOT_IN_AUCTION
    if life == TimeInForce.GTD and message.expiry_day < market.today:
        return RejectReason.EXPIRY_DAY_PAST
    return RejectReason.DUPLICATE_ORDER_ID if message.order_id in market.orders else NONE


def _wrong_modification(risk: RiskTerms, message: Message) -> RejectReason:
    """Check 6 of a modification, which is a part of that of a new order."""
    if message.self_match not in SELF_MATCH_MODES:
        return RejectReason.UNKNOWN_SELF_MATCH_MODE
    if message.lots <= 0:
        return RejectReason.QUANTITY_NOT_POSITIVE
    return RejectReason.QUANTITY_TOO_LARGE if message.lots > risk.max_order_lots else NONE


def wrong_price(market: Market, order: Order) -> RejectReason:
    """Check 7: prices are given, in the range and in the band; a market order finds a price."""
    book, month = market.book_of(order), market.months[order.month]
    low, high = market.price_range(book)
    needed = [order.stop] if order.kind in STOPS else []
    if order.kind in LIMITS or order.kind is MessageKind.STOP_LIMIT:
        needed.append(order.price)
    if NO_PRICE in needed:
        return RejectReason.PRICE_MISSING
    if not all(low <= price <= high for price in needed):
        return RejectReason.PRICE_LIMIT if month.is_daily_limit else RejectReason.PRICE_RANGE
    has_band = book.spread_months == 0 and month.band > 0
    generosity = order.side * (order.price - month.latest_price)
    if has_band and order.kind in LIMITS and generosity > month.band:
        return RejectReason.PRICE_BAND
    is_continuous = month.phase is TradingPhase.CONTINUOUS
    if order.kind is MessageKind.MARKET and is_continuous and book.best(opposite(order.side)) is None:
        return RejectReason.NO_OPPOSITE_PRICE
    if order.kind in STOPS and is_reached(order, month.last_trade):
        return RejectReason.STOP_ALREADY_REACHED
    return NONE


def would_take(market: Market, order: Order, message: Message) -> RejectReason:
    """Check 8: a post-only order meets no price that it reaches."""
    book, side = market.book_of(order), opposite(order.side)
    if message.post_only == 0 or order.kind in STOPS or not market.trades_continuously(book):
        return NONE
    for price in (book.best(side), implied_price(market, book, side)):
        if price is not None and order.reaches(price):
            return RejectReason.POST_ONLY_WOULD_TAKE
    return NONE


def _not_fillable(market: Market, order: Order, message: Message) -> RejectReason:
    """Check 9: what must trade at once finds enough lots."""
    must_fill_all = order.time_in_force is TimeInForce.FOK
    if not must_fill_all and message.minimum_lots == 0:
        return NONE
    fillable = fillable_lots(market, order)
    if must_fill_all and fillable < message.lots:
        return RejectReason.FOK_NOT_FILLABLE
    return RejectReason.MINIMUM_NOT_FILLABLE if fillable < message.minimum_lots else NONE


def _market_order_limit(market: Market, order: Order) -> int:
    """Return best opposite price plus or minus the protection, inside the range and the band."""
    book, month, side = market.book_of(order), market.months[order.month], order.side
    best = book.best(opposite(side))
    assert best is not None
    limit = max(month.low, min(month.high, best + side * month.protection))
    if month.band:
        end_of_band = month.latest_price + side * month.band
        limit = min(limit, end_of_band) if side is Side.BUY else max(limit, end_of_band)
    return limit


def _order(message: Message) -> Order:
    """Return the order that a message of correct form describes; unused prices are ``NO_PRICE``."""
    kind, life = MessageKind(message.kind), TimeInForce(message.time_in_force)
    is_priced = kind in (MessageKind.LIMIT, MessageKind.STOP_LIMIT)
    return Order(
        order_id=message.order_id,
        account=message.account,
        month=message.month,
        spread_months=message.spread_months,
        side=Side(message.side),
        kind=kind,
        price=message.price_ticks if is_priced else NO_PRICE,
        shown=message.lots,
        time_in_force=life,
        self_match=SelfMatch(message.self_match),
        stop=message.stop_ticks if kind in STOPS else NO_PRICE,
        display=message.display_lots,
        expiry_day=message.expiry_day if life is TimeInForce.GTD else 0,
    )
