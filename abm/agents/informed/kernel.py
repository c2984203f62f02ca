"""Informed traders: know, with an error, what each month will be worth tomorrow, and trade on it today.

At the open a trader learns tomorrow's public value of every listed month and adds an error of its own,

    value_k = V_k(t+1) + scale_k (e^error - 1),   error normal with standard deviation ``signal_sd``.

It buys at the best ask if that is below its value, and sells at the best bid if that is above, by more than
its costs: the informed trader of Glosten and Milgrom (1985), who trades whenever the quotes allow it. A trade
that reduces a position needs no gain beyond its value. It takes the price as it is and does not hide.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.outbox import write_limit
from abm.agents.base.timing import MAX_EVENTS_PER_ROUND, arrival_ms, events, geometric_lots, pick_tenor
from abm.core.kernel import kernel
from abm.core.orders import NO_PRICE, TimeInForce, TradingPhase
from abm.core.random_kernels import normal, uniform

_IOC = int(TimeInForce.IOC)
_CONTINUOUS = int(TradingPhase.CONTINUOUS)

INFORMED_DTYPE = np.dtype(
    [
        ("account", np.int64),
        ("latency_ms", np.float64),
        ("jitter", np.float64),
        ("actions_per_day", np.float64),
        ("signal_sd", np.float64),
        ("signal_error", np.float64),
        ("threshold", np.float64),
        ("mean_lots", np.float64),
        ("max_position_lots", np.int64),
    ],
    align=True,
)
"""One informed trader. ``signal_error`` (log) is today's; ``threshold``: least gain, a share of price."""

MESSAGES_PER_AGENT = MAX_EVENTS_PER_ROUND


@kernel
def draw_signal_errors(traders: NDArray[Any], streams: NDArray[np.uint64]) -> None:
    """Draw the error of every trader's signal of the day, each from its own stream."""
    for i in range(traders.shape[0]):
        traders[i].signal_error = traders[i].signal_sd * normal(streams, i)


@kernel
def decide_informed(
    traders: NDArray[Any],
    streams: NDArray[np.uint64],
    tenor_weights: NDArray[np.float64],
    values_ticks: NDArray[np.float64],
    fee_ticks: float,
    months: NDArray[Any],
    position_lots: NDArray[np.int64],
    day_share: float,
    out: NDArray[Any],
    count: int,
    first_order_id: int,
) -> int:
    """Write the round's messages of all informed traders and return the new message count.

    Parameters
    ----------
    values_ticks : array of float, shape (listed months,)
        Tomorrow's value by tenor; a month whose value is NaN is left alone.
    fee_ticks : float
        Fee of an incoming order per lot, in ticks.
    """
    for i in range(traders.shape[0]):
        me = traders[i]
        for _ in range(events(streams, i, me.actions_per_day, day_share)):
            tenor = pick_tenor(tenor_weights, uniform(streams, i))
            at = months[tenor]
            value = values_ticks[tenor] + at.scale_ticks * math.expm1(me.signal_error)
            lots = geometric_lots(streams, i, me.mean_lots)
            side, price = _side_and_price(me, at, value, fee_ticks, position_lots[me.account, at.slot])
            lots = min(lots, me.max_position_lots - side * position_lots[me.account, at.slot])
            if side != 0 and lots > 0:
                arrival = arrival_ms(streams, i, me.latency_ms, me.jitter)
                count = write_limit(
                    out, count, first_order_id, me.account, at.month, arrival, side, price, lots, _IOC, 0
                )
    return count


@kernel
def _side_and_price(me: Any, at: Any, value: float, fee_ticks: float, held_lots: int) -> tuple[int, int]:
    """Return the side and price of a trade that pays at today's quotes, side 0 if none does."""
    if at.phase != _CONTINUOUS:
        return 0, NO_PRICE
    wanted = me.threshold * at.scale_ticks
    if at.best_ask_ticks != NO_PRICE:
        gain = value - at.best_ask_ticks - fee_ticks
        if gain > (0.0 if held_lots < 0 else wanted):
            return 1, at.best_ask_ticks
    if at.best_bid_ticks != NO_PRICE:
        gain = at.best_bid_ticks - value - fee_ticks
        if gain > (0.0 if held_lots > 0 else wanted):
            return -1, at.best_bid_ticks
    return 0, NO_PRICE
