"""Who bears a close-out loss, and what becomes of the clients of a member that fails over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.clearing.books.ledger import Ledger, PostingKind
from abm.clearing.books.positions import PositionState
from abm.clearing.defaults.close_out import DefaultState, declare_default
from abm.clearing.defaults.recovery import (
    RecoveryState,
    assessment_caps,
    cut_gains,
    gains_to_cut,
    share_assessments,
)
from abm.clearing.terms import ClearingRules
from abm.core.money import allocate_largest_remainder

NO_MEMBER = -1
"""Stands for a member where there is none: nothing was ported, or no member survives."""


class LossLayers(NamedTuple):
    """Who bore a close-out loss, in order of use; micro-USD. The fields sum to the loss."""

    member_capital_usd_micro: int
    member_fund_usd_micro: int
    skin_in_the_game_usd_micro: int
    survivors_fund_usd_micro: int
    assessments_usd_micro: int
    variation_haircut_usd_micro: int
    tear_up_usd_micro: int
    uncovered_usd_micro: int


@dataclass(frozen=True, slots=True)
class MemberDefault:
    """A clearing member failed; its clients are taken over, its own accounts default with it."""

    member: int
    cause: Literal["client", "assessment"]
    """A loss at one of its accounts beyond its capital, or an assessment beyond it."""
    ported_to: int
    """Member that took over its clients, ``NO_MEMBER`` when none survives."""
    ported_accounts: tuple[int, ...]
    own_accounts_in_default: tuple[int, ...]
    """Its own accounts: their orders must be cancelled."""


@dataclass(frozen=True, slots=True)
class WaterfallResult:
    """End of one close-out: the account is flat and its balance is zero.

    ``loss_usd_micro`` is what the account's margin did not cover, ``surplus_usd_micro`` what was left of it
    and went back to the estate's bank cash; at most one of the two is positive. ``survivors_paid_usd_micro``
    and ``assessments_paid_usd_micro`` split these layers by member, ``gains_cut_usd_micro`` holds what each
    account gave up in haircut and tear-up together, as pairs of account and amount.
    """

    round: int
    account: int
    member: int
    loss_usd_micro: int
    surplus_usd_micro: int
    layers: LossLayers
    survivors_paid_usd_micro: tuple[int, ...]
    assessments_paid_usd_micro: tuple[int, ...]
    gains_cut_usd_micro: tuple[tuple[int, int], ...]
    haircut_share: float
    """Cut over the gains that could be cut: one ratio for all; 0 without a haircut."""
    auction_winner: int
    """Account that took the positions over in an auction, or ``NO_ACCOUNT``."""
    torn_up_lots: int
    member_defaults: tuple[MemberDefault, ...]
    """Members that fail with this result: the account's own first, then those over their assessment."""

    @property
    def member_default(self) -> bool:
        """Whether the loss exhausted the capital of the account's member: it defaults with this result."""
        return any(failed.member == self.member for failed in self.member_defaults)

    @property
    def ported_to(self) -> int:
        """Member that took over the clients of the failed ones; ``NO_MEMBER`` without one."""
        return self.member_defaults[0].ported_to if self.member_defaults else NO_MEMBER

    @property
    def ported_accounts(self) -> tuple[int, ...]:
        """Clients of all members that failed here."""
        return tuple(account for failed in self.member_defaults for account in failed.ported_accounts)

    @property
    def own_accounts_in_default(self) -> tuple[int, ...]:
        """Own accounts of all members that failed here: their orders must be cancelled."""
        return tuple(account for failed in self.member_defaults for account in failed.own_accounts_in_default)

    @property
    def no_member_survives(self) -> bool:
        """Say whether the last clearing member failed here, so that nobody could take its clients."""
        return bool(self.member_defaults) and self.ported_to == NO_MEMBER


class DefaultBooks(NamedTuple):
    """Everything that the end of a close-out reads and changes."""

    ledger: Ledger
    rules: ClearingRules
    defaults: DefaultState
    recovery: RecoveryState
    positions: PositionState
    member_of: NDArray[np.int64]
    is_client: NDArray[np.bool_]


