"""Curve arbitrageurs: keep each month in line with its neighbours by trades that carry little price risk.

What a month should cost is read off the months beside it. With d = (price - model) / scale, the market's
relative distance from the model curve, the neighbours imply for month k

    F_k = model_k + scale_k x mean(d of its neighbours),

so that a market which stands above or below the model as a whole is left alone, and one month that stands out
is not (a one-factor curve moves as one: Schwartz 1997). A month that can be bought below what selling its
neighbours brings, or sold above what buying them costs, by more than the fees in and out plus a threshold, is
traded against them: the month and, on the other side, the neighbours in equal risk (volatility x price
scale), all with immediate-or-cancel orders at the best prices (a calendar spread at the ends of the curve, a
butterfly inside it). A trade that undoes an earlier one need only pay its own fees. When legs are missed or
expire and the position is left with more price risk than one slice, the month in which it is cheapest to do
so is traded until the risk is gone. The delivery month, whose price is largely made of known fixings, is
neither traded nor looked at.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.outbox import write_limit
from abm.agents.base.timing import acts, arrival_ms
from abm.core.kernel import kernel
from abm.core.orders import NO_PRICE, TimeInForce, TradingPhase

_IOC = int(TimeInForce.IOC)
_CONTINUOUS = int(TradingPhase.CONTINUOUS)

ARBITRAGEUR_DTYPE = np.dtype(
    [
        ("account", np.int64),
        ("latency_ms", np.float64),
        ("jitter", np.float64),
        ("actions_per_day", np.float64),
        ("quotes_per_day", np.float64),
        ("threshold", np.float64),
        ("slice_lots", np.int64),
        ("max_position_lots", np.int64),
    ],
    align=True,
)
"""One arbitrageur. ``actions_per_day``: rate at which it looks along the curve, and at the spreads;
``quotes_per_day``: rate at which it quotes a calendar spread; ``threshold``: gain per lot beyond fees, a
share of price; ``slice_lots``: lots of the month that is traded against its neighbours at once."""

CURVE_MESSAGES = 3


@kernel
def decide_curve(
    traders: NDArray[Any],
    streams: NDArray[np.uint64],
    fee_ticks: float,
    months: NDArray[Any],
    position_lots: NDArray[np.int64],
    day_share: float,
    out: NDArray[Any],
    count: int,
    first_order_id: int,
) -> int:
    """Write the round's trades along the curve of all arbitrageurs and return the new message count.

    Parameters
    ----------
    fee_ticks : float
        Fee of an incoming order per lot, in ticks.
    """
    for i in range(traders.shape[0]):
        me = traders[i]
        if not acts(streams, i, me.actions_per_day, day_share):
            continue
        arrival = arrival_ms(streams, i, me.latency_ms, me.jitter)
        before = count
        count = _shed_risk(me, months, position_lots, arrival, out, count, first_order_id)
        if count > before:
            continue
        best_gain, best_tenor, best_side = 0.0, 0, 0
        for tenor in range(1, months.shape[0]):
            for side in (1, -1):
                gain = _gain(me, months, tenor, side, fee_ticks, position_lots)
                if gain > best_gain:
                    best_gain, best_tenor, best_side = gain, tenor, side
        if best_side != 0:
            count = _trade(
                me, months, best_tenor, best_side, position_lots, arrival, out, count, first_order_id
            )
    return count


@kernel
def price_to_trade(at: Any, side: int) -> int:
    """Return the best price at which a month can be bought (1) or sold (-1) at once, or ``NO_PRICE``."""
    if at.phase != _CONTINUOUS:
        return NO_PRICE
    price: int = at.best_ask_ticks if side > 0 else at.best_bid_ticks
    return price


@kernel
def lots_to_trade(at: Any, side: int, held_lots: int, max_position_lots: int) -> int:
    """Return the lots that show at that price, or the room for inventory if that is less."""
    shown = at.ask_lots if side > 0 else at.bid_lots
    lots: int = min(shown, max_position_lots - side * held_lots)
    return max(0, lots)


@kernel
def _risk_ticks(at: Any) -> float:
    """Return the daily standard deviation of a month's price in ticks; without one, its scale."""
    risk: float = at.volatility_per_day * at.scale_ticks
    return risk if risk > 0.0 else at.scale_ticks


