"""Kernels that take an accepted order of any kind through the book: trade, then rest or be cancelled."""

from __future__ import annotations

from typing import Any

from abm.core.kernel import kernel
from abm.core.orders import NO_PRICE, CancelCause, MessageKind, SelfMatch, Side, TimeInForce, TradingPhase
from abm.exchange.compiled.events import cancel_any, record_cancellation, rest_draft, tidy_resting, trade_with
from abm.exchange.compiled.implied import implied_price, trade_implied
from abm.exchange.compiled.ladder import level_of, price_of
from abm.exchange.compiled.pro_rata import prevent_at_best_price, share_round
from abm.exchange.compiled.state import NO_ROW, NOT_STOPPED, BookState
from abm.exchange.compiled.terms import collects, is_calm_at, latest_price, set_phase
from abm.exchange.compiled.words import next_occupied, wide

_BUY = int(Side.BUY)
_MARKET = int(MessageKind.MARKET)
_IOC = int(TimeInForce.IOC)
_FOK = int(TimeInForce.FOK)
_AUCTION = int(TradingPhase.AUCTION)
_CANCEL_RESTING = int(SelfMatch.CANCEL_RESTING)
_CANCEL_AGGRESSOR = int(SelfMatch.CANCEL_AGGRESSOR)
_SELF_MATCH = int(CancelCause.SELF_MATCH)
_INTERRUPTION = int(CancelCause.INTERRUPTION)
_IOC_REMAINDER = int(CancelCause.IOC_REMAINDER)


@kernel(inline=True, allocates=False)
def execute(state: BookState, draft: Any, price_ticks: int) -> None:
    """Match an order, in an auction only rest it, and count what becomes of its lots."""
    counters = state.counters[0]
    counters.stopped_by = NOT_STOPPED
    instrument = draft.instrument
    remaining = draft.lots
    joins = collects(state, instrument)
    must_trade = draft.time_in_force == _IOC or draft.time_in_force == _FOK or draft.kind == _MARKET
    may_rest = joins or not must_trade
    if not joins:
        remaining = take(state, draft, price_ticks)
        counters.filled_lots += draft.lots - remaining
        if counters.stopped_by == _INTERRUPTION:
            set_phase(state, instrument, wide(_AUCTION))
            joins = True
    if remaining == 0:
        return
    cause = wide(counters.stopped_by)
    if cause == _SELF_MATCH or not may_rest:
        cause = _IOC_REMAINDER if cause == NOT_STOPPED else cause
    elif joins and not has_no_crossing_order(state, draft, price_ticks):
        cause = _SELF_MATCH
    else:
        keeps_top = wide(counters.keeps_top_order)
        if instrument >= counters.n_slots:
            keeps_top = wide(counters.spreads_keep_top_order)
        rest_draft(state, draft, price_ticks, remaining, wide(0) if joins else keeps_top)
        counters.rested_lots += remaining
        return
    record_cancellation(state, draft.order_id, draft.account, instrument, remaining, cause)
    counters.cancelled_lots += remaining


@kernel(inline=True, allocates=False)
def take(state: BookState, draft: Any, price_ticks: int) -> int:
    """Trade an order within its limit and return the lots left; ``stopped_by`` says what ended it."""
    counters = state.counters[0]
    instrument = draft.instrument
    is_spread = instrument >= counters.n_slots
    is_pro_rata = counters.spreads_are_pro_rata if is_spread else counters.is_pro_rata
    opposite = 2 * instrument + wide(draft.side == _BUY)
    limit_level = level_of(state, opposite, price_ticks)
    reference = latest_price(state, instrument)
    remaining = draft.lots
    while remaining > 0 and counters.stopped_by == NOT_STOPPED:
        level = wide(state.books[opposite].best_level)
        if is_spread:
            implied = implied_price(state, instrument, -draft.side)
            if implied != NO_PRICE and level_of(state, opposite, implied) < min(level, limit_level + 1):
                remaining = trade_implied(state, draft, remaining)
                continue
        if level > limit_level:
            break
        price = price_of(state, opposite, level)
        if not is_spread and not is_calm_at(state, instrument, price, reference):
            counters.stopped_by = _INTERRUPTION
        elif is_pro_rata == 0:
            remaining = trade_with_oldest(state, draft, opposite, remaining)
        elif not prevent_at_best_price(state, draft, opposite):
            remaining = share_round(state, draft, opposite, remaining)
    return wide(remaining)


@kernel(inline=True, allocates=False)
def trade_with_oldest(state: BookState, draft: Any, opposite: int, lots: int) -> int:
    """Trade with the oldest order of the best price, or apply self-match prevention; return the lots left."""
    row = wide(state.levels[state.books[opposite].base + state.books[opposite].best_level].head)
    if state.pool[row].account == draft.account:
        if draft.self_match != _CANCEL_AGGRESSOR:
            cancel_any(state, row, wide(_SELF_MATCH))
        if draft.self_match != _CANCEL_RESTING:
            state.counters[0].stopped_by = _SELF_MATCH
        return lots
    traded = min(lots, wide(state.pool[row].lots))
    trade_with(state, draft, row, traded, draft.side)
    if state.pool[row].lots == 0:
        tidy_resting(state, row)
    return lots - traded


@kernel(allocates=False)
def has_no_crossing_order(state: BookState, draft: Any, price_ticks: int) -> bool:
    """Apply self-match prevention to an order that enters an auction; say whether the order may rest."""
    opposite = 2 * draft.instrument + wide(draft.side == _BUY)
    limit_level = level_of(state, opposite, price_ticks)
    own = wide(state.exposure[draft.account, draft.instrument].newest_row)
    while own != NO_ROW:
        resting = state.pool[own]
        if resting.book == opposite and level_of(state, opposite, resting.price_ticks) <= limit_level:
            break
        own = wide(resting.next_of_account)
    level = wide(state.books[opposite].best_level)
    while own != NO_ROW and level <= limit_level:  # there is one: find all in the order of the book
        row = wide(state.levels[state.books[opposite].base + level].head)
        while row != NO_ROW:
            following = wide(state.pool[row].next_in_level)
            if state.pool[row].account == draft.account:
                if draft.self_match != _CANCEL_AGGRESSOR:
                    cancel_any(state, row, wide(_SELF_MATCH))
                if draft.self_match != _CANCEL_RESTING:
                    return False
            row = following
        level = next_occupied(state, opposite, level + 1)
    return True
