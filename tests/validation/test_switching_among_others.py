"""Switching traders in the baseline market: what switching does, beside the same traders in fixed roles."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from abm.market import TokenFuturesMarket
from abm.scenario import Scenario
from analysis.stylised_facts import autocorrelation, tail_index

pytestmark = pytest.mark.verify

SEEDS, DAYS, FIRST = range(301, 309), 84, 21
FIXED = {"agents.switching.opinion_rate": 0.0, "agents.switching.strategy_rate": 0.0}


@cache
def facts(seed: int, *, switch: bool) -> dict[str, float]:
    """Facts of the reference price of the second month by round, within days, after the first month."""
    changes = {"agents.switching.count": 80, "recording.profile": "summary"} | ({} if switch else FIXED)
    market = TokenFuturesMarket(Scenario.load("plain").replace(changes), rng=seed)
    population = next(p for p in market.populations if p.name == "switching")
    rounds = market.clock.calendar.rounds_per_day
    price, share = np.zeros((2, DAYS, rounds))
    for day in range(DAYS):
        for number in range(rounds):
            market.step()
            optimists, pessimists, _ = population.groups
            price[day, number] = market.curve.months["reference_ticks"][1]
            share[day, number] = (optimists + pessimists) / population.count
    returns = np.diff(np.log(price), axis=1)[FIRST:].ravel()
    memory = autocorrelation(np.abs(returns), rounds)
    return {
        "volatility_bp": 1e4 * float(returns.std()),  # reported in docs/speculators.md: too noisy for a test
        "ten rounds": float(memory[9]),
        "a day": float(memory[rounds - 1]),
        "tail index": tail_index(returns),
        "share of chartists": float(share[FIRST:].mean()),
    }


def change(name: str) -> tuple[float, float]:
    """Mean paired difference that switching makes, and its standard error."""
    pairs = [facts(seed, switch=True)[name] - facts(seed, switch=False)[name] for seed in SEEDS]
    return float(np.mean(pairs)), float(np.std(pairs, ddof=1) / np.sqrt(len(pairs)))


@pytest.mark.parametrize("name", ["ten rounds", "a day"])
def test_switching_adds_no_memory_of_volatility_where_makers_quote_on_value(name):
    """Autocorrelations near .1: over 24 seeds they change by .01 with a standard error of .01."""
    mean, error = change(name)
    assert error < 0.04
    assert abs(mean) < 0.08


def test_where_makers_hold_the_price_near_value_nothing_keeps_the_share_of_chartists_down():
    """Alone about one in ten; here, far from value seldom, it wanders between its bounds."""
    assert 0.3 < np.mean([facts(seed, switch=True)["share of chartists"] for seed in SEEDS]) < 0.7
    assert facts(SEEDS[0], switch=False)["share of chartists"] == pytest.approx(0.1)


def test_tails_grow_no_fatter():
    mean, error = change("tail index")
    assert mean > -2.0 * error
    assert all(2.0 < facts(seed, switch=True)["tail index"] < 7.0 for seed in SEEDS)
