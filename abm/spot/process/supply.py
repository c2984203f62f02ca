"""Three-factor supply of inference tokens and the price trend that it implies."""

from __future__ import annotations

import math
from dataclasses import dataclass

from abm.spot.process.domain import require, require_numbers
from abm.spot.process.level import Level, LevelShift

_GROWTH_RATES = (
    "energy_cost_growth",
    "hardware_efficiency_growth",
    "algorithmic_efficiency_growth",
    "capital_growth",
    "demand_growth",
)


@dataclass(frozen=True, slots=True)
class ThreeFactorSupply:
    """Token supply Q = (eta_H eta_A / C_E) K meets a demand of constant elasticity.

    All growth rates are of logs, per year: 0.69 doubles in a year. The long-run price is where both grow
    alike. With g_c = g_H + g_A - g_E, the rate at which the cost of a token falls, demand
    ln D = demand_growth x t - epsilon ln P and supply
    ln Q = (g_c + g_K) t + phi (ln P + g_c t), which answers the margin of price over unit cost, give

        b = (g_c + g_K - demand_growth + phi g_c) / (epsilon + phi)

    for the yearly fall b of the log price. At phi = 0 capacity is what capital allows and b is the excess of
    supply growth over demand growth, divided by the demand elasticity; as phi grows b goes to g_c, the
    competitive limit in which the whole fall of unit cost is passed through and capital adjusts.

    Parameters
    ----------
    energy_cost_growth : float
        g_E of the energy cost C_E. Default 0.03: judgement.
    hardware_efficiency_growth : float
        g_H of the FLOPS a dollar buys. Default ln 2 / 2.07: for GPUs used in machine learning they double
        every 2.07 years (Hobbhahn and Besiroglu 2022, "Trends in GPU price-performance").
    algorithmic_efficiency_growth : float
        g_A of the tokens a FLOP yields at given quality. Default ln 2 / (8/12): the compute for given
        performance halves every 8 months, 95 % interval 5 to 14 (Ho et al. 2024, arXiv 2403.05812);
        measured on training, its use for inference is judgement.
    capital_growth : float
        g_K of the capital K. Default ln 2.42: growth of NVIDIA's data-centre revenue from fiscal 2024 to
        2025, as its annual report gives it; spending for stock is judgement.
    demand_growth : float
        Growth of demand at an unchanged price. Default 0.38: judgement, the residual with which the other
        defaults give the fall of Xing (2026), ln(40) / 2 = 1.84 a year.
    price_elasticity : float
        epsilon, demand lost in percent per percent of price; not negative. Default 1: judgement, what
        is spent on tokens does not depend on their price.
    supply_elasticity : float
        phi, capacity gained in percent per percent of margin over unit cost; not negative, infinity is the
        competitive limit. Default 0: judgement, capital growth is given.

    Raises
    ------
    ParameterError
        If a growth rate is not finite, or neither side of the market answers to the price.

    Notes
    -----
    The supply function is that of Xing (2026), arXiv 2603.21690; the mapping to a trend is this project's
    own. At the defaults the price falls faster than unit cost (1.84 against 1.34 a year): margins shrink,
    which cannot go on for ever, so a long run belongs nearer the competitive limit.
    """

    energy_cost_growth: float = 0.03
    hardware_efficiency_growth: float = math.log(2.0) / 2.07
    algorithmic_efficiency_growth: float = math.log(2.0) / (8.0 / 12.0)
    capital_growth: float = math.log(2.42)
    demand_growth: float = 0.38
    price_elasticity: float = 1.0
    supply_elasticity: float = 0.0

    def __post_init__(self) -> None:
        require_numbers("supply.", self, *_GROWTH_RATES, "price_elasticity", "supply_elasticity")
        for name in _GROWTH_RATES:
            value = getattr(self, name)
            require(math.isfinite(value), f"supply.{name}", value, "a finite number")
        epsilon, phi = self.price_elasticity, self.supply_elasticity
        require(0.0 <= epsilon < math.inf, "supply.price_elasticity", epsilon, "a finite number >= 0")
        require(phi >= 0.0, "supply.supply_elasticity", phi, ">= 0")
        allowed = "> 0 when supply_elasticity is 0: nothing would clear the market"
        require(epsilon + phi > 0.0, "supply.price_elasticity", epsilon, allowed)

    @property
    def unit_cost_decline(self) -> float:
        """Fall of the log cost of a token per year, g_H + g_A - g_E."""
        return self.hardware_efficiency_growth + self.algorithmic_efficiency_growth - self.energy_cost_growth

    @property
    def supply_growth(self) -> float:
        """Growth of log Q per year at a constant margin, that of efficiency and capital together."""
        return self.unit_cost_decline + self.capital_growth

    @property
    def trend_per_year(self) -> float:
        """Fall of the log price per year, positive when tokens get cheaper."""
        if math.isinf(self.supply_elasticity):
            return self.unit_cost_decline
        excess = self.supply_growth - self.demand_growth + self.supply_elasticity * self.unit_cost_decline
        return excess / (self.price_elasticity + self.supply_elasticity)

    @property
    def quantity_growth(self) -> float:
        """Growth of the log quantity traded per year, along the demand curve."""
        return self.demand_growth + self.price_elasticity * self.trend_per_year

    def level(self, initial_price_usd: float, shifts: tuple[LevelShift, ...] = ()) -> Level:
        """Return the price level that falls with the trend.

        Parameters
        ----------
        initial_price_usd : float
            Level at time 0, USD per mSIT.
        shifts : tuple of LevelShift
            Permanent moves on top.
        """
        return Level(initial_price_usd, self.trend_per_year, shifts)
