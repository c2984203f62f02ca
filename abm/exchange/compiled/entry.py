"""Kernels of the checks that an order passes before it enters (rules 2 and 6), in the order of the rules."""

from __future__ import annotations

from typing import Any

from abm.core.kernel import kernel
from abm.core.orders import NO_PRICE, MessageKind, RejectReason, SelfMatch, Side, TimeInForce
from abm.exchange.compiled.exposure import refusal_of_risk
from abm.exchange.compiled.implied import implied_price
from abm.exchange.compiled.ladder import level_of, price_of
from abm.exchange.compiled.order_index import find_order
from abm.exchange.compiled.state import NO_ROW, BookState
from abm.exchange.compiled.terms import (
    collects,
    is_calm_at,
    is_outside_band,
    latest_price,
)
from abm.exchange.compiled.words import next_occupied, wide

_BUY = int(Side.BUY)
_SELL = int(Side.SELL)
_LIMIT = int(MessageKind.LIMIT)
_MARKET = int(MessageKind.MARKET)
_STOP = int(MessageKind.STOP)
_STOP_LIMIT = int(MessageKind.STOP_LIMIT)
_DAY = int(TimeInForce.DAY)
_IOC = int(TimeInForce.IOC)
_FOK = int(TimeInForce.FOK)
_GTD = int(TimeInForce.GTD)
_CANCEL_RESTING = int(SelfMatch.CANCEL_RESTING)
_CANCEL_BOTH = int(SelfMatch.CANCEL_BOTH)
_NONE = int(RejectReason.NONE)
_UNKNOWN_SIDE = int(RejectReason.UNKNOWN_SIDE)
_UNKNOWN_TIME_IN_FORCE = int(RejectReason.UNKNOWN_TIME_IN_FORCE)
_UNKNOWN_SELF_MATCH_MODE = int(RejectReason.UNKNOWN_SELF_MATCH_MODE)
_QUANTITY_NOT_POSITIVE = int(RejectReason.QUANTITY_NOT_POSITIVE)
_QUANTITY_TOO_LARGE = int(RejectReason.QUANTITY_TOO_LARGE)
_DISPLAY_NOT_VALID = int(RejectReason.DISPLAY_NOT_VALID)
_MINIMUM_NOT_VALID = int(RejectReason.MINIMUM_NOT_VALID)
_NOT_FOR_SPREADS = int(RejectReason.NOT_FOR_SPREADS)
_NOT_FOR_STOPS = int(RejectReason.NOT_FOR_STOPS)
_NOT_IN_AUCTION = int(RejectReason.NOT_IN_AUCTION)
_EXPIRY_DAY_PAST = int(RejectReason.EXPIRY_DAY_PAST)
_DUPLICATE_ORDER_ID = int(RejectReason.DUPLICATE_ORDER_ID)
_PRICE_MISSING = int(RejectReason.PRICE_MISSING)
_PRICE_BAND = int(RejectReason.PRICE_BAND)
_NO_OPPOSITE_PRICE = int(RejectReason.NO_OPPOSITE_PRICE)
_STOP_ALREADY_REACHED = int(RejectReason.STOP_ALREADY_REACHED)
_POST_ONLY_WOULD_TAKE = int(RejectReason.POST_ONLY_WOULD_TAKE)
_FOK_NOT_FILLABLE = int(RejectReason.FOK_NOT_FILLABLE)
_MINIMUM_NOT_FILLABLE = int(RejectReason.MINIMUM_NOT_FILLABLE)


@kernel(inline=True, allocates=False)
def is_stop(draft: Any) -> bool:
    """Say whether an order is a stop order."""
    return bool(draft.kind == _STOP or draft.kind == _STOP_LIMIT)


@kernel(inline=True, allocates=False)
def refusal_of_size(state: BookState, self_match: int, lots: int) -> int:
    """Return why a self-match instruction or a quantity is malformed, or ``NONE``."""
    if self_match < _CANCEL_RESTING or self_match > _CANCEL_BOTH:
        return _UNKNOWN_SELF_MATCH_MODE
    if lots <= 0:
        return _QUANTITY_NOT_POSITIVE
    return _QUANTITY_TOO_LARGE if lots > state.counters[0].max_order_lots else _NONE


