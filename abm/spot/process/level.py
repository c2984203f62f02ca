"""The deterministic level that the spot price reverts to."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abm.core.arguments import whole_number
from abm.spot.process.domain import finite_numbers, require, require_numbers

_ROUNDING_DAYS = 1e-7


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
        require_numbers("level_shift.", self, "log_size", "start_year", "duration_years")
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
class Seasonality:
    """Weekly and diurnal pattern of the log level.

    Both average to zero in logs: the weekly values over a week (their mean is taken off), the harmonics over
    a day by themselves. A daily fixing always sees the same hour, so that harmonics then add a constant.

    Parameters
    ----------
    weekly : tuple of float
        Log effect of each trading day of the week, 5 or 7 values, or none.
    diurnal : tuple of (float, float)
        (a_k, c_k) for k = 1, 2, ...: the log effect is sum of a_k sin(2 pi k h) + c_k cos(2 pi k h), h the
        elapsed part of the day; a single a_1 of 0.12 is a daily swing of 12 % either way.
    days_per_year : float
        Days in a year of the time axis, positive: 252 trading days, or 365.
    hours_per_day : float
        Hours in a day, positive; hour 0 begins the day.
    first_weekday : int
        Place of day 0 in ``weekly``.

    Raises
    ------
    ParameterError
        If an argument is outside its domain.
    """

    weekly: tuple[float, ...] = ()
    diurnal: tuple[tuple[float, float], ...] = ()
    days_per_year: float = 252.0
    hours_per_day: float = 24.0
    first_weekday: int = 0

    def __post_init__(self) -> None:
        weekly, diurnal = self.weekly, self.diurnal
        allowed = "5 or 7 finite numbers, or none"
        finite = all(math.isfinite(value) for value in weekly)
        require(finite and len(weekly) in (0, 5, 7), "seasonality.weekly", weekly, allowed)
        pairs = all(len(pair) == 2 and all(map(math.isfinite, pair)) for pair in diurnal)
        require(pairs, "seasonality.diurnal", diurnal, "pairs of finite numbers")
        require_numbers("seasonality.", self, "days_per_year", "hours_per_day")
        for name in ("days_per_year", "hours_per_day"):
            value = getattr(self, name)
            require(0.0 < value < math.inf, f"seasonality.{name}", value, "a finite number > 0")
        first = whole_number("seasonality.first_weekday", self.first_weekday)
        require(
            first == 0 or 0 <= first < len(weekly), "seasonality.first_weekday", first, "a day of the week"
        )

    def hour(self, t: ArrayLike) -> NDArray[np.float64]:
        """Return the hour of the day at time t (years), in the shape of t."""
        return self._day_and_part(t)[1] * self.hours_per_day

    def log_effect(self, t: ArrayLike) -> NDArray[np.float64]:
        """Return the log effect at time t (years), in the shape of t."""
        day, part = self._day_and_part(t)
        effect = np.zeros(part.shape)
        if self.weekly:
            centred = np.array(self.weekly) - math.fsum(self.weekly) / len(self.weekly)
            effect += centred[(day + self.first_weekday) % len(self.weekly)]
        for k, (sine, cosine) in enumerate(self.diurnal, start=1):
            angle = 2.0 * math.pi * k * part
            effect += sine * np.sin(angle) + cosine * np.cos(angle)
        return effect

    def _day_and_part(self, t: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the number of the day and its elapsed part; a day begins in spite of rounding in t."""
        days = finite_numbers("t", t) * self.days_per_year
        whole = np.floor(days + _ROUNDING_DAYS)
        return whole.astype(np.int64), np.maximum(days - whole, 0.0)


@dataclass(frozen=True, slots=True)
class Level:
    """Log level g(t) = ln(initial price) - trend x t + shifts + seasonality.

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
    seasonality : Seasonality, optional
        Weekly and diurnal pattern on top; none by default.
    """

    initial_price_usd: float
    trend_per_year: float = 0.0
    shifts: tuple[LevelShift, ...] = ()
    seasonality: Seasonality | None = None

    def __post_init__(self) -> None:
        require_numbers("level.", self, "initial_price_usd", "trend_per_year")
        price = self.initial_price_usd
        require(0.0 < price < math.inf, "level.initial_price_usd", price, "a finite number > 0")
        trend = self.trend_per_year
        require(math.isfinite(trend), "level.trend_per_year", trend, "a finite number")

    def log_usd(self, t: ArrayLike) -> NDArray[np.float64]:
        """Return g(t), the log of USD per mSIT, in the shape of t (years)."""
        years = finite_numbers("t", t)
        level = math.log(self.initial_price_usd) - self.trend_per_year * years
        for shift in self.shifts:
            level = level + shift.log_move(years)
        if self.seasonality is not None:
            level = level + self.seasonality.log_effect(years)
        return level

    def usd(self, t: ArrayLike) -> NDArray[np.float64]:
        """Return the level in USD per mSIT, in the shape of t (years)."""
        return np.exp(self.log_usd(t))
