"""Depth of many months at once: what ``Exchange.depth`` says of each, for a twentieth of the time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from abm.core.arrays import IntArray
from abm.core.orders import NO_PRICE
from abm.exchange.compiled.engine import CompiledExchange
from abm.exchange.compiled.state import BookState
from abm.exchange.interface import Exchange

_WINDOW = 32
"""Levels of each book that are read first."""


class DepthByMonth(NamedTuple):
    """Best price levels of some months, best first: arrays of shape (months, levels).

    A level that a side does not have is ``NO_PRICE`` with no lots.
    """

    bid_ticks: IntArray
    bid_lots: IntArray
    ask_ticks: IntArray
    ask_lots: IntArray


def depth_by_month(exchange: Exchange, months: IntArray, levels: int) -> DepthByMonth:
    """Return the best levels of the books of some listed months, with the lots they show."""
    if isinstance(exchange, CompiledExchange):
        slots = months % exchange.n_slots
        prices, lots = _best_levels(exchange._state, np.concatenate([2 * slots, 2 * slots + 1]), levels)
        bids, asks = slice(None, len(slots)), slice(len(slots), None)
        return DepthByMonth(prices[bids], lots[bids], prices[asks], lots[asks])
    depth = DepthByMonth(*np.zeros((4, len(months), levels), dtype=np.int64))
    depth.bid_ticks[:], depth.ask_ticks[:] = NO_PRICE, NO_PRICE
    for row, month in enumerate(months.tolist()):
        for part, found in zip(depth, exchange.depth(month, levels), strict=True):
            part[row, : len(found)] = found
    return depth


def _best_levels(state: BookState, numbers: IntArray, levels: int) -> tuple[IntArray, IntArray]:
    """Return prices and shown lots of the best levels of some books, read side by side.

    A book is a row of levels from its best price on, many of them empty: a window of each is read, and a
    longer one where the first does not hold enough.
    """
    books = state.books[numbers]
    first, room = books["base"] + books["best_level"], books["n_levels"] - books["best_level"]
    all_lots, longest = state.levels["lots"], int(room.max(initial=0))
    width = min(max(_WINDOW, levels), longest)
    while True:
        steps = np.arange(width)
        is_inside = steps < room[:, None]
        lots = np.where(is_inside, all_lots[np.where(is_inside, first[:, None] + steps, 0)], 0)
        if width == longest or (np.count_nonzero(lots, axis=1) >= levels).all():
            break
        width = min(4 * width, longest)
    at = np.argsort(lots == 0, axis=1, kind="stable")[:, :levels]
    shown = np.zeros((len(numbers), levels), dtype=np.int64)
    shown[:, : at.shape[1]] = np.take_along_axis(lots, at, axis=1)
    prices = np.full_like(shown, NO_PRICE)
    prices[:, : at.shape[1]] = books["origin_ticks"][:, None] + books["step"][:, None] * (
        at + books["best_level"][:, None]
    )
    return np.where(shown > 0, prices, NO_PRICE), shown
