"""Mixture traders: each weighs value, trend and noise in one forecast (Chiarella, Iori and Perello 2009).

Forecast of the return a day, over the trader's horizon tau_i:

    r = [g1 ln(p_f / p) / tau_f + g2 r_mean + n eps] / (g1 + g2 + n),    tau_i = tau (1 + g1) / (1 + g2)

p is the reference price, p_f the public model value, tau_f the reversion time, r_mean the mean log return
over the last tau_i, eps ~ N(0, sigma_eps^2); the expected price is p_hat = p e^(r tau_i). The order is the
one of Chiarella and Iori (2002): a trader that expects a rise bids p_hat (1 - k), one that expects a fall
offers at p_hat (1 + k), for a number of lots that does not depend on the forecast; a price beyond the other
side of the book trades at once. The later paper's demand of a risk-averse holder of cash and stock has no
counterpart in an account that pays margin alone.

The papers count time in steps in which one order enters; here rates are per day and times in days, so that
the length of a round does not matter. An order rests until its owner looks at that month again, at most until
the end of the day (in the papers: for the horizon).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.outbox import write_cancel_all, write_limit
from abm.agents.base.ticks import ceil_ticks, clamp_ticks, floor_ticks
from abm.agents.base.timing import MAX_EVENTS_PER_ROUND, arrival_ms, events, geometric_lots, pick_tenor
from abm.core.contract import SCALE_FLOOR_TICKS
from abm.core.kernel import kernel
from abm.core.orders import TimeInForce, TradingPhase
from abm.core.random_kernels import normal, uniform

_DAY = int(TimeInForce.DAY)
_HALT = int(TradingPhase.HALT)

MIXTURE_DTYPE = np.dtype(
    [
        ("account", np.int64),
        ("latency_ms", np.float64),
        ("jitter", np.float64),
        ("actions_per_day", np.float64),
        ("fundamental_weight", np.float64),
        ("trend_weight", np.float64),
        ("noise_weight", np.float64),
        ("horizon_days", np.float64),
        ("reversion_days", np.float64),
        ("noise_per_day", np.float64),
        ("order_margin", np.float64),
        ("mean_lots", np.float64),
        ("max_position_lots", np.int64),
        ("tilt", np.float64),
    ],
    align=True,
)
"""One mixture trader. ``horizon_days`` is its own tau_i; ``order_margin`` k, a share of price; ``tilt`` a log
shift of the expected price by its sentiment."""

MESSAGES_PER_AGENT = 2 * MAX_EVENTS_PER_ROUND

_LEAST_RELATIVE_CHANGE = -0.99


@kernel
def log_change(price: float, base: float) -> float:
    """Return ln(price / base), exact from 100 ticks up.

    A smaller or negative base is measured by 100 ticks, and a fall by more than 99 % counts as one of 99 %,
    so that prices may be zero or negative.
    """
    relative: float = (price - base) / max(abs(base), SCALE_FLOOR_TICKS)
    return math.log1p(max(relative, _LEAST_RELATIVE_CHANGE))


@kernel
def remember_prices(months: NDArray[Any], history: NDArray[np.float64], first_round: NDArray[np.int64],
                    slot_month: NDArray[np.int64], now_round: int) -> None:  # fmt: skip
    """Write the reference price of every month into its ring; a newly listed month begins an empty one.

    Parameters
    ----------
    months : structured array
        Rows of ``MONTH_DTYPE``.
    history : array of float, shape (slots, rounds kept)
        Price of each month's slot at round t in column t modulo the rounds kept.
    first_round, slot_month : array of int64, shape (slots,)
        First round remembered of the month that has the slot now, and that month.
    """
    kept = history.shape[1]
    for tenor in range(months.shape[0]):
        slot = months[tenor].slot
        if slot_month[slot] != months[tenor].month:
            slot_month[slot] = months[tenor].month
            first_round[slot] = now_round
        history[slot, now_round % kept] = months[tenor].reference_ticks


@kernel
def mean_return_per_day(
    history: NDArray[np.float64],
    first_round: NDArray[np.int64],
    slot: int,
    now_round: int,
    horizon_days: float,
    day_share: float,
) -> float:
    """Return the mean log return a day over the horizon, over less if the month is younger, 0 without a past.

    The mean of the returns of all rounds is the change from the oldest to the newest price over the time.
    """
    kept = history.shape[1]
    back = min(round(horizon_days / day_share), kept - 1, now_round - first_round[slot])
    if back < 1:
        return 0.0
    newest, oldest = history[slot, now_round % kept], history[slot, (now_round - back) % kept]
    per_day: float = log_change(newest, oldest) / (back * day_share)
    return per_day


@kernel
def decide_mixture(
    traders: NDArray[Any],
    streams: NDArray[np.uint64],
    tenor_weights: NDArray[np.float64],
    time_share: float,
    history: NDArray[np.float64],
    first_round: NDArray[np.int64],
    months: NDArray[Any],
    position_lots: NDArray[np.int64],
    now_round: int,
    day_share: float,
    out: NDArray[Any],
    count: int,
    first_order_id: int,
) -> int:
    """Write the round's messages of all mixture traders and return the new message count.

    Parameters
    ----------
    time_share : float
        Length of the round in days of the traders' own clock; ``day_share`` is its length in market days.
    """
    for i in range(traders.shape[0]):
        me = traders[i]
        for _ in range(events(streams, i, me.actions_per_day, time_share)):
            at = months[pick_tenor(tenor_weights, uniform(streams, i))]
            noise = me.noise_per_day * normal(streams, i)
            arrival = arrival_ms(streams, i, me.latency_ms, me.jitter)
            lots = geometric_lots(streams, i, me.mean_lots)
            trend = mean_return_per_day(history, first_round, at.slot, now_round, me.horizon_days, day_share)
            held = position_lots[me.account, at.slot]
            expected_change = forecast_per_day(me, at, trend, noise) * me.horizon_days + me.tilt
            count = _one_order(me, at, expected_change, lots, held, arrival, out, count, first_order_id)
    return count


@kernel
def forecast_per_day(me: Any, at: Any, trend_per_day: float, noise_per_day: float) -> float:
    """Return the forecast r of the log return a day in a month."""
    to_value = log_change(at.model_ticks, at.reference_ticks) / me.reversion_days
    weights = me.fundamental_weight + me.trend_weight + me.noise_weight
    r: float = (
        me.fundamental_weight * to_value + me.trend_weight * trend_per_day + me.noise_weight * noise_per_day
    ) / weights
    return r


@kernel
def _one_order(
    me: Any,
    at: Any,
    expected_change: float,
    lots: int,
    held: int,
    arrival: float,
    out: NDArray[Any],
    count: int,
    first_order_id: int,
) -> int:
    """Replace the trader's order in one month; without a view, or in a halt, it leaves things as they are."""
    price = at.reference_ticks
    expected = price + max(abs(price), SCALE_FLOOR_TICKS) * math.expm1(expected_change)
    if not math.isfinite(expected) or expected_change == 0.0 or at.phase == _HALT:
        return count
    side = 1 if expected_change > 0.0 else -1
    aim = expected - side * me.order_margin * max(abs(expected), SCALE_FLOOR_TICKS)
    limit = floor_ticks(aim) if side > 0 else ceil_ticks(aim)
    count = write_cancel_all(out, count, me.account, at.month, arrival)
    lots = min(lots, me.max_position_lots - side * held)
    if lots <= 0:
        return count
    limit = clamp_ticks(limit, at.low_ticks, at.high_ticks)
    return write_limit(out, count, first_order_id, me.account, at.month, arrival, side, limit, lots, _DAY, 0)
