"""What the compiled state shows to Python: resting orders as records, price levels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.core.kernel import kernel
from abm.core.orders import NO_PRICE, RESTING_DTYPE, MessageKind
from abm.exchange.compiled.state import NO_ROW, BookState
from abm.exchange.compiled.words import wide

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


@kernel(allocates=False)
def write_quotes(state: BookState, first_account: int, quotes: NDArray[np.int64]) -> None:
    """Write the live quotes of consecutive accounts: prices, then lots, by account, slot and side."""
    for i in range(quotes.shape[1]):
        for slot in range(quotes.shape[2]):
            for part in range(2):
                row = wide(state.account_rows[first_account + i, 2 * slot + part])
                is_live = row != NO_ROW
                quotes[0, i, slot, part] = state.pool[row].price_ticks if is_live else NO_PRICE
                quotes[1, i, slot, part] = state.pool[row].lots if is_live else 0
