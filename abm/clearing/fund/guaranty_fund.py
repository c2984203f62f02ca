"""The guaranty fund: its size (Cover-2 under stress scenarios), how members share it, and its refill.

Source: CPMI-IOSCO, Principles for financial market infrastructures (2012), principle 4, key consideration 4:
the default of the two participants with the largest aggregate exposure in extreme but plausible conditions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.clearing.books.books import Books
from abm.clearing.books.ledger import MONEY_BOUND_USD_MICRO, PostingKind
from abm.clearing.calls.requirements import Requirements
from abm.clearing.terms import ClearingRules
from abm.core.errors import ParameterError
from abm.core.money import BPS, allocate_largest_remainder


class CoverTwo(NamedTuple):
    """The worst stress scenario: the two members that lose most in it beyond their accounts' margin."""

    loss_usd_micro: int
    scenario: int
    """Row of the stress scenarios, the first among equals."""
    members: tuple[int, ...]
    """At most two, the larger first; only members with a loss."""


@dataclass(frozen=True, slots=True)
class FundSizing:
    """Result of one sizing of the guaranty fund; tuples are by member, micro-USD."""

    round: int
    cover_two: CoverTwo
    required_usd_micro: tuple[int, ...]
    """Contribution of each surviving member; zero for the others."""
    paid_in_usd_micro: tuple[int, ...]
    returned_usd_micro: tuple[int, ...]


def stressed_losses(
    position_lots: NDArray[np.int64], stress_ticks: NDArray[np.int64], tick_value_usd_micro: int
) -> NDArray[np.int64]:
    """Return what each account loses in each scenario, zero for a gain.

    Parameters
    ----------
    position_lots : array of int64, shape (n_accounts, n_slots)
        Signed lots.
    stress_ticks : array of int64, shape (n_scenarios, n_slots)
        Price moves.
    tick_value_usd_micro : int
        Micro-USD per tick and lot.

    Returns
    -------
    array of int64, shape (n_scenarios, n_accounts)
        Micro-USD.

    Raises
    ------
    ParameterError
        If there is no scenario or it is of another number of months.
    """
    slots = position_lots.shape[1]
    if stress_ticks.ndim != 2 or stress_ticks.shape[0] == 0 or stress_ticks.shape[1] != slots:
        raise ParameterError(f"stress_ticks: shape {stress_ticks.shape} is not (one or more, {slots})")
    largest = int(np.abs(position_lots).sum(axis=1).max(initial=0)) * int(np.abs(stress_ticks).max())
    assert largest * tick_value_usd_micro < MONEY_BOUND_USD_MICRO, "a stressed loss is near overflow"
    gains = stress_ticks @ position_lots.T * tick_value_usd_micro
    losses: NDArray[np.int64] = np.maximum(-gains, 0)
    return losses


def sum_by_member(
    amounts_usd_micro: NDArray[np.int64], member_of: NDArray[np.int64], n_members: int
) -> NDArray[np.int64]:
    """Return the sums over each member's accounts of an array whose last axis is accounts."""
    belongs = (member_of[:, np.newaxis] == np.arange(n_members)).astype(np.int64)
    sums: NDArray[np.int64] = amounts_usd_micro @ belongs
    return sums


def cover_two(excess_usd_micro: NDArray[np.int64]) -> CoverTwo:
    """Return the sum of the two largest losses over margin in the worst scenario.

    Parameters
    ----------
    excess_usd_micro : array of int64, shape (n_scenarios, n_members)
        Stressed loss of each member's accounts over their initial margin; one account's gain covers no
        other's loss.
    """
    # A stable sort of the negatives: the larger first, ties to the lower number.
    order = np.argsort(-excess_usd_micro, axis=1, kind="stable")[:, :2]
    losses = np.take_along_axis(excess_usd_micro, order, axis=1)
    scenario = int(np.argmax(losses.sum(axis=1)))
    members = tuple(
        member
        for member, loss in zip(order[scenario].tolist(), losses[scenario].tolist(), strict=True)
        if loss > 0
    )
    return CoverTwo(int(losses[scenario].sum()), scenario, members)


def share_contributions(
    total_usd_micro: int,
    member_margin_usd_micro: NDArray[np.int64],
    surviving: NDArray[np.bool_],
    *,
    floor_usd_micro: int,
) -> NDArray[np.int64]:
    """Return each surviving member's contribution: pro rata to initial margin, and at least the floor.

    They sum to at least the total. Without any margin the total is shared equally.
    """
    weights = np.where(surviving, member_margin_usd_micro, 0)
    if not weights.any():
        weights = surviving.astype(np.int64)
    if not surviving.any():
        return np.zeros_like(member_margin_usd_micro)
    shares = allocate_largest_remainder(total_usd_micro, weights)
    return np.where(surviving, np.maximum(shares, floor_usd_micro), 0)


