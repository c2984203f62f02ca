"""Margin calls: who is called in a margin cycle, what is outstanding, and what excess goes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.clearing.books.books import Books
from abm.clearing.calls.call_causes import CallCauses, call_causes, no_cycle_yet
from abm.clearing.calls.funding import Funding
from abm.clearing.calls.requirements import Requirements
from abm.clearing.terms import ClearingRules
from abm.core.money import BPS, scale_up

NO_CALL = -1
"""Stands for the deadline and first round of an account without an outstanding call."""
NO_DEADLINE = 2**62
"""Stands for the round of the next deadline where no call is outstanding: later than any round."""


@dataclass(frozen=True, slots=True)
class MarginCall:
    """A margin call of one account in one cycle.

    ``amount_usd_micro`` restores initial margin; what bank cash and the credit line met at once is moved
    already; ``outstanding_usd_micro`` is due by ``deadline_round``. A call that was outstanding before is
    computed afresh and keeps its deadline: then ``first_round`` is earlier than ``round``.
    """

    round: int
    account: int
    member: int
    amount_usd_micro: int
    met_cash_usd_micro: int
    met_credit_usd_micro: int
    outstanding_usd_micro: int
    deadline_round: int
    first_round: int
    causes: CallCauses
    """Why it is called: parts that sum to the amount."""


class CallState(NamedTuple):
    """Outstanding calls, arrays of int64 of shape (n_accounts,)."""

    outstanding_usd_micro: NDArray[np.int64]
    deadline_round: NDArray[np.int64]
    first_round: NDArray[np.int64]


class MarginCalls:
    """Calls for margin, and returns what is beyond it.

    Parameters
    ----------
    books : Books
        Balances and positions.
    requirements : Requirements
        Margin required.
    funding : Funding
        Where the money comes from.
    rules : ClearingRules
        Deadline, buffer of the excess, and extra cycles.

    Attributes
    ----------
    state : CallState
        Outstanding calls.
    next_deadline_round : int
        Earliest deadline of an outstanding call, or ``NO_DEADLINE``.
    """

    def __init__(
        self, books: Books, requirements: Requirements, funding: Funding, rules: ClearingRules
    ) -> None:
        self._books, self._requirements, self._funding, self._rules = books, requirements, funding, rules
        count = books.ledger.chart.n_accounts
        self.state = CallState(
            np.zeros(count, dtype=np.int64),
            np.full(count, NO_CALL, dtype=np.int64),
            np.full(count, NO_CALL, dtype=np.int64),
        )
        self.next_deadline_round = NO_DEADLINE
        # It explains calls and moves no money, so it is no part of the digest.
        self._last_cycle = no_cycle_yet(count, books.positions.n_slots)

    def make(self, *, now_round: int) -> list[MarginCall]:
        """Call every account whose equity is below maintenance for what restores its initial margin.

        A call is met at once from bank cash, then from the credit line, as far as they go; the remainder is
        outstanding until the deadline. An outstanding call is computed afresh, keeps its deadline, and
        lapses where equity is back at maintenance.

        Parameters
        ----------
        now_round : int
            Absolute round.

        Returns
        -------
        list of MarginCall
            The calls of this cycle, by account.
        """
        requirement = self._requirements.initial()
        due = self._requirements.amounts_due(requirement)
        causes = self._explain(due, requirement)
        met_cash, met_credit = self._funding.pay_in(due, now_round=now_round)
        unpaid = due - met_cash - met_credit
        calls = self.state
        fresh = (due > 0) & (calls.first_round == NO_CALL)
        calls.first_round[fresh] = now_round
        calls.deadline_round[fresh] = now_round + self._rules.call_deadline_rounds
        calls.outstanding_usd_micro[:] = unpaid
        member_of = self._books.register.member_of
        made = [
            MarginCall(
                round=now_round,
                account=account,
                member=int(member_of[account]),
                amount_usd_micro=int(due[account]),
                met_cash_usd_micro=int(met_cash[account]),
                met_credit_usd_micro=int(met_credit[account]),
                outstanding_usd_micro=int(unpaid[account]),
                deadline_round=int(calls.deadline_round[account]),
                first_round=int(calls.first_round[account]),
                causes=causes[account],
            )
            for account in np.flatnonzero(due).tolist()
        ]
        self.forget(unpaid == 0)
        self._find_next_deadline()
        return made

    def _explain(
        self, due_usd_micro: NDArray[np.int64], requirement: NDArray[np.int64]
    ) -> dict[int, CallCauses]:
        """Return why each account with something due is called; note what the next cycle compares with."""
        before, lots = self._last_cycle, self._books.positions.lots
        variation = self._books.variation.total_usd_micro
        causes: dict[int, CallCauses] = {}
        if due_usd_micro.any():
            # All accounts, though few are asked about: models remember unchanged portfolios by row.
            held = np.where(due_usd_micro[:, np.newaxis] > 0, before.position_lots, lots)
            causes = call_causes(
                due_usd_micro,
                before,
                requirement_usd_micro=requirement,
                requirement_of_held_usd_micro=self._requirements.of(held),
                variation_usd_micro=variation,
            )
        before.keep(lots, requirement, variation)
        return causes

    def expire(self, slot: int) -> None:
        """Let a month that was settled go out of the comparison with the last cycle."""
        held_then = self._last_cycle.position_lots
        if held_then[:, slot].any():
            kept = held_then.copy()
            kept[:, slot] = 0
            self._last_cycle.expire(slot, self._requirements.of(kept))

    def overdue(self, *, now_round: int) -> NDArray[np.bool_]:
        """Return the accounts whose call is outstanding at its deadline, shape (n_accounts,)."""
        return (self.state.outstanding_usd_micro > 0) & (self.state.deadline_round <= now_round)

    def leave_outstanding(
        self,
        overdue: NDArray[np.bool_],
        due_usd_micro: NDArray[np.int64],
        *,
        under_grace: NDArray[np.bool_],
    ) -> None:
        """Replace overdue calls by what is still due; those of accounts not under grace end here."""
        self.state.outstanding_usd_micro[overdue] = due_usd_micro[overdue]
        self.forget(overdue & ~under_grace)
        self._find_next_deadline()

    def forget(self, accounts: NDArray[np.bool_]) -> None:
        """Forget the calls of the accounts marked True."""
        self.state.outstanding_usd_micro[accounts] = 0
        self.state.deadline_round[accounts] = NO_CALL
        self.state.first_round[accounts] = NO_CALL

    def _find_next_deadline(self) -> None:
        pending = self.state.deadline_round[self.state.outstanding_usd_micro > 0]
        self.next_deadline_round = int(pending.min(initial=NO_DEADLINE))

    def extra_cycle_due(self, mark_ticks: NDArray[np.int64]) -> bool:
        """Say whether an account has lost more of its margin since the last mark than the rules let pass.

        Parameters
        ----------
        mark_ticks : array of int64, shape (n_slots,)
            Prices now; ``NO_PRICE`` where nobody holds a position.
        """
        share_bps = self._rules.ad_hoc_call_loss_share_bps
        if share_bps == 0:
            return False
        loss = self._books.positions.loss_usd_micro(mark_ticks)
        allowed = scale_up(self._requirements.initial(), share_bps, BPS)
        return bool(np.any((loss > allowed) & self._books.register.performing()))

    def sweep_excess(self, *, now_round: int) -> NDArray[np.int64]:
        """Return collateral above initial margin times one plus the buffer, and say how much by account.

        It repays drawn credit first; the rest goes to bank cash. Accounts in default get nothing back. Gains
        that the end of the waterfall may still cut stay while anybody owes the house.
        """
        collateral = self._books.ledger.collateral_usd_micro
        kept = scale_up(self._requirements.initial(), BPS + self._rules.excess_buffer_bps, BPS)
        if self._rules.may_cut_gains and (collateral < 0).any():
            kept += self._books.variation.not_final_usd_micro()
        excess = np.where(self._books.register.in_default, 0, np.maximum(collateral - kept, 0))
        self._funding.return_excess(excess, now_round=now_round)
        return excess
