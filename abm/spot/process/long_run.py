"""The long-run factor of the log price: an arithmetic Brownian motion that no reversion takes back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abm.core.arrays import FloatArray
from abm.spot.process.domain import require, require_numbers


@dataclass(frozen=True, slots=True)
class LongRunFactor:
    """Permanent part xi of the log price: d xi = drift dt + volatility dW, correlated with the short run.

    Parameters
    ----------
    drift : float
        Mean change of xi per year.
    volatility : float
        Volatility of xi per square-root year, not negative.
    correlation : float
        Between the Brownian motions of xi and of the reverting deviation X, in [-1, 1].
    xi0 : float
        xi at the start.

    Raises
    ------
    ParameterError
        If a parameter is outside its domain.

    Notes
    -----
    Schwartz and Smith (2000), "Short-term variations and long-term dynamics in commodity prices".
    """

    drift: float
    volatility: float
    correlation: float
    xi0: float = 0.0

    def __post_init__(self) -> None:
        require_numbers("long_run.", self, "drift", "volatility", "correlation", "xi0")
        for name in ("drift", "xi0"):
            value = getattr(self, name)
            require(math.isfinite(value), f"long_run.{name}", value, "a finite number")
        allowed = "a finite number >= 0"
        require(0.0 <= self.volatility < math.inf, "long_run.volatility", self.volatility, allowed)
        require(-1.0 <= self.correlation <= 1.0, "long_run.correlation", self.correlation, "in [-1, 1]")

    def mean_change(self, tau: ArrayLike) -> FloatArray:
        """Return E[xi_tau - xi_0] in the shape of tau (years); zero at any tau without a drift."""
        return _accumulated(self.drift, tau)

    def variance(self, tau: ArrayLike) -> FloatArray:
        """Return Var[xi_tau] in the shape of tau (years); zero at any tau without volatility."""
        return _accumulated(self.volatility**2, tau)

    def log_exponential_moment(self, a: ArrayLike, tau: ArrayLike) -> NDArray[Any]:
        """Return ln E[exp(a (xi_tau - xi_0))] in the broadcast shape of a and tau (years)."""
        exponent = np.asarray(a)
        log_moment: NDArray[Any] = exponent * (self.mean_change(tau) + 0.5 * exponent * self.variance(tau))
        return log_moment


def _accumulated(rate: float, tau: ArrayLike) -> FloatArray:
    """Return rate x tau, where a rate of zero gives zero over an infinite time too."""
    years = np.asarray(tau, dtype=np.float64)
    return np.zeros(years.shape) if rate == 0.0 else rate * years
