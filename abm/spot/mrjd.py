"""Mean-reverting jump diffusion of the log spot price: exact steps, moments, forward curve.

ln S_t = g(t) + X_t with the deterministic level g and dX = -kappa X dt + sigma dW + J dN. Times are in years,
prices in USD per mSIT. Everything is under one measure: forwards here are expectations without risk premium.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abm.spot.domain import require
from abm.spot.jumps import FloatArray, JumpLaw
from abm.spot.level import Level


class SpotPaths(NamedTuple):
    """Simulated paths, both arrays of shape (n_paths, n_times)."""

    log_deviation: FloatArray
    """X, the log price less its level."""
    price_usd: FloatArray
    """S in USD per mSIT."""


@dataclass(frozen=True, slots=True)
class MeanRevertingJumpDiffusion:
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
        Log deviation from the level at the start.

    Raises
    ------
    ParameterError
        If a parameter is outside its domain.

    Notes
    -----
    Clewlow and Strickland (2000), "Energy Derivatives"; Cartea and Figueroa (2005), "Pricing in electricity
    markets: a mean reverting jump diffusion model with seasonality". The jumps revert at the same speed as
    the diffusion. The mean of the jumps is not compensated: with jumps that are up on average the price lives
    above its level.
    """

    kappa: float
    sigma: float
    jump_intensity: float
    jumps: JumpLaw
    level: Level
    x0: float = 0.0

    def __post_init__(self) -> None:
        require(0.0 < self.kappa < math.inf, "kappa", self.kappa, "a finite number > 0")
        for name in ("sigma", "jump_intensity"):
            value = getattr(self, name)
            require(0.0 <= value < math.inf, name, value, "a finite number >= 0")
        require(math.isfinite(self.x0), "x0", self.x0, "a finite number")

    @property
    def half_life(self) -> float:
        """Years in which a deviation from the level halves."""
        return math.log(2.0) / self.kappa

    @overload
    def step(self, x: float, dt: float, rng: np.random.Generator, size: None = None) -> float: ...
    @overload
    def step(self, x: FloatArray, dt: float, rng: np.random.Generator, size: None = None) -> FloatArray: ...
    @overload
    def step(self, x: float, dt: float, rng: np.random.Generator, size: int) -> FloatArray: ...
    def step(
        self, x: float | FloatArray, dt: float, rng: np.random.Generator, size: int | None = None
    ) -> float | FloatArray:
        """Draw the log deviation a time dt later from its exact law.

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
        require(0.0 <= dt < math.inf, "dt", dt, "a finite number >= 0")
        shape = np.shape(x) if size is None else (size,)
        moved = np.asarray(x) * math.exp(-self.kappa * dt) + self._innovations(np.asarray(dt), shape, rng)
        return moved if shape else float(moved)

    def simulate(self, times: ArrayLike, n_paths: int, rng: np.random.Generator) -> SpotPaths:
        """Simulate paths that are exact at every time, whatever the spacing.

        Parameters
        ----------
        times : array of float, shape (n_times,)
            Years, increasing; the first is the start, where the log deviation is ``x0``.
        n_paths : int
            Number of independent paths.
        rng : numpy.random.Generator
            All diffusion draws are taken before the first jump draw, so that two processes with different
            jumps and the same seed share their diffusion.

        Returns
        -------
        SpotPaths
            Log deviation X and price S, each of shape (n_paths, n_times).
        """
        years = np.asarray(times, dtype=np.float64)
        increasing = years.ndim == 1 and years.size > 0 and bool(np.all(np.diff(years) > 0.0))
        require(increasing, "times", years, "a non-empty increasing list of years")
        require(n_paths > 0, "n_paths", n_paths, "> 0")
        spacing = np.diff(years)
        shocks = self._innovations(spacing[:, np.newaxis], (spacing.size, n_paths), rng)
        x = np.empty((years.size, n_paths))
        x[0] = self.x0
        for i, decay in enumerate(np.exp(-self.kappa * spacing)):
            x[i + 1] = x[i] * decay + shocks[i]
        paths = np.ascontiguousarray(x.T)
        return SpotPaths(paths, np.exp(self.level.log_usd(years) + paths))

    def cumulants(self, tau: ArrayLike, x0: float | None = None) -> FloatArray:
        """Return the first four cumulants of the log deviation, that is of ln S less its level.

        Parameters
        ----------
        tau : array of float
            Horizon in years, not negative; infinity gives the stationary law.
        x0 : float, optional
            Log deviation at the start of the horizon; the process's own start by default.

        Returns
        -------
        array of float, shape (4, ...)
            Mean, variance, third and fourth cumulant, each in the shape of ``tau``.
        """
        years = _horizon(tau)
        orders = np.arange(1.0, 5.0).reshape(4, *(1,) * years.ndim)
        moments = np.array([self.jumps.moment(n) for n in range(1, 5)]).reshape(orders.shape)
        gone = -np.expm1(-orders * self.kappa * years) / (orders * self.kappa)
        cumulants: FloatArray = self.jump_intensity * moments * gone
        cumulants[0] += self._start(x0) * np.exp(-self.kappa * years)
        cumulants[1] += self.sigma**2 * gone[1]
        return cumulants

    def exponential_moment(self, a: ArrayLike, tau: ArrayLike, x0: float | None = None) -> NDArray[Any]:
        """Return E[exp(a X)] a horizon ahead.

        Parameters
        ----------
        a : array of float or complex
            Exponent, broadcast against ``tau``; see the jump law for where the moment exists.
        tau : array of float
            Horizon in years, not negative.
        x0 : float, optional
            Log deviation at the start of the horizon; the process's own start by default.
        """
        moment: NDArray[Any] = np.exp(self._log_exponential_moment(a, _horizon(tau), self._start(x0)))
        return moment

    def characteristic_function(
        self, u: ArrayLike, tau: ArrayLike, x0: float | None = None
    ) -> NDArray[np.complex128]:
        """Return E[exp(i u X)] a horizon ahead, for real u broadcast against tau (years)."""
        return self.exponential_moment(1j * np.asarray(u, dtype=np.float64), tau, x0)

    def mean(self, tau: ArrayLike, x0: float | None = None) -> FloatArray:
        """Return E[exp(X)], the mean price as a multiple of its level, in the shape of tau (years)."""
        return self.exponential_moment(1.0, tau, x0)

    def variance(self, tau: ArrayLike, x0: float | None = None) -> FloatArray:
        """Return Var[exp(X)] in squared multiples of the level, in the shape of tau (years).

        It is infinite when the jump law has no second exponential moment.
        """
        years, start = _horizon(tau), self._start(x0)
        log_mean = self._log_exponential_moment(1.0, years, start)
        log_square = self._log_exponential_moment(2.0, years, start)
        variance: FloatArray = np.exp(2.0 * log_mean) * np.expm1(log_square - 2.0 * log_mean)
        return variance

    def forward(self, t: float, maturities: ArrayLike, x: float) -> FloatArray:
        """Return the forward curve E[S_T | X_t = x] in USD per mSIT.

        Parameters
        ----------
        t : float
            Now, in years.
        maturities : array of float
            Times T in years, none before ``t``.
        x : float
            Log deviation now.

        Returns
        -------
        array of float
            USD per mSIT, in the shape of ``maturities``; at T = t it is the spot price.
        """
        dates = np.asarray(maturities, dtype=np.float64)
        require(bool(np.all(dates >= t)), "maturities", maturities, f">= t = {t}")
        forward: FloatArray = np.exp(
            self.level.log_usd(dates) + self._log_exponential_moment(1.0, dates - t, x)
        )
        return forward

    def average_price_forward(
        self, t: float, fixing_times: ArrayLike, x: float, known_fixings: ArrayLike = ()
    ) -> float:
        """Return the expected arithmetic mean of a delivery month's fixings, in USD per mSIT.

        Parameters
        ----------
        t : float
            Now, in years.
        fixing_times : array of float, shape (m,)
            Times in years of the fixings still to come, none before ``t``.
        x : float
            Log deviation now.
        known_fixings : array of float, shape (k,)
            Fixings of the month published so far, USD per mSIT; the mean runs over k + m fixings.
        """
        to_come = np.asarray(fixing_times, dtype=np.float64)
        known = np.asarray(known_fixings, dtype=np.float64)
        fixings = to_come.size + known.size
        require(fixings > 0, "fixing_times and known_fixings", "no fixing", "at least one fixing")
        return float(known.sum() + self.forward(t, to_come, x).sum()) / fixings

    def futures_volatility(self, time_to_delivery: ArrayLike) -> FloatArray:
        """Return the annual volatility of the log forward, in the shape of the time to delivery (years).

        It falls with the time to delivery at the speed of mean reversion (Samuelson 1965, "Proof that
        properly anticipated prices fluctuate randomly").
        """
        total = math.sqrt(self.sigma**2 + self.jump_intensity * self.jumps.moment(2))
        volatility: FloatArray = total * np.exp(-self.kappa * _horizon(time_to_delivery))
        return volatility

    def _start(self, x0: float | None) -> float:
        return self.x0 if x0 is None else x0

    def _log_exponential_moment(self, a: ArrayLike, tau: FloatArray, x: float) -> NDArray[Any]:
        """Return ln E[exp(a X)] a horizon ahead of X = x, in the broadcast shape of a and tau."""
        exponent = np.asarray(a)
        diffused = self.sigma**2 * -np.expm1(-2.0 * self.kappa * tau) / (4.0 * self.kappa)
        log_moment: NDArray[Any] = exponent * (x * np.exp(-self.kappa * tau) + exponent * diffused)
        if self.jump_intensity > 0.0:
            integral = self.jumps.exponential_moment_integral(exponent, tau, self.kappa)
            log_moment = log_moment + self.jump_intensity * integral
        return log_moment

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


def _horizon(tau: ArrayLike) -> FloatArray:
    years = np.asarray(tau, dtype=np.float64)
    require(bool(np.all(years >= 0.0)), "tau", tau, ">= 0")
    return years
