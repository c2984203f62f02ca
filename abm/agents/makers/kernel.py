"""Designated market makers: two-sided quotes in every listed month.

Quotes stand around the reservation price r = s - skew, where s is the maker's own estimate of value (the
public model curve times e to a small private Ornstein-Uhlenbeck error) and the skew is that of Avellaneda
and Stoikov (2008) or of Gueant, Lehalle and Fernandez-Tapia (2013), see ``quoting`` in this room, for the
inventory in the month plus a share of the inventory along the rest of the curve, which moves with it. One
that holds its inventory to delivery has the premium of ``abm.agents.base.curve_risk`` in place of that skew,
and one with a budget of margin shows less, farther away, as it fills (``risk_budget``). A maker
that is obliged keeps the spread of those models within the contract's maximum; a strategic one weighs what
its duties cost and bring, see ``strategy``. A quote replaces the last one of its month in
one message and only adds liquidity.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.curve_risk import write_premiums_ticks
from abm.agents.base.outbox import write_quote
from abm.agents.base.ticks import ceil_ticks, floor_ticks
from abm.agents.base.timing import acts, arrival_ms
from abm.agents.makers.learning import MakerMind
from abm.agents.makers.quoting import flat_half_spread_ticks, glft_skew_ticks, half_spread_ticks
from abm.agents.makers.risk_budget import MakerRisk, lots_within, used_or_spent
from abm.agents.makers.strategy import strategic_quote, variance_ticks_of
from abm.agents.makers.style import Duties, MakerStyle
from abm.core.kernel import kernel
from abm.core.orders import NO_PRICE, TradingPhase
from abm.core.random_kernels import normal

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


@kernel(allocates=False)
def decide_makers(
    makers: NDArray[Any],
    streams: NDArray[np.uint64],
    habits: NDArray[Any],
    style: MakerStyle,
    duties: Duties,
    mind: MakerMind,
    risk: MakerRisk,
    left_of_day: float,
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
    habits, mind
        Read only where ``style`` asks for what they hold; without rows otherwise.
    risk : MakerRisk
        Budgets of margin, and what premiums are reckoned from; those of each maker in turn are written.
    left_of_day : float
        Share of the day that is left when the round begins.
    """
    for i in range(makers.shape[0]):
        me = makers[i]
        memory = math.exp(-me.belief_reversion_per_day * day_share)
        me.belief_error = memory * me.belief_error + me.belief_sd * math.sqrt(1.0 - memory * memory) * normal(
            streams, i
        )
        arrival = arrival_ms(streams, i, me.latency_ms, me.jitter)
        horizon = left_of_day if style.to_session_end else me.horizon_days
        used = used_or_spent(risk, i, months, position_lots, me.account, style.to_delivery)
        if style.to_delivery:
            write_premiums_ticks(risk.curve, i, months, position_lots, me.account, risk.premium_ticks)
        for tenor in range(months.shape[0]):
            if not acts(streams, i, me.requotes_per_day, day_share) or months[tenor].phase == _HALT:
                continue
            at = months[tenor]
            exposure = 0.0
            if not style.to_delivery:
                exposure = exposure_lots(makers, mind, style, months, position_lots, i, tenor)
            half, skew, lots = _terms(
                makers, habits, style, duties, mind, tick_value_usd, at, i, tenor, horizon, exposure
            )
            value = at.model_ticks + at.scale_ticks * math.expm1(me.belief_error)
            if style.to_delivery:
                skew = risk.premium_ticks[tenor]
            held = position_lots[me.account, at.slot]
            wider = half * (1.0 + risk.widening[i] * used)
            bid_half, ask_half = wider if held >= 0 else half, wider if held <= 0 else half
            bid, bid_lots, ask, ask_lots = _prices(me, at, value, skew, lots, held, used, bid_half, ask_half)
            count = write_quote(
                out, count, first_order_id, me.account, at.month, arrival, bid, bid_lots, ask, ask_lots, 1
            )
            if style.own_estimates or style.strategic:
                mind.value_ticks[i, at.slot] = value
                mind.quote_ticks[i, at.slot, 0] = bid
                mind.quote_ticks[i, at.slot, 1] = ask
                mind.quote_lots[i, at.slot, 0] = bid_lots
                mind.quote_lots[i, at.slot, 1] = ask_lots
    return count