class Resources(NamedTuple):
    """What each layer of the waterfall holds against a loss of one account, by who would pay."""

    member_capital_usd_micro: int
    member_fund_usd_micro: int
    skin_in_the_game_usd_micro: int
    survivor_funds_usd_micro: NDArray[np.int64]
    """Shape (n_members,)."""
    assessment_caps_usd_micro: NDArray[np.int64]
    """Shape (n_members,)."""
    survivor_capital_usd_micro: NDArray[np.int64]
    """Shape (n_members,)."""
    gains_usd_micro: NDArray[np.int64]
    """What a haircut may cut, shape (n_accounts,)."""

    @property
    def assessments_usd_micro(self) -> int:
        """What assessments can raise: of each member its cap or, if that is less, its capital."""
        return int(np.minimum(self.assessment_caps_usd_micro, self.survivor_capital_usd_micro).sum())

    @property
    def before_tear_up_usd_micro(self) -> int:
        """All layers but the last."""
        return int(
            self.member_capital_usd_micro
            + self.member_fund_usd_micro
            + self.skin_in_the_game_usd_micro
            + self.survivor_funds_usd_micro.sum()
            + self.assessments_usd_micro
            + self.gains_usd_micro.sum()
        )


def resources_for(books: DefaultBooks, account: int) -> Resources:
    """Return what stands against a loss of an account now."""
    chart, balance = books.ledger.chart, books.ledger.balance_usd_micro
    member = int(books.member_of[account])
    surviving = ~books.defaults.member_in_default
    surviving[member] = False
    return Resources(
        member_capital_usd_micro=int(balance[chart.member_capital][member]),
        member_fund_usd_micro=int(balance[chart.member_fund][member]),
        skin_in_the_game_usd_micro=int(balance[chart.skin_in_the_game]),
        survivor_funds_usd_micro=np.where(surviving, balance[chart.member_fund], 0),
        assessment_caps_usd_micro=assessment_caps(books.recovery, surviving, books.rules.assessment_bps),
        survivor_capital_usd_micro=np.where(surviving, balance[chart.member_capital], 0),
        gains_usd_micro=_gains_of_others(books, account, books.rules.variation_haircut_bps),
    )


def _gains_of_others(books: DefaultBooks, account: int, largest_share_bps: int) -> NDArray[np.int64]:
    collateral = books.ledger.balance_usd_micro[books.ledger.chart.collateral]
    gains = gains_to_cut(books.recovery, collateral, largest_share_bps)
    gains[account] = 0
    return gains


def allocate_loss(
    loss_usd_micro: int,
    *,
    member_capital: int,
    member_fund: int,
    skin_in_the_game: int,
    survivors_fund: int,
    assessments: int = 0,
    variation_haircut: int = 0,
    tear_up: int = 0,
) -> LossLayers:
    """Take a loss from each layer in turn: the next is touched only when the one before is empty.

    Parameters
    ----------
    loss_usd_micro : int
        Loss beyond the defaulter's own margin, not negative.
    member_capital, member_fund, skin_in_the_game, survivors_fund : int
        What each layer holds, micro-USD, not negative.
    assessments, variation_haircut, tear_up : int
        What each layer holds, micro-USD, not negative.

    Returns
    -------
    LossLayers
        What each layer bears; what none holds is ``uncovered_usd_micro``.

    Notes
    -----
    The order of the default waterfall of EMIR, Article 45, below the defaulter's margin; the member's
    capital stands before it because a clearing member guarantees its clients. From assessments on, the order
    of ISDA's paper on loss allocation (2013).
    """
    left = loss_usd_micro
    borne: list[int] = []
    for held in (
        member_capital,
        member_fund,
        skin_in_the_game,
        survivors_fund,
        assessments,
        variation_haircut,
        tear_up,
    ):
        assert held >= 0, "a layer of the waterfall is overdrawn"
        borne.append(min(left, held))
        left -= borne[-1]
        assert left == 0 or borne[-1] == held, "a layer was passed before it was empty"
    layers = LossLayers._make([*borne, left])
    assert sum(layers) == loss_usd_micro, "the layers do not sum to the loss"
    return layers


