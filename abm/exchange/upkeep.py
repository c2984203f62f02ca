"""Kernels around the batches: laying out the ladders, cancelling a list of orders, loading risk figures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.core.kernel import kernel
from abm.exchange.ladder import (
    cancel_resting,
    index_order,
    next_occupied,
    queue_order,
    refresh_top,
    worst_case_lots,
)
from abm.exchange.state import NO_ROW, BookState

_ZERO = np.uint64(0)


@kernel(allocates=False)
def lay_out_books(
    state: BookState, rows: NDArray[np.int64], bases: NDArray[np.int64], n_levels: NDArray[np.int64]
) -> None:
    """Give each book its part of the ladder and queue the resting orders anew, in the order given."""
    for book in range(state.books.shape[0]):
        clear_levels(state, book)
    state.order_index[:] = NO_ROW
    for book in range(state.books.shape[0]):
        state.books[book].base = bases[book]
        state.books[book].n_levels = n_levels[book]
        state.books[book].best_level = n_levels[book]
        state.books[book].n_orders = 0
    for i in range(rows.shape[0]):
        queue_order(state, rows[i])
        index_order(state, rows[i])
    refresh_top(state)


@kernel(inline=True, allocates=False)
def clear_levels(state: BookState, book: int) -> None:
    """Blank the occupied levels of a book and their bits."""
    base = state.books[book].base
    level = next_occupied(state, book, 0)
    while level < state.books[book].n_levels:
        state.levels[base + level].lots = 0
        level = next_occupied(state, book, level + 1)
    state.occupied[base >> 6 : (base + state.books[book].n_levels + 63) >> 6] = _ZERO


@kernel(allocates=False)
def cancel_rows(state: BookState, rows: NDArray[np.int64], cause: int) -> None:
    """Cancel resting orders one by one, in the order given."""
    state.counters[0].n_cancellations = 0
    for i in range(rows.shape[0]):
        cancel_resting(state, rows[i], cause)
    refresh_top(state)


@kernel(allocates=False)
def load_risk_figures(
    state: BookState,
    position_lots: NDArray[np.int64],
    funds_usd_micro: NDArray[np.int64],
    margin_per_lot_usd_micro: NDArray[np.int64],
    may_trade: NDArray[np.bool_],
) -> None:
    """Copy in positions, funds and margins and compute every account's requirement from scratch."""
    for slot in range(state.slots.shape[0]):
        state.slots[slot].margin_per_lot_usd_micro = margin_per_lot_usd_micro[slot]
    for account in range(state.accounts.shape[0]):
        requirement = np.int64(0)
        for slot in range(state.slots.shape[0]):
            own = state.exposure[account, slot]
            own.position_lots = position_lots[account, slot]
            worst = worst_case_lots(own.position_lots, own.buy_lots, own.sell_lots)
            requirement += worst * margin_per_lot_usd_micro[slot]
        state.accounts[account].requirement_usd_micro = requirement
        state.accounts[account].funds_usd_micro = funds_usd_micro[account]
        state.accounts[account].may_trade = np.int64(may_trade[account])
