"""Bit tricks: integers of any width in 64 bits, and the bitmap of occupied price levels.

The lowest set bit of a word is found by a de Bruijn multiplication (Leiserson, Prokop and Randall 1998).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.core.kernel import kernel
from abm.exchange.compiled.state import WORD_BITS, BookState

_ONE = np.uint64(1)
_ZERO = np.uint64(0)
_ALL_BITS = np.uint64(0xFFFFFFFFFFFFFFFF)
_DE_BRUIJN = 0x03F79D71B4CB0A89
_DE_BRUIJN_WORD = np.uint64(_DE_BRUIJN)
_TOP_SIX_BITS = np.uint64(58)


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
def mark_occupied(state: BookState, ladder_row: int) -> None:
    """Note that a price level has orders."""
    state.occupied[ladder_row >> 6] |= _ONE << np.uint64(ladder_row & 63)


@kernel(inline=True, allocates=False)
def mark_empty(state: BookState, ladder_row: int) -> None:
    """Note that a price level has no orders."""
    state.occupied[ladder_row >> 6] &= ~(_ONE << np.uint64(ladder_row & 63))


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
def previous_occupied(state: BookState, book: int, level: int) -> int:
    """Return the last level up to ``level`` that has orders, or -1 if none has."""
    if level < 0:
        return -1
    base_word = state.books[book].base >> 6
    word_row = base_word + (level >> 6)
    word = state.occupied[word_row] & (_ALL_BITS >> np.uint64(63 - (level & 63)))
    while word == _ZERO:
        word_row -= 1
        if word_row < base_word:
            return -1
        word = state.occupied[word_row]
    for shift in (1, 2, 4, 8, 16, 32):
        word |= word >> np.uint64(shift)  # all bits below the highest one are set now
    highest = word & ~(word >> _ONE)
    bit = _BIT_POSITION[(highest * _DE_BRUIJN_WORD) >> _TOP_SIX_BITS]
    return int(((word_row - base_word) << 6) + bit)
