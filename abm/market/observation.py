"""Watches the books round by round: the day's trading by month, hedge cash flows, and makers' live quotes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.core.kernel import kernel
from abm.core.orders import NO_PRICE, TRADE_DTYPE, MessageKind, RejectReason
from abm.exchange import TopOfBook

_LIMIT = int(MessageKind.LIMIT)
_ACCEPTED = int(RejectReason.NONE)


class TradingDayRecord:
    """What a trading day leaves behind in each month; rows are slots.

    Parameters
    ----------
    n_slots : int
        Listed months.

    Attributes
    ----------
    volume_lots, trades : array of int64, shape (n_slots,)
        Lots and number of trades so far today.
    round_volume_lots : array of int64, shape (n_slots,)
        Lots of the last round.
    """

    def __init__(self, n_slots: int) -> None:
        self.volume_lots: NDArray[np.int64] = np.zeros(n_slots, dtype=np.int64)
        self.trades: NDArray[np.int64] = np.zeros(n_slots, dtype=np.int64)
        self.round_volume_lots: NDArray[np.int64] = np.zeros(n_slots, dtype=np.int64)
        self._rounds = 0
        self._two_sided_rounds = np.zeros(n_slots, dtype=np.int64)
        self._spread_ticks = np.zeros(n_slots, dtype=np.int64)
        self._depth_lots = np.zeros(n_slots, dtype=np.int64)
        self._window: list[NDArray[Any]] = []

    def observe(self, trades: NDArray[Any], top: TopOfBook, *, in_closing_window: bool) -> None:
        """Take in one round: its trades and the top of the book after it."""
        slot = trades["month"] % len(self.volume_lots)
        self.round_volume_lots = np.bincount(
            slot, weights=trades["lots"], minlength=len(self.volume_lots)
        ).astype(np.int64)
        self.volume_lots += self.round_volume_lots
        self.trades += np.bincount(slot, minlength=len(self.trades))
        if in_closing_window and len(trades) > 0:
            self._window.append(trades.copy())
        two_sided = (top.best_bid_ticks != NO_PRICE) & (top.best_ask_ticks != NO_PRICE)
        self._rounds += 1
        self._two_sided_rounds += two_sided
        self._spread_ticks += np.where(two_sided, top.best_ask_ticks - top.best_bid_ticks, 0)
        self._depth_lots += top.bid_lots + top.ask_lots

    @property
    def closing_trades(self) -> NDArray[Any]:
        """Trades of the closing window."""
        return np.concatenate([np.zeros(0, dtype=TRADE_DTYPE), *self._window])

    @property
    def two_sided_share(self) -> NDArray[np.float64]:
        """Share of the rounds that ended with a bid and an ask, shape (n_slots,)."""
        return self._two_sided_rounds / max(self._rounds, 1)

    @property
    def mean_spread_ticks(self) -> NDArray[np.float64]:
        """Mean spread over two-sided rounds, NaN without one, shape (n_slots,)."""
        rounds = self._two_sided_rounds
        return np.where(rounds > 0, self._spread_ticks / np.maximum(rounds, 1), np.nan)

    @property
    def mean_depth_lots(self) -> NDArray[np.float64]:
        """Mean lots at the best bid plus the best ask, shape (n_slots,)."""
        return self._depth_lots / max(self._rounds, 1)


@kernel
def add_trade_values(trades: NDArray[Any], value_ticks: NDArray[np.int64]) -> None:
    """Add each trade's signed lots times price to its buyer's and seller's value in the month's slot.

    A contract's profit over its life is then (final position x final price - value) x tick value.
    """
    n_slots = value_ticks.shape[1]
    for k in range(trades.shape[0]):
        slot = trades[k].month % n_slots
        value = trades[k].price_ticks * trades[k].lots
        value_ticks[trades[k].buyer, slot] += value
        value_ticks[trades[k].seller, slot] -= value


@kernel
def follow_quotes(
    orders: NDArray[Any],
    outcomes: NDArray[Any],
    first_account: int,
    quote_ticks: NDArray[np.int64],
) -> None:
    """Note the price of the latest resting order of each market maker by month and side.

    Parameters
    ----------
    quote_ticks : array of int64, shape (makers, slots, 2)
        Column 0 bids, column 1 asks.
    """
    makers, n_slots = quote_ticks.shape[0], quote_ticks.shape[1]
    for k in range(orders.shape[0]):
        maker = orders[k].account - first_account
        if 0 <= maker < makers and orders[k].kind == _LIMIT and outcomes[k].resting_lots > 0:
            column = 0 if orders[k].side > 0 else 1
            quote_ticks[maker, orders[k].month % n_slots, column] = orders[k].price_ticks


@kernel
def count_messages(
    orders: NDArray[Any], outcomes: NDArray[Any], sent: NDArray[np.int64], refused: NDArray[np.int64]
) -> None:
    """Count messages by account, and refusals by account and reason.

    Parameters
    ----------
    sent : array of int64, shape (accounts,)
        Messages so far.
    refused : array of int64, shape (accounts, reasons)
        Refused messages so far; column 0 (accepted) stays zero.
    """
    for k in range(orders.shape[0]):
        sent[orders[k].account] += 1
        if outcomes[k].reason != _ACCEPTED:
            refused[orders[k].account, outcomes[k].reason] += 1
