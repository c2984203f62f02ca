"""Mean-reverting jump diffusion of the log spot price, with an optional long-run factor and risk premium.

ln S_t = g(t) + X_t + xi_t with the deterministic level g, dX = kappa (m - X) dt + sigma dW + J dN and the
long-run factor xi. Times are in years, prices in USD per mSIT.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abm.core.arguments import whole_number
from abm.core.arrays import FloatArray
from abm.spot.process.domain import (
    finite_numbers,
    require,
    require_generator,
    require_number,
    require_numbers,
)
from abm.spot.process.jumps import JumpLaw
from abm.spot.process.level import Level
from abm.spot.process.long_run import LongRunFactor
from abm.spot.process.path_simulation import Dynamics, Regime
from abm.spot.process.premium import RiskPremium
from abm.spot.process.process import SpotPaths, SpotProcess, horizon

__all__ = ["MeanRevertingJumpDiffusion", "SpotPaths"]


@dataclass(frozen=True, slots=True)
class MeanRevertingJumpDiffusion(SpotProcess):
    """Spot price whose log reverts to a moving level between Poisson jumps.

    Parameters
    ----------
    kappa : float
        Speed of mean reversion per year, positive.
    sigma : float
        Volatility of the diffusion per square-root year, not negative.
    jump_intensity : float
        Mean number of jumps a year, not negative.
    jumps : JumpLaw
        Law of the jump sizes of the log price.
    level : Level
        Deterministic log level g(t).
    x0 : float
        Log deviation X from the level at the start.
    long_run : LongRunFactor, optional
        Permanent second factor of the log price; none by default.
    premium : RiskPremium, optional
        What forwards are priced with; none by default: forwards are then expected spot prices.
    reversion_level : float
        Value m that X reverts to, zero by default: the level belongs in ``level``. A premium for the
        diffusion moves it under the pricing measure.

    Raises
    ------
    ParameterError
        If a parameter is outside its domain, or the premium leaves no finite forward.

    Notes
    -----
    Clewlow and Strickland (2000), "Energy Derivatives"; Cartea and Figueroa (2005), "Pricing in electricity
    markets: a mean reverting jump diffusion model with seasonality"; Schwartz and Smith (2000), "Short-term
    variations and long-term dynamics in commodity prices", for the second factor. The jumps revert at the
    same speed as the diffusion. The mean of the jumps is not compensated: with jumps that are up on average
    the price lives above its level.
    """

    kappa: float
    sigma: float
    jump_intensity: float
    jumps: JumpLaw
    level: Level
    x0: float = 0.0
    long_run: LongRunFactor | None = None
    premium: RiskPremium | None = None
    reversion_level: float = 0.0

    def __post_init__(self) -> None:
        names = ("kappa", "sigma", "jump_intensity", "x0", "reversion_level")
        require_numbers("", self, *names)
        require(0.0 < self.kappa < math.inf, "kappa", self.kappa, "a finite number > 0")
        for name in ("sigma", "jump_intensity"):
            value = getattr(self, name)
            require(0.0 <= value < math.inf, name, value, "a finite number >= 0")
        for name in ("x0", "reversion_level"):
            value = getattr(self, name)
            require(math.isfinite(value), name, value, "a finite number")
        if self.premium is not None:
            self.jumps.tilted(self.premium.jump_tilt)

    @overload
    def step(self, x: float, dt: float, rng: np.random.Generator, size: None = None) -> float: ...
    @overload
    def step(self, x: FloatArray, dt: float, rng: np.random.Generator, size: None = None) -> FloatArray: ...
    @overload
    def step(self, x: float, dt: float, rng: np.random.Generator, size: int) -> FloatArray: ...
    def step(
        self, x: float | FloatArray, dt: float, rng: np.random.Generator, size: int | None = None
    ) -> float | FloatArray:
        """Draw the reverting log deviation X a time dt later from its exact law.

        The long-run factor is not drawn: see ``advance`` for the joint step.

        Parameters
        ----------
        x : float or array of float
            Log deviation now.
        dt : float
            Step in years, not negative; no step is too long.
        rng : numpy.random.Generator
            Source of the draws; a step with jumps uses more draws than one without.
        size : int, optional
            Number of independent draws from one scalar ``x``.

        Returns
        -------
        float or array of float
            Shape of ``x``, or (size,).
        """
        require_number("dt", dt)
        require(0.0 <= dt < math.inf, "dt", dt, "a finite number >= 0")
        require_generator(rng)
        finite_numbers("x", x)
        if size is not None:
            whole_number("size", size, least=0)
            require_number("x", x)
        shape = np.shape(x) if size is None else (size,)
        target = -math.expm1(-self.kappa * dt) * self.reversion_level
        moved = np.asarray(x) * math.exp(-self.kappa * dt) + self._innovations(np.asarray(dt), shape, rng)
        moved = moved + target
        return moved if shape else float(moved)

    def cumulants(
        self, tau: ArrayLike, x0: ArrayLike | None = None, *, xi: ArrayLike | None = None
    ) -> FloatArray:
        """Return the first four cumulants of the log deviation X + xi, that is of ln S less its level.

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
        orders = np.arange(1.0, 5.0).reshape(4, *(1,) * years.ndim)
        moments = np.array([self.jumps.moment(n) for n in range(1, 5)]).reshape(orders.shape)
        gone = -np.expm1(-orders * self.kappa * years) / (orders * self.kappa)
        cumulants = self._with_states(self.jump_intensity * moments * gone, years, x0, xi)
        cumulants[0] += self.reversion_level * self.kappa * gone[0]
        cumulants[1] += self.sigma**2 * gone[1]
        if self.long_run is not None:
            cumulants[0] += self.long_run.mean_change(years)
            cumulants[1] += self.long_run.variance(years) + 2.0 * self._covariance_rate * gone[0]
        return cumulants

    def futures_volatility(self, time_to_delivery: ArrayLike) -> FloatArray:
        """Return the annual volatility of the log forward, in the shape of the time to delivery (years).

        It falls with the time to delivery at the speed of mean reversion, towards the volatility of the
        long-run factor (Samuelson 1965, "Proof that properly anticipated prices fluctuate randomly").
        """
        left = np.exp(-self.kappa * horizon(time_to_delivery))
        rate = (self.sigma**2 + self.jump_intensity * self.jumps.moment(2)) * left**2
        if self.long_run is not None:
            rate = rate + self.long_run.volatility**2 + 2.0 * self._covariance_rate * left
        # A perfectly negative correlation can leave a rate of zero, which rounding must not make negative.
        volatility: FloatArray = np.sqrt(np.maximum(rate, 0.0))
        return volatility

    def risk_neutral(self) -> MeanRevertingJumpDiffusion:
        """Return the process under the pricing measure Q; itself without a premium."""
        premium = self.premium
        if premium is None:
            return self
        return replace(
            self,
            reversion_level=self.reversion_level - premium.diffusion / self.kappa,
            jump_intensity=self.jump_intensity
            * (1.0 + float(self.jumps.mean_relative_jump(premium.jump_tilt))),
            jumps=self.jumps.tilted(premium.jump_tilt),
            long_run=premium.priced_long_run(self.long_run),
            premium=None,
        )

    @property
    def _covariance_rate(self) -> float:
        """Covariance of dX and d xi per year."""
        xi = self.long_run
        return 0.0 if xi is None else xi.correlation * xi.volatility * self.sigma

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
        reverted = -np.expm1(-self.kappa * tau)
        mean = x * np.exp(-self.kappa * tau) + self.reversion_level * reverted + xi
        diffused = self.sigma**2 * -np.expm1(-2.0 * self.kappa * tau) / (4.0 * self.kappa)
        log_moment: NDArray[Any] = exponent * (mean + exponent * diffused)
        if self.jump_intensity > 0.0:
            integral = self.jumps.exponential_moment_integral(exponent, tau, self.kappa)
            log_moment = log_moment + self.jump_intensity * integral
        if self.long_run is not None:
            shared = self._covariance_rate * reverted / self.kappa
            log_moment = (
                log_moment + exponent**2 * shared + self.long_run.log_exponential_moment(exponent, tau)
            )
        return log_moment

    def dynamics(self) -> Dynamics:
        """Return what drives the paths."""
        regime = Regime(self.sigma, self.jump_intensity, self.jumps, self.reversion_level)
        return Dynamics(self.kappa, (regime,), np.zeros((1, 1)), 0, self.long_run)

    def _innovations(self, dt: FloatArray, shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
        """Draw what the diffusion and the jumps of one step of length dt add, in the given shape.

        Jump times are uniform within the step and each jump has reverted since: a step with at most one jump
        at its end would overstate the variance.
        """
        deviation = self.sigma * np.sqrt(-np.expm1(-2.0 * self.kappa * dt) / (2.0 * self.kappa))
        diffusion: FloatArray = deviation * rng.standard_normal(shape)
        counts = rng.poisson(self.jump_intensity * dt, shape)
        cell_of_jump = np.repeat(np.arange(counts.size), counts.ravel())
        if cell_of_jump.size == 0:
            return diffusion
        age = rng.random(cell_of_jump.size) * np.broadcast_to(dt, shape).ravel()[cell_of_jump]
        sizes = self.jumps.sample(cell_of_jump.size, rng) * np.exp(-self.kappa * age)
        jumped = np.bincount(cell_of_jump, weights=sizes, minlength=counts.size).reshape(shape)
        return diffusion + jumped
