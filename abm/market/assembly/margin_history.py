"""The history that margin models start from: moves of the index's forward curve before futures were listed.

A new contract has no prices of its own. Its clearing house calibrates margin to what the curve implied by
the index would have done: the spot process is simulated up to the day before the launch, from a stream of its
own, and a month at each tenor is valued every day. What the scenario does to the price after the launch (a
level shift, say) is not in it.
"""

from __future__ import annotations

import numpy as np

from abm.core.arrays import FloatArray
from abm.core.calendar import TradingCalendar
from abm.spot.process.process import SpotProcess

_BURN_IN_DAYS = 252


def launch_history(
    process: SpotProcess,
    calendar: TradingCalendar,
    *,
    days: int,
    listed_months: int,
    final_fixings: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Return daily relative moves of the model curve by tenor, oldest first, shape (days, listed_months).

    Parameters
    ----------
    process : SpotProcess
        Law of the spot price.
    calendar : TradingCalendar
        Length of days and months.
    days : int
        Days of history, at least one.
    listed_months : int
        Tenors; a month of tenor k is valued at its mean distance, over a month, to the middle of the fixings
        that settle it and are still to come: k months if all of them settle it, a quarter of a month for the
        front month. Averaging does not damp its move: what is fixed already is a matter of the margin model.
    final_fixings : int
        Last fixings of a month that its final settlement averages, 1 to all of them.
    rng : numpy.random.Generator
        Draws the path, with a year before the first day so that it does not start at rest.
    """
    times = np.arange(_BURN_IN_DAYS + days + 1) / calendar.days_per_year
    paths = process.simulate_factors(times, 1, rng)
    x, xi = paths.x[0, _BURN_IN_DAYS:], paths.xi[0, _BURN_IN_DAYS:]
    ahead, growth = growth_of_tenors(process, calendar, listed_months, final_fixings)
    dt = 1.0 / calendar.days_per_year
    now, before = growth[:listed_months], growth[listed_months:]
    kept = np.exp(-process.kappa * ahead)
    log_move = (
        np.outer(x[1:], kept)
        - np.outer(x[:-1], kept * np.exp(-process.kappa * dt))
        + (xi[1:] - xi[:-1])[:, np.newaxis]
        + (now - before)
    )
    moves: FloatArray = np.expm1(log_move)
    return moves


def growth_of_tenors(
    process: SpotProcess, calendar: TradingCalendar, listed_months: int, final_fixings: int | None = None
) -> tuple[FloatArray, FloatArray]:
    """Return how far ahead each tenor lies, in years, and the log of its expected growth.

    Parameters
    ----------
    process, calendar, listed_months, final_fixings
        As for ``launch_history``; all fixings settle a month by default.

    Returns
    -------
    ahead : array of float, shape (listed_months,)
    growth : array of float, shape (2 x listed_months,)
        From today to each tenor, then from a day before.
    """
    month = calendar.days_per_month / calendar.days_per_year
    averaged = (final_fixings or calendar.days_per_month) / calendar.days_per_month
    tenors = np.arange(listed_months) + 0.5 * (1.0 - averaged)
    tenors[0] += 0.25 * averaged**2
    ahead = np.asarray(month * tenors, dtype=np.float64)
    dt = 1.0 / calendar.days_per_year
    moments = process.risk_neutral().exponential_moment(1.0, np.append(ahead, ahead + dt), 0.0, xi=0.0)
    return ahead, np.log(moments)
