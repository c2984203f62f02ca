"""The traders' credit lines: what may be drawn, what undrawn credit costs, and when a lender ends a line."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.clearing.books.ledger import Ledger
from abm.clearing.books.register import Register
from abm.clearing.terms import AccountTerms
from abm.core.money import BPS, scale_down, scale_up


class EndedLine(NamedTuple):
    """A credit line that its lender ended.

    Parameters
    ----------
    account : int
        The borrower.
    cancelled_usd_micro : int
        Undrawn part, which is gone.
    drawn_usd_micro : int
        Drawn part, which is to be repaid from free cash.
    equity_usd_micro, reference_usd_micro : int
        Equity of the borrower, and that which the lender compared it with.
    """

    account: int
    cancelled_usd_micro: int
    drawn_usd_micro: int
    equity_usd_micro: int
    reference_usd_micro: int


class CreditLines:
    """Limits, fees and ends of all credit lines.

    A lender that lends to those who need it least is what makes a line worth little in a stress: covenants
    take lines back from borrowers that have done badly (Sufi 2009, Review of Financial Studies 22), and
    whoever holds one pays for what it does not draw.

    Parameters
    ----------
    ledger : Ledger
        Where debts stand.
    register : Register
        Who performs.
    terms : AccountTerms
        Limits, fees and shares of equity.

    Attributes
    ----------
    ended : array of bool, shape (n_accounts,)
        Lines that are over.
    limit_usd_micro : array of int64, shape (n_accounts,)
        What may be drawn in all: that of the start, unless it follows the borrower's capital.
    reference_equity_usd_micro : array of int64, shape (n_accounts,)
        Equity that the lender counts on: what the account started with, unless its owners set another.
    """

    def __init__(self, ledger: Ledger, register: Register, terms: AccountTerms) -> None:
        self._ledger, self._register, self._terms = ledger, register, terms
        self.ended: NDArray[np.bool_] = np.zeros(terms.count, dtype=np.bool_)
        self.limit_usd_micro = terms.credit_limit_usd_micro.copy()
        self.reference_equity_usd_micro = terms.cash_usd_micro.copy()

    @property
    def may_end(self) -> bool:
        """Whether a lender can end a line at all."""
        shares = self._terms.credit_end_share_bps
        return shares is not None and bool(shares.any())

    def follow_capital(self, rows: NDArray[np.bool_], ratio: int, denominator: int) -> None:
        """Let limits and references of some accounts be a ratio of those of the start, as their capital is.

        Parameters
        ----------
        rows : array of bool, shape (n_accounts,)
            Accounts whose lines follow.
        ratio, denominator : int
            New over old; the former not negative.
        """
        for now, start in (
            (self.limit_usd_micro, self._terms.credit_limit_usd_micro),
            (self.reference_equity_usd_micro, self._terms.cash_usd_micro),
        ):
            now[:] = np.where(rows, scale_down(start, ratio, denominator), now)

    def drawn_usd_micro(self) -> NDArray[np.int64]:
        """Return the debt of each account to its lender, not negative."""
        drawn: NDArray[np.int64] = -self._ledger.balance_usd_micro[self._ledger.chart.credit_line]
        return drawn

    def undrawn_usd_micro(self) -> NDArray[np.int64]:
        """Return what each account can still draw, shape (n_accounts,); nothing of a line that has ended."""
        # Capitalised interest or a lower limit can leave a debt above it: then nothing more can be drawn.
        undrawn = np.maximum(self.limit_usd_micro - self.drawn_usd_micro(), 0)
        return np.where(self.ended, 0, undrawn)

    def daily_fee_usd_micro(self, days_per_year: int) -> NDArray[np.int64]:
        """Return a day's commitment fee on undrawn credit, rounded up, shape (n_accounts,)."""
        fee_bps = self._terms.commitment_fee_per_year_bps
        if fee_bps is None or not fee_bps.any():
            return np.zeros(self._terms.count, dtype=np.int64)
        return scale_up(self.undrawn_usd_micro(), fee_bps, BPS * days_per_year)

    def end_some(self) -> list[EndedLine]:
        """End the lines of borrowers whose equity is below their share of the reference; return them.

        Those in default have settled with their lender in another way, and who has no line cannot lose it.
        """
        shares = self._terms.credit_end_share_bps
        if shares is None or not shares.any():
            return []
        drawn, undrawn = self.drawn_usd_micro(), self.undrawn_usd_micro()
        equity = self._ledger.collateral_usd_micro + self._ledger.bank_usd_micro - drawn
        reference = self.reference_equity_usd_micro
        has_line = self._register.performing() & ~self.ended & (self._terms.credit_limit_usd_micro > 0)
        ends = has_line & (equity < scale_up(reference, shares, BPS))
        self.ended |= ends
        return [
            EndedLine(
                account,
                int(undrawn[account]),
                int(drawn[account]),
                int(equity[account]),
                int(reference[account]),
            )
            for account in np.flatnonzero(ends).tolist()
        ]
