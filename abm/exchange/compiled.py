"""The exchange that runs simulations: packed arrays, one compiled call per batch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.core.errors import ParameterError
from abm.core.orders import NO_PRICE, ORDER_DTYPE, RESTING_DTYPE, CancelCause, RejectReason, TimeInForce
from abm.exchange.inspection import check_state
from abm.exchange.interface import DEFAULT_MAX_ORDER_LOTS, MatchResult, TopOfBook, checked_day, digest_books
from abm.exchange.matching import match_batch
from abm.exchange.state import (
    COUNTERS_DTYPE,
    LAST_TRADE_ROW,
    UNLISTED,
    WORD_BITS,
    new_state,
    with_capacity,
    with_ladder,
    with_output_room,
)
from abm.exchange.upkeep import cancel_rows, lay_out_books, load_risk_figures

_SMALLEST_CAPACITY = 64
_COUNTERS = COUNTERS_DTYPE.names or ()
_N_RESTING = _COUNTERS.index("n_resting")
_N_TRADES = _COUNTERS.index("n_trades")
_N_CANCELLATIONS = _COUNTERS.index("n_cancellations")
_BUY_LOTS, _SELL_LOTS = 1, 2
_EXPOSURE_COLUMNS = 4


class CompiledExchange:
    """Order books of all listed months in one array state, matched by one compiled call per batch.

    Follows ``abm.exchange.interface.Exchange``, where the methods are documented.

    Parameters
    ----------
    n_accounts, n_slots : int
        Trading accounts and months listed at a time.
    max_order_lots : int
        Largest quantity of one order.
    order_capacity : int
        Resting orders there is room for at first; it grows when needed.
    """

    def __init__(
        self,
        *,
        n_accounts: int,
        n_slots: int,
        max_order_lots: int = DEFAULT_MAX_ORDER_LOTS,
        order_capacity: int = 8192,
    ) -> None:
        for name, count in (
            ("n_accounts", n_accounts),
            ("n_slots", n_slots),
            ("max_order_lots", max_order_lots),
        ):
            if count <= 0:
                raise ParameterError(f"{name}: {count} is not > 0")
        self.n_accounts = n_accounts
        self.n_slots = n_slots
        self.max_order_lots = max_order_lots
        capacity = _power_of_two(max(order_capacity, _SMALLEST_CAPACITY))
        self._state = new_state(n_accounts, n_slots, max_order_lots, capacity)
        self._counters = self._state.counters.view(np.int64)
        self._position_lots = self._state.exposure["position_lots"]
        columns = self._state.exposure.view(np.int64).reshape(n_accounts, n_slots, _EXPOSURE_COLUMNS)
        self._open_order_lots = columns[:, :, _BUY_LOTS : _SELL_LOTS + 1]
        self._position_lots.flags.writeable = False
        self._open_order_lots.flags.writeable = False

    @property
    def position_lots(self) -> NDArray[np.int64]:
        """Signed net positions as matched so far, shape (n_accounts, n_slots), read-only."""
        return self._position_lots

    @property
    def open_order_lots(self) -> NDArray[np.int64]:
        """Resting buy and sell lots, shape (n_accounts, n_slots, 2), read-only."""
        return self._open_order_lots

    def open_day(
        self,
        *,
        months: NDArray[np.int64],
        reference_ticks: NDArray[np.int64],
        low_ticks: NDArray[np.int64],
        high_ticks: NDArray[np.int64],
        is_daily_limit: NDArray[np.bool_],
        protection_ticks: NDArray[np.int64],
    ) -> NDArray[np.void]:
        """List the day's months and set their price ranges; orders left outside are cancelled."""
        day = checked_day(
            self.n_slots,
            months=months,
            reference_ticks=reference_ticks,
            low_ticks=low_ticks,
            high_ticks=high_ticks,
            is_daily_limit=is_daily_limit,
            protection_ticks=protection_ticks,
        )
        slots = self._state.slots
        pool = self._state.pool
        rows = self._resting_rows()
        slot_of_row = pool["slot"][rows]
        has_orders = np.bincount(slot_of_row, minlength=self.n_slots) > 0
        taken_over = has_orders & (slots["month"] != day.months)
        assert not taken_over.any(), f"slots {np.flatnonzero(taken_over)} change month with orders in them"
        price = pool["price_ticks"][rows]
        inside = (day.low_ticks[slot_of_row] <= price) & (price <= day.high_ticks[slot_of_row])
        cancellations = self._cancel(rows[~inside], CancelCause.PRICE_LIMIT)
        slots["month"] = day.months
        slots["low_ticks"] = day.low_ticks
        slots["high_ticks"] = day.high_ticks
        slots["protection_ticks"] = day.protection_ticks
        slots["range_reason"] = np.where(
            day.is_daily_limit, int(RejectReason.PRICE_LIMIT), int(RejectReason.PRICE_BAND)
        )
        slots["last_trade_ticks"] = NO_PRICE
        n_levels = np.repeat(day.high_ticks - day.low_ticks + 1, 2)
        room = -(-n_levels // WORD_BITS) * WORD_BITS
        self._state = with_ladder(self._state, int(room.sum()))
        lay_out_books(self._state, rows[inside], np.cumsum(room) - room, n_levels)
        return cancellations

    def load_risk(
        self,
        *,
        position_lots: NDArray[np.int64],
        funds_usd_micro: NDArray[np.int64],
        margin_per_lot_usd_micro: NDArray[np.int64],
        may_trade: NDArray[np.bool_],
    ) -> None:
        """Copy in what the pre-trade check needs; ``match`` keeps its own positions current from there."""
        per_account = (self.n_accounts,)
        load_risk_figures(
            self._state,
            _column(position_lots, np.int64, (self.n_accounts, self.n_slots)),
            _column(funds_usd_micro, np.int64, per_account),
            _column(margin_per_lot_usd_micro, np.int64, (self.n_slots,)),
            _column(may_trade, np.bool_, per_account),
        )

    def match(self, orders: NDArray[np.void]) -> MatchResult:
        """Process messages one by one, in the order given; the result's arrays are views."""
        assert orders.dtype == ORDER_DTYPE, f"messages of {orders.dtype}"
        if not (orders.flags.c_contiguous and orders.flags.writeable):
            orders = orders.copy()  # the kernel is compiled for one memory layout only
        n_messages = len(orders)
        self._make_room(n_messages)
        state = self._state
        match_batch(state, orders)
        counters = self._counters
        return MatchResult(
            state.outcomes[:n_messages],
            state.trades[: counters[_N_TRADES]],
            state.cancellations[: counters[_N_CANCELLATIONS]],
        )

    def cancel_account(self, account: int, cause: CancelCause) -> NDArray[np.void]:
        """Cancel all resting orders of an account."""
        rows = self._resting_rows()
        return self._cancel(rows[self._state.pool["account"][rows] == account], cause)

    def expire_month(self, month: int) -> NDArray[np.void]:
        """Cancel all resting orders of a month, which is not listed again before the next ``open_day``."""
        slot = self._slot(month)
        rows = self._resting_rows()
        cancellations = self._cancel(rows[self._state.pool["slot"][rows] == slot], CancelCause.EXPIRY)
        self._state.slots["month"][slot] = UNLISTED
        self._state.slots["last_trade_ticks"][slot] = NO_PRICE
        self._state.top[LAST_TRADE_ROW, slot] = NO_PRICE
        return cancellations

    def close_day(self) -> NDArray[np.void]:
        """Cancel all ``DAY`` orders."""
        rows = self._resting_rows()
        is_day_order = self._state.pool["time_in_force"][rows] == int(TimeInForce.DAY)
        return self._cancel(rows[is_day_order], CancelCause.DAY_END)

    def top_of_book(self) -> TopOfBook:
        """Return best prices, their lots and the last trades of today (copies)."""
        return TopOfBook(*self._state.top.copy())

    def depth(
        self, month: int, levels: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return bid prices, bid lots, ask prices and ask lots of the best price levels, best first."""
        slot = self._slot(month)
        bid_levels, bid_lots = self._best_levels(2 * slot, levels)
        ask_levels, ask_lots = self._best_levels(2 * slot + 1, levels)
        terms = self._state.slots[slot]
        return terms["high_ticks"] - bid_levels, bid_lots, terms["low_ticks"] + ask_levels, ask_lots

    def resting_orders(self) -> NDArray[np.void]:
        """Return all resting orders: by slot, buys before sells, best price first, oldest first."""
        pool = self._state.pool[self._resting_rows()]
        resting = np.zeros(len(pool), dtype=RESTING_DTYPE)
        for name in ("order_id", "price_ticks", "lots", "account", "side", "time_in_force"):
            resting[name] = pool[name]
        resting["month"] = self._state.slots["month"][pool["slot"]]
        return resting

    def check(self) -> None:
        """Assert that books, index of orders and open lots agree and that no book is crossed."""
        check_state(self._state, self._resting_rows())

    def update_digest(self, digest: Any) -> None:
        """Feed the state of the books to a ``hashlib`` object: equal books, equal digest."""
        digest_books(digest, self.resting_orders(), self._state.slots["last_trade_ticks"])

    def _slot(self, month: int) -> int:
        slot = month % self.n_slots
        if self._state.slots["month"][slot] != month:
            raise ParameterError(f"month: {month} is not listed, listed are {self._state.slots['month']}")
        return slot

    def _resting_rows(self) -> NDArray[np.int64]:
        """Return the pool rows of all resting orders in their canonical order."""
        pool = self._state.pool
        rows = np.flatnonzero(pool["lots"])
        side = pool["side"][rows].astype(np.int64)
        order = np.lexsort(
            (pool["sequence"][rows], -side * pool["price_ticks"][rows], -side, pool["slot"][rows])
        )
        return rows[order]

    def _cancel(self, rows: NDArray[np.int64], cause: CancelCause) -> NDArray[np.void]:
        self._state = with_output_room(self._state, 0)
        cancel_rows(self._state, rows, int(cause))
        return self._state.cancellations[: len(rows)].copy()

    def _best_levels(self, book: int, levels: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        terms = self._state.books[book]
        lots = self._state.levels["lots"][terms["base"] : terms["base"] + terms["n_levels"]]
        best = np.flatnonzero(lots[terms["best_level"] :])[:levels] + terms["best_level"]
        return best, lots[best]

    def _make_room(self, n_messages: int) -> None:
        needed = int(self._counters[_N_RESTING]) + n_messages
        if needed > len(self._state.pool):
            rows = self._resting_rows()
            self._state = with_capacity(self._state, _power_of_two(needed))
            books = self._state.books
            lay_out_books(self._state, rows, books["base"].copy(), books["n_levels"].copy())
        if needed + n_messages > len(self._state.trades) or n_messages > len(self._state.outcomes):
            self._state = with_output_room(self._state, n_messages)


def _power_of_two(count: int) -> int:
    return 1 << (count - 1).bit_length()


def _column(values: Any, dtype: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    column: NDArray[Any] = np.require(
        values, dtype, ["C_CONTIGUOUS", "WRITEABLE"]
    )  # the layout kernels are compiled for
    assert column.shape == shape, f"shape {column.shape} is not {shape}"
    return column
