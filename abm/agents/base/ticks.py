"""From a belief, a float, to a price in whole ticks; a belief that is no number becomes no price.

Converting NaN or infinity to an integer is undefined in compiled code (it differs between processors), and a
price made of it could look like any other. ``NO_PRICE`` is refused by the exchange instead.
"""

from __future__ import annotations

import math

from abm.core.kernel import kernel
from abm.core.orders import NO_PRICE

FARTHEST_TICKS = 2**62
"""Bound on prices made from beliefs: outside every range of prices, with room left for arithmetic."""


@kernel
def floor_ticks(belief_ticks: float) -> int:
    """Return the highest tick at or below a belief, ``NO_PRICE`` for NaN and infinities."""
    if not math.isfinite(belief_ticks):
        return NO_PRICE
    if abs(belief_ticks) >= FARTHEST_TICKS:
        return FARTHEST_TICKS if belief_ticks > 0.0 else -FARTHEST_TICKS
    return math.floor(belief_ticks)


@kernel
def ceil_ticks(belief_ticks: float) -> int:
    """Return the lowest tick at or above a belief, ``NO_PRICE`` for NaN and infinities."""
    below = floor_ticks(-belief_ticks)
    return below if below == NO_PRICE else -below


@kernel
def clamp_ticks(price_ticks: int, low_ticks: int, high_ticks: int) -> int:
    """Return the price moved into [low, high]; ``NO_PRICE`` stays what it is."""
    if price_ticks == NO_PRICE:
        return price_ticks
    inside: int = min(max(price_ticks, low_ticks), high_ticks)
    return inside
