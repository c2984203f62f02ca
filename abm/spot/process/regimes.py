"""Mean-reverting jump diffusion whose volatility, jumps and level switch between regimes."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abm.core.arguments import row_number
from abm.core.arrays import FloatArray
from abm.spot.process.domain import require, require_numbers
from abm.spot.process.jumps import DoubleExponentialJumps
from abm.spot.process.level import Level
from abm.spot.process.long_run import LongRunFactor
from abm.spot.process.path_simulation import Dynamics, Regime
from abm.spot.process.premium import RiskPremium
from abm.spot.process.process import SpotProcess, horizon
from abm.spot.process.regime_moments import covariance_rates, cumulants_from_zero, moments_less_one

__all__ = ["Regime", "RegimeSwitchingJumpDiffusion"]

_ROUNDING = 1e-9
NEAREST_TO_THE_END = 1e-4
"""Share of the exponent at which jumps have no moment, within which none is computed."""


@dataclass(frozen=True, slots=True)
class RegimeSwitchingJumpDiffusion(SpotProcess):
    """Spot price that reverts to a level at one speed while a Markov chain switches everything else.

    The regime is part of the state and taken as known: ``in_regime`` gives the process as seen from another.

    Parameters
    ----------
    kappa : float
        Speed of mean reversion per year, positive, the same in all regimes.
    regimes : tuple of Regime
        Volatility, jumps and reversion level of each.
    generator : array of float, shape (n, n)
        Switching rates per year: off the diagonal not negative, rows summing to zero.
    level : Level
        Deterministic log level g(t) common to the regimes.
    x0 : float
        Log deviation X from the level at the start.
    regime : int
        Number of the regime at the start.
    long_run : LongRunFactor, optional
        Permanent second factor of the log price; none by default.
    premium : RiskPremium, optional
        What forwards are priced with, the same in all regimes; none by default. The switching itself carries
        no premium.

    Raises
    ------
    ParameterError
        If a parameter is outside its domain, or the premium leaves no finite forward.

    Notes
    -----
    Janczura and Weron (2010), "An empirical comparison of alternate regime-switching models for electricity
    spot prices", for the class of models.
    """

    kappa: float
    regimes: tuple[Regime, ...]
    generator: tuple[tuple[float, ...], ...]
    level: Level
    x0: float = 0.0
    regime: int = 0
    long_run: LongRunFactor | None = None
    premium: RiskPremium | None = None

    def __post_init__(self) -> None:
        require_numbers("", self, "kappa", "x0")
        require(0.0 < self.kappa < math.inf, "kappa", self.kappa, "a finite number > 0")
        require(math.isfinite(self.x0), "x0", self.x0, "a finite number")
        object.__setattr__(self, "regimes", tuple(self.regimes))
        count = len(self.regimes)
        require(count > 0, "regimes", self.regimes, "at least one regime")
        for number, regime in enumerate(self.regimes):
            _check_regime(f"regimes[{number}]", regime)
            if self.premium is not None:
                regime.jumps.tilted(self.premium.jump_tilt)
        rates = np.asarray(self.generator, dtype=np.float64)
        require(rates.shape == (count, count), "generator", self.generator, f"a {count} x {count} matrix")
        off_diagonal = rates[~np.eye(count, dtype=np.bool_)]
        valid = bool(np.all((off_diagonal >= 0.0) & (off_diagonal < np.inf)))
        balanced = valid and bool(
            np.all(np.abs(rates.sum(axis=1)) <= _ROUNDING * (1.0 + np.abs(rates).max()))
        )
        allowed = "rates >= 0 off the diagonal with rows that sum to zero"
        require(balanced, "generator", self.generator, allowed)
        object.__setattr__(self, "generator", tuple(tuple(map(float, row)) for row in rates))
        row_number("regime", self.regime, count, allowed=f"in [0, {count})")

    def in_regime(self, regime: int) -> RegimeSwitchingJumpDiffusion:
        """Return the process that is in a given regime now."""
        return replace(self, regime=regime)

    def cumulants(
        self, tau: ArrayLike, x0: ArrayLike | None = None, *, xi: ArrayLike | None = None
    ) -> FloatArray:
        """Return the first four cumulants of the log deviation X + xi, that is of ln S less its level.

        They are exact: no derivative is taken numerically.

        Parameters
        ----------
        tau : array of float
            Horizon in years, not negative; infinity gives the stationary law.
        x0, xi : float or array of float, shape (n_paths,), optional
            X and xi at the start of the horizon; the process's own start by default.

        Returns
        -------
        array of float, shape (4, ...)
            Mean, variance, third and fourth cumulant, each in the shape of ``tau``, behind an axis of paths
            where the state is that of many.
        """
        years = horizon(tau)
        since = cumulants_from_zero(self.dynamics(), years.ravel()).reshape(4, *years.shape)
        cumulants = self._with_states(since, years, x0, xi)
        if self.long_run is not None:
            cumulants[0] += self.long_run.mean_change(years)
            cumulants[1] += self.long_run.variance(years)
        return cumulants

    def futures_volatility(self, time_to_delivery: ArrayLike) -> FloatArray:
        """Return the annual volatility of the log forward now, in the shape of the time to delivery (years).

        Its square is the variance rate of the diffusions and jumps of the regime now, decayed, plus that of
        the jumps which the forward makes when the regime switches. The market's expectation counts: the
        forward is the one under the measure of this process.
        """
        years = horizon(time_to_delivery)
        dynamics, left, now = self.dynamics(), np.exp(-self.kappa * years), self.regime
        regime = self.regimes[now]
        rate = (regime.sigma**2 + regime.jump_intensity * regime.jumps.moment(2)) * left**2
        if self.long_run is not None:
            rate = rate + self.long_run.volatility**2 + 2.0 * covariance_rates(dynamics)[now] * left
        log_forward = self._log_moments(np.array([1.0]), years)
        for other, switches in enumerate(self.generator[now]):
            if other != now:
                rate = rate + switches * (log_forward[other, 0] - log_forward[now, 0]) ** 2
        # A perfectly negative correlation can leave a rate of zero, which rounding must not make negative.
        volatility: FloatArray = np.sqrt(np.maximum(rate, 0.0))
        return volatility

    def risk_neutral(self) -> RegimeSwitchingJumpDiffusion:
        """Return the process under the pricing measure Q; itself without a premium."""
        premium = self.premium
        if premium is None:
            return self
        tilt, shift = premium.jump_tilt, premium.diffusion / self.kappa
        regimes = tuple(
            Regime(
                regime.sigma,
                regime.jump_intensity * (1.0 + float(regime.jumps.mean_relative_jump(tilt))),
                regime.jumps.tilted(tilt),
                regime.reversion_level - shift,
            )
            for regime in self.regimes
        )
        return replace(self, regimes=regimes, long_run=premium.priced_long_run(self.long_run), premium=None)

    def _log_exponential_moment(
        self,
        a: ArrayLike,
        tau: FloatArray,
        x: FloatArray,
        xi: FloatArray,
        regime: NDArray[Any] | None = None,
    ) -> NDArray[Any]:
        """Return ln E[exp(a (X + xi))] a horizon ahead, in the broadcast shape of all arguments."""
        exponent = np.asarray(a)
        exponents, which = np.unique(exponent, return_inverse=True)
        years, when = np.unique(tau, return_inverse=True)
        now = self.regime if regime is None else regime
        table = self._log_moments(exponents, years)
        log_moment: NDArray[Any] = table[now, which.reshape(exponent.shape), when.reshape(tau.shape)]
        log_moment = log_moment + exponent * (x * np.exp(-self.kappa * tau) + xi)
        if self.long_run is not None:
            log_moment = log_moment + self.long_run.log_exponential_moment(exponent, tau)
        return log_moment

    def _log_moments(self, a: NDArray[Any], years: FloatArray) -> NDArray[Any]:
        """Return ln v from every regime, shape (n_regimes, n_exponents, *shape of years).

        A real exponent without a moment gives infinity (except over no time), a complex one is an error.
        """
        exponents = a.astype(np.result_type(a.dtype, np.float64))
        flat, order = np.unique(years, return_inverse=True)
        dynamics = self.dynamics()
        log_moments = np.full((flat.size, len(self.regimes), a.size), np.inf, dtype=exponents.dtype)
        log_moments[flat == 0.0] = 0.0
        finite = np.all(np.isfinite([_jump_moment(regime, exponents) for regime in self.regimes]), axis=0)
        for regime in self.regimes:
            _require_distance(regime, exponents)
        if finite.any() and flat.size > 0:
            gained = moments_less_one(dynamics, exponents[finite], flat)
            with np.errstate(divide="ignore"):
                log_moments[:, :, finite] = np.log1p(gained)
        moved = np.moveaxis(log_moments, 0, -1)
        return moved[..., order.ravel()].reshape(*moved.shape[:2], *years.shape)

    def dynamics(self) -> Dynamics:
        """Return what drives the paths."""
        return Dynamics(self.kappa, self.regimes, np.array(self.generator), self.regime, self.long_run)


def _check_regime(name: str, regime: Regime) -> None:
    require_numbers(f"{name}.", regime, "sigma", "jump_intensity", "reversion_level")
    for field in ("sigma", "jump_intensity"):
        value = getattr(regime, field)
        require(0.0 <= value < math.inf, f"{name}.{field}", value, "a finite number >= 0")
    level = regime.reversion_level
    require(math.isfinite(level), f"{name}.reversion_level", level, "a finite number")


def _require_distance(regime: Regime, a: NDArray[Any]) -> None:
    """Refuse real exponents so near to where the moment ends that rounding hides how it grows there."""
    jumps = regime.jumps
    if regime.jump_intensity == 0.0 or not isinstance(jumps, DoubleExponentialJumps) or np.iscomplexobj(a):
        return
    ends = [(jumps.eta_up, a)] if jumps.p_up > 0.0 else []
    ends += [(jumps.eta_down, -a)] if jumps.p_up < 1.0 else []
    for end, exponent in ends:
        near = (exponent < end) & (exponent > end * (1.0 - NEAREST_TO_THE_END))
        if near.any():
            allowed = (
                f"{NEAREST_TO_THE_END:g} of it below {end}, where jumps of a switching process have none"
            )
            require(False, "exponent", float(a[near][0]), allowed)


def _jump_moment(regime: Regime, a: NDArray[Any]) -> NDArray[Any]:
    return regime.jumps.mean_relative_jump(a) if regime.jump_intensity > 0.0 else np.zeros(a.shape)
