"""The enterprises' hedge in the frictionless laboratory, on the price path of each run of their market."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm.core.arrays import FloatArray
from abm.core.errors import ParameterError, RunFolderError
from abm.core.randomness import RandomStreams
from abm.hedging import (
    FixedShift,
    Frictions,
    FuturesHedge,
    HedgeStudy,
    Listing,
    PricePaths,
    RandomShifts,
    observed_paths,
)
from abm.hedging.from_scenario import days_left_of_ramp, futures_hedge
from abm.hedging.paths import simulate_paths, with_foreseen_level
from abm.hedging.study import BLOCK_PATHS
from abm.market.assembly.foundations import build_calendar
from abm.scenario import Scenario
from abm.scenario.price_model import (
    build_level,
    build_process,
    fit_provider_prices,
    fixed_shifts,
    random_shifts,
)
from abm.spot.process.process import SpotProcess
from abm.spot.process.regimes import RegimeSwitchingJumpDiffusion

EXPECTATION_PATHS = 10_000
"""Simulated paths behind an expected value: its error is a hundredth of what one path's is."""

_SEED = 1


class Replayed(NamedTuple):
    """What the hedge did on each path; arrays of shape (paths,).

    Parameters
    ----------
    within, within_bills : array of float
        Volatility reduction over the months of the path, of the price paid and of the bill; NaN of fewer
        than two months. They count the scatter of the own provider's price, and of the need, by its expected
        variance.
    unhedged, hedged : array of float
        Bill of all months at the spot price, as a share of what was expected on day 0.
    """

    within: FloatArray
    within_bills: FloatArray
    unhedged: FloatArray
    hedged: FloatArray

    def some(self, paths: NDArray[np.intp]) -> Replayed:
        """Return some of the paths."""
        return Replayed(*(part[paths] for part in self))


class Scatter(NamedTuple):
    """What moves about a firm's bill beside the spot price: stationary and independent of it.

    Parameters
    ----------
    sd : float
        Stationary standard deviation, of the log.
    kappa : float
        Reversion per year.
    """

    sd: float
    kappa: float

    def variance_of_mean(self, years: float) -> float:
        """Return the variance of the mean over some years (Ornstein-Uhlenbeck process)."""
        x = self.kappa * years
        return self.sd**2 * (2.0 * (x + math.expm1(-x)) / x**2 if x > 1e-4 else 1.0 - x / 3.0)


@dataclass(frozen=True)
class Laboratory:
    """The programme of a scenario's enterprises without frictions, as a function of the spot price alone.

    The company buys the same need every month and trades at the model curve. What a provider's price and the
    need add to its bill enters by its variance alone: a hedge in calm months looks no worse than it does in
    the market, where that scatter is there too. Where the
    process has what its price does not show (a long-run factor, a regime, shifts on random days), the curve
    takes it to stand as on day 0: the same on the paths of the runs and on those that are simulated, which
    is all that a control variate asks.

    Parameters
    ----------
    process : SpotProcess
        The market's.
    hedge : FuturesHedge
        The enterprises' programme.
    listing : Listing
        Days and months from the first day of a run on.
    shift : FixedShift, optional
        Shift of the level on its day.
    arrivals : RandomShifts, optional
        Law of shifts on random days.
    first_year : float
        None of the latter begins before, in years.
    ramp_days : int
        Days over which the programme is built up; those that a warm-up leaves.
    basis, need : Scatter
        Of the own provider's price, and of the need.
    warm_up_days : int
        Days before day 0 on which the market's price starts.
    """

    process: SpotProcess
    hedge: FuturesHedge
    listing: Listing
    shift: FixedShift | None
    arrivals: RandomShifts | None
    first_year: float
    ramp_days: int
    basis: Scatter
    need: Scatter
    warm_up_days: int = 0

    def replay(self, spot_usd: FloatArray) -> Replayed:
        """Return what the hedge does on given spot prices.

        Parameters
        ----------
        spot_usd : array of float, shape (days, paths)
            USD per mSIT from day 0 on.
        """
        parts = [
            self._replay(spot_usd[:, first : first + BLOCK_PATHS])
            for first in range(0, spot_usd.shape[1], BLOCK_PATHS)
        ]
        return Replayed(*map(np.concatenate, zip(*parts, strict=True)))

    def simulated(self) -> Replayed:
        """Return what it does on ``EXPECTATION_PATHS`` paths of the market's own price.

        They are drawn from streams of their own, the same for every market.
        """
        streams = RandomStreams(_SEED)
        parts = []
        for block in range(0, EXPECTATION_PATHS, BLOCK_PATHS):
            spot, shifts = (streams.generator("experiments", name, block) for name in ("spot", "shifts"))
            count = min(BLOCK_PATHS, EXPECTATION_PATHS - block)
            process = with_foreseen_level(self.process, self.shift)
            paths = simulate_paths(
                process, self.listing, self.shift, count, spot, shifts, days_before=self.warm_up_days
            )
            parts.append(self._replay(paths.spot_usd * np.exp(self._arrived(count, shifts))))
        return Replayed(*map(np.concatenate, zip(*parts, strict=True)))

    def _arrived(self, count: int, rng: np.random.Generator) -> FloatArray | float:
        """Return how far shifts on random days have moved the log price, shape (days, paths)."""
        years = self.listing.years
        if self.arrivals is None or years[-1] <= self.first_year:
            return 0.0
        drawn = self.arrivals.draw(float(years[-1]) - self.first_year, count, rng)
        return drawn.log_move(years - self.first_year)

    def _replay(self, spot_usd: FloatArray) -> Replayed:
        study = HedgeStudy(
            process=self.process,
            programmes=(self.hedge,),
            listing=self.listing,
            shifts=self.shift,
            frictions=Frictions(ramp_days=self.ramp_days),
        )
        found = study.run(self._seen(spot_usd))
        expected = found.expected_bill_usd
        bare, own = found.bill_usd / expected, found[self.hedge.name].bill_usd / expected
        month = 1.0 / self.listing.months_per_year
        scatter = self.basis.variance_of_mean(month)
        share = expected / expected.sum(axis=0)
        return Replayed(
            _within(own, bare, scatter),
            _within(own, bare, scatter + self.need.variance_of_mean(month)),
            (bare * share).sum(axis=0),
            (own * share).sum(axis=0),
        )

    def across(self, paths: Replayed, weights: FloatArray) -> FloatArray:
        """Return the volatility reduction across paths with each counted so often, shape (rows,).

        Parameters
        ----------
        paths : Replayed
            Of this laboratory.
        weights : array of float, shape (rows, paths)
            How often each path counts.
        """
        years = self.listing.horizon_months / self.listing.months_per_year
        scatter = self.basis.variance_of_mean(years) + self.need.variance_of_mean(years)
        counts = weights.sum(axis=1)

        def variance(shares: FloatArray) -> FloatArray:
            away = shares - shares.mean()
            square = weights @ away**2 - (weights @ away) ** 2 / counts
            found: FloatArray = np.maximum(square, 0.0) / np.maximum(counts - 1.0, 1.0) + scatter
            return found

        unhedged, hedged = variance(paths.unhedged), variance(paths.hedged)
        varies = (unhedged > 0.0) & (counts > 1.0)
        return np.where(varies, 1.0 - np.sqrt(hedged / np.where(varies, unhedged, 1.0)), math.nan)

    def _seen(self, spot_usd: FloatArray) -> PricePaths:
        switches = isinstance(self.process, RegimeSwitchingJumpDiffusion)
        return observed_paths(
            with_foreseen_level(self.process, self.shift),
            self.listing,
            spot_usd,
            shift=self.shift,
            regime=np.zeros(spot_usd.shape, dtype=np.int8) if switches else None,
        )


