"""Orders with which speculators close positions when they are out, and reduce them when they shrink."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.outbox import write_market
from abm.agents.base.timing import acts, arrival_ms
from abm.agents.limits.states import LEFT, SHRINKING, STOPPED, TRADING
from abm.core.kernel import kernel
from abm.core.orders import TradingPhase

_HALT = int(TradingPhase.HALT)


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
    """Write the market orders with which traders that are out close their positions; return the new count.

    At its rate such a trader sends one order for all it holds in each month that takes orders; what the
    market does not take at once it sends again.
    """
    for i in range(limits.shape[0]):
        me = limits[i]
        if me.state != STOPPED and me.state != LEFT:
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


@kernel
def shrink_positions(
    limits: NDArray[Any],
    streams: NDArray[np.uint64],
    months: NDArray[Any],
    lot_margin_usd: NDArray[np.float64],
    position_lots: NDArray[np.int64],
    day_share: float,
    left_of_day: float,
    out: NDArray[Any],
    count: int,
    first_order_id: int,
) -> int:
    """Write the market orders with which shrinking traders reduce their positions; return the new count.

    At its rate such a trader sells, or buys back, in the month that ties up most of its margin, as much as
    brings it back within its budget by the close if it goes on like that; who is back trades as usual again.

    Parameters
    ----------
    left_of_day : float
        Share of the trading day that is left, this round included.
    """
    for i in range(limits.shape[0]):
        me = limits[i]
        if me.state != SHRINKING:
            continue
        excess_usd, largest_usd, at_tenor = -me.margin_to_equity * max(me.equity_usd, 0.0), 0.0, -1
        for tenor in range(months.shape[0]):
            margin_usd = abs(position_lots[me.account, months[tenor].slot]) * lot_margin_usd[tenor]
            excess_usd += margin_usd
            if margin_usd > largest_usd and months[tenor].phase != _HALT:
                largest_usd, at_tenor = margin_usd, tenor
        if excess_usd <= 0.0:
            me.state = TRADING
            continue
        if not acts(streams, i, me.closing_per_day, day_share) or at_tenor < 0:
            continue
        turns = max(1.0, -math.expm1(-me.closing_per_day * day_share) * left_of_day / day_share)
        at = months[at_tenor]
        held = position_lots[me.account, at.slot]
        lots = min(abs(held), math.ceil(excess_usd / turns / lot_margin_usd[at_tenor]))
        arrival = arrival_ms(streams, i, me.latency_ms, me.jitter)
        side = -1 if held > 0 else 1
        count = write_market(out, count, first_order_id, me.account, at.month, arrival, side, lots)
    return count
