"""Kernels that see to it that all a message can cause fits the output arrays, before it changes anything."""

from __future__ import annotations

from abm.core.kernel import kernel
from abm.exchange.compiled.state import BookState
from abm.exchange.compiled.words import wide

_SPARE = 8
"""Rows for the cancellations that a message causes but for those of its account's resting orders."""

_GENEROUS_ROWS = 1 << 16
"""Output arrays grow to the simple bound if it is below this many rows: the exact one takes time to find."""


@kernel(allocates=False)
def has_room(state: BookState, account: int, instrument: int, lots: int) -> bool:
    """Say whether the output arrays have room for an order of so many lots; if not, note what it may need.

    Every execution fills at least one lot, or the order that rests or its shown part, and is two trades in a
    spread; every resting order that self-match prevention cancels has at least one lot.
    """
    counters = state.counters[0]
    trades = 2 * lots + _SPARE
    own_lots = wide(0)
    hidden_lots = wide(0)
    for slot in (instrument % counters.n_slots, wide(state.instruments[instrument].far_slot)):
        own_lots += state.exposure[account, slot].buy_lots + state.exposure[account, slot].sell_lots
        hidden_lots += state.books[2 * slot].hidden_lots + state.books[2 * slot + 1].hidden_lots
    if counters.n_trades + trades > state.trades.shape[0] and trades > _GENEROUS_ROWS:
        refills = count_refills(state) if hidden_lots > 0 else 0
        trades = min(trades, 4 * (counters.n_resting + refills) + _SPARE)
    cancellations = min(own_lots, wide(counters.n_resting)) + _SPARE
    counters.trades_wanted = counters.n_trades + trades
    counters.cancellations_wanted = counters.n_cancellations + cancellations
    return bool(
        counters.trades_wanted <= state.trades.shape[0]
        and counters.cancellations_wanted <= state.cancellations.shape[0]
    )


@kernel(allocates=False)
def count_refills(state: BookState) -> int:
    """Return how often all resting icebergs together can show new lots."""
    refills = wide(0)
    for row in range(state.counters[0].n_rows_used):
        order = state.pool[row]
        if order.lots > 0 and order.hidden_lots > 0:
            refills += (order.hidden_lots + order.display_lots - 1) // order.display_lots
    return refills


@kernel(inline=True, allocates=False)
def has_room_to_cancel(state: BookState, account: int) -> bool:
    """Say whether the cancellations of all orders of an account fit; if not, note what it may need."""
    counters = state.counters[0]
    own_lots = wide(0)
    for slot in range(counters.n_slots):
        own_lots += state.exposure[account, slot].buy_lots + state.exposure[account, slot].sell_lots
    cancellations = counters.n_cancellations + min(own_lots, wide(counters.n_resting)) + _SPARE
    counters.cancellations_wanted = cancellations
    return bool(cancellations <= state.cancellations.shape[0])
