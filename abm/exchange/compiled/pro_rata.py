"""Kernel of pro-rata matching (rule 5): the top order, then shares by size, then the oldest first."""

from __future__ import annotations

from typing import Any

from abm.core.kernel import kernel
from abm.core.orders import CancelCause, SelfMatch
from abm.exchange.compiled.events import cancel_any, tidy_resting, trade_with
from abm.exchange.compiled.ladder import level_of
from abm.exchange.compiled.state import NO_ROW, BookState
from abm.exchange.compiled.words import wide

_CANCEL_RESTING = int(SelfMatch.CANCEL_RESTING)
_CANCEL_BOTH = int(SelfMatch.CANCEL_BOTH)
_SELF_MATCH = int(CancelCause.SELF_MATCH)


@kernel(inline=True, allocates=False)
def share_of(lots: int, shown: int, all_shown: int, minimum: int) -> int:
    """Return an order's share of lots in proportion to what shows at its price, 0 if below the minimum."""
    share = lots * shown // all_shown
    return share if share >= minimum else 0


@kernel(allocates=False)
def prevent_at_best_price(state: BookState, draft: Any, book: int) -> bool:
    """Apply self-match prevention to the best price of a book; say whether it did anything."""
    queue = state.levels[state.books[book].base + state.books[book].best_level]
    top = wide(state.books[book].top_row)
    chosen = wide(NO_ROW)
    row = wide(queue.head)
    while row != NO_ROW:
        following = wide(state.pool[row].next_in_level)
        if state.pool[row].account == draft.account:
            if draft.self_match == _CANCEL_RESTING:
                cancel_any(state, row, wide(_SELF_MATCH))
            if chosen == NO_ROW or row == top:
                chosen = row
        row = following
    if chosen != NO_ROW and draft.self_match != _CANCEL_RESTING:
        if draft.self_match == _CANCEL_BOTH:
            cancel_any(state, chosen, wide(_SELF_MATCH))
        state.counters[0].stopped_by = _SELF_MATCH
    return chosen != NO_ROW


@kernel(allocates=False)
def share_round(state: BookState, draft: Any, number: int, lots: int) -> int:
    """Allocate one round of an incoming order's lots at the best price of a book; return the lots left."""
    book = state.books[number]
    queue = state.levels[book.base + book.best_level]
    last = wide(queue.tail)
    takes_all = lots >= queue.lots
    top = wide(book.top_row)
    if top != NO_ROW and level_of(state, number, state.pool[top].price_ticks) == book.best_level:
        top_lots = min(lots, wide(state.pool[top].lots))
        trade_with(state, draft, top, top_lots, draft.side)
        lots -= top_lots
    minimum = state.counters[0].pro_rata_min_lots
    all_shown = wide(queue.lots)
    shared = lots
    by_time = lots
    row = wide(queue.head)
    while row != NO_ROW and lots > 0 and not takes_all:
        by_time -= share_of(shared, wide(state.pool[row].lots), all_shown, minimum)
        row = wide(state.pool[row].next_in_level)
    row = wide(queue.head)
    while row != NO_ROW and lots > 0:
        shown = wide(state.pool[row].lots)
        filled = shown
        if not takes_all:
            filled = share_of(shared, shown, all_shown, minimum)
            more = min(by_time, shown - filled)
            by_time -= more
            filled += more
        if filled > 0:
            trade_with(state, draft, row, filled, draft.side)
            lots -= filled
        row = wide(state.pool[row].next_in_level)
    row = wide(queue.head)
    while True:  # refilled icebergs queue behind the last order of the round
        following = wide(state.pool[row].next_in_level)
        is_last = row == last
        if state.pool[row].lots == 0:
            tidy_resting(state, row)
        if is_last:
            break
        row = following
    return lots
