"""Default of an account and the sale of its positions in the live book.

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


@dataclass(frozen=True, slots=True)
class DefaultEvent:
    """An account failed its margin call at the deadline."""

    round: int
    account: int
    member: int
    shortfall_usd_micro: int
    """Initial margin minus equity after the last payment."""
    deadline_round: int


class DefaultState(NamedTuple):
    """Who is in default, and what of it is still being closed out."""

    in_default: NDArray[np.bool_]
    """Shape (n_accounts,); stays True after the close-out."""
    closing: NDArray[np.bool_]
    """Shape (n_accounts,); True from the default to the end of the close-out."""
    lots_at_default: NDArray[np.int64]
    """Absolute lots held when the default was declared, shape (n_accounts, n_slots)."""
    member_in_default: NDArray[np.bool_]
    """Shape (n_members,)."""


def no_defaults(n_accounts: int, n_slots: int, n_members: int) -> DefaultState:
    """Return the state before any default."""
    return DefaultState(
        np.zeros(n_accounts, dtype=np.bool_),
        np.zeros(n_accounts, dtype=np.bool_),
        np.zeros((n_accounts, n_slots), dtype=np.int64),
        np.zeros(n_members, dtype=np.bool_),
    )


def declare_default(
    state: DefaultState, accounts: NDArray[np.int64], position_lots: NDArray[np.int64]
) -> None:
    """Put accounts into default and start their close-out from the positions they hold now."""
    state.in_default[accounts] = True
    state.closing[accounts] = True
    state.lots_at_default[accounts] = np.abs(position_lots[accounts])


def close_out_slices(
    state: DefaultState,
    position_lots: NDArray[np.int64],
    *,
    best_bid_ticks: NDArray[np.int64],
    best_ask_ticks: NDArray[np.int64],
    low_ticks: NDArray[np.int64],
    high_ticks: NDArray[np.int64],
    months: NDArray[np.int64],
    first_order_id: int,
    slice_share: float,
    protection: float,
) -> NDArray[np.void]:
    """Return one immediate-or-cancel order per open month of every account that is being closed out.

    A slice is a share of the position at default, at least one lot, so a close-out that always finds a
    counterparty lasts ``1 / slice_share`` rounds. Its limit is the best opposite price, worsened by the
    protection (at least one tick) and kept inside the day's limits. A month without an opposite price waits.
    """
    closing = np.flatnonzero(state.closing)
    held = position_lots[closing]
    opposite = np.where(held > 0, best_bid_ticks, best_ask_ticks)
    rows, slots = np.nonzero((held != 0) & (opposite != NO_PRICE))
    orders = np.zeros(len(rows), dtype=ORDER_DTYPE)
    for at, (row, slot) in enumerate(zip(rows.tolist(), slots.tolist(), strict=True)):
        account, lots = int(closing[row]), int(held[row, slot])
        side = Side.SELL if lots > 0 else Side.BUY
        best = int(opposite[row, slot])
        worst = best + int(side) * max(1, math.ceil(protection * abs(best)))
        # The tiny slack keeps 0.07 x 100 lots, a float just above 7, from being rounded up to 8.
        slice_lots = max(1, math.ceil(slice_share * int(state.lots_at_default[account, slot]) - 1e-9))
        orders["order_id"][at] = first_order_id + at
        orders["account"][at] = account
        orders["month"][at] = months[slot]
        orders["side"][at] = int(side)
        orders["lots"][at] = min(abs(lots), slice_lots)
        orders["price_ticks"][at] = min(max(worst, int(low_ticks[slot])), int(high_ticks[slot]))
    orders["kind"] = int(MessageKind.LIMIT)
    orders["time_in_force"] = int(TimeInForce.IOC)
    orders["close_out"] = 1
    return orders
