"""State of the compiled exchange: packed arrays that every ``@kernel`` function of the package works on.

A book is one side of one month: book ``2 * slot`` holds the buys and ``2 * slot + 1`` the sells. The levels
of a book are counted from the best price that is allowed: ``high - price`` for buys, ``price - low`` for
sells. The best price is thus the lowest occupied level on either side, and all code is the same for both.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.core.orders import CANCELLATION_DTYPE, NO_PRICE, OUTCOME_DTYPE, TRADE_DTYPE

NO_ROW = -1
"""Ends a linked list of pool rows."""

WORD_BITS = 64
"""Levels per word of the bitmap of occupied levels."""

INDEX_ROWS_PER_ORDER = 4
"""Size of the hash index relative to the pool: a quarter full at most, so probes stay short."""

UNLISTED = -1
"""Month of a slot that lists none."""

BID_ROW, ASK_ROW, BID_LOTS_ROW, ASK_LOTS_ROW, LAST_TRADE_ROW = range(5)
"""Rows of the top-of-book array, in the order of the fields of ``TopOfBook``."""

POOL_DTYPE = np.dtype(
    [
        ("order_id", np.int64),
        ("price_ticks", np.int64),
        ("lots", np.int64),
        ("sequence", np.int64),
        ("next_in_level", np.int32),
        ("previous_in_level", np.int32),
        ("next_of_account", np.int32),
        ("previous_of_account", np.int32),
        ("account", np.int32),
        ("slot", np.int16),
        ("side", np.int8),
        ("time_in_force", np.int8),
    ],
    align=True,
)
"""One resting order. ``lots`` is 0 in a free row, and free rows are chained by ``next_in_level``."""

LEVEL_DTYPE = np.dtype([("lots", np.int64), ("head", np.int32), ("tail", np.int32)], align=True)
"""One price level: its lots and the first and last order of its queue (meaningless while ``lots`` is 0)."""

BOOK_DTYPE = np.dtype(
    [("base", np.int64), ("n_levels", np.int64), ("best_level", np.int64), ("n_orders", np.int64)], align=True
)
"""One side of one month. ``best_level`` is ``n_levels`` while the side is empty."""

SLOT_DTYPE = np.dtype(
    [
        ("month", np.int64),
        ("low_ticks", np.int64),
        ("high_ticks", np.int64),
        ("protection_ticks", np.int64),
        ("range_reason", np.int64),
        ("margin_per_lot_usd_micro", np.int64),
        ("last_trade_ticks", np.int64),
    ],
    align=True,
)
"""One listed month (``UNLISTED`` when none). ``range_reason`` refuses a price out of range."""

EXPOSURE_DTYPE = np.dtype(
    [("position_lots", np.int64), ("buy_lots", np.int64), ("sell_lots", np.int64), ("newest_row", np.int64)],
    align=True,
)
"""One account in one slot: net position, resting lots by side, head of its list of resting orders."""

ACCOUNT_DTYPE = np.dtype(
    [("funds_usd_micro", np.int64), ("requirement_usd_micro", np.int64), ("may_trade", np.int64)], align=True
)
"""One account: its funds, its running margin requirement, and whether it may enter orders."""

COUNTERS_DTYPE = np.dtype(
    [
        ("free_row", np.int64),
        ("n_resting", np.int64),
        ("next_sequence", np.int64),
        ("max_order_lots", np.int64),
        ("n_trades", np.int64),
        ("n_cancellations", np.int64),
    ],
    align=True,
)
"""Scalars of the state: the free list, the age counter, and how far the output arrays are filled."""


class BookState(NamedTuple):
    """All arrays of the compiled exchange."""

    pool: NDArray[np.void]
    levels: NDArray[np.void]
    occupied: NDArray[np.uint64]
    books: NDArray[np.void]
    slots: NDArray[np.void]
    exposure: NDArray[np.void]
    accounts: NDArray[np.void]
    order_index: NDArray[np.int32]
    counters: NDArray[np.void]
    top: NDArray[np.int64]
    outcomes: NDArray[np.void]
    trades: NDArray[np.void]
    cancellations: NDArray[np.void]


def new_state(n_accounts: int, n_slots: int, max_order_lots: int, order_capacity: int) -> BookState:
    """Return the state of an exchange that lists nothing yet; ``order_capacity`` is a power of two."""
    slots = np.zeros(n_slots, dtype=SLOT_DTYPE)
    slots["month"] = UNLISTED
    slots["last_trade_ticks"] = NO_PRICE
    exposure = np.zeros((n_accounts, n_slots), dtype=EXPOSURE_DTYPE)
    exposure["newest_row"] = NO_ROW
    accounts = np.zeros(n_accounts, dtype=ACCOUNT_DTYPE)
    accounts["may_trade"] = 1
    counters = np.zeros(1, dtype=COUNTERS_DTYPE)
    counters["max_order_lots"] = max_order_lots
    top = np.zeros((LAST_TRADE_ROW + 1, n_slots), dtype=np.int64)
    top[[BID_ROW, ASK_ROW, LAST_TRADE_ROW]] = NO_PRICE
    return BookState(
        pool=_free_pool(order_capacity, first_row=0),
        levels=np.zeros(0, dtype=LEVEL_DTYPE),
        occupied=np.zeros(0, dtype=np.uint64),
        books=np.zeros(2 * n_slots, dtype=BOOK_DTYPE),
        slots=slots,
        exposure=exposure,
        accounts=accounts,
        order_index=_empty_index(order_capacity),
        counters=counters,
        top=top,
        outcomes=np.zeros(0, dtype=OUTCOME_DTYPE),
        trades=np.zeros(0, dtype=TRADE_DTYPE),
        cancellations=np.zeros(0, dtype=CANCELLATION_DTYPE),
    )


def with_capacity(state: BookState, order_capacity: int) -> BookState:
    """Return the state with a larger order pool (a power of two) and an index still to be rebuilt."""
    old = len(state.pool)
    added = _free_pool(order_capacity - old, first_row=old)
    added["next_in_level"][-1] = state.counters["free_row"][0]
    state.counters["free_row"] = old
    return state._replace(pool=np.concatenate([state.pool, added]), order_index=_empty_index(order_capacity))


def with_ladder(state: BookState, n_levels: int) -> BookState:
    """Return the state with room for so many price levels (a multiple of the word size) at least."""
    if n_levels <= len(state.levels):
        return state
    levels = np.zeros(n_levels, dtype=LEVEL_DTYPE)
    occupied = np.zeros(n_levels // WORD_BITS, dtype=np.uint64)
    levels[: len(state.levels)] = state.levels
    occupied[: len(state.occupied)] = state.occupied
    return state._replace(levels=levels, occupied=occupied)


def with_output_room(state: BookState, n_messages: int) -> BookState:
    """Return the state with output arrays large enough for any batch of so many messages.

    A trade or a cancellation either removes an order that rested before, or one of the batch, or is the
    last of its message: resting orders plus twice the messages bound both.
    """
    n_events = int(state.counters["n_resting"][0]) + 2 * n_messages
    if n_messages > len(state.outcomes):
        state = state._replace(outcomes=np.zeros(2 * n_messages, dtype=OUTCOME_DTYPE))
    if n_events > len(state.trades):
        state = state._replace(
            trades=np.zeros(2 * n_events, dtype=TRADE_DTYPE),
            cancellations=np.zeros(2 * n_events, dtype=CANCELLATION_DTYPE),
        )
    return state


def _free_pool(n_rows: int, *, first_row: int) -> NDArray[np.void]:
    pool = np.zeros(n_rows, dtype=POOL_DTYPE)
    pool["next_in_level"] = np.arange(first_row + 1, first_row + n_rows + 1)
    pool["next_in_level"][-1] = NO_ROW
    return pool


def _empty_index(order_capacity: int) -> NDArray[np.int32]:
    return np.full(INDEX_ROWS_PER_ORDER * order_capacity, NO_ROW, dtype=np.int32)
