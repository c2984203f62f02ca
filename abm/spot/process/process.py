"""What every spot price process offers: paths, moments and forward curve of ln S = g(t) + X + xi.

g is the deterministic level, X the part that reverts, xi the long-run factor (absent by default). Times are
in years, prices in USD per mSIT. Everything is what happens (measure P) except forwards, which are priced.

A state (x, xi, regime) may be that of one path, or an array of shape (n_paths,). Moments and forwards of many
paths have the shape paths x times: every state meets every time, also where there are as many of both.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abm.core.arguments import row_number
from abm.core.arrays import FloatArray
from abm.spot.process.domain import finite_numbers, require, require_generator, require_number
from abm.spot.process.level import Level
from abm.spot.process.long_run import LongRunFactor
from abm.spot.process.path_simulation import Dynamics
from abm.spot.process.paths import FactorPaths, SpotPaths, path_times, room_for_paths
from abm.spot.process.premium import Measure, RiskPremium
from abm.spot.process.states import SpotState, horizon, states_before_times

__all__ = ["FactorPaths", "SpotPaths", "SpotProcess", "SpotState", "horizon"]


class SpotProcess(ABC):
    """Spot price with log S = g(t) + X + xi, exactly simulated and priced in closed or numerical form."""

    __slots__ = ()

    kappa: float
    level: Level
    x0: float
    long_run: LongRunFactor | None
    premium: RiskPremium | None

    @abstractmethod
    def cumulants(
        self, tau: ArrayLike, x0: ArrayLike | None = None, *, xi: ArrayLike | None = None
    ) -> FloatArray:
        """Return the first four cumulants of X + xi, shape (4, *paths, *times)."""

    @abstractmethod
    def futures_volatility(self, time_to_delivery: ArrayLike) -> FloatArray:
        """Return the annual volatility of the log forward, in the shape of the time to delivery (years)."""

    @abstractmethod
    def risk_neutral(self) -> Self:
        """Return the process under the pricing measure Q; itself without a premium."""

    @abstractmethod
    def _log_exponential_moment(
        self,
        a: ArrayLike,
        tau: FloatArray,
        x: FloatArray,
        xi: FloatArray,
        regime: NDArray[Any] | None = None,
    ) -> NDArray[Any]:
        """Return ln E[exp(a (X + xi))] a horizon ahead, in the broadcast shape of all arguments."""

    @abstractmethod
    def dynamics(self) -> Dynamics:
        """Return what drives the paths."""

    @property
    def start(self) -> tuple[float, float]:
        """X and xi at the start."""
        return self.x0, 0.0 if self.long_run is None else self.long_run.xi0

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
        years = path_times(times, n_paths, rng)
        shape = (n_paths, years.size)
        paths = room_for_paths(*shape) if out is None else out
        for name, array in zip(paths._fields, paths, strict=True):
            fits = array.shape == shape and array.dtype == np.float64 and array.flags.c_contiguous
            require(fits, f"out.{name}", (array.shape, array.dtype), f"a C-ordered float64 array of {shape}")
        start = self.start
        x, price = paths
        self.dynamics().paths(years, start, rng, x=x, price=price, log_level=self.level.log_usd(years))
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
        years = path_times(times, n_paths, rng)
        start = self.start
        deviation = np.empty((n_paths, years.size))
        xi = None if self.long_run is None else np.empty(deviation.shape)
        self.dynamics().paths(years, start, rng, x=deviation, xi=xi)
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
        years = path_times(times, n_paths, rng)
        shape = (n_paths, years.size)
        paths = FactorPaths(np.empty(shape), np.empty(shape), np.empty(shape, dtype=np.int8))
        start = self.start
        self.dynamics().paths(years, start, rng, x=paths.x, xi=paths.xi, regime=paths.regime)
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
        dynamics = self.dynamics()
        regimes = len(dynamics.regimes)
        row_number("state.regime", state.regime, regimes, allowed=f"in [0, {regimes})")
        replace(dynamics, regime=state.regime).paths(
            np.array([0.0, dt]), (state.x, state.xi), rng, x=x, xi=xi, regime=regime
        )
        return SpotState(float(x[0, 1]), float(xi[0, 1]), int(regime[0, 1]))

    def exponential_moment(
        self,
        a: ArrayLike,
        tau: ArrayLike,
        x0: ArrayLike | None = None,
        *,
        xi: ArrayLike | None = None,
        regime: ArrayLike | None = None,
    ) -> NDArray[Any]:
        """Return E[exp(a (X + xi))] a horizon ahead.

        Parameters
        ----------
        a : array of float or complex
            Exponent, broadcast against ``tau``; see the jump law for where the moment exists.
        tau : array of float
            Horizon in years, not negative.
        x0, xi : float or array of float, shape (n_paths,), optional
            X and xi at the start of the horizon; the process's own start by default.
        regime : int or array of int, shape (n_paths,), optional
            Number of the regime at the start of the horizon; the process's own by default.

        Returns
        -------
        array of float or complex
            Shape (n_paths, ...) with the broadcast shape of ``a`` and ``tau``; without the first axis where
            the state is that of one path.
        """
        exponent = np.asarray(a)
        known = exponent.dtype.kind in "iufc" and bool(np.isfinite(exponent).all())
        require(known, "a", a, "finite numbers")
        years = horizon(tau)
        times = np.broadcast_shapes(np.shape(a), years.shape)
        state = self._states_now(len(times), x0, xi, regime, name="x0")
        moment: NDArray[Any] = np.exp(self._log_exponential_moment(a, years, *state))
        return moment

    def characteristic_function(
        self, u: ArrayLike, tau: ArrayLike, x0: ArrayLike | None = None, *, xi: ArrayLike | None = None
    ) -> NDArray[np.complex128]:
        """Return E[exp(i u (X + xi))] a horizon ahead, for real u broadcast against tau (years)."""
        return self.exponential_moment(1j * np.asarray(u, dtype=np.float64), tau, x0, xi=xi)

    def mean(
        self,
        tau: ArrayLike,
        x0: ArrayLike | None = None,
        *,
        xi: ArrayLike | None = None,
        regime: ArrayLike | None = None,
    ) -> FloatArray:
        """Return E[exp(X + xi)], the mean price as a multiple of its level, paths x the shape of tau."""
        return self.exponential_moment(1.0, tau, x0, xi=xi, regime=regime)

    def variance(
        self,
        tau: ArrayLike,
        x0: ArrayLike | None = None,
        *,
        xi: ArrayLike | None = None,
        regime: ArrayLike | None = None,
    ) -> FloatArray:
        """Return Var[exp(X + xi)] in squared multiples of the level, paths x the shape of tau (years).

        It is infinite when a jump law has no second exponential moment.
        """
        years = horizon(tau)
        state = self._states_now(years.ndim, x0, xi, regime, name="x0")
        log_mean = self._log_exponential_moment(1.0, years, *state)
        log_square = self._log_exponential_moment(2.0, years, *state)
        variance: FloatArray = np.exp(2.0 * log_mean) * np.expm1(log_square - 2.0 * log_mean)
        return variance

    def forward(
        self,
        t: float,
        maturities: ArrayLike,
        x: ArrayLike,
        measure: Measure = "Q",
        *,
        xi: ArrayLike | None = None,
        regime: ArrayLike | None = None,
    ) -> FloatArray:
        """Return the forward curve E[S_T | X_t = x, xi_t = xi] in USD per mSIT.

        Parameters
        ----------
        t : float
            Now, in years.
        maturities : array of float
            Times T in years, none before ``t``.
        x : float or array of float, shape (n_paths,)
            Reverting log deviation now.
        measure : {"Q", "P"}
            Q prices with the risk premium, P gives the expected spot price; the same without a premium.
        xi : float or array of float, shape (n_paths,), optional
            Long-run factor now; its start by default.
        regime : int or array of int, shape (n_paths,), optional
            Number of the regime now; the process's own by default.

        Returns
        -------
        array of float
            USD per mSIT, shape (n_paths, *shape of maturities); in the shape of ``maturities`` where the
            state is that of one path. At T = t it is the spot price.
        """
        require(np.ndim(t) == 0, "t", f"an array of shape {np.shape(t)}", "one time")
        dates = np.asarray(maturities, dtype=np.float64)
        require(bool(np.all(dates >= t)), "maturities", maturities, f">= t = {t}")
        require(measure in ("Q", "P"), "measure", measure, "Q or P")
        law = self.risk_neutral() if measure == "Q" else self
        state = self._states_now(dates.ndim, x, xi, regime)
        log_moment = law._log_exponential_moment(1.0, dates - t, *state)
        forward: FloatArray = np.exp(self.level.log_usd(dates) + log_moment)
        return forward

    def average_price_forward(
        self,
        t: float,
        fixing_times: ArrayLike,
        x: ArrayLike,
        known_fixings: ArrayLike = (),
        measure: Measure = "Q",
        *,
        xi: ArrayLike | None = None,
        regime: ArrayLike | None = None,
    ) -> float | FloatArray:
        """Return the forward price of a delivery month's arithmetic mean of fixings, in USD per mSIT.

        Parameters
        ----------
        t : float
            Now, in years.
        fixing_times : array of float, shape (m,) or (n_months, m)
            Times in years of the fixings still to come, none before ``t``; a row for each of many months.
        x : float or array of float, shape (n_paths,)
            Reverting log deviation now.
        known_fixings : array of float, shape (k,), or (n_paths, k) for one month on many paths
            Fixings of the month published so far, USD per mSIT; the mean runs over k + m fixings. In general
            whatever broadcasts to the result with k fixings behind it.
        measure : {"Q", "P"}
            As for ``forward``.
        xi : float or array of float, shape (n_paths,), optional
            Long-run factor now; its start by default.
        regime : int or array of int, shape (n_paths,), optional
            Number of the regime now; the process's own by default.

        Returns
        -------
        float or array of float
            Shape (n_paths, n_months), without the axis of whatever there is one of; a float for one month
            and one path.
        """
        to_come = np.asarray(fixing_times, dtype=np.float64)
        known = np.asarray(known_fixings, dtype=np.float64)
        for name, fixings in (("fixing_times", to_come), ("known_fixings", known)):
            require(fixings.ndim > 0, name, fixings, "a list of fixings")
        count = to_come.shape[-1] + known.shape[-1]
        require(count > 0, "fixing_times and known_fixings", "no fixing", "at least one fixing")
        expected = self.forward(t, to_come, x, measure, xi=xi, regime=regime).sum(axis=-1)
        settled = known.sum(axis=-1)
        fits = settled.ndim <= expected.ndim and all(
            own in (1, wanted) for own, wanted in zip(settled.shape[::-1], expected.shape[::-1], strict=False)
        )
        allowed = f"a list of fixings, or one for each of {expected.shape} paths and months"
        require(fits, "known_fixings", f"an array of shape {known.shape}", allowed)
        mean: FloatArray = np.asarray(settled + expected) / count
        return mean if mean.ndim else float(mean)

    def _deviation_now(self, x0: ArrayLike | None) -> ArrayLike:
        return self.x0 if x0 is None else x0

    def _long_run_now(self, xi: ArrayLike | None) -> ArrayLike:
        return self.start[1] if xi is None else xi

    def _with_states(
        self, cumulants: FloatArray, years: FloatArray, x0: ArrayLike | None, xi: ArrayLike | None
    ) -> FloatArray:
        """Return cumulants of what has come since, shape (4, *times), with the states in their means."""
        x, long_run = self._states_now(years.ndim, x0, xi, name="x0")
        start = x * np.exp(-self.kappa * years) + long_run
        behind_paths = cumulants.reshape(4, *(1,) * (start.ndim - years.ndim), *years.shape)
        moved: FloatArray = np.broadcast_to(behind_paths, (4, *start.shape)).copy()
        moved[0] += start
        return moved

    def _states_now(
        self,
        time_axes: int,
        x: ArrayLike | None,
        xi: ArrayLike | None,
        regime: ArrayLike | None = None,
        *,
        name: str = "x",
    ) -> tuple[NDArray[Any], ...]:
        """Return x, xi and the regime, if one is given, each ready to meet an array of times."""
        parts: dict[str, ArrayLike] = {name: self._deviation_now(x), "xi": self._long_run_now(xi)}
        if regime is not None:
            regimes, numbers = len(self.dynamics().regimes), np.asarray(regime)
            require(numbers.dtype.kind in "iu", "regime", f"an array of {numbers.dtype}", "whole numbers")
            strangers = numbers[(numbers < 0) | (numbers >= regimes)]
            require(strangers.size == 0, "regime", strangers.ravel()[:1], f"in [0, {regimes})")
            parts["regime"] = numbers
        return states_before_times(time_axes, **parts)


def _state_number(field: str, value: Any) -> Any:
    """Return a state that is a finite number, or an array of them that goes with an array of horizons."""
    numbers = finite_numbers(field, value)
    return numbers if numbers.ndim else float(numbers)
