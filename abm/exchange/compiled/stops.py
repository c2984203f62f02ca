"""Kernels of the settling steps (rule 8): implied executions first, then triggered stops."""

from __future__ import annotations

from abm.core.kernel import kernel
from abm.core.orders import NO_PRICE, MessageKind, RejectReason, Side, TradingPhase
from abm.exchange.compiled.events import tidy_resting
from abm.exchange.compiled.exposure import shift_resting
from abm.exchange.compiled.implied import execute_resting_spread
from abm.exchange.compiled.ladder import price_of
from abm.exchange.compiled.room import has_room
from abm.exchange.compiled.state import NO_ROW, RETRY, BookState
from abm.exchange.compiled.words import wide

_BUY = int(Side.BUY)
_SELL = int(Side.SELL)
_LIMIT = int(MessageKind.LIMIT)
_MARKET = int(MessageKind.MARKET)
_NONE = int(RejectReason.NONE)
_STOP = int(MessageKind.STOP)
_CONTINUOUS = int(TradingPhase.CONTINUOUS)


@kernel(inline=True, allocates=False)
def settle_once(state: BookState) -> int:
    """Take one settling step: execute a resting spread order, or draft a triggered stop that enters.

    Returns ``RETRY`` if there is no room for it in the output arrays. If nothing is left to settle,
    ``is_settling`` becomes 0.
    """
    counters = state.counters[0]
    if counters.implied_in != 0 and counters.n_spread_orders > 0:
        if not has_room(state, wide(0), wide(0), wide(0)):
            return RETRY
        if execute_resting_spread(state):
            return _NONE
    row = triggered_stop(state) if counters.n_stops > 0 else wide(NO_ROW)
    if row == NO_ROW:
        counters.must_settle = 0
        counters.is_settling = 0
        return _NONE
    slot = wide(state.books[state.pool[row].book].instrument)
    if not has_room(state, wide(state.pool[row].account), slot, wide(state.pool[row].lots)):
        return RETRY
    draft_stop(state, row, slot)
    return _NONE


@kernel(inline=True, allocates=False)
def triggered_stop(state: BookState) -> int:
    """Return the pool row of the stop that the last trades trigger first, or ``NO_ROW``."""
    for slot in range(state.counters[0].n_slots):
        terms = state.instruments[slot]
        if terms.phase != _CONTINUOUS or terms.last_trade_ticks == NO_PRICE:
            continue
        for side in (_BUY, _SELL):
            number = state.counters[0].first_stop_book + 2 * slot + wide(side == _SELL)
            book = state.books[number]
            if book.n_orders == 0:
                continue
            if (terms.last_trade_ticks - price_of(state, number, book.best_level)) * side >= 0:
                return wide(state.levels[book.base + book.best_level].head)
    return NO_ROW


@kernel(inline=True, allocates=False)
def draft_stop(state: BookState, row: int, slot: int) -> None:
    """Take a stop out of its waiting place and draft the order that it becomes."""
    stop = state.pool[row]
    terms = state.instruments[slot]
    state.counters[0].n_drafts = 1
    draft = state.drafts[0]
    draft.order_id = stop.order_id
    draft.lots = stop.lots
    draft.display_lots = 0
    draft.minimum_lots = 0
    draft.expiry_day = stop.expiry_day
    draft.account = stop.account
    draft.instrument = slot
    draft.replaced_row = NO_ROW
    draft.side = stop.side
    draft.time_in_force = stop.time_in_force
    draft.self_match = stop.self_match
    draft.is_checked = 1
    if stop.kind == _STOP:
        draft.kind = _MARKET
        room = terms.high_ticks - stop.price_ticks
        if stop.side == _SELL:
            room = stop.price_ticks - terms.low_ticks
        draft.price_ticks = stop.price_ticks + stop.side * min(terms.protection_ticks, room)
    else:
        draft.kind = _LIMIT
        draft.price_ticks = stop.price_ticks + stop.display_lots
    shift_resting(state, draft.account, slot, draft.side, -draft.lots)
    tidy_resting(state, row)
