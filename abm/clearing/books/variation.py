"""Variation margin: what each account was paid, and what of it may still be taken back.

Gains are those since the last time that no account owed the house anything. Until then the house was
matched; what accounts have gained since includes what a defaulter lost and could not pay. A variation haircut
takes them back by one ratio, tear-up takes back the rest. No deposit of anybody is touched: an account never
gives up more than it gained, and is never taken below zero. Source: ISDA, CCP loss allocation at the end of
the waterfall (2013).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.clearing.books.ledger import Ledger, PostingKind
from abm.core.money import BPS, allocate_largest_remainder


class Variation:
    """Pays variation margin through the ledger and remembers the gains that are not final.

    Parameters
    ----------
    ledger : Ledger
        Where it is posted.

    Attributes
    ----------
    total_usd_micro : array of int64, shape (n_accounts,)
        Variation margin and final settlement of each account since the start.
    gains_usd_micro : array of int64, shape (n_accounts,)
        Net variation of each account since nobody owed the house.
    cut_usd_micro : array of int64, shape (n_accounts,)
        What of it was cut since.
    given_up_usd_micro : array of int64, shape (n_accounts,)
        What was cut since the start.
    """

    def __init__(self, ledger: Ledger) -> None:
        count = ledger.chart.n_accounts
        self._ledger = ledger
        self.total_usd_micro = np.zeros(count, dtype=np.int64)
        self.gains_usd_micro = np.zeros(count, dtype=np.int64)
        self.cut_usd_micro = np.zeros(count, dtype=np.int64)
        self.given_up_usd_micro = np.zeros(count, dtype=np.int64)

    def pay(self, kind: PostingKind, variation_usd_micro: NDArray[np.int64], *, now_round: int) -> None:
        """Debit losses before gains are credited.

        A loss may take collateral below zero: that is a claim of the house, which the next margin cycle
        calls; gains are paid in full.

        Parameters
        ----------
        kind : PostingKind
            ``VARIATION_MARGIN`` or ``FINAL_SETTLEMENT``.
        variation_usd_micro : array of int64, shape (n_accounts,)
            Gained since the last mark; sums to zero.
        now_round : int
            Absolute round.
        """
        chart, post = self._ledger.chart, self._ledger.post
        collateral, transit = chart.rows(chart.collateral), chart.variation_clearing
        losses, gains = np.maximum(-variation_usd_micro, 0), np.maximum(variation_usd_micro, 0)
        # Before and after: a debt can end by a call that is met, or by the variation itself.
        self._forget_gains_if_matched()
        self.gains_usd_micro += variation_usd_micro
        post(kind, debit=collateral, credit=transit, amount_usd_micro=losses, now_round=now_round)
        post(kind, debit=transit, credit=collateral, amount_usd_micro=gains, now_round=now_round)
        self._forget_gains_if_matched()
        self.total_usd_micro += variation_usd_micro

    def _forget_gains_if_matched(self) -> None:
        """Let all gains so far be final where no account owes the house anything."""
        if (self._ledger.collateral_usd_micro >= 0).all():
            self.gains_usd_micro[:] = 0
            self.cut_usd_micro[:] = 0

    def not_final_usd_micro(self) -> NDArray[np.int64]:
        """Return the gains of each account that the end of the waterfall may still cut, not negative."""
        left: NDArray[np.int64] = np.maximum(self.gains_usd_micro - self.cut_usd_micro, 0)
        return left

    def gains_to_cut(self, largest_share_bps: int) -> NDArray[np.int64]:
        """Return what may be cut from each account's gains, shape (n_accounts,): never more than it holds."""
        whole, rest = np.divmod(np.maximum(self.gains_usd_micro, 0), BPS)
        allowed = whole * largest_share_bps + rest * largest_share_bps // BPS - self.cut_usd_micro
        within: NDArray[np.int64] = np.maximum(np.minimum(allowed, self._ledger.collateral_usd_micro), 0)
        return within

    def cut_gains(self, amount_usd_micro: int, allowed_usd_micro: NDArray[np.int64]) -> NDArray[np.int64]:
        """Note a cut of gains, by one ratio of what each account may lose, and return the cuts by account.

        The money is not moved here.
        """
        cuts = allocate_largest_remainder(amount_usd_micro, allowed_usd_micro)
        assert (cuts <= allowed_usd_micro).all(), "more than a gain is cut"
        self.cut_usd_micro += cuts
        self.given_up_usd_micro += cuts
        cut_now = cuts > 0
        assert (self.cut_usd_micro[cut_now] <= self.gains_usd_micro[cut_now]).all(), "a cut exceeds the gain"
        return cuts
