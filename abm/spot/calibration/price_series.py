"""Price series for calibration: reading a CSV column, checking its dates, taking out a weekly pattern."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abm.core.arrays import FloatArray
from abm.core.csv_columns import read_columns
from abm.core.errors import CalibrationError

_CALENDAR_YEAR_DAYS = 365.25
_WORKING_DAYS_AT_MOST = 300.0
_WEEKEND_AND_HOLIDAY_DAYS = 3.0
_TOLERATED_RATE_ERROR = 0.10


@dataclass(frozen=True, slots=True, eq=False)
class PriceSeries:
    """Prices at equal steps.

    Attributes
    ----------
    prices : array of float, shape (n,)
        In the order of the file.
    dates : tuple of date
        Day of each price; empty if the file's dates were not asked for.
    dt : float
        Step in years.
    """

    prices: FloatArray
    dates: tuple[date, ...]
    dt: float


def read_price_series(
    path: Path, *, column: str = "price", date_column: str | None = None, days_per_year: float = 252.0
) -> PriceSeries:
    """Read a price series from a CSV file with a header line.

    Parameters
    ----------
    path : Path
        A UTF-8 file; blank lines are skipped.
    column : str
        Name of the column of prices.
    date_column : str, optional
        Name of a column of dates YYYY-MM-DD. They must increase, come about ``days_per_year`` a year, and
        leave out nothing but weekends and holidays; without them the steps are taken to be equal.
    days_per_year : float
        Prices a year: 252 for trading days, 365 for calendar days, 52 for weeks.

    Raises
    ------
    CalibrationError
        If the file cannot be read, lacks a column, or has a gap or a value that is no number or date; the
        message names file, line, column, value and what is allowed.
    """
    if not 0.0 < days_per_year < math.inf:
        raise CalibrationError(f"days per year: {days_per_year} is not a finite number > 0")
    prices: list[float] = []
    dates: list[date] = []
    lines: list[int] = []
    wanted = [column] if date_column is None else [column, date_column]
    for line, cells in read_columns(path, wanted, error=CalibrationError):
        prices.append(_price(f"{path}:{line}: {column}", cells[0]))
        lines.append(line)
        if date_column is not None:
            dates.append(_date(f"{path}:{line}: {date_column}", cells[1]))
    if dates:
        _check_dates(path, lines, dates, days_per_year)
    return PriceSeries(np.array(prices), tuple(dates), 1.0 / days_per_year)


def without_weekly_pattern(prices: ArrayLike, day_of_week: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return prices without the effect of the day of the week, and that effect.

    Parameters
    ----------
    prices : array of float, shape (n,)
        Positive, at equal steps.
    day_of_week : array of int, shape (n,)
        Place of each price in the week, 0 to k - 1, every place at least once.

    Returns
    -------
    adjusted : array of float, shape (n,)
        Prices divided by the exponential of their day's effect.
    effects : array of float, shape (k,)
        Effect on the log price of each day, with mean zero: least squares of the log price on the day and a
        linear trend.

    Raises
    ------
    CalibrationError
        If a price is not a positive number or the days do not match the prices.
    """
    series = np.asarray(prices, dtype=np.float64)
    days = np.asarray(day_of_week)
    if days.dtype.kind not in "iu":
        raise CalibrationError("day of week: not whole numbers 0, 1, ...")
    if series.ndim != 1 or series.size == 0 or not np.all((series > 0.0) & np.isfinite(series)):
        raise CalibrationError("prices: not a list of finite numbers > 0")
    if days.shape != series.shape or set(days.tolist()) != set(range(int(days.max(initial=0)) + 1)):
        raise CalibrationError(f"day of week: not {series.size} places 0, 1, ... in a week that all occur")
    log_prices = np.log(series)
    is_day: NDArray[np.float64] = (days[:, np.newaxis] == np.arange(days.max() + 1)).astype(np.float64)
    time = np.linspace(-1.0, 1.0, series.size)
    fitted = np.linalg.lstsq(np.column_stack([is_day, time]), log_prices, rcond=None)[0]
    effects: FloatArray = fitted[:-1] - fitted[:-1].mean()
    return np.exp(log_prices - effects[days]), effects


def _price(place: str, text: str) -> float:
    if not text:
        raise CalibrationError(f"{place}: blank is a gap: every line needs a price, the steps must be equal")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise CalibrationError(f"{place}: {text!r} is not a finite number")
    return value


def _date(place: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CalibrationError(f"{place}: {text!r} is not a date YYYY-MM-DD") from None


def _check_dates(path: Path, lines: list[int], dates: list[date], days_per_year: float) -> None:
    """Refuse dates that do not increase, that another number of prices a year fits better, or with a gap."""
    for line, earlier, later in zip(lines[1:], dates, dates[1:], strict=False):
        if later <= earlier:
            raise CalibrationError(f"{path}:{line}: date {later} is not after {earlier}")
    span = (dates[-1] - dates[0]).days
    expected = _CALENDAR_YEAR_DAYS / days_per_year
    seen = _CALENDAR_YEAR_DAYS * (len(dates) - 1) / span if span else days_per_year
    # Weekends are no gap in a series of working days; a day is one in a series of every day.
    pause = _WEEKEND_AND_HOLIDAY_DAYS if days_per_year < _WORKING_DAYS_AT_MOST else 0.0
    if abs(seen / days_per_year - 1.0) > _TOLERATED_RATE_ERROR:
        raise CalibrationError(
            f"{path}: days per year: {days_per_year:g} is not within 10 % of the {seen:.1f} prices a year "
            "that the dates show"
        )
    for line, earlier, later in zip(lines[1:], dates, dates[1:], strict=False):
        if (later - earlier).days > 1.5 * expected + pause:
            raise CalibrationError(f"{path}:{line}: {earlier} to {later} is a gap: the steps must be equal")
