"""Kernels of the books: price ladder with queues, bitmap of occupied levels, index of orders, exposures.

The lowest set bit of a word is found by a de Bruijn multiplication (Leiserson, Prokop and Randall 1998). The
index of orders is an open-addressing hash table with linear probing whose deletions shift later entries back
(Knuth, The Art of Computer Programming, vol. 3, section 6.4, algorithm R), so it never fills with tombstones.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.core.kernel import kernel
from abm.core.orders import NO_PRICE, Side
from abm.exchange.state import (
    ASK_ROW,
    BID_LOTS_ROW,
    BID_ROW,
    LAST_TRADE_ROW,
    NO_ROW,
    WORD_BITS,
    BookState,
)

_BUY = int(Side.BUY)
_SELL = int(Side.SELL)

_ONE = np.uint64(1)
_ZERO = np.uint64(0)
_ALL_BITS = np.uint64(0xFFFFFFFFFFFFFFFF)
_DE_BRUIJN = 0x03F79D71B4CB0A89
_DE_BRUIJN_WORD = np.uint64(_DE_BRUIJN)
_TOP_SIX_BITS = np.uint64(58)
_HASH_MULTIPLIER = -7046029254386353131  # the 64-bit golden ratio 0x9E3779B97F4A7C15 as a signed integer


def _bit_positions() -> NDArray[np.int64]:
    positions = np.zeros(WORD_BITS, dtype=np.int64)
    for bit in range(WORD_BITS):
        positions[((_DE_BRUIJN << bit) & (2**64 - 1)) >> 58] = bit
    return positions


_BIT_POSITION = _bit_positions()


@kernel(inline=True, allocates=False)
def wide(number: Any) -> int:
    """Return an integer of any width in 64 bits, so that every kernel is compiled for one type."""
    return int(np.int64(number))


@kernel(inline=True, allocates=False)
def level_of(state: BookState, book: int, price_ticks: int) -> int:
    """Return the level of a price in a book: 0 is the best price that the day's range allows."""
    slot = state.slots[book >> 1]
    if book & 1:
        return int(price_ticks - slot.low_ticks)
    return int(slot.high_ticks - price_ticks)


@kernel(inline=True, allocates=False)
def price_of(state: BookState, book: int, level: int) -> int:
    """Return the price of a level of a book."""
    slot = state.slots[book >> 1]
    if book & 1:
        return int(slot.low_ticks + level)
    return int(slot.high_ticks - level)


@kernel(inline=True, allocates=False)
def next_occupied(state: BookState, book: int, level: int) -> int:
    """Return the first level from ``level`` on that has orders, or the number of levels if none has."""
    n_levels = int(state.books[book].n_levels)
    if level >= n_levels:
        return n_levels
    base_word = state.books[book].base >> 6
    last_word = base_word + ((n_levels - 1) >> 6)
    word_row = base_word + (level >> 6)
    word = state.occupied[word_row] & (_ALL_BITS << np.uint64(level & 63))
    while word == _ZERO:
        word_row += 1
        if word_row > last_word:
            return n_levels
        word = state.occupied[word_row]
    lowest = word & (~word + _ONE)
    bit = _BIT_POSITION[(lowest * _DE_BRUIJN_WORD) >> _TOP_SIX_BITS]
    return int(((word_row - base_word) << 6) + bit)


@kernel(inline=True, allocates=False)
def home(index: NDArray[np.int32], order_id: int) -> int:
    """Return the index row where the search for an order id starts."""
    mixed = order_id * _HASH_MULTIPLIER
    return int((mixed ^ (mixed >> 32)) & (index.shape[0] - 1))


@kernel(inline=True, allocates=False)
def find_order(state: BookState, order_id: int) -> int:
    """Return the pool row of a resting order, or ``NO_ROW``."""
    index = state.order_index
    place = home(index, order_id)
    row = wide(index[place])
    while row != NO_ROW and state.pool[row].order_id != order_id:
        place = (place + 1) & (index.shape[0] - 1)
        row = wide(index[place])
    return row


@kernel(inline=True, allocates=False)
def index_order(state: BookState, row: int) -> None:
    """Enter a pool row in the index of orders."""
    index = state.order_index
    place = home(index, state.pool[row].order_id)
    while index[place] != NO_ROW:
        place = (place + 1) & (index.shape[0] - 1)
    index[place] = row


@kernel(inline=True, allocates=False)
def unindex_order(state: BookState, row: int) -> None:
    """Take a pool row out of the index of orders and shift back the entries that it pushed away."""
    index = state.order_index
    mask = index.shape[0] - 1
    hole = home(index, state.pool[row].order_id)
    while index[hole] != row:
        assert index[hole] != NO_ROW
        hole = (hole + 1) & mask
    place = hole
    while True:
        place = (place + 1) & mask
        moved = wide(index[place])
        if moved == NO_ROW:
            break
        start = home(index, state.pool[moved].order_id)
        # An entry may fill the hole unless its search starts after the hole, cyclically.
        if ((place - start) & mask) >= ((place - hole) & mask):
            index[hole] = moved
            hole = place
    index[hole] = NO_ROW