@kernel(inline=True, allocates=False)
def refusal_of_form(state: BookState, draft: Any) -> int:
    """Return why an order is malformed whatever the prices are, or ``NONE`` (rule 2, point 6)."""
    if draft.side != _BUY and draft.side != _SELL:
        return _UNKNOWN_SIDE
    if draft.time_in_force < _DAY or draft.time_in_force > _GTD:
        return _UNKNOWN_TIME_IN_FORCE
    reason = refusal_of_size(state, draft.self_match, draft.lots)
    if reason != _NONE:
        return reason
    if draft.display_lots < 0 or draft.display_lots > draft.lots:
        return _DISPLAY_NOT_VALID
    if draft.minimum_lots < 0 or draft.minimum_lots > draft.lots:
        return _MINIMUM_NOT_VALID
    has_conditions = draft.display_lots != 0 or draft.minimum_lots != 0
    is_fok = draft.time_in_force == _FOK
    is_spread = draft.instrument >= state.counters[0].n_slots
    if is_spread and (draft.kind != _LIMIT or is_fok or has_conditions):
        return _NOT_FOR_SPREADS
    must_trade = is_fok or draft.time_in_force == _IOC
    if is_stop(draft) and (must_trade or has_conditions or draft.post_only != 0):
        return _NOT_FOR_STOPS
    is_ioc_limit = draft.kind == _LIMIT and draft.time_in_force == _IOC
    if collects(state, draft.instrument) and (is_fok or draft.minimum_lots != 0 or is_ioc_limit):
        return _NOT_IN_AUCTION
    if draft.time_in_force == _GTD and draft.expiry_day < state.counters[0].today:
        return _EXPIRY_DAY_PAST
    return _DUPLICATE_ORDER_ID if find_order(state, draft.order_id) != NO_ROW else _NONE


@kernel(inline=True, allocates=False)
def refusal_of_range(state: BookState, instrument: int, price_ticks: int) -> int:
    """Return why a price is missing or out of the day's range, or ``NONE``."""
    terms = state.instruments[instrument]
    if price_ticks == NO_PRICE:
        return _PRICE_MISSING
    if price_ticks < terms.low_ticks or price_ticks > terms.high_ticks:
        return wide(terms.range_reason)
    return _NONE


@kernel(inline=True, allocates=False)
def refusal_of_limit(state: BookState, draft: Any) -> int:
    """Return why a limit order's price is refused, or ``NONE``."""
    slot = draft.instrument
    reason = refusal_of_range(state, slot, draft.price_ticks)
    is_month = slot < state.counters[0].n_slots
    if reason == _NONE and is_month and is_outside_band(state, slot, draft.side, draft.price_ticks):
        return _PRICE_BAND
    return reason


@kernel(inline=True, allocates=False)
def refusal_of_stop(state: BookState, draft: Any) -> int:
    """Return why a stop order's prices are refused, the trigger first, or ``NONE``."""
    if draft.stop_ticks == NO_PRICE or (draft.kind == _STOP_LIMIT and draft.price_ticks == NO_PRICE):
        return _PRICE_MISSING
    slot = draft.instrument
    reason = refusal_of_range(state, slot, draft.stop_ticks)
    if reason == _NONE and draft.kind == _STOP_LIMIT:
        reason = refusal_of_range(state, slot, draft.price_ticks)
    last_trade = state.instruments[slot].last_trade_ticks
    if reason == _NONE and last_trade != NO_PRICE and (last_trade - draft.stop_ticks) * draft.side >= 0:
        return _STOP_ALREADY_REACHED
    return reason