class Cover(NamedTuple):
    """How a loss was covered."""

    layers: LossLayers
    survivors_paid: NDArray[np.int64]
    assessed: NDArray[np.int64]
    failed: NDArray[np.bool_]
    """Members that could not pay their assessment."""
    cuts: NDArray[np.int64]
    """Gains given up, shape (n_accounts,)."""
    haircut_share: float


def cover_loss(books: DefaultBooks, account: int, torn_from: NDArray[np.bool_], *, now_round: int) -> Cover:
    """Bring a flat defaulter's negative balance to zero out of the waterfall.

    Parameters
    ----------
    books : DefaultBooks
        What is read and changed.
    account : int
        The defaulter.
    torn_from : array of bool, shape (n_accounts,)
        Accounts whose contracts were torn up for it: they give up gains before others do.
    now_round : int
        Absolute round.
    """
    ledger, recovery = books.ledger, books.recovery
    chart, balance = ledger.chart, ledger.balance_usd_micro
    collateral, member = chart.collateral.start + account, int(books.member_of[account])
    held = resources_for(books, account)
    all_gains = _gains_of_others(books, account, 10_000 if books.rules.tear_up else 0)
    layers = allocate_loss(
        max(0, -int(balance[collateral])),
        member_capital=held.member_capital_usd_micro,
        member_fund=held.member_fund_usd_micro,
        skin_in_the_game=held.skin_in_the_game_usd_micro,
        survivors_fund=int(held.survivor_funds_usd_micro.sum()),
        assessments=held.assessments_usd_micro,
        variation_haircut=int(held.gains_usd_micro.sum()),
        tear_up=max(0, int((all_gains - held.gains_usd_micro).sum())) if books.rules.tear_up else 0,
    )
    survivors_paid = allocate_largest_remainder(
        layers.survivors_fund_usd_micro, held.survivor_funds_usd_micro
    )
    # Called for is all that is left, so that a member that cannot pay its cap fails even if others cannot.
    assessed = share_assessments(
        sum(layers[4:]), held.assessment_caps_usd_micro, held.survivor_capital_usd_micro
    )
    assert assessed.paid_usd_micro.sum() == layers.assessments_usd_micro, "an assessment is not what it bears"
    recovery.assessed_usd_micro[:] += assessed.paid_usd_micro
    haircut = cut_gains(recovery, layers.variation_haircut_usd_micro, held.gains_usd_micro)
    left_to_gainers = np.maximum(all_gains - haircut, 0)
    from_torn = min(layers.tear_up_usd_micro, int(left_to_gainers[torn_from].sum()))
    torn = cut_gains(recovery, from_torn, np.where(torn_from, left_to_gainers, 0))
    torn += cut_gains(recovery, layers.tear_up_usd_micro - from_torn, np.where(torn_from, 0, left_to_gainers))
    for kind, source, amount in (
        (PostingKind.MEMBER_CAPITAL, chart.member_capital.start + member, layers.member_capital_usd_micro),
        (PostingKind.MEMBER_FUND, chart.member_fund.start + member, layers.member_fund_usd_micro),
        (PostingKind.SKIN_IN_THE_GAME, chart.skin_in_the_game, layers.skin_in_the_game_usd_micro),
        (PostingKind.SURVIVORS_FUND, chart.rows(chart.member_fund), survivors_paid),
        (PostingKind.ASSESSMENT, chart.rows(chart.member_capital), assessed.paid_usd_micro),
        (PostingKind.VARIATION_HAIRCUT, chart.rows(chart.collateral), haircut),
        (PostingKind.TEAR_UP, chart.rows(chart.collateral), torn),
        (PostingKind.UNCOVERED_LOSS, chart.uncovered_loss, layers.uncovered_usd_micro),
    ):
        ledger.post(kind, debit=source, credit=collateral, amount_usd_micro=amount, now_round=now_round)
    gains = int(held.gains_usd_micro.sum())
    share = layers.variation_haircut_usd_micro / gains if gains else 0.0
    return Cover(layers, survivors_paid, assessed.paid_usd_micro, assessed.failed, haircut + torn, share)


