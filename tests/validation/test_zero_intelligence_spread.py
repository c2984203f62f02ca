"""The spread of a book of zero intelligence, as Farmer, Patelli and Zovko (2005) ask of it.

Limit orders of one lot fall uniformly on every price at which they rest, at rate alpha for each side and unit
of price; market orders come at rate mu, both sides together; every resting order is cancelled at rate delta.
Then spread x alpha / mu is a function of u = delta / mu alone as the tick goes to zero.
"""

from __future__ import annotations

import numpy as np
import pytest
from continuous_book import mean_spread
from pure_flow import market_of_flow

SPREADS = {0.01: 0.250, 0.02: 0.269, 0.05: 0.316, 0.1: 0.383, 0.2: 0.499, 0.4: 0.714}
"""Published law: u, and the spread in units of mu / alpha."""
SPREAD_TICKS = 80  # what the tick adds, half of one, is then 0.6 %
REACH, OVERLAP = 12, 4  # of the flow beyond and across the best opposite price, in spreads
MONTHS = 24
ROUNDS_PER_DAY = 100_000


def spread_of_market(u, *, markets_per_round, rounds, seed):
    """Return mean and standard error over months of the spread at the ends of rounds, and ticks per unit."""
    ticks_per_unit = round(SPREAD_TICKS / SPREADS[u])
    per_day = markets_per_round * ROUNDS_PER_DAY
    flow = {
        "limits_per_day": (per_day / ticks_per_unit,),
        "markets_per_day": 0.5 * per_day,
        "cancels_per_day": (u * per_day,),
        "reach_ticks": REACH * SPREAD_TICKS,
        "overlap_ticks": OVERLAP * SPREAD_TICKS,
    }
    market = market_of_flow(flow, months=MONTHS, rounds_per_day=ROUNDS_PER_DAY, tick_usd=1e-4, seed=seed)
    for _ in range(int(min(8.0 / u, 400.0) / markets_per_round)):
        market.step()
    total_ticks = np.zeros(MONTHS)
    for _ in range(rounds):
        market.step()
        top = market.exchange.top_of_book()
        assert min(top.bid_lots.min(), top.ask_lots.min()) > 0  # as in the model, no side is ever empty
        total_ticks += top.best_ask_ticks - top.best_bid_ticks
    by_month = total_ticks / (rounds * ticks_per_unit)
    return by_month.mean(), by_month.std(ddof=1) / np.sqrt(MONTHS), ticks_per_unit


@pytest.mark.verify
@pytest.mark.parametrize("u", SPREADS)
def test_the_spread_follows_the_law_of_zero_intelligence(u):
    spread, error, _ = spread_of_market(u, markets_per_round=1.0, rounds=20_000, seed=1)
    assert error < 0.004 * spread
    assert spread == pytest.approx(SPREADS[u], rel=0.02)


@pytest.mark.verify
@pytest.mark.parametrize("u", [0.01, 0.4])
def test_in_the_limit_of_no_tick_it_is_the_spread_of_continuous_prices(u):
    """A spread of s ticks holds every spread between s - 1 and s: half a tick is the tick's own."""
    spread, error, ticks_per_unit = spread_of_market(u, markets_per_round=1.0, rounds=20_000, seed=2)
    oracle = mean_spread(u, REACH * SPREADS[u], 800_000.0, np.random.default_rng(1))
    assert spread - 0.5 / ticks_per_unit == pytest.approx(oracle, abs=3.5 * error + 0.003 * oracle)


@pytest.mark.verify
def test_the_spread_does_not_depend_on_the_length_of_a_round():
    """Two market orders in a round or half of one: the flow reaches across, so that no order is missed."""
    coarse, coarse_error, _ = spread_of_market(0.1, markets_per_round=2.0, rounds=8_000, seed=3)
    fine, fine_error, _ = spread_of_market(0.1, markets_per_round=0.5, rounds=24_000, seed=4)
    assert coarse == pytest.approx(fine, abs=3.5 * np.hypot(coarse_error, fine_error))
    assert np.hypot(coarse_error, fine_error) < 0.01 * fine
