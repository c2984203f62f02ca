"""Where collateral comes from and goes to: bank cash, credit lines, interest, excess."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.clearing.books.books import Books
from abm.clearing.books.ledger import Ledger, PostingKind
from abm.clearing.calls.credit_lines import CreditLines, EndedLine
from abm.clearing.terms import AccountTerms, ClearingRules, MemberTerms
from abm.core.money import BPS, scale_down, scale_up


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


class Funding:
    """The traders' treasuries and lenders: what they can pay, and what goes back to them.

    Parameters
    ----------
    books : Books
        Where it is posted.
    terms : AccountTerms
        Credit lines, reserves and preferences.
    rules : ClearingRules
        Days of a year, and interest on collateral.

    Attributes
    ----------
    terms : AccountTerms
        As given.
    lines : CreditLines
        What can be drawn, and what has been ended.
    credit_interest_usd_micro : array of int64, shape (n_accounts,)
        Interest on drawn credit and fees on undrawn credit charged to each account since the start.
    collateral_interest_usd_micro : array of int64, shape (n_accounts,)
        Interest on collateral paid to each account since the start.
    paid_in_usd_micro : array of int64, shape (n_accounts,)
        Paid into collateral by each account since the start, from cash and credit.
    """

    def __init__(self, books: Books, terms: AccountTerms, rules: ClearingRules) -> None:
        self.terms = terms
        self._ledger, self._register, self._rules = books.ledger, books.register, rules
        self.lines = CreditLines(books.ledger, books.register, terms)
        self.credit_interest_usd_micro = np.zeros(terms.count, dtype=np.int64)
        self.collateral_interest_usd_micro = np.zeros(terms.count, dtype=np.int64)
        self.paid_in_usd_micro = np.zeros(terms.count, dtype=np.int64)

    def drawn_usd_micro(self) -> NDArray[np.int64]:
        """Return the debt of each account to its lender, not negative."""
        return self.lines.drawn_usd_micro()

    def equity_usd_micro(self) -> NDArray[np.int64]:
        """Return collateral plus bank money less drawn credit of each account, as of the last mark."""
        ledger = self._ledger
        return ledger.collateral_usd_micro + ledger.bank_usd_micro - self.drawn_usd_micro()

    def free_cash(self) -> NDArray[np.int64]:
        """Return the bank money that each treasury does not keep back, shape (n_accounts,)."""
        cash = self._ledger.bank_usd_micro
        if self.terms.cash_reserve_usd_micro is None:
            return cash.copy()
        beyond_reserve: NDArray[np.int64] = np.maximum(cash - self.terms.cash_reserve_usd_micro, 0)
        return beyond_reserve

    def free_credit(self) -> NDArray[np.int64]:
        """Return what each account can still draw on its credit line, shape (n_accounts,)."""
        return self.lines.undrawn_usd_micro()

    def liquid_usd_micro(self) -> NDArray[np.int64]:
        """Return all bank money and free credit of each account, its reserve included."""
        return self._ledger.bank_usd_micro + self.free_credit()

    def pre_trade_funds(self) -> NDArray[np.int64]:
        """Return what may back new positions: collateral and free cash; zero in default, never negative."""
        funds = np.maximum(self._ledger.collateral_usd_micro + self.free_cash(), 0)
        return np.where(self._register.in_default, 0, funds)

    def pay_in(
        self, due_usd_micro: NDArray[np.int64], *, now_round: int, last_chance: bool = False
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Move what is due into collateral from bank cash and credit lines, as far as they go.

        Cash goes first unless the treasury prefers credit; what it keeps back moves at the ``last_chance``
        only, because a default costs more than an empty account.

        Returns
        -------
        met_cash, met_credit : array of int64, shape (n_accounts,)
            Micro-USD moved from each source.
        """
        chart, due = self._ledger.chart, due_usd_micro
        cash = self._ledger.bank_usd_micro.copy() if last_chance else self.free_cash()
        credit = self.free_credit()
        credit_first = False if self.terms.credit_first is None else self.terms.credit_first
        met_cash = np.minimum(np.where(credit_first, np.maximum(due - credit, 0), due), cash)
        met_credit = np.minimum(due - met_cash, credit)
        collateral = chart.rows(chart.collateral)
        for kind, source, amount in (
            (PostingKind.CALL_FROM_CASH, chart.bank, met_cash),
            (PostingKind.CALL_FROM_CREDIT, chart.credit_line, met_credit),
        ):
            self._post(kind, chart.rows(source), collateral, amount, now_round)
        self.paid_in_usd_micro += met_cash + met_credit
        return met_cash, met_credit

    def daily_interest(self, *, now_round: int) -> NDArray[np.int64]:
        """Charge a day's interest on credit lines and return it, micro-USD, shape (n_accounts,).

        Interest on what is drawn and the commitment fee on what is not go to the lender alike. What bank cash
        does not cover is added to the debt; both stop when an account defaults. Where the rules pay interest
        on collateral, that is paid too.
        """
        performing = self._register.performing()
        interest = self._charge_interest(performing, now_round)
        self.credit_interest_usd_micro += interest
        self.collateral_interest_usd_micro += self._pay_collateral_interest(performing, now_round)
        return interest

    def _charge_interest(self, charged: NDArray[np.bool_], now_round: int) -> NDArray[np.int64]:
        """Charge a day's interest and fee, rounded up: from the bank, what that lacks on top of the debt."""
        chart, days = self._ledger.chart, self._rules.days_per_year
        drawn = np.where(charged, self.drawn_usd_micro(), 0)
        fee = np.where(charged, self.lines.daily_fee_usd_micro(days), 0)
        if not (drawn.any() or fee.any()):
            return fee
        interest = scale_up(drawn, self.terms.credit_rate_per_year_bps, BPS * days) + fee
        paid = np.minimum(interest, self._ledger.bank_usd_micro)
        for kind, source, amount in (
            (PostingKind.INTEREST, chart.bank, paid),
            (PostingKind.INTEREST_CAPITALISED, chart.credit_line, interest - paid),
        ):
            self._post(kind, chart.rows(source), chart.external, amount, now_round)
        return interest

    def _pay_collateral_interest(self, paid: NDArray[np.bool_], now_round: int) -> NDArray[np.int64]:
        """Pay one day's simple interest on collateral, rounded down."""
        chart, rules = self._ledger.chart, self._rules
        held = np.where(paid, np.maximum(self._ledger.collateral_usd_micro, 0), 0)
        interest = scale_down(held, rules.collateral_rate_per_year_bps, BPS * rules.days_per_year)
        collateral = chart.rows(chart.collateral)
        self._post(PostingKind.COLLATERAL_INTEREST, chart.external, collateral, interest, now_round)
        return interest

    def review_lines(self, *, now_round: int) -> list[EndedLine]:
        """Repay lines that have ended from free cash, and return those that their lenders end now.

        A reserve stays, as it does for margin calls; the first repayment is made at once.
        """
        if not self.lines.may_end:
            return []
        ended = self.lines.end_some()
        performing = self._register.performing()
        free = np.where(self.lines.ended & performing, self.free_cash(), 0)
        chart = self._ledger.chart
        repaid = np.minimum(free, self.drawn_usd_micro())
        bank, debt = chart.rows(chart.bank), chart.rows(chart.credit_line)
        self._post(PostingKind.CREDIT_REPAYMENT, bank, debt, repaid, now_round)
        return ended

    def return_excess(self, excess_usd_micro: NDArray[np.int64], *, now_round: int) -> None:
        """Return collateral: first to the lender that financed it, the rest to the bank."""
        chart = self._ledger.chart
        collateral = chart.rows(chart.collateral)
        repaid = np.minimum(excess_usd_micro, self.drawn_usd_micro())
        for kind, target, amount in (
            (PostingKind.CREDIT_REPAYMENT, chart.credit_line, repaid),
            (PostingKind.EXCESS_RETURN, chart.bank, excess_usd_micro - repaid),
        ):
            self._post(kind, collateral, chart.rows(target), amount, now_round)

    def _post(
        self,
        kind: PostingKind,
        debit: NDArray[np.int64] | int,
        credit: NDArray[np.int64] | int,
        amount: NDArray[np.int64],
        now_round: int,
    ) -> None:
        self._ledger.post(kind, debit=debit, credit=credit, amount_usd_micro=amount, now_round=now_round)
