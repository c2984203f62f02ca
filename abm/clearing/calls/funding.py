"""Where collateral comes from and goes to: margin calls, bank cash, credit lines, interest, excess."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.clearing.books.ledger import Ledger, PostingKind
from abm.clearing.calls.call_causes import CallCauses
from abm.clearing.terms import AccountTerms, ClearingRules, MemberTerms
from abm.core.money import scale_down, scale_up

_BPS = 10_000
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

    def next_deadline_round(self) -> int:
        """Return the earliest deadline of an outstanding call, or ``NO_DEADLINE``."""
        return int(self.deadline_round[self.outstanding_usd_micro > 0].min(initial=NO_DEADLINE))

    def clear(self, accounts: NDArray[np.bool_]) -> None:
        """Forget the calls of the accounts marked True."""
        self.outstanding_usd_micro[accounts] = 0
        self.deadline_round[accounts] = NO_CALL
        self.first_round[accounts] = NO_CALL


def no_calls(n_accounts: int) -> CallState:
    """Return the state without any outstanding call."""
    return CallState(
        np.zeros(n_accounts, dtype=np.int64),
        np.full(n_accounts, NO_CALL, dtype=np.int64),
        np.full(n_accounts, NO_CALL, dtype=np.int64),
    )


def bring_in_resources(
    ledger: Ledger, accounts: AccountTerms, members: MemberTerms, rules: ClearingRules
) -> None:
    """Post the own resources of traders, members and house at the start, and the traders' first deposits."""
    chart = ledger.chart
    endowments: tuple[tuple[NDArray[np.int64] | int, NDArray[np.int64] | int], ...] = (
        (chart.rows(chart.bank), accounts.cash_usd_micro),
        (chart.rows(chart.member_capital), members.capital_usd_micro),
        (chart.rows(chart.member_fund), members.fund_contribution_usd_micro),
        (chart.skin_in_the_game, rules.skin_in_the_game_usd_micro),
    )
    for holder, amount in endowments:
        ledger.post(
            PostingKind.ENDOWMENT, debit=chart.external, credit=holder, amount_usd_micro=amount, now_round=0
        )
    ledger.post(
        PostingKind.DEPOSIT,
        debit=chart.rows(chart.bank),
        credit=chart.rows(chart.collateral),
        amount_usd_micro=accounts.initial_collateral_usd_micro,
        now_round=0,
    )


