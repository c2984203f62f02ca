"""Wealth outside the market that moves with the token price: it decides who is short of cash, and when.

A call is wrong-way where it comes when the money behind it is gone too: a clearing member whose capital falls
with the token price, and whose clients are long; a company that earns with the price and speculates on it. It
is right-way for a provider with a short hedge, who is called when its sales are worth more. General wrong-way
risk: Basel Committee, Basel III (2010); at a clearing house: CPMI-IOSCO, Principles for financial market
infrastructures (2012), principles 4 and 5.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.clearing.books.books import Books
from abm.clearing.books.ledger import PostingKind
from abm.clearing.capital.terms import MILLION, CapitalTerms
from abm.core.money import scale_down

LARGEST_LOG_MOVE = 1.0
"""Largest log change of anybody's wealth at one time; judgement: money stays within its integers."""


class OutsideWealth:
    """Lets bank cash and members' own capital follow surprises of the token price.

    What is committed, as collateral and in the guaranty fund, stays as it is.

    Parameters
    ----------
    books : Books
        Where it is posted.
    terms : CapitalTerms
        Elasticities.

    Attributes
    ----------
    moves : bool
        Whether any elasticity is not zero; else nothing here ever changes.
    gain_usd_micro : array of int64, shape (n_accounts,)
        Gained by each account's business since the start; a loss is negative.
    member_gain_usd_micro : array of int64, shape (n_members,)
        The same of members' own capital.
    """

    def __init__(self, books: Books, terms: CapitalTerms) -> None:
        chart = books.ledger.chart
        self._books, self._terms = books, terms
        self.moves = bool(terms.price_beta.any()) or terms.member_price_beta != 0.0
        self.gain_usd_micro = np.zeros(chart.n_accounts, dtype=np.int64)
        self.member_gain_usd_micro = np.zeros(chart.n_members, dtype=np.int64)

    def follow(self, log_surprise: float, *, now_round: int) -> None:
        """Multiply everybody's money outside by e^(elasticity x surprise); none of it goes below zero.

        Accounts and members in default are left alone.

        Parameters
        ----------
        log_surprise : float
            Log change of the token price beyond its trend.
        now_round : int
            Absolute round.
        """
        if not self.moves:
            return
        chart, register = self._books.ledger.chart, self._books.register
        beta = np.where(register.performing(), self._terms.price_beta, 0.0)
        member_beta = np.where(register.surviving(), self._terms.member_price_beta, 0.0)
        self.gain_usd_micro += self._revalue(chart.rows(chart.bank), beta * log_surprise, now_round)
        self.member_gain_usd_micro += self._revalue(
            chart.rows(chart.member_capital), member_beta * log_surprise, now_round
        )
        self._books.check()

    def _revalue(
        self, rows: NDArray[np.int64], log_move: NDArray[np.float64], now_round: int
    ) -> NDArray[np.int64]:
        """Post what balances gain or lose, and return it."""
        ledger, external = self._books.ledger, self._books.ledger.chart.external
        held = np.clip(log_move, -LARGEST_LOG_MOVE, LARGEST_LOG_MOVE)
        millionths = np.rint(MILLION * np.expm1(held)).astype(np.int64)
        moved = scale_down(ledger.balance_usd_micro[rows], np.abs(millionths), MILLION)
        gains, losses = np.where(millionths > 0, moved, 0), np.where(millionths < 0, moved, 0)
        for kind, debit, credit, amount in (
            (PostingKind.OUTSIDE_GAIN, external, rows, gains),
            (PostingKind.OUTSIDE_LOSS, rows, external, losses),
        ):
            ledger.post(kind, debit=debit, credit=credit, amount_usd_micro=amount, now_round=now_round)
        return gains - losses
