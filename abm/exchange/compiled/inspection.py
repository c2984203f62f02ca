"""Slow, complete self-check of the compiled state: every redundant array is derived anew and compared."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.core.orders import MessageKind, Side, TradingPhase
from abm.exchange.compiled.order_index import HASH_MULTIPLIER
from abm.exchange.compiled.state import NO_ROW, BookState


def check_state(state: BookState, resting_rows: NDArray[np.int64]) -> None:
    """Assert that queues, bitmap, index, lists, quotes, exposures, counts and requirements agree.

    Parameters
    ----------
    state : BookState
        The arrays of the exchange.
    resting_rows : array of int64
        Pool rows of the orders in the queues, in canonical order.
    """
    resting = state.pool[resting_rows]
    n_used = int(state.counters["n_rows_used"][0])
    with_lots = np.flatnonzero(state.pool["lots"][:n_used])
    assert np.array_equal(np.sort(resting_rows), with_lots), "the queues hold other orders than the pool"
    assert len(np.unique(resting["order_id"])) == len(resting)
    for number in range(len(state.books)):
        _check_book(state, number)
    _check_not_crossed(state)
    _check_index(state, resting_rows)
    _check_account_lists(state, resting_rows)
    _check_quotes(state, resting_rows)
    _check_exposures(state, resting)
    _check_counts(state, resting)
    _check_free_rows(state)


def _check_book(state: BookState, number: int) -> None:
    """Walk every queue of a book, best price first, and check each level on the way."""
    book = state.books[number]
    levels = state.levels[book["base"] : book["base"] + book["n_levels"]]
    occupied = np.flatnonzero(levels["lots"])
    bits = np.arange(book["base"], book["base"] + book["n_levels"], dtype=np.int64)
    words = state.occupied[bits // 64] >> (bits % 64).astype(np.uint64)
    assert np.array_equal(np.flatnonzero(words & np.uint64(1)), occupied), "bitmap and levels differ"
    assert book["best_level"] == (occupied[0] if len(occupied) else book["n_levels"])
    queued: list[int] = []
    for level in occupied:
        lots, row, previous = 0, int(levels["head"][level]), NO_ROW
        while row != NO_ROW:
            order = state.pool[row]
            assert order["price_ticks"] == book["origin_ticks"] + book["step"] * level
            assert order["previous_in_level"] == previous
            assert order["book"] == number
            assert order["side"] == (-1 if number % 2 else 1)
            assert order["lots"] > 0
            lots += int(order["lots"])
            queued.append(row)
            previous, row = row, int(order["next_in_level"])
        assert lots == levels["lots"][level]
        assert previous == levels["tail"][level]
    assert len(queued) == book["n_orders"]
    orders = state.pool[queued]
    assert orders["hidden_lots"].sum() == book["hidden_lots"]
    is_waiting_book = number >= state.counters["first_stop_book"][0]
    is_stop = np.isin(orders["kind"], (int(MessageKind.STOP), int(MessageKind.STOP_LIMIT)))
    assert np.all(is_stop == is_waiting_book)
    hides = ~is_stop & (orders["hidden_lots"] > 0)
    assert np.all(orders["lots"][hides] <= orders["display_lots"][hides]), "an iceberg shows too much"
    if book["top_row"] != NO_ROW:
        assert book["top_row"] in queued, "the top order does not rest"


def _check_not_crossed(state: BookState) -> None:
    for row in range(len(state.instruments)):
        bids, asks = state.books[2 * row], state.books[2 * row + 1]
        may_cross = state.instruments["phase"][row] != int(TradingPhase.CONTINUOUS)
        if may_cross or bids["n_orders"] == 0 or asks["n_orders"] == 0:
            continue
        bid = bids["origin_ticks"] - bids["best_level"]
        assert bid < asks["origin_ticks"] + asks["best_level"], f"book of instrument {row} is crossed"


def _check_index(state: BookState, resting_rows: NDArray[np.int64]) -> None:
    indexed: list[int] = []
    places: list[int] = []
    for bucket in np.flatnonzero(state.buckets != NO_ROW):
        row = int(state.buckets[bucket])
        while row != NO_ROW:
            indexed.append(row)
            places.append(int(bucket))
            row = int(state.pool["next_in_bucket"][row])
    assert sorted(indexed) == sorted(resting_rows.tolist()), "index and books differ"
    ids = state.pool["order_id"][indexed]
    expected = (ids + ((ids >> 5) * HASH_MULTIPLIER >> 32)) & (len(state.buckets) - 1)
    assert places == expected.tolist(), "an order is in the bucket of another id"


def _check_account_lists(state: BookState, resting_rows: NDArray[np.int64]) -> None:
    listed: list[int] = []
    newest_rows = np.concatenate(
        [state.exposure["newest_row"], state.account_rows[:, 2 * state.exposure.shape[1] :]], axis=1
    )
    for account, instrument in np.argwhere(newest_rows != NO_ROW).tolist():
        row, previous = int(newest_rows[account, instrument]), NO_ROW
        while row != NO_ROW:
            order = state.pool[row]
            assert (order["account"], state.books["instrument"][order["book"]]) == (account, instrument)
            assert order["previous_of_account"] == previous
            listed.append(row)
            previous, row = row, int(order["next_of_account"])
    assert sorted(listed) == sorted(resting_rows.tolist())


def _check_quotes(state: BookState, resting_rows: NDArray[np.int64]) -> None:
    expected = np.full((len(state.accounts), 2 * state.exposure.shape[1]), NO_ROW)
    for row in resting_rows:
        order = state.pool[row]
        if order["kind"] == int(MessageKind.QUOTE):
            place = order["account"], order["book"]
            assert expected[place] == NO_ROW, "two quote orders on one side"
            expected[place] = row
    assert np.array_equal(expected, state.account_rows[:, : expected.shape[1]])


def _check_exposures(state: BookState, resting: NDArray[np.void]) -> None:
    exposure = state.exposure
    n_slots = exposure.shape[1]
    lots = {1: np.zeros(exposure.shape, dtype=np.int64), -1: np.zeros(exposure.shape, dtype=np.int64)}
    for order in resting:
        instrument = int(state.books["instrument"][order["book"]])
        total, side = int(order["lots"]) + int(order["hidden_lots"]), int(order["side"])
        lots[side][order["account"], instrument % n_slots] += total
        if instrument >= n_slots:
            lots[-side][order["account"], state.instruments["far_slot"][instrument]] += total
    worst = np.zeros(exposure.shape, dtype=np.int64)
    for name, side in (("buy_lots", Side.BUY), ("sell_lots", Side.SELL)):
        assert np.array_equal(lots[side], exposure[name]), f"{name} are not the sum of resting orders"
        worst = np.maximum(worst, np.abs(exposure["position_lots"] + int(side) * lots[side]))
    requirement = worst @ state.instruments["margin_per_lot_usd_micro"][:n_slots]
    assert np.array_equal(requirement, state.accounts["requirement_usd_micro"])


def _check_counts(state: BookState, resting: NDArray[np.void]) -> None:
    counters = state.counters[0]
    n_slots = int(counters["n_slots"])
    at = state.books["instrument"][resting["book"]]
    assert counters["n_resting"] == len(resting)
    assert counters["n_stops"] == np.isin(resting["kind"], (MessageKind.STOP, MessageKind.STOP_LIMIT)).sum()
    assert counters["n_spread_orders"] == (at >= n_slots).sum()
    waiting = np.bincount(at[resting["kind"] == int(MessageKind.MARKET)], minlength=len(state.instruments))
    assert np.array_equal(waiting, state.instruments["n_waiting_markets"])


def _check_free_rows(state: BookState) -> None:
    row, n_free = int(state.counters["free_row"][0]), 0
    while row != NO_ROW:
        assert state.pool["lots"][row] == 0
        n_free += 1
        row = int(state.pool["next_in_level"][row])
    assert n_free + state.counters["n_resting"][0] == state.counters["n_rows_used"][0]
