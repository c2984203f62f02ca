"""The recursive jump filter: a first look at which changes of a price series are jumps."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.core.arrays import FloatArray

DEFAULT_THRESHOLD = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class FilteredJumps:
    """What is left of a series when its large changes are taken out.

    Attributes
    ----------
    is_jump : array of bool, shape (n - 1,)
        Steps whose innovation is beyond the threshold.
    innovations : array of float, shape (n - 1,)
        Log price less what mean reversion predicts; of a flagged step, roughly its jump.
    kappa : float
        Speed of mean reversion per year from the other steps; NaN if they show none.
    sigma : float
        Volatility of the other steps per square-root year.
    log_level, decline_per_year : float
        Level of the log price at the first point and its fall per year, from the other steps; the mean and
        the mean fall if they show no mean reversion.
    """

    is_jump: NDArray[np.bool_]
    innovations: FloatArray
    kappa: float
    sigma: float
    log_level: float
    decline_per_year: float


def filter_jumps(
    log_prices: FloatArray, dt: float, *, with_trend: bool = False, threshold: float = DEFAULT_THRESHOLD
) -> FilteredJumps:
    """Flag steps beyond ``threshold`` standard deviations, again and again until no new one is found.

    Each pass regresses the log price on the one before (and on time, with a trend) over the steps not flagged
    yet and measures the standard deviation on them, so that large jumps cannot hide smaller ones.

    Parameters
    ----------
    log_prices : array of float, shape (n,)
        At equal steps.
    dt : float
        Step in years.
    with_trend : bool
        Let the level be linear in time instead of constant.
    threshold : float
        In standard deviations.

    Notes
    -----
    Clewlow and Strickland (2000), "Energy Derivatives", section 2.8. The filter starts the likelihood search;
    as an estimator it overstates the size of jumps and misses the small ones.
    """
    before, after = log_prices[:-1], log_prices[1:]
    years = np.arange(before.size) * dt
    columns = [np.ones(before.size), before] + ([years] if with_trend else [])
    regressors = np.column_stack(columns)
    is_jump = np.zeros(before.size, dtype=np.bool_)
    while True:
        quiet = ~is_jump
        coefficients: FloatArray = np.linalg.lstsq(regressors[quiet], after[quiet], rcond=None)[0].astype(
            np.float64
        )
        innovations: FloatArray = after - regressors @ coefficients
        deviation = float(innovations[quiet].std())
        found = quiet & (np.abs(innovations) > threshold * deviation)
        # Half of the steps at most: what is flagged more often than that is no exception.
        if not found.any() or deviation == 0.0 or (is_jump | found).mean() > 0.5:
            break
        is_jump |= found
    kappa, log_level, decline = _reversion(coefficients, dt, log_prices)
    g2 = 1.0 if math.isnan(kappa) else -math.expm1(-2.0 * kappa * dt) / (2.0 * kappa * dt)
    return FilteredJumps(
        is_jump=is_jump,
        innovations=innovations,
        kappa=kappa,
        sigma=deviation / math.sqrt(dt * g2),
        log_level=log_level,
        decline_per_year=decline if with_trend else 0.0,
    )


def _reversion(coefficients: FloatArray, dt: float, log_prices: FloatArray) -> tuple[float, float, float]:
    """Return speed, level at the first point and yearly fall that a regression on the last price implies."""
    intercept, persistence = float(coefficients[0]), float(coefficients[1])
    slope = float(coefficients[2]) if coefficients.size == 3 else 0.0
    if not 0.0 < persistence < 1.0:
        years = (log_prices.size - 1) * dt
        return math.nan, float(log_prices.mean()), float(log_prices[0] - log_prices[-1]) / years
    # y' = c + s t + p y reverts to the level a - b t if c = (1 - p) a - b dt and s = -(1 - p) b.
    decline = -slope / (1.0 - persistence)
    log_level = (intercept + decline * dt) / (1.0 - persistence)
    return -math.log(persistence) / dt, log_level, decline
