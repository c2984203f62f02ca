"""Spot prices of many paths, day by day, with all that the futures curve is made of."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abm.core.arrays import FloatArray
from abm.hedging.listing import Listing
from abm.hedging.shifts import DrawnShifts, FixedShift, LevelMoves, RandomShifts
from abm.spot.process.domain import require
from abm.spot.process.process import SpotProcess
from abm.spot.process.regimes import RegimeSwitchingJumpDiffusion


@dataclass(frozen=True)
class PricePaths:
    """Spot prices of many paths and the state behind them, one row a day.

    Attributes
    ----------
    x : array of float, shape (days, paths)
        Reverting log deviation.
    xi : array of float, shape (days, paths), or None
        Long-run factor, if the process has one.
    regime : array of int, shape (days, paths), or None
        Number of the regime, if the process switches.
    log_shift : array of float, shape (days, paths) or (days, 1), or None
        How far shifts that the curve did not foresee have moved the log level.
    drawn : DrawnShifts or None
        Shifts whose course the curve knows once they have begun.
    spot_usd : array of float, shape (days, paths)
        USD per mSIT.
    daily_law : (float, float, float)
        What is left of x after a day, and mean and standard deviation of what a day adds to the log price.
    """

    x: FloatArray
    xi: FloatArray | None
    regime: NDArray[np.int8] | None
    log_shift: FloatArray | None
    drawn: DrawnShifts | None
    spot_usd: FloatArray
    daily_law: tuple[float, float, float]

    @property
    def shocks(self) -> FloatArray:
        """Standardised surprises of the log price from day to day, shape (days - 1, paths)."""
        kept, mean, spread = self.daily_law
        shocks: FloatArray = self.x[1:] - kept * self.x[:-1]
        if self.xi is not None:
            shocks += np.diff(self.xi, axis=0)
        shocks -= mean
        if spread > 0.0:
            shocks /= spread
        return shocks

    @property
    def count(self) -> int:
        """Number of paths."""
        return int(self.x.shape[1])

    def block(self, columns: slice) -> PricePaths:
        """Return some of the paths."""
        assert self.drawn is None, "random shifts are drawn block by block"
        shift = self.log_shift
        return PricePaths(
            self.x[:, columns],
            None if self.xi is None else self.xi[:, columns],
            None if self.regime is None else self.regime[:, columns],
            shift if shift is None or shift.shape[1] == 1 else shift[:, columns],
            None,
            self.spot_usd[:, columns],
            self.daily_law,
        )


def simulate_paths(
    process: SpotProcess,
    listing: Listing,
    moves: LevelMoves | None,
    n_paths: int,
    rng: np.random.Generator,
    shift_rng: np.random.Generator,
    days_before: int = 0,
) -> PricePaths:
    """Simulate the days of a study from the process's exact law.

    Parameters
    ----------
    process : SpotProcess
        Spot process without shifts that the curve does not foresee; its level begins on day 0.
    listing : Listing
        Days.
    moves : FixedShift or RandomShifts, optional
        Shifts of the level.
    n_paths : int
        Paths.
    rng, shift_rng : numpy.random.Generator
        Draw the process, and the shifts.
    days_before : int
        Days before day 0 on which the process starts, so that day 0 finds it on its way.
    """
    years, days = listing.years, slice(min(days_before, 1), None)
    times = np.append(-days_before / listing.days_per_year, years)[1 - days.start :]
    xi, regime = None, None
    switches = isinstance(process, RegimeSwitchingJumpDiffusion)
    if process.long_run is None and not switches:
        x = np.ascontiguousarray(process.simulate_log_deviation(times, n_paths, rng).T[days])
    else:
        factors = process.simulate_factors(times, n_paths, rng)
        x = np.ascontiguousarray(factors.x.T[days])
        xi = None if process.long_run is None else np.ascontiguousarray(factors.xi.T[days])
        regime = np.ascontiguousarray(factors.regime.T[days]) if switches else None
    shift, drawn = _moved(moves, years, n_paths, shift_rng)
    return _with_prices(process, years, x, xi, regime, shift, drawn)


def observed_paths(
    process: SpotProcess,
    listing: Listing,
    spot_usd: ArrayLike,
    *,
    shift: FixedShift | None = None,
    xi: FloatArray | None = None,
    regime: NDArray[np.int8] | None = None,
) -> PricePaths:
    """Return given spot prices as paths of a process, so that a study can be replayed on them.

    Parameters
    ----------
    process : SpotProcess
        What the curve believes, a foreseen shift in its level.
    listing : Listing
        Days; ``first_day = 0`` for the days of a market run.
    spot_usd : array of float, shape (days, paths)
        USD per mSIT from day 0 on; days beyond the study are left out.
    shift : FixedShift, optional
        Shift of the level that the prices hold; what the curve did not foresee is taken off the deviation.
    xi, regime : array, shape (days, paths), optional
        Long-run factor and regime, where the process has them.

    Raises
    ------
    ParameterError
        If days are missing or a price is not positive.
    """
    prices = np.asarray(spot_usd, dtype=np.float64)
    years = listing.years
    allowed = f"an array of at least {years.size} days by paths"
    fits = prices.ndim == 2 and prices.shape[0] >= years.size
    require(fits, "spot_usd", f"an array of shape {prices.shape}", allowed)
    prices = np.ascontiguousarray(prices[: years.size])
    positive = bool(np.all((prices > 0.0) & (prices < math.inf)))
    require(positive, "spot_usd", prices.min(initial=0.0), "a finite number > 0 on every day")
    for name, given in (("xi", xi), ("regime", regime)):
        fits = given is None or given.shape == prices.shape
        require(fits, name, "an array of another shape", f"of the shape {prices.shape} of the prices")
    log_shift, _ = _moved(shift, years, prices.shape[1], None)
    x = np.log(prices) - process.level.log_usd(years)[:, None]
    for part in (xi, log_shift):
        if part is not None:
            x = x - part
    if xi is None and process.long_run is not None:
        xi = np.full(prices.shape, process.long_run.xi0)
        x = x - xi
    return _with_prices(process, years, x, xi, regime, log_shift, None, prices)


def _moved(
    moves: LevelMoves | None, years: FloatArray, n_paths: int, rng: np.random.Generator | None
) -> tuple[FloatArray | None, DrawnShifts | None]:
    """Return how far shifts have moved the level by each day, and those whose course will be known.

    A fixed shift that is foreseen belongs to the level of the curve and is not counted here.
    """
    if moves is None:
        return None, None
    if isinstance(moves, FixedShift):
        return (None if moves.foreseen else moves.shift.log_move(years)[:, None]), None
    assert rng is not None, "random shifts need a source of draws"
    drawn = moves.draw(float(years[-1]), n_paths, rng)
    return drawn.log_move(years), drawn if moves.foreseen else None


def _with_prices(
    process: SpotProcess,
    years: FloatArray,
    x: FloatArray,
    xi: FloatArray | None,
    regime: NDArray[np.int8] | None,
    log_shift: FloatArray | None,
    drawn: DrawnShifts | None,
    spot_usd: FloatArray | None = None,
) -> PricePaths:
    dt = float(years[1] - years[0])
    mean, variance = process.cumulants(dt, 0.0, xi=0.0)[:2]
    law = math.exp(-process.kappa * dt), float(mean), math.sqrt(float(variance))
    if spot_usd is None:
        log_price = x + process.level.log_usd(years)[:, None]
        for part in (xi, log_shift):
            if part is not None:
                log_price += part
        spot_usd = np.exp(log_price, out=log_price)
    return PricePaths(x, xi, regime, log_shift, drawn, spot_usd, law)


def with_foreseen_level(process: SpotProcess, moves: LevelMoves | None) -> SpotProcess:
    """Return the process whose level holds a fixed shift that the curve foresees."""
    if isinstance(moves, FixedShift) and moves.foreseen:
        level = replace(process.level, shifts=(*process.level.shifts, moves.shift))
        return replace(process, level=level)  # type: ignore[type-var]
    return process


def growth_of_shifts(moves: LevelMoves | None, ahead: FloatArray) -> FloatArray | float:
    """Return the log growth that the curve counts on from shifts yet to begin, in the shape of ``ahead``."""
    if isinstance(moves, RandomShifts) and moves.foreseen:
        return moves.log_growth_to_come(ahead)
    return 0.0
