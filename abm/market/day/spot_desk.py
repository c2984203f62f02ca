"""The physical side of a day: spot price, provider quotes, index fixing, and the public model curve."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from abm.core.arrays import BoolArray, FloatArray, IntArray
from abm.core.calendar import TradingCalendar
from abm.core.randomness import RandomStreams
from abm.market.day.daily_index import DailyIndex
from abm.market.day.forwards import LARGEST_EXPONENT, Forwards
from abm.spot.belief.public_belief import PublicBelief, View
from abm.spot.index.fixing import PublishedFixing, publish_fixing
from abm.spot.index.index import IndexFixing, IndexUnavailable
from abm.spot.index.providers import QuoteProcess, SpotAlone
from abm.spot.process.dislocation import PriceDislocation
from abm.spot.process.level import LevelShift
from abm.spot.process.level_shifts import LevelShiftArrivals, RandomLevelShifts
from abm.spot.process.premium import Measure
from abm.spot.process.process import SpotProcess, SpotState
from abm.spot.process.regimes import RegimeSwitchingJumpDiffusion

FLOOR_USD = 1e-12
"""Lowest spot price before a dislocation, USD per mSIT: a millionth of the smallest unit of a fixing."""

IndexMethod = Literal["volume_weighted", "chained_fisher", "process"]


class SpotDesk:
    """Steps the spot price once a day, publishes the fixing, and values every listed month.

    The public model curve is what the market can know: today's fixing gives the log deviation X, once the
    long-run factor and the regime, which are taken as known, are allowed for; a shift of the price level
    counts only as far as it has come by today, so that a demand explosion surprises. With a public belief
    nobody knows factor and regime: the curve is the expectation of those who read fixings. Where shifts are
    foreseen, the curve has the whole course of a fixed one, of a random one that has begun, and the expected
    effect of those to come. A dislocation surprises on its first day; from then on its course is known.

    Parameters
    ----------
    process : SpotProcess
        Spot process without level shifts.
    shifts : tuple of LevelShift
        Shifts of the level on given days.
    random_shifts : RandomLevelShifts, optional
        Law of shifts on random days, drawn from the stream ``level-shift``.
    shifts_foreseen : bool
        Whether the curve knows the days of the former and the law of the latter.
    dislocation : PriceDislocation
        Amount in USD added to the spot price, to every quote and to both indices on some days. It is added
        after the indices are computed: to a volume-weighted mean of the quotes that is the same, a chain of
        price ratios could not be computed from negative prices.
    quotes : QuoteProcess
        Providers' quotes around the spot price.
    weighted, matched : DailyIndex
        The volume-weighted and the matched-model index; both are computed.
    method : {"volume_weighted", "chained_fisher", "process"}
        What contracts settle on: the volume-weighted index, the matched-model index, or the spot price.
    calendar : TradingCalendar
        Days and delivery months. The deterministic level, shifts and dislocation are dated by its days, of
        which day 0 is the first recorded one; the process starts on its first trading day.
    final_fixings : int
        Last fixings of a delivery month that its final settlement averages, 1 to all of them.
    streams : RandomStreams
        Gives the streams ``spot`` and ``provider-basis``.
    belief : PublicBelief, optional
        What traders make of the long-run factor and the regime; by default they know both.

    Attributes
    ----------
    ceiling_usd : float
        Price at which spot price, quotes and model curve are held: beyond it, positions would be worth more
        than the clearing house can count. Infinite unless it is set.
    """

    def __init__(
        self,
        *,
        process: SpotProcess,
        shifts: tuple[LevelShift, ...],
        dislocation: PriceDislocation,
        quotes: QuoteProcess,
        weighted: DailyIndex,
        matched: DailyIndex,
        method: IndexMethod,
        calendar: TradingCalendar,
        final_fixings: int,
        streams: RandomStreams,
        random_shifts: RandomLevelShifts | None = None,
        shifts_foreseen: bool = False,
        belief: PublicBelief | None = None,
    ) -> None:
        self.process = process
        self.belief = belief
        self.shifts, self.shifts_foreseen = shifts, shifts_foreseen
        self._arrivals: LevelShiftArrivals | None = None
        if random_shifts is not None:
            self._arrivals = LevelShiftArrivals(random_shifts, streams.generator("level-shift"))
        self.dislocation = dislocation
        self.quotes = quotes
        self.weighted, self.matched = weighted, matched
        self.method = method
        self.volume_weighted_usd: list[float] = []
        self.matched_usd: list[float] = []
        self.dislocations_usd: list[float] = []
        self.calendar = calendar
        self.final_fixings = final_fixings
        self.spot_usd = math.nan
        self.index_usd = math.nan
        self.index_value_usd = math.nan
        self.log_price_surprise = 0.0
        self.fixings: list[PublishedFixing] = []
        self.provider_prices_usd: FloatArray = quotes.quote(process.level.initial_price_usd)
        self._dislocation_in_fixing_usd = 0.0
        self._state = SpotState(process.x0)
        self.ceiling_usd = math.inf
        self._forwards = Forwards(process, calendar.days_per_year, belief)
        self._spot_stream = streams.generator("spot")
        self._basis_stream = streams.generator("provider-basis")

    @property
    def has_providers(self) -> bool:
        """Whether anybody quotes; else a token costs the spot price."""
        return not isinstance(self.quotes, SpotAlone)

    @property
    def fixing(self) -> PublishedFixing:
        """Today's published fixing."""
        return self.fixings[-1]

    @property
    def state(self) -> SpotState:
        """State of the spot process today: deviation, long-run factor and regime."""
        return self._state

    def log_shift(self, day: int) -> float:
        """Return how far the shifts that have begun by now have moved the log level by a day."""
        t = np.asarray(self.calendar.year_fraction(day))
        return float(sum(float(shift.log_move(t)) for shift in self._begun_shifts()))

    def _begun_shifts(self) -> tuple[LevelShift, ...]:
        return self.shifts if self._arrivals is None else (*self.shifts, *self._arrivals.begun)

    def _known_log_shift(self, day: int, dates: FloatArray) -> FloatArray | float:
        """Return the log multiplier of forwards for coming dates (years), as the curve of a day has it."""
        if not self.shifts_foreseen:
            return self.log_shift(day)
        known: FloatArray = np.zeros(dates.shape)
        for shift in self._begun_shifts():
            known = known + shift.log_move(dates)
        if self._arrivals is not None:
            known = known + self._arrivals.law.log_expected(self.calendar.year_fraction(day), dates)
        return known

    def log_level_ratio(self, day: int) -> float:
        """Return the log of the level on a day over the level on day 0, the first recorded one."""
        level = self.process.level
        t = self.calendar.year_fraction(day)
        return float(level.log_usd(t) - level.log_usd(0.0)) + self.log_shift(day) - self.log_shift(0)

    def log_level_ahead(self, day: int, days_ahead: FloatArray) -> FloatArray:
        """Return the log of the level that the market expects on coming days over the level today.

        Parameters
        ----------
        day : int
            Today.
        days_ahead : array of float
            Days from today on; need not be whole.
        """
        level, t = self.process.level, self.calendar.year_fraction(day)
        dates = t + days_ahead / self.calendar.days_per_year
        shifted = self._known_log_shift(day, dates) - self.log_shift(day)
        ahead: FloatArray = level.log_usd(dates) - level.log_usd(t) + shifted
        return ahead

    def advance_to(self, day: int) -> PublishedFixing:
        """Step the spot price and the quotes to a day and publish its fixing.

        The first shows the starting state; every later day is one exact step of a trading day.
        """
        open_before = self.calendar.days_open(day)
        assert open_before == len(self.fixings), f"{len(self.fixings)} fixings, not those before day {day}"
        dt = self.calendar.year_fraction(1)
        if open_before > 0:
            self._step_price(dt)
        if self._arrivals is not None:
            self._arrivals.advance_to(self.calendar.year_fraction(day))
        log_usd = self._log_level(day) + self._state.x + self._state.xi
        spot_usd = max(FLOOR_USD, min(math.exp(min(log_usd, LARGEST_EXPONENT)), self.ceiling_usd))
        quotes_usd = np.minimum(
            self.quotes.advance(spot_usd, dt, self._basis_stream)
            if open_before > 0
            else self.quotes.quote(spot_usd),
            self.ceiling_usd,
        )
        added_usd = float(self.dislocation.amount_usd(day))
        self.dislocations_usd.append(added_usd)
        self.spot_usd = spot_usd + added_usd
        self.provider_prices_usd = quotes_usd + added_usd
        self._publish(spot_usd, quotes_usd, added_usd)
        if self.belief is not None:
            self.belief.see_day(self._log_deviation(day) if self.fixing.available else None)
        return self.fixing

    def _publish(self, spot_usd: float, quotes_usd: FloatArray, added_usd: float) -> None:
        """Fix both indices of quotes without the dislocation, add it, and publish the one that settles."""
        ages = self.quotes.ages_days
        weighted = _plus(self.weighted.fix(quotes_usd, ages), added_usd)
        matched = _plus(self.matched.fix(quotes_usd, ages), added_usd)
        self.volume_weighted_usd.append(_value_or_nan(weighted))
        self.matched_usd.append(_value_or_nan(matched))
        outcome: IndexFixing | IndexUnavailable
        if self.method == "process":
            outcome = _plus(IndexFixing(spot_usd, np.zeros(len(quotes_usd)), 0), added_usd)
        else:
            outcome = matched if self.method == "chained_fisher" else weighted
        self.index_value_usd = _value_or_nan(outcome)
        prior = self.fixings[-1].usd_micro if self.fixings else None
        self.fixings.append(publish_fixing(outcome, prior))
        self.index_usd = self.fixing.usd_micro / 1e6
        if self.fixing.available:  # a fixing that is published again holds the amount of its own day
            self._dislocation_in_fixing_usd = added_usd

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

        The average-price forward of each month over the fixings that its final settlement averages: those
        published so far and the forward of those to come, from the log deviation that today's fixing implies.

        Parameters
        ----------
        day : int
            Today.
        months : int
            Months wanted, the front month first.
        """
        curve: FloatArray = self._expected_fixings_usd(day, months)[:, -self.final_fixings :].mean(axis=1)
        return curve

    def expected_month_mean_usd(self, day: int, months: int) -> FloatArray:
        """Return the expected mean of all fixings of consecutive months: what a month's tokens cost."""
        mean: FloatArray = self._expected_fixings_usd(day, months).mean(axis=1)
        return mean

    def expected_settlement_usd(self, day: int, months: int) -> FloatArray:
        """Return what final settlements will be on average, USD per mSIT, in tenor order.

        As ``model_curve_usd``, but under the measure of what happens: without ``spot.premium``. A price over
        it is a risk premium.
        """
        expected: FloatArray = self._expected_fixings_usd(day, months, "P")[:, -self.final_fixings :].mean(
            axis=1
        )
        return expected

    def see_settlements(self, day: int, settlement_usd: FloatArray, traded: BoolArray) -> None:
        """Let the public belief learn from the settlement prices of an evening; without one nothing happens.

        Months that have traded count alike, the front month, which is fixed in part, not at all. An evening
        in a dislocation tells of that, and is left out.

        Parameters
        ----------
        day : int
            Today.
        settlement_usd : array of float, shape (months,)
            Settlement prices in tenor order, USD per mSIT.
        traded : array of bool, shape (months,)
            Which of them rest on trades.
        """
        belief, months = self.belief, len(settlement_usd)
        if belief is None or not belief.learns_from_futures or self.dislocations_usd[-1] != 0.0:
            return
        used = traded[1:] & (settlement_usd[1:] > 0.0)
        if not used.any():
            return
        by_month = (months - 1, self.calendar.days_per_month)
        later = slice(-by_month[0] * by_month[1], None)
        _, _, years_ahead = self._to_come(day, months)
        left = self._forwards.loadings(years_ahead[later]).reshape(3, *by_month)
        left = left[:, used, -self.final_fixings :]
        distances, slopes = [], []
        for view in belief.views():
            forwards = self._forwards_usd(day, months, (view._replace(weight=1.0),), "Q")[later]
            averaged = forwards.reshape(by_month)[used, -self.final_fixings :]
            distances.append(np.log(settlement_usd[1:][used] / averaged.mean(axis=1)).mean())
            slopes.append(((left * averaged).sum(axis=2) / averaged.sum(axis=1)).mean(axis=1))
        belief.see_evening(np.array(distances), np.array(slopes))

    def update_digest(self, digest: Any) -> None:
        """Feed the published fixings, and the public belief where there is one, into a hash."""
        digest.update(np.array([fixing.usd_micro for fixing in self.fixings]).tobytes())
        if self.belief is not None:
            self.belief.update_digest(digest)

    def _expected_fixings_usd(self, day: int, months: int, measure: Measure = "Q") -> FloatArray:
        """Return each fixing of consecutive months, known or expected, shape (months, days of a month)."""
        first = self.calendar.first_day(self.calendar.month_of(day))
        forwards = self._forwards_usd(day, months, self._views(day), measure)
        known = [fixing.usd_micro / 1e6 for fixing in self.fixings[self.calendar.days_open(first) :]]
        return np.concatenate([known, forwards]).reshape(-1, self.calendar.days_per_month)

    def _to_come(self, day: int, months: int) -> tuple[IntArray, FloatArray, FloatArray]:
        """Return the coming days of consecutive months, their dates and how far ahead they are, in years."""
        first = self.calendar.first_day(self.calendar.month_of(day))
        to_come = np.arange(day + 1, first + months * self.calendar.days_per_month)
        dates = to_come / self.calendar.days_per_year
        return to_come, dates, dates - self.calendar.year_fraction(day)

    def _forwards_usd(self, day: int, months: int, views: tuple[View, ...], measure: Measure) -> FloatArray:
        """Return the expected fixings to come of consecutive months, the mean of views by their weights."""
        to_come, dates, years_ahead = self._to_come(day, months)
        log_level = self.process.level.log_usd(dates) + self._known_log_shift(day, dates)
        forwards = np.zeros(len(to_come))
        for view in views:
            usd = self._forwards.expected_usd(view, log_level, to_come - day, years_ahead, measure)
            forwards += view.weight * np.minimum(usd, self.ceiling_usd)
        return forwards + self.dislocation.foreseen_usd(day, to_come)

    def _views(self, day: int) -> tuple[View, ...]:
        """Return what is known or believed of the state of the price today."""
        if self.belief is not None:
            return self.belief.views()
        xi = self._state.xi
        return (View(1.0, self._log_deviation(day) - xi, xi, self._state.regime),)

    def _log_deviation(self, day: int) -> float:
        """Return by how much today's fixing, without its dislocation, exceeds the level, in logs."""
        undisturbed_usd = self.index_usd - self._dislocation_in_fixing_usd
        assert undisturbed_usd > 0.0, f"the index without its dislocation is {undisturbed_usd}, not > 0"
        return math.log(undisturbed_usd) - self._log_level(day)

    def final_fixings_usd_micro(self, month: int) -> list[int]:
        """Return the published fixings that a month's final settlement averages, micro-USD per mSIT."""
        end = self.calendar.days_open(self.calendar.last_day(month)) + 1
        return [fixing.usd_micro for fixing in self.fixings[end - self.final_fixings : end]]

    def _log_level(self, day: int) -> float:
        return float(self.process.level.log_usd(self.calendar.year_fraction(day))) + self.log_shift(day)


def _plus(outcome: IndexFixing | IndexUnavailable, added_usd: float) -> IndexFixing | IndexUnavailable:
    """Return an index with an amount added to its value; a day without an index stays one."""
    if isinstance(outcome, IndexUnavailable):
        return outcome
    return replace(outcome, value_usd=outcome.value_usd + added_usd)


def _value_or_nan(outcome: IndexFixing | IndexUnavailable) -> float:
    return outcome.value_usd if isinstance(outcome, IndexFixing) else math.nan
