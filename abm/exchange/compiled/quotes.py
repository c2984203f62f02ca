"""Kernel of quotes (rule 9): both sides of an account's quote in a month, in place of its last."""

from __future__ import annotations

from typing import Any

from abm.core.kernel import kernel
from abm.core.orders import NO_PRICE, CancelCause, MessageKind, RejectReason, SelfMatch, Side, TimeInForce
from abm.exchange.compiled.events import cancel_any, decrease_resting
from abm.exchange.compiled.order_index import find_order
from abm.exchange.compiled.room import has_room
from abm.exchange.compiled.state import NO_ROW, RETRY, BookState
from abm.exchange.compiled.terms import find_instrument, refusal_of_phase
from abm.exchange.compiled.words import wide

_BUY = int(Side.BUY)
_SELL = int(Side.SELL)
_QUOTE = int(MessageKind.QUOTE)
_DAY = int(TimeInForce.DAY)
_CANCEL_RESTING = int(SelfMatch.CANCEL_RESTING)
_CANCEL_BOTH = int(SelfMatch.CANCEL_BOTH)
_NONE = int(RejectReason.NONE)
_ACCOUNT_SUSPENDED = int(RejectReason.ACCOUNT_SUSPENDED)
_NOT_FOR_SPREADS = int(RejectReason.NOT_FOR_SPREADS)
_UNKNOWN_SELF_MATCH_MODE = int(RejectReason.UNKNOWN_SELF_MATCH_MODE)
_QUANTITY_NOT_POSITIVE = int(RejectReason.QUANTITY_NOT_POSITIVE)
_QUANTITY_TOO_LARGE = int(RejectReason.QUANTITY_TOO_LARGE)
_PRICE_MISSING = int(RejectReason.PRICE_MISSING)
_QUOTE_CROSSED = int(RejectReason.QUOTE_CROSSED)
_DUPLICATE_ORDER_ID = int(RejectReason.DUPLICATE_ORDER_ID)
_QUOTE_REPLACED = int(CancelCause.QUOTE_REPLACED)


@kernel(allocates=False)
def draft_quote(state: BookState, order: Any) -> int:
    """Take away an account's old quote in a month, or keep a side, and draft the sides that enter.

    Returns why the quote is refused as a whole.
    """
    if state.accounts[order.account].may_trade == 0:
        return _ACCOUNT_SUSPENDED
    slot = find_instrument(state, wide(order.month), wide(order.spread_months))
    if slot < 0:
        return -slot
    reason = refusal_of_phase(state, slot)
    if reason == _NONE:
        reason = refusal_of_quote(state, order, slot)
    if reason != _NONE:
        return reason
    if not has_room(state, wide(order.account), slot, wide(order.lots + order.ask_lots)):
        return RETRY
    for column in range(2):
        side = wide(_SELL if column else _BUY)
        if revise_side(state, order, slot, side) or lots_of(order, side) == 0:
            continue
        draft = state.drafts[state.counters[0].n_drafts]
        state.counters[0].n_drafts += 1
        draft.order_id = order.order_id + column
        draft.price_ticks = price_on(order, side)
        draft.lots = lots_of(order, side)
        draft.display_lots = 0
        draft.minimum_lots = 0
        draft.expiry_day = 0
        draft.account = order.account
        draft.instrument = slot
        draft.replaced_row = NO_ROW
        draft.kind = _QUOTE
        draft.side = side
        draft.time_in_force = _DAY
        draft.post_only = order.post_only
        draft.close_out = 0
        draft.self_match = order.self_match
        draft.is_checked = 0
    return _NONE


@kernel(inline=True, allocates=False)
def lots_of(order: Any, side: int) -> int:
    """Return the lots of a side of a quote message."""
    return wide(order.lots) if side == _BUY else wide(order.ask_lots)


@kernel(inline=True, allocates=False)
def price_on(order: Any, side: int) -> int:
    """Return the price of a side of a quote message."""
    return wide(order.price_ticks) if side == _BUY else wide(order.ask_ticks)


@kernel(inline=True, allocates=False)
def refusal_of_quote(state: BookState, order: Any, slot: int) -> int:
    """Return why a quote is refused as a whole for its form, or ``NONE``."""
    most = state.counters[0].max_order_lots
    if slot >= state.counters[0].n_slots:
        return _NOT_FOR_SPREADS
    if order.self_match < _CANCEL_RESTING or order.self_match > _CANCEL_BOTH:
        return _UNKNOWN_SELF_MATCH_MODE
    if order.lots < 0 or order.ask_lots < 0:
        return _QUANTITY_NOT_POSITIVE
    if order.lots > most or order.ask_lots > most:
        return _QUANTITY_TOO_LARGE
    has_bid, has_ask = order.lots > 0, order.ask_lots > 0
    if (has_bid and order.price_ticks == NO_PRICE) or (has_ask and order.ask_ticks == NO_PRICE):
        return _PRICE_MISSING
    if has_bid and has_ask and order.price_ticks >= order.ask_ticks:
        return _QUOTE_CROSSED
    for column in range(2):
        row = find_order(state, order.order_id + column)
        is_own = row == state.account_rows[order.account, 2 * slot + column]
        if row != NO_ROW and not is_own and lots_of(order, wide(_SELL if column else _BUY)) > 0:
            return _DUPLICATE_ORDER_ID
    return _NONE


@kernel(inline=True, allocates=False)
def revise_side(state: BookState, order: Any, slot: int, side: int) -> bool:
    """Decrease the resting side of a quote in its place, or cancel it; say whether it stays."""
    row = wide(state.account_rows[order.account, 2 * slot + wide(side == _SELL)])
    lots = lots_of(order, side)
    if row == NO_ROW:
        return False
    resting = state.pool[row]
    if 0 < lots <= resting.lots and resting.price_ticks == price_on(order, side):
        decrease_resting(state, row, lots, wide(_QUOTE_REPLACED))
        state.counters[0].rested_lots += lots
        return True
    cancel_any(state, row, wide(_QUOTE_REPLACED))
    return False
