"""The call auctions that open and close a day."""

from __future__ import annotations

import numpy as np

from abm.core.orders import TradingPhase
from abm.market.state import MarketState
from abm.market.venue.rules import MarketRule

_CONTINUOUS = int(TradingPhase.CONTINUOUS)


class OpeningAuction(MarketRule):
    """The day opens with a call auction in every month.

    Parameters
    ----------
    rounds : int
        Rounds in which orders are collected.
    """

    def __init__(self, rounds: int) -> None:
        self.rounds = rounds

    def open_day(self, market: MarketState) -> None:
        """Put every month into an auction."""
        everywhere = np.ones(market.exchange.n_slots, dtype=np.bool_)
        market.sessions.call(everywhere, until_round=market.clock.now_round + self.rounds)


class ClosingAuction(MarketRule):
    """The day closes with a call auction in every month that is not halted.

    A month whose halt or other auction ends later joins the call then.

    Parameters
    ----------
    rounds : int
        Rounds in which orders are collected; the last is the last of the day.
    """

    def __init__(self, rounds: int) -> None:
        self.rounds = rounds

    def before_round(self, market: MarketState) -> None:
        """Start the call in time."""
        left = market.clock.rounds_left + 1
        if left <= self.rounds:
            trading = market.sessions.phases == _CONTINUOUS
            market.sessions.call(trading, until_round=market.clock.now_round + left)
