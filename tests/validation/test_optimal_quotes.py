"""The built-in market maker alone meets the models of optimal quotes, through the exchange and its step.

Avellaneda and Stoikov (2008), section 3.3: s = 100, T = 1, sigma = 2, dt = 0.005, k = 1.5, A = 140, for two
risk aversions, against the strategy that quotes the same spread around the value whatever it holds. The
numbers are those of an independent simulation of the same model; tolerances are four standard errors of the
sessions here. Gueant, Lehalle and Fernandez-Tapia (2013): sigma = 0.3, A = 0.9, k = 0.3,
gamma = 0.01, Q = 30.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from lonely_maker import TICKS_PER_UNIT, World, lonely_market, sessions

from abm.agents.makers.quoting import flat_half_spread_ticks, glft_skew_ticks

AVELLANEDA_STOIKOV = World(sigma=2.0, k=1.5, rate=140.0, steps=200)
SYMMETRIC = {"max_skew": 1e-12}
SEEDS = range(10)
SIGMA, RATE, K, GAMMA, LARGEST = 0.3, 0.9, 0.3, 0.01, 30


@pytest.mark.verify
@pytest.mark.parametrize(
    ("gamma", "maker", "spread", "profit", "profit_sd", "inventory_sd"),
    [
        (0.1, {}, 1.49, 64.9, 6.5, 2.9),
        (0.1, SYMMETRIC, 1.49, 68.0, 13.4, 8.5),
        (0.5, {}, 2.16, 48.6, 5.9, 2.0),
        (0.5, SYMMETRIC, 2.16, 58.4, 11.6, 7.1),
    ],
    ids=["inventory, 0.1", "symmetric, 0.1", "inventory, 0.5", "symmetric, 0.5"],
)
def test_avellaneda_and_stoikov(gamma, maker, spread, profit, profit_sd, inventory_sd):
    found = sessions(AVELLANEDA_STOIKOV, gamma, SEEDS, **maker)
    n = len(found.profit)
    assert n == 600
    assert found.mean_spread == pytest.approx(spread, abs=0.006)  # two ticks, and the rounding of the table
    assert found.profit.mean() == pytest.approx(profit, abs=4 * profit_sd / math.sqrt(n) + 0.05)
    assert found.profit.std() == pytest.approx(profit_sd, abs=4 * profit_sd / math.sqrt(2 * n) + 0.05)
    assert found.inventory.std() == pytest.approx(
        inventory_sd, abs=4 * inventory_sd / math.sqrt(2 * n) + 0.05
    )
    assert abs(found.inventory.mean()) < 4 * inventory_sd / math.sqrt(n)


def exact_quotes():
    """Return inventories and the distances of bid and ask: far from the end, from the leading eigenvector."""
    q = np.arange(-LARGEST, LARGEST + 1)
    alpha = 0.5 * K * GAMMA * SIGMA**2
    eta = RATE * (1 + GAMMA / K) ** -(1 + K / GAMMA)
    beside = np.eye(len(q), k=1) + np.eye(len(q), k=-1)
    vector = np.abs(np.linalg.eigh(np.diag(alpha * q**2.0) - eta * beside)[1][:, 0])
    flat, bend = math.log1p(GAMMA / K) / GAMMA, np.log(vector[:-1] / vector[1:]) / K
    bid, ask = np.full(len(q), np.inf), np.full(len(q), np.inf)
    bid[:-1], ask[1:] = flat + bend, flat - bend
    return q, bid, ask


def closed_quotes(q):
    """Return what the maker's kernels say of the same."""
    skew = glft_skew_ticks(GAMMA, SIGMA**2, 1 / K, RATE)
    half = flat_half_spread_ticks(GAMMA, 1 / K) + 0.5 * skew
    return half + q * skew, half - q * skew


def test_glft_quotes_without_inventory():
    q, bid, ask = exact_quotes()
    flat = q == 0
    assert round(float(bid[flat][0]), 4) == round(float(ask[flat][0]), 4) == 3.3130
    assert [round(float(side), 4) for side in closed_quotes(0)] == [3.3129, 3.3129]


@pytest.mark.parametrize(("within", "error"), [(17, 0.002), (25, 0.008)])
def test_the_closed_form_of_glft_is_near_the_exact_quotes_over_the_inventory(within, error):
    q, bid, ask = exact_quotes()
    inside = np.abs(q) <= within
    for exact, closed in zip((bid, ask), closed_quotes(q), strict=True):
        np.testing.assert_allclose(closed[inside], exact[inside], atol=error)


@pytest.mark.verify
def test_the_maker_quotes_glft_in_the_book_at_every_inventory_it_comes_to():
    """Ten minutes of the paper's seconds are a day; prices are within the tick of the closed form."""
    seconds = 600
    world = World(SIGMA * math.sqrt(seconds), K, RATE * seconds, steps=seconds)
    market, rule = lonely_market(world, GAMMA, 1, quoting="glft", max_position_lots=LARGEST)
    seen = set()
    for _ in range(seconds):
        held, value = rule.inventory.copy(), rule.value * TICKS_PER_UNIT
        market.step()
        ticks, lots = market.exchange.own_quotes(market.makers.first_account, 1)
        for side, (sign, distance) in enumerate(zip((-1, 1), closed_quotes(held), strict=True)):
            quoted = value + sign * distance * TICKS_PER_UNIT
            rests = lots[0, :, side] > 0
            np.testing.assert_allclose(ticks[0, rests, side], quoted[rests], atol=1.0 + 1e-6)
        seen.update(held.tolist())
    assert seen >= set(range(-6, 7))


@pytest.mark.verify
def test_a_maker_learns_the_world_it_is_in_from_its_own_fills():
    """Sixty months, wrong first guesses (90 for 60, 1.0 for 1.5): sixteen days later it knows better.

    The mids that it sees are those of its own quotes, which its inventory moves too.
    """
    world = World(sigma=2.0, k=1.5, rate=60.0, steps=400)
    market, _ = lonely_market(
        world, 0.1, 1, estimates="own", fill_rate=90.0, fill_distance=0.01, estimate_days=100.0
    )
    for _ in range(16 * world.steps):
        market.step()
    mind = market.makers.mind
    assert np.median(mind.fill_rate) == pytest.approx(world.rate, rel=0.10)
    assert np.median(0.01 / mind.fill_distance) == pytest.approx(world.k, rel=0.08)
    assert 0.0195 < np.sqrt(mind.variance).mean() < 0.0230
