"""Futures prices of average-price months on many paths at once.

The price of a month is a weighted sum of its fixings: those known, and the forward of those to come,
exp(g(T) + xi) G(T - t) e^(x e^(-kappa (T - t))). Given the day it is a function of x alone, a sum of one
exponential a fixing with the speeds e^(-kappa (T - t)). A Gauss rule for that sum (Golub and Welsch 1969,
"Calculation of Gauss quadrature rules") needs a few exponentials only and is exact to rounding: the rule of
q nodes integrates every polynomial of degree 2q - 1, and the fixings of one month lie close together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.core.arrays import FloatArray
from abm.hedging.listing import Listing
from abm.hedging.paths import PricePaths, growth_of_shifts
from abm.hedging.shifts import LevelMoves
from abm.spot.process.premium import Measure
from abm.spot.process.process import SpotProcess
from abm.spot.process.regimes import RegimeSwitchingJumpDiffusion

_ACCURACY = 1e-10
_MOST_NODES = 12


@dataclass(frozen=True)
class _Rules:
    """For each event day, tenor and regime: nodes and weights; months without a fixing to come weigh zero."""

    speeds: FloatArray
    """Shape (event days, tenors, regimes, nodes)."""
    weights: FloatArray


class MonthCurve:
    """Prices of the listed months on the days that a study looks at.

    Parameters
    ----------
    process : SpotProcess
        What the curve believes, a foreseen shift in its level.
    listing : Listing
        Days and months.
    moves : FixedShift or RandomShifts, optional
        Shifts of the level; those to come count if they are foreseen.
    event_days : list of int
        Days of the study on which prices are wanted.
    measure : {"Q", "P"}
        Q prices with the risk premium; P is the expected settlement.
    largest_deviation : float
        Bound on the absolute deviation x that the rules are made for.
    """

    def __init__(
        self,
        process: SpotProcess,
        listing: Listing,
        moves: LevelMoves | None,
        event_days: list[int],
        measure: Measure = "Q",
        *,
        largest_deviation: float,
    ) -> None:
        self._listing = listing
        self._kappa = process.kappa
        self._row = {day: row for row, day in enumerate(event_days)}
        self._weights = listing.settlement_weights
        self._ahead, self._amounts = self._fixings_to_come(process, moves, event_days, measure)
        speeds = np.exp(-self._kappa * self._ahead / listing.days_per_year)
        self._rules = _gauss_rules(speeds, self._amounts, largest_deviation)

    def _fixings_to_come(
        self, process: SpotProcess, moves: LevelMoves | None, event_days: list[int], measure: Measure
    ) -> tuple[FloatArray, FloatArray]:
        """Return days ahead and forward at x = xi = 0, each times its weight in the settlement.

        Shapes (event days, tenors, 1, fixings) and (event days, tenors, regimes, fixings).
        """
        listing = self._listing
        days = np.array(event_days)[:, None, None]
        fronts = np.array([listing.front_month(day) for day in event_days])[:, None]
        months = fronts + np.arange(listing.listed_months + 1)
        fixed = listing.fixing_days(0) + months[..., None] * listing.days_per_month
        ahead = fixed - days
        farthest = int(ahead.max(initial=0))
        horizons = np.arange(farthest + 1) / listing.days_per_year
        priced = process.risk_neutral() if measure == "Q" else process
        regimes = len(priced.regimes) if isinstance(priced, RegimeSwitchingJumpDiffusion) else 1
        growth = np.stack(
            [
                priced.exponential_moment(1.0, horizons, 0.0, xi=0.0, regime=regime)
                for regime in range(regimes)
            ]
        )
        growth = growth * np.exp(growth_of_shifts(moves, horizons))
        level = np.exp(process.level.log_usd(fixed / listing.days_per_year))
        to_come = np.where(ahead > 0, self._weights * level, 0.0)
        clipped = np.maximum(ahead, 0)
        amounts = to_come[:, :, None, :] * np.moveaxis(growth[:, clipped], 0, 2)
        return clipped[:, :, None, :].astype(np.float64), amounts

    def prices(self, day: int, months: range, paths: PricePaths) -> FloatArray:
        """Return the price of consecutive months at the close of a day, USD per mSIT.

        Parameters
        ----------
        day : int
            One of the event days.
        months : range
            Months of the study, each listed on the day or in delivery.
        paths : PricePaths
            The paths.

        Returns
        -------
        array of float, shape (months, paths)
        """
        row, front = self._row[day], self._listing.front_month(day)
        tenors = slice(months.start - front, months.stop - front)
        x = paths.x[day]
        speeds, weights = self._rules.speeds[row, tenors], self._rules.weights[row, tenors]
        if paths.regime is None:
            prices = _sum_of_exponentials(speeds[:, 0], weights[:, 0], x)
        else:
            prices = np.empty((len(months), x.size))
            for regime in range(speeds.shape[1]):
                here = paths.regime[day] == regime
                prices[:, here] = _sum_of_exponentials(speeds[:, regime], weights[:, regime], x[here])
        known_course = paths.drawn is not None and paths.drawn.in_progress(day / self._listing.days_per_year)
        if paths.log_shift is not None and paths.drawn is None:
            prices *= np.exp(paths.log_shift[day])
        elif paths.log_shift is not None:
            prices *= np.exp(paths.log_shift[day])
            self._follow_known_courses(prices, day, row, tenors, paths, np.asarray(known_course))
        if paths.xi is not None:
            prices *= np.exp(paths.xi[day])
        if months.start <= front:
            prices[front - months.start] += self._known(day, front, paths)
        return prices

    def _known(self, day: int, front: int, paths: PricePaths) -> FloatArray:
        """Return the fixings of the month in delivery known at a close, weighted, shape (paths,)."""
        days = self._listing.fixing_days(front)
        so_far = (days >= 0) & (days <= day)
        known: FloatArray = self._weights[so_far] @ paths.spot_usd[days[so_far]]
        return known

    def _follow_known_courses(
        self,
        prices: FloatArray,
        day: int,
        row: int,
        tenors: slice,
        paths: PricePaths,
        where: NDArray[np.bool_],
    ) -> None:
        """Price anew the paths on which a shift is building up whose course is known, fixing by fixing."""
        if not where.any():
            return
        assert paths.drawn is not None, "a known course belongs to a drawn shift"
        ahead = self._ahead[row, tenors, 0]
        now = day / self._listing.days_per_year
        x = paths.x[day, where]
        regime = np.zeros(x.size, dtype=np.int64) if paths.regime is None else paths.regime[day, where]
        for number, (days, amounts) in enumerate(zip(ahead, self._amounts[row, tenors], strict=True)):
            years = now + days / self._listing.days_per_year
            course = paths.drawn.log_move(years, known_at=now)[:, where]
            log_price = np.exp(-self._kappa * days / self._listing.days_per_year)[:, None] * x + course
            prices[number, where] = (amounts[regime].T * np.exp(log_price)).sum(axis=0)


def _sum_of_exponentials(speeds: FloatArray, weights: FloatArray, x: FloatArray) -> FloatArray:
    """Return sum over nodes of weight e^(speed x), shape (months, paths); a month at a time, in the cache."""
    total = np.empty((len(speeds), x.size))
    terms = np.empty((speeds.shape[1], x.size))
    for month, (speed, weight) in enumerate(zip(speeds, weights, strict=True)):
        np.multiply.outer(speed, x, out=terms)
        np.exp(terms, out=terms)
        np.dot(weight, terms, out=total[month])
    return total


def _gauss_rules(speeds: FloatArray, amounts: FloatArray, largest_deviation: float) -> _Rules:
    """Return Gauss rules for the discrete measures with the given amounts at the given speeds.

    Lanczos steps with full orthogonalisation on all measures at once give the Jacobi matrices; a measure of
    fewer points than nodes leaves nodes without weight.
    """
    shape = amounts.shape
    points = np.broadcast_to(speeds, shape).reshape(-1, shape[-1])
    mass = amounts.reshape(-1, shape[-1])
    there = mass > 0.0
    high = np.where(there, points, -np.inf).max(axis=1)
    low = np.where(there, points, np.inf).min(axis=1)
    span = float(np.max(high - low, initial=0.0, where=there.any(axis=1)))
    nodes = min(_nodes_needed(0.5 * span * largest_deviation), shape[-1])
    total = mass.sum(axis=1)
    vector = np.sqrt(mass / np.maximum(total, 1e-300)[:, None])
    basis = [vector]
    diagonal, beside = np.zeros((len(mass), nodes)), np.zeros((len(mass), nodes))
    for k in range(nodes):
        moved = points * basis[k]
        diagonal[:, k] = (moved * basis[k]).sum(axis=1)
        for earlier in (*basis, *basis):  # twice, which is enough
            moved = moved - (moved * earlier).sum(axis=1, keepdims=True) * earlier
        norm = np.sqrt((moved * moved).sum(axis=1))
        more = norm > 1e-14
        beside[:, k] = np.where(more, norm, 0.0)
        basis.append(np.where(more[:, None], moved / np.maximum(norm, 1e-300)[:, None], 0.0))
    jacobi = np.zeros((len(mass), nodes, nodes))
    index = np.arange(nodes)
    jacobi[:, index, index] = diagonal
    jacobi[:, index[1:], index[:-1]] = jacobi[:, index[:-1], index[1:]] = beside[:, :-1]
    values, vectors = np.linalg.eigh(jacobi)
    weights = total[:, None] * vectors[:, 0, :] ** 2
    layout = (*shape[:-1], nodes)
    return _Rules(np.where(weights > 0.0, values, 0.0).reshape(layout), weights.reshape(layout))


def _nodes_needed(half_exponent: float) -> int:
    """Return the nodes for which the remainder of the rule is under the accuracy wanted.

    The remainder of q nodes on a half-width h is at most 2 (h / 2)^(2q) / (2q)! of the largest value.
    """
    for nodes in range(1, _MOST_NODES):
        log_remainder = math.log(2.0) + 2 * nodes * math.log(max(half_exponent, 1e-300) / 2.0)
        if log_remainder + half_exponent - math.lgamma(2 * nodes + 1) < math.log(_ACCURACY):
            return nodes
    return _MOST_NODES
