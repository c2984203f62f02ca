"""The zero-intelligence book with continuous prices, event by event: an oracle without ticks and rounds.

Units: market orders arrive at rate 1 (both sides together), limit orders at rate 1 for each side and unit of
price, so that a spread is in units of mu / alpha; every resting order is cancelled at rate u.
"""

from __future__ import annotations

import math

import numba
import numpy as np

_ROOM = 100_000


@numba.njit
def mean_spread(u, reach, duration, draws):
    """Return the time average of the spread after 30 lives of an order; ``draws`` is a generator."""
    prices = np.empty((2, _ROOM))  # of bids and of offers, times their sign: the best price is the lowest
    resting = np.zeros(2, dtype=np.int64)
    best = np.array([0.1, 0.1])
    now, warm, area, time = 0.0, 30.0 / u, 0.0, 0.0
    while now < warm + duration:
        rate = 2.0 * reach + 1.0 + u * resting.sum()
        waited = -math.log1p(-draws.random()) / rate
        now += waited
        if now > warm and resting.min() > 0:
            area += waited * (best[0] + best[1])
            time += waited
        draw = draws.random() * rate
        side = int(2.0 * draws.random())
        k = resting[side]
        if draw < 2.0 * reach:
            # The best opposite price is -best[1 - side] in this side's sign.
            prices[side, k] = reach * draws.random() - best[1 - side]
            best[side] = min(best[side], prices[side, k]) if k > 0 else prices[side, k]
            resting[side] += 1
            continue
        if draw < 2.0 * reach + 1.0:
            gone = np.argmin(prices[side, :k]) if k > 0 else -1
        else:
            gone = int((draw - 2.0 * reach - 1.0) / u)
            side = 0 if gone < resting[0] else 1
            gone -= side * resting[0]
            k = resting[side]
        if 0 <= gone < k:
            was_best = prices[side, gone] == best[side]
            prices[side, gone] = prices[side, k - 1]
            resting[side] -= 1
            if was_best and k > 1:
                best[side] = prices[side, : k - 1].min()
    return area / time
