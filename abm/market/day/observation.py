"""Watches the books round by round: the day's trading by month, hedge cash flows, messages and refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.core.copying import never_copied
from abm.core.kernel import kernel
from abm.core.orders import NO_PRICE, TRADE_DTYPE, RejectReason, TradingPhase
from abm.exchange import TopOfBook

_CONTINUOUS = int(TradingPhase.CONTINUOUS)
_ACCEPTED = int(RejectReason.NONE)
_VOLUME, _TRADES, _AUCTION, _ROUND_VOLUME, _ROUNDS, _TWO_SIDED, _SPREAD, _DEPTH, _ROWS = range(9)
"""Rows of the totals of a day, and their number."""


@never_copied("its columns share memory; copy the columns")
class TradingDayRecord:
    """What a trading day leaves behind in each month; rows are slots.

    Parameters
    ----------
    n_slots : int
        Listed months.

    Attributes
    ----------
    volume_lots, trades, auction_lots : array of int64, shape (n_slots,)
        Lots and number of trades so far today, and the lots among them that traded in auctions.
    round_volume_lots : array of int64, shape (n_slots,)
        Lots of the last round.
    """

    def __init__(self, n_slots: int) -> None:
        self._totals: NDArray[np.int64] = np.zeros((_ROWS, n_slots), dtype=np.int64)
        self.volume_lots, self.trades = self._totals[_VOLUME], self._totals[_TRADES]
        self.auction_lots, self.round_volume_lots = self._totals[_AUCTION], self._totals[_ROUND_VOLUME]
        self._rounds, self._two_sided_rounds = self._totals[_ROUNDS], self._totals[_TWO_SIDED]
        self._spread_ticks, self._depth_lots = self._totals[_SPREAD], self._totals[_DEPTH]
        self._window: list[NDArray[Any]] = []

    def observe(self, trades: NDArray[Any], top: TopOfBook, *, in_closing_window: bool) -> None:
        """Take in one round: its trades and the top of the book after it.

        Spread, depth and two-sidedness are observed in continuous trading only. Legs of spread trades count
        as volume, but say nothing of the price of their months.
        """
        add_round(
            trades,
            top.best_bid_ticks,
            top.best_ask_ticks,
            top.bid_lots,
            top.ask_lots,
            top.phase,
            self._totals,
        )
        if in_closing_window and len(trades) > 0:
            self._window.append(trades[trades["spread_months"] == 0])

    @property
    def closing_trades(self) -> NDArray[Any]:
        """Trades of the closing window."""
        return np.concatenate([np.zeros(0, dtype=TRADE_DTYPE), *self._window])

    @property
    def two_sided_share(self) -> NDArray[np.float64]:
        """Share of the rounds in continuous trading that ended with a bid and an ask, shape (n_slots,)."""
        share: NDArray[np.float64] = self._two_sided_rounds / np.maximum(self._rounds, 1)
        return share

    @property
    def mean_spread_ticks(self) -> NDArray[np.float64]:
        """Mean spread over two-sided rounds, NaN without one, shape (n_slots,)."""
        rounds = self._two_sided_rounds
        return np.where(rounds > 0, self._spread_ticks / np.maximum(rounds, 1), np.nan)

    @property
    def mean_depth_lots(self) -> NDArray[np.float64]:
        """Mean lots at the best bid plus the best ask, shape (n_slots,)."""
        mean: NDArray[np.float64] = self._depth_lots / np.maximum(self._rounds, 1)
        return mean


@kernel
def add_round(
    trades: NDArray[Any],
    best_bid_ticks: NDArray[np.int64],
    best_ask_ticks: NDArray[np.int64],
    bid_lots: NDArray[np.int64],
    ask_lots: NDArray[np.int64],
    phase: NDArray[np.int64],
    totals: NDArray[np.int64],
) -> None:
    """Add a round to the totals of the day, shape (rows, slots); the round's own volume starts afresh."""
    n_slots = totals.shape[1]
    totals[_ROUND_VOLUME] = 0
    for k in range(trades.shape[0]):
        slot = trades[k].month % n_slots
        totals[_ROUND_VOLUME, slot] += trades[k].lots
        totals[_TRADES, slot] += 1
        if trades[k].aggressor_side == 0:
            totals[_AUCTION, slot] += trades[k].lots
    for slot in range(n_slots):
        totals[_VOLUME, slot] += totals[_ROUND_VOLUME, slot]
        if phase[slot] == _CONTINUOUS:
            totals[_ROUNDS, slot] += 1
            totals[_DEPTH, slot] += bid_lots[slot] + ask_lots[slot]
            if best_bid_ticks[slot] != NO_PRICE and best_ask_ticks[slot] != NO_PRICE:
                totals[_TWO_SIDED, slot] += 1
                totals[_SPREAD, slot] += best_ask_ticks[slot] - best_bid_ticks[slot]


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
