"""Synthetic trading calendar: equal months of trading days, each of equal rounds.

Days are counted from the first recorded one, day 0; those of a warm-up, which is before it, are negative.
Delivery months are counted from the first that trades, so that none is negative: without a warm-up day 0
falls in month 0, after one of three months in month 3. A delivery month is the month in which its fixings
fall. Functions of a day or a month take an array of them as well, and refuse what is before the first one or
not whole. The book row ("slot") of a month is its number modulo the
count of listed months, so that an expired month's row is taken over by the newly listed one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from abm.core.arguments import counted, whole_number
from abm.core.contract import MONTH_LETTERS
from abm.core.errors import ParameterError

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
        Calendar name of the first recorded month, e.g. 2027 and 1 for January 2027.
    warm_up_days : int
        Trading days before day 0; whole months.
    """

    rounds_per_day: int = 48
    days_per_month: int = 21
    months_per_year: int = 12
    listed_months: int = 12
    first_year: int = 2027
    first_month: int = 1
    warm_up_days: int = 0

    def __post_init__(self) -> None:
        for name in ("rounds_per_day", "days_per_month", "months_per_year", "listed_months"):
            whole_number(f"calendar.{name}", getattr(self, name), least=1, allowed="> 0")
        whole_number("calendar.first_year", self.first_year)
        whole_number("calendar.first_month", self.first_month, least=1, most=12, allowed="in 1..12")
        whole_number("calendar.warm_up_days", self.warm_up_days, least=0, allowed=">= 0")
        if self.warm_up_days % self.days_per_month:
            raise ParameterError(
                f"calendar.warm_up_days: {self.warm_up_days} is not a multiple of calendar.days_per_month = "
                f"{self.days_per_month}"
            )

    @property
    def days_per_year(self) -> int:
        """Trading days in a year."""
        return self.days_per_month * self.months_per_year

    @property
    def first_trading_day(self) -> int:
        """The day on which trading begins: day 0, or the first of a warm-up, which is negative."""
        return -self.warm_up_days

    @property
    def first_recorded_month(self) -> int:
        """The delivery month that day 0 falls in."""
        return self.warm_up_days // self.days_per_month

    @property
    def of_record(self) -> TradingCalendar:
        """The calendar of the tables, where day 0 falls in month 0 whatever came before."""
        return replace(self, warm_up_days=0)

    def month_of(self, day: int) -> int:
        """Return the delivery month that day falls in: the front month of that day."""
        month: int = self.days_open(day) // self.days_per_month
        return month

    def days_open(self, day: int) -> int:
        """Return how many days the market has traded before a day."""
        days: int = counted("day", day, self.first_trading_day) - self.first_trading_day
        return days

    def first_day(self, month: int) -> int:
        """Return the first fixing day of a delivery month."""
        day: int = counted("month", month) * self.days_per_month + self.first_trading_day
        return day

    def last_day(self, month: int) -> int:
        """Return the last fixing day of a delivery month, which is its last trading day."""
        return self.first_day(month) + self.days_per_month - 1

    def is_last_day_of_month(self, day: int) -> bool:
        """Say whether a delivery month expires at the close of that day."""
        is_last: bool = self.days_open(day) % self.days_per_month == self.days_per_month - 1
        return is_last

    def listed(self, day: int) -> range:
        """Return the delivery months listed on a day, front month first."""
        front = self.month_of(whole_number("day", day, least=self.first_trading_day))
        return range(front, front + self.listed_months)

    def days_to_delivery(self, day: int) -> tuple[float, ...]:
        """Return days from the open of a day to the middle of each listed delivery month, front month first.

        Of the front month, which is in delivery, to the middle of what is left of it: they rise.
        """
        gone = self.days_open(day) % self.days_per_month
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
        month = whole_number("month", month, least=0) - self.first_recorded_month
        if self.months_per_year != 12:
            return f"M{month:03d}"
        serial = self.first_month - 1 + month
        return f"{MONTH_LETTERS[serial % 12]}{(self.first_year + serial // 12) % 100:02d}"
