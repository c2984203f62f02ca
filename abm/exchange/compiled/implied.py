"""Kernels of implied-in matching (rule 8): a spread order trades with an outright order in each leg."""

from __future__ import annotations

from typing import Any

from abm.core.kernel import kernel
from abm.core.orders import NO_PRICE, CancelCause, SelfMatch, Side
from abm.exchange.compiled.events import cancel_any, tidy_resting, trade_with
from abm.exchange.compiled.exposure import shift_resting
from abm.exchange.compiled.ladder import price_of, set_lots
from abm.exchange.compiled.state import NO_ROW, NOT_STOPPED, BookState
from abm.exchange.compiled.terms import is_calm_at, latest_price, trades_continuously
from abm.exchange.compiled.words import wide

_BUY = int(Side.BUY)
_SELL = int(Side.SELL)
_CANCEL_RESTING = int(SelfMatch.CANCEL_RESTING)
_CANCEL_AGGRESSOR = int(SelfMatch.CANCEL_AGGRESSOR)
_SELF_MATCH = int(CancelCause.SELF_MATCH)


@kernel(allocates=False)
def implied_price(state: BookState, instrument: int, side: int) -> int:
    """Return the price that the legs' best orders imply for a side of a spread, or ``NO_PRICE``."""
    n_slots = state.counters[0].n_slots
    if instrument < n_slots or state.counters[0].implied_in == 0:
        return NO_PRICE
    if not trades_continuously(state, instrument):
        return NO_PRICE
    near = instrument % n_slots
    far = wide(state.instruments[instrument].far_slot)
    near_book = 2 * near + wide(side == _SELL)
    far_book = 2 * far + wide(side == _BUY)
    if state.books[near_book].n_orders == 0 or state.books[far_book].n_orders == 0:
        return NO_PRICE
    near_price = price_of(state, near_book, state.books[near_book].best_level)
    far_price = price_of(state, far_book, state.books[far_book].best_level)
    if not is_calm_at(state, near, near_price, latest_price(state, near)):
        return NO_PRICE
    if not is_calm_at(state, far, far_price, latest_price(state, far)):
        return NO_PRICE
    return near_price - far_price


@kernel(inline=True, allocates=False)
def implied_lots(state: BookState, instrument: int, side: int) -> int:
    """Return the lots behind an implied price that exists: the smaller of what shows in both legs."""
    near = state.books[2 * (instrument % state.counters[0].n_slots) + wide(side == _SELL)]
    far = state.books[2 * wide(state.instruments[instrument].far_slot) + wide(side == _BUY)]
    return wide(
        min(
            state.levels[near.base + near.best_level].lots,
            state.levels[far.base + far.best_level].lots,
        )
    )


@kernel(allocates=False)
def trade_implied(state: BookState, draft: Any, lots: int) -> int:
    """Execute a spread order against the best order of each leg and return the lots left.

    Self-match prevention may act instead; ``stopped_by`` then says if the spread order is to be cancelled.
    """
    side = draft.side
    instrument = draft.instrument
    near_book = state.books[2 * (instrument % state.counters[0].n_slots) + wide(side == _BUY)]
    far_book = state.books[2 * wide(state.instruments[instrument].far_slot) + wide(side == _SELL)]
    near = wide(state.levels[near_book.base + near_book.best_level].head)
    far = wide(state.levels[far_book.base + far_book.best_level].head)
    own = wide(NO_ROW)
    if state.pool[near].account == draft.account:
        own = near
    elif state.pool[far].account == draft.account:
        own = far
    if own != NO_ROW:
        if draft.self_match != _CANCEL_AGGRESSOR:
            cancel_any(state, own, wide(_SELF_MATCH))
        if draft.self_match != _CANCEL_RESTING:
            state.counters[0].stopped_by = _SELF_MATCH
        return lots
    traded = min(lots, wide(min(state.pool[near].lots, state.pool[far].lots)))
    for leg in range(2):
        row = near if leg == 0 else far
        trade_with(state, draft, row, traded, side if leg == 0 else -side)
        if state.pool[row].lots == 0:
            tidy_resting(state, row)
    return lots - traded


@kernel(inline=True, allocates=False)
def execute_resting_spread(state: BookState) -> bool:
    """Let the first resting spread order that an implied price reaches trade once; say if there was one."""
    first = state.counters[0].n_slots
    for instrument in range(first, state.instruments.shape[0]):
        for side in (_BUY, _SELL):
            number = 2 * instrument + wide(side == _SELL)
            book = state.books[number]
            if book.n_orders == 0:
                continue
            price = implied_price(state, instrument, -side)
            if price == NO_PRICE or (price_of(state, number, book.best_level) - price) * side < 0:
                continue
            execute_against_legs(state, instrument, wide(state.levels[book.base + book.best_level].head))
            return True
    return False


@kernel(inline=True, allocates=False)
def execute_against_legs(state: BookState, instrument: int, row: int) -> None:
    """Trade a resting spread order once with its legs, or apply self-match prevention."""
    resting = state.pool[row]
    draft = state.drafts[0]
    draft.order_id = resting.order_id
    draft.account = resting.account
    draft.instrument = instrument
    draft.side = resting.side
    draft.self_match = resting.self_match
    state.counters[0].stopped_by = NOT_STOPPED
    lots = wide(resting.lots)
    left = trade_implied(state, draft, lots)
    if state.counters[0].stopped_by != NOT_STOPPED:
        cancel_any(state, row, wide(_SELF_MATCH))
    elif left < lots:
        shift_resting(state, draft.account, instrument, draft.side, left - lots)
        set_lots(state, row, left, wide(0))
        if left == 0:
            tidy_resting(state, row)
