"""Circuit breakers: halts when a daily limit is reached, and auctions after a volatility interruption."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from abm.core.arrays import BoolArray
from abm.core.orders import TradingPhase
from abm.exchange import MatchResult
from abm.market.state import MarketState
from abm.market.venue.limits_reached import find_limits_reached
from abm.market.venue.rules import MarketRule

HaltScope = Literal["month", "all_months", "lead_month"]
_CONTINUOUS, _AUCTION, _ = (int(phase) for phase in TradingPhase)


class LimitHalts(MarketRule):
    """A month that reaches its daily price limit halts; trading goes on with wider limits.

    A limit is reached when a trade of the round is at it, or the best bid is at the upper limit, or the best
    ask at the lower one; a leg of a calendar spread says nothing of its month. When the widest limit is
    reached nothing halts: it stands for the rest of the day. Nor does anything halt after the last round.

    Parameters
    ----------
    widths : tuple of float
        The limits after each halt of a month in a day, as shares of price either side of the settlement.
    rounds, reopening_rounds : int
        Length of a halt, and of the auction that ends it (0: continuous trading at once).
    scope : {"month", "all_months", "lead_month"}
        Which months halt: the one at its limit; all of them; or all when the month with the largest open
        interest is at its limit, otherwise only the one. Months in an auction finish it.
    """

    def __init__(
        self, widths: tuple[float, ...], *, rounds: int, reopening_rounds: int, scope: HaltScope
    ) -> None:
        self.widths = widths
        self.rounds = rounds
        self.reopening_rounds = reopening_rounds
        self.scope = scope
        self._halts_today: NDArray[np.int64] = np.zeros(0, dtype=np.int64)

    def open_day(self, market: MarketState) -> None:
        """Start at the first limit in every month."""
        self._halts_today = np.zeros(market.exchange.n_slots, dtype=np.int64)

    def after_matching(self, market: MarketState, batch: NDArray[Any], result: MatchResult) -> None:
        """Halt the months that have reached their limit, and widen it."""
        if market.clock.is_close:
            return
        reached = self._at_limit(market, result) & (self._halts_today < len(self.widths))
        reached &= market.sessions.phases == _CONTINUOUS
        if not reached.any():
            return
        self._halts_today[reached] += 1
        market.curve.widen_limits(
            reached, np.array([*self.widths, 0.0])[self._halts_today - 1], market.exchange
        )
        halted = self._in_scope(market, reached) & (market.sessions.phases == _CONTINUOUS)
        market.tables.record_halts("limit", halted, reached, min(self.rounds, market.clock.rounds_left))
        market.sessions.halt(
            halted,
            until_round=market.clock.now_round + 1 + self.rounds,
            reopening_rounds=self.reopening_rounds,
        )

    def update_digest(self, digest: Any) -> None:
        """Feed the count of today's halts into the state hash."""
        digest.update(self._halts_today.tobytes())

    def _at_limit(self, market: MarketState, result: MatchResult) -> BoolArray:
        reached: BoolArray = np.zeros(market.exchange.n_slots, dtype=np.bool_)
        assert market.last_round is not None, "a rule is asked before any round"
        if not find_limits_reached(result.trades, market.last_round.months, reached):
            return reached
        limited: BoolArray = reached & market.curve.has_daily_limit_by_slot(market.clock.day)
        return limited

    def _in_scope(self, market: MarketState, reached: BoolArray) -> BoolArray:
        lead = int(np.argmax(market.clearing.open_interest_lots))
        everything = self.scope == "all_months" or (self.scope == "lead_month" and bool(reached[lead]))
        return np.ones_like(reached) if everything else reached


class VolatilityInterruptions(MarketRule):
    """A month whose matching was interrupted by too large a price step trades on after an auction.

    Parameters
    ----------
    rounds : int
        Rounds after the interruption in which orders are collected.
    """

    def __init__(self, rounds: int) -> None:
        self.rounds = rounds

    def after_matching(self, market: MarketState, batch: NDArray[Any], result: MatchResult) -> None:
        """Set the end of the auctions that began while the batch was matched; the close has ended them."""
        interrupted = market.sessions.interrupted
        if interrupted.any():
            rounds = min(self.rounds, market.clock.rounds_left)
            market.tables.record_halts("interruption", interrupted, interrupted, rounds)
            still = interrupted & (market.sessions.phases == _AUCTION)
            market.sessions.call(still, until_round=market.clock.now_round + 1 + self.rounds)
