"""Synthetic trading calendar: equal months of trading days, each of equal rounds.

Days and months are counted from zero at the start of the simulation; a delivery month is the absolute
number of the month in which its fixings fall. Functions of a day or a month take an array of them as well,
and refuse what is negative or not whole. The book row ("slot") of a month is its number modulo the
count of listed months, so that an expired month's row is taken over by the newly listed one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from abm.core.arguments import counted, whole_number
from abm.core.contract import MONTH_LETTERS

MOST_ACTIONS_PER_ROUND = 64
"""Mean actions of one trader in a round that a scenario may ask for; a batch has room for twice as many."""


def whole_rounds(share_of_day: float, rounds_per_day: int) -> int:
    """Return the whole number of rounds nearest to a share of the day; too coarse a day has none."""
    return math.floor(share_of_day * rounds_per_day + 0.5)


@dataclass(frozen=True, slots=True)
class TradingCalendar:
    """Trading days, months and rounds.

    Parameters
    ----------
    rounds_per_day : int
        Trading rounds a day: the resolution of the simulation, not a rule of the market.
    days_per_month, months_per_year : int
        Trading days in a month and months in a year (21 x 12 = 252 days by default).
    listed_months : int
        Consecutive delivery months listed at any time.
    first_year, first_month : int
        Calendar name of month 0, e.g. 2027 and 1 for January 2027.
    """

    rounds_per_day: int = 48
    days_per_month: int = 21
    months_per_year: int = 12
    listed_months: int = 12
    first_year: int = 2027
    first_month: int = 1

    def __post_init__(self) -> None:
        for name in ("rounds_per_day", "days_per_month", "months_per_year", "listed_months"):
            whole_number(f"calendar.{name}", getattr(self, name), least=1, allowed="> 0")
        whole_number("calendar.first_year", self.first_year)
        whole_number("calendar.first_month", self.first_month, least=1, most=12, allowed="in 1..12")

    @property
    def days_per_year(self) -> int:
        """Trading days in a year."""
        return self.days_per_month * self.months_per_year

    def month_of(self, day: int) -> int:
        """Return the delivery month that day falls in: the front month of that day."""
        month: int = counted("day", day) // self.days_per_month
        return month

    def first_day(self, month: int) -> int:
        """Return the first fixing day of a delivery month."""
        day: int = counted("month", month) * self.days_per_month
        return day

    def last_day(self, month: int) -> int:
        """Return the last fixing day of a delivery month, which is its last trading day."""
        return self.first_day(month) + self.days_per_month - 1

    def is_last_day_of_month(self, day: int) -> bool:
        """Say whether a delivery month expires at the close of that day."""
        is_last: bool = counted("day", day) % self.days_per_month == self.days_per_month - 1
        return is_last

    def listed(self, day: int) -> range:
        """Return the delivery months listed on a day, front month first."""
        front = self.month_of(whole_number("day", day, least=0))
        return range(front, front + self.listed_months)

    def days_to_delivery(self, day: int) -> tuple[float, ...]:
        """Return days from the open of a day to the middle of each listed delivery month, front month first.

        Of the front month, which is in delivery, to the middle of what is left of it: they rise.
        """
        gone = whole_number("day", day, least=0) % self.days_per_month
        later = ((tenor + 0.5) * self.days_per_month - gone for tenor in range(1, self.listed_months))
        return (0.5 * (self.days_per_month - gone), *later)

    def slot(self, month: int) -> int:
        """Return the row of a delivery month in every per-month array."""
        slot: int = counted("month", month) % self.listed_months
        return slot

    def year_fraction(self, days: float) -> float:
        """Return days as a fraction of the trading year."""
        return days / self.days_per_year

    def month_code(self, month: int) -> str:
        """Return the letter and two-digit year of a delivery month, e.g. ``Z26``."""
        month = whole_number("month", month, least=0)
        if self.months_per_year != 12:
            return f"M{month:03d}"
        serial = self.first_month - 1 + month
        return f"{MONTH_LETTERS[serial % 12]}{(self.first_year + serial // 12) % 100:02d}"
