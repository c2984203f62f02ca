"""The default waterfall: who bears a close-out loss.

Beyond the guaranty fund come assessments, the cut of gains, and tearing up contracts. Source: ISDA, CCP loss
allocation at the end of the waterfall (2013).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.clearing.books.books import Books
from abm.clearing.books.ledger import PostingKind
from abm.clearing.defaults.assessments import share_assessments
from abm.clearing.fund.guaranty_fund import GuarantyFund
from abm.clearing.terms import ClearingRules
from abm.core.money import BPS, allocate_largest_remainder

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
    haircut: NDArray[np.int64]
    torn: NDArray[np.int64]
    """Gains given up in haircut and tear-up, shape (n_accounts,)."""
    haircut_share: float


class Waterfall:
    """Covers the loss of an account in default, layer by layer.

    Parameters
    ----------
    books : Books
        Balances, and gains that may be cut.
    fund : GuarantyFund
        What members may be assessed for.
    rules : ClearingRules
        Layers beyond the fund.

    Attributes
    ----------
    deficit_covered_usd_micro : array of int64, shape (n_accounts,)
        Loss in default of each account that the waterfall, and so others, bore since the start.
    """

    def __init__(self, books: Books, fund: GuarantyFund, rules: ClearingRules) -> None:
        self._books, self._fund, self._rules = books, fund, rules
        self.deficit_covered_usd_micro = np.zeros(books.ledger.chart.n_accounts, dtype=np.int64)

    def resources_for(self, account: int) -> Resources:
        """Return what stands against a loss of an account now."""
        register, ledger = self._books.register, self._books.ledger
        fund = ledger.balance_usd_micro[ledger.chart.member_fund]
        member, surviving = int(register.member_of[account]), register.surviving()
        surviving[member] = False
        return Resources(
            member_capital_usd_micro=int(ledger.member_capital_usd_micro[member]),
            member_fund_usd_micro=int(fund[member]),
            skin_in_the_game_usd_micro=ledger.skin_in_the_game_usd_micro,
            survivor_funds_usd_micro=np.where(surviving, fund, 0),
            assessment_caps_usd_micro=self._fund.assessment_caps(surviving),
            survivor_capital_usd_micro=np.where(surviving, ledger.member_capital_usd_micro, 0),
            gains_usd_micro=self._gains_of_others(account, self._rules.variation_haircut_bps),
        )

    def _gains_of_others(self, account: int, largest_share_bps: int) -> NDArray[np.int64]:
        gains = self._books.variation.gains_to_cut(largest_share_bps)
        gains[account] = 0
        return gains

    def cover(self, account: int, torn_from: NDArray[np.bool_], *, now_round: int) -> Cover:
        """Bring a flat defaulter's negative balance to zero out of the layers.

        Parameters
        ----------
        account : int
            The defaulter.
        torn_from : array of bool, shape (n_accounts,)
            Accounts whose contracts were torn up for it: they give up gains before others do.
        now_round : int
            Absolute round.
        """
        variation, balance = self._books.variation, self._books.ledger.collateral_usd_micro
        held = self.resources_for(account)
        all_gains = self._gains_of_others(account, BPS if self._rules.tear_up else 0)
        layers = allocate_loss(
            max(0, -int(balance[account])),
            member_capital=held.member_capital_usd_micro,
            member_fund=held.member_fund_usd_micro,
            skin_in_the_game=held.skin_in_the_game_usd_micro,
            survivors_fund=int(held.survivor_funds_usd_micro.sum()),
            assessments=held.assessments_usd_micro,
            variation_haircut=int(held.gains_usd_micro.sum()),
            tear_up=max(0, int((all_gains - held.gains_usd_micro).sum())) if self._rules.tear_up else 0,
        )
        survivors_paid = allocate_largest_remainder(
            layers.survivors_fund_usd_micro, held.survivor_funds_usd_micro
        )
        # Called for is all that is left, so a member that cannot pay its cap fails even if others cannot.
        called_for = sum(layers[4:])
        assessed = share_assessments(
            called_for, held.assessment_caps_usd_micro, held.survivor_capital_usd_micro
        )
        raised = int(assessed.paid_usd_micro.sum())
        assert raised == layers.assessments_usd_micro, "an assessment is not what it bears"
        self._fund.note_assessments(assessed.paid_usd_micro)
        haircut = variation.cut_gains(layers.variation_haircut_usd_micro, held.gains_usd_micro)
        left_to_gainers = np.maximum(all_gains - haircut, 0)
        from_torn = min(layers.tear_up_usd_micro, int(left_to_gainers[torn_from].sum()))
        torn = variation.cut_gains(from_torn, np.where(torn_from, left_to_gainers, 0))
        torn += variation.cut_gains(
            layers.tear_up_usd_micro - from_torn, np.where(torn_from, 0, left_to_gainers)
        )
        gains = int(held.gains_usd_micro.sum())
        share = layers.variation_haircut_usd_micro / gains if gains else 0.0
        cover = Cover(layers, survivors_paid, assessed.paid_usd_micro, assessed.failed, haircut, torn, share)
        self._post(account, cover, now_round)
        if sum(layers) > layers.member_capital_usd_micro:
            self._fund.note_use(now_round=now_round)
        self.deficit_covered_usd_micro[account] += sum(layers)
        return cover

    def _post(self, account: int, cover: Cover, now_round: int) -> None:
        """Move what each layer bears into the balance of the defaulter."""
        ledger, chart, layers = self._books.ledger, self._books.ledger.chart, cover.layers
        member, capital = int(self._books.register.member_of[account]), chart.rows(chart.member_capital)
        fund, collateral = chart.rows(chart.member_fund), chart.rows(chart.collateral)
        for kind, source, amount in (
            (PostingKind.MEMBER_CAPITAL, capital[member], layers.member_capital_usd_micro),
            (PostingKind.MEMBER_FUND, fund[member], layers.member_fund_usd_micro),
            (PostingKind.SKIN_IN_THE_GAME, chart.skin_in_the_game, layers.skin_in_the_game_usd_micro),
            (PostingKind.SURVIVORS_FUND, fund, cover.survivors_paid),
            (PostingKind.ASSESSMENT, capital, cover.assessed),
            (PostingKind.VARIATION_HAIRCUT, collateral, cover.haircut),
            (PostingKind.TEAR_UP, collateral, cover.torn),
            (PostingKind.UNCOVERED_LOSS, chart.uncovered_loss, layers.uncovered_usd_micro),
        ):
            target = collateral[account]
            ledger.post(kind, debit=source, credit=target, amount_usd_micro=amount, now_round=now_round)
