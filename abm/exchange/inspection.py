"""Slow, complete self-check of the compiled state: every redundant array is derived anew and compared."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.core.orders import NO_PRICE, Side
from abm.exchange.state import NO_ROW, BookState


def check_state(state: BookState, resting_rows: NDArray[np.int64]) -> None:
    """Assert that queues, bitmap, index, account lists, exposures and requirements agree.

    Parameters
    ----------
    state : BookState
        The arrays of the exchange.
    resting_rows : array of int64
        Pool rows with lots, in canonical order (slot, buys first, price, age).
    """
    resting = state.pool[resting_rows]
    assert len(resting_rows) == state.counters["n_resting"][0]
    assert len(np.unique(resting["order_id"])) == len(resting)
    assert _queued_rows(state) == resting_rows.tolist(), "the queues hold other orders than the pool"
    assert sorted(state.order_index[state.order_index != NO_ROW].tolist()) == sorted(resting_rows.tolist())
    _check_account_lists(state, resting_rows)
    _check_exposures(state, resting)
    _check_free_rows(state)


def _queued_rows(state: BookState) -> list[int]:
    """Return the rows met by walking every queue, best price first, and check each level on the way."""
    queued: list[int] = []
    for number, book in enumerate(state.books):
        slot = state.slots[number // 2]
        levels = state.levels[book["base"] : book["base"] + book["n_levels"]]
        occupied = np.flatnonzero(levels["lots"])
        bits = np.arange(book["base"], book["base"] + book["n_levels"], dtype=np.int64)
        words = state.occupied[bits // 64] >> (bits % 64).astype(np.uint64)
        assert np.array_equal(np.flatnonzero(words & np.uint64(1)), occupied), "bitmap and levels differ"
        assert book["best_level"] == (occupied[0] if len(occupied) else book["n_levels"])
        n_before = len(queued)
        for level in occupied:
            price = slot["low_ticks"] + level if number % 2 else slot["high_ticks"] - level
            lots, row, previous = 0, int(levels["head"][level]), NO_ROW
            while row != NO_ROW:
                order = state.pool[row]
                assert order["price_ticks"] == price
                assert order["previous_in_level"] == previous
                lots += int(order["lots"])
                queued.append(row)
                previous, row = row, int(order["next_in_level"])
            assert lots == levels["lots"][level]
            assert previous == levels["tail"][level]
        assert len(queued) - n_before == book["n_orders"]
    bid, ask = state.top[:2]
    assert np.all((bid == NO_PRICE) | (ask == NO_PRICE) | (bid < ask)), "a book is crossed"
    return queued


def _check_account_lists(state: BookState, resting_rows: NDArray[np.int64]) -> None:
    listed: list[int] = []
    for (account, slot), newest in np.ndenumerate(state.exposure["newest_row"]):
        row, previous = int(newest), NO_ROW
        while row != NO_ROW:
            order = state.pool[row]
            assert (order["account"], order["slot"]) == (account, slot)
            assert order["previous_of_account"] == previous
            listed.append(row)
            previous, row = row, int(order["next_of_account"])
    assert sorted(listed) == sorted(resting_rows.tolist())


def _check_exposures(state: BookState, resting: NDArray[np.void]) -> None:
    exposure = state.exposure
    worst = np.zeros(exposure.shape, dtype=np.int64)
    for name, side in (("buy_lots", Side.BUY), ("sell_lots", Side.SELL)):
        lots = np.zeros(exposure.shape, dtype=np.int64)
        chosen = resting[resting["side"] == int(side)]
        np.add.at(lots, (chosen["account"], chosen["slot"]), chosen["lots"])
        assert np.array_equal(lots, exposure[name]), f"{name} are not the sum of resting orders"
        worst = np.maximum(worst, np.abs(exposure["position_lots"] + int(side) * lots))
    requirement = worst @ state.slots["margin_per_lot_usd_micro"]
    assert np.array_equal(requirement, state.accounts["requirement_usd_micro"])


def _check_free_rows(state: BookState) -> None:
    row, n_free = int(state.counters["free_row"][0]), 0
    while row != NO_ROW:
        assert state.pool["lots"][row] == 0
        n_free += 1
        row = int(state.pool["next_in_level"][row])
    assert n_free + state.counters["n_resting"][0] == len(state.pool)