def strongest_survivor(state: DefaultState, capital_usd_micro: NDArray[np.int64]) -> int:
    """Return the surviving member with the largest capital, ties to the lower number, or ``NO_MEMBER``."""
    surviving = np.flatnonzero(~state.member_in_default)
    if len(surviving) == 0:
        return NO_MEMBER
    return int(surviving[np.argmax(capital_usd_micro[surviving])])


def _take_over(books: DefaultBooks, member: int, cause: Literal["client", "assessment"]) -> MemberDefault:
    """Port the clients of a failed member to the strongest survivor; its own accounts default with it."""
    defaults, chart = books.defaults, books.ledger.chart
    alive = (books.member_of == member) & ~defaults.in_default
    own = np.flatnonzero(alive & ~books.is_client)
    auction = books.rules.close_out_method == "auction"
    declare_default(defaults, own, books.positions.position_lots, auction=auction)
    ported_to = strongest_survivor(defaults, books.ledger.balance_usd_micro[chart.member_capital])
    ported = np.flatnonzero(alive & books.is_client) if ported_to != NO_MEMBER else np.zeros(0, np.int64)
    books.member_of[ported] = ported_to
    return MemberDefault(member, cause, ported_to, tuple(ported.tolist()), tuple(own.tolist()))


def finish_close_out(
    books: DefaultBooks, account: int, torn_from: NDArray[np.bool_], *, now_round: int
) -> WaterfallResult:
    """Settle the balance of a flat defaulter, and the failure of members where the loss causes one.

    A member fails when a loss exceeds its capital, or an assessment does. Its other clients move to the
    strongest survivor; its own accounts default with it; clients already in default stay its own.
    """
    ledger, defaults = books.ledger, books.defaults
    chart, balance = ledger.chart, ledger.balance_usd_micro
    collateral, member = chart.collateral.start + account, int(books.member_of[account])
    surplus = max(0, int(balance[collateral]))
    cover = cover_loss(books, account, torn_from, now_round=now_round)
    ledger.post(
        PostingKind.ESTATE_RETURN,
        debit=collateral,
        credit=chart.bank.start + account,
        amount_usd_micro=surplus,
        now_round=now_round,
    )
    assert balance[collateral] == 0, "a closed-out account keeps a balance"
    defaults.closing[account] = False
    failing = cover.failed.copy()
    beyond_capital = sum(cover.layers) > cover.layers.member_capital_usd_micro
    failing[member] = beyond_capital and not defaults.member_in_default[member]
    defaults.member_in_default[failing] = True
    in_order = sorted(np.flatnonzero(failing).tolist(), key=lambda failed: (failed != member, failed))
    return WaterfallResult(
        round=now_round,
        account=account,
        member=member,
        loss_usd_micro=sum(cover.layers),
        surplus_usd_micro=surplus,
        layers=cover.layers,
        survivors_paid_usd_micro=tuple(cover.survivors_paid.tolist()),
        assessments_paid_usd_micro=tuple(cover.assessed.tolist()),
        gains_cut_usd_micro=tuple(
            (loser, int(cover.cuts[loser])) for loser in np.flatnonzero(cover.cuts).tolist()
        ),
        haircut_share=cover.haircut_share,
        auction_winner=int(defaults.auction_winner[account]),
        torn_up_lots=int(defaults.torn_up_lots[account]),
        member_defaults=tuple(
            _take_over(books, failed, "client" if failed == member else "assessment") for failed in in_order
        ),
    )
