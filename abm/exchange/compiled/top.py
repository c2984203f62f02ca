"""Kernel of the best prices that everybody sees after a batch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.core.kernel import kernel
from abm.core.orders import NO_PRICE, Side, TradingPhase
from abm.exchange.compiled.auction import auction_price
from abm.exchange.compiled.implied import implied_lots, implied_price
from abm.exchange.compiled.ladder import price_of
from abm.exchange.compiled.state import (
    ASK_ROW,
    BID_LOTS_ROW,
    BID_ROW,
    INDICATIVE_LOTS_ROW,
    INDICATIVE_ROW,
    LAST_TRADE_ROW,
    PHASE_ROW,
    UNLISTED,
    BookState,
)
from abm.exchange.compiled.terms import trades_continuously

_SELL = int(Side.SELL)
_CONTINUOUS = int(TradingPhase.CONTINUOUS)
_AUCTION = int(TradingPhase.AUCTION)


@kernel(allocates=False)
def refresh_top(state: BookState, top: NDArray[np.int64]) -> None:
    """Write what ``TopOfBook`` shows of every slot, and assert that no book that trades is crossed."""
    for slot in range(state.counters[0].n_slots):
        terms = state.instruments[slot]
        top[LAST_TRADE_ROW, slot] = terms.last_trade_ticks
        top[PHASE_ROW, slot] = terms.phase
        top[INDICATIVE_ROW, slot] = NO_PRICE
        top[INDICATIVE_LOTS_ROW, slot] = 0
        for side in range(2):
            book = state.books[2 * slot + side]
            if book.n_orders == 0 or terms.phase == _AUCTION:
                top[BID_ROW + side, slot] = NO_PRICE
                top[BID_LOTS_ROW + side, slot] = 0
            else:
                top[BID_ROW + side, slot] = price_of(state, 2 * slot + side, book.best_level)
                top[BID_LOTS_ROW + side, slot] = state.levels[book.base + book.best_level].lots
        if terms.phase == _AUCTION:
            price, lots = auction_price(state, slot)
            top[INDICATIVE_ROW, slot] = price
            top[INDICATIVE_LOTS_ROW, slot] = lots
        two_sided = top[BID_ROW, slot] != NO_PRICE and top[ASK_ROW, slot] != NO_PRICE
        assert not two_sided or terms.phase != _CONTINUOUS or top[BID_ROW, slot] < top[ASK_ROW, slot]


@kernel(allocates=False)
def write_spread_top(state: BookState, top: NDArray[np.int64]) -> None:
    """Write what ``SpreadTop`` shows: bids, asks, bid lots and ask lots of every spread, a row each."""
    n_slots = state.counters[0].n_slots
    for instrument in range(n_slots, state.instruments.shape[0]):
        is_shown = state.instruments[instrument].month != UNLISTED and trades_continuously(state, instrument)
        for side in (1, -1):
            column = 1 if side == _SELL else 0
            price, lots = NO_PRICE, 0
            number = 2 * instrument + column
            book = state.books[number]
            if is_shown and book.n_orders > 0:
                price = price_of(state, number, book.best_level)
                lots = state.levels[book.base + book.best_level].lots
            implied = implied_price(state, instrument, side) if is_shown else NO_PRICE
            if implied != NO_PRICE and (price == NO_PRICE or (implied - price) * side > 0):
                price, lots = implied, implied_lots(state, instrument, side)
            elif implied != NO_PRICE and implied == price:
                lots += implied_lots(state, instrument, side)
            top[column, instrument - n_slots] = price
            top[column + 2, instrument - n_slots] = lots
