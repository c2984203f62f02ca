"""Owners of the accounts: they take out what is beyond a target, and bring in a little of what is missing.

An owner has a named account in the ledger, outside the market like a lender's. It starts at zero, rises by
what the owner is paid out and falls by what it brings in, so that a refill is never money from nowhere: the
accounts, their owners and the outside world together sum to zero.

The target of an account is its equity at the start, times a price of the token over that of the start. What
an account holds plays no part in it: a trader cannot move its own target by trading, and one that is flat has
a target like any other. That capital comes back slowly after losses: Mitchell, Pedersen and Pulvino, Slow
moving capital (2007); Duffie, Asset price dynamics with slow-moving capital (2010). The rule is judgement.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.clearing.books.books import Books
from abm.clearing.books.ledger import PostingKind
from abm.clearing.calls.funding import Funding
from abm.clearing.calls.margin_calls import MarginCalls
from abm.clearing.calls.requirements import Requirements
from abm.clearing.capital.terms import MILLION, CapitalTerms
from abm.core.arguments import whole_number
from abm.core.money import BPS, scale_down, scale_up

HIGHEST_RATIO = 1_000 * MILLION
"""Ratio of prices beyond which no target grows: money in the market stays within its integers."""


class Owners:
    """Pays out and brings in, so that each account's equity follows its target.

    Parameters
    ----------
    books : Books
        Where it is posted, and who is in default.
    requirements, funding, calls : Requirements, Funding, MarginCalls
        What margin needs, what cash is free, and whose call is open.
    start_usd_micro : array of int64, shape (n_accounts,)
        Equity at the start.
    terms : CapitalTerms
        Who has an owner, and the owners' rule.

    Attributes
    ----------
    are_there : bool
        Whether any account has an owner; else nothing here ever changes.
    target_usd_micro : array of int64, shape (n_accounts,)
        Equity that the owner wants: that of the start until ``settle`` sets another.
    paid_out_usd_micro, brought_in_usd_micro : array of int64, shape (n_accounts,)
        Paid to and brought in by each owner since the start.
    """

    def __init__(
        self,
        books: Books,
        requirements: Requirements,
        funding: Funding,
        calls: MarginCalls,
        start_usd_micro: NDArray[np.int64],
        terms: CapitalTerms,
    ) -> None:
        self._books, self._requirements, self._funding = books, requirements, funding
        self._calls, self._terms = calls, terms
        self._start_usd_micro = start_usd_micro
        self.are_there = bool(terms.has_owner.any())
        self.target_usd_micro = start_usd_micro.copy()
        self.paid_out_usd_micro = np.zeros_like(start_usd_micro)
        self.brought_in_usd_micro = np.zeros_like(start_usd_micro)

    @property
    def net_usd_micro(self) -> NDArray[np.int64]:
        """Brought in less paid out since the start, shape (n_accounts,)."""
        return self.brought_in_usd_micro - self.paid_out_usd_micro

    def settle(self, price_ratio_millionths: int, *, now_round: int) -> None:
        """Set the targets, pay out what is beyond them and bring in part of what is missing.

        Credit lines follow the targets: a lender lends in proportion to what the owner keeps in the account.
        A payout comes from free bank cash only. It leaves the target, and a multiple of initial margin, and
        there is none while the credit line is drawn: the lender comes first. A contribution is at most a
        share of the target, and what the owner's purse still holds. Neither is made for an account that has
        an open call, is being reduced, or has ever defaulted.

        Parameters
        ----------
        price_ratio_millionths : int
            Lagged price of the token over that at the start, in millionths; not negative.
        now_round : int
            Absolute round.
        """
        ratio = min(whole_number("price_ratio_millionths", price_ratio_millionths, least=0), HIGHEST_RATIO)
        if not self.are_there:
            return
        wanted = scale_down(self._start_usd_micro, ratio, MILLION)
        self.target_usd_micro[:] = np.where(self._terms.has_owner, wanted, self.target_usd_micro)
        self._funding.lines.follow_capital(self._terms.has_owner, ratio, MILLION)
        equity = self._funding.equity_usd_micro()
        paid, brought = self._payouts(equity), self._contributions(equity)
        chart = self._books.ledger.chart
        bank, owner = chart.rows(chart.bank), chart.rows(chart.owner)
        for kind, debit, credit, amount in (
            (PostingKind.OWNER_PAYOUT, bank, owner, paid),
            (PostingKind.OWNER_CONTRIBUTION, owner, bank, brought),
        ):
            self._books.ledger.post(
                kind, debit=debit, credit=credit, amount_usd_micro=amount, now_round=now_round
            )
        self.paid_out_usd_micro += paid
        self.brought_in_usd_micro += brought
        self._books.check()

    def _in_order(self) -> NDArray[np.bool_]:
        """Return the accounts with an owner whose margin is in order, shape (n_accounts,).

        One that is being reduced has an open call until its reduction ends.
        """
        has_call = self._calls.state.outstanding_usd_micro > 0
        return self._terms.has_owner & self._books.register.performing() & ~has_call

    def _payouts(self, equity: NDArray[np.int64]) -> NDArray[np.int64]:
        margin = scale_up(self._requirements.initial(), self._terms.kept_margin_bps, BPS)
        excess = np.maximum(equity - np.maximum(self.target_usd_micro, margin), 0)
        may_pay = self._in_order() & (self._funding.drawn_usd_micro() == 0)
        return np.where(may_pay, np.minimum(excess, self._funding.free_cash()), 0)

    def _contributions(self, equity: NDArray[np.int64]) -> NDArray[np.int64]:
        ledger, terms = self._books.ledger, self._terms
        missing = np.maximum(self.target_usd_micro - equity, 0)
        at_once = scale_down(self.target_usd_micro, terms.refill_share_bps, BPS)
        purse = scale_down(self._start_usd_micro, terms.purse_bps, BPS)
        purse = np.maximum(purse + ledger.balance_usd_micro[ledger.chart.owner], 0)
        return np.where(self._in_order(), np.minimum(np.minimum(missing, at_once), purse), 0)
