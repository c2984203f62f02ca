"""Who bears a close-out loss, and what becomes of the clients of a member that fails over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.clearing.close_out import DefaultState, declare_default
from abm.clearing.ledger import Ledger, PostingKind
from abm.core.money import allocate_largest_remainder

NO_MEMBER = -1
"""Stands for a member where there is none: nothing was ported, or no member survives."""


class LossLayers(NamedTuple):
    """Who bore a close-out loss, in order of use; micro-USD. The fields sum to the loss."""

    member_capital_usd_micro: int
    member_fund_usd_micro: int
    skin_in_the_game_usd_micro: int
    survivors_fund_usd_micro: int
    uncovered_usd_micro: int


@dataclass(frozen=True, slots=True)
class WaterfallResult:
    """End of one close-out: the account is flat and its balance is zero.

    ``loss_usd_micro`` is what the account's margin did not cover, ``surplus_usd_micro`` what was left of it
    and went back to the estate's bank cash; at most one of the two is positive. ``survivors_paid_usd_micro``
    splits the survivors' layer by member.
    """

    round: int
    account: int
    member: int
    loss_usd_micro: int
    surplus_usd_micro: int
    layers: LossLayers
    survivors_paid_usd_micro: tuple[int, ...]
    member_default: bool
    """The loss exhausted the member's capital: the member itself defaults with this result."""
    ported_to: int
    """Member that took over the failed member's clients, ``NO_MEMBER`` without member default or survivor."""
    ported_accounts: tuple[int, ...]
    own_accounts_in_default: tuple[int, ...]
    """The failed member's own accounts, which default with it: their orders must be cancelled."""

    @property
    def no_member_survives(self) -> bool:
        """Say whether the last clearing member failed here, so that nobody could take its clients."""
        return self.member_default and self.ported_to == NO_MEMBER


def allocate_loss(
    loss_usd_micro: int, *, member_capital: int, member_fund: int, skin_in_the_game: int, survivors_fund: int
) -> LossLayers:
    """Take a loss from each layer in turn: the next is touched only when the one before is empty.

    Parameters
    ----------
    loss_usd_micro : int
        Loss beyond the defaulter's own margin, not negative.
    member_capital, member_fund, skin_in_the_game, survivors_fund : int
        What each layer holds, micro-USD, not negative.

    Returns
    -------
    LossLayers
        What each layer bears; what none holds is ``uncovered_usd_micro``.

    Notes
    -----
    The order of the default waterfall of EMIR, Article 45, below the defaulter's margin; the member's
    capital stands before it because a clearing member guarantees its clients.
    """
    left = loss_usd_micro
    borne: list[int] = []
    for held in (member_capital, member_fund, skin_in_the_game, survivors_fund):
        assert held >= 0, "a layer of the waterfall is overdrawn"
        borne.append(min(left, held))
        left -= borne[-1]
        assert left == 0 or borne[-1] == held, "a layer was passed before it was empty"
    layers = LossLayers._make([*borne, left])
    assert sum(layers) == loss_usd_micro, "the layers do not sum to the loss"
    return layers


def cover_loss(
    ledger: Ledger, state: DefaultState, account: int, member: int, *, now_round: int
) -> tuple[LossLayers, NDArray[np.int64]]:
    """Bring a flat defaulter's negative balance to zero out of the waterfall.

    Returns
    -------
    layers : LossLayers
        What each layer bore; all zero when the balance is not negative.
    survivors_paid : array of int64, shape (n_members,)
        The survivors' layer by member, pro rata to their fund balances.
    """
    chart, balance = ledger.chart, ledger.balance_usd_micro
    collateral = chart.collateral.start + account
    capital_row = chart.member_capital.start + member
    fund_row = chart.member_fund.start + member
    surviving = ~state.member_in_default
    surviving[member] = False
    survivor_funds = np.where(surviving, balance[chart.member_fund], 0)
    layers = allocate_loss(
        max(0, -int(balance[collateral])),
        member_capital=int(balance[capital_row]),
        member_fund=int(balance[fund_row]),
        skin_in_the_game=int(balance[chart.skin_in_the_game]),
        survivors_fund=int(survivor_funds.sum()),
    )
    survivors_paid = allocate_largest_remainder(layers.survivors_fund_usd_micro, survivor_funds)
    for kind, source, amount in (
        (PostingKind.MEMBER_CAPITAL, capital_row, layers.member_capital_usd_micro),
        (PostingKind.MEMBER_FUND, fund_row, layers.member_fund_usd_micro),
        (PostingKind.SKIN_IN_THE_GAME, chart.skin_in_the_game, layers.skin_in_the_game_usd_micro),
        (PostingKind.SURVIVORS_FUND, chart.rows(chart.member_fund), survivors_paid),
        (PostingKind.UNCOVERED_LOSS, chart.uncovered_loss, layers.uncovered_usd_micro),
    ):
        ledger.post(kind, debit=source, credit=collateral, amount_usd_micro=amount, now_round=now_round)
    return layers, survivors_paid


def strongest_survivor(state: DefaultState, capital_usd_micro: NDArray[np.int64]) -> int:
    """Return the surviving member with the largest capital, ties to the lower number, or ``NO_MEMBER``."""
    surviving = np.flatnonzero(~state.member_in_default)
    if len(surviving) == 0:
        return NO_MEMBER
    return int(surviving[np.argmax(capital_usd_micro[surviving])])


def finish_close_out(
    ledger: Ledger,
    state: DefaultState,
    member_of: NDArray[np.int64],
    is_client: NDArray[np.bool_],
    position_lots: NDArray[np.int64],
    account: int,
    *,
    now_round: int,
) -> WaterfallResult:
    """Settle the balance of a flat defaulter, and the failure of its member where the loss causes one.

    A member fails when a loss exceeds its capital. Its other clients move to the strongest survivor; its own
    accounts default with it; clients already in default stay its own.
    """
    chart, balance = ledger.chart, ledger.balance_usd_micro
    collateral, member = chart.collateral.start + account, int(member_of[account])
    surplus = max(0, int(balance[collateral]))
    layers, survivors_paid = cover_loss(ledger, state, account, member, now_round=now_round)
    ledger.post(
        PostingKind.ESTATE_RETURN,
        debit=collateral,
        credit=chart.bank.start + account,
        amount_usd_micro=surplus,
        now_round=now_round,
    )
    assert balance[collateral] == 0, "a closed-out account keeps a balance"
    state.closing[account] = False
    beyond_capital = sum(layers) > layers.member_capital_usd_micro
    member_fails = beyond_capital and not state.member_in_default[member]
    ported_to, own, ported = NO_MEMBER, np.zeros(0, np.int64), np.zeros(0, np.int64)
    if member_fails:
        state.member_in_default[member] = True
        alive = (member_of == member) & ~state.in_default
        own = np.flatnonzero(alive & ~is_client)
        declare_default(state, own, position_lots)
        ported_to = strongest_survivor(state, balance[chart.member_capital])
        if ported_to != NO_MEMBER:
            ported = np.flatnonzero(alive & is_client)
            member_of[ported] = ported_to
    return WaterfallResult(
        round=now_round,
        account=account,
        member=member,
        loss_usd_micro=sum(layers),
        surplus_usd_micro=surplus,
        layers=layers,
        survivors_paid_usd_micro=tuple(survivors_paid.tolist()),
        member_default=member_fails,
        ported_to=ported_to,
        ported_accounts=tuple(ported.tolist()),
        own_accounts_in_default=tuple(own.tolist()),
    )
