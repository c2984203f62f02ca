"""When a trader acts and when its messages arrive: activity in rates per day, latency in milliseconds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.core.calendar import MOST_ACTIONS_PER_ROUND
from abm.core.kernel import kernel
from abm.core.random_kernels import exponential, normal, uniform

MAX_EVENTS_PER_ROUND = 2 * MOST_ACTIONS_PER_ROUND
"""Bound on one trader's actions in one round, which keeps the batch bounded. The largest mean that a scenario
may ask for is eight standard deviations below it, so that only a draw of an unbounded law can feel it."""

_TIE_BREAK_MS = 1e-6


@kernel
def acts(streams: NDArray[np.uint64], row: int, rate_per_day: float, day_share: float) -> bool:
    """Say whether a Poisson event of that rate falls into a round of that length; rate 0 draws nothing."""
    return rate_per_day > 0.0 and uniform(streams, row) < -math.expm1(-rate_per_day * day_share)


@kernel
def rows_that_act(
    traders: NDArray[Any], streams: NDArray[np.uint64], day_share: float, rows: NDArray[np.int64]
) -> int:
    """Write the rows with a Poisson event in a round of that length, in order, and return their number.

    The rate is the column ``actions_per_day``. A row acts when ``acts`` would say so, or always at an
    infinite rate, which draws nothing.
    """
    count, known_rate, chance = 0, 0.0, 0.0
    for row in range(traders.shape[0]):
        rate = traders[row].actions_per_day
        if rate > 0.0 and rate < math.inf and rate != known_rate:  # neighbours often have the same one
            known_rate, chance = rate, -math.expm1(-rate * day_share)
        if rate == math.inf or (rate > 0.0 and uniform(streams, row) < chance):
            rows[count] = row
            count += 1
    return count


@kernel
def events(streams: NDArray[np.uint64], row: int, rate_per_day: float, day_share: float) -> int:
    """Return how many Poisson events of that rate fall into a round of that length (at most 128).

    Counts waiting times, so that the mean is the rate however coarse the rounds are. At rate 0 nothing is
    drawn: traders who never act cost next to nothing.
    """
    if rate_per_day <= 0.0:
        return 0
    count = 0
    waited = exponential(streams, row)
    while waited < rate_per_day * day_share and count < MAX_EVENTS_PER_ROUND:
        count += 1
        waited += exponential(streams, row)
    return count


@kernel
def arrival_ms(streams: NDArray[np.uint64], row: int, latency_ms: float, jitter: float) -> float:
    """Return an arrival time after the start of the round: median latency with lognormal jitter.

    A nanosecond-sized uniform draw breaks ties, so that no trader is first by its number when jitter is zero.
    """
    tie_break = _TIE_BREAK_MS * uniform(streams, row)
    return latency_ms * math.exp(jitter * normal(streams, row)) + tie_break


@kernel
def pick_tenor(cumulative_weight: NDArray[np.float64], draw: float) -> int:
    """Return the tenor in whose share of the cumulative weights a uniform draw falls."""
    last: int = cumulative_weight.shape[0] - 1
    for tenor in range(last):
        if draw < cumulative_weight[tenor]:
            return tenor
    return last


@kernel
def geometric_lots(streams: NDArray[np.uint64], row: int, mean_lots: float) -> int:
    """Return a quantity of at least one lot from the geometric law with that mean."""
    if mean_lots <= 1.0:
        return 1
    further = math.log1p(-uniform(streams, row)) / math.log1p(-1.0 / mean_lots)
    return 1 + int(further)
