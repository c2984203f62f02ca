"""Mixture traders alone: one month, one order a round, as in Chiarella and Iori (2002) and its successor.

A round is a step of those papers: weights g1 and n ~ exp(1), horizons of 100 to 200 steps, reversion in 50 to
100, noise of 0.1 % a step and margins up to 10 %. The clearing house and the hedgers stand by; nobody else
quotes.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from abm.market import TokenFuturesMarket
from abm.scenario import Scenario
from analysis.stylised_facts import autocorrelation, excess_kurtosis, tail_index

pytestmark = pytest.mark.verify

STEPS_PER_DAY, DAYS, TRADERS = 480, 24, 200
SEEDS = (1, 2, 3, 4)


def uniform(low, high):
    return {"law": "uniform", "low": low, "high": high}


ALONE = {
    "calendar.rounds_per_day": STEPS_PER_DAY,
    "calendar.days_per_month": 31,
    "contract.listed_months": 1,
    "contract.tick_size_usd": 0.001,
    "spot.sigma": 0.01,
    "spot.jump_intensity": 0.0,
    "spot.trend_per_year": 0.0,
    "exchange.spreads.lengths": (),
    "exchange.sessions.opening_auction": 0.0,
    "exchange.daily_limit": 0.5,
    "exchange.halts.expanded_limits": (),
    "exchange.market_protection": 0.5,
    "agents.attention.response": 0.0,
    "agents.noise.count": 0,
    "agents.fundamentalists.count": 0,
    "agents.chartists.count": 0,
    "agents.market_makers.count": 0,
    "agents.mixture.count": TRADERS,
    "agents.mixture.actions_per_day": STEPS_PER_DAY / TRADERS,
    "agents.mixture.horizon_days": 62 / STEPS_PER_DAY,
    "agents.mixture.reversion_days": uniform(50 / STEPS_PER_DAY, 100 / STEPS_PER_DAY),
    "agents.mixture.noise_per_day": 0.001 * STEPS_PER_DAY,
    "agents.mixture.order_margin": uniform(0.0, 0.1),
    "agents.mixture.mean_lots": 1.0,
    "agents.mixture.max_position_lots": 10_000,
    "agents.mixture.cash_usd": 1e9,
}


@cache
def paths(seed: int, trend_weight: float) -> tuple[np.ndarray, np.ndarray]:
    """Log mid prices and model values after each step, shape (days, steps); NaN if a side is empty."""
    law = {"law": "exponential", "mean": trend_weight} if trend_weight > 0.0 else 0.0
    market = TokenFuturesMarket(Scenario().replace(ALONE | {"agents.mixture.trend_weight": law}), rng=seed)
    for population in market.populations:
        if population.name != "mixture":
            for name in population.activity_columns:
                population.columns[name][:] = 0.0
    mid, value = np.full((2, DAYS * STEPS_PER_DAY), np.nan)
    for step in range(DAYS * STEPS_PER_DAY):
        market.step()
        top = market.exchange.top_of_book()
        if top.bid_lots[0] > 0 and top.ask_lots[0] > 0:
            mid[step] = np.log(0.5 * (top.best_bid_ticks[0] + top.best_ask_ticks[0]))
        value[step] = np.log(market.curve.months["model_ticks"][0])
    return mid.reshape(DAYS, STEPS_PER_DAY), value.reshape(DAYS, STEPS_PER_DAY)


def returns(seed: int, trend_weight: float = 0.0) -> np.ndarray:
    return np.diff(paths(seed, trend_weight)[0], axis=1).ravel()


def over_seeds(measure, **how) -> np.ndarray:
    return np.array([measure(returns(seed, **how)) for seed in SEEDS])


def test_both_sides_of_the_book_stand_most_of_the_time():
    for seed in SEEDS:
        assert np.isfinite(paths(seed, 0.0)[0]).mean() > 0.95


def test_returns_are_all_but_uncorrelated():
    """Value traders pull the price back a little: below .15 at once and below .1 within twenty steps."""
    correlations = np.mean([autocorrelation(returns(seed), 20) for seed in SEEDS], axis=0)
    assert abs(correlations[0]) < 0.15
    assert np.abs(correlations[1:]).max() < 0.1
    assert np.abs(correlations[6:]).max() < 0.05


def test_tails_are_fatter_than_a_normal_laws():
    assert np.median(over_seeds(excess_kurtosis)) > 3.0
    index = np.median(over_seeds(tail_index))
    assert 2.0 < index < 5.0


def test_the_price_comes_back_to_the_value():
    for seed in SEEDS:
        mid, value = paths(seed, 0.0)
        gap = (mid - value)[:, 60:].ravel()
        correlations = autocorrelation(gap, 200)
        assert correlations[0] > 0.7  # a deviation outlasts a step
        assert abs(correlations[99:]).max() < 0.2  # but not a hundred
        days = np.nanmean((mid - value)[:, 60:], axis=1)
        assert abs(days.mean()) < 4 * days.std(ddof=1) / np.sqrt(len(days)) + 1e-3


def test_chartists_are_what_makes_volatility_cluster_and_tails_heavier():
    """The finding that Chiarella, Iori and Perello (2009) put first."""

    def memory(series):
        return autocorrelation(np.abs(series), 20)[[0, 4, 19]]

    without = np.median([memory(returns(seed)) for seed in SEEDS], axis=0)
    having = np.median([memory(returns(seed, trend_weight=1.0)) for seed in SEEDS], axis=0)
    assert (having > without + 0.05).all()
    heavier = over_seeds(excess_kurtosis, trend_weight=1.0) > over_seeds(excess_kurtosis)
    assert heavier.all()
