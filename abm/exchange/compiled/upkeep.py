"""Kernels around the batches: laying out the ladders, listing and cancelling orders, loading risk figures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.core.kernel import kernel
from abm.exchange.compiled.events import cancel_any
from abm.exchange.compiled.exposure import worst_case_lots
from abm.exchange.compiled.ladder import queue_order
from abm.exchange.compiled.order_index import index_order
from abm.exchange.compiled.state import NO_ROW, BookState
from abm.exchange.compiled.words import next_occupied, wide

_ZERO = np.uint64(0)


@kernel(allocates=False)
def list_rows(state: BookState, rows: NDArray[np.int64]) -> None:
    """Write the pool rows of all resting orders in their canonical order."""
    n_slots = state.counters[0].n_slots
    first_stop_book = state.counters[0].first_stop_book
    count = 0
    for instrument in range(state.instruments.shape[0]):
        for part in range(4 if instrument < n_slots else 2):
            number = 2 * instrument + (part & 1) + (first_stop_book if part > 1 else 0)
            level = wide(state.books[number].best_level)
            while level < state.books[number].n_levels:
                row = wide(state.levels[state.books[number].base + level].head)
                while row != NO_ROW:
                    rows[count] = row
                    count += 1
                    row = wide(state.pool[row].next_in_level)
                level = next_occupied(state, number, level + 1)
    assert count == rows.shape[0]


@kernel(allocates=False)
def lay_out_books(
    state: BookState,
    rows: NDArray[np.int64],
    bases: NDArray[np.int64],
    n_levels: NDArray[np.int64],
    origin_ticks: NDArray[np.int64],
) -> None:
    """Give each book its part of the ladder and queue the resting orders anew, in the order given."""
    for number in range(state.books.shape[0]):
        clear_levels(state, number)
    for number in range(state.books.shape[0]):
        book = state.books[number]
        book.base = bases[number]
        book.n_levels = n_levels[number]
        book.best_level = n_levels[number]
        book.n_orders = 0
        book.hidden_lots = 0
        book.origin_ticks = origin_ticks[number]
    for i in range(rows.shape[0]):
        queue_order(state, rows[i])


@kernel(allocates=False)
def index_all(state: BookState) -> None:
    """Enter all resting orders in an index that is still empty."""
    for row in range(state.counters[0].n_rows_used):
        if state.pool[row].lots > 0:
            index_order(state, row)


@kernel(inline=True, allocates=False)
def clear_levels(state: BookState, number: int) -> None:
    """Blank the occupied levels of a book and their bits."""
    base = state.books[number].base
    level = next_occupied(state, number, wide(0))
    while level < state.books[number].n_levels:
        state.levels[base + level].lots = 0
        level = next_occupied(state, number, level + 1)
    state.occupied[base >> 6 : (base + state.books[number].n_levels + 63) >> 6] = _ZERO


@kernel(allocates=False)
def cancel_rows(state: BookState, rows: NDArray[np.int64], causes: NDArray[np.int64]) -> None:
    """Cancel resting orders one by one, in the order given."""
    state.counters[0].n_cancellations = 0
    for i in range(rows.shape[0]):
        cancel_any(state, rows[i], causes[i])


@kernel(allocates=False)
def load_risk_figures(
    state: BookState,
    position_lots: NDArray[np.int64],
    funds_usd_micro: NDArray[np.int64],
    margin_per_lot_usd_micro: NDArray[np.int64],
    may_trade: NDArray[np.bool_],
    position_limit_lots: NDArray[np.int64],
    limit_exempt: NDArray[np.bool_],
) -> None:
    """Copy in positions, funds, margins and limits and compute every account's requirement from scratch."""
    n_slots = state.counters[0].n_slots
    all_margined = True
    for slot in range(n_slots):
        all_margined = all_margined and state.instruments[slot].margin_per_lot_usd_micro > 0
        state.instruments[slot].margin_per_lot_usd_micro = margin_per_lot_usd_micro[slot]
        state.instruments[slot].position_limit_lots = position_limit_lots[slot]
    for account in range(state.accounts.shape[0]):
        # Where every month was margined, an account without a requirement has neither orders nor positions.
        is_idle = all_margined and state.accounts[account].requirement_usd_micro == 0
        for slot in range(n_slots):
            is_idle = is_idle and position_lots[account, slot] == 0
        if not is_idle:
            requirement = np.int64(0)
            for slot in range(n_slots):
                own = state.exposure[account, slot]
                own.position_lots = position_lots[account, slot]
                worst = worst_case_lots(own.position_lots, own.buy_lots, own.sell_lots)
                requirement += worst * margin_per_lot_usd_micro[slot]
            state.accounts[account].requirement_usd_micro = requirement
        state.accounts[account].funds_usd_micro = funds_usd_micro[account]
        state.accounts[account].may_trade = np.int64(may_trade[account])
        state.accounts[account].limit_exempt = np.int64(limit_exempt[account])
