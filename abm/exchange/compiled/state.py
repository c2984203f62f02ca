"""State of the compiled exchange: packed arrays that every ``@kernel`` function of the package works on.

An instrument is a row: months by slot, then calendar spreads by length and slot of the near month. A book
is one side of it: book ``2 * instrument`` holds the buys and ``2 * instrument + 1`` the sells; behind them
all, in the same order, stand two books per month of stop orders that wait for their trigger. The levels of
a book are counted from the price that comes first: the highest for buys and sell stops, the lowest for
sells and buy stops. The best price is thus the lowest occupied level of any book, and all code is the same
for all.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.core.orders import CANCELLATION_DTYPE, NO_PRICE, TRADE_DTYPE, MatchingRule
from abm.exchange.results import BookRules

NO_ROW = 2**32 - 1
"""Ends a linked list of pool rows. Row numbers are unsigned, so that indexing need not look at their sign."""

WORD_BITS = 64
"""Levels per word of the bitmap of occupied levels."""

BUCKETS_PER_ORDER = 2
"""Size of the index of orders relative to the pool: chains stay short."""

UNLISTED = -1
"""Month of an instrument row that lists none."""

NO_LIMIT_LOTS = 2**62
"""Position limit of a month that has none."""

RETRY = -1
"""What a kernel returns, in place of a reject reason, if the output arrays are too small for the message."""

NOT_STOPPED = -1
"""In place of a cancel cause: matching went on until the order was filled or met no more opposite orders."""

(
    BID_ROW,
    ASK_ROW,
    BID_LOTS_ROW,
    ASK_LOTS_ROW,
    LAST_TRADE_ROW,
    INDICATIVE_ROW,
    INDICATIVE_LOTS_ROW,
    PHASE_ROW,
) = range(8)
"""Rows of the top-of-book array, in the order of the fields of ``TopOfBook``."""

POOL_DTYPE = np.dtype(
    [
        ("order_id", np.int64),
        ("price_ticks", np.int64),
        ("lots", np.int32),
        ("hidden_lots", np.int32),
        ("display_lots", np.int32),
        ("next_in_level", np.uint32),
        ("previous_in_level", np.uint32),
        ("next_of_account", np.uint32),
        ("previous_of_account", np.uint32),
        ("next_in_bucket", np.uint32),
        ("account", np.uint32),
        ("expiry_day", np.int32),
        ("book", np.uint16),
        ("kind", np.int8),
        ("side", np.int8),
        ("time_in_force", np.int8),
        ("self_match", np.int8),
    ],
    align=True,
)
"""One resting order in one cache line of 64 bytes (two are free). ``lots`` shows and is 0 in a free row; free
rows are chained by ``next_in_level``. ``price_ticks`` orders the book: of a stop order it is the trigger. The
limit price of a ``STOP_LIMIT`` is the trigger plus ``display_lots``, which a stop has no other use for."""

LEVEL_DTYPE = np.dtype([("lots", np.int64), ("head", np.uint32), ("tail", np.uint32)], align=True)
"""One price level: its shown lots and the first and last order of its queue (meaningless if it has none)."""

BOOK_DTYPE = np.dtype(
    [
        ("base", np.int64),
        ("n_levels", np.int64),
        ("best_level", np.int64),
        ("n_orders", np.int64),
        ("origin_ticks", np.int64),
        ("step", np.int64),
        ("hidden_lots", np.int64),
        ("top_row", np.uint32),
        ("instrument", np.uint32),
    ],
    align=True,
)
"""One book: its part of the ladder, its first price and the direction to the next level. ``best_level`` is
``n_levels`` while it is empty; ``top_row`` is the top order of pro-rata matching."""

INSTRUMENT_DTYPE = np.dtype(
    [
        ("month", np.int64),
        ("low_ticks", np.int64),
        ("high_ticks", np.int64),
        ("protection_ticks", np.int64),
        ("band_ticks", np.int64),
        ("interruption_ticks", np.int64),
        ("reference_ticks", np.int64),
        ("last_trade_ticks", np.int64),
        ("margin_per_lot_usd_micro", np.int64),
        ("position_limit_lots", np.int64),
        ("range_reason", np.int64),
        ("phase", np.int64),
        ("is_plain", np.int64),
        ("n_waiting_markets", np.int64),
        ("far_slot", np.int64),
        ("spread_months", np.int64),
    ],
    align=True,
)
"""One month or calendar spread (``month`` is ``UNLISTED`` while it is not listed). ``range_reason`` refuses a
price out of range; ``is_plain`` says that it trades continuously and first in, first out. Of a spread, whose
phase and margin are those of its legs, only month, range, reason and the last two fields are used."""

EXPOSURE_DTYPE = np.dtype(
    [("position_lots", np.int64), ("buy_lots", np.int64), ("sell_lots", np.int64), ("newest_row", np.uint32)],
    align=True,
)
"""One account in one month: net position, resting lots by side (with spread legs), list of its orders."""

ACCOUNT_DTYPE = np.dtype(
    [
        ("funds_usd_micro", np.int64),
        ("requirement_usd_micro", np.int64),
        ("may_trade", np.int64),
        ("limit_exempt", np.int64),
    ],
    align=True,
)
"""One account: its funds, its running margin requirement, whether it may trade, whether limits bind it."""

COUNTERS_DTYPE = np.dtype(
    [
        ("n_slots", np.int64),
        ("first_stop_book", np.int64),
        ("max_order_lots", np.int64),
        ("today", np.int64),
        ("keeps_top_order", np.int64),
        ("spreads_keep_top_order", np.int64),
        ("is_pro_rata", np.int64),
        ("spreads_are_pro_rata", np.int64),
        ("pro_rata_min_lots", np.int64),
        ("implied_in", np.int64),
        ("free_row", np.int64),
        ("n_rows_used", np.int64),
        ("n_resting", np.int64),
        ("n_stops", np.int64),
        ("n_spread_orders", np.int64),
        ("n_trades", np.int64),
        ("n_cancellations", np.int64),
        ("next_message", np.int64),
        ("must_settle", np.int64),
        ("is_settling", np.int64),
        ("stopped_by", np.int64),
        ("n_drafts", np.int64),
        ("filled_lots", np.int64),
        ("rested_lots", np.int64),
        ("cancelled_lots", np.int64),
        ("trades_wanted", np.int64),
        ("cancellations_wanted", np.int64),
    ],
    align=True,
)
"""Scalars of the state. Rows of the pool from ``n_rows_used`` on were never used. ``must_settle``: a stop may
have been triggered since the last settling step. ``is_settling``, ``next_message`` and the two wanted lengths
say where a batch goes on once the output arrays have grown. ``stopped_by`` is the cause that ended matching;
the three lots after it are what became of the message so far."""

DRAFT_FIELDS = (
    "order_id",
    "price_ticks",
    "stop_ticks",
    "lots",
    "display_lots",
    "minimum_lots",
    "expiry_day",
    "account",
    "instrument",
    "replaced_row",
    "kind",
    "side",
    "time_in_force",
    "post_only",
    "close_out",
    "self_match",
    "is_checked",
)

DRAFT_DTYPE = np.dtype([(name, np.int64) for name in DRAFT_FIELDS], align=True)
"""An order about to enter that is not a plain one: a message, a side of a quote, a modified order or (then
``is_checked``) a triggered stop; also a resting spread order about to trade. ``replaced_row`` is the resting
order that leaves when a modified one enters, or ``NO_ROW``."""


class BookState(NamedTuple):
    """All arrays of the compiled exchange that several kernels share.

    A row of ``account_rows`` holds the pool rows of an account's quotes, two per month, then the newest row
    of its orders in each spread.
    """

    pool: NDArray[np.void]
    levels: NDArray[np.void]
    occupied: NDArray[np.uint64]
    books: NDArray[np.void]
    instruments: NDArray[np.void]
    exposure: NDArray[np.void]
    accounts: NDArray[np.void]
    account_rows: NDArray[np.uint32]
    buckets: NDArray[np.uint32]
    counters: NDArray[np.void]
    drafts: NDArray[np.void]
    trades: NDArray[np.void]
    cancellations: NDArray[np.void]


def new_state(
    n_accounts: int, n_slots: int, max_order_lots: int, order_capacity: int, rules: BookRules
) -> BookState:
    """Return the state of an exchange that lists nothing yet; ``order_capacity`` is a power of two."""
    n_spreads = n_slots * len(rules.spread_lengths)
    n_instruments = n_slots + n_spreads
    instruments = np.zeros(n_instruments, dtype=INSTRUMENT_DTYPE)
    instruments["month"] = UNLISTED
    instruments["last_trade_ticks"] = NO_PRICE
    instruments["position_limit_lots"] = NO_LIMIT_LOTS
    lengths = np.repeat(np.array((0, *rules.spread_lengths), dtype=np.int64), n_slots)
    instruments["spread_months"] = lengths
    instruments["far_slot"] = (np.arange(n_instruments) + lengths) % n_slots
    exposure = np.zeros((n_accounts, n_slots), dtype=EXPOSURE_DTYPE)
    exposure["newest_row"] = NO_ROW
    accounts = np.zeros(n_accounts, dtype=ACCOUNT_DTYPE)
    accounts["may_trade"] = 1
    return BookState(
        pool=aligned_zeros(order_capacity),
        levels=np.zeros(0, dtype=LEVEL_DTYPE),
        occupied=np.zeros(0, dtype=np.uint64),
        books=_new_books(n_instruments, n_slots),
        instruments=instruments,
        exposure=exposure,
        accounts=accounts,
        account_rows=np.full((n_accounts, 2 * n_slots + n_spreads), NO_ROW, dtype=np.uint32),
        buckets=_empty_buckets(order_capacity),
        counters=_new_counters(n_slots, n_instruments, max_order_lots, rules),
        drafts=np.zeros(2, dtype=DRAFT_DTYPE),
        trades=np.zeros(0, dtype=TRADE_DTYPE),
        cancellations=np.zeros(0, dtype=CANCELLATION_DTYPE),
    )


def _new_books(n_instruments: int, n_slots: int) -> NDArray[np.void]:
    books = np.zeros(2 * n_instruments + 2 * n_slots, dtype=BOOK_DTYPE)
    assert len(books) <= 2**16, f"{len(books)} books cannot be numbered with 16 bits"
    books["top_row"] = NO_ROW
    books["step"] = np.resize([-1, 1], len(books))
    books["step"][2 * n_instruments :] *= -1
    books["instrument"] = np.repeat(np.concatenate([np.arange(n_instruments), np.arange(n_slots)]), 2)
    return books


def _new_counters(
    n_slots: int, n_instruments: int, max_order_lots: int, rules: BookRules
) -> NDArray[np.void]:
    counters = np.zeros(1, dtype=COUNTERS_DTYPE)
    counters["n_slots"] = n_slots
    counters["first_stop_book"] = 2 * n_instruments
    counters["max_order_lots"] = max_order_lots
    counters["is_pro_rata"] = rules.matching is MatchingRule.PRO_RATA
    counters["spreads_are_pro_rata"] = rules.spread_matching is MatchingRule.PRO_RATA
    counters["keeps_top_order"] = rules.top_order and rules.matching is MatchingRule.PRO_RATA
    counters["spreads_keep_top_order"] = rules.top_order and rules.spread_matching is MatchingRule.PRO_RATA
    counters["pro_rata_min_lots"] = rules.pro_rata_min_lots
    counters["implied_in"] = rules.implied_in
    counters["free_row"] = NO_ROW
    return counters


def empty_top(n_slots: int) -> NDArray[np.int64]:
    """Return the top-of-book array of an exchange that lists nothing yet."""
    top = np.zeros((PHASE_ROW + 1, n_slots), dtype=np.int64)
    top[[BID_ROW, ASK_ROW, LAST_TRADE_ROW, INDICATIVE_ROW]] = NO_PRICE
    return top


def with_capacity(state: BookState, order_capacity: int) -> BookState:
    """Return the state with a larger order pool (a power of two) and an index still to be rebuilt."""
    n_used = int(state.counters["n_rows_used"][0])
    pool = aligned_zeros(order_capacity)
    pool[:n_used] = state.pool[:n_used]
    return state._replace(pool=pool, buckets=_empty_buckets(order_capacity))


def with_ladder(state: BookState, n_levels: int) -> BookState:
    """Return the state with room for so many price levels at least; a new ladder is blank."""
    if n_levels <= len(state.levels):
        return state
    return state._replace(
        levels=np.zeros(n_levels, dtype=LEVEL_DTYPE),
        occupied=np.zeros(-(-n_levels // WORD_BITS), dtype=np.uint64),
    )


def with_output_room(state: BookState, n_trades: int, n_cancellations: int) -> BookState:
    """Return the state with output arrays of these lengths at least, and what they held.

    Pages that are never written take no memory, so generous lengths are cheap.
    """
    if n_trades > len(state.trades):
        trades = np.empty(n_trades, dtype=TRADE_DTYPE)
        n_kept = int(state.counters["n_trades"][0])
        trades[:n_kept] = state.trades[:n_kept]
        state = state._replace(trades=trades)
    if n_cancellations > len(state.cancellations):
        cancellations = np.empty(n_cancellations, dtype=CANCELLATION_DTYPE)
        n_kept = int(state.counters["n_cancellations"][0])
        cancellations[:n_kept] = state.cancellations[:n_kept]
        state = state._replace(cancellations=cancellations)
    return state


def aligned_zeros(n_rows: int) -> NDArray[np.void]:
    """Return a blank pool whose rows are cache lines: it starts at a multiple of their size."""
    size = POOL_DTYPE.itemsize
    memory = np.zeros((n_rows + 1) * size, dtype=np.uint8)
    start = -memory.ctypes.data % size
    return memory[start : start + n_rows * size].view(POOL_DTYPE)


def _empty_buckets(order_capacity: int) -> NDArray[np.uint32]:
    return np.full(BUCKETS_PER_ORDER * order_capacity, NO_ROW, dtype=np.uint32)
