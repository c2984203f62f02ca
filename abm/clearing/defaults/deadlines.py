"""Deadlines of margin calls: who is given grace, and who is in default."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from abm.clearing.books.books import Books
from abm.clearing.calls.funding import Funding
from abm.clearing.calls.margin_calls import MarginCalls
from abm.clearing.calls.requirements import Requirements
from abm.clearing.defaults.close_out import CloseOuts
from abm.clearing.defaults.reductions import Reductions


@dataclass(frozen=True, slots=True)
class DefaultEvent:
    """An account failed its margin call at the deadline."""

    round: int
    account: int
    member: int
    shortfall_usd_micro: int
    """Initial margin minus equity after the last payment."""
    deadline_round: int


class Deadlines:
    """Puts accounts into default whose call is not met in time.

    Parameters
    ----------
    books : Books
        Balances and who guarantees whom.
    requirements, funding, calls : Requirements, Funding, MarginCalls
        What is due, what is left to pay it, and since when.
    reductions, close_outs : Reductions, CloseOuts
        What begins where it is not paid.

    Attributes
    ----------
    reducing_changed : bool
        Whether the last ``process`` began or ended a reduction.
    """

    def __init__(
        self,
        books: Books,
        requirements: Requirements,
        funding: Funding,
        calls: MarginCalls,
        reductions: Reductions,
        close_outs: CloseOuts,
    ) -> None:
        self._books, self._requirements, self._funding = books, requirements, funding
        self._calls, self._reductions, self._close_outs = calls, reductions, close_outs
        self.reducing_changed = False

    def any_due(self, *, now_round: int) -> bool:
        """Say whether the deadline of an outstanding call has come."""
        return now_round >= self._calls.next_deadline_round

    def process(self, *, now_round: int) -> list[DefaultEvent]:
        """Put accounts into default that are still below maintenance when their call's deadline has come.

        The call is computed afresh, and all cash and credit are tried once more; it lapses where equity is
        then at or above maintenance. Under a rule of forced reduction an account with positions is reduced
        first, and defaults when its grace is over.

        Parameters
        ----------
        now_round : int
            Absolute round.

        Returns
        -------
        list of DefaultEvent
            New defaults, by account.
        """
        self.reducing_changed = False
        if not self.any_due(now_round=now_round):
            return []
        calls, reductions = self._calls, self._reductions
        overdue, reducing = calls.overdue(now_round=now_round), reductions.reducing
        requirement = self._requirements.initial()
        due = np.where(overdue, self._requirements.amounts_due(requirement), 0)
        self._funding.pay_in(due, now_round=now_round, last_chance=True)
        still_due = np.where(overdue, self._requirements.amounts_due(requirement), 0)
        reductions.end(overdue & (still_due == 0))
        reductions.begin(still_due, now_round=now_round)
        failed = np.flatnonzero((still_due > 0) & reductions.grace_is_over(now_round=now_round))
        self._close_outs.declare_default(failed)
        events = [
            DefaultEvent(
                round=now_round,
                account=account,
                member=int(self._books.register.member_of[account]),
                shortfall_usd_micro=int(still_due[account]),
                deadline_round=int(calls.state.deadline_round[account]),
            )
            for account in failed.tolist()
        ]
        reductions.end(failed)
        calls.leave_outstanding(overdue, still_due, under_grace=reductions.reducing)
        self.reducing_changed = not np.array_equal(reducing, reductions.reducing)
        return events
