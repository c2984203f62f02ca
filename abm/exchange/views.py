"""What the compiled state shows to Python: resting orders as records, price levels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.core.orders import NO_PRICE, RESTING_DTYPE, MessageKind
from abm.exchange.state import BookState

_STOP = int(MessageKind.STOP)
_STOP_LIMIT = int(MessageKind.STOP_LIMIT)


def resting_records(state: BookState, rows: NDArray[np.int64]) -> NDArray[np.void]:
    """Return pool rows as ``RESTING_DTYPE``."""
    pool = state.pool[rows]
    at = state.instruments[state.books["instrument"][pool["book"]]]
    resting = np.zeros(len(pool), dtype=RESTING_DTYPE)
    for name in set(RESTING_DTYPE.names or ()) & set(pool.dtype.names or ()):
        resting[name] = pool[name]
    for name in ("month", "spread_months"):
        resting[name] = at[name]
    is_stop_limit = pool["kind"] == _STOP_LIMIT
    is_stop = is_stop_limit | (pool["kind"] == _STOP)
    resting["stop_ticks"] = np.where(is_stop, pool["price_ticks"], NO_PRICE)
    resting["price_ticks"][is_stop] = NO_PRICE
    limits = pool["price_ticks"] + pool["display_lots"]
    resting["price_ticks"][is_stop_limit] = limits[is_stop_limit]
    resting["display_lots"][is_stop] = 0
    return resting


def best_levels(state: BookState, number: int, levels: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return prices and shown lots of the best levels of a book, best first."""
    book = state.books[number]
    lots = state.levels["lots"][book["base"] : book["base"] + book["n_levels"]]
    best = np.flatnonzero(lots[book["best_level"] :])[:levels] + book["best_level"]
    return book["origin_ticks"] + book["step"] * best, lots[best]
