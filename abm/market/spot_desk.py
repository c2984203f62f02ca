"""The physical side of a day: spot price, provider quotes, index fixing, and the public model curve."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from abm.core.calendar import TradingCalendar
from abm.core.randomness import RandomStreams
from abm.market.daily_index import DailyIndex
from abm.spot.fixing import PublishedFixing, publish_fixing
from abm.spot.index import IndexFixing, IndexUnavailable
from abm.spot.level import LevelShift
from abm.spot.process import SpotProcess, SpotState
from abm.spot.providers import QuoteProcess
from abm.spot.regimes import RegimeSwitchingJumpDiffusion

FloatArray = NDArray[np.float64]


class SpotDesk:
    """Steps the spot price once a day, publishes the fixing, and values every listed month.

    The public model curve is what the market can know: today's fixing gives the log deviation X, once the
    long-run factor and the regime, which are taken as known, are allowed for; a shift of the price level
    counts only as far as it has come by today, so that a demand explosion surprises.

    Parameters
    ----------
    process : SpotProcess
        Spot process without level shifts.
    shifts : tuple of LevelShift
        Unforeseen shifts of the level.
    quotes : QuoteProcess
        Providers' quotes around the spot price.
    weighted, matched : DailyIndex
        The volume-weighted and the matched-model index; both are computed, one settles.
    settles_on_matched : bool
        Whether contracts settle on the matched-model index.
    calendar : TradingCalendar
        Days and delivery months.
    streams : RandomStreams
        Gives the streams ``spot`` and ``provider-basis``.
    """

    def __init__(
        self,
        *,
        process: SpotProcess,
        shifts: tuple[LevelShift, ...],
        quotes: QuoteProcess,
        weighted: DailyIndex,
        matched: DailyIndex,
        settles_on_matched: bool,
        calendar: TradingCalendar,
        streams: RandomStreams,
    ) -> None:
        self.process = process
        self.shifts = shifts
        self.quotes = quotes
        self.weighted, self.matched = weighted, matched
        self.settles_on_matched = settles_on_matched
        self.volume_weighted_usd: list[float] = []
        self.matched_usd: list[float] = []
        self.calendar = calendar
        self.spot_usd = math.nan
        self.index_usd = math.nan
        self.index_value_usd = math.nan
        self.log_price_surprise = 0.0
        self.fixings: list[PublishedFixing] = []
        self.provider_prices_usd: FloatArray = quotes.quote(process.level.initial_price_usd)
        self._state = SpotState(process.x0)
        self._growth_by_regime: dict[int, FloatArray] = {}
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
            self._step_price(dt)
        self.spot_usd = math.exp(self._log_level(day) + self._state.x + self._state.xi)
        self.provider_prices_usd = (
            self.quotes.advance(self.spot_usd, dt, self._basis_stream)
            if day > 0
            else self.quotes.quote(self.spot_usd)
        )
        ages = self.quotes.ages_days
        weighted = self.weighted.fix(self.provider_prices_usd, ages)
        matched = self.matched.fix(self.provider_prices_usd, ages)
        self.volume_weighted_usd.append(_value_or_nan(weighted))
        self.matched_usd.append(_value_or_nan(matched))
        outcome = matched if self.settles_on_matched else weighted
        self.index_value_usd = _value_or_nan(outcome)
        prior = self.fixings[-1].usd_micro if self.fixings else None
        self.fixings.append(publish_fixing(outcome, prior))
        self.index_usd = self.fixing.usd_micro / 1e6
        return self.fixing

    def _step_price(self, dt: float) -> None:
        """Draw the next state, and note how far the price went from what was expected of it."""
        before = self._state
        known = self._known_process()
        mean, variance = known.cumulants(dt, before.x, xi=before.xi)[:2]
        self._state = self.process.advance(before, dt, self._spot_stream)
        moved = self._state.x + self._state.xi - float(mean)
        self.log_price_surprise = moved / math.sqrt(variance) if variance > 0.0 else 0.0

    def _known_process(self) -> SpotProcess:
        """Return the process as it is seen from today's regime."""
        if isinstance(self.process, RegimeSwitchingJumpDiffusion):
            return self.process.in_regime(self._state.regime)
        return self.process

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
        xi = self._state.xi
        x = math.log(self.index_usd) - self._log_level(day) - xi
        to_come = np.arange(day + 1, first + months * self.calendar.days_per_month)
        dates = to_come / self.calendar.days_per_year
        ahead = to_come - day
        kept = np.exp(-self.process.kappa * (dates - t))
        log_level = self.process.level.log_usd(dates) + self.log_shift(day)
        forwards = np.exp(log_level + x * kept + xi) * self._growth(int(ahead.max(initial=0)))[ahead - 1]
        known = [fixing.usd_micro / 1e6 for fixing in self.fixings[first:]]
        by_month = np.concatenate([known, forwards]).reshape(-1, self.calendar.days_per_month)
        curve: FloatArray = by_month.mean(axis=1)
        return curve

    def _growth(self, days: int) -> FloatArray:
        """Return E^Q[exp(X + xi)] for 1 .. ``days`` days ahead of a state at X = xi = 0 in today's regime.

        A forward is that times exp(x e^(-kappa tau) + xi) and the level. It depends on the horizon alone, so
        it is kept: with regimes each call solves a differential equation.
        """
        regime = self._state.regime
        known = self._growth_by_regime.get(regime)
        if known is None or len(known) < days:
            horizons = np.arange(1, days + 1) / self.calendar.days_per_year
            priced = self._known_process().risk_neutral()
            known = priced.exponential_moment(1.0, horizons, 0.0, xi=0.0)
            self._growth_by_regime[regime] = known
        return known

    def month_fixings_usd_micro(self, month: int) -> list[int]:
        """Return the published fixings of a delivery month, micro-USD per mSIT."""
        first, last = self.calendar.first_day(month), self.calendar.last_day(month)
        return [fixing.usd_micro for fixing in self.fixings[first : last + 1]]

    def _log_level(self, day: int) -> float:
        return float(self.process.level.log_usd(self.calendar.year_fraction(day))) + self.log_shift(day)


def _value_or_nan(outcome: IndexFixing | IndexUnavailable) -> float:
    return outcome.value_usd if isinstance(outcome, IndexFixing) else math.nan
