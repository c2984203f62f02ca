"""Arbitrageurs in the calendar spreads: keep a spread's own book in line with the books of its legs.

A spread bought and its legs sold leave nothing: whoever can buy the spread below what the legs bring,

    spread ask < near bid - far ask - fees,

takes all three at once with immediate-or-cancel orders, and the other way round (the bounds between implied
and outright prices that CME Globex describes for its implied orders). So that there is a book at all, an
arbitrageur also quotes a spread on both sides of the value that the curve gives it,

    (model_near + d scale_near) - (model_far + d scale_far),

where d is the legs' mean relative distance from the model curve: the difference of two prices on a curve that
moves as one (Schwartz 1997). Where the venue runs implied orders its quotes trade against the legs without
anybody's help.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.arbitrage.kernel import lots_to_trade, price_to_trade
from abm.agents.base.outbox import write_cancel_all, write_limit
from abm.agents.base.ticks import ceil_ticks, floor_ticks
from abm.agents.base.timing import acts, arrival_ms
from abm.core.kernel import kernel
from abm.core.orders import NO_PRICE, TimeInForce, TradingPhase
from abm.core.random_kernels import below

_DAY = int(TimeInForce.DAY)
_IOC = int(TimeInForce.IOC)
_CONTINUOUS = int(TradingPhase.CONTINUOUS)

SPREAD_MESSAGES = 6


@kernel
def decide_spreads(
    traders: NDArray[Any],
    streams: NDArray[np.uint64],
    fee_ticks: float,
    months: NDArray[Any],
    spreads: NDArray[Any],
    position_lots: NDArray[np.int64],
    day_share: float,
    out: NDArray[Any],
    count: int,
    first_order_id: int,
) -> int:
    """Write the round's trades and quotes in calendar spreads of all arbitrageurs; return the new count.

    Parameters
    ----------
    traders : structured array, shape (traders,)
        ``ARBITRAGEUR_DTYPE``.
    fee_ticks : float
        Fee of an incoming order per lot, in ticks.
    spreads : structured array, shape (listed spreads,), not empty
        ``SPREAD_DTYPE``; those whose near leg is in delivery are left alone.
    """
    for i in range(traders.shape[0]):
        me = traders[i]
        if acts(streams, i, me.actions_per_day, day_share):
            arrival = arrival_ms(streams, i, me.latency_ms, me.jitter)
            count = _take_the_best(
                me, fee_ticks, months, spreads, position_lots, arrival, out, count, first_order_id
            )
        if acts(streams, i, me.quotes_per_day, day_share):
            of = spreads[below(streams, i, spreads.shape[0])]
            arrival = arrival_ms(streams, i, me.latency_ms, me.jitter)
            if of.tenor > 0:
                count = _quote(me, of, fee_ticks, months, position_lots, arrival, out, count, first_order_id)
    return count


@kernel
def _take_the_best(
    me: Any,
    fee_ticks: float,
    months: NDArray[Any],
    spreads: NDArray[Any],
    position_lots: NDArray[np.int64],
    arrival: float,
    out: NDArray[Any],
    count: int,
    first_order_id: int,
) -> int:
    """Trade the spread that is furthest out of line with its legs, after fees, against them."""
    best_gain, best_row, best_side = 0.0, 0, 0
    for row in range(spreads.shape[0]):
        of = spreads[row]
        near, far = months[of.tenor], months[of.tenor + of.spread_months]
        for side in (1, -1):
            price = of.best_ask_ticks if side > 0 else of.best_bid_ticks
            near_price, far_price = price_to_trade(near, -side), price_to_trade(far, side)
            if of.tenor > 0 and price != NO_PRICE and near_price != NO_PRICE and far_price != NO_PRICE:
                gain = side * (near_price - far_price - price) - 4.0 * fee_ticks
                if gain > best_gain:
                    best_gain, best_row, best_side = gain, row, side
    if best_side == 0:
        return count
    side, of = best_side, spreads[best_row]
    near, far = months[of.tenor], months[of.tenor + of.spread_months]
    lots = min(me.slice_lots, of.ask_lots if side > 0 else of.bid_lots)
    lots = min(lots, _room(me, of, months, position_lots, side))
    lots = min(lots, lots_to_trade(near, -side, position_lots[me.account, near.slot], me.max_position_lots))
    lots = min(lots, lots_to_trade(far, side, position_lots[me.account, far.slot], me.max_position_lots))
    if lots <= 0:
        return count
    price = of.best_ask_ticks if side > 0 else of.best_bid_ticks
    near_price, far_price = price_to_trade(near, -side), price_to_trade(far, side)
    account = me.account
    count = write_limit(out, count, first_order_id, account, of.month, arrival, side, price, lots, _IOC, 0)
    out[count - 1].spread_months = of.spread_months
    count = write_limit(
        out, count, first_order_id, account, near.month, arrival, -side, near_price, lots, _IOC, 0
    )
    return write_limit(
        out, count, first_order_id, account, far.month, arrival, side, far_price, lots, _IOC, 0
    )


@kernel
def _quote(
    me: Any,
    of: Any,
    fee_ticks: float,
    months: NDArray[Any],
    position_lots: NDArray[np.int64],
    arrival: float,
    out: NDArray[Any],
    count: int,
    first_order_id: int,
) -> int:
    """Replace the trader's quote in one spread; nothing is sent while a leg is not in continuous trading."""
    near, far = months[of.tenor], months[of.tenor + of.spread_months]
    if near.phase != _CONTINUOUS or far.phase != _CONTINUOUS:
        return count
    deviation = 0.5 * (near.reference_ticks - near.model_ticks) / near.scale_ticks
    deviation += 0.5 * (far.reference_ticks - far.model_ticks) / far.scale_ticks
    value = near.model_ticks - far.model_ticks + deviation * (near.scale_ticks - far.scale_ticks)
    half_width = me.threshold * 0.5 * (near.scale_ticks + far.scale_ticks) + 2.0 * fee_ticks
    count = write_cancel_all(out, count, me.account, of.month, arrival)
    out[count - 1].spread_months = of.spread_months
    for side in (1, -1):
        price = floor_ticks(value - half_width) if side > 0 else ceil_ticks(value + half_width)
        lots = min(me.slice_lots, _room(me, of, months, position_lots, side))
        outside = price < near.low_ticks - far.high_ticks or price > near.high_ticks - far.low_ticks
        if price == NO_PRICE or outside or lots <= 0:
            continue
        count = write_limit(
            out, count, first_order_id, me.account, of.month, arrival, side, price, lots, _DAY, 1
        )
        out[count - 1].spread_months = of.spread_months
    return count


@kernel
def _room(me: Any, of: Any, months: NDArray[Any], position_lots: NDArray[np.int64], side: int) -> int:
    """Return how many lots of a spread a trader may buy (1) or sell (-1) within its limit in both legs."""
    near = position_lots[me.account, months[of.tenor].slot]
    far = position_lots[me.account, months[of.tenor + of.spread_months].slot]
    room: int = min(me.max_position_lots - side * near, me.max_position_lots + side * far)
    return room