@kernel
def _gain(
    me: Any, months: NDArray[Any], tenor: int, side: int, fee_ticks: float, position_lots: NDArray[np.int64]
) -> float:
    """Return the gain of trading a month against its neighbours beyond what is asked, a share of price.

    It is NaN, or minus infinity, where there is no such trade.
    """
    at = months[tenor]
    price = price_to_trade(at, side)
    if price == NO_PRICE:
        return -math.inf
    implied, wing_fees, neighbours = 0.0, 0.0, 0
    for wing in (tenor - 1, tenor + 1):
        if wing < 1 or wing >= months.shape[0]:
            continue
        beside = months[wing]
        wing_price = price_to_trade(beside, -side)
        if wing_price == NO_PRICE:
            return -math.inf
        implied += (wing_price - beside.model_ticks) / beside.scale_ticks
        wing_fees += fee_ticks / beside.scale_ticks
        neighbours += 1
    if neighbours == 0:
        return -math.inf
    gain: float = side * (implied / neighbours - (price - at.model_ticks) / at.scale_ticks)
    fees = fee_ticks / at.scale_ticks + wing_fees / neighbours
    undoes = side * position_lots[me.account, at.slot] < 0
    gain -= fees if undoes else 2.0 * fees + me.threshold
    return gain


@kernel
def _trade(
    me: Any,
    months: NDArray[Any],
    tenor: int,
    side: int,
    position_lots: NDArray[np.int64],
    arrival: float,
    out: NDArray[Any],
    count: int,
    first_order_id: int,
) -> int:
    """Trade a month against its neighbours in equal risk, as many lots as all legs have."""
    at = months[tenor]
    held = position_lots[me.account, at.slot]
    lots = min(me.slice_lots, lots_to_trade(at, side, held, me.max_position_lots))
    first_wing = max(1, tenor - 1)
    last_wing = min(months.shape[0] - 1, tenor + 1)
    share = 1.0 if last_wing - first_wing < 2 else 0.5
    for wing in range(first_wing, last_wing + 1):
        if wing != tenor:
            held = position_lots[me.account, months[wing].slot]
            room = lots_to_trade(months[wing], -side, held, me.max_position_lots)
            per_lot = share * _risk_ticks(at) / _risk_ticks(months[wing])
            if not per_lot > 0.0:
                return count
            lots = min(lots, int((room + 0.5) / per_lot))
    if lots * share < 1.0:
        return count
    count = write_limit(
        out, count, first_order_id, me.account, at.month, arrival, side,
        price_to_trade(at, side), lots, _IOC, 0,
    )  # fmt: skip
    for wing in range(first_wing, last_wing + 1):
        if wing != tenor:
            beside = months[wing]
            held = position_lots[me.account, beside.slot]
            room = lots_to_trade(beside, -side, held, me.max_position_lots)
            wanted = int(share * _risk_ticks(at) / _risk_ticks(beside) * lots + 0.5)
            if min(wanted, room) > 0:
                count = write_limit(
                    out, count, first_order_id, me.account, beside.month, arrival, -side,
                    price_to_trade(beside, -side), min(wanted, room), _IOC, 0,
                )  # fmt: skip
    return count


@kernel
def _shed_risk(
    me: Any,
    months: NDArray[Any],
    position_lots: NDArray[np.int64],
    arrival: float,
    out: NDArray[Any],
    count: int,
    first_order_id: int,
) -> int:
    """Trade the cheapest month against the price risk of the whole position, if that is above one slice's."""
    risk, mean_risk = 0.0, 0.0
    for tenor in range(1, months.shape[0]):
        own_risk = _risk_ticks(months[tenor])
        risk += position_lots[me.account, months[tenor].slot] * own_risk
        mean_risk += own_risk / (months.shape[0] - 1)
    if not abs(risk) > me.slice_lots * mean_risk:
        return count
    side = -1 if risk > 0.0 else 1
    best, best_tenor = math.inf, 0
    for tenor in range(1, months.shape[0]):
        at = months[tenor]
        price = price_to_trade(at, side)
        held = position_lots[me.account, at.slot]
        if price != NO_PRICE and lots_to_trade(at, side, held, me.max_position_lots) > 0:
            cost = side * (price - at.model_ticks) / at.scale_ticks
            if cost < best:
                best, best_tenor = cost, tenor
    if best_tenor == 0:
        return count
    at = months[best_tenor]
    held = position_lots[me.account, at.slot]
    lots = min(me.slice_lots, lots_to_trade(at, side, held, me.max_position_lots))
    lots = min(lots, int(abs(risk) / _risk_ticks(at)))
    if lots == 0:
        return count
    return write_limit(
        out, count, first_order_id, me.account, at.month, arrival, side,
        price_to_trade(at, side), lots, _IOC, 0,
    )  # fmt: skip