@kernel(inline=True, allocates=False)
def worst_case_lots(position_lots: int, buy_lots: int, sell_lots: int) -> int:
    """Return the largest net position, in absolute lots, that filling all orders of one side can leave."""
    return max(abs(position_lots + buy_lots), abs(position_lots - sell_lots))


@kernel(inline=True, allocates=False)
def shift_exposure(
    state: BookState, account: int, slot: int, side: int, position_lots: int, resting_lots: int
) -> None:
    """Add to an account's position and to its resting lots of a side; keep its requirement current."""
    row = state.exposure[account, slot]
    before = worst_case_lots(row.position_lots, row.buy_lots, row.sell_lots)
    row.position_lots += position_lots
    if side == _BUY:
        row.buy_lots += resting_lots
    else:
        row.sell_lots += resting_lots
    after = worst_case_lots(row.position_lots, row.buy_lots, row.sell_lots)
    margin = state.slots[slot].margin_per_lot_usd_micro
    state.accounts[account].requirement_usd_micro += margin * (after - before)


@kernel(inline=True, allocates=False)
def queue_order(state: BookState, row: int) -> None:
    """Append a pool row to the queue of its price level."""
    order = state.pool[row]
    book = 2 * wide(order.slot) + (order.side == _SELL)
    level = level_of(state, book, order.price_ticks)
    ladder_row = state.books[book].base + level
    queue = state.levels[ladder_row]
    order.next_in_level = NO_ROW
    if queue.lots == 0:
        order.previous_in_level = NO_ROW
        queue.head = row
        state.occupied[ladder_row >> 6] |= _ONE << np.uint64(ladder_row & 63)
        if level < state.books[book].best_level:
            state.books[book].best_level = level
    else:
        order.previous_in_level = queue.tail
        state.pool[queue.tail].next_in_level = row
    queue.tail = row
    queue.lots += order.lots
    state.books[book].n_orders += 1


@kernel(inline=True, allocates=False)
def release_order(state: BookState, row: int) -> None:
    """Take an order out of its level, its account's list and the index, and free its pool row."""
    order = state.pool[row]
    book = 2 * wide(order.slot) + (order.side == _SELL)
    level = level_of(state, book, order.price_ticks)
    ladder_row = state.books[book].base + level
    queue = state.levels[ladder_row]
    if order.previous_in_level == NO_ROW:
        queue.head = order.next_in_level
    else:
        state.pool[order.previous_in_level].next_in_level = order.next_in_level
    if order.next_in_level == NO_ROW:
        queue.tail = order.previous_in_level
    else:
        state.pool[order.next_in_level].previous_in_level = order.previous_in_level
    queue.lots -= order.lots
    state.books[book].n_orders -= 1
    if queue.lots == 0:
        state.occupied[ladder_row >> 6] &= ~(_ONE << np.uint64(ladder_row & 63))
        if state.books[book].n_orders == 0:
            state.books[book].best_level = state.books[book].n_levels
        elif level == state.books[book].best_level:
            state.books[book].best_level = next_occupied(state, book, level + 1)
    if order.previous_of_account == NO_ROW:
        state.exposure[order.account, order.slot].newest_row = order.next_of_account
    else:
        state.pool[order.previous_of_account].next_of_account = order.next_of_account
    if order.next_of_account != NO_ROW:
        state.pool[order.next_of_account].previous_of_account = order.previous_of_account
    unindex_order(state, row)
    order.lots = 0
    order.next_in_level = state.counters[0].free_row
    state.counters[0].free_row = row
    state.counters[0].n_resting -= 1


@kernel(inline=True, allocates=False)
def cancel_resting(state: BookState, row: int, cause: int) -> int:
    """Cancel a resting order, record the cancellation, and return its lots."""
    order = state.pool[row]
    lots = order.lots
    record = state.cancellations[state.counters[0].n_cancellations]
    state.counters[0].n_cancellations += 1
    record.order_id = order.order_id
    record.lots = lots
    record.account = order.account
    record.month = state.slots[order.slot].month
    record.cause = cause
    shift_exposure(state, order.account, order.slot, order.side, 0, -lots)
    release_order(state, row)
    return int(lots)


@kernel(allocates=False)
def refresh_top(state: BookState) -> None:
    """Write best prices, their lots and last trades of every slot, and assert that no book is crossed."""
    top = state.top
    for slot in range(state.slots.shape[0]):
        for side in range(2):
            book = state.books[2 * slot + side]
            if book.n_orders == 0:
                top[BID_ROW + side, slot] = NO_PRICE
                top[BID_LOTS_ROW + side, slot] = 0
            else:
                top[BID_ROW + side, slot] = price_of(state, 2 * slot + side, book.best_level)
                top[BID_LOTS_ROW + side, slot] = state.levels[book.base + book.best_level].lots
        top[LAST_TRADE_ROW, slot] = state.slots[slot].last_trade_ticks
        two_sided = top[BID_ROW, slot] != NO_PRICE and top[ASK_ROW, slot] != NO_PRICE
        assert not two_sided or top[BID_ROW, slot] < top[ASK_ROW, slot]
