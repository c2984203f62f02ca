"""Which way the mid price moves next, given the queues: the book of Cont, Stoikov and Talreja (2010).

Rates are their estimates for one share, per unit of time, at distances of 1 to 5 ticks from the best opposite
price. The probabilities that the mid goes up next, while the spread is one tick, follow from them alone.
"""

from __future__ import annotations

import numpy as np
import pytest
from pure_flow import market_of_flow

from abm.core.orders import NO_PRICE

LIMITS = np.array([1.85, 1.51, 1.09, 0.88, 0.77])
CANCELS = np.array([0.71, 0.81, 0.68, 0.56, 0.47])
MARKETS = 0.94
UP_BY_BID_AND_ASK_QUEUE = np.array(
    [
        [0.500, 0.335, 0.259, 0.216, 0.188],
        [0.665, 0.500, 0.407, 0.348, 0.307],
        [0.741, 0.593, 0.500, 0.437, 0.391],
    ]
)
MONTHS = 60
ROUNDS_PER_DAY = 100_000
LARGEST = 5  # queue looked at


def twice_the_mid(bids, asks, before):
    """Return bid plus ask; an empty side is out of reach of the flow: the mid has moved towards it."""
    beyond = len(LIMITS) + 1
    mids = np.where(asks == NO_PRICE, 2 * bids + beyond, bids + asks)
    mids = np.where(bids == NO_PRICE, 2 * asks - beyond, mids)
    return np.where((bids == NO_PRICE) & (asks == NO_PRICE), before, mids)


def moves_of_market(*, round_length, rounds, seed):
    """Return how often the mid went up and how often it moved, by the queues at bid and ask before.

    After every move of the mid each pair of queues counts once, when it is first seen at a spread of a tick.
    """
    per_day = round_length * ROUNDS_PER_DAY
    flow = {
        "limits_per_day": tuple((LIMITS * per_day).tolist()),
        "reach_ticks": len(LIMITS),
        "markets_per_day": MARKETS * per_day,
        "cancels_per_day": tuple((CANCELS * per_day).tolist()),
    }
    market = market_of_flow(flow, months=MONTHS, rounds_per_day=ROUNDS_PER_DAY, tick_usd=1e-3, seed=seed)
    for _ in range(int(10.0 / round_length)):
        market.step()
    mids = np.zeros((rounds, MONTHS), dtype=np.int64)
    queues = np.zeros((rounds, MONTHS), dtype=np.int8)  # bid x 6 + ask, 0 where it does not count
    for k in range(rounds):
        market.step()
        top = market.exchange.top_of_book()
        mids[k] = twice_the_mid(top.best_bid_ticks, top.best_ask_ticks, before=mids[k - 1])
        counts = (top.best_ask_ticks == top.best_bid_ticks + 1) & (
            np.maximum(top.bid_lots, top.ask_lots) <= LARGEST
        )
        queues[k] = np.where(counts, (LARGEST + 1) * top.bid_lots + top.ask_lots, 0)
    up, moves = np.zeros((LARGEST + 1) ** 2), np.zeros((LARGEST + 1) ** 2)
    for month in range(MONTHS):
        steps = np.diff(mids[:, month])
        moved_at = np.flatnonzero(steps)
        since = np.searchsorted(moved_at, np.arange(rounds), side="left")  # moves before this round
        counts = (queues[:, month] > 0) & (since < len(moved_at))
        seen = np.unique(since[counts] * 64 + queues[counts, month])
        np.add.at(moves, seen % 64, 1)
        np.add.at(up, seen % 64, steps[moved_at[seen // 64]] > 0)
    shape = (LARGEST + 1, LARGEST + 1)
    return up.reshape(shape)[1:, 1:], moves.reshape(shape)[1:, 1:]


@pytest.fixture(scope="module")
def moves():
    return moves_of_market(round_length=0.02, rounds=200_000, seed=1)


@pytest.mark.verify
def test_the_mid_moves_towards_the_shorter_queue_as_often_as_it_should(moves):
    up, moved = moves
    # Bid and ask are each other's mirror: the mid goes down from (a, b) as it goes up from (b, a).
    share = ((up + (moved - up).T) / (moved + moved.T))[:3]
    assert (moved + moved.T)[:3].min() > 10_000
    np.testing.assert_allclose(share, UP_BY_BID_AND_ASK_QUEUE, atol=0.012)


@pytest.mark.verify
def test_neither_side_of_the_book_is_favoured(moves):
    up, moved = moves
    for queue in range(3):
        error = 0.5 / np.sqrt(moved[queue, queue])
        assert up[queue, queue] / moved[queue, queue] == pytest.approx(0.5, abs=3.5 * error)
