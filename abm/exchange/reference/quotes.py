"""Two-sided quotes in plain Python (rule 9)."""

from __future__ import annotations

from abm.core.orders import (
    NO_PRICE,
    CancelCause,
    MessageKind,
    RejectReason,
    SelfMatch,
    Side,
    TimeInForce,
)
from abm.exchange.reference.entry import (
    SELF_MATCH_MODES,
    Message,
    Outcome,
    no_access,
    refused,
    would_take,
    wrong_price,
)
from abm.exchange.reference.market import Market
from abm.exchange.reference.matching import enter
from abm.exchange.reference.order import Order
from abm.exchange.reference.risk import RiskTerms, too_risky


def quote(market: Market, risk: RiskTerms, message: Message) -> Outcome:
    """Replace both sides of an account's quote, or refuse it as a whole."""
    old = own_quote(market, message.account, message.month)
    reason = no_access(market, risk, message) or _wrong_form(market, risk, message, old)
    if reason:
        return refused(reason)
    kept = {side: order for side, order in old.items() if _keeps_place(order, *_terms(message, side))}
    for side, order in old.items():
        if side in kept:
            _, lots = _terms(message, side)
            market.reduce(order, order.remaining - lots, CancelCause.QUOTE_REPLACED)
        else:
            market.cancel(order, CancelCause.QUOTE_REPLACED)
    outcome = Outcome()
    for side in (Side.BUY, Side.SELL):
        if side in kept:
            part = Outcome(resting=kept[side].remaining)
        else:
            part = _enter_side(market, risk, message, side)
        outcome = Outcome(
            outcome.filled + part.filled,
            outcome.resting + part.resting,
            outcome.cancelled + part.cancelled,
            outcome.reason or part.reason,
        )
    return outcome


def own_quote(market: Market, account: int, month: int) -> dict[Side, Order]:
    """Return the resting sides of an account's quote in a month, the bid first."""
    sides = {
        order.side: order
        for order in market.orders_of[account].values()
        if order.kind is MessageKind.QUOTE and order.month == month
    }
    return {side: sides[side] for side in (Side.BUY, Side.SELL) if side in sides}


def _terms(message: Message, side: Side) -> tuple[int, int]:
    """Return price and lots of a side of a quote."""
    if side is Side.BUY:
        return message.price_ticks, message.lots
    return message.ask_ticks, message.ask_lots


def _keeps_place(order: Order, price: int, lots: int) -> bool:
    return price == order.price and 0 < lots <= order.remaining


def _wrong_form(market: Market, risk: RiskTerms, message: Message, old: dict[Side, Order]) -> RejectReason:
    """Check what refuses a quote as a whole."""
    both_lots = (message.lots, message.ask_lots)
    sides = [side for side in (Side.BUY, Side.SELL) if _terms(message, side)[1] > 0]
    if message.spread_months:
        return RejectReason.NOT_FOR_SPREADS
    if message.self_match not in SELF_MATCH_MODES:
        return RejectReason.UNKNOWN_SELF_MATCH_MODE
    if min(both_lots) < 0:
        return RejectReason.QUANTITY_NOT_POSITIVE
    if max(both_lots) > risk.max_order_lots:
        return RejectReason.QUANTITY_TOO_LARGE
    if any(_terms(message, side)[0] == NO_PRICE for side in sides):
        return RejectReason.PRICE_MISSING
    if len(sides) == 2 and message.price_ticks >= message.ask_ticks:
        return RejectReason.QUOTE_CROSSED
    for side in sides:
        other = market.orders.get(_id_of(message, side))
        if other is not None and other is not old.get(side):
            return RejectReason.DUPLICATE_ORDER_ID
    return RejectReason.NONE


def _id_of(message: Message, side: Side) -> int:
    return message.order_id if side is Side.BUY else message.order_id + 1


def _enter_side(market: Market, risk: RiskTerms, message: Message, side: Side) -> Outcome:
    """Let a side enter as a limit order; a refused side stays empty."""
    price, lots = _terms(message, side)
    if lots == 0:
        return Outcome()
    order = Order(
        order_id=_id_of(message, side),
        account=message.account,
        month=message.month,
        spread_months=0,
        side=side,
        kind=MessageKind.QUOTE,
        price=price,
        shown=lots,
        time_in_force=TimeInForce.DAY,
        self_match=SelfMatch(message.self_match),
    )
    reason = (
        wrong_price(market, order)
        or would_take(market, order, message)
        or too_risky(market, risk, order, is_close_out=False)
    )
    if reason:
        return refused(reason)
    enter(market, order)
    return Outcome(order.filled, order.remaining, order.cancelled)