def amounts_due(
    equity_usd_micro: NDArray[np.int64],
    initial_usd_micro: NDArray[np.int64],
    maintenance_usd_micro: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return what restores initial margin where equity is below maintenance, and zero elsewhere."""
    return np.where(equity_usd_micro < maintenance_usd_micro, initial_usd_micro - equity_usd_micro, 0)


def free_cash(ledger: Ledger, terms: AccountTerms) -> NDArray[np.int64]:
    """Return the bank money that each treasury does not keep back, shape (n_accounts,)."""
    cash = ledger.balance_usd_micro[ledger.chart.bank]
    if terms.cash_reserve_usd_micro is None:
        return cash.copy()
    beyond_reserve: NDArray[np.int64] = np.maximum(cash - terms.cash_reserve_usd_micro, 0)
    return beyond_reserve


def free_credit(ledger: Ledger, terms: AccountTerms) -> NDArray[np.int64]:
    """Return what each account can still draw on its credit line, shape (n_accounts,)."""
    # Capitalised interest can take a debt over its limit: then nothing more can be drawn.
    drawable: NDArray[np.int64] = np.maximum(
        terms.credit_limit_usd_micro + ledger.balance_usd_micro[ledger.chart.credit_line], 0
    )
    return drawable


def pay_in(
    ledger: Ledger,
    terms: AccountTerms,
    due_usd_micro: NDArray[np.int64],
    *,
    now_round: int,
    last_chance: bool = False,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Move what is due into collateral from bank cash and credit lines, as far as they go.

    Cash goes first unless the treasury prefers credit; what it keeps back moves at the ``last_chance`` only,
    because a default costs more than an empty account.

    Returns
    -------
    met_cash, met_credit : array of int64, shape (n_accounts,)
        Micro-USD moved from each source.
    """
    chart = ledger.chart
    cash = ledger.balance_usd_micro[chart.bank].copy() if last_chance else free_cash(ledger, terms)
    credit = free_credit(ledger, terms)
    credit_first = False if terms.credit_first is None else terms.credit_first
    met_cash = np.minimum(np.where(credit_first, np.maximum(due_usd_micro - credit, 0), due_usd_micro), cash)
    met_credit = np.minimum(due_usd_micro - met_cash, credit)
    collateral = chart.rows(chart.collateral)
    for kind, source, amount in (
        (PostingKind.CALL_FROM_CASH, chart.bank, met_cash),
        (PostingKind.CALL_FROM_CREDIT, chart.credit_line, met_credit),
    ):
        ledger.post(
            kind, debit=chart.rows(source), credit=collateral, amount_usd_micro=amount, now_round=now_round
        )
    return met_cash, met_credit


def register_calls(
    calls: CallState,
    due_usd_micro: NDArray[np.int64],
    met_cash_usd_micro: NDArray[np.int64],
    met_credit_usd_micro: NDArray[np.int64],
    member: NDArray[np.int64],
    causes: dict[int, CallCauses],
    *,
    now_round: int,
    deadline_rounds: int,
) -> list[MarginCall]:
    """Replace the outstanding calls by what this cycle left unpaid, and return the cycle's calls."""
    unpaid = due_usd_micro - met_cash_usd_micro - met_credit_usd_micro
    fresh = (due_usd_micro > 0) & (calls.first_round == NO_CALL)
    calls.first_round[fresh] = now_round
    calls.deadline_round[fresh] = now_round + deadline_rounds
    calls.outstanding_usd_micro[:] = unpaid
    made = [
        MarginCall(
            round=now_round,
            account=account,
            member=int(member[account]),
            amount_usd_micro=int(due_usd_micro[account]),
            met_cash_usd_micro=int(met_cash_usd_micro[account]),
            met_credit_usd_micro=int(met_credit_usd_micro[account]),
            outstanding_usd_micro=int(unpaid[account]),
            deadline_round=int(calls.deadline_round[account]),
            first_round=int(calls.first_round[account]),
            causes=causes[account],
        )
        for account in np.flatnonzero(due_usd_micro).tolist()
    ]
    calls.clear(unpaid == 0)
    return made


def charge_interest(
    ledger: Ledger, terms: AccountTerms, charged: NDArray[np.bool_], *, days_per_year: int, now_round: int
) -> NDArray[np.int64]:
    """Charge one day's simple interest on drawn credit, rounded up, and return it per account.

    It is paid from bank cash as far as that goes; the rest is added to the debt.
    """
    chart = ledger.chart
    drawn = np.where(charged, -ledger.balance_usd_micro[chart.credit_line], 0)
    if not drawn.any():
        return drawn
    interest = scale_up(drawn, terms.credit_rate_per_year_bps, _BPS * days_per_year)
    paid = np.minimum(interest, ledger.balance_usd_micro[chart.bank])
    for kind, source, amount in (
        (PostingKind.INTEREST, chart.bank, paid),
        (PostingKind.INTEREST_CAPITALISED, chart.credit_line, interest - paid),
    ):
        ledger.post(
            kind,
            debit=chart.rows(source),
            credit=chart.external,
            amount_usd_micro=amount,
            now_round=now_round,
        )
    return interest


def pay_collateral_interest(
    ledger: Ledger, rate_per_year_bps: int, paid: NDArray[np.bool_], *, days_per_year: int, now_round: int
) -> NDArray[np.int64]:
    """Pay one day's simple interest on collateral, rounded down, and return it per account."""
    chart = ledger.chart
    held = np.where(paid, np.maximum(ledger.balance_usd_micro[chart.collateral], 0), 0)
    interest = scale_down(held, rate_per_year_bps, _BPS * days_per_year)
    ledger.post(
        PostingKind.COLLATERAL_INTEREST,
        debit=chart.external,
        credit=chart.rows(chart.collateral),
        amount_usd_micro=interest,
        now_round=now_round,
    )
    return interest


def return_excess(ledger: Ledger, excess_usd_micro: NDArray[np.int64], *, now_round: int) -> None:
    """Return collateral above requirement: first to the lender that financed it, the rest to the bank."""
    chart = ledger.chart
    collateral = chart.rows(chart.collateral)
    repaid = np.minimum(excess_usd_micro, -ledger.balance_usd_micro[chart.credit_line])
    for kind, target, amount in (
        (PostingKind.CREDIT_REPAYMENT, chart.credit_line, repaid),
        (PostingKind.EXCESS_RETURN, chart.bank, excess_usd_micro - repaid),
    ):
        ledger.post(
            kind, debit=collateral, credit=chart.rows(target), amount_usd_micro=amount, now_round=now_round
        )
