"""The exchange that runs simulations: packed arrays, one compiled call per batch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.core.arguments import row_number, whole_array, whole_number
from abm.core.copying import never_copied
from abm.core.errors import ParameterError
from abm.core.orders import (
    NO_PRICE,
    ORDER_DTYPE,
    CancelCause,
    MessageKind,
    RejectReason,
    TimeInForce,
    TradingPhase,
)
from abm.exchange.compiled.book_store import BookStore
from abm.exchange.compiled.inspection import check_state
from abm.exchange.compiled.ranges import list_spreads, set_ranges
from abm.exchange.compiled.state import NO_LIMIT_LOTS, UNLISTED, BookState
from abm.exchange.compiled.top import write_spread_top
from abm.exchange.compiled.upkeep import load_risk_figures
from abm.exchange.compiled.views import best_levels, resting_records, write_quotes
from abm.exchange.interface import (
    DEFAULT_MAX_ORDER_LOTS,
    FIFO_BOOKS,
    MAX_ORDER_LOTS,
    BookRules,
    MatchResult,
    OwnQuotes,
    SpreadTop,
    TopOfBook,
    check_accounts,
    check_wider,
    checked_day,
    digest_books,
)

_BUY_LOTS, _SELL_LOTS = 1, 2
_EXPOSURE_COLUMNS = 4
_CONTINUOUS = int(TradingPhase.CONTINUOUS)
_AUCTION = int(TradingPhase.AUCTION)


@never_copied("its arrays share memory; build another one, or use a ReferenceExchange")
class CompiledExchange:
    """Order books of all months and spreads in one array state, matched by one compiled call per batch.

    Follows ``abm.exchange.interface.Exchange``, where the methods are documented.

    Parameters
    ----------
    n_accounts, n_slots : int
        Trading accounts and months listed at a time.
    max_order_lots : int
        Largest quantity of one order.
    order_capacity : int
        Resting orders there is room for at first; it grows when needed.
    rules : BookRules
        How the books match.
    """

    def __init__(
        self,
        *,
        n_accounts: int,
        n_slots: int,
        max_order_lots: int = DEFAULT_MAX_ORDER_LOTS,
        order_capacity: int = 8192,
        rules: BookRules = FIFO_BOOKS,
    ) -> None:
        whole_number("n_accounts", n_accounts, least=0)
        for name, count in (("n_slots", n_slots), ("max_order_lots", max_order_lots)):
            whole_number(name, count, least=1, allowed="> 0")
        if max_order_lots > MAX_ORDER_LOTS:
            raise ParameterError(f"max_order_lots: {max_order_lots} is not <= {MAX_ORDER_LOTS}")
        self.n_accounts = n_accounts
        self.n_slots = n_slots
        self.max_order_lots = max_order_lots
        self.rules = rules
        self._store = BookStore(n_accounts, n_slots, max_order_lots, order_capacity, rules)
        self._months = self._store.months
        self._position_lots = self._state.exposure["position_lots"]
        columns = self._state.exposure.view(np.int64).reshape(n_accounts, n_slots, _EXPOSURE_COLUMNS)
        self._open_order_lots = columns[:, :, _BUY_LOTS : _SELL_LOTS + 1]
        self._position_lots.flags.writeable = False
        self._open_order_lots.flags.writeable = False

    @property
    def _state(self) -> BookState:
        return self._store.state

    @property
    def position_lots(self) -> NDArray[np.int64]:
        """Signed net positions as matched so far, shape (n_accounts, n_slots), read-only."""
        return self._position_lots

    @property
    def open_order_lots(self) -> NDArray[np.int64]:
        """Resting buy and sell lots, shape (n_accounts, n_slots, 2), read-only."""
        return self._open_order_lots

    @property
    def phases(self) -> NDArray[np.int64]:
        """Trading phase of every slot, shape (n_slots,), a copy."""
        phases: NDArray[np.int64] = self._months["phase"].copy()
        return phases

    def open_day(
        self,
        *,
        months: NDArray[np.int64],
        reference_ticks: NDArray[np.int64],
        low_ticks: NDArray[np.int64],
        high_ticks: NDArray[np.int64],
        is_daily_limit: NDArray[np.bool_],
        protection_ticks: NDArray[np.int64],
        band_ticks: NDArray[np.int64] | None = None,
        interruption_ticks: NDArray[np.int64] | None = None,
        day: int = 0,
    ) -> NDArray[np.void]:
        """List the day's months and set their price ranges; orders left outside are cancelled."""
        terms = checked_day(
            self.n_slots,
            months=months,
            reference_ticks=reference_ticks,
            low_ticks=low_ticks,
            high_ticks=high_ticks,
            is_daily_limit=is_daily_limit,
            protection_ticks=protection_ticks,
            band_ticks=band_ticks,
            interruption_ticks=interruption_ticks,
            day=day,
        )
        instruments = self._state.instruments
        rows = self._store.resting_rows()
        listed_before = instruments["month"].copy()
        self._months["month"] = terms.months
        list_spreads(self._state)
        at = self._store.instruments_of(rows)
        taken_over = np.unique(at[listed_before[at] != instruments["month"][at]])
        assert not len(taken_over), f"instruments {taken_over} change month with orders in them"
        set_ranges(self._state, terms.low_ticks, terms.high_ticks)
        outside = self._is_outside(rows, at)
        cancellations = self._store.cancel(rows[outside], CancelCause.PRICE_LIMIT)
        for name in ("protection_ticks", "band_ticks", "interruption_ticks", "reference_ticks"):
            self._months[name] = getattr(terms, name)
        reasons = np.where(terms.is_daily_limit, int(RejectReason.PRICE_LIMIT), int(RejectReason.PRICE_RANGE))
        instruments["range_reason"] = np.resize(reasons, len(instruments))
        self._months["last_trade_ticks"] = NO_PRICE
        self._state.counters["today"] = terms.day
        self._store.write_phases(np.full(self.n_slots, _CONTINUOUS))
        self._store.lay_out(rows[~outside])
        return cancellations

    def widen_range(self, *, low_ticks: NDArray[np.int64], high_ticks: NDArray[np.int64]) -> None:
        """Move the ends of today's price ranges outwards; no order is touched."""
        old = self._months[["low_ticks", "high_ticks"]].copy()
        low = _column("low_ticks", low_ticks, np.int64, (self.n_slots,)).copy()
        high = _column("high_ticks", high_ticks, np.int64, (self.n_slots,)).copy()
        for slot in range(self.n_slots):
            if self._months["month"][slot] == UNLISTED:
                low[slot], high[slot] = old[slot]
                continue
            before = int(old["low_ticks"][slot]), int(old["high_ticks"][slot])
            check_wider(self._months["month"], before, (int(low[slot]), int(high[slot])), slot)
        rows = self._store.resting_rows()
        set_ranges(self._state, low, high)
        self._store.lay_out(rows)

    def set_phases(self, phases: NDArray[np.int64]) -> None:
        """Set the trading phase of every slot; an auction ends only through ``uncross`` or in a halt."""
        wanted = _column("phases", phases, np.int64, (self.n_slots,)).copy()
        wanted[self._months["month"] == UNLISTED] = _CONTINUOUS
        for slot, phase in enumerate(wanted.tolist()):
            if phase not in list(TradingPhase):
                raise ParameterError(
                    f"phases: {phase} is not one of {[int(known) for known in TradingPhase]}"
                )
            if phase == _CONTINUOUS and self._months["phase"][slot] != _CONTINUOUS:
                self._check_may_trade(slot)
        self._store.write_phases(wanted)
        self._store.refresh()

    def uncross(self, months: NDArray[np.int64]) -> MatchResult:
        """End the auctions of some months, in the order given; the result's arrays are views."""
        slots = [self._slot(month) for month in whole_array("months", months).tolist()]
        for slot in slots:
            if self._months["phase"][slot] != _AUCTION:
                raise ParameterError(f"months: {self._months['month'][slot]} is not in an auction")
        if len(set(slots)) < len(slots):
            raise ParameterError(f"months: one stands twice in {np.asarray(months)}")
        return self._store.uncross(slots)

    def load_risk(
        self,
        *,
        position_lots: NDArray[np.int64],
        funds_usd_micro: NDArray[np.int64],
        margin_per_lot_usd_micro: NDArray[np.int64],
        may_trade: NDArray[np.bool_],
        position_limit_lots: NDArray[np.int64] | None = None,
        limit_exempt: NDArray[np.bool_] | None = None,
    ) -> None:
        """Copy in what the pre-trade checks need; ``match`` keeps its own positions current from there."""
        per_account, per_slot = (self.n_accounts,), (self.n_slots,)
        if position_limit_lots is None:
            position_limit_lots = np.full(self.n_slots, NO_LIMIT_LOTS)
        if limit_exempt is None:
            limit_exempt = np.zeros(self.n_accounts, dtype=np.bool_)
        load_risk_figures(
            self._state,
            _column("position_lots", position_lots, np.int64, (self.n_accounts, self.n_slots)),
            _column("funds_usd_micro", funds_usd_micro, np.int64, per_account),
            _column("margin_per_lot_usd_micro", margin_per_lot_usd_micro, np.int64, per_slot),
            _column("may_trade", may_trade, np.bool_, per_account),
            _column("position_limit_lots", position_limit_lots, np.int64, per_slot),
            _column("limit_exempt", limit_exempt, np.bool_, per_account),
        )

    def match(self, orders: NDArray[np.void]) -> MatchResult:
        """Process messages one by one, in the order given; the result's arrays are views."""
        if orders.dtype is not ORDER_DTYPE:
            assert orders.dtype == ORDER_DTYPE, f"messages of {orders.dtype}"
            orders = orders.view(ORDER_DTYPE)  # read from a file; the kernel is compiled for one type
        if not (orders.flags.c_contiguous and orders.flags.writeable):
            orders = orders.copy()  # and for one memory layout
        return self._store.match(orders)

    def cancel_account(self, account: int, cause: CancelCause) -> NDArray[np.void]:
        """Cancel all resting orders of an account."""
        account = row_number("account", account, self.n_accounts)
        rows = self._store.resting_rows()
        return self._store.cancel(rows[self._state.pool["account"][rows] == account], cause)

    def expire_month(self, month: int) -> NDArray[np.void]:
        """Cancel all orders of a month and of its spreads; it is not listed before the next ``open_day``."""
        slot = self._slot(month)
        rows = self._store.resting_rows()
        at = self._store.instruments_of(rows)
        has_leg = (at % self.n_slots == slot) | (self._state.instruments["far_slot"][at] == slot)
        cancellations = self._store.cancel(rows[has_leg], CancelCause.EXPIRY)
        self._store.unlist(slot)
        return cancellations

    def close_day(self) -> NDArray[np.void]:
        """Cancel all ``DAY`` orders (quotes too), and the ``GTD`` orders whose last day is today."""
        rows = self._store.resting_rows()
        orders = self._state.pool[rows]
        is_day_order = orders["time_in_force"] == int(TimeInForce.DAY)
        is_over = orders["time_in_force"] == int(TimeInForce.GTD)
        is_over &= orders["expiry_day"] <= self._state.counters["today"][0]
        causes = np.where(is_day_order, int(CancelCause.DAY_END), int(CancelCause.GOOD_TILL_DATE))
        ends = is_day_order | is_over
        return self._store.cancel(rows[ends], causes[ends])

    def top_of_book(self) -> TopOfBook:
        """Return best prices, their lots, last trades of today and phases (copies)."""
        return TopOfBook(*self._store.top.copy())

    def spread_top(self) -> SpreadTop:
        """Return best prices and lots of the calendar spreads."""
        n_lengths = len(self.rules.spread_lengths)
        top = np.zeros((4, n_lengths * self.n_slots), dtype=np.int64)
        write_spread_top(self._state, top)
        return SpreadTop(*top.reshape(4, n_lengths, self.n_slots))

    def depth(
        self, month: int, levels: int, spread_months: int = 0
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return bid prices, shown bid lots, ask prices and shown ask lots of the best levels, best first."""
        row, levels = self._slot(month), whole_number("levels", levels, least=0)
        if whole_number("spread_months", spread_months) != 0:
            is_wanted = self._state.instruments["spread_months"] == spread_months
            found = np.flatnonzero(is_wanted & (self._state.instruments["month"] == month))
            if not len(found):
                raise ParameterError(f"spread_months: {month} has no listed spread of {spread_months} months")
            row = int(found[0])
        return *best_levels(self._state, 2 * row, levels), *best_levels(self._state, 2 * row + 1, levels)

    def resting_orders(self) -> NDArray[np.void]:
        """Return all resting orders in their canonical order."""
        return resting_records(self._state, self._store.resting_rows())

    def open_orders(self, account: int) -> NDArray[np.void]:
        """Return an account's resting orders in canonical order."""
        account = row_number("account", account, self.n_accounts)
        rows = self._store.resting_rows()
        return resting_records(self._state, rows[self._state.pool["account"][rows] == account])

    def own_quotes(self, first_account: int, count: int) -> OwnQuotes:
        """Return the live quotes of consecutive accounts."""
        check_accounts(first_account, count, self.n_accounts)
        quotes = np.zeros((2, count, self.n_slots, 2), dtype=np.int64)
        write_quotes(self._state, first_account, quotes)
        return OwnQuotes(*quotes)

    def check(self) -> None:
        """Assert that books, index of orders and open lots agree and that no continuous book is crossed."""
        check_state(self._state, self._store.resting_rows())

    def update_digest(self, digest: Any) -> None:
        """Feed the state of the books to a ``hashlib`` object: equal books, equal digest."""
        last_trades = self._months["last_trade_ticks"]
        digest_books(digest, self.resting_orders(), last_trades, self.phases)

    def _slot(self, month: int) -> int:
        slot = whole_number("month", month) % self.n_slots
        if month < 0 or self._months["month"][slot] != month:
            raise ParameterError(f"month: {month} is not listed, listed are {self._months['month']}")
        return slot

    def _is_outside(self, rows: NDArray[np.int64], at: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Say which orders have a price, a trigger or a stop's limit price outside the ranges."""
        orders = self._state.pool[rows]
        low, high = self._state.instruments["low_ticks"][at], self._state.instruments["high_ticks"][at]
        price = orders["price_ticks"]
        is_stop_limit = orders["kind"] == int(MessageKind.STOP_LIMIT)
        limit = price + np.where(is_stop_limit, orders["display_lots"], 0)
        outside: NDArray[np.bool_] = (price < low) | (price > high) | (limit < low) | (limit > high)
        return outside

    def _check_may_trade(self, slot: int) -> None:
        """Raise ``ParameterError`` unless a month's book is fit for continuous trading."""
        month = f"phases: month {self._months['month'][slot]}"
        if self._months["phase"][slot] == _AUCTION:
            raise ParameterError(f"{month} is in an auction, which ends by uncrossing or in a halt")
        bids, asks = self._state.books[2 * slot : 2 * slot + 2]
        if self._months["n_waiting_markets"][slot]:
            raise ParameterError(f"{month} has market orders that wait for an auction")
        if bids["n_orders"] and asks["n_orders"]:
            bid = bids["origin_ticks"] - bids["best_level"]
            ask = asks["origin_ticks"] + asks["best_level"]
            if bid >= ask:
                raise ParameterError(f"{month} has crossed orders: bid {bid}, ask {ask}")


def _column(name: str, values: Any, dtype: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    """Return an array in the layout that kernels are compiled for, or raise ``ParameterError``."""
    given = np.asarray(values) if dtype == np.bool_ else whole_array(name, values)
    if dtype == np.bool_ and given.dtype.kind != "b":
        raise ParameterError(f"{name}: dtype {given.dtype} is not {np.dtype(dtype)}")
    if given.shape != shape:
        raise ParameterError(f"{name}: shape {given.shape} is not {shape}")
    column: NDArray[Any] = np.require(given, dtype, ["C_CONTIGUOUS", "WRITEABLE"])
    return column
