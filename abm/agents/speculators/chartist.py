"""Chartists: follow the trend of one month by the crossover of a fast and a slow moving average.

Both averages are exponential with time constants in days and are updated every round over the round's length,
so that the signal does not depend on how finely a day is cut (the chartist rule of Brock and Hommes 1998 in
its common crossover form).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.outbox import write_market
from abm.agents.base.timing import acts, arrival_ms
from abm.core.kernel import kernel
from abm.core.orders import TradingPhase

_HALT = int(TradingPhase.HALT)

CHARTIST_DTYPE = np.dtype(
    [
        ("account", np.int64),
        ("latency_ms", np.float64),
        ("jitter", np.float64),
        ("actions_per_day", np.float64),
        ("tenor", np.int64),
        ("month", np.int64),
        ("fast_ticks", np.float64),
        ("slow_ticks", np.float64),
        ("fast_days", np.float64),
        ("slow_days", np.float64),
        ("threshold", np.float64),
        ("slice_lots", np.int64),
        ("max_position_lots", np.int64),
        ("tilt", np.float64),
    ],
    align=True,
)
"""One chartist. It follows delivery month ``month``, the one at its ``tenor`` until the front month expires;
``threshold`` is the gap of the averages, a share of price, beyond which it takes a position;
``tilt`` is added to that gap, by sentiment."""

MESSAGES_PER_AGENT = 2


@kernel
def decide_chartists(
    traders: NDArray[Any],
    streams: NDArray[np.uint64],
    months: NDArray[Any],
    position_lots: NDArray[np.int64],
    day_share: float,
    out: NDArray[Any],
    count: int,
    first_order_id: int,
) -> int:
    """Write the round's messages of all chartists and return the new message count."""
    for i in range(traders.shape[0]):
        me = traders[i]
        at = months[me.tenor]
        if me.month != at.month:
            me.month = at.month
            me.fast_ticks = at.reference_ticks
            me.slow_ticks = at.reference_ticks
        me.fast_ticks -= math.expm1(-day_share / me.fast_days) * (at.reference_ticks - me.fast_ticks)
        me.slow_ticks -= math.expm1(-day_share / me.slow_days) * (at.reference_ticks - me.slow_ticks)
        if not acts(streams, i, me.actions_per_day, day_share):
            continue
        arrival = arrival_ms(streams, i, me.latency_ms, me.jitter)
        signal = (me.fast_ticks - me.slow_ticks) / at.scale_ticks + me.tilt
        if math.isnan(signal):  # no view is not the view that there is no trend
            continue
        wanted = 0
        if signal > me.threshold:
            wanted = me.max_position_lots
        elif signal < -me.threshold:
            wanted = -me.max_position_lots
        count = _trade_towards(me, at, wanted, position_lots, arrival, out, count, first_order_id)
        if me.tenor > 0:  # what is left in the month followed before
            count = _trade_towards(
                me, months[me.tenor - 1], 0, position_lots, arrival, out, count, first_order_id
            )
    return count


@kernel
def _trade_towards(
    me: Any,
    at: Any,
    wanted: int,
    position_lots: NDArray[np.int64],
    arrival: float,
    out: NDArray[Any],
    count: int,
    first_order_id: int,
) -> int:
    gap = wanted - position_lots[me.account, at.slot]
    if gap == 0 or at.phase == _HALT:
        return count
    side = 1 if gap > 0 else -1
    lots = min(abs(gap), me.slice_lots)
    return write_market(out, count, first_order_id, me.account, at.month, arrival, side, lots)
