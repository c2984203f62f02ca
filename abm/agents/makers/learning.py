"""What a market maker learns from its own observation: volatility, fill rates, and what fills cost it later.

- Volatility: the mid price of each month is sampled at a fixed interval of the day, and an average with
  exponential memory is taken of squared changes over elapsed time (RiskMetrics 1996, within the day).
- Fill rate: A e^(-d / D) lots a day on a side at the distance d from the maker's own value, which is the s
  of its model. Time quoted and lots filled are counted by distance; A and D solve the likelihood equations of
  the Poisson model, sum N = A sum T e^(-d/D) and sum N d = A sum T d e^(-d/D), with a day of
  pseudo-observations of the maker's first guess added.
- Adverse selection: how far the mid is on the wrong side of the own value some time after a fill, a mean by
  lots. It holds what Huang and Stoll (1996) call price impact, and the curse of having been the one to fill:
  half spread minus this is the realised half spread.

All are per day and by shares of price: they do not depend on the length of a round.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.core.arrays import FloatArray, IntArray
from abm.core.kernel import kernel
from abm.core.orders import NO_PRICE, Side, TradingPhase

BINS = 24
"""Bins of distance; each is a quarter of the first guess of the fill distance wide, the outer ones open."""
_NEGATIVE_BINS = 6
"""Bins of quotes on the far side of the own value, where a large inventory puts them."""
_BINS_PER_GUESS = 4
PRIOR_DAYS = 1.0
"""Days on a side that the first guess of the fill rate counts for (judgement)."""
PRIOR_LOTS = 50.0
"""Fills without any cost that stand for knowing nothing of adverse selection (judgement)."""
_NARROWEST, _WIDEST = 0.2, 5.0
"""Bounds of the estimated fill distance, multiples of the first guess (judgement)."""
_BISECTIONS = 40
_BUY = int(Side.BUY)
_CONTINUOUS = int(TradingPhase.CONTINUOUS)

HABITS_DTYPE = np.dtype(
    [
        ("fill_rate", np.float64),
        ("estimate_days", np.float64),
        ("quoting_cost_usd", np.float64),
    ],
    align=True,
)
"""More of a maker: first guess of A in lots a day and side, memory of its estimates in days, and the cost of
quoting a month for a day."""


class MakerMind(NamedTuple):
    """What the makers of a market have learned; without rows where nobody learns.

    Attributes
    ----------
    month : array of int64, shape (slots,)
        Delivery month that a slot's memory is of.
    sampled_ticks, since_sample_days : array of float, shape (slots,)
        Mid at the last sample, and the time since.
    variance : array of float, shape (makers, slots)
        Squared relative volatility per day.
    value_ticks : array of float, shape (makers, slots)
        Own value when it last quoted.
    quote_ticks, quote_lots : array of int64, shape (makers, slots, 2)
        Own bid and ask, as sent or as they rest.
    time_days, time_distance, lots, lots_distance : array of float, shape (makers, tenors, bins)
        Time quoted and lots filled, and both weighted by distance.
    fill_rate, fill_distance : array of float, shape (makers, tenors)
        A in lots a day and D, a share of price.
    cost, cost_lots : array of float, shape (makers, tenors)
        Sum of moves against fills times lots, and those lots.
    recent_bought, recent_value, recent_lots : array of float, shape (makers, slots, rounds)
        Net lots bought in the last rounds, these times the own value, and all lots filled.
    at : array of int64, shape (1,)
        Place of this round among the last ones.
    duty_value_usd : array of float, shape (makers, tenors)
        Worth of a day of complying quotes by today's plan; infinite where the plan counts on them.
    stress_value_usd : array of float, shape (makers,)
        The same in stress for a month that the plan counts on, without the extra pay: its share of the pay.
    """

    month: IntArray
    sampled_ticks: FloatArray
    since_sample_days: FloatArray
    variance: FloatArray
    value_ticks: FloatArray
    quote_ticks: IntArray
    quote_lots: IntArray
    time_days: FloatArray
    time_distance: FloatArray
    lots: FloatArray
    lots_distance: FloatArray
    fill_rate: FloatArray
    fill_distance: FloatArray
    cost: FloatArray
    cost_lots: FloatArray
    recent_bought: FloatArray
    recent_value: FloatArray
    recent_lots: FloatArray
    at: IntArray
    duty_value_usd: FloatArray
    stress_value_usd: FloatArray


def blank_mind(makers: int, tenors: int, rounds: int) -> MakerMind:
    """Return the mind of makers that have seen nothing; the costs of fills are judged after some rounds."""
    by_tenor, by_bin, by_side = (makers, tenors), (makers, tenors, BINS), (makers, tenors, 2)
    recent = (makers, tenors, rounds)
    return MakerMind(
        month=np.full(tenors, -1, dtype=np.int64),
        sampled_ticks=np.full(tenors, np.nan),
        since_sample_days=np.zeros(tenors),
        variance=np.zeros(by_tenor),
        value_ticks=np.zeros(by_tenor),
        quote_ticks=np.zeros(by_side, dtype=np.int64),
        quote_lots=np.zeros(by_side, dtype=np.int64),
        time_days=np.zeros(by_bin),
        time_distance=np.zeros(by_bin),
        lots=np.zeros(by_bin),
        lots_distance=np.zeros(by_bin),
        fill_rate=np.zeros(by_tenor),
        fill_distance=np.zeros(by_tenor),
        cost=np.zeros(by_tenor),
        cost_lots=np.zeros(by_tenor),
        recent_bought=np.zeros(recent),
        recent_value=np.zeros(recent),
        recent_lots=np.zeros(recent),
        at=np.zeros(1, dtype=np.int64),
        duty_value_usd=np.zeros(by_tenor),
        stress_value_usd=np.zeros(makers),
    )


@kernel(allocates=False)
def see_months(
    mind: MakerMind, habits: NDArray[Any], months: NDArray[Any], day_share: float, sample_days: float
) -> None:
    """Take in the mids of a round: costs of earlier fills, and volatility when a sample is due."""
    rounds = mind.recent_lots.shape[2]
    mind.at[0] = (mind.at[0] + 1) % rounds
    now = mind.at[0]
    for tenor in range(months.shape[0]):
        at = months[tenor]
        if mind.month[at.slot] != at.month:
            _meet_month(mind, at)
        mid = math.nan
        if at.best_bid_ticks != NO_PRICE and at.best_ask_ticks != NO_PRICE:
            mid = 0.5 * at.best_bid_ticks + 0.5 * at.best_ask_ticks
        _cost_of_fills(mind, at, tenor, now, mid)
        mind.since_sample_days[at.slot] += day_share
        # A round that is a hair shorter than the interval is not left out.
        if not math.isfinite(mid) or mind.since_sample_days[at.slot] < sample_days - 1e-9:
            continue
        if math.isfinite(mind.sampled_ticks[at.slot]):
            change = (mid - mind.sampled_ticks[at.slot]) / at.scale_ticks
            elapsed = mind.since_sample_days[at.slot]
            for i in range(habits.shape[0]):
                weight = -math.expm1(-elapsed / habits[i].estimate_days)
                mind.variance[i, at.slot] += weight * (change * change / elapsed - mind.variance[i, at.slot])
        mind.sampled_ticks[at.slot] = mid
        mind.since_sample_days[at.slot] = 0.0


@kernel(allocates=False)
def _meet_month(mind: MakerMind, at: Any) -> None:
    """Forget the month that had this slot before; the public estimate is the first guess of volatility."""
    mind.month[at.slot] = at.month
    mind.sampled_ticks[at.slot] = math.nan
    mind.since_sample_days[at.slot] = 0.0
    mind.recent_lots[:, at.slot] = 0.0
    mind.variance[:, at.slot] = at.volatility_per_day * at.volatility_per_day
    mind.quote_lots[:, at.slot] = 0


@kernel(allocates=False)
def _cost_of_fills(mind: MakerMind, at: Any, tenor: int, now: int, mid: float) -> None:
    """Judge the fills of the round that is about to be forgotten by where the mid is now."""
    for i in range(mind.cost.shape[0]):
        lots = mind.recent_lots[i, at.slot, now]
        if lots > 0.0 and math.isfinite(mid):
            too_dear = mind.recent_value[i, at.slot, now] - mind.recent_bought[i, at.slot, now] * mid
            mind.cost[i, tenor] += too_dear / at.scale_ticks
            mind.cost_lots[i, tenor] += lots
        mind.recent_bought[i, at.slot, now] = 0.0
        mind.recent_value[i, at.slot, now] = 0.0
        mind.recent_lots[i, at.slot, now] = 0.0


@kernel(allocates=False)
def note_round(
    mind: MakerMind,
    makers: NDArray[Any],
    months: NDArray[Any],
    trades: NDArray[Any],
    day_share: float,
) -> None:
    """Count a round's own quotes and fills by distance.

    Parameters
    ----------
    trades : array of TRADE_DTYPE
        All trades of the round; a maker's own fills are those in which its quote was the resting order.
    """
    if makers.shape[0] == 0:
        return
    first, front = makers[0].account, months[0].month
    for i in range(makers.shape[0]):
        for tenor in range(months.shape[0]):
            at = months[tenor]
            if at.phase != _CONTINUOUS:
                continue
            for side in range(2):
                if mind.quote_lots[i, at.slot, side] > 0:
                    sign = 1.0 if side == 1 else -1.0
                    beyond = mind.quote_ticks[i, at.slot, side] - mind.value_ticks[i, at.slot]
                    away = sign * beyond / at.scale_ticks
                    place = _bin(away, makers[i].fill_distance)
                    mind.time_days[i, tenor, place] += day_share
                    mind.time_distance[i, tenor, place] += day_share * away
    for k in range(trades.shape[0]):
        if trades[k].aggressor_side == 0 or trades[k].spread_months != 0:
            continue
        is_bid = trades[k].aggressor_side != _BUY
        i = (trades[k].buyer if is_bid else trades[k].seller) - first
        if 0 <= i < makers.shape[0]:
            _note_fill(mind, makers[i].fill_distance, months[trades[k].month - front], i,
                       trades[k].month - front, trades[k].price_ticks, trades[k].lots, is_bid)  # fmt: skip


@kernel(allocates=False)
def _note_fill(
    mind: MakerMind,
    guess: float,
    at: Any,
    i: int,
    tenor: int,
    price_ticks: int,
    lots: int,
    is_bid: bool,
) -> None:
    value = mind.value_ticks[i, at.slot]
    away = (value - price_ticks if is_bid else price_ticks - value) / at.scale_ticks
    place = _bin(away, guess)
    mind.lots[i, tenor, place] += lots
    mind.lots_distance[i, tenor, place] += lots * away
    bought = lots if is_bid else -lots
    mind.recent_bought[i, at.slot, mind.at[0]] += bought
    mind.recent_value[i, at.slot, mind.at[0]] += bought * value
    mind.recent_lots[i, at.slot, mind.at[0]] += lots


@kernel(allocates=False)
def _bin(away: float, guess: float) -> int:
    place = _NEGATIVE_BINS + math.floor(_BINS_PER_GUESS * away / guess)
    return max(0, min(BINS - 1, place))


@kernel
def close_estimates(mind: MakerMind, makers: NDArray[Any], habits: NDArray[Any], days: float) -> None:
    """Estimate the fill rates anew, then let what was counted fade by so many days."""
    for i in range(makers.shape[0]):
        keep = math.exp(-days / habits[i].estimate_days)
        for tenor in range(mind.fill_rate.shape[1]):
            rate, distance = fitted_fill_rate(
                mind.time_days[i, tenor], mind.time_distance[i, tenor],
                mind.lots[i, tenor], mind.lots_distance[i, tenor],
                habits[i].fill_rate, makers[i].fill_distance,
            )  # fmt: skip
            mind.fill_rate[i, tenor] = rate
            mind.fill_distance[i, tenor] = distance
            mind.time_days[i, tenor] *= keep
            mind.time_distance[i, tenor] *= keep
            mind.lots[i, tenor] *= keep
            mind.lots_distance[i, tenor] *= keep
            mind.cost[i, tenor] *= keep
            mind.cost_lots[i, tenor] *= keep


@kernel
def fitted_fill_rate(
    time_days: FloatArray,
    time_distance: FloatArray,
    lots: FloatArray,
    lots_distance: FloatArray,
    guess_rate: float,
    guess_distance: float,
) -> tuple[float, float]:
    """Return A in lots a day and D, a share of price, of the fill rate A e^(-d / D).

    The first guess counts for ``PRIOR_DAYS``, spread evenly over the bins from the own value outwards.
    """
    time, away = np.zeros(2 * BINS), np.zeros(2 * BINS)
    all_lots, all_distance = 0.0, 0.0
    for place in range(BINS):
        if time_days[place] > 0.0:
            time[place] = time_days[place]
            away[place] = time_distance[place] / time_days[place]
        all_lots += lots[place]
        all_distance += lots_distance[place]
    for place in range(_NEGATIVE_BINS, BINS):
        guessed = BINS + place
        time[guessed] = PRIOR_DAYS / (BINS - _NEGATIVE_BINS)
        away[guessed] = guess_distance * (place - _NEGATIVE_BINS + 0.5) / _BINS_PER_GUESS
        expected = guess_rate * time[guessed] * math.exp(-away[guessed] / guess_distance)
        all_lots += expected
        all_distance += expected * away[guessed]
    low, high = _NARROWEST * guess_distance, _WIDEST * guess_distance
    for _ in range(_BISECTIONS):
        distance = math.sqrt(low * high)
        weight, weighted_away = _weigh(time, away, distance)
        # The mean distance of fills grows with the fill distance.
        if weighted_away * all_lots < all_distance * weight:
            low = distance
        else:
            high = distance
    distance = math.sqrt(low * high)
    return all_lots / _weigh(time, away, distance)[0], distance


@kernel(allocates=False)
def _weigh(time: FloatArray, away: FloatArray, distance: float) -> tuple[float, float]:
    """Return the sums of time x e^(-away / distance) and of that times the distance from the own value."""
    weight, weighted_away = 0.0, 0.0
    for place in range(len(time)):
        if time[place] > 0.0:
            share = time[place] * math.exp(-away[place] / distance)
            weight += share
            weighted_away += share * away[place]
    return weight, weighted_away


@kernel(allocates=False)
def adverse_selection(mind: MakerMind, i: int, tenor: int) -> float:
    """Return by which share of price the mid is later worse than the own value was, for a lot filled."""
    share: float = mind.cost[i, tenor] / (mind.cost_lots[i, tenor] + PRIOR_LOTS)
    return share
