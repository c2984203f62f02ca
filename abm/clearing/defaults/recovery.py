"""What is left when the guaranty fund is used up: assessments, the cut of gains, and tearing up contracts.

Gains are those of variation margin since the last time that no account owed the house anything. Until
then the house was matched; what accounts have gained since includes what a defaulter lost and could not pay.
A variation haircut takes them back by one ratio, tear-up takes back the rest, first from the accounts whose
contracts are torn up. No deposit of anybody is touched: an account never gives up more than it gained, and is
never taken below zero. Source: ISDA, CCP loss allocation at the end of the waterfall (2013).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.clearing.books.positions import PositionState, transfer_lots
from abm.core.money import allocate_largest_remainder
from abm.core.orders import NO_PRICE

_BPS = 10_000


class RecoveryState(NamedTuple):
    """What may still be called or cut, arrays of int64."""

    gains_usd_micro: NDArray[np.int64]
    """Net variation of each account since nobody owed the house, shape (n_accounts,)."""
    cut_usd_micro: NDArray[np.int64]
    """What of it was cut since, shape (n_accounts,)."""
    required_fund_usd_micro: NDArray[np.int64]
    """Contribution asked of each member, as last sized; shape (n_members,)."""
    assessed_usd_micro: NDArray[np.int64]
    """Assessments paid since the last replenishment, shape (n_members,)."""


class Assessments(NamedTuple):
    """Who paid an assessment, and who could not."""

    paid_usd_micro: NDArray[np.int64]
    """Shape (n_members,)."""
    failed: NDArray[np.bool_]
    """Members that were called for more than their capital, shape (n_members,)."""


def no_recovery(fund_contribution_usd_micro: NDArray[np.int64], n_accounts: int) -> RecoveryState:
    """Return the state before any loss."""
    return RecoveryState(
        gains_usd_micro=np.zeros(n_accounts, dtype=np.int64),
        cut_usd_micro=np.zeros(n_accounts, dtype=np.int64),
        required_fund_usd_micro=fund_contribution_usd_micro.astype(np.int64),
        assessed_usd_micro=np.zeros(len(fund_contribution_usd_micro), dtype=np.int64),
    )


def forget_gains_if_matched(state: RecoveryState, collateral_usd_micro: NDArray[np.int64]) -> None:
    """Let all gains so far be final where no account owes the house anything."""
    if (collateral_usd_micro >= 0).all():
        state.gains_usd_micro[:] = 0
        state.cut_usd_micro[:] = 0


def assessment_caps(
    state: RecoveryState, surviving: NDArray[np.bool_], assessment_bps: int
) -> NDArray[np.int64]:
    """Return what each surviving member may still be called for, shape (n_members,)."""
    # Contributions are below 2**62 / 10**4 by far: their product with a few 10,000 bps stays in an int64.
    caps = state.required_fund_usd_micro * assessment_bps // _BPS - state.assessed_usd_micro
    return np.where(surviving, np.maximum(caps, 0), 0)


def share_assessments(
    amount_usd_micro: int, caps_usd_micro: NDArray[np.int64], capital_usd_micro: NDArray[np.int64]
) -> Assessments:
    """Call the surviving members for an amount pro rata to their caps, and the others for what one lacks.

    A member that is called for more than its capital pays all of it and fails; its unpaid part is called
    from those left, up to their caps, which may fail the next.

    Parameters
    ----------
    amount_usd_micro : int
        What is called for; what is beyond all caps, or beyond what members have, stays unpaid.
    caps_usd_micro, capital_usd_micro : array of int64, shape (n_members,)
        Limit of each member, zero for one that is not called, and what it has.
    """
    paid = np.zeros_like(caps_usd_micro)
    failed = np.zeros(len(paid), dtype=np.bool_)
    left = amount_usd_micro
    while left > 0:
        room = np.where(failed, 0, caps_usd_micro - paid)
        called = allocate_largest_remainder(min(left, int(room.sum())), room)
        if not called.any():
            break
        failing = paid + called > capital_usd_micro
        now = np.minimum(called, capital_usd_micro - paid)
        paid += now
        failed |= failing
        left -= int(now.sum())
    assert (paid <= caps_usd_micro).all(), "a survivor pays more than its cap"
    assert (paid <= capital_usd_micro).all(), "a survivor pays more than it has"
    return Assessments(paid, failed)


def gains_to_cut(
    state: RecoveryState, collateral_usd_micro: NDArray[np.int64], largest_share_bps: int
) -> NDArray[np.int64]:
    """Return what may be cut from each account's gains, shape (n_accounts,): never more than it holds."""
    whole, rest = np.divmod(np.maximum(state.gains_usd_micro, 0), _BPS)
    allowed = whole * largest_share_bps + rest * largest_share_bps // _BPS - state.cut_usd_micro
    within: NDArray[np.int64] = np.maximum(np.minimum(allowed, collateral_usd_micro), 0)
    return within


def cut_gains(
    state: RecoveryState, amount_usd_micro: int, allowed_usd_micro: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Cut gains by one ratio of what each account may lose and return the cuts, shape (n_accounts,)."""
    cuts = allocate_largest_remainder(amount_usd_micro, allowed_usd_micro)
    assert (cuts <= allowed_usd_micro).all(), "more than a gain is cut"
    state.cut_usd_micro[:] += cuts
    cut_now = cuts > 0
    assert (state.cut_usd_micro[cut_now] <= state.gains_usd_micro[cut_now]).all(), "a cut exceeds the gain"
    return cuts


def tear_up_position(
    positions: PositionState, account: int, mark_ticks: NDArray[np.int64]
) -> list[tuple[int, int, int]]:
    """Close all of an account's positions against opposite ones at the mark.

    The accounts on the other side give up lots pro rata to what they hold, by largest remainder. Nobody
    gains or loses by it, as all lots are closed at the mark.

    Returns
    -------
    list of (counterparty, slot, lots)
        Lots taken over from the account, with the sign of its position.
    """
    moved: list[tuple[int, int, int]] = []
    for slot in np.flatnonzero(positions.position_lots[account]).tolist():
        held = int(positions.position_lots[account, slot])
        mark = int(mark_ticks[slot])
        assert mark != NO_PRICE, "an open position has no mark price"
        against = np.maximum(-positions.position_lots[:, slot] * (1 if held > 0 else -1), 0)
        lots_of = allocate_largest_remainder(abs(held), against)
        assert (lots_of <= against).all(), "a counterparty loses more lots than it has"
        for counterparty in np.flatnonzero(lots_of).tolist():
            lots = int(lots_of[counterparty]) * (1 if held > 0 else -1)
            gained = transfer_lots(
                positions,
                giver=account,
                taker=counterparty,
                slot=slot,
                lots=lots,
                price_ticks=mark,
                mark_ticks=mark,
                tick_value_usd_micro=1,
            )
            assert gained == 0, "somebody gains by a tear-up at the mark"
            moved.append((counterparty, slot, lots))
    assert not positions.position_lots[account].any(), "a torn-up account keeps a position"
    return moved
