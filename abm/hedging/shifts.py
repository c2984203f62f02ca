"""Shifts of the price level that come at random, and what the curve knows of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.core.arrays import FloatArray
from abm.spot.process.domain import require
from abm.spot.process.level import LevelShift
from abm.spot.process.level_shifts import RandomLevelShifts


@dataclass(frozen=True)
class FixedShift:
    """One shift of the level on the same day of every path.

    Parameters
    ----------
    shift : LevelShift
        Size, start and duration in years from day 0.
    foreseen : bool
        Whether the curve knows it from day 0; otherwise it counts only as far as it has come.
    """

    shift: LevelShift
    foreseen: bool = False


@dataclass(frozen=True)
class RandomShifts:
    """Shifts that come as a Poisson process, each with a normal size, and build up linearly.

    Parameters
    ----------
    per_year : float
        Shifts a year, not negative.
    mean_log_size, sd_log_size : float
        Of one shift of the log level.
    duration_years : float
        How long each builds up; 0 is a step.
    foreseen : bool
        Whether the curve counts on shifts to come and knows the course of one that has begun; otherwise it
        counts each only as far as it has come.

    Raises
    ------
    ParameterError
        If an argument is outside its domain.
    """

    per_year: float
    mean_log_size: float
    sd_log_size: float = 0.0
    duration_years: float = 0.25
    foreseen: bool = False

    def __post_init__(self) -> None:
        for name in ("per_year", "sd_log_size", "duration_years"):
            value = getattr(self, name)
            require(0.0 <= value < math.inf, f"shifts.{name}", value, "a finite number >= 0")
        mean = self.mean_log_size
        require(math.isfinite(mean), "shifts.mean_log_size", mean, "a finite number")

    def draw(self, years: float, n_paths: int, rng: np.random.Generator) -> DrawnShifts:
        """Draw the shifts of many paths over some years."""
        counts = rng.poisson(self.per_year * years, n_paths)
        most = int(counts.max(initial=0))
        there = np.arange(most) < counts[:, None]
        start = np.where(there, years * rng.random((n_paths, most)), math.inf)
        size = self.mean_log_size + self.sd_log_size * rng.standard_normal((n_paths, most))
        return DrawnShifts(start, np.where(there, size, 0.0), self.duration_years)

    def log_growth_to_come(self, ahead: FloatArray) -> FloatArray:
        """Return ln E[exp(what shifts yet to begin add)] some years ahead, in the shape of ``ahead``."""
        law = RandomLevelShifts(self.per_year, self.mean_log_size, self.sd_log_size, self.duration_years)
        return law.log_expected(0.0, ahead)


@dataclass(frozen=True)
class DrawnShifts:
    """Shifts of many paths; a path without a further one has an infinite start and no size."""

    start_year: FloatArray
    """Shape (n_paths, most)."""
    log_size: FloatArray
    duration_years: float

    def log_move(self, year: FloatArray, known_at: float = math.inf) -> FloatArray:
        """Return how far the level has moved by some years, of the shifts that began by ``known_at``.

        Shape (n_years, n_paths).
        """
        moved = np.zeros((year.size, self.start_year.shape[0]))
        for start, size in zip(self.start_year.T, self.log_size.T, strict=True):
            since = year[:, None] - start
            if self.duration_years > 0.0:
                part = np.clip(since / self.duration_years, 0.0, 1.0)
            else:
                part = (since >= 0.0).astype(np.float64)
            moved += np.where(start <= known_at, size * part, 0.0)
        return moved

    def in_progress(self, year: float) -> NDArray[np.bool_]:
        """Say on which paths a shift has begun and not ended, shape (n_paths,)."""
        begun = (self.start_year <= year) & (year < self.start_year + self.duration_years)
        return np.asarray(begun.any(axis=1))


LevelMoves = FixedShift | RandomShifts
