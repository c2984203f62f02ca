"""Trading phases over the day: which months collect orders for an auction or halt, and until when."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.core.arrays import BoolArray
from abm.core.orders import TradingPhase
from abm.exchange import Exchange, MatchResult
from abm.market.day.clock import MarketClock
from abm.market.day.curve import FuturesCurve

_CONTINUOUS, _AUCTION, _HALT = (int(phase) for phase in TradingPhase)
_NEVER = 2**62


class Sessions:
    """Phase of every month and the round in which it ends; rows are slots.

    Parameters
    ----------
    exchange : Exchange
        Holds the phases themselves; an interruption may change them during matching.

    Attributes
    ----------
    interrupted : array of bool, shape (n_slots,)
        Months whose matching was interrupted in this round.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self.interrupted: BoolArray = np.zeros(exchange.n_slots, dtype=np.bool_)
        self._ends_at: NDArray[np.int64] = np.full(exchange.n_slots, _NEVER, dtype=np.int64)
        self._reopening_rounds: NDArray[np.int64] = np.zeros(exchange.n_slots, dtype=np.int64)

    @property
    def phases(self) -> NDArray[np.int64]:
        """Values of ``TradingPhase`` now, shape (n_slots,)."""
        return self._exchange.phases

    def open_day(self) -> None:
        """Forget yesterday: the exchange opens every month in continuous trading."""
        self._ends_at[:] = _NEVER

    def call(self, slots: BoolArray, *, until_round: int) -> None:
        """Hold an auction in some months: orders are collected until a round of the run begins."""
        if slots.any():
            self._ends_at[slots] = until_round
            self._exchange.set_phases(np.where(slots, _AUCTION, self.phases))

    def halt(self, slots: BoolArray, *, until_round: int, reopening_rounds: int) -> None:
        """Halt some months until a round of the run begins; an auction of so many rounds reopens them.

        Only months in continuous trading halt: a book that an auction has crossed must uncross first.
        """
        slots = slots & (self.phases == _CONTINUOUS)
        if slots.any():
            self._ends_at[slots] = until_round
            self._reopening_rounds[slots] = reopening_rounds
            self._exchange.set_phases(np.where(slots, _HALT, self.phases))

    def resume(self, now_round: int) -> None:
        """End the halts whose time is up, as a round begins."""
        over = (self.phases == _HALT) & (self._ends_at <= now_round)
        if not over.any():
            return
        self._ends_at[over] = _NEVER
        straight = over & (self._reopening_rounds == 0)
        self._exchange.set_phases(np.where(straight, _CONTINUOUS, self.phases))
        reopening = over & ~straight
        if reopening.any():
            self._ends_at[reopening] = now_round + self._reopening_rounds[reopening]
            self._exchange.set_phases(np.where(reopening, _AUCTION, self.phases))

    def begin_matching(self) -> None:
        """Forget the interruptions of the round before."""
        self.interrupted = np.zeros_like(self.interrupted)

    def note_interruptions(self) -> None:
        """Take down which months matching or uncrossing has put into an auction that nobody called."""
        self.interrupted |= (self.phases == _AUCTION) & (self._ends_at == _NEVER)

    def end_auctions(self, now_round: int, *, is_close: bool) -> BoolArray:
        """Return the slots whose auction ends with this round; at the close of the day all of them."""
        in_call = self.phases == _AUCTION
        due: BoolArray = in_call if is_close else in_call & (self._ends_at <= now_round + 1)
        self._ends_at[due] = _NEVER
        return due

    def uncross_due(self, result: MatchResult, clock: MarketClock, curve: FuturesCurve) -> MatchResult:
        """Return the round's result with the auctions that end with it; none outlasts the day."""
        months = curve.months["month"]
        while True:
            self.note_interruptions()
            due = self.end_auctions(clock.now_round, is_close=clock.is_close)
            if not due.any():
                return result
            result = MatchResult(*(part.copy() for part in result))
            result = joined(result, self._exchange.uncross(months[due[curve.slots]]))

    def update_digest(self, digest: Any) -> None:
        """Feed when phases end into the state hash (the phases themselves are the exchange's)."""
        digest.update(self._ends_at.tobytes() + self._reopening_rounds.tobytes())


def joined(first: MatchResult, second: MatchResult) -> MatchResult:
    """Return two results as one, the outcomes of both in a row; the arrays are copies."""
    return MatchResult(*(np.concatenate(pair) for pair in zip(first, second, strict=True)))
