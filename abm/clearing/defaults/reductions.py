"""Forced reduction: the grace between a missed deadline and a default, in which positions are sold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.clearing.books.books import Books
from abm.clearing.terms import ClearingRules

NO_GRACE = -1
"""Stands for the end of the grace period of an account that is not being reduced."""


@dataclass(frozen=True, slots=True)
class ReductionNotice:
    """An account missed a deadline and has its positions reduced instead of defaulting at once."""

    round: int
    account: int
    member: int
    shortfall_usd_micro: int
    grace_until_round: int
    """It defaults when it is still below maintenance in this round."""


class ReductionState(NamedTuple):
    """Whose positions are being reduced before a default."""

    grace_until_round: NDArray[np.int64]
    """Round of default, or ``NO_GRACE``; shape (n_accounts,)."""
    lots_at_start: NDArray[np.int64]
    """Absolute lots held when the reduction began, shape (n_accounts, n_slots)."""

    @property
    def reducing(self) -> NDArray[np.bool_]:
        """Accounts under reduction now, shape (n_accounts,)."""
        under_grace: NDArray[np.bool_] = self.grace_until_round != NO_GRACE
        return under_grace


class Reductions:
    """Who is under forced reduction, since when and until when.

    Parameters
    ----------
    books : Books
        Positions and who guarantees whom.
    rules : ClearingRules
        Length of the grace; none without one.

    Attributes
    ----------
    state : ReductionState
        Rounds and lots.
    """

    def __init__(self, books: Books, rules: ClearingRules) -> None:
        self._books, self._rules = books, rules
        by_slot = books.positions.lots.shape
        self.state = ReductionState(
            np.full(by_slot[0], NO_GRACE, dtype=np.int64), np.zeros(by_slot, dtype=np.int64)
        )
        self._notices: list[ReductionNotice] = []

    @property
    def reducing(self) -> NDArray[np.bool_]:
        """Accounts under reduction now, shape (n_accounts,)."""
        return self.state.reducing

    def begin(self, still_due_usd_micro: NDArray[np.int64], *, now_round: int) -> None:
        """Give the accounts that hold positions and still owe something their grace, unless they have it."""
        if self._rules.reduction_grace_rounds == 0:
            return
        state, lots = self.state, self._books.positions.lots
        fresh = (still_due_usd_micro > 0) & ~self.reducing & lots.any(axis=1)
        state.grace_until_round[fresh] = now_round + self._rules.reduction_grace_rounds
        state.lots_at_start[fresh] = np.abs(lots[fresh])
        self._notices += [
            ReductionNotice(
                round=now_round,
                account=account,
                member=int(self._books.register.member_of[account]),
                shortfall_usd_micro=int(still_due_usd_micro[account]),
                grace_until_round=int(state.grace_until_round[account]),
            )
            for account in np.flatnonzero(fresh).tolist()
        ]

    def end(self, accounts: NDArray[np.bool_] | NDArray[np.int64]) -> None:
        """End the reduction of accounts, marked True or numbered, where there is one."""
        self.state.grace_until_round[accounts] = NO_GRACE

    def grace_is_over(self, *, now_round: int) -> NDArray[np.bool_]:
        """Return the accounts without grace, or whose grace has ended; shape (n_accounts,)."""
        return now_round >= self.state.grace_until_round

    def drain_notices(self) -> list[ReductionNotice]:
        """Return the reductions begun since the last drain."""
        notices = list(self._notices)
        self._notices.clear()
        return notices


def lots_beyond_equity(
    position_lots: NDArray[np.int64], equity_usd_micro: int, initial_usd_micro: int
) -> NDArray[np.int64]:
    """Return the signed lots by slot that must go so that what is left fits into the equity.

    Every month is cut in one proportion, rounded up to whole lots: exact for a margin that is linear in
    lots, a first step for any other.
    """
    lots = position_lots.tolist()
    if equity_usd_micro >= initial_usd_micro:
        return np.zeros_like(position_lots)
    carried = max(0, equity_usd_micro)
    kept = [abs(held) * carried // max(1, initial_usd_micro) for held in lots]
    signed = [held - (left if held > 0 else -left) for held, left in zip(lots, kept, strict=True)]
    return np.array(signed, dtype=np.int64)
