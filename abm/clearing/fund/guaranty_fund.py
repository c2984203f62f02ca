"""Size of the guaranty fund: Cover-2 under stress scenarios, and how members share it.

Source: CPMI-IOSCO, Principles for financial market infrastructures (2012), principle 4, key consideration 4:
the default of the two participants with the largest aggregate exposure in extreme but plausible conditions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.clearing.books.ledger import MONEY_BOUND_USD_MICRO
from abm.core.errors import ParameterError
from abm.core.money import allocate_largest_remainder


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
