"""Traders that switch between three roles: optimist, pessimist, on value (Lux and Marchesi 1999, 2000).

With n+, n- and n_f of N traders in each role, n_c = n+ + n-, the mood x = (n+ - n-) / n_c, the trend g of the
price (share of price a day) and the distance m = (p_f - p) / p of value from price, the rates a day are

    pessimist to optimist  nu1 (n_c/N) e^(U1)      optimist to pessimist  nu1 (n_c/N) e^(-U1)
    value to optimist      nu2 (n+/N)  e^(U2+)     optimist to value      nu2 (n_f/N) e^(-U2+)
    value to pessimist     nu2 (n-/N)  e^(U2-)     pessimist to value     nu2 (n_f/N) e^(-U2-)

    U1  = a1 x + (a2 / nu1) g
    U2+ = a3 (c (1 + m) + g / nu2 - R - s |m|)
    U2- = a3 (R - c (1 + m) - g / nu2 - s |m|)

c is what a holder is seen to earn a day at a price that equals value (r / p_f in the papers), R what money
earns elsewhere. With the trend of U1 in units of price and a value of 10, as in their simulations, a2 is ten
times theirs. An optimist buys and a pessimist sells a fixed number of lots a day, a trader on value a number
in proportion to m, all with market orders; their unit of time is a day here.

Prices of several months are one opinion: g and m are means over the months with the weights by which the
class picks them, and a trader on value orders by the distance of the month it has picked. Everybody switches
by what holds at the start of the round, so that nobody is first; those that have defaulted or are stopped out
are in no group.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.outbox import write_market
from abm.agents.base.timing import arrival_ms, pick_tenor
from abm.agents.mixture.kernel import mean_return_per_day
from abm.core.contract import SCALE_FLOOR_TICKS
from abm.core.kernel import kernel
from abm.core.orders import TradingPhase
from abm.core.random_kernels import uniform

_HALT = int(TradingPhase.HALT)

OPTIMIST, ON_VALUE, PESSIMIST = 1, 0, -1
"""Roles; that of a chartist is the side it trades on."""

SWITCHING_DTYPE = np.dtype(
    [
        ("account", np.int64),
        ("latency_ms", np.float64),
        ("jitter", np.float64),
        ("opinion_rate", np.float64),
        ("strategy_rate", np.float64),
        ("herding", np.float64),
        ("trend_weight", np.float64),
        ("profit_weight", np.float64),
        ("value_discount", np.float64),
        ("carry_per_day", np.float64),
        ("alternative_per_day", np.float64),
        ("chartist_lots_per_day", np.float64),
        ("value_lots_per_day", np.float64),
        ("max_position_lots", np.int64),
        ("role", np.int64),
        ("next_role", np.int64),
    ],
    align=True,
)
"""One switching trader: nu1, nu2, a1, a2, a3, s, c, R of the formulas in that order; ``value_lots_per_day``:
lots over relative distance m. Who has no lots to trade in any role is out of the market."""

MESSAGES_PER_AGENT = 1

LARGEST_FORCE = 20.0
"""Bound on U1 and U2, which keeps rates finite: e^20 a day switches a trader at once (judgement)."""

_SLOWEST = 1e-12


@kernel
def value_distance(at: Any) -> float:
    """Return (value - price) / price of a month; prices below 100 ticks count as 100, NaN without a view."""
    distance: float = (at.model_ticks - at.reference_ticks) / max(abs(at.reference_ticks), SCALE_FLOOR_TICKS)
    return distance


@kernel
def curve_state(
    months: NDArray[Any],
    tenor_weights: NDArray[np.float64],
    history: NDArray[np.float64],
    first_round: NDArray[np.int64],
    now_round: int,
    trend_days: float,
    day_share: float,
) -> tuple[float, float]:
    """Return trend a day and distance of value from price, means over the months with the tenor weights.

    A month without a price or a value does not count; NaN if no month does. A trend is looked for over one
    round at least.
    """
    trend, distance, weight, before = 0.0, 0.0, 0.0, 0.0
    for tenor in range(months.shape[0]):
        share = tenor_weights[tenor] - before
        before = tenor_weights[tenor]
        slot = months[tenor].slot
        own_trend = mean_return_per_day(
            history, first_round, slot, now_round, max(trend_days, day_share), day_share
        )
        own_distance = value_distance(months[tenor])
        if math.isfinite(own_trend) and math.isfinite(own_distance):
            trend += share * own_trend
            distance += share * own_distance
            weight += share
    if weight <= 0.0:
        return math.nan, math.nan
    return trend / weight, distance / weight


@kernel
def count_roles(traders: NDArray[Any]) -> tuple[int, int, int]:
    """Return how many optimists, pessimists and traders on value there are among those in the market."""
    optimists, pessimists, on_value = 0, 0, 0
    for i in range(traders.shape[0]):
        if not _in_market(traders[i]):
            continue
        if traders[i].role == OPTIMIST:
            optimists += 1
        elif traders[i].role == PESSIMIST:
            pessimists += 1
        else:
            on_value += 1
    return optimists, pessimists, on_value


@kernel
def _in_market(me: Any) -> bool:
    return bool(me.chartist_lots_per_day > 0.0 or me.value_lots_per_day > 0.0)


@kernel
def switching_rates(
    me: Any, optimists: int, pessimists: int, on_value: int, trend: float, distance: float
) -> tuple[float, float, float]:
    """Return the rates a day at which a trader becomes an optimist, a pessimist, and a trader on value.

    The rate of the role that it has is zero.

    Parameters
    ----------
    optimists, pessimists, on_value : int
        Members of the groups, with the trader itself.
    trend, distance : float
        Trend a day and distance of value from price, shares of price.
    """
    chartists = optimists + pessimists
    everybody = chartists + on_value
    discount = me.value_discount * abs(distance)
    excess = me.carry_per_day * (1.0 + distance) - me.alternative_per_day
    excess += trend / max(me.strategy_rate, _SLOWEST)
    for_optimists = me.profit_weight * (excess - discount)
    for_pessimists = me.profit_weight * (-excess - discount)
    if me.role == ON_VALUE:
        to_optimist = me.strategy_rate * optimists / everybody * _force(for_optimists)
        to_pessimist = me.strategy_rate * pessimists / everybody * _force(for_pessimists)
        return to_optimist, to_pessimist, 0.0
    mood = (optimists - pessimists) / chartists
    opinion = me.herding * mood + me.trend_weight / max(me.opinion_rate, _SLOWEST) * trend
    if me.role == OPTIMIST:
        to_pessimist = me.opinion_rate * chartists / everybody * _force(-opinion)
        return 0.0, to_pessimist, me.strategy_rate * on_value / everybody * _force(-for_optimists)
    to_optimist = me.opinion_rate * chartists / everybody * _force(opinion)
    return to_optimist, 0.0, me.strategy_rate * on_value / everybody * _force(-for_pessimists)


@kernel
def _force(exponent: float) -> float:
    return math.exp(min(max(exponent, -LARGEST_FORCE), LARGEST_FORCE))


@kernel
def switch_roles(
    traders: NDArray[Any],
    streams: NDArray[np.uint64],
    trend: float,
    distance: float,
    day_share: float,
    least_group: int,
) -> None:
    """Let every trader in the market keep or change its role, by what holds before anybody changes.

    A trader leaves its role with probability 1 - e^(-rate x day_share), its rate being that of both ways out,
    and takes each way in proportion to its own. A group that would shrink below the least size keeps all its
    members in this round. Without a trend nobody switches and nothing is drawn.
    """
    if not (math.isfinite(trend) and math.isfinite(distance)):
        return
    optimists, pessimists, on_value = count_roles(traders)
    leaving = np.zeros(3, dtype=np.int64)
    for i in range(traders.shape[0]):
        me = traders[i]
        me.next_role = me.role
        if not _in_market(me):
            continue
        up, down, level = switching_rates(me, optimists, pessimists, on_value, trend, distance)
        total = up + down + level
        stays = math.exp(-total * day_share)
        draw = uniform(streams, i)
        if draw < stays or total <= 0.0:
            continue
        leaving[me.role + 1] += 1
        way = (draw - stays) / (1.0 - stays) * total
        if way < up:
            me.next_role = OPTIMIST
        elif way < up + down:
            me.next_role = PESSIMIST
        else:
            me.next_role = ON_VALUE
    members = (pessimists, on_value, optimists)
    for i in range(traders.shape[0]):
        me = traders[i]
        if members[me.role + 1] - leaving[me.role + 1] >= least_group:
            me.role = me.next_role


@kernel
def decide_switching(
    traders: NDArray[Any],
    streams: NDArray[np.uint64],
    tenor_weights: NDArray[np.float64],
    history: NDArray[np.float64],
    first_round: NDArray[np.int64],
    trend_days: float,
    least_group: int,
    months: NDArray[Any],
    position_lots: NDArray[np.int64],
    now_round: int,
    day_share: float,
    out: NDArray[Any],
    count: int,
    first_order_id: int,
) -> int:
    """Let traders switch roles, write the round's messages of all of them, and return the new count.

    Parameters
    ----------
    trend_days : float
        Time over which the trend is looked for.
    least_group : int
        Members that a role keeps.
    """
    trend, distance = curve_state(
        months, tenor_weights, history, first_round, now_round, trend_days, day_share
    )
    switch_roles(traders, streams, trend, distance, day_share, least_group)
    for i in range(traders.shape[0]):
        me = traders[i]
        if not _in_market(me):
            continue
        at = months[pick_tenor(tenor_weights, uniform(streams, i))]
        side, lots_per_day = me.role, me.chartist_lots_per_day
        if me.role == ON_VALUE:
            own_distance = value_distance(at)
            if not math.isfinite(own_distance):
                continue
            side = 1 if own_distance > 0.0 else -1
            lots_per_day = me.value_lots_per_day * abs(own_distance)
        lots = whole_lots(streams, i, min(lots_per_day * day_share, 2.0 * me.max_position_lots))
        lots = min(lots, me.max_position_lots - side * position_lots[me.account, at.slot])
        if lots <= 0 or at.phase == _HALT:
            continue
        arrival = arrival_ms(streams, i, me.latency_ms, me.jitter)
        count = write_market(out, count, first_order_id, me.account, at.month, arrival, side, lots)
    return count


@kernel
def whole_lots(streams: NDArray[np.uint64], row: int, lots: float) -> int:
    """Return a whole number whose mean is ``lots``, the one below or above; 0 for what is no number."""
    if not (math.isfinite(lots) and lots > 0.0):
        return 0
    below = math.floor(lots)
    return int(below) + (1 if uniform(streams, row) < lots - below else 0)
