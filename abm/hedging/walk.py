"""Takes one block of paths through the days of a study, all programmes side by side."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from abm.agents.hedgers.minimum_variance import MinimumVarianceRatios
from abm.agents.hedgers.programmes import strip_ratios
from abm.core.arrays import FloatArray
from abm.hedging.account import Close, MarginAccount
from abm.hedging.curve import MonthCurve
from abm.hedging.frictions import Frictions
from abm.hedging.listing import Listing
from abm.hedging.need import Consumption, ProviderBasis
from abm.hedging.paths import PricePaths
from abm.hedging.plan import Plan
from abm.hedging.programmes import CustomHedge, FuturesHedge, HedgeView
from abm.hedging.shifts import LevelMoves
from abm.spot.process.process import SpotProcess


@dataclass(frozen=True)
class Ground:
    """What every block of a study stands on.

    Attributes
    ----------
    process : SpotProcess
        What the curve believes, a foreseen shift in its level.
    listing, moves, frictions, basis
        As in the study.
    need_msit : array of float, shape (months,)
        Expected need.
    mark_every_days : int
        Days between marks.
    event_days : list of int
        Days whose close is looked at.
    """

    process: SpotProcess
    listing: Listing
    moves: LevelMoves | None
    frictions: Frictions
    basis: ProviderBasis
    need_msit: FloatArray
    mark_every_days: int
    event_days: list[int]

    @property
    def need_lots(self) -> FloatArray:
        """Expected need in lots of the contract at the own price multiple, shape (months + 1,)."""
        lots = self.need_msit * self.basis.multiple / self.listing.contract_size_msit
        return np.concatenate([[0.0], lots])


class _Runner:
    """One programme with its account, and what it has learnt."""

    def __init__(
        self, ground: Ground, hedge: FuturesHedge | CustomHedge, n_paths: int, limited: bool
    ) -> None:
        self.hedge = hedge
        need_lots = ground.need_lots
        self.account = MarginAccount(
            ground.listing,
            ground.frictions,
            hedge.band_share * need_lots,
            n_paths,
            len(ground.event_days),
            is_limited=limited,
        )
        self._listing = ground.listing
        self._need_lots = need_lots
        self._ramp_days = ground.frictions.ramp_days
        self._limited = limited
        self._last: tuple[int, FloatArray] | None = None
        self.estimator: MinimumVarianceRatios | None = None
        self._plan: Plan | None = None
        if isinstance(hedge, FuturesHedge):
            self._plan = Plan(hedge.terms(ground.listing, ground.process.kappa), ground.listing, need_lots)
            if hedge.kind == "minimum_variance":
                self.estimator = _estimator(ground, hedge, n_paths)

    def targets(self, close: Close, paths: PricePaths) -> FloatArray | None:
        """Return what the programme wants now, or ``None`` where that is what it wanted before."""
        if close.tradable.start >= close.tradable.stop:
            return None
        if isinstance(self.hedge, CustomHedge):
            return self.hedge.target_lots(self._view(close, paths))
        assert self._plan is not None, "a rule has its plan"
        ratios = None if self.estimator is None else self.estimator.ratios
        wanted = self._plan.targets(close.day, ratios)
        started = self.account.treasury.started_day if self.account.treasury.is_watching else np.zeros(1)
        built = np.minimum(1.0, (close.day - started + 1) / self._ramp_days)
        wanted = wanted * built
        if self._limited or ratios is not None:
            return wanted
        first, before = self._last or (close.tradable.start, np.zeros((0, 1)))
        self._last = (close.tradable.start, wanted)
        kept = before[close.tradable.start - first :]
        same = kept.shape == wanted.shape and bool(np.array_equal(kept, wanted))
        return None if same else wanted

    def _view(self, close: Close, paths: PricePaths) -> HedgeView:
        first = close.tradable.start - close.open_months.start
        return HedgeView(
            day=close.day,
            day_of_month=self._listing.day_of_month(close.day),
            front_month=close.front,
            months=np.arange(close.tradable.start, close.tradable.stop),
            prices_usd=close.prices_usd[first:],
            need_lots=self._need_lots[close.tradable],
            held_lots=self.account.lots[close.tradable],
            spot_usd=paths.spot_usd[close.day],
        )


def _estimator(ground: Ground, hedge: FuturesHedge, n_paths: int) -> MinimumVarianceRatios:
    """Return an estimator with a path for each enterprise; it sees a settlement at every mark."""
    return MinimumVarianceRatios(
        strip_ratios(ground.listing.listed_months + 1, hedge.coverage),
        multiples=np.full(n_paths, ground.basis.multiple),
        expected_need_msit=np.full(n_paths, ground.need_msit.mean()),
        estimation_days=math.ceil(hedge.estimation_days / ground.mark_every_days),
        window_months=int(hedge.window_months),
        with_quantity=hedge.with_quantity,
    )


def walk(
    ground: Ground,
    hedges: list[tuple[FuturesHedge | CustomHedge, bool]],
    paths: PricePaths,
    used: Consumption,
    budget_usd: FloatArray,
) -> list[MarginAccount]:
    """Take programmes through the days and return their accounts.

    Parameters
    ----------
    ground : Ground
        The study.
    hedges : list of (programme, bool)
        Each with whether money ends it.
    paths : PricePaths
        Spot prices.
    used : Consumption
        Needs and bills.
    budget_usd : array of float, shape (months, paths) or (months, 1)
        Expected bills.
    """
    listing = ground.listing
    runners = [_Runner(ground, hedge, paths.count, limited) for hedge, limited in hedges]
    excess = np.zeros(paths.count)
    for close in _closes(ground, paths):
        settles = listing.is_last_of_month(close.day) and close.front >= 1
        if settles:
            month = close.front - 1
            excess = excess + used.bill_usd[month] - budget_usd[month]
            close = replace(close, excess_bills_usd=excess)
        else:
            close = replace(close, excess_bills_usd=excess)
        for runner in runners:
            runner.account.mark(close)
            _learn(runner, ground, close, used, settles)
            runner.account.trade(close, runner.targets(close, paths))
    return [runner.account for runner in runners]


def _closes(ground: Ground, paths: PricePaths) -> Iterator[Close]:
    """Yield every close that is looked at, with its prices."""
    listing = ground.listing
    bound = float(np.abs(paths.x).max())
    curve = MonthCurve(ground.process, listing, ground.moves, ground.event_days, largest_deviation=bound)
    expected = (
        None
        if ground.process.premium is None
        else MonthCurve(
            ground.process, listing, ground.moves, ground.event_days, "P", largest_deviation=bound
        )
    )
    shape = (listing.horizon_months + 1, paths.count)
    last, first, seen = np.zeros(shape), np.zeros(shape), 0
    before = 0
    for day in ground.event_days:
        front, tradable = listing.front_month(day), listing.tradable(day)
        months = range(max(front, 1), max(tradable.stop, front + 1))
        if not months:
            continue
        window = slice(months.start, months.stop)
        prices = curve.prices(day, months, paths)
        new = slice(max(seen + 1, months.start), months.stop)
        if new.start < new.stop:
            first[new] = prices[new.start - months.start :]
            last[new] = first[new]
            seen = months.stop - 1
        to_come = listing.settlement_weights[listing.day_of_month(day) + 1 :].sum()
        yield Close(
            day=day,
            front=front,
            days_since=day - before,
            open_months=window,
            tradable=slice(tradable.start, months.stop),
            prices_usd=prices,
            moved_usd=prices - last[window],
            first_usd=first[window],
            premium_usd=None if expected is None else prices - expected.prices(day, months, paths),
            to_come=float(to_come),
            excess_bills_usd=np.zeros(0),
        )
        last[window], before = prices, day


def _learn(runner: _Runner, ground: Ground, close: Close, used: Consumption, settles: bool) -> None:
    """Show an estimator the settlement prices of the day, and the month that has settled."""
    if runner.estimator is None:
        return
    if settles:
        month = close.front
        final = close.prices_usd[0]
        runner.estimator.see_month(month, final, used.need_msit[month - 1], used.bill_usd[month - 1])
    if close.day % ground.mark_every_days == 0:
        by_tenor = close.prices_usd.T
        if close.open_months.start > close.front:  # month 0 has no price here and teaches nothing
            by_tenor = np.pad(by_tenor, ((0, 0), (close.open_months.start - close.front, 0)))
        runner.estimator.see_settlement(close.front, by_tenor)


def expected_unit_costs(ground: Ground, paths: PricePaths) -> tuple[FloatArray, FloatArray]:
    """Return the expected price of each month at the own provider: on day 0, and when its year began.

    The first is under what happens (P), as a budget; the second at the curve (Q), as a fixed price is made.

    Returns
    -------
    (array of float, array of float), each of shape (months, paths)
        USD per mSIT.
    """
    listing = replace(ground.listing, final_fixings=0, listed_months=ground.listing.horizon_months + 1)
    years = listing.study_years
    starts = [max(int(listing.fixing_days(year.start + 1)[0]) - 1, 0) for year in years]
    bound = float(np.abs(paths.x).max())
    days = sorted(set(starts))
    priced = MonthCurve(ground.process, listing, ground.moves, days, largest_deviation=bound)
    happens = MonthCurve(ground.process, listing, ground.moves, [0], "P", largest_deviation=bound)
    at_start = np.empty((listing.horizon_months, paths.count))
    for year, start in zip(years, starts, strict=True):
        at_start[year] = priced.prices(start, range(year.start + 1, year.stop + 1), paths)
    budget = happens.prices(0, range(1, listing.horizon_months + 1), paths)
    return budget * ground.basis.multiple, at_start * ground.basis.multiple
