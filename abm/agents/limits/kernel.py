"""Bounds that hold for the orders of every class of speculators: leverage, and margin by equity."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.limits.states import SHRINKING
from abm.core.contract import SCALE_FLOOR_TICKS
from abm.core.kernel import kernel
from abm.core.orders import MessageKind

_LIMIT = int(MessageKind.LIMIT)
_MARKET = int(MessageKind.MARKET)
_CANCEL_ALL = int(MessageKind.CANCEL_ALL)
_GROUP = -1
"""Stands for the lone order of a group that has several, or none."""


@kernel
def hold_to_bounds(
    limits: NDArray[Any],
    months: NDArray[Any],
    lot_margin_usd: NDArray[np.float64],
    position_lots: NDArray[np.int64],
    tick_value_usd: float,
    out: NDArray[Any],
    first: int,
    count: int,
    first_order_id: int,
) -> int:
    """Cut or leave out orders that would carry a trader beyond a bound; return the new count.

    The notional of a trader is the sum over months of |position| x price, its margin that of |position| x
    margin of a lot, each plus what its orders of this round would add; resting orders do not count. Orders
    that add nothing always pass. A lone order is cut to the room there is; of orders that arrive together,
    the legs of one trade, all pass or none that adds. A shrinking trader may not turn a position either.
    Order ids run on without gaps.

    Parameters
    ----------
    limits : structured array, shape (traders,)
        ``LIMITS_DTYPE``, accounts in consecutive rows; ``ordered_usd``, ``ordered_margin_usd`` are written.
    lot_margin_usd : array of float, shape (listed months,)
        Initial margin of a lot in tenor order. One month is not set off against another: under a margin model
        that does so, a trader keeps further from its bound than it must.
    out : structured array
        The batch; rows from ``first`` to ``count`` are the class's, each trader's in the order of writing.
    """
    lot_usd = np.empty(months.shape[0])
    for tenor in range(months.shape[0]):
        lot_usd[tenor] = _lot_usd(months[tenor], tick_value_usd)
    for i in range(limits.shape[0]):
        limits[i].ordered_usd = 0.0
        limits[i].ordered_margin_usd = 0.0
    kept, start = first, first
    while start < count:
        end = start + 1
        while (
            end < count and out[end].account == out[start].account and out[end].arrival == out[start].arrival
        ):
            end += 1
        me = limits[out[start].account - limits[0].account]
        if me.state == SHRINKING:
            _keep_sides(months, position_lots, out, start, end)
        if me.max_leverage > 0.0 or me.margin_to_equity > 0.0:
            _fit(me, months, lot_usd, lot_margin_usd, position_lots, out, start, end)
        for k in range(start, end):
            is_order = out[k].kind == _LIMIT or out[k].kind == _MARKET
            if is_order and out[k].lots == 0:
                continue
            if kept != k:
                out[kept] = out[k]
            if out[kept].kind != _CANCEL_ALL:
                out[kept].order_id = first_order_id + 2 * kept
            kept += 1
        start = end
    return kept


@kernel
def _keep_sides(
    months: NDArray[Any], position_lots: NDArray[np.int64], out: NDArray[Any], start: int, end: int
) -> None:
    """Cut outright orders to what they take off a position; the room of a shrinking trader does the rest."""
    for k in range(start, end):
        if (out[k].kind == _LIMIT or out[k].kind == _MARKET) and out[k].spread_months == 0:
            held = position_lots[out[k].account, months[out[k].month - months[0].month].slot]
            out[k].lots = min(out[k].lots, max(0, -out[k].side * held))


@kernel
def _fit(
    me: Any,
    months: NDArray[Any],
    lot_usd: NDArray[np.float64],
    lot_margin_usd: NDArray[np.float64],
    position_lots: NDArray[np.int64],
    out: NDArray[Any],
    start: int,
    end: int,
) -> None:
    """Set the lots of what does not fit to those that do, or to zero, in one trader's group of orders."""
    room_usd, room_margin_usd = math.inf, math.inf
    fits, fits_margin = True, True
    if me.max_leverage > 0.0:
        free_usd = me.max_leverage * me.equity_usd - me.ordered_usd
        room_usd = _room_usd(free_usd, me.account, months, lot_usd, position_lots)
        fits = _added_by_all_usd(months, lot_usd, position_lots, out, start, end) <= room_usd
    if me.margin_to_equity > 0.0:
        free_usd = me.margin_to_equity * me.equity_usd - me.ordered_margin_usd
        room_margin_usd = _room_usd(free_usd, me.account, months, lot_margin_usd, position_lots)
        added_usd = _added_by_all_usd(months, lot_margin_usd, position_lots, out, start, end)
        fits_margin = added_usd <= room_margin_usd
    lone = _lone_order(out, start, end)
    if not fits:
        _cut(months, lot_usd, position_lots, out, start, end, lone, room_usd)
    if not fits_margin:
        _cut(months, lot_margin_usd, position_lots, out, start, end, lone, room_margin_usd)
    # What a cut order leaves of the room is worth less than a lot: it counts as taken.
    if me.max_leverage > 0.0:
        added_usd = _added_by_all_usd(months, lot_usd, position_lots, out, start, end)
        me.ordered_usd += room_usd if lone != _GROUP and not fits else max(added_usd, 0.0)
    if me.margin_to_equity > 0.0:
        added_usd = _added_by_all_usd(months, lot_margin_usd, position_lots, out, start, end)
        me.ordered_margin_usd += (
            room_margin_usd if lone != _GROUP and not fits_margin else max(added_usd, 0.0)
        )


