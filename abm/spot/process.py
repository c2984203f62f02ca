"""What every spot price process offers: paths, moments and forward curve of ln S = g(t) + X + xi.

g is the deterministic level, X the part that reverts, xi the long-run factor (absent by default). Times are
in years, prices in USD per mSIT. Everything is what happens (measure P) except forwards, which are priced.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abm.core.arguments import row_number, whole_number
from abm.spot.domain import finite_numbers, real_numbers, require, require_generator, require_number
from abm.spot.level import Level
from abm.spot.long_run import FloatArray, LongRunFactor
from abm.spot.path_simulation import Dynamics
from abm.spot.premium import Measure, RiskPremium


class SpotPaths(NamedTuple):
    """Simulated paths, both arrays of shape (n_paths, n_times)."""

    log_deviation: FloatArray
    """X + xi, the log price less its level."""
    price_usd: FloatArray
    """S in USD per mSIT."""


class FactorPaths(NamedTuple):
    """Simulated paths of the state, all arrays of shape (n_paths, n_times)."""

    x: FloatArray
    """Reverting log deviation X."""
    xi: FloatArray
    """Long-run factor; constant without one."""
    regime: NDArray[np.int8]
    """Number of the regime; 0 without switching."""


class SpotState(NamedTuple):
    """State of a spot process at one time: with the date it says all that the future depends on."""

    x: float
    xi: float = 0.0
    regime: int = 0


class SpotProcess(ABC):
    """Spot price with log S = g(t) + X + xi, exactly simulated and priced in closed or numerical form."""

    __slots__ = ()

    kappa: float
    level: Level
    x0: float
    long_run: LongRunFactor | None
    premium: RiskPremium | None

    @abstractmethod
    def cumulants(self, tau: ArrayLike, x0: float | None = None, *, xi: float | None = None) -> FloatArray:
        """Return the first four cumulants of X + xi, shape (4, ...)."""

    @abstractmethod
    def futures_volatility(self, time_to_delivery: ArrayLike) -> FloatArray:
        """Return the annual volatility of the log forward, in the shape of the time to delivery (years)."""

    @abstractmethod
    def risk_neutral(self) -> Self:
        """Return the process under the pricing measure Q; itself without a premium."""

    @abstractmethod
    def _log_exponential_moment(self, a: ArrayLike, tau: FloatArray, x: float, xi: float) -> NDArray[Any]:
        """Return ln E[exp(a (X + xi))] a horizon ahead, in the broadcast shape of a and tau."""

    @abstractmethod
    def _dynamics(self) -> Dynamics:
        """Return what drives the paths."""

    @property
    def half_life(self) -> float:
        """Years in which a deviation from the level halves."""
        return math.log(2.0) / self.kappa

    def simulate(
        self, times: ArrayLike, n_paths: int, rng: np.random.Generator, *, out: SpotPaths | None = None
    ) -> SpotPaths:
        """Simulate paths that are exact at every time, whatever the spacing.

        Parameters
        ----------
        times : array of float, shape (n_times,)
            Years, increasing; the first is the start, where the state is the process's own.
        n_paths : int
            Number of independent paths.
        rng : numpy.random.Generator
            Source of the draws. Two processes with different jumps, regimes or long-run factors and the same
            seed share the draws of their diffusion.
        out : SpotPaths, optional
            Arrays to fill again, which saves the cost of fresh memory.

        Returns
        -------
        SpotPaths
            Log deviation X + xi and price S, each of shape (n_paths, n_times).
        """
        years = _path_times(times, n_paths, rng)
        shape = (n_paths, years.size)
        paths = _room_for_paths(*shape) if out is None else out
        for name, array in zip(paths._fields, paths, strict=True):
            fits = array.shape == shape and array.dtype == np.float64 and array.flags.c_contiguous
            require(fits, f"out.{name}", (array.shape, array.dtype), f"a C-ordered float64 array of {shape}")
        start = (self.x0, self._long_run_now(None))
        x, price = paths
        self._dynamics().paths(years, start, rng, x=x, price=price, log_level=self.level.log_usd(years))
        return paths

    def simulate_log_deviation(self, times: ArrayLike, n_paths: int, rng: np.random.Generator) -> FloatArray:
        """Simulate the log deviation X + xi alone: the same draws as ``simulate``, in less time and memory.

        Parameters
        ----------
        times : array of float, shape (n_times,)
            Years, increasing; the first is the start.
        n_paths : int
            Number of independent paths.
        rng : numpy.random.Generator
            Source of the draws.

        Returns
        -------
        array of float, shape (n_paths, n_times)
        """
        years = _path_times(times, n_paths, rng)
        start = (self.x0, self._long_run_now(None))
        deviation = np.empty((n_paths, years.size))
        xi = None if self.long_run is None else np.empty(deviation.shape)
        self._dynamics().paths(years, start, rng, x=deviation, xi=xi)
        if xi is not None:
            deviation += xi
        return deviation

    def simulate_factors(self, times: ArrayLike, n_paths: int, rng: np.random.Generator) -> FactorPaths:
        """Simulate paths of the factors behind the price: the same draws as ``simulate``, no prices.

        Parameters
        ----------
        times : array of float, shape (n_times,)
            Years, increasing; the first is the start.
        n_paths : int
            Number of independent paths.
        rng : numpy.random.Generator
            Source of the draws.
        """
        years = _path_times(times, n_paths, rng)
        shape = (n_paths, years.size)
        paths = FactorPaths(np.empty(shape), np.empty(shape), np.empty(shape, dtype=np.int8))
        start = (self.x0, self._long_run_now(None))
        self._dynamics().paths(years, start, rng, x=paths.x, xi=paths.xi, regime=paths.regime)
        return paths

    def advance(self, state: SpotState, dt: float, rng: np.random.Generator) -> SpotState:
        """Draw the state a time dt (years, positive) after a given state, from the exact joint law.

        Parameters
        ----------
        state : SpotState
            State now.
        dt : float
            Step in years; no step is too long.
        rng : numpy.random.Generator
            Source of the draws; it is moved on alike whether the step has jumps or not.
        """
        require_number("dt", dt)
        require(0.0 < dt < math.inf, "dt", dt, "a finite number > 0")
        require_generator(rng)
        require(isinstance(state, SpotState), "state", state, "a SpotState")
        for name in ("x", "xi"):
            require_number(f"state.{name}", getattr(state, name))
            require(math.isfinite(getattr(state, name)), f"state.{name}", getattr(state, name), "finite")
        x, xi = np.empty((1, 2)), np.empty((1, 2))
        regime = np.empty((1, 2), dtype=np.int8)
        dynamics = self._dynamics()
        regimes = len(dynamics.regimes)
        row_number("state.regime", state.regime, regimes, allowed=f"in [0, {regimes})")
        replace(dynamics, regime=state.regime).paths(
            np.array([0.0, dt]), (state.x, state.xi), rng, x=x, xi=xi, regime=regime
        )
        return SpotState(float(x[0, 1]), float(xi[0, 1]), int(regime[0, 1]))

    def exponential_moment(
        self, a: ArrayLike, tau: ArrayLike, x0: float | None = None, *, xi: float | None = None
    ) -> NDArray[Any]:
        """Return E[exp(a (X + xi))] a horizon ahead.

        Parameters
        ----------
        a : array of float or complex
            Exponent, broadcast against ``tau``; see the jump law for where the moment exists.
        tau : array of float
            Horizon in years, not negative.
        x0, xi : float, optional
            X and xi at the start of the horizon; the process's own start by default.
        """
        state = self._deviation_now(x0), self._long_run_now(xi)
        exponent = np.asarray(a)
        known = exponent.dtype.kind in "iufc" and bool(np.isfinite(exponent).all())
        require(known, "a", a, "finite numbers")
        moment: NDArray[Any] = np.exp(self._log_exponential_moment(a, horizon(tau), *state))
        return moment

    def characteristic_function(
        self, u: ArrayLike, tau: ArrayLike, x0: float | None = None, *, xi: float | None = None
    ) -> NDArray[np.complex128]:
        """Return E[exp(i u (X + xi))] a horizon ahead, for real u broadcast against tau (years)."""
        return self.exponential_moment(1j * np.asarray(u, dtype=np.float64), tau, x0, xi=xi)

    def mean(self, tau: ArrayLike, x0: float | None = None, *, xi: float | None = None) -> FloatArray:
        """Return E[exp(X + xi)], the mean price as a multiple of its level, in the shape of tau (years)."""
        return self.exponential_moment(1.0, tau, x0, xi=xi)

    def variance(self, tau: ArrayLike, x0: float | None = None, *, xi: float | None = None) -> FloatArray:
        """Return Var[exp(X + xi)] in squared multiples of the level, in the shape of tau (years).

        It is infinite when a jump law has no second exponential moment.
        """
        years = horizon(tau)
        state = self._deviation_now(x0), self._long_run_now(xi)
        log_mean = self._log_exponential_moment(1.0, years, *state)
        log_square = self._log_exponential_moment(2.0, years, *state)
        variance: FloatArray = np.exp(2.0 * log_mean) * np.expm1(log_square - 2.0 * log_mean)
        return variance

    def forward(
        self,
        t: float,
        maturities: ArrayLike,
        x: float,
        measure: Measure = "Q",
        *,
        xi: float | None = None,
    ) -> FloatArray:
        """Return the forward curve E[S_T | X_t = x, xi_t = xi] in USD per mSIT.

        Parameters
        ----------
        t : float
            Now, in years.
        maturities : array of float
            Times T in years, none before ``t``.
        x : float
            Reverting log deviation now.
        measure : {"Q", "P"}
            Q prices with the risk premium, P gives the expected spot price; the same without a premium.
        xi : float, optional
            Long-run factor now; its start by default.

        Returns
        -------
        array of float
            USD per mSIT, in the shape of ``maturities``; at T = t it is the spot price.
        """
        dates = np.asarray(maturities, dtype=np.float64)
        require(bool(np.all(dates >= t)), "maturities", maturities, f">= t = {t}")
        require(measure in ("Q", "P"), "measure", measure, "Q or P")
        law = self.risk_neutral() if measure == "Q" else self
        log_moment = law._log_exponential_moment(1.0, dates - t, x, self._long_run_now(xi))
        forward: FloatArray = np.exp(self.level.log_usd(dates) + log_moment)
        return forward

    def average_price_forward(
        self,
        t: float,
        fixing_times: ArrayLike,
        x: float,
        known_fixings: ArrayLike = (),
        measure: Measure = "Q",
        *,
        xi: float | None = None,
    ) -> float:
        """Return the forward price of a delivery month's arithmetic mean of fixings, in USD per mSIT.

        Parameters
        ----------
        t : float
            Now, in years.
        fixing_times : array of float, shape (m,)
            Times in years of the fixings still to come, none before ``t``.
        x : float
            Reverting log deviation now.
        known_fixings : array of float, shape (k,)
            Fixings of the month published so far, USD per mSIT; the mean runs over k + m fixings.
        measure : {"Q", "P"}
            As for ``forward``.
        xi : float, optional
            Long-run factor now; its start by default.
        """
        to_come = np.asarray(fixing_times, dtype=np.float64)
        known = np.asarray(known_fixings, dtype=np.float64)
        fixings = to_come.size + known.size
        require(fixings > 0, "fixing_times and known_fixings", "no fixing", "at least one fixing")
        return float(known.sum() + self.forward(t, to_come, x, measure, xi=xi).sum()) / fixings

    def _deviation_now(self, x0: float | None) -> float:
        return self.x0 if x0 is None else _state_number("x0", x0)

    def _long_run_now(self, xi: float | None) -> float:
        if xi is not None:
            given: float = _state_number("xi", xi)
            return given
        return 0.0 if self.long_run is None else self.long_run.xi0


def _room_for_paths(n_paths: int, n_times: int) -> SpotPaths:
    """Return arrays to fill, in memory that the next call can have again once they are dropped.

    The GNU C library hands freed memory back to the system once there is more of it than twice the largest
    block, and clearing it anew would take a quarter of the time of a simulation. So one block has room to
    spare; it is never touched, and takes up addresses only.
    """
    spacious = np.empty((n_paths + n_paths // 4, n_times))
    return SpotPaths(spacious[:n_paths], np.empty((n_paths, n_times)))


def _state_number(field: str, value: Any) -> Any:
    """Return a state that is a finite number, or an array of them that goes with an array of horizons."""
    numbers = finite_numbers(field, value)
    return numbers if numbers.ndim else float(numbers)


def horizon(tau: ArrayLike) -> FloatArray:
    """Return horizons in years as an array, and refuse a negative one."""
    years = real_numbers("tau", tau)
    require(bool(np.all(years >= 0.0)), "tau", tau, ">= 0")
    return years


def _path_times(times: ArrayLike, n_paths: int, rng: np.random.Generator) -> FloatArray:
    require_generator(rng)
    years = finite_numbers("times", times)
    increasing = years.ndim == 1 and years.size > 0 and bool(np.all(np.diff(years) > 0.0))
    require(increasing, "times", years, "a non-empty increasing list of years")
    whole_number("n_paths", n_paths, least=1, allowed="> 0")
    return years
