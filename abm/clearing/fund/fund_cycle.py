"""The guaranty fund over time: its monthly sizing, and its refill after a loss."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.clearing.books.ledger import PostingKind
from abm.clearing.defaults.default_management import DefaultManagement
from abm.clearing.fund.guaranty_fund import (
    FundSizing,
    cover_two,
    share_contributions,
    stressed_losses,
    sum_by_member,
)


class FundCycles(DefaultManagement):
    """The part of the clearing house that sizes and fills the guaranty fund.

    Contributions are deposits of the members' owners, so they come from and go to the outside world; only a
    loss, such as an assessment, is borne by a member's capital.
    """

    def size_fund(self, stress_ticks: NDArray[np.int64], *, now_round: int) -> FundSizing:
        """Size the fund to the two largest stressed losses beyond margin, and bring contributions to it.

        Members share it pro rata to the initial margin of their accounts, and at least by the floor of the
        rules. A sizing also replenishes: assessments count afresh from here.

        Parameters
        ----------
        stress_ticks : array of int64, shape (n_scenarios, n_slots)
            Price moves, as of ``abm.clearing.fund.stress``.
        now_round : int
            Absolute round.

        Raises
        ------
        ParameterError
            If there is no scenario or it is of another number of months.
        """
        self._round = now_round
        performing = ~self._defaults.in_default
        surviving = ~self._defaults.member_in_default
        margin = np.where(performing, self.initial_margin(), 0)
        losses = stressed_losses(
            self._positions.position_lots, stress_ticks, self.contract.tick_value_usd_micro
        )
        excess = np.where(performing, np.maximum(losses - margin, 0), 0)
        by_member = np.where(surviving, sum_by_member(excess, self._member, self.chart.n_members), 0)
        worst = cover_two(by_member)
        required = share_contributions(
            worst.loss_usd_micro,
            sum_by_member(margin, self._member, self.chart.n_members),
            surviving,
            floor_usd_micro=self.rules.fund_floor_usd_micro,
        )
        self._recovery.required_fund_usd_micro[:] = required
        held = self.member_fund_usd_micro
        returned = np.where(surviving, np.maximum(held - required, 0), 0)
        rows, outside = self.chart.rows(self.chart.member_fund), self.chart.external
        self._post(PostingKind.FUND_RETURN, rows, outside, returned)
        paid_in = self._fill_fund()
        fund = int(self.member_fund_usd_micro[surviving].sum())
        assert fund >= worst.loss_usd_micro or not surviving.any(), "the fund is below Cover-2 at its sizing"
        self.check()
        return FundSizing(
            round=now_round,
            cover_two=worst,
            required_usd_micro=tuple(required.tolist()),
            paid_in_usd_micro=tuple(paid_in.tolist()),
            returned_usd_micro=tuple(returned.tolist()),
        )

    def replenish_fund(self, *, now_round: int) -> NDArray[np.int64]:
        """Fill the fund and the house's own capital again where that is due; call it once a day.

        It is due so many rounds after the first use, as the rules say, and not while a close-out goes on:
        until then a member's assessments stay under one cap.

        Parameters
        ----------
        now_round : int
            Absolute round.

        Returns
        -------
        array of int64, shape (n_members,)
            What the surviving members paid in.
        """
        self._round = now_round
        wait, used = self.rules.replenish_rounds, self._fund_used_round
        if wait == 0 or used is None or now_round < used + wait or self._defaults.closing.any():
            return np.zeros(self.chart.n_members, dtype=np.int64)
        paid_in = self._fill_fund()
        missing = max(0, self.rules.skin_in_the_game_usd_micro - self.skin_in_the_game_usd_micro)
        self._post(PostingKind.HOUSE_CAPITAL, self.chart.external, self.chart.skin_in_the_game, missing)
        self._fund_used_round = None
        self.check()
        return paid_in

    def _fill_fund(self) -> NDArray[np.int64]:
        """Bring survivors' contributions up to what is required, and count assessments afresh."""
        short = np.maximum(self._recovery.required_fund_usd_micro - self.member_fund_usd_micro, 0)
        paid_in = np.where(self._defaults.member_in_default, 0, short)
        rows = self.chart.rows(self.chart.member_fund)
        self._post(PostingKind.FUND_CONTRIBUTION, self.chart.external, rows, paid_in)
        self._recovery.assessed_usd_micro[:] = 0
        return paid_in
