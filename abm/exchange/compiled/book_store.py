"""The arrays of the compiled exchange, their growth, and the calls of the kernels that change the books."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.core.copying import never_copied
from abm.core.kernel import is_compiling
from abm.core.orders import NO_PRICE, ORDER_DTYPE, OUTCOME_DTYPE, MatchingRule, TradingPhase
from abm.exchange.compiled.auction import uncross_month
from abm.exchange.compiled.matching import match_batch
from abm.exchange.compiled.ranges import ladder_size, laid_out, list_spreads
from abm.exchange.compiled.state import (
    COUNTERS_DTYPE,
    UNLISTED,
    empty_top,
    new_state,
    with_capacity,
    with_ladder,
    with_output_room,
)
from abm.exchange.compiled.top import refresh_top
from abm.exchange.compiled.upkeep import cancel_rows, index_all, lay_out_books, list_rows
from abm.exchange.results import BookRules, MatchResult

_SMALLEST_CAPACITY = 64
_SMALLEST_OUTPUT = 1024
_COUNTERS = COUNTERS_DTYPE.names or ()
_N_RESTING = _COUNTERS.index("n_resting")
_N_TRADES = _COUNTERS.index("n_trades")
_N_CANCELLATIONS = _COUNTERS.index("n_cancellations")
_CONTINUOUS = int(TradingPhase.CONTINUOUS)
_NO_MESSAGES = np.zeros(0, dtype=ORDER_DTYPE)


@never_copied("its arrays share memory; build another one")
class BookStore:
    """Books of all months and spreads as arrays that grow when they must.

    Parameters
    ----------
    n_accounts, n_slots, max_order_lots, order_capacity : int
        As of ``CompiledExchange``.
    rules : BookRules
        How the books match.

    Attributes
    ----------
    state : BookState
        The arrays; growth replaces some of them.
    months : array of INSTRUMENT_DTYPE, shape (n_slots,)
        Terms of the months, a view.
    top : array of int64
        What ``TopOfBook`` shows, a field a row.
    """

    def __init__(
        self, n_accounts: int, n_slots: int, max_order_lots: int, order_capacity: int, rules: BookRules
    ) -> None:
        capacity = _power_of_two(max(order_capacity, _SMALLEST_CAPACITY))
        self.state = new_state(n_accounts, n_slots, max_order_lots, capacity, rules)
        self.months = self.state.instruments[:n_slots]
        self.top = empty_top(n_slots)
        self._is_fifo = rules.matching is MatchingRule.FIFO
        self._counters = self.state.counters.view(np.int64)
        self._outcomes = np.zeros(0, dtype=OUTCOME_DTYPE)
        self._room = 0
        self._match_batch: Any = match_batch

    def match(self, orders: NDArray[np.void]) -> MatchResult:
        """Take a batch of messages through the books; the result's arrays are views."""
        n_messages = len(orders)
        needed = self._counters.item(_N_RESTING) + 2 * n_messages  # a quote may rest two orders
        if needed > len(self.state.pool):
            self.state = with_capacity(self.state, _power_of_two(needed))
            index_all(self.state)
        if n_messages > self._room:
            self._room = 2 * n_messages
            self._outcomes = np.zeros(self._room, dtype=OUTCOME_DTYPE)
            n_rows = max(2 * self._room, _SMALLEST_OUTPUT)
            self.state = with_output_room(self.state, n_rows, n_rows)
        return self._take_through(orders, goes_on=False)

    def uncross(self, slots: list[int]) -> MatchResult:
        """End the auctions of some months, in the order given, then settle."""
        counters = self.state.counters
        for name in ("n_trades", "n_cancellations", "next_message"):
            counters[name] = 0
        for slot in slots:
            n_orders = int(self.state.books["n_orders"][2 * slot : 2 * slot + 2].sum())
            n_trades, n_cancellations = self._counters[[_N_TRADES, _N_CANCELLATIONS]].tolist()
            self.state = with_output_room(self.state, n_trades + n_orders, n_cancellations + n_orders)
            uncross_month(self.state, slot)
        counters["is_settling"] = 1
        return self._take_through(_NO_MESSAGES, goes_on=True)

    def resting_rows(self) -> NDArray[np.int64]:
        """Return the pool rows of all resting orders in their canonical order."""
        rows = np.empty(self._counters[_N_RESTING], dtype=np.int64)
        list_rows(self.state, rows)
        return rows

    def instruments_of(self, rows: NDArray[np.int64]) -> NDArray[np.uint32]:
        """Return the instrument row of the order in each of some pool rows."""
        instruments: NDArray[np.uint32] = self.state.books["instrument"][self.state.pool["book"][rows]]
        return instruments

    def cancel(self, rows: NDArray[np.int64], cause: int | NDArray[np.int64]) -> NDArray[np.void]:
        """Cancel the orders in some pool rows, for one cause or one each."""
        self.state = with_output_room(self.state, 0, len(rows))
        cancel_rows(self.state, rows, np.array(np.broadcast_to(cause, rows.shape), dtype=np.int64))
        self.refresh()
        cancelled: NDArray[np.void] = self.state.cancellations[: len(rows)].copy()
        return cancelled

    def lay_out(self, rows: NDArray[np.int64]) -> None:
        """Give all books their place in the ladder and queue the orders in some rows anew."""
        layout = laid_out(self.state)
        self.state = with_ladder(self.state, ladder_size(layout))
        lay_out_books(self.state, rows, *layout)
        self.refresh()

    def write_phases(self, phases: NDArray[np.int64]) -> None:
        """Set the trading phase of every slot."""
        self.months["phase"] = phases
        self.months["is_plain"] = (phases == _CONTINUOUS) & self._is_fifo
        self.state.counters["must_settle"] = 1

    def unlist(self, slot: int) -> None:
        """Forget an expired month that has no orders any more."""
        self.months["month"][slot] = UNLISTED
        self.months["last_trade_ticks"][slot] = NO_PRICE
        list_spreads(self.state)
        phases = self.months["phase"].copy()
        phases[slot] = _CONTINUOUS
        self.write_phases(phases)
        self.refresh()

    def refresh(self) -> None:
        """Write the best prices anew."""
        refresh_top(self.state, self.top)

    def _take_through(self, orders: NDArray[np.void], *, goes_on: bool) -> MatchResult:
        while not self._match_batch(self.state, self.top, orders, self._outcomes, goes_on):
            wanted = self.state.counters[0]
            n_trades, n_cancellations = int(wanted["trades_wanted"]), int(wanted["cancellations_wanted"])
            lacks_trades = n_trades > len(self.state.trades)
            lacks_cancellations = n_cancellations > len(self.state.cancellations)
            assert lacks_trades or lacks_cancellations, "a batch stopped though there is room"
            if lacks_trades:
                n_trades = max(n_trades, 2 * len(self.state.trades))
            if lacks_cancellations:
                n_cancellations = max(n_cancellations, 2 * len(self.state.cancellations))
            self.state = with_output_room(self.state, n_trades, n_cancellations)
            goes_on = True
        if self._match_batch is match_batch:
            self._match_batch = _compiled_code(match_batch)
        state = self.state
        return MatchResult(
            self._outcomes[: len(orders)],
            state.trades[: self._counters.item(_N_TRADES)],
            state.cancellations[: self._counters.item(_N_CANCELLATIONS)],
        )


def _compiled_code(kernel: Any) -> Any:
    """Return the code of a kernel that has been compiled for one list of types.

    To call it skips the look-up of the types of a dozen arrays, which takes as long as thirty messages. Where
    Numba does not give it, or kernels run as plain Python, the kernel itself does the same.
    """
    if not is_compiling():
        return kernel
    (signature,) = kernel.signatures
    return getattr(kernel.overloads[signature], "entry_point", kernel)


def _power_of_two(count: int) -> int:
    return 1 << (count - 1).bit_length()
