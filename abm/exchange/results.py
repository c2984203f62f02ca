"""What the exchange answers with, and the rules that its books are built with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.core.arguments import whole_number
from abm.core.errors import ParameterError
from abm.core.orders import MatchingRule


@dataclass(frozen=True, slots=True)
class BookRules:
    """How the books of a contract match.

    Parameters
    ----------
    matching, spread_matching : MatchingRule
        Rule of the outright months and of the calendar spreads.
    top_order : bool
        Under pro-rata, fill the order that first bettered the market before all others.
    pro_rata_min_lots : int
        Under pro-rata, a share below this many lots becomes none (CME Globex: 2).
    spread_lengths : tuple of int
        Listed calendar spreads, by months between the legs; none by default.
    implied_in : bool
        Whether spread orders also trade against outright orders in both legs.
    """

    matching: MatchingRule = MatchingRule.FIFO
    spread_matching: MatchingRule = MatchingRule.FIFO
    top_order: bool = True
    pro_rata_min_lots: int = 2
    spread_lengths: tuple[int, ...] = ()
    implied_in: bool = False

    def __post_init__(self) -> None:
        if self.pro_rata_min_lots < 1:
            raise ParameterError(f"pro_rata_min_lots: {self.pro_rata_min_lots} is not >= 1")
        lengths = self.spread_lengths
        for length in lengths:
            whole_number("spread_lengths", length)
        if any(not 1 <= length <= 127 for length in lengths) or list(lengths) != sorted(set(lengths)):
            raise ParameterError(f"spread_lengths: {lengths} are not increasing whole numbers from 1 to 127")


FIFO_BOOKS = BookRules()
"""First in, first out; no calendar spreads."""


class MatchResult(NamedTuple):
    """Everything that one batch of messages, or an auction, caused.

    The arrays may be views that the next call on the engine overwrites.

    Attributes
    ----------
    outcomes : array of OUTCOME_DTYPE, shape (n,)
        One per message, in batch order; none of an auction.
    trades : array of TRADE_DTYPE
        In order of execution.
    cancellations : array of CANCELLATION_DTYPE
        In order of occurrence.
    """

    outcomes: NDArray[np.void]
    trades: NDArray[np.void]
    cancellations: NDArray[np.void]


class TopOfBook(NamedTuple):
    """Best prices and quantities of every slot, int64 of shape (n_slots,) each.

    An empty side shows ``NO_PRICE`` and 0 lots; so do both sides while an auction collects orders. Lots are
    those that show. ``last_trade_ticks`` is today's last trade, ``NO_PRICE`` before the first.
    ``indicative_ticks`` and ``indicative_lots`` are the price and volume of an auction if it ended now,
    ``NO_PRICE`` and 0 if nothing would trade or there is none. ``phase`` is a ``TradingPhase``.
    """

    best_bid_ticks: NDArray[np.int64]
    best_ask_ticks: NDArray[np.int64]
    bid_lots: NDArray[np.int64]
    ask_lots: NDArray[np.int64]
    last_trade_ticks: NDArray[np.int64]
    indicative_ticks: NDArray[np.int64]
    indicative_lots: NDArray[np.int64]
    phase: NDArray[np.int64]


class SpreadTop(NamedTuple):
    """Best prices and shown lots of the calendar spreads, int64 of shape (n_spread_lengths, n_slots) each.

    A column is the slot of the near month. With ``implied_in`` the better of the spread's own book and the
    price implied by the outright books stands, with the lots of both where they are equal. An empty side, and
    a spread that is not listed or not trading, shows ``NO_PRICE`` and 0.
    """

    best_bid_ticks: NDArray[np.int64]
    best_ask_ticks: NDArray[np.int64]
    bid_lots: NDArray[np.int64]
    ask_lots: NDArray[np.int64]


class OwnQuotes(NamedTuple):
    """Live quotes of some accounts, int64 of shape (n_accounts, n_slots, 2): column 0 bids, column 1 asks.

    Without a quote the price is ``NO_PRICE`` and the lots are 0.
    """

    price_ticks: NDArray[np.int64]
    lots: NDArray[np.int64]
