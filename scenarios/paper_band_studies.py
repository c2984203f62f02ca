"""Simulations behind ``paper_band.py``: points on the map, one-way lines, and a stand-in for the paper."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from abm.core.arrays import FloatArray
from abm.core.randomness import RandomStreams
from abm.hedging import (
    CustomHedge,
    HedgeResult,
    HedgeStudy,
    Listing,
    Need,
    ProviderBasis,
    QuantityRisk,
)
from abm.hedging.measures import regression_slope
from abm.spot.process.jumps import DoubleExponentialJumps, GaussianJumps, JumpLaw
from abm.spot.process.level import Level
from abm.spot.process.mrjd import MeanRevertingJumpDiffusion
from scenarios.paper_band_closed_form import (
    BASIS_KAPPA,
    JUMPS,
    NEED_KAPPA,
    STAND_IN,
    YEAR,
    Setting,
    hedge_moments,
    volatility_reduction,
)

GROUPS = 40
"""Groups of paths that the jackknife leaves out in turn."""
PROGRAMMES = ("strip", "strip:0.8", "layered")
SMALL_BASIS_SD = 0.08
"""The default of the demand explosion: judgement."""
MAP_COVERAGES = (0.4, 0.6, 0.8, 1.0, 1.2)
MAP_BASIS_SDS = (0.0, 0.06, 0.10, 0.14, 0.18, 0.22, 0.26)
LONG = Listing(horizon_months=36, listed_months=12)
LONG_PROGRAMMES = ("strip", "strip:0.8", "layered", "rolling:1", "rolling:2", "rolling:3")
BOUGHT_ONCE = "strip of day 0"
TRENDS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.84)
RISING_SHARE = 0.15
"""Paths of the paper's simulation that rise by more than 100 % within 36 months."""


class Estimate(NamedTuple):
    """A number with its jackknife standard error."""

    value: float
    error: float

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval."""
        return self.value - 1.96 * self.error, self.value + 1.96 * self.error


def jackknife(statistic: Callable[..., float], *samples: FloatArray) -> Estimate:
    """Return a statistic of samples of the same paths, and its standard error over groups of paths left out.

    Parameters
    ----------
    statistic : callable
        Takes the samples, each of shape (n,), and returns a number.
    *samples : array of float, shape (paths,)
        Element i of each belongs to path i.
    """
    group = np.arange(samples[0].size) % GROUPS
    kept = [group != number for number in range(GROUPS)]
    left_out = np.array([statistic(*(sample[some] for sample in samples)) for some in kept])
    spread = (GROUPS - 1) / GROUPS * ((left_out - left_out.mean()) ** 2).sum()
    return Estimate(statistic(*samples), math.sqrt(spread))


def simulate(
    setting: Setting,
    programmes: tuple[str | CustomHedge, ...],
    paths: int,
    seed: int,
    listing: Listing = YEAR,
) -> HedgeResult:
    """Run the laboratory without frictions."""
    risk = QuantityRisk(setting.need_volatility, NEED_KAPPA, setting.price_correlation)
    return HedgeStudy(
        setting.process,
        programmes,
        need=Need(1_000.0, risk),
        basis=ProviderBasis(setting.basis_sd, BASIS_KAPPA),
        listing=listing,
        paths=paths,
        seed=seed,
    ).run()


def reduction(hedged: FloatArray, bare: FloatArray) -> float:
    """Return 1 - sd(hedged) / sd(bare)."""
    return float(1.0 - hedged.std() / bare.std())


class MapPoint(NamedTuple):
    """A hedge in the laboratory, and where the formula puts it."""

    basis_sd: float
    word: str
    scaled_coverage: float
    correlation: float
    simulated: Estimate
    """Reduction of the paths with odd numbers."""
    from_formula: Estimate
    """Simulated less formula, with correlation and sigma_F / sigma_C of the paths with even numbers."""
    from_moments: Estimate
    """Simulated on all paths, less that of the model's exact moments."""

    @property
    def is_random(self) -> bool:
        """Whether paths differ in what the hedge leaves; strips without a basis leave a share of the bill."""
        return self.simulated.error > 1e-6


def map_points(paths: int, seed: int, basis_sds: tuple[float, ...] = MAP_BASIS_SDS) -> list[MapPoint]:
    """Return strips of several coverages at bases of several sizes, and two programmes without a basis."""
    points = []
    for basis_sd in basis_sds:
        words = tuple(f"strip:{coverage:g}" for coverage in MAP_COVERAGES)
        words += ("layered", "rolling:2") if basis_sd == 0.0 else ()
        setting = Setting(basis_sd=basis_sd)
        result = simulate(setting, words, paths, seed)
        points += [_map_point(result, setting, word) for word in words]
    return points