@kernel
def _room_usd(
    free_usd: float,
    account: int,
    months: NDArray[Any],
    lot_usd: NDArray[np.float64],
    position_lots: NDArray[np.int64],
) -> float:
    """Return what a bound leaves beside the positions of an account, which a lot of each month weighs on."""
    for tenor in range(months.shape[0]):
        held = abs(position_lots[account, months[tenor].slot])
        if held != 0:
            free_usd -= held * lot_usd[tenor]
    return max(free_usd, 0.0)


@kernel
def _lone_order(out: NDArray[Any], start: int, end: int) -> int:
    """Return the row of the only order of a group of messages, or ``_GROUP``."""
    orders, lone = 0, _GROUP
    for k in range(start, end):
        if out[k].kind == _LIMIT or out[k].kind == _MARKET:
            orders, lone = orders + 1, k
    return lone if orders == 1 else _GROUP


@kernel
def _cut(
    months: NDArray[Any],
    lot_usd: NDArray[np.float64],
    position_lots: NDArray[np.int64],
    out: NDArray[Any],
    start: int,
    end: int,
    lone: int,
    room_usd: float,
) -> None:
    """Cut a lone order to the room there is, or leave out those of a group that add."""
    if lone != _GROUP:
        within = _lots_within(out[lone], months, lot_usd, position_lots, room_usd)
        out[lone].lots = min(out[lone].lots, within)
        return
    for k in range(start, end):
        if not _added_usd(out[k], months, lot_usd, position_lots) <= 0.0:
            out[k].lots = 0


@kernel
def _lot_usd(at: Any, tick_value_usd: float) -> float:
    """Return what one lot of a month counts for: its price, not less than the floor of price scales."""
    if not math.isfinite(at.reference_ticks):
        return math.inf
    lot_usd: float = max(abs(at.reference_ticks), SCALE_FLOOR_TICKS) * tick_value_usd
    return lot_usd


@kernel
def _added_by_all_usd(
    months: NDArray[Any],
    lot_usd: NDArray[np.float64],
    position_lots: NDArray[np.int64],
    out: NDArray[Any],
    start: int,
    end: int,
) -> float:
    """Return by how much a group of messages would change what positions weigh, each by itself."""
    added_usd = 0.0
    for k in range(start, end):
        added_usd += _added_usd(out[k], months, lot_usd, position_lots)
    return added_usd


@kernel
def _added_usd(
    message: Any, months: NDArray[Any], lot_usd: NDArray[np.float64], position_lots: NDArray[np.int64]
) -> float:
    """Return by how much an order would change what its sender's positions weigh if it were filled."""
    if message.kind != _LIMIT and message.kind != _MARKET:
        return 0.0
    near = message.month - months[0].month
    held = position_lots[message.account, months[near].slot]
    change = abs(held + message.side * message.lots) - abs(held)
    added: float = change * lot_usd[near]
    if message.spread_months != 0:
        far = near + message.spread_months
        held = position_lots[message.account, months[far].slot]
        change = abs(held - message.side * message.lots) - abs(held)
        added += change * lot_usd[far]
    return added


@kernel
def _lots_within(
    message: Any,
    months: NDArray[Any],
    lot_usd: NDArray[np.float64],
    position_lots: NDArray[np.int64],
    room_usd: float,
) -> int:
    """Return how many lots of an order add no more than there is room for; a spread's count as new."""
    near = message.month - months[0].month
    if message.spread_months != 0:
        return int(room_usd / (lot_usd[near] + lot_usd[near + message.spread_months]))
    reduces = max(0, -message.side * position_lots[message.account, months[near].slot])
    return int(2 * reduces + int(room_usd / lot_usd[near]))
