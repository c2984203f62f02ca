"""Designated market makers: two-sided quotes in every listed month by Avellaneda and Stoikov (2008).

Reservation price r = s - q gamma sigma^2 H and half spread gamma sigma^2 H / 2 + (1/gamma) ln(1 + gamma/k)
with a rolling horizon H, where s is the maker's own estimate of value (the public model curve times e to a
small private Ornstein-Uhlenbeck error) and q its inventory in the month plus a share of its inventory along
the rest of the curve, which moves with it. The spread never exceeds the contract's maximum. A quote replaces
the last one of its month in one message and only adds liquidity.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.outbox import write_quote
from abm.agents.ticks import ceil_ticks, floor_ticks
from abm.agents.timing import acts, arrival_ms
from abm.core.kernel import kernel
from abm.core.orders import NO_PRICE, TradingPhase
from abm.core.randomness import normal

_HALT = int(TradingPhase.HALT)

MAKER_DTYPE = np.dtype(
    [
        ("account", np.int64),
        ("latency_ms", np.float64),
        ("jitter", np.float64),
        ("requotes_per_day", np.float64),
        ("risk_aversion", np.float64),
        ("horizon_days", np.float64),
        ("fill_distance", np.float64),
        ("curve_correlation", np.float64),
        ("belief_error", np.float64),
        ("belief_sd", np.float64),
        ("belief_reversion_per_day", np.float64),
        ("max_skew", np.float64),
        ("max_position_lots", np.int64),
    ],
    align=True,
)
"""One market maker. ``risk_aversion`` is gamma per USD; ``fill_distance`` is 1/k, a share of price: the
distance from the mid over which the fill rate falls by a factor e; ``max_skew`` bounds |r - s|, a share."""


@kernel
def half_spread_ticks(risk_aversion: float, variance_ticks: float, fill_distance_ticks: float) -> float:
    """Return the Avellaneda-Stoikov half spread in ticks, for gamma per tick and sigma^2 H in ticks^2."""
    inventory_part = 0.5 * risk_aversion * variance_ticks
    return inventory_part + math.log1p(risk_aversion * fill_distance_ticks) / risk_aversion


@kernel
def decide_makers(
    makers: NDArray[Any],
    streams: NDArray[np.uint64],
    quote_lots: NDArray[np.int64],
    max_spread: NDArray[np.float64],
    tick_value_usd: float,
    months: NDArray[Any],
    position_lots: NDArray[np.int64],
    day_share: float,
    out: NDArray[Any],
    count: int,
    first_order_id: int,
) -> int:
    """Write the round's quotes of all market makers and return the new message count.

    Parameters
    ----------
    quote_lots, max_spread : arrays, shape (listed months,)
        The contract by tenor: lots on each side, and the widest spread as a share of price.
    """
    for i in range(makers.shape[0]):
        me = makers[i]
        memory = math.exp(-me.belief_reversion_per_day * day_share)
        me.belief_error = memory * me.belief_error + me.belief_sd * math.sqrt(1.0 - memory * memory) * normal(
            streams, i
        )
        arrival = arrival_ms(streams, i, me.latency_ms, me.jitter)
        curve_lots = 0
        for tenor in range(months.shape[0]):
            curve_lots += position_lots[me.account, months[tenor].slot]
        for tenor in range(months.shape[0]):
            if acts(streams, i, me.requotes_per_day, day_share) and months[tenor].phase != _HALT:
                held_lots = position_lots[me.account, months[tenor].slot]
                count = _requote(
                    me, months[tenor], quote_lots[tenor], max_spread[tenor], tick_value_usd,
                    held_lots, curve_lots, arrival, out, count, first_order_id,
                )  # fmt: skip
    return count


@kernel
def _requote(
    me: Any,
    at: Any,
    quote_lots: int,
    max_spread: float,
    tick_value_usd: float,
    held_lots: int,
    curve_lots: int,
    arrival: float,
    out: NDArray[Any],
    count: int,
    first_order_id: int,
) -> int:
    """Replace the maker's quotes in one month.

    A side without room for inventory is left empty, and both are when the belief is not a number.
    """
    gamma = me.risk_aversion * tick_value_usd
    variance = (at.volatility_per_day * at.scale_ticks) ** 2 * me.horizon_days
    exposure = held_lots + me.curve_correlation * (curve_lots - held_lots)
    skew = exposure * gamma * variance
    bound = me.max_skew * at.scale_ticks
    value = at.model_ticks + at.scale_ticks * math.expm1(me.belief_error)
    reservation = value - min(max(skew, -bound), bound)
    half = half_spread_ticks(gamma, variance, me.fill_distance * at.scale_ticks)
    half = max(min(half, 0.5 * max_spread * at.scale_ticks), 0.5)
    if not math.isfinite(reservation) or not math.isfinite(half):
        return write_quote(out, count, first_order_id, me.account, at.month, arrival, 0, 0, 0, 0, 1)
    bid = ceil_ticks(reservation - half)
    ask = floor_ticks(reservation + half)
    if ask <= bid:
        bid = floor_ticks(reservation)
        ask = bid + 1
    if at.best_ask_ticks != NO_PRICE:
        bid = min(bid, at.best_ask_ticks - 1)
    if at.best_bid_ticks != NO_PRICE:
        ask = max(ask, at.best_bid_ticks + 1)
    bid_lots = min(quote_lots, me.max_position_lots - held_lots)
    if bid_lots < 0 or bid < at.low_ticks or bid > at.high_ticks:
        bid_lots = 0
    ask_lots = min(quote_lots, me.max_position_lots + held_lots)
    if ask_lots < 0 or ask < at.low_ticks or ask > at.high_ticks:
        ask_lots = 0
    return write_quote(
        out, count, first_order_id, me.account, at.month, arrival, bid, bid_lots, ask, ask_lots, 1
    )
