"""The calendar of a hedging study: which day belongs to which delivery month, and which months trade."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.core.arrays import FloatArray
from abm.spot.process.domain import require


@dataclass(frozen=True)
class Listing:
    """Delivery months 1 to ``horizon_months``, and how far ahead they can be traded.

    Day 0 of the study is trading day ``first_day`` of month 0, by default the last one: the year begins at
    that day's close, when the fixings of month 1 are all to come. A month is listed at the close at which the
    month in delivery expires, so that ``listed_months`` months are there to hedge on day 0.

    Parameters
    ----------
    horizon_months : int
        Months whose bills are studied.
    listed_months : int
        Consecutive delivery months listed at any time; nothing beyond them is hedged but by rolling. At most
        one more than the longest horizon.
    days_per_month : int
        Trading days in a month, each with a fixing.
    months_per_year : int
        Months in a year.
    first_day : int or None
        Trading day of month 0 that is day 0 of the study; ``None`` for the last one. Day 0 of a market run
        is 0.
    final_fixings : int
        Last fixings of a month that its final settlement averages; 0 for all of them.
    contract_size_msit : float
        mSIT in one lot.

    Raises
    ------
    ParameterError
        If an argument is outside its domain.
    """

    horizon_months: int = 12
    listed_months: int = 12
    days_per_month: int = 21
    months_per_year: int = 12
    first_day: int | None = None
    final_fixings: int = 0
    contract_size_msit: float = 1_000.0

    def __post_init__(self) -> None:
        for name, low, high in (
            ("horizon_months", 1, 120), ("listed_months", 1, 121), ("days_per_month", 2, 31),
            ("months_per_year", 1, 12),
        ):  # fmt: skip
            value = getattr(self, name)
            whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
            require(whole and low <= value <= high, name, value, f"a whole number in [{low}, {high}]")
        days = self.days_per_month
        first = self.day_zero
        require(0 <= first < days, "first_day", first, f"in [0, {days})")
        require(0 <= self.final_fixings <= days, "final_fixings", self.final_fixings, f"in [0, {days}]")
        size = self.contract_size_msit
        require(0.0 < size < np.inf, "contract_size_msit", size, "a finite number > 0")

    @property
    def day_zero(self) -> int:
        """Trading day, counted from the first of month 0, that is day 0 of the study."""
        return self.days_per_month - 1 if self.first_day is None else self.first_day

    @property
    def last_day(self) -> int:
        """Day of the study on which the last month settles."""
        return (self.horizon_months + 1) * self.days_per_month - 1 - self.day_zero

    @property
    def days_per_year(self) -> int:
        """Trading days in a year."""
        return self.days_per_month * self.months_per_year

    @property
    def years(self) -> FloatArray:
        """Time of each day in years since day 0, shape (last day + 1,)."""
        return np.arange(self.last_day + 1) / self.days_per_year

    @property
    def settlement_weights(self) -> FloatArray:
        """Weight of each fixing of a month in its final settlement, shape (days per month,)."""
        counted = self.final_fixings or self.days_per_month
        weights = np.zeros(self.days_per_month)
        weights[-counted:] = 1.0 / counted
        return weights

    @property
    def study_years(self) -> list[slice]:
        """The years of the study as slices of its months; the last may be a part of one."""
        months, year = self.horizon_months, self.months_per_year
        return [slice(first, min(first + year, months)) for first in range(0, months, year)]

    def fixing_days(self, month: int) -> NDArray[np.int64]:
        """Return the days of the study on which a month is fixed, shape (days per month,)."""
        return month * self.days_per_month + np.arange(self.days_per_month) - self.day_zero

    def front_month(self, day: int) -> int:
        """Return the month in delivery on a day."""
        return (day + self.day_zero) // self.days_per_month

    def day_of_month(self, day: int) -> int:
        """Return the trading day of the month, from zero."""
        return (day + self.day_zero) % self.days_per_month

    def is_last_of_month(self, day: int) -> bool:
        """Say whether the month in delivery expires at the close of a day."""
        return self.day_of_month(day) == self.days_per_month - 1

    def tenors(self, day: int) -> int:
        """Return the number of months that can be looked at from a day's close, the front month included.

        At the close at which one month expires the newest is listed.
        """
        return self.listed_months + (1 if self.is_last_of_month(day) else 0)

    def tradable(self, day: int) -> range:
        """Return the months of the study that can be traded at a day's close; that in delivery is not."""
        front = self.front_month(day)
        return range(max(front + 1, 1), min(front + self.tenors(day) - 1, self.horizon_months) + 1)

    def event_days(self, mark_every_days: int, trading: set[int]) -> list[int]:
        """Return the days whose close is looked at: marks, ends and beginnings of months, trading days."""
        days = set(range(0, self.last_day + 1, mark_every_days)) | trading
        for day in range(self.last_day + 1):
            if self.is_last_of_month(day) or self.day_of_month(day) == 0:
                days.add(day)
        return sorted(day for day in days if day <= self.last_day)