@kernel(inline=True, allocates=False)
def market_price(state: BookState, draft: Any) -> int:
    """Return the limit price of a market order, or ``NO_PRICE`` if it has nothing to trade with."""
    slot = draft.instrument
    if collects(state, slot):
        return price_of(state, 2 * slot + wide(draft.side == _SELL), wide(0))
    opposite = 2 * slot + wide(draft.side == _BUY)
    book = state.books[opposite]
    if book.n_orders == 0:
        return NO_PRICE
    protection = min(state.instruments[slot].protection_ticks, book.n_levels - 1 - book.best_level)
    price = price_of(state, opposite, book.best_level + protection)
    if is_outside_band(state, slot, draft.side, price):
        return latest_price(state, slot) + wide(draft.side * state.instruments[slot].band_ticks)
    return price


@kernel(inline=True, allocates=False)
def refusal_of_conditions(state: BookState, draft: Any, price_ticks: int) -> int:
    """Return why an order in continuous trading may not trade, or cannot as it must, or ``NONE``."""
    opposite = 2 * draft.instrument + wide(draft.side == _BUY)
    limit_level = level_of(state, opposite, price_ticks)
    if draft.post_only != 0:
        if state.books[opposite].best_level <= limit_level:
            return _POST_ONLY_WOULD_TAKE
        implied = implied_price(state, draft.instrument, -draft.side)
        if implied != NO_PRICE and level_of(state, opposite, implied) <= limit_level:
            return _POST_ONLY_WOULD_TAKE
    if draft.time_in_force == _FOK or draft.minimum_lots > 0:
        lots = fillable_lots(state, draft, opposite, limit_level)
        if draft.time_in_force == _FOK and lots < draft.lots:
            return _FOK_NOT_FILLABLE
        if lots < draft.minimum_lots:
            return _MINIMUM_NOT_FILLABLE
    return _NONE


@kernel(inline=True, allocates=False)
def limit_price(state: BookState, draft: Any) -> int:
    """Return the price at which an order enters: its limit, its trigger, or what protects a market order."""
    if is_stop(draft):
        return wide(draft.stop_ticks)
    if draft.kind == _MARKET:
        return market_price(state, draft)
    return wide(draft.price_ticks)


@kernel(inline=True, allocates=False)
def refusal(state: BookState, draft: Any, price_ticks: int) -> int:
    """Return which of the checks 7 to 11 a well-formed order fails first, or ``NONE``."""
    if is_stop(draft):
        reason = refusal_of_stop(state, draft)
    elif draft.kind == _MARKET:
        reason = _NO_OPPOSITE_PRICE if price_ticks == NO_PRICE else _NONE
    else:
        reason = refusal_of_limit(state, draft)
    if reason == _NONE and not is_stop(draft) and not collects(state, draft.instrument):
        reason = refusal_of_conditions(state, draft, price_ticks)
    if reason == _NONE and draft.close_out == 0:
        replaced_lots = wide(0)
        if draft.replaced_row != NO_ROW:
            replaced = state.pool[draft.replaced_row]
            replaced_lots = wide(replaced.lots) + wide(replaced.hidden_lots)
        reason = refusal_of_risk(state, draft, replaced_lots)
    return reason


@kernel(allocates=False)
def fillable_lots(state: BookState, draft: Any, opposite: int, limit_level: int) -> int:
    """Return the lots of a month that an order would be filled with, counting no further than it needs."""
    slot = opposite >> 1
    reference = latest_price(state, slot)
    stops_at_own = draft.self_match != _CANCEL_RESTING
    is_pro_rata = state.counters[0].is_pro_rata != 0
    total = wide(0)
    book = state.books[opposite]
    level = wide(book.best_level)
    while total < draft.lots and level <= limit_level:
        if not is_calm_at(state, slot, price_of(state, opposite, level), reference):
            break
        before = total
        hidden = wide(0)
        meets_own = False
        row = wide(state.levels[book.base + level].head)
        while row != NO_ROW and not (meets_own and stops_at_own):
            resting = state.pool[row]
            if resting.account == draft.account:
                meets_own = True
            else:
                total += resting.lots
                hidden += resting.hidden_lots
            row = wide(resting.next_in_level)
        if meets_own and stops_at_own:
            return before if is_pro_rata else total
        total += hidden
        level = next_occupied(state, opposite, level + 1)
    return total
