"""The market's own clock: trading day and round of the day."""

from __future__ import annotations

from dataclasses import dataclass

from abm.core.calendar import TradingCalendar


@dataclass(slots=True)
class MarketClock:
    """Counts rounds and days; intraday moments are shares of the day, whatever the resolution.

    Attributes
    ----------
    calendar : TradingCalendar
        Days, months and rounds.
    intraday_cycles : int
        Scheduled margin cycles between open and close, evenly spaced.
    closing_window : float
        Last share of the day whose trades make the settlement price.
    day, round : int
        Now; both from zero, but days of a warm-up are negative, the last of them -1.
    """

    calendar: TradingCalendar
    intraday_cycles: int
    closing_window: float
    day: int = 0
    round: int = 0

    @property
    def now_round(self) -> int:
        """Rounds since trading began, those of a warm-up included."""
        return self.calendar.days_open(self.day) * self.calendar.rounds_per_day + self.round

    @property
    def is_warm_up(self) -> bool:
        """Whether this is a day before the first recorded one."""
        return self.day < 0

    @property
    def ends_warm_up(self) -> bool:
        """Whether this is day 0 after a warm-up."""
        return self.day == 0 and self.calendar.warm_up_days > 0

    @property
    def front_month(self) -> int:
        """The delivery month in delivery now."""
        return self.calendar.month_of(self.day)

    @property
    def is_open(self) -> bool:
        """Whether this is the first round of a day."""
        return self.round == 0

    @property
    def is_close(self) -> bool:
        """Whether this is the last round of a day."""
        return self.round == self.calendar.rounds_per_day - 1

    @property
    def rounds_left(self) -> int:
        """Rounds of the day after this one."""
        return self.calendar.rounds_per_day - 1 - self.round

    @property
    def in_closing_window(self) -> bool:
        """Whether trades of this round count towards the settlement price (at least the last round does)."""
        rounds = self.calendar.rounds_per_day
        return self.is_close or self.round >= rounds * (1.0 - self.closing_window)

    @property
    def is_margin_cycle(self) -> bool:
        """Whether a scheduled intraday margin cycle follows this round."""
        if self.is_close:
            return False
        parts = self.intraday_cycles + 1
        rounds = self.calendar.rounds_per_day
        return any(self.round + 1 == -(-rounds * k // parts) for k in range(1, parts))

    def advance(self) -> None:
        """Go on to the next round, or to the first round of the next day."""
        self.round += 1
        if self.round == self.calendar.rounds_per_day:
            self.round = 0
            self.day += 1
