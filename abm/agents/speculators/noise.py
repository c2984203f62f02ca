"""Noise traders: random orders around the mid price, in the spirit of zero intelligence.

Side, month, price distance and size are random and hold no view (Gode and Sunder 1993). This is not the flow
whose spread Farmer, Patelli and Zovko (2005) solve, nor the book of Cont, Stoikov and Talreja (2010): the
chance of buying falls as the position grows, so that the flow carries no trend of its own; prices lie around
the mid, exponentially near; the pace may follow volatility (``agents.attention``). The flow that has those
laws is :mod:`abm.agents.order_flow.kernel`, in a scenario ``agents.order_flow``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.outbox import write_cancel_all, write_limit, write_market
from abm.agents.base.ticks import clamp_ticks, floor_ticks
from abm.agents.base.timing import (
    MAX_EVENTS_PER_ROUND,
    acts,
    arrival_ms,
    events,
    geometric_lots,
    pick_tenor,
)
from abm.core.kernel import kernel
from abm.core.orders import ALL_MONTHS, TimeInForce, TradingPhase
from abm.core.random_kernels import exponential, uniform

_DAY = int(TimeInForce.DAY)
_HALT = int(TradingPhase.HALT)

NOISE_DTYPE = np.dtype(
    [
        ("account", np.int64),
        ("latency_ms", np.float64),
        ("jitter", np.float64),
        ("actions_per_day", np.float64),
        ("cancels_per_day", np.float64),
        ("market_order_share", np.float64),
        ("mean_lots", np.float64),
        ("price_distance", np.float64),
        ("max_position_lots", np.int64),
        ("tilt", np.float64),
    ],
    align=True,
)
"""One noise trader. ``price_distance``: mean distance of a limit order from the mid, a share of price;
``tilt`` in (-1, 1) multiplies the odds of buying by (1 + tilt) / (1 - tilt)."""

MESSAGES_PER_AGENT = 1 + MAX_EVENTS_PER_ROUND


@kernel
def decide_noise(
    traders: NDArray[Any],
    streams: NDArray[np.uint64],
    tenor_weights: NDArray[np.float64],
    months: NDArray[Any],
    position_lots: NDArray[np.int64],
    day_share: float,
    out: NDArray[Any],
    count: int,
    first_order_id: int,
) -> int:
    """Write the round's messages of all noise traders and return the new message count."""
    for i in range(traders.shape[0]):
        me = traders[i]
        if acts(streams, i, me.cancels_per_day, day_share):
            arrival = arrival_ms(streams, i, me.latency_ms, me.jitter)
            count = write_cancel_all(out, count, me.account, ALL_MONTHS, arrival)
        for _ in range(events(streams, i, me.actions_per_day, day_share)):
            count = _one_order(
                me, i, streams, tenor_weights, months, position_lots, out, count, first_order_id
            )
    return count


@kernel
def _one_order(
    me: Any,
    row: int,
    streams: NDArray[np.uint64],
    tenor_weights: NDArray[np.float64],
    months: NDArray[Any],
    position_lots: NDArray[np.int64],
    out: NDArray[Any],
    count: int,
    first_order_id: int,
) -> int:
    arrival = arrival_ms(streams, row, me.latency_ms, me.jitter)
    at = months[pick_tenor(tenor_weights, uniform(streams, row))]
    held = position_lots[me.account, at.slot] / me.max_position_lots
    held = min(max(held, -1.0), 1.0)
    buys = 0.5 * (1.0 - held) * (1.0 + me.tilt) / (1.0 - me.tilt * held)
    side = 1 if uniform(streams, row) < buys else -1
    lots = geometric_lots(streams, row, me.mean_lots)
    if uniform(streams, row) < me.market_order_share:
        if at.phase == _HALT:
            return count
        return write_market(out, count, first_order_id, me.account, at.month, arrival, side, lots)
    distance = me.price_distance * at.scale_ticks * exponential(streams, row)
    aim = floor_ticks(at.reference_ticks - side * distance + 0.5)
    price = clamp_ticks(aim, at.low_ticks, at.high_ticks)
    if at.phase == _HALT:
        return count
    return write_limit(out, count, first_order_id, me.account, at.month, arrival, side, price, lots, _DAY, 0)
