"""Rules that stand behind every class of speculators: bounded leverage, and closing out after losses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.outbox import write_market
from abm.agents.base.timing import acts, arrival_ms
from abm.core.contract import SCALE_FLOOR_TICKS
from abm.core.kernel import kernel
from abm.core.orders import MessageKind, TradingPhase

_LIMIT = int(MessageKind.LIMIT)
_MARKET = int(MessageKind.MARKET)
_CANCEL_ALL = int(MessageKind.CANCEL_ALL)
_HALT = int(TradingPhase.HALT)

STOPPED = 1
"""State of a trader that is stopped out."""


@kernel
def cap_leverage(
    limits: NDArray[Any],
    months: NDArray[Any],
    position_lots: NDArray[np.int64],
    tick_value_usd: float,
    out: NDArray[Any],
    first: int,
    count: int,
    first_order_id: int,
) -> int:
    """Cut or leave out orders that would carry a trader's notional beyond its bound; return the new count.

    The notional of a trader is the sum over months of |position| x price, plus what its orders of this round
    would add; resting orders do not count. Orders that add nothing always pass. A lone order is cut to the
    room there is; of orders that arrive together, the legs of one trade, all pass or none that adds. Order
    ids run on without gaps.

    Parameters
    ----------
    limits : structured array, shape (traders,)
        ``LIMITS_DTYPE``, accounts in consecutive rows; ``ordered_usd`` is written.
    out : structured array
        The batch; rows from ``first`` to ``count`` are the class's, each trader's in the order of writing.
    """
    for i in range(limits.shape[0]):
        limits[i].ordered_usd = 0.0
    kept, start = first, first
    while start < count:
        end = start + 1
        while (
            end < count and out[end].account == out[start].account and out[end].arrival == out[start].arrival
        ):
            end += 1
        me = limits[out[start].account - limits[0].account]
        if me.max_leverage > 0.0:
            _fit(me, months, position_lots, tick_value_usd, out, start, end)
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
def _fit(
    me: Any,
    months: NDArray[Any],
    position_lots: NDArray[np.int64],
    tick_value_usd: float,
    out: NDArray[Any],
    start: int,
    end: int,
) -> None:
    """Set the lots of what does not fit to those that do, or to zero, in one trader's group of orders."""
    room_usd = me.max_leverage * me.equity_usd - me.ordered_usd
    for tenor in range(months.shape[0]):
        held = abs(position_lots[me.account, months[tenor].slot])
        if held != 0:
            room_usd -= held * _lot_usd(months[tenor], tick_value_usd)
    room_usd = max(room_usd, 0.0)
    added_usd, orders, last_order = 0.0, 0, start
    for k in range(start, end):
        added_usd += _added_usd(out[k], months, position_lots, tick_value_usd)
        if out[k].kind == _LIMIT or out[k].kind == _MARKET:
            orders, last_order = orders + 1, k
    if added_usd <= room_usd:
        me.ordered_usd += max(added_usd, 0.0)
        return
    if orders == 1:
        out[last_order].lots = _lots_within(out[last_order], months, position_lots, tick_value_usd, room_usd)
        me.ordered_usd += room_usd
        return
    for k in range(start, end):
        if not _added_usd(out[k], months, position_lots, tick_value_usd) <= 0.0:
            out[k].lots = 0


@kernel
def _lot_usd(at: Any, tick_value_usd: float) -> float:
    """Return what one lot of a month counts for: its price, not less than the floor of price scales."""
    if not math.isfinite(at.reference_ticks):
        return math.inf
    lot_usd: float = max(abs(at.reference_ticks), SCALE_FLOOR_TICKS) * tick_value_usd
    return lot_usd


@kernel
def _added_usd(
    message: Any, months: NDArray[Any], position_lots: NDArray[np.int64], tick_value_usd: float
) -> float:
    """Return by how much an order would change the notional of its sender if it were filled."""
    if message.kind != _LIMIT and message.kind != _MARKET:
        return 0.0
    near = months[message.month - months[0].month]
    held = position_lots[message.account, near.slot]
    change = abs(held + message.side * message.lots) - abs(held)
    added: float = change * _lot_usd(near, tick_value_usd)
    if message.spread_months != 0:
        far = months[message.month + message.spread_months - months[0].month]
        held = position_lots[message.account, far.slot]
        change = abs(held - message.side * message.lots) - abs(held)
        added += change * _lot_usd(far, tick_value_usd)
    return added


@kernel
def _lots_within(
    message: Any,
    months: NDArray[Any],
    position_lots: NDArray[np.int64],
    tick_value_usd: float,
    room_usd: float,
) -> int:
    """Return how many lots of an order add no more than there is room for; a spread's count as new."""
    near = months[message.month - months[0].month]
    lot_usd = _lot_usd(near, tick_value_usd)
    if message.spread_months != 0:
        far = months[message.month + message.spread_months - months[0].month]
        return int(room_usd / (lot_usd + _lot_usd(far, tick_value_usd)))
    reduces = max(0, -message.side * position_lots[message.account, near.slot])
    return int(2 * reduces + int(room_usd / lot_usd))


@kernel
def close_positions(
    limits: NDArray[Any],
    streams: NDArray[np.uint64],
    months: NDArray[Any],
    position_lots: NDArray[np.int64],
    day_share: float,
    out: NDArray[Any],
    count: int,
    first_order_id: int,
) -> int:
    """Write the market orders with which stopped traders close their positions; return the new count.

    At its rate such a trader sends one order for all it holds in each month that takes orders; what the
    market does not take at once it sends again.
    """
    for i in range(limits.shape[0]):
        me = limits[i]
        if me.state != STOPPED:
            continue
        if not acts(streams, i, me.closing_per_day, day_share):
            continue
        arrival = arrival_ms(streams, i, me.latency_ms, me.jitter)
        for tenor in range(months.shape[0]):
            at = months[tenor]
            held = position_lots[me.account, at.slot]
            if held != 0 and at.phase != _HALT:
                side = -1 if held > 0 else 1
                count = write_market(
                    out, count, first_order_id, me.account, at.month, arrival, side, abs(held)
                )
    return count