def _map_point(result: HedgeResult, setting: Setting, word: str) -> MapPoint:
    bill, gain = result.bill_usd.sum(axis=0), result[word].gain_usd.sum(axis=0)
    hedged = result.horizon_bill(word)
    pairs = bill.size // 2
    even, odd = slice(0, 2 * pairs, 2), slice(1, 2 * pairs, 2)

    def off_the_formula(own: FloatArray, bare: FloatArray, gains: FloatArray, bills: FloatArray) -> float:
        return reduction(own, bare) - float(volatility_reduction(*_measured(gains, bills)))

    whole = jackknife(reduction, hedged, bill)
    scaled, rho = _measured(gain[even], bill[even])
    return MapPoint(
        setting.basis_sd,
        word,
        scaled,
        rho,
        jackknife(reduction, hedged[odd], bill[odd]),
        jackknife(off_the_formula, hedged[odd], bill[odd], gain[even], bill[even]),
        Estimate(whole.value - hedge_moments(setting, word).reduction, whole.error),
    )


def _measured(gain: FloatArray, bill: FloatArray) -> tuple[float, float]:
    """Return h' and rho of a sample."""
    scaled = float(gain.std() / bill.std())
    return scaled, min(regression_slope(gain, bill) * scaled, 1.0)


class Cell(NamedTuple):
    """One value of what a line varies, and the words of the programmes looked at."""

    value: float
    setting: Setting
    words: tuple[str, ...] = PROGRAMMES


@dataclass(frozen=True)
class Line:
    """One thing varied, all else as it stands in."""

    name: str
    axis: str
    cells: tuple[Cell, ...]
    labels: tuple[str, ...] = PROGRAMMES

    @property
    def has_closed_form(self) -> bool:
        """Whether each cell has one."""
        return all(cell.setting.has_closed_form for cell in self.cells)


def lines() -> list[Line]:
    """Return the one-way lines."""
    leads = range(1, 7)
    intensities, shares = (0.0, 3.0, 6.0, 9.0, 12.0), (0.0, 0.2, 0.5, 0.8, 1.0)
    needs = (0.0, 0.05, 0.10, 0.15, 0.20, 0.30)
    gaussian = same_moments(JUMPS)

    def priced(**changes: float | JumpLaw | Level) -> Setting:
        return Setting(replace(STAND_IN, **changes))  # type: ignore[arg-type]

    def line(name: str, axis: str, values: tuple[float, ...], setting: Callable[[float], Setting]) -> Line:
        return Line(name, axis, tuple(Cell(value, setting(value)) for value in values))

    return [
        line("basis", "basis, sd in %", (0, 4, 8, 12, 16, 20), lambda sd: Setting(basis_sd=sd / 100)),
        line("need", "need, volatility in % a year", tuple(100 * need for need in needs),
             lambda need: Setting(need_volatility=need / 100)),
        line("need, rho .3", "need, volatility in % a year", tuple(100 * need for need in needs),
             lambda need: Setting(need_volatility=need / 100, price_correlation=0.3)),
        Line("rolling lead", "rolling lead, months",
             tuple(Cell(lead, Setting(), (f"rolling:{lead}",)) for lead in leads), ("rolling",)),
        line("kappa", "kappa, a year", (1.0, 2.0, 4.0, 6.0, 9.0, 12.0), lambda kappa: priced(kappa=kappa)),
        line("jumps", "jumps, a year", intensities, lambda count: priced(jump_intensity=count)),
        line("share up", "share of jumps up", shares,
             lambda share: priced(jumps=replace(JUMPS, p_up=share))),
        line("Gaussian jumps", "jumps, a year", intensities,
             lambda count: priced(jump_intensity=count, jumps=gaussian)),
        line("trend", "trend, log points a year down", TRENDS,
             lambda trend: priced(level=Level(1.0, trend))),
    ]  # fmt: skip


def same_moments(law: DoubleExponentialJumps) -> GaussianJumps:
    """Return Gaussian jumps of the same mean and variance."""
    mean = law.moment(1)
    return GaussianJumps(mean, math.sqrt(law.moment(2) - mean**2))


class LineResult(NamedTuple):
    """What a line found, by label of a programme."""

    line: Line
    simulated: dict[str, list[Estimate]]
    closed: dict[str, list[float]]
    """Empty where there is no closed form."""
    beside_a_basis: dict[str, list[float]]
    """The closed form at a provider basis of ``SMALL_BASIS_SD``; empty likewise, and where that varies."""
    effects: dict[str, Estimate]
    """Last value less first, paired by path."""


