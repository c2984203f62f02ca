"""A market maker that asks whether quoting pays, month by month and day by day.

A lot filled at the half spread d earns d, less the maker fee (plus the rebate), less what the mid moves
against it afterwards (adverse selection a, from own fills), less the risk of holding it over the maker's
horizon, gamma sigma^2 H / 2. Two-sided quotes then earn, per day and month,

    I(d) = 2 A e^(-d / D) (d - c) - quoting cost,   c = fee + a + gamma sigma^2 H / 2,

which is largest at its own optimum d* = D + c. It quotes d* where its duties allow that, in its usual size.
Where they ask for less than d*, it compares I at the widest spread allowed and in the smallest size, plus
what complying is worth, with max(0, I(d*)): it does its minimum, or quotes its own optimum, or leaves.

What complying is worth comes from the month's plan, made every morning: the performance level whose pay
exceeds most what the days still needed for it would cost, quoting in the months where a day costs least. Out
of reach, or not worth it, the contract is worth nothing for the rest of the month. Months are planned one at
a time: that a bad score may cost the status later is not weighed.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.agents.makers.learning import MakerMind, adverse_selection
from abm.agents.makers.style import Duties, MakerStyle
from abm.core.kernel import kernel

_EASE = 1e-9


class Choice(NamedTuple):
    """What a maker can do in a month: quote its own optimum, or what its duties ask for; half spreads."""

    own_ticks: float
    own_income_usd: float
    complying_ticks: float
    complying_income_usd: float


@kernel(allocates=False)
def income_usd_per_day(
    half_ticks: float,
    cost_ticks: float,
    fill_rate: float,
    fill_distance_ticks: float,
    most_lots: float,
    tick_value_usd: float,
    quoting_cost_usd: float,
) -> float:
    """Return I(d), what two-sided quotes in a month earn in a day.

    No more than ``most_lots`` a day trade on a side: the size shown, as often as it is renewed.
    """
    lots = min(fill_rate * math.exp(-half_ticks / fill_distance_ticks), most_lots)
    return 2.0 * lots * (half_ticks - cost_ticks) * tick_value_usd - quoting_cost_usd


@kernel(allocates=False)
def weigh(
    makers: NDArray[Any],
    habits: NDArray[Any],
    mind: MakerMind,
    duties: Duties,
    tick_value_usd: float,
    at: Any,
    i: int,
    tenor: int,
    variance_ticks: float,
) -> Choice:
    """Return a maker's two choices in a month, for sigma^2 H in ticks^2."""
    fill_rate, fill_distance = mind.fill_rate[i, tenor], mind.fill_distance[i, tenor] * at.scale_ticks
    cost = duties.maker_fee_usd[i] / tick_value_usd + adverse_selection(mind, i, tenor) * at.scale_ticks
    cost += 0.5 * makers[i].risk_aversion * tick_value_usd * variance_ticks
    own = max(fill_distance + cost, 0.5)
    renewed, fixed = makers[i].requotes_per_day, habits[i].quoting_cost_usd
    own_income = income_usd_per_day(
        own, cost, fill_rate, fill_distance, duties.quote_lots[tenor] * renewed, tick_value_usd, fixed
    )
    widest = max(0.5 * duties.max_spread[tenor] * at.scale_ticks, 0.5)
    if own <= widest:
        return Choice(own, own_income, own, own_income)
    least = duties.min_lots[tenor] * renewed
    bound = income_usd_per_day(widest, cost, fill_rate, fill_distance, least, tick_value_usd, fixed)
    return Choice(own, own_income, widest, bound)


@kernel(allocates=False)
def strategic_quote(
    makers: NDArray[Any],
    habits: NDArray[Any],
    mind: MakerMind,
    duties: Duties,
    tick_value_usd: float,
    at: Any,
    i: int,
    tenor: int,
    variance_ticks: float,
) -> tuple[float, int]:
    """Return half spread and lots of the quotes that pay best; no lots where none do."""
    choice = weigh(makers, habits, mind, duties, tick_value_usd, at, i, tenor, variance_ticks)
    if duties.under_contract[i] and not duties.suspended[tenor]:
        worth = mind.duty_value_usd[i, tenor]
        if duties.stressed[tenor]:
            # The plan was made for a calm day; in stress a month must be worth its share of the pay.
            worth = min(worth, mind.stress_value_usd[i]) + duties.stress_pay_usd[i]
        if choice.complying_income_usd + worth >= max(choice.own_income_usd, 0.0):
            is_own = choice.complying_ticks == choice.own_ticks
            return choice.complying_ticks, (duties.quote_lots[tenor] if is_own else duties.min_lots[tenor])
    return choice.own_ticks, (duties.quote_lots[tenor] if choice.own_income_usd >= 0.0 else 0)


@kernel
def plan_month(
    makers: NDArray[Any],
    habits: NDArray[Any],
    mind: MakerMind,
    style: MakerStyle,
    duties: Duties,
    tick_value_usd: float,
    session_days: float,
    months: NDArray[Any],
) -> None:
    """Set what complying is worth today in each month, for every maker.

    Parameters
    ----------
    session_days : float
        Mean of what is left of the session over its rounds: the horizon H of the plan for makers whose own
        ends with the session. Their income at a given spread is linear in H, so its mean over the day is the
        income at the mean of H.
    """
    tenors = months.shape[0]
    loss = np.zeros(tenors)
    for i in range(makers.shape[0]):
        mind.duty_value_usd[i] = 0.0
        mind.stress_value_usd[i] = 0.0
        if not duties.under_contract[i]:
            continue
        horizon = session_days if style.to_session_end else makers[i].horizon_days
        for tenor in range(tenors):
            variance = variance_ticks_of(makers, mind, style, months[tenor], i, horizon)
            choice = weigh(makers, habits, mind, duties, tick_value_usd, months[tenor], i, tenor, variance)
            loss[tenor] = max(choice.own_income_usd, 0.0) - choice.complying_income_usd
        cheapest_first = np.argsort(loss, kind="mergesort")
        best, needed, wanted = 0.0, 0.0, 0
        for level in range(duties.level_score.shape[0]):
            missing = duties.level_score[level] * duties.days[1] - duties.score_days[i]
            count = 0 if missing <= 0.0 else math.ceil(missing / duties.days[0] * tenors - _EASE)
            pay = duties.full_pay_usd[i] * duties.level_share[level]
            net = pay - duties.days[0] * loss[cheapest_first[:count]].sum()
            if count <= tenors and net > best:
                best, needed, wanted = net, missing, count
                mind.stress_value_usd[i] = pay
        if wanted > 0:
            mind.stress_value_usd[i] /= needed * tenors
            mind.duty_value_usd[i, cheapest_first[:wanted]] = math.inf
        else:
            mind.stress_value_usd[i] = 0.0


@kernel(allocates=False)
def variance_ticks_of(
    makers: NDArray[Any], mind: MakerMind, style: MakerStyle, at: Any, i: int, horizon_days: float
) -> float:
    """Return sigma^2 H of a month in ticks^2, by the public estimate or the maker's own."""
    volatility = math.sqrt(mind.variance[i, at.slot]) if style.own_estimates else at.volatility_per_day
    scaled: float = volatility * at.scale_ticks
    return scaled**2 * horizon_days
