"""The physical side of a day: spot price, provider quotes, index fixing, and the public model curve."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.core.calendar import TradingCalendar
from abm.core.randomness import RandomStreams
from abm.spot.fixing import PublishedFixing, publish_fixing
from abm.spot.index import IndexFixing, token_price_index
from abm.spot.level import LevelShift
from abm.spot.mrjd import MeanRevertingJumpDiffusion
from abm.spot.providers import ProviderQuotes

FloatArray = NDArray[np.float64]


class IndexRules(NamedTuple):
    """Rules of the Token Price Index."""

    reference_quality: float
    weight_cap: float
    min_providers: int


class SpotDesk:
    """Steps the spot price once a day, publishes the fixing, and values every listed month.

    The public model curve is what the market can know: today's fixing gives the log deviation X; a shift of
    the price level counts only as far as it has come by today, so that a demand explosion surprises.

    Parameters
    ----------
    process : MeanRevertingJumpDiffusion
        Spot process without level shifts.
    shifts : tuple of LevelShift
        Unforeseen shifts of the level.
    quotes : ProviderQuotes
        Providers' quotes around the spot price.
    rules : IndexRules
        Index rules.
    calendar : TradingCalendar
        Days and delivery months.
    streams : RandomStreams
        Gives the streams ``spot`` and ``provider-basis``.
    """

    def __init__(
        self,
        *,
        process: MeanRevertingJumpDiffusion,
        shifts: tuple[LevelShift, ...],
        quotes: ProviderQuotes,
        rules: IndexRules,
        calendar: TradingCalendar,
        streams: RandomStreams,
    ) -> None:
        self.process = process
        self.shifts = shifts
        self.quotes = quotes
        self.rules = rules
        self.calendar = calendar
        self.spot_usd = math.nan
        self.index_usd = math.nan
        self.index_value_usd = math.nan
        self.log_price_surprise = 0.0
        self.fixings: list[PublishedFixing] = []
        self.provider_prices_usd: FloatArray = quotes.quote(process.level.initial_price_usd)
        self._x = process.x0
        self._spot_stream = streams.generator("spot")
        self._basis_stream = streams.generator("provider-basis")

    @property
    def fixing(self) -> PublishedFixing:
        """Today's published fixing."""
        return self.fixings[-1]

    def log_shift(self, day: int) -> float:
        """Return how far the unforeseen shifts have moved the log level by a day."""
        t = np.asarray(self.calendar.year_fraction(day))
        return float(sum(float(shift.log_move(t)) for shift in self.shifts))

    def log_level_ratio(self, day: int) -> float:
        """Return the log of the level on a day over the level on day 0."""
        level = self.process.level
        t = self.calendar.year_fraction(day)
        return float(level.log_usd(t) - level.log_usd(0.0)) + self.log_shift(day) - self.log_shift(0)

    def advance_to(self, day: int) -> PublishedFixing:
        """Step the spot price and the quotes to a day and publish its fixing.

        Day 0 shows the starting state; every later day is one exact step of a trading day.
        """
        assert day == len(self.fixings), f"the desk stands at day {len(self.fixings)}, not {day}"
        dt = self.calendar.year_fraction(1)
        if day > 0:
            expected = float(self.process.cumulants(dt, self._x)[0])
            spread = math.sqrt(float(self.process.cumulants(dt, self._x)[1]))
            self._x = self.process.step(self._x, dt, self._spot_stream)
            self.log_price_surprise = (self._x - expected) / spread if spread > 0.0 else 0.0
        self.spot_usd = math.exp(self._log_level(day) + self._x)
        self.provider_prices_usd = (
            self.quotes.advance(self.spot_usd, dt, self._basis_stream)
            if day > 0
            else self.quotes.quote(self.spot_usd)
        )
        count = len(self.provider_prices_usd)
        outcome = token_price_index(
            self.provider_prices_usd,
            self.quotes.volume_shares,
            qualities=np.full(count, self.rules.reference_quality),
            reference_quality=self.rules.reference_quality,
            minimum_quality=self.rules.reference_quality,
            cap=self.rules.weight_cap,
            min_providers=self.rules.min_providers,
        )
        self.index_value_usd = outcome.value_usd if isinstance(outcome, IndexFixing) else math.nan
        prior = self.fixings[-1].usd_micro if self.fixings else None
        self.fixings.append(publish_fixing(outcome, prior))
        self.index_usd = self.fixing.usd_micro / 1e6
        return self.fixing

    def model_curve_usd(self, day: int, months: int) -> FloatArray:
        """Return the expected final settlement of consecutive months, USD per mSIT, in tenor order.

        The average-price forward of each month: fixings published so far and the forward of those to come,
        from the log deviation that today's fixing implies.

        Parameters
        ----------
        day : int
            Today.
        months : int
            Months wanted, the front month first.
        """
        t = self.calendar.year_fraction(day)
        first = self.calendar.first_day(self.calendar.month_of(day))
        x = math.log(self.index_usd) - self._log_level(day)
        to_come = np.arange(day + 1, first + months * self.calendar.days_per_month)
        forwards = self.process.forward(t, to_come / self.calendar.days_per_year, x) * math.exp(
            self.log_shift(day)
        )
        known = [fixing.usd_micro / 1e6 for fixing in self.fixings[first:]]
        by_month = np.concatenate([known, forwards]).reshape(-1, self.calendar.days_per_month)
        curve: FloatArray = by_month.mean(axis=1)
        return curve

    def month_fixings_usd_micro(self, month: int) -> list[int]:
        """Return the published fixings of a delivery month, micro-USD per mSIT."""
        first, last = self.calendar.first_day(month), self.calendar.last_day(month)
        return [fixing.usd_micro for fixing in self.fixings[first : last + 1]]

    def _log_level(self, day: int) -> float:
        return float(self.process.level.log_usd(self.calendar.year_fraction(day))) + self.log_shift(day)