@kernel(allocates=False)
def exposure_lots(
    makers: NDArray[Any],
    mind: MakerMind,
    style: MakerStyle,
    months: NDArray[Any],
    position_lots: NDArray[np.int64],
    i: int,
    tenor: int,
) -> float:
    """Return the inventory of the whole curve in lots of one month.

    Lots elsewhere count by the same correlation, or, where it falls with distance, each by its covariance
    with this month over this month's variance: rho^|tenors apart| times the ratio of volatilities.
    """
    account, at = makers[i].account, months[tenor]
    held = position_lots[account, at.slot]
    if not style.by_distance:
        curve_lots = 0
        for other in range(months.shape[0]):
            curve_lots += position_lots[account, months[other].slot]
        pooled: float = held + makers[i].curve_correlation * (curve_lots - held)
        return pooled
    exposure = float(held)
    own = math.sqrt(variance_ticks_of(makers, mind, style, at, i, 1.0))
    if own > 0.0:
        for other in range(months.shape[0]):
            if other != tenor:
                volatility = math.sqrt(variance_ticks_of(makers, mind, style, months[other], i, 1.0))
                correlation = makers[i].curve_correlation ** abs(other - tenor)
                exposure += correlation * volatility / own * position_lots[account, months[other].slot]
    return exposure


@kernel(allocates=False)
def _terms(
    makers: NDArray[Any],
    habits: NDArray[Any],
    style: MakerStyle,
    duties: Duties,
    mind: MakerMind,
    tick_value_usd: float,
    at: Any,
    i: int,
    tenor: int,
    horizon_days: float,
    exposure: float,
) -> tuple[float, float, int]:
    """Return half spread and skew in ticks, and the lots to show on each side."""
    gamma = makers[i].risk_aversion * tick_value_usd
    variance = variance_ticks_of(makers, mind, style, at, i, horizon_days)
    fill_distance = makers[i].fill_distance * at.scale_ticks
    if style.own_estimates:
        fill_distance = mind.fill_distance[i, tenor] * at.scale_ticks
    if style.glft:
        fill_rate = mind.fill_rate[i, tenor] if style.own_estimates else habits[i].fill_rate
        daily = variance_ticks_of(makers, mind, style, at, i, 1.0)
        per_lot = glft_skew_ticks(gamma, daily, fill_distance, fill_rate)
        half = flat_half_spread_ticks(gamma, fill_distance) + 0.5 * per_lot
        skew = exposure * per_lot
    else:
        half = half_spread_ticks(gamma, variance, fill_distance)
        skew = exposure * gamma * variance
    if style.strategic:
        half, lots = strategic_quote(makers, habits, mind, duties, tick_value_usd, at, i, tenor, variance)
        return half, skew, lots
    if duties.under_contract[i]:
        half = min(half, 0.5 * duties.max_spread[tenor] * at.scale_ticks)
    return max(half, 0.5), skew, duties.quote_lots[tenor]


@kernel(allocates=False)
def _prices(
    me: Any,
    at: Any,
    value: float,
    skew: float,
    lots: int,
    held_lots: int,
    used: float,
    bid_half: float,
    ask_half: float,
) -> tuple[int, int, int, int]:
    """Return bid and ask with their lots: around the value less the skew, and adding liquidity only.

    A side that would add to the position shrinks with the used part of the budget. A side without room for
    inventory is left empty, and both are when the belief is not a number.
    """
    bound = me.max_skew * at.scale_ticks
    reservation = value - min(max(skew, -bound), bound)
    if not math.isfinite(reservation) or not math.isfinite(bid_half + ask_half) or lots <= 0:
        return 0, 0, 0, 0
    bid = ceil_ticks(reservation - bid_half)
    ask = floor_ticks(reservation + ask_half)
    if ask <= bid:
        bid = floor_ticks(reservation)
        ask = bid + 1
    if at.best_ask_ticks != NO_PRICE:
        bid = min(bid, at.best_ask_ticks - 1)
    if at.best_bid_ticks != NO_PRICE:
        ask = max(ask, at.best_bid_ticks + 1)
    bid_lots = min(lots_within(lots, -held_lots, used), me.max_position_lots - held_lots)
    if bid_lots < 0 or bid < at.low_ticks or bid > at.high_ticks:
        bid_lots = 0
    ask_lots = min(lots_within(lots, held_lots, used), me.max_position_lots + held_lots)
    if ask_lots < 0 or ask < at.low_ticks or ask > at.high_ticks:
        ask_lots = 0
    return bid, bid_lots, ask, ask_lots
