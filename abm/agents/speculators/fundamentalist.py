"""Fundamentalists: trade a month when its price strays from their own belief about its value.

The belief is the public model curve times e to a private Ornstein-Uhlenbeck error, stepped exactly between
two looks at the market. A price beyond the threshold is hit with an immediate-or-cancel order
(the fundamental rule of Chiarella, Iori and Perello 2009, with a no-trade threshold).

One who is risk averse compares the price with its reservation price: the belief less the premium that what it
holds along the curve asks for (``abm.agents.base.curve_risk``). Each lot of an order is weighed at the
position in the middle of it, so that the n-th lot pays while the gain beyond the threshold covers n - 1/2
times what one lot adds to the premium; the order ends with the last lot that pays. One who has no equity
left only reduces.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.curve_risk import CurveRisk, lot_risk_ticks, only_reduces, premium_ticks
from abm.agents.base.outbox import write_limit
from abm.agents.base.timing import MAX_EVENTS_PER_ROUND, arrival_ms, events, geometric_lots, pick_tenor
from abm.core.kernel import kernel
from abm.core.orders import NO_PRICE, TimeInForce, TradingPhase
from abm.core.random_kernels import normal, uniform

_IOC = int(TimeInForce.IOC)
_HALT = int(TradingPhase.HALT)

FUNDAMENTALIST_DTYPE = np.dtype(
    [
        ("account", np.int64),
        ("latency_ms", np.float64),
        ("jitter", np.float64),
        ("actions_per_day", np.float64),
        ("belief_error", np.float64),
        ("belief_time", np.float64),
        ("belief_sd", np.float64),
        ("belief_reversion_per_day", np.float64),
        ("threshold", np.float64),
        ("mean_lots", np.float64),
        ("max_position_lots", np.int64),
        ("tilt", np.float64),
    ],
    align=True,
)
"""One fundamentalist. ``belief_error`` (log) was drawn at ``belief_time`` (days); ``threshold``: a share;
``tilt``: a further log error, by sentiment."""

MESSAGES_PER_AGENT = MAX_EVENTS_PER_ROUND


@kernel
def decide_fundamentalists(
    traders: NDArray[Any],
    streams: NDArray[np.uint64],
    tenor_weights: NDArray[np.float64],
    months: NDArray[Any],
    position_lots: NDArray[np.int64],
    risk: CurveRisk,
    time_days: float,
    day_share: float,
    out: NDArray[Any],
    count: int,
    first_order_id: int,
) -> int:
    """Write the round's messages of all fundamentalists and return the new message count."""
    for i in range(traders.shape[0]):
        me = traders[i]
        for _ in range(events(streams, i, me.actions_per_day, day_share)):
            count = _one_look(
                me, i, streams, tenor_weights, months, position_lots, risk, time_days,
                out, count, first_order_id,
            )  # fmt: skip
    return count


@kernel
def _one_look(
    me: Any,
    row: int,
    streams: NDArray[np.uint64],
    tenor_weights: NDArray[np.float64],
    months: NDArray[Any],
    position_lots: NDArray[np.int64],
    risk: CurveRisk,
    time_days: float,
    out: NDArray[Any],
    count: int,
    first_order_id: int,
) -> int:
    memory = math.exp(-me.belief_reversion_per_day * (time_days - me.belief_time))
    fresh = me.belief_sd * math.sqrt(1.0 - memory * memory)
    me.belief_error = memory * me.belief_error + fresh * normal(streams, row)
    me.belief_time = time_days
    tenor = pick_tenor(tenor_weights, uniform(streams, row))
    at = months[tenor]
    belief = at.model_ticks + at.scale_ticks * math.expm1(me.belief_error + me.tilt)
    if risk.relative_aversion[row] > 0.0:
        belief -= premium_ticks(risk, row, months, position_lots, me.account, tenor)
    least_gain = me.threshold * at.scale_ticks
    lots = geometric_lots(streams, row, me.mean_lots)
    side, price = 0, 0
    if at.best_ask_ticks != NO_PRICE and belief - at.best_ask_ticks > least_gain:
        side, price = 1, at.best_ask_ticks
    elif at.best_bid_ticks != NO_PRICE and at.best_bid_ticks - belief > least_gain:
        side, price = -1, at.best_bid_ticks
    lots = min(lots, me.max_position_lots - side * position_lots[me.account, at.slot])
    if risk.relative_aversion[row] > 0.0 and side != 0:
        gain = side * (belief - price) - least_gain
        lots = _lots_that_pay(risk, row, at, tenor, lots, gain, -side * position_lots[me.account, at.slot])
    if side == 0 or lots <= 0 or at.phase == _HALT:
        return count
    arrival = arrival_ms(streams, row, me.latency_ms, me.jitter)
    return write_limit(out, count, first_order_id, me.account, at.month, arrival, side, price, lots, _IOC, 0)


@kernel
def _lots_that_pay(
    risk: CurveRisk, row: int, at: Any, tenor: int, lots: int, gain_ticks: float, closing_lots: int
) -> int:
    """Return how many lots of an order pay for the risk that they add, given the gain of the first."""
    if only_reduces(risk, row):
        return min(lots, closing_lots)
    rise = lot_risk_ticks(risk, row, at, tenor)
    if (lots - 0.5) * rise > gain_ticks:
        return int(gain_ticks / rise + 0.5)
    return lots
