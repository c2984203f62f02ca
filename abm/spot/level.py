"""The deterministic level that the spot price reverts to."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abm.spot.domain import require


@dataclass(frozen=True, slots=True)
class LevelShift:
    """A permanent move of the log level that builds up linearly in time.

    Parameters
    ----------
    log_size : float
        Total move of the log level: ln 1.5 lifts the level by half, a negative size lowers it.
    start_year : float
        When the move begins, in years from the start of the simulation.
    duration_years : float
        How long it builds up, not negative; 0 is a step at ``start_year``.
    """

    log_size: float
    start_year: float
    duration_years: float

    def __post_init__(self) -> None:
        for name in ("log_size", "start_year"):
            value = getattr(self, name)
            require(math.isfinite(value), f"level_shift.{name}", value, "a finite number")
        duration = self.duration_years
        allowed = "a finite number >= 0"
        require(0.0 <= duration < math.inf, "level_shift.duration_years", duration, allowed)

    def log_move(self, t: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the part of the move that has happened by time t (years), in the shape of t."""
        since = t - self.start_year
        if self.duration_years == 0.0:
            return np.where(since >= 0.0, self.log_size, 0.0)
        return self.log_size * np.clip(since / self.duration_years, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Level:
    """Log level g(t) = ln(initial price) - trend x t + shifts.

    The trend belongs here and not in the drift of the mean-reverting part, where the price would lag its
    level by trend / kappa for ever.

    Parameters
    ----------
    initial_price_usd : float
        Level at time 0, USD per mSIT, positive.
    trend_per_year : float
        Fall of the log level per year: positive when tokens get cheaper. The source paper's fall from 60 to
        1.50 USD in two years is ln(40) / 2 = 1.84.
    shifts : tuple of LevelShift
        Permanent moves on top.
    """

    initial_price_usd: float
    trend_per_year: float = 0.0
    shifts: tuple[LevelShift, ...] = ()

    def __post_init__(self) -> None:
        price = self.initial_price_usd
        require(0.0 < price < math.inf, "level.initial_price_usd", price, "a finite number > 0")
        trend = self.trend_per_year
        require(math.isfinite(trend), "level.trend_per_year", trend, "a finite number")

    def log_usd(self, t: ArrayLike) -> NDArray[np.float64]:
        """Return g(t), the log of USD per mSIT, in the shape of t (years)."""
        years = np.asarray(t, dtype=np.float64)
        level = math.log(self.initial_price_usd) - self.trend_per_year * years
        for shift in self.shifts:
            level = level + shift.log_move(years)
        return level

    def usd(self, t: ArrayLike) -> NDArray[np.float64]:
        """Return the level in USD per mSIT, in the shape of t (years)."""
        return np.exp(self.log_usd(t))
