"""Watches the books round by round: the day's trading by month, hedge cash flows, messages and refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.core.kernel import kernel
from abm.core.orders import NO_PRICE, TRADE_DTYPE, RejectReason, TradingPhase
from abm.exchange import TopOfBook

_CONTINUOUS = int(TradingPhase.CONTINUOUS)
_ACCEPTED = int(RejectReason.NONE)


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
        self.volume_lots: NDArray[np.int64] = np.zeros(n_slots, dtype=np.int64)
        self.trades: NDArray[np.int64] = np.zeros(n_slots, dtype=np.int64)
        self.auction_lots: NDArray[np.int64] = np.zeros(n_slots, dtype=np.int64)
        self.round_volume_lots: NDArray[np.int64] = np.zeros(n_slots, dtype=np.int64)
        self._rounds = np.zeros(n_slots, dtype=np.int64)
        self._two_sided_rounds = np.zeros(n_slots, dtype=np.int64)
        self._spread_ticks = np.zeros(n_slots, dtype=np.int64)
        self._depth_lots = np.zeros(n_slots, dtype=np.int64)
        self._window: list[NDArray[Any]] = []

    def observe(self, trades: NDArray[Any], top: TopOfBook, *, in_closing_window: bool) -> None:
        """Take in one round: its trades and the top of the book after it.

        Spread, depth and two-sidedness are observed in continuous trading only. Legs of spread trades count
        as volume, but say nothing of the price of their months.
        """
        slot = trades["month"] % len(self.volume_lots)
        self.round_volume_lots = np.bincount(
            slot, weights=trades["lots"], minlength=len(self.volume_lots)
        ).astype(np.int64)
        self.volume_lots += self.round_volume_lots
        self.trades += np.bincount(slot, minlength=len(self.trades))
        in_auction = trades["aggressor_side"] == 0
        if in_auction.any():
            np.add.at(self.auction_lots, slot[in_auction], trades["lots"][in_auction])
        if in_closing_window and len(trades) > 0:
            self._window.append(trades[trades["spread_months"] == 0])
        trading = top.phase == _CONTINUOUS
        two_sided = trading & (top.best_bid_ticks != NO_PRICE) & (top.best_ask_ticks != NO_PRICE)
        self._rounds += trading
        self._two_sided_rounds += two_sided
        self._spread_ticks += np.where(two_sided, top.best_ask_ticks - top.best_bid_ticks, 0)
        self._depth_lots += np.where(trading, top.bid_lots + top.ask_lots, 0)

    @property
    def closing_trades(self) -> NDArray[Any]:
        """Trades of the closing window."""
        return np.concatenate([np.zeros(0, dtype=TRADE_DTYPE), *self._window])

    @property
    def two_sided_share(self) -> NDArray[np.float64]:
        """Share of the rounds in continuous trading that ended with a bid and an ask, shape (n_slots,)."""
        return self._two_sided_rounds / np.maximum(self._rounds, 1)

    @property
    def mean_spread_ticks(self) -> NDArray[np.float64]:
        """Mean spread over two-sided rounds, NaN without one, shape (n_slots,)."""
        rounds = self._two_sided_rounds
        return np.where(rounds > 0, self._spread_ticks / np.maximum(rounds, 1), np.nan)

    @property
    def mean_depth_lots(self) -> NDArray[np.float64]:
        """Mean lots at the best bid plus the best ask, shape (n_slots,)."""
        return self._depth_lots / np.maximum(self._rounds, 1)


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
