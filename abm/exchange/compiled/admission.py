"""Kernels of every message that is not plain: all checks in the order of the rules, then its entry."""

from __future__ import annotations

from typing import Any

from abm.core.kernel import kernel
from abm.core.orders import ALL_MONTHS, CancelCause, MessageKind, RejectReason
from abm.exchange.compiled.entry import is_stop, limit_price, refusal, refusal_of_form, refusal_of_size
from abm.exchange.compiled.events import cancel_any, decrease_resting, rest_draft
from abm.exchange.compiled.execution import execute
from abm.exchange.compiled.order_index import find_order
from abm.exchange.compiled.quotes import draft_quote
from abm.exchange.compiled.room import has_room, has_room_to_cancel
from abm.exchange.compiled.state import NO_ROW, RETRY, BookState
from abm.exchange.compiled.stops import settle_once
from abm.exchange.compiled.terms import find_instrument, refusal_of_phase
from abm.exchange.compiled.words import wide

_LIMIT = int(MessageKind.LIMIT)
_CANCEL_ALL = int(MessageKind.CANCEL_ALL)
_MODIFY = int(MessageKind.MODIFY)
_QUOTE = int(MessageKind.QUOTE)
_NONE = int(RejectReason.NONE)
_ACCOUNT_SUSPENDED = int(RejectReason.ACCOUNT_SUSPENDED)
_ORDER_NOT_FOUND = int(RejectReason.ORDER_NOT_FOUND)
_NOT_MODIFIABLE = int(RejectReason.NOT_MODIFIABLE)
_BY_USER = int(CancelCause.USER)
_MODIFIED = int(CancelCause.MODIFIED)


@kernel(allocates=False)
def advance(state: BookState, orders: Any, message: int) -> int:
    """Process a message of any kind but ``CANCEL``, or take one settling step; return why not.

    ``message`` is its place in the batch, below 0 for a settling step. What enters is drafted, then checked,
    but for triggered stops, then executed. The reason of a quote is that of the first side refused.
    """
    counters = state.counters[0]
    counters.n_drafts = 0
    counters.filled_lots = 0
    counters.rested_lots = 0
    counters.cancelled_lots = 0
    if message < 0:
        reason = settle_once(state)
    elif orders[message].kind == _CANCEL_ALL:
        reason = cancel_all(state, orders[message])
    elif orders[message].kind == _QUOTE:
        reason = draft_quote(state, orders[message])
    elif orders[message].kind == _MODIFY:
        reason = draft_modified(state, orders[message])
    else:
        reason = draft_new(state, orders[message])
    for place in range(counters.n_drafts):
        draft = state.drafts[place]
        price_ticks = draft.price_ticks
        refused = wide(_NONE)
        if draft.is_checked == 0:
            price_ticks = limit_price(state, draft)
            refused = refusal(state, draft, price_ticks)
        needs_room = refused == _NONE and draft.is_checked == 0 and draft.kind != _QUOTE
        if needs_room and not has_room(state, draft.account, draft.instrument, draft.lots):
            return RETRY
        if refused == _NONE:
            enter(state, draft, price_ticks)
        reason = refused if reason == _NONE else reason
    return reason


@kernel(inline=True, allocates=False)
def enter(state: BookState, draft: Any, price_ticks: int) -> None:
    """Let an order that passed its checks enter: to be executed, or to wait for its trigger."""
    if draft.replaced_row != NO_ROW:
        cancel_any(state, draft.replaced_row, wide(_MODIFIED))
    if is_stop(draft):
        rest_draft(state, draft, price_ticks, draft.lots, wide(0))
        state.counters[0].rested_lots = draft.lots
    else:
        execute(state, draft, price_ticks)


@kernel(inline=True, allocates=False)
def draft_new(state: BookState, order: Any) -> int:
    """Draft a well-formed new order in any month or spread; return why not."""
    if state.accounts[order.account].may_trade == 0 and order.close_out == 0:
        return _ACCOUNT_SUSPENDED
    instrument = find_instrument(state, wide(order.month), wide(order.spread_months))
    if instrument < 0:
        return -instrument
    reason = refusal_of_phase(state, instrument)
    if reason != _NONE:
        return reason
    draft = state.drafts[0]
    draft.order_id = order.order_id
    draft.price_ticks = order.price_ticks
    draft.stop_ticks = order.stop_ticks
    draft.lots = order.lots
    draft.display_lots = order.display_lots
    draft.minimum_lots = order.minimum_lots
    draft.expiry_day = order.expiry_day
    draft.account = order.account
    draft.instrument = instrument
    draft.replaced_row = NO_ROW
    draft.kind = order.kind
    draft.side = order.side
    draft.time_in_force = order.time_in_force
    draft.post_only = order.post_only
    draft.close_out = order.close_out
    draft.self_match = order.self_match
    draft.is_checked = 0
    reason = refusal_of_form(state, draft)
    state.counters[0].n_drafts = wide(reason == _NONE)
    return reason


@kernel(inline=True, allocates=False)
def draft_modified(state: BookState, order: Any) -> int:
    """Decrease a resting order in its place, or draft the order that enters in its stead; return why not."""
    row = find_order(state, order.order_id)
    if row == NO_ROW or state.pool[row].account != order.account:
        return _ORDER_NOT_FOUND
    resting = state.pool[row]
    if resting.kind != _LIMIT and resting.kind != _QUOTE:
        return _NOT_MODIFIABLE
    if state.accounts[order.account].may_trade == 0 and order.close_out == 0:
        return _ACCOUNT_SUSPENDED
    instrument = wide(state.books[resting.book].instrument)
    reason = refusal_of_phase(state, instrument)
    if reason == _NONE:
        reason = refusal_of_size(state, wide(order.self_match), wide(order.lots))
    if reason != _NONE:
        return reason
    lots = wide(resting.lots) + wide(resting.hidden_lots)
    if order.price_ticks == resting.price_ticks and order.lots <= lots:
        decrease_resting(state, row, wide(order.lots), wide(_MODIFIED))
        state.counters[0].rested_lots = order.lots
        return _NONE
    draft = state.drafts[0]
    draft.order_id = order.order_id
    draft.price_ticks = order.price_ticks
    draft.lots = order.lots
    draft.display_lots = min(wide(resting.display_lots), wide(order.lots))
    draft.minimum_lots = 0
    draft.expiry_day = resting.expiry_day
    draft.account = order.account
    draft.instrument = instrument
    draft.replaced_row = row
    draft.kind = _LIMIT
    draft.side = resting.side
    draft.time_in_force = resting.time_in_force
    draft.post_only = order.post_only
    draft.close_out = order.close_out
    draft.self_match = order.self_match
    draft.is_checked = 0
    state.counters[0].n_drafts = 1
    return _NONE


@kernel(inline=True, allocates=False)
def cancel_all(state: BookState, order: Any) -> int:
    """Cancel the account's resting orders of one month or spread, or of all."""
    n_slots = wide(state.counters[0].n_slots)
    first = wide(0)
    last = state.instruments.shape[0]
    if order.month != ALL_MONTHS:
        first = find_instrument(state, wide(order.month), wide(order.spread_months))
        if first < 0:
            return -first
        last = first + 1
    if not has_room_to_cancel(state, wide(order.account)):
        return RETRY
    for instrument in range(first, last):
        while True:
            if instrument < n_slots:
                row = wide(state.exposure[order.account, instrument].newest_row)
            else:
                row = wide(state.account_rows[order.account, instrument + n_slots])
            if row == NO_ROW:
                break
            state.counters[0].cancelled_lots += cancel_any(state, row, wide(_BY_USER))
    return _NONE