def laboratory_of(scenario: Scenario) -> Laboratory | str:
    """Return the laboratory of a scenario's enterprises, or why there is none.

    Parameters
    ----------
    scenario : Scenario
        A validated scenario.
    """
    enterprises, calendar = scenario.agents.enterprises, build_calendar(scenario)
    if enterprises.count == 0:
        return "there are no enterprises"
    if enterprises.hedging_share == 0.0 or enterprises.programme.rule == "none":
        return "the enterprises do not hedge"
    if scenario.spot.dislocation.size != 0.0:
        return "the laboratory has no dislocations in USD"
    months = scenario.run.days // calendar.days_per_month - 1
    if months < 1:
        return "no month that could be hedged is over"
    contract = scenario.contract
    try:
        listing = Listing(
            horizon_months=months,
            listed_months=contract.listed_months,
            days_per_month=calendar.days_per_month,
            months_per_year=calendar.months_per_year,
            first_day=0,
            final_fixings=contract.final_fixings,
            contract_size_msit=float(contract.contract_size_msit),
        )
        hedge = replace(futures_hedge(enterprises.programme), band_share=0.0)
        level = build_level(scenario.spot, fit_provider_prices(scenario), calendar)
        process = build_process(scenario.spot, level)
        hedge.terms(listing, process.kappa)
    except ParameterError as error:
        return f"the laboratory does not have it: {error}"
    section, law = scenario.spot.level_shift, random_shifts(scenario.spot, calendar)
    shift = arrivals = None
    for fixed in fixed_shifts(scenario.spot, calendar):
        shift = FixedShift(fixed, section.foreseen) if fixed.log_size != 0.0 else None
    if law is not None:
        arrivals = RandomShifts(law.intensity, law.log_size, law.log_size_sd, law.duration_years)
    index, year = scenario.index, calendar.days_per_year
    return Laboratory(
        process,
        hedge,
        listing,
        shift,
        arrivals,
        0.0 if law is None else law.first_year,
        days_left_of_ramp(enterprises.programme.ramp_days, scenario.warm_up_days),
        Scatter(index.basis_sd, index.basis_kappa),
        Scatter(enterprises.need_volatility, enterprises.need_reversion_per_day * year),
        scenario.warm_up_days,
    )


def _within(hedged: FloatArray, unhedged: FloatArray, scatter: float) -> FloatArray:
    """Return 1 - sd(hedged) / sd(unhedged) over months, shape (months, paths), with some variance in both."""
    if len(hedged) < 2:
        return np.full(hedged.shape[1], math.nan)
    own, bare = hedged.var(axis=0, ddof=1) + scatter, unhedged.var(axis=0, ddof=1) + scatter
    ratio = np.divide(own, bare, out=np.full(own.shape, math.nan), where=bare > 0.0)
    within: FloatArray = 1.0 - np.sqrt(ratio)
    return within


def spot_of(folder: Path, days: int) -> FloatArray | None:
    """Return the spot price of a finished run, shape (days,); None where it is not all there."""
    from abm.recording import read_run

    try:
        table: pd.DataFrame = read_run(folder, verify=False).tables["spot"]
    except RunFolderError:
        return None
    prices = table.sort_values("day")["spot_usd"].to_numpy(dtype=np.float64)[:days]
    return prices if len(prices) == days and bool((prices > 0.0).all()) else None