class GuarantyFund:
    """Sizes and fills the guaranty fund, and knows what members may still be assessed for.

    Contributions are deposits of the members' owners, so they come from and go to the outside world; only a
    loss, such as an assessment, is borne by a member's capital.

    Parameters
    ----------
    books : Books
        Balances, positions and who performs.
    requirements : Requirements
        Margin below which a stressed loss is covered.
    rules : ClearingRules
        Floor, assessments and replenishment.
    contribution_usd_micro : array of int64, shape (n_members,)
        Asked of each member until the first sizing.

    Attributes
    ----------
    required_usd_micro : array of int64, shape (n_members,)
        Contribution asked of each member, as last sized.
    assessed_usd_micro : array of int64, shape (n_members,)
        Assessments paid since the last replenishment.
    used_round : int or None
        Round in which the fund was first used since it was last full.
    """

    def __init__(
        self,
        books: Books,
        requirements: Requirements,
        rules: ClearingRules,
        contribution_usd_micro: NDArray[np.int64],
    ) -> None:
        self._books, self._requirements, self._rules = books, requirements, rules
        self.required_usd_micro = contribution_usd_micro.astype(np.int64)
        self.assessed_usd_micro = np.zeros(len(contribution_usd_micro), dtype=np.int64)
        self.used_round: int | None = None

    @property
    def held_usd_micro(self) -> NDArray[np.int64]:
        """What is left of each member's contribution, shape (n_members,)."""
        ledger = self._books.ledger
        return ledger.balance_usd_micro[ledger.chart.member_fund]

    def size(self, stress_ticks: NDArray[np.int64], *, now_round: int) -> FundSizing:
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
        register, positions = self._books.register, self._books.positions
        chart = self._books.ledger.chart
        performing, surviving = register.performing(), register.surviving()
        margin = np.where(performing, self._requirements.initial(), 0)
        losses = stressed_losses(positions.lots, stress_ticks, positions.tick_value_usd_micro)
        excess = np.where(performing, np.maximum(losses - margin, 0), 0)
        by_member = np.where(surviving, sum_by_member(excess, register.member_of, chart.n_members), 0)
        worst = cover_two(by_member)
        required = share_contributions(
            worst.loss_usd_micro,
            sum_by_member(margin, register.member_of, chart.n_members),
            surviving,
            floor_usd_micro=self._rules.fund_floor_usd_micro,
        )
        self.required_usd_micro[:] = required
        returned = np.where(surviving, np.maximum(self.held_usd_micro - required, 0), 0)
        members, outside = chart.rows(chart.member_fund), chart.external
        self._post(PostingKind.FUND_RETURN, members, outside, returned, now_round)
        paid_in = self._fill(now_round)
        fund = int(self.held_usd_micro[surviving].sum())
        assert fund >= worst.loss_usd_micro or not surviving.any(), "the fund is below Cover-2 at its sizing"
        return FundSizing(
            round=now_round,
            cover_two=worst,
            required_usd_micro=tuple(required.tolist()),
            paid_in_usd_micro=tuple(paid_in.tolist()),
            returned_usd_micro=tuple(returned.tolist()),
        )

    def replenish(self, *, now_round: int) -> NDArray[np.int64]:
        """Fill the fund and the house's own capital again where that is due.

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
        wait, used = self._rules.replenish_rounds, self.used_round
        if wait == 0 or used is None or now_round < used + wait or self._books.register.closing.any():
            return np.zeros_like(self.required_usd_micro)
        paid_in = self._fill(now_round)
        ledger, own = self._books.ledger, self._books.ledger.chart.skin_in_the_game
        missing = max(0, self._rules.skin_in_the_game_usd_micro - ledger.skin_in_the_game_usd_micro)
        self._post(PostingKind.HOUSE_CAPITAL, ledger.chart.external, own, missing, now_round)
        self.used_round = None
        return paid_in

    def _fill(self, now_round: int) -> NDArray[np.int64]:
        """Bring survivors' contributions up to what is required, and count assessments afresh."""
        chart = self._books.ledger.chart
        short = np.maximum(self.required_usd_micro - self.held_usd_micro, 0)
        paid_in = np.where(self._books.register.member_in_default, 0, short)
        members, outside = chart.rows(chart.member_fund), chart.external
        self._post(PostingKind.FUND_CONTRIBUTION, outside, members, paid_in, now_round)
        self.assessed_usd_micro[:] = 0
        return paid_in

    def note_use(self, *, now_round: int) -> None:
        """Take down that a loss went beyond a member's own capital; the wait for the refill begins once."""
        if self.used_round is None:
            self.used_round = now_round

    def note_assessments(self, paid_usd_micro: NDArray[np.int64]) -> None:
        """Count what members paid in assessments against their caps."""
        self.assessed_usd_micro += paid_usd_micro

    def assessment_caps(self, called: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return what each member marked True may still be called for, zero for others; (n_members,)."""
        # Contributions are below 2**62 / 10**4 by far: their product with a few 10,000 bps stays in an int64.
        caps = self.required_usd_micro * self._rules.assessment_bps // BPS - self.assessed_usd_micro
        return np.where(called, np.maximum(caps, 0), 0)

    def _post(
        self,
        kind: PostingKind,
        debit: NDArray[np.int64] | int,
        credit: NDArray[np.int64] | int,
        amount: NDArray[np.int64] | int,
        now_round: int,
    ) -> None:
        ledger = self._books.ledger
        ledger.post(kind, debit=debit, credit=credit, amount_usd_micro=amount, now_round=now_round)