def follow(line: Line, paths: int, seed: int) -> LineResult:
    """Simulate a line; its cells share the seed, and their differences are paired."""
    simulated: dict[str, list[Estimate]] = {label: [] for label in line.labels}
    ends: dict[str, list[FloatArray]] = {label: [] for label in line.labels}
    for cell in line.cells:
        result = simulate(cell.setting, cell.words, paths, seed)
        bare = result.bill_usd.sum(axis=0)
        for label, word in zip(line.labels, cell.words, strict=True):
            hedged = result.horizon_bill(word)
            simulated[label].append(jackknife(reduction, hedged, bare))
            if cell in (line.cells[0], line.cells[-1]):
                ends[label] += [hedged, bare]
    return LineResult(
        line,
        simulated,
        _closed(line, None) if line.has_closed_form else {},
        _closed(line, SMALL_BASIS_SD) if line.has_closed_form and line.name != "basis" else {},
        {label: jackknife(_change, *samples) for label, samples in ends.items()},
    )


def _change(first: FloatArray, first_bare: FloatArray, last: FloatArray, last_bare: FloatArray) -> float:
    return reduction(last, last_bare) - reduction(first, first_bare)


def _closed(line: Line, basis_sd: float | None) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {label: [] for label in line.labels}
    for cell in line.cells:
        setting = cell.setting if basis_sd is None else replace(cell.setting, basis_sd=basis_sd)
        for label, word in zip(line.labels, cell.words, strict=True):
            found[label].append(hedge_moments(setting, word).reduction)
    return found


@dataclass(frozen=True)
class Rises:
    """Paths that rise by more than 100 % within 36 months, by trend, and how skewed prices are at their end.

    Attributes
    ----------
    critical_trends : array of float, shape (paths,)
        Fall of the log level per year under which a path rises by more than 100 %, and from which on it does
        not: the largest (x_t - ln 2) / t over its daily fixings. The trend is no part of the draws.
    log_skewness : Estimate
        Of ln S at the end; it does not depend on the trend, nor does that of S.
    exact_log_skewness, price_skewness, exact_price_skewness : float
        That of the model, and both of S: its sample has no standard error, for the sixth moment is infinite.
    """

    critical_trends: FloatArray
    log_skewness: Estimate
    exact_log_skewness: float
    price_skewness: float
    exact_price_skewness: float

    def share(self, trend: float) -> tuple[float, float, float]:
        """Return the share of paths that rise at a trend, and Wilson's 95 % interval."""
        share = float((self.critical_trends > trend).mean())
        return share, *wilson(share, self.critical_trends.size)

    def trend_at(self, share: float) -> tuple[float, float, float]:
        """Return the trend at which a share of paths rises, and the trends whose interval holds the share."""
        half = 1.96 * math.sqrt(share * (1.0 - share) / self.critical_trends.size)
        met, low, high = np.quantile(
            self.critical_trends, [1.0 - share, 1.0 - share - half, 1.0 - share + half]
        )
        return float(met), float(low), float(high)


def rises(paths: int, seed: int, process: MeanRevertingJumpDiffusion = STAND_IN) -> Rises:
    """Simulate 36 months of daily fixings and return which paths rise, and skewness."""
    years = LONG.years
    draws = RandomStreams(seed).generator("paper band", "rises")
    x = process.simulate_log_deviation(years, paths, draws)
    variance, third = process.cumulants(float(years[-1]), 0.0)[1:3]
    m1, m2, m3 = (float(process.exponential_moment(a, years[-1], 0.0)) for a in (1.0, 2.0, 3.0))
    return Rises(
        ((x[:, 1:] - math.log(2.0)) / years[1:]).max(axis=1),
        jackknife(skewness, x[:, -1]),
        float(third / variance**1.5),
        skewness(np.exp(x[:, -1])),
        (m3 - 3.0 * m1 * m2 + 2.0 * m1**3) / (m2 - m1**2) ** 1.5,
    )


def wilson(share: float, count: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share (Wilson 1927)."""
    z = 1.96
    middle = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * math.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    return middle - half, middle + half


def skewness(sample: FloatArray) -> float:
    """Return the third standardised moment of a sample."""
    deviation = sample - sample.mean()
    return float((deviation**3).mean() / (deviation**2).mean() ** 1.5)


def long_reductions(paths: int, seed: int, kappa: float = STAND_IN.kappa) -> dict[str, list[Estimate]]:
    """Return the reductions of years 1, 2, 3 and of all 36 months, 12 months being listed, by programme."""
    once = CustomHedge(BOUGHT_ONCE, lambda view: view.need_lots * (view.months <= LONG.listed_months))
    setting = Setting(replace(STAND_IN, kappa=kappa))
    result = simulate(setting, (*LONG_PROGRAMMES, once), paths, seed, LONG)
    bare = result.yearly(result.bill_usd)
    found = {}
    for word in (*LONG_PROGRAMMES, BOUGHT_ONCE):
        own = result.yearly(result[word].bill_usd)
        by_year = [jackknife(reduction, hedged, bill) for hedged, bill in zip(own, bare, strict=True)]
        found[word] = [*by_year, jackknife(reduction, own.sum(axis=0), bare.sum(axis=0))]
    return found
