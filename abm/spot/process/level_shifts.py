"""Permanent shifts of the level that come at random, and what a curve that knows of them expects.

They begin at the times of a Poisson process; each is a :class:`LevelShift` with a normal law
of its log size. A curve that foresees them knows intensity and law: it holds the whole course of every shift
that has begun, and of those to come the expectation

    E[exp(sum of their moves by T)] = exp{lambda integral_0^(T - t) (M(r(u)) - 1) du},
    M(a) = E[exp(a size)] = exp(a m + a^2 s^2 / 2),  r(u) = min(u / duration, 1),

for the shifts of a Poisson process move the level independently (Campbell's theorem). The ramp's integral of
M has a closed form in Dawson's function.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import dawsn

from abm.core.arrays import FloatArray
from abm.spot.process.domain import require
from abm.spot.process.level import LevelShift


@dataclass(frozen=True, slots=True)
class RandomLevelShifts:
    """Law of permanent shifts that come at random times in random size.

    Parameters
    ----------
    intensity : float
        Shifts expected a year, not negative.
    log_size, log_size_sd : float
        Mean and standard deviation of a shift's log size.
    duration_years : float
        How long each builds up, not negative; 0 is a step.
    first_year : float
        None begins before, in years from the start of the simulation.

    Raises
    ------
    ParameterError
        If an argument is outside its domain.
    """

    intensity: float
    log_size: float
    log_size_sd: float = 0.0
    duration_years: float = 0.0
    first_year: float = 0.0

    def __post_init__(self) -> None:
        for name in ("intensity", "log_size_sd", "duration_years"):
            value = getattr(self, name)
            require(0.0 <= value < math.inf, f"level_shifts.{name}", value, "a finite number >= 0")
        for name in ("log_size", "first_year"):
            value = getattr(self, name)
            require(math.isfinite(value), f"level_shifts.{name}", value, "a finite number")

    def log_expected(self, t: float, dates: ArrayLike) -> FloatArray:
        """Return ln E[exp(moves by each date)] of shifts that begin after ``t``, in the shape of the dates.

        Parameters
        ----------
        t : float
            Now, in years.
        dates : array of float
            Years, none before ``t``.
        """
        years = np.asarray(dates, dtype=np.float64)
        require(bool(np.all(years >= t)), "dates", dates, f">= t = {t}")
        ahead = np.maximum(years - max(t, self.first_year), 0.0)
        duration, full = self.duration_years, math.exp(self.log_size + 0.5 * self.log_size_sd**2)
        expected = (full - 1.0) * np.maximum(ahead - duration, 0.0)
        if duration > 0.0:
            reached = np.minimum(ahead / duration, 1.0)
            expected = expected + duration * (self._ramp_integral(reached) - reached)
        log_expected: FloatArray = self.intensity * expected
        return log_expected

    def _ramp_integral(self, reached: FloatArray) -> FloatArray:
        """Return the integral of M(a) over a from 0 to where the ramp stands, in the shape of ``reached``."""
        mean, sd = self.log_size, self.log_size_sd
        if sd == 0.0:
            rise: FloatArray = reached if mean == 0.0 else np.expm1(mean * reached) / mean
            return rise
        root = math.sqrt(2.0)
        moment = np.exp(mean * reached + 0.5 * (sd * reached) ** 2)
        upper = moment * dawsn((sd * sd * reached + mean) / (sd * root))
        integral: FloatArray = root / sd * (upper - dawsn(mean / (sd * root)))
        return integral

    def simulate(self, end_year: float, n_paths: int, rng: np.random.Generator) -> LevelShiftPaths:
        """Draw the shifts of many independent paths that begin by ``end_year``."""
        require(n_paths >= 1, "n_paths", n_paths, ">= 1")
        span = max(end_year - self.first_year, 0.0)
        path = np.repeat(np.arange(n_paths), rng.poisson(self.intensity * span, n_paths))
        start_year = self.first_year + span * rng.random(path.size)
        log_size = self.log_size + self.log_size_sd * rng.standard_normal(path.size)
        return LevelShiftPaths(self, n_paths, path, start_year, log_size)


@dataclass(frozen=True, slots=True, eq=False)
class LevelShiftPaths:
    """Shifts of many paths, one entry a shift.

    Attributes
    ----------
    law : RandomLevelShifts
        Law they were drawn from.
    n_paths : int
        Number of paths, those without a shift included.
    path : array of int64, shape (shifts,)
        Path of each shift.
    start_year, log_size : array of float, shape (shifts,)
        When each begins, and its size once it is complete.
    """

    law: RandomLevelShifts
    n_paths: int
    path: NDArray[np.int64]
    start_year: FloatArray
    log_size: FloatArray

    def log_move(self, times: ArrayLike) -> FloatArray:
        """Return how far the shifts have moved the log level by each time, shape (n_paths, n_times)."""
        return self._moved(np.atleast_1d(np.asarray(times, dtype=np.float64)), math.inf)

    def log_expected(self, t: float, dates: ArrayLike, *, foreseen: bool = True) -> FloatArray:
        """Return the log multiplier of the forwards for each date as the curve at ``t`` has it.

        Parameters
        ----------
        t : float
            Now, in years.
        dates : array of float, shape (n_dates,)
            Years, none before ``t``.
        foreseen : bool
            Whether the curve knows the law; otherwise it holds what has happened by now and nothing more.

        Returns
        -------
        array of float, shape (n_paths, n_dates)
        """
        years = np.atleast_1d(np.asarray(dates, dtype=np.float64))
        if not foreseen:
            return np.repeat(self.log_move(t), years.size, axis=1)
        return self._moved(years, t) + self.law.log_expected(t, years)

    def _moved(self, years: FloatArray, begun_by: float) -> FloatArray:
        begun = self.start_year <= begun_by
        path, start, size = self.path[begun], self.start_year[begun], self.log_size[begun]
        moves = np.empty((years.size, self.n_paths))
        for row, year in zip(moves, years, strict=True):
            since = year - start
            duration = self.law.duration_years
            share = np.clip(since / duration, 0.0, 1.0) if duration > 0.0 else (since >= 0.0)
            row[:] = np.bincount(path, weights=size * share, minlength=self.n_paths)
        return np.ascontiguousarray(moves.T)


class LevelShiftArrivals:
    """The shifts of one path as time goes on, without an end.

    Parameters
    ----------
    law : RandomLevelShifts
        Law of the shifts.
    rng : numpy.random.Generator
        Source of the draws: a waiting time before each shift, then its size.

    Attributes
    ----------
    begun : list of LevelShift
        Those that have begun, in order.
    """

    def __init__(self, law: RandomLevelShifts, rng: np.random.Generator) -> None:
        self.law, self._rng = law, rng
        self.begun: list[LevelShift] = []
        self._next_year = law.first_year + self._wait()

    def advance_to(self, year: float) -> None:
        """Let the shifts begin that are due by a time, in years."""
        while self._next_year <= year:
            size = self.law.log_size + self.law.log_size_sd * self._rng.standard_normal()
            self.begun.append(LevelShift(float(size), self._next_year, self.law.duration_years))
            self._next_year += self._wait()

    def _wait(self) -> float:
        if self.law.intensity == 0.0:
            return math.inf
        return float(self._rng.standard_exponential()) / self.law.intensity
