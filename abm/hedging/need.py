"""What a firm needs, and what it pays for it: expected need by month, quantity risk, its provider's price."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from abm.core.arrays import FloatArray
from abm.hedging.listing import Listing
from abm.hedging.paths import PricePaths
from abm.spot.process.domain import require

Start = Literal["zero", "stationary"]


@dataclass(frozen=True)
class ProviderBasis:
    """The own provider's price: multiple x spot price x e^basis / E[e^basis], the log basis reverting.

    Parameters
    ----------
    sd : float
        Stationary standard deviation of the log basis; 0 is off.
    kappa : float
        Reversion per year.
    start : {"zero", "stationary"}
        Whether the provider is at its usual multiple on day 0, or anywhere.
    multiple : float
        Usual price as a multiple of the index.
    """

    sd: float = 0.0
    kappa: float = 20.0
    start: Start = "zero"
    multiple: float = 1.0

    def __post_init__(self) -> None:
        require(0.0 <= self.sd < math.inf, "basis.sd", self.sd, "a finite number >= 0")
        for name in ("kappa", "multiple"):
            value = getattr(self, name)
            require(0.0 < value < math.inf, f"basis.{name}", value, "a finite number > 0")
        require(self.start in ("zero", "stationary"), "basis.start", self.start, "zero or stationary")


@dataclass(frozen=True)
class QuantityRisk:
    """The need over what was expected, e^(q - Var q / 2), with q reverting and driven in part by prices.

    Its mean is one where the shocks are normal; surprises of a price that jumps leave it a little above.

    Parameters
    ----------
    volatility : float
        Of q per square-root year; 0 is off.
    kappa : float
        Reversion per year. The stationary standard deviation is volatility / sqrt(2 kappa).
    price_correlation : float
        Between the shocks of q and the surprises of the log price.
    start : {"zero", "stationary"}
        Whether the need is as expected on day 0, or anywhere.
    """

    volatility: float = 0.0
    kappa: float = 1.0
    price_correlation: float = 0.0
    start: Start = "zero"

    def __post_init__(self) -> None:
        value = self.volatility
        require(0.0 <= value < math.inf, "quantity.volatility", value, "a finite number >= 0")
        require(0.0 < self.kappa < math.inf, "quantity.kappa", self.kappa, "a finite number > 0")
        rho = self.price_correlation
        require(-1.0 <= rho <= 1.0, "quantity.price_correlation", rho, "in [-1, 1]")
        require(self.start in ("zero", "stationary"), "quantity.start", self.start, "zero or stationary")


@dataclass(frozen=True)
class Need:
    """Expected need by month and its risk.

    Parameters
    ----------
    msit_per_month : float or array of float, shape (horizon months,)
        Expected need of each month, spread evenly over its days.
    risk : QuantityRisk
        What becomes of it.
    """

    msit_per_month: ArrayLike = 1_000.0
    risk: QuantityRisk = QuantityRisk()

    def by_month(self, listing: Listing) -> FloatArray:
        """Return the expected need of each month, mSIT, shape (horizon months,).

        Raises
        ------
        ParameterError
            If there are not as many months as in the study, or a need is negative, or all are zero.
        """
        needs = np.asarray(self.msit_per_month, dtype=np.float64)
        months = listing.horizon_months
        fits = needs.ndim == 0 or needs.shape == (months,)
        allowed = f"one number, or one for each of the {months} months"
        require(fits, "need.msit_per_month", f"an array of shape {needs.shape}", allowed)
        everywhere = np.broadcast_to(needs, (months,)).astype(np.float64)
        fine = bool(np.all((everywhere >= 0.0) & (everywhere < math.inf)))
        wrong = everywhere[~((everywhere >= 0.0) & (everywhere < math.inf))]
        require(fine, "need.msit_per_month", wrong[:1], "a finite number >= 0")
        require(bool(everywhere.any()), "need.msit_per_month", "0 in every month", "> 0 in some month")
        return everywhere


class Consumption(NamedTuple):
    """What was needed and paid in each month, arrays of shape (months, paths)."""

    need_msit: FloatArray
    bill_usd: FloatArray


def consume(
    paths: PricePaths,
    listing: Listing,
    need_msit: FloatArray,
    risk: QuantityRisk,
    basis: ProviderBasis,
    need_rng: np.random.Generator,
    basis_rng: np.random.Generator,
) -> Consumption:
    """Return need and bill of every month at the own provider's price.

    Parameters
    ----------
    paths : PricePaths
        Spot prices.
    listing : Listing
        Days and months.
    need_msit : array of float, shape (months,)
        Expected need.
    risk, basis : QuantityRisk, ProviderBasis
        What moves need and price.
    need_rng, basis_rng : numpy.random.Generator
        Draw them.
    """
    days = listing.last_day + 1
    dt = 1.0 / listing.days_per_year
    cost = paths.spot_usd * basis.multiple
    if basis.sd > 0.0:
        deviation = basis.sd * math.sqrt(2.0 * basis.kappa)
        cost *= _mean_one(deviation, basis.kappa, basis.start, days, dt, paths.count, basis_rng)
    quantity: FloatArray | float = 1.0
    if risk.volatility > 0.0:
        rho = risk.price_correlation
        shocks = paths.shocks if rho != 0.0 else None
        quantity = _mean_one(
            risk.volatility, risk.kappa, risk.start, days, dt, paths.count, need_rng, shocks, rho
        )
    first = listing.fixing_days(1)[0]
    layout = (listing.horizon_months, listing.days_per_month, paths.count)
    per_day = (need_msit / listing.days_per_month)[:, None]
    if isinstance(quantity, float):
        needs = np.broadcast_to(need_msit[:, None], (need_msit.size, paths.count))
        bills = cost[first:].reshape(layout).sum(axis=1) * per_day
        return Consumption(needs, bills)
    bought = quantity[first:].reshape(layout)
    bills = np.einsum("mdp,mdp->mp", cost[first:].reshape(layout), bought) * per_day
    return Consumption(bought.sum(axis=1) * per_day, bills)


def _mean_one(
    volatility: float,
    kappa: float,
    start: Start,
    days: int,
    dt: float,
    n_paths: int,
    rng: np.random.Generator,
    shocks: FloatArray | None = None,
    correlation: float = 0.0,
) -> FloatArray:
    """Return e^u / E[e^u] of a reverting u, exactly stepped, shape (days, paths)."""
    kept = math.exp(-kappa * dt)
    stationary = volatility**2 / (2.0 * kappa)
    fresh = math.sqrt(stationary * -math.expm1(-2.0 * kappa * dt))
    own = math.sqrt(1.0 - correlation**2)
    u = rng.standard_normal((days, n_paths))
    u[0] = math.sqrt(stationary) * u[0] if start == "stationary" else 0.0
    for day in range(1, days):
        u[day] *= fresh * own
        if shocks is not None:
            u[day] += fresh * correlation * shocks[day - 1]
        u[day] += kept * u[day - 1]
    age = np.arange(days) * dt
    variance = stationary * (np.ones(days) if start == "stationary" else -np.expm1(-2.0 * kappa * age))
    np.exp(u - 0.5 * variance[:, None], out=u)
    return u
