"""Columns of the built-in traders, with everyday parameters and accounts from 0."""

from __future__ import annotations

import math

import numpy as np

from abm.agents.base.curve_risk import new_curve_risk
from abm.agents.base.population_room import cumulative_tenor_weights
from abm.agents.hedgers.kernel import HEDGER_DTYPE, NO_GAP, PROGRESS_DTYPE
from abm.agents.makers.kernel import MAKER_DTYPE
from abm.agents.makers.learning import HABITS_DTYPE, blank_mind
from abm.agents.makers.risk_budget import MakerRisk
from abm.agents.makers.style import MakerStyle, plain_duties
from abm.agents.speculators.chartist import CHARTIST_DTYPE
from abm.agents.speculators.fundamentalist import FUNDAMENTALIST_DTYPE
from abm.agents.speculators.noise import NOISE_DTYPE

DAY_SHARE = 1 / 48
ONE_FLOOR = np.ones(12)
DAYS_TO_DELIVERY = 21.0 * np.arange(12) + 10.5
WEIGHTS = cumulative_tenor_weights(12, 3.0)


def rows(dtype, count, **values):
    columns = np.zeros(count, dtype=dtype)
    columns["account"] = np.arange(count)
    columns["latency_ms"], columns["jitter"] = 20.0, 0.5
    for name, value in values.items():
        columns[name] = value
    return columns


def noise_rows(count=200, **values):
    return rows(
        NOISE_DTYPE, count,
        **{"actions_per_day": 48.0, "cancels_per_day": 5.0, "market_order_share": 0.4, "mean_lots": 3.0,
           "price_distance": 0.004, "max_position_lots": 50} | values,
    )  # fmt: skip


def fundamentalist_rows(count=200, **values):
    return rows(
        FUNDAMENTALIST_DTYPE, count,
        **{"actions_per_day": 48.0, "belief_sd": 0.02, "belief_reversion_per_day": 0.3, "threshold": 0.005,
           "mean_lots": 5.0, "max_position_lots": 100} | values,
    )  # fmt: skip


def chartist_rows(count=60, **values):
    return rows(
        CHARTIST_DTYPE, count,
        **{"actions_per_day": 48.0, "tenor": 1 + np.arange(count) % 6, "month": -1, "fast_days": 0.5,
           "slow_days": 3.0, "threshold": 0.001, "slice_lots": 5, "max_position_lots": 30} | values,
    )  # fmt: skip


def hedger_rows(count=100, **values):
    return rows(
        HEDGER_DTYPE, count,
        **{"actions_per_day": 96.0, "cross_probability": 0.4, "max_premium": 0.03, "floor_ticks": -math.inf,
           "slice_lots": 4, "band_lots": 1} | values,
    )  # fmt: skip


def no_waiting(count=100):
    progress = np.zeros((count, 12), dtype=PROGRESS_DTYPE)
    progress["seen_lots"] = NO_GAP
    return progress


def maker_rows(count=4, **values):
    return rows(
        MAKER_DTYPE, count,
        **{"requotes_per_day": 1e9, "risk_aversion": 4e-6, "horizon_days": 1.0, "fill_distance": 0.004,
           "curve_correlation": 0.5, "belief_sd": 0.0, "belief_reversion_per_day": 2.0, "max_skew": 0.04,
           "max_position_lots": 600} | values,
    )  # fmt: skip


def curve_risk(count, aversion, *, correlation=0.9, equity_usd=1e6, tick_value_usd=1.0):
    """Return the risk of traders on the first day of a month."""
    risk = new_curve_risk(
        np.full(count, aversion), np.full(count, correlation), listed_months=12, tick_value_usd=tick_value_usd
    )
    risk.equity_usd[:], risk.days_to_delivery[:] = equity_usd, DAYS_TO_DELIVERY
    return risk


def unafraid(count=200):
    """Return the risk of traders who ask nothing for it."""
    return curve_risk(count, 0.0)


def maker_risk(count=8, aversion=0.0, budget=0.0, widening=0.0, margin_usd=100.0, netted_usd=0.0, **curve):
    """Return what makers ask for risk, and their budgets; a lot of every month takes the same margin."""
    return MakerRisk(
        curve_risk(count, aversion, **curve),
        *(np.full(count, value) for value in (budget, widening, netted_usd)),
        margin_per_lot_usd=np.full(12, margin_usd),
        premium_ticks=np.zeros(12),
    )


def quote_terms(
    lots=20, widest=0.05, makers=8, left_of_day=1.0, style=None, mind=None, habits=None, risk=None
):
    """Return what a maker knows besides the market: habits, style, duties, mind, risk, time, tick value."""
    shown = np.full(12, lots, dtype=np.int64)
    return (
        habit_rows(makers) if habits is None else habits,
        MakerStyle() if style is None else style,
        plain_duties(shown, (shown + 1) // 2, np.full(12, widest), makers=makers),
        blank_mind(0, 12, 1) if mind is None else mind,
        maker_risk(makers) if risk is None else risk,
        left_of_day,
        1.0,
    )


def habit_rows(count=8, **values):
    habits = np.zeros(count, dtype=HABITS_DTYPE)
    for name, value in ({"fill_rate": 40.0, "estimate_days": 5.0, "quoting_cost_usd": 0.0} | values).items():
        habits[name] = value
    return habits
