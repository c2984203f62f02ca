"""Default of an account, forced reduction before it, and the orders that close positions in the live book.

The clearing house takes over the defaulter's own account row: the positions there are sold off and variation
margin goes on against it, so that the balance left when it is flat *is* the loss or the surplus. Recourse is
limited to what the account pledged: an account defaults only after its bank cash and credit line went into
the unpaid call, so nothing else is there to be claimed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.core.orders import NO_PRICE, ORDER_DTYPE, MessageKind, Side, TimeInForce

NO_ACCOUNT = -1
"""Stands for an account where there is none: nobody won an auction, or there was none."""
NO_GRACE = -1
"""Stands for the end of the grace period of an account that is not being reduced."""


@dataclass(frozen=True, slots=True)
class DefaultEvent:
    """An account failed its margin call at the deadline."""

    round: int
    account: int
    member: int
    shortfall_usd_micro: int
    """Initial margin minus equity after the last payment."""
    deadline_round: int


@dataclass(frozen=True, slots=True)
class ReductionNotice:
    """An account missed a deadline and has its positions reduced instead of defaulting at once."""

    round: int
    account: int
    member: int
    shortfall_usd_micro: int
    grace_until_round: int
    """It defaults when it is still below maintenance in this round."""


class DefaultState(NamedTuple):
    """Who is in default, and what of it is still being closed out."""

    in_default: NDArray[np.bool_]
    """Shape (n_accounts,); stays True after the close-out."""
    closing: NDArray[np.bool_]
    """Shape (n_accounts,); True from the default to the end of the close-out."""
    awaiting_auction: NDArray[np.bool_]
    """Shape (n_accounts,); True from the default to its auction, where there is one."""
    lots_at_default: NDArray[np.int64]
    """Absolute lots held when the default was declared, shape (n_accounts, n_slots)."""
    auction_winner: NDArray[np.int64]
    """Account that took the positions over, or ``NO_ACCOUNT``; shape (n_accounts,)."""
    torn_up_lots: NDArray[np.int64]
    """Lots of the defaulter that were torn up, shape (n_accounts,)."""
    member_in_default: NDArray[np.bool_]
    """Shape (n_members,)."""


class ReductionState(NamedTuple):
    """Whose positions are being reduced before a default."""

    grace_until_round: NDArray[np.int64]
    """Round of default, or ``NO_GRACE``; shape (n_accounts,)."""
    lots_at_start: NDArray[np.int64]
    """Absolute lots held when the reduction began, shape (n_accounts, n_slots)."""

    @property
    def reducing(self) -> NDArray[np.bool_]:
        """Accounts under reduction now, shape (n_accounts,)."""
        under_grace: NDArray[np.bool_] = self.grace_until_round != NO_GRACE
        return under_grace


def no_defaults(n_accounts: int, n_slots: int, n_members: int) -> DefaultState:
    """Return the state before any default."""
    return DefaultState(
        in_default=np.zeros(n_accounts, dtype=np.bool_),
        closing=np.zeros(n_accounts, dtype=np.bool_),
        awaiting_auction=np.zeros(n_accounts, dtype=np.bool_),
        lots_at_default=np.zeros((n_accounts, n_slots), dtype=np.int64),
        auction_winner=np.full(n_accounts, NO_ACCOUNT, dtype=np.int64),
        torn_up_lots=np.zeros(n_accounts, dtype=np.int64),
        member_in_default=np.zeros(n_members, dtype=np.bool_),
    )


def no_reductions(n_accounts: int, n_slots: int) -> ReductionState:
    """Return the state before any forced reduction."""
    return ReductionState(
        np.full(n_accounts, NO_GRACE, dtype=np.int64), np.zeros((n_accounts, n_slots), dtype=np.int64)
    )


def declare_default(
    state: DefaultState, accounts: NDArray[np.int64], position_lots: NDArray[np.int64], *, auction: bool
) -> None:
    """Put accounts into default and start their close-out from the positions they hold now."""
    state.in_default[accounts] = True
    state.closing[accounts] = True
    state.awaiting_auction[accounts] = auction
    state.lots_at_default[accounts] = np.abs(position_lots[accounts])


def lots_beyond_equity(
    position_lots: NDArray[np.int64], equity_usd_micro: int, initial_usd_micro: int
) -> NDArray[np.int64]:
    """Return the signed lots by slot that must go so that what is left fits into the equity.

    Every month is cut in one proportion, rounded up to whole lots: exact for a margin that is linear in
    lots, a first step for any other.
    """
    lots = position_lots.tolist()
    if equity_usd_micro >= initial_usd_micro:
        return np.zeros_like(position_lots)
    carried = max(0, equity_usd_micro)
    kept = [abs(held) * carried // max(1, initial_usd_micro) for held in lots]
    signed = [held - (left if held > 0 else -left) for held, left in zip(lots, kept, strict=True)]
    return np.array(signed, dtype=np.int64)


def close_out_slices(
    accounts: NDArray[np.int64],
    to_close_lots: NDArray[np.int64],
    lots_at_start: NDArray[np.int64],
    *,
    best_bid_ticks: NDArray[np.int64],
    best_ask_ticks: NDArray[np.int64],
    low_ticks: NDArray[np.int64],
    high_ticks: NDArray[np.int64],
    months: NDArray[np.int64],
    first_order_id: int,
    slice_share: float,
    protection: float,
    participation: float = 0.0,
    bid_lots: NDArray[np.int64] | None = None,
    ask_lots: NDArray[np.int64] | None = None,
) -> NDArray[np.void]:
    """Return one immediate-or-cancel order per account and month with lots to close.

    A slice is a share of the position at the start, at least one lot, so a close-out that always finds a
    counterparty lasts ``1 / slice_share`` rounds; under a participation limit it is no more than that share
    of what is shown at the best opposite price. Its limit is that price, worsened by the protection (at least
    one tick) and kept inside the day's limits. A month without an opposite price waits.

    Parameters
    ----------
    accounts : array of int64, shape (k,)
        Whose positions are closed.
    to_close_lots, lots_at_start : array of int64, shape (k, n_slots)
        What is left to close, with the sign of the position, and the absolute lots that slices are
        shares of.
    """
    opposite = np.where(to_close_lots > 0, best_bid_ticks, best_ask_ticks)
    rows, slots = np.nonzero((to_close_lots != 0) & (opposite != NO_PRICE))
    orders = np.zeros(len(rows), dtype=ORDER_DTYPE)
    for at, (row, slot) in enumerate(zip(rows.tolist(), slots.tolist(), strict=True)):
        lots, best = int(to_close_lots[row, slot]), int(opposite[row, slot])
        side = Side.SELL if lots > 0 else Side.BUY
        worst = best + int(side) * max(1, math.ceil(protection * abs(best)))
        # The tiny slack keeps 0.07 x 100 lots, a float just above 7, from being rounded up to 8.
        slice_lots = max(1, math.ceil(slice_share * int(lots_at_start[row, slot]) - 1e-9))
        if participation > 0.0:
            shown = bid_lots if lots > 0 else ask_lots
            assert shown is not None, "participation is a share of lots shown, and none are given"
            slice_lots = min(slice_lots, max(1, int(participation * int(shown[slot]) + 1e-9)))
        orders["order_id"][at] = first_order_id + 2 * at
        orders["account"][at] = accounts[row]
        orders["month"][at] = months[slot]
        orders["side"][at] = int(side)
        orders["lots"][at] = min(abs(lots), slice_lots)
        orders["price_ticks"][at] = min(max(worst, int(low_ticks[slot])), int(high_ticks[slot]))
    orders["kind"] = int(MessageKind.LIMIT)
    orders["time_in_force"] = int(TimeInForce.IOC)
    orders["close_out"] = 1
    return orders
