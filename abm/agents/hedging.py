"""Execution of a hedge programme, shared by enterprises (buyers) and providers (sellers).

A hedger compares its position with the programme's target in every month, picks a month with probability
in proportion to the gap, replaces its resting order there, and sends one slice: passive at the best price of
its own side, or, with a given probability, across the spread. It pays no more than a set premium over the
model curve and never sells below its floor. The delivery month is left alone: its exposure rolls off with the
fixings.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.outbox import write_cancel_all, write_limit
from abm.agents.ticks import ceil_ticks, floor_ticks
from abm.agents.timing import acts, arrival_ms
from abm.core.kernel import kernel
from abm.core.orders import NO_PRICE, TimeInForce, TradingPhase
from abm.core.randomness import uniform

_DAY = int(TimeInForce.DAY)
_IOC = int(TimeInForce.IOC)
_HALT = int(TradingPhase.HALT)

HEDGER_DTYPE = np.dtype(
    [
        ("account", np.int64),
        ("latency_ms", np.float64),
        ("jitter", np.float64),
        ("actions_per_day", np.float64),
        ("cross_probability", np.float64),
        ("max_premium", np.float64),
        ("floor_ticks", np.float64),
        ("slice_lots", np.int64),
        ("band_lots", np.int64),
    ],
    align=True,
)
"""One hedger. ``max_premium`` is the share of the model price it pays or gives up to trade at all;
``floor_ticks`` the price under which it does not sell; ``band_lots`` the gap that it leaves alone."""

MESSAGES_PER_AGENT = 2


@kernel
def decide_hedgers(
    hedgers: NDArray[Any],
    streams: NDArray[np.uint64],
    target_lots: NDArray[np.int64],
    months: NDArray[Any],
    position_lots: NDArray[np.int64],
    day_share: float,
    out: NDArray[Any],
    count: int,
    first_order_id: int,
) -> int:
    """Write the round's messages of all hedgers and return the new message count.

    Parameters
    ----------
    target_lots : array of int64, shape (hedgers, listed months)
        Signed position that the programme wants, in tenor order; column 0 is not traded.
    """
    for i in range(hedgers.shape[0]):
        me = hedgers[i]
        if not acts(streams, i, me.actions_per_day, day_share):
            continue
        tenor = _pick_gap(
            target_lots[i], months, position_lots[me.account], me.band_lots, uniform(streams, i)
        )
        if tenor < 0:
            continue
        at = months[tenor]
        arrival = arrival_ms(streams, i, me.latency_ms, me.jitter)
        gap = target_lots[i, tenor] - position_lots[me.account, at.slot]
        side = 1 if gap > 0 else -1
        limit = _worst_price(me, at, side)
        crosses = uniform(streams, i) < me.cross_probability
        if at.phase == _HALT:
            continue
        price, time_in_force = _slice_price(at, side, limit, crosses)
        if price != NO_PRICE:  # a price that is no number is refused and leaves the resting order alone
            count = write_cancel_all(out, count, me.account, at.month, arrival)
        if price == NO_PRICE or at.low_ticks <= price <= at.high_ticks:
            lots = min(abs(gap), me.slice_lots)
            count = write_limit(
                out, count, first_order_id, me.account, at.month, arrival, side, price, lots, time_in_force, 0
            )
    return count


@kernel
def _pick_gap(
    targets: NDArray[np.int64],
    months: NDArray[Any],
    position_lots: NDArray[np.int64],
    band_lots: int,
    draw: float,
) -> int:
    """Return a tenor with probability in proportion to its gap beyond the band, -1 if there is none."""
    total = 0
    for tenor in range(1, targets.shape[0]):
        gap = abs(targets[tenor] - position_lots[months[tenor].slot])
        total += gap if gap > band_lots else 0
    left = draw * total
    for tenor in range(1, targets.shape[0]):
        gap = abs(targets[tenor] - position_lots[months[tenor].slot])
        if gap > band_lots:
            left -= gap
            if left < 0.0:
                return tenor
    return -1


@kernel
def _worst_price(me: Any, at: Any, side: int) -> int:
    """Return the highest tick a buyer pays or the lowest a seller takes, ``NO_PRICE`` without a belief."""
    concession = me.max_premium * at.scale_ticks
    if side > 0:
        highest: int = floor_ticks(at.model_ticks + concession)
        return highest
    lowest: int = ceil_ticks(at.model_ticks - concession)
    if lowest != NO_PRICE and not me.floor_ticks <= lowest:  # NaN is not a floor that any price is above
        lowest = ceil_ticks(me.floor_ticks)
    return lowest


@kernel
def _slice_price(at: Any, side: int, limit: int, crosses: bool) -> tuple[int, int]:
    """Return price and time in force of one slice: across the spread, or joining the own side."""
    if limit == NO_PRICE:
        return NO_PRICE, _DAY
    own = at.best_bid_ticks if side > 0 else at.best_ask_ticks
    opposite = at.best_ask_ticks if side > 0 else at.best_bid_ticks
    if crosses and opposite != NO_PRICE and side * (limit - opposite) >= 0:
        return opposite, _IOC
    if own == NO_PRICE:
        own = floor_ticks(at.reference_ticks - side + 0.5)
        if own == NO_PRICE:
            return NO_PRICE, _DAY
    if opposite != NO_PRICE and side * (own - opposite) >= 0:
        own = opposite - side
    if side * (own - limit) > 0:
        own = limit
    return own, _DAY
