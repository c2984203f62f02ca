"""Optimal quotes of a market maker: Avellaneda and Stoikov (2008), and Gueant, Lehalle and Fernandez-Tapia.

Both answer the same question. The value s of the future moves with volatility sigma per square root of a
day; a quote at the distance d from it is filled at the rate A e^(-k d) lots a day; the maker has constant
absolute risk aversion gamma and holds q lots. Both answers quote around a reservation price that leans
against the inventory, so each is a half spread and a skew per lot held:

- Avellaneda and Stoikov (2008), with H days to the end: skew gamma sigma^2 H, half spread
  gamma sigma^2 H / 2 + (1/gamma) ln(1 + gamma/k);
- Gueant, Lehalle and Fernandez-Tapia (2013), far from the end: skew c, half spread
  (1/gamma) ln(1 + gamma/k) + c / 2 with c = sqrt(sigma^2 gamma / (2 k A) (1 + gamma/k)^(1 + k/gamma)).

Units here are ticks, lots and days: gamma is per tick and lot, 1/k a distance in ticks, A in lots a day.
"""

from __future__ import annotations

import math

from abm.core.kernel import kernel


@kernel(allocates=False)
def flat_half_spread_ticks(risk_aversion: float, fill_distance_ticks: float) -> float:
    """Return (1/gamma) ln(1 + gamma/k), the half spread of a maker to whom inventory is no risk."""
    return math.log1p(risk_aversion * fill_distance_ticks) / risk_aversion


@kernel(allocates=False)
def half_spread_ticks(risk_aversion: float, variance_ticks: float, fill_distance_ticks: float) -> float:
    """Return the Avellaneda-Stoikov half spread in ticks, for gamma per tick and sigma^2 H in ticks^2."""
    inventory_part = 0.5 * risk_aversion * variance_ticks
    return inventory_part + math.log1p(risk_aversion * fill_distance_ticks) / risk_aversion


@kernel(allocates=False)
def glft_skew_ticks(
    risk_aversion: float, variance_ticks_per_day: float, fill_distance_ticks: float, fill_rate: float
) -> float:
    """Return c of Gueant, Lehalle and Fernandez-Tapia: ticks by which one lot held moves both quotes."""
    ratio = risk_aversion * fill_distance_ticks
    growth = math.exp((1.0 + 1.0 / ratio) * math.log1p(ratio))
    return math.sqrt(
        variance_ticks_per_day * risk_aversion * fill_distance_ticks / (2.0 * fill_rate) * growth
    )
