"""How good an index is: what its composition adds to it, and how closely it follows the spot price."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from abm.core.arguments import whole_number
from abm.core.arrays import FloatArray
from abm.spot.process.domain import real_numbers, require, require_number


class CompositionNoise(NamedTuple):
    """The part of a volume-weighted index's daily moves that a matched-model index does not see."""

    log_changes: FloatArray
    """Composition part of each day's log change, shape (days - 1,); NaN if a day has no index."""
    volatility: float
    """Of the composition part, per square root of a year."""
    volume_weighted_volatility: float
    """Of the volume-weighted index over the same days."""
    matched_volatility: float
    """Of the matched-model index over the same days."""


def composition_noise(
    volume_weighted_usd: ArrayLike, matched_usd: ArrayLike, *, days_per_year: float = 252.0
) -> CompositionNoise:
    """Return the daily log change of the volume-weighted index less that of the matched-model index.

    What a volume-weighted mean adds to the price changes of models quoted on both days: entry and exit,
    replaced models, shifts of volume between dear and cheap models, and dropped stale quotes. With a fixed
    list of models, constant volumes and no binding cap it is zero.

    Parameters
    ----------
    volume_weighted_usd, matched_usd : array of float, shape (days,)
        The two indices of the same days, positive; NaN on a day without an index.
    days_per_year : float
        Days in a year, to annualise.

    Returns
    -------
    CompositionNoise
        Volatilities are root mean squares about the mean, over the days with both changes; NaN with fewer
        than two such days. They do not add up: the two parts may be correlated.

    Raises
    ------
    ParameterError
        If the lengths differ or an index is not positive.
    """
    raw, matched = _series("volume_weighted_usd", volume_weighted_usd), _series("matched_usd", matched_usd)
    require(raw.size == matched.size, "matched_usd", matched_usd, f"a list of {raw.size}")
    require_number("days_per_year", days_per_year)
    require(0.0 < days_per_year < math.inf, "days_per_year", days_per_year, "a finite number > 0")
    raw_changes, matched_changes = np.diff(np.log(raw)), np.diff(np.log(matched))
    noise: FloatArray = raw_changes - matched_changes
    both = ~np.isnan(noise)

    def annual(changes: FloatArray) -> float:
        if both.sum() < 2:
            return math.nan
        return float(changes[both].std(ddof=1)) * math.sqrt(days_per_year)

    return CompositionNoise(noise, annual(noise), annual(raw_changes), annual(matched_changes))


class IndexTracking(NamedTuple):
    """How closely an index follows the spot price."""

    mean_log_error: float
    """Mean of ln(index / spot price)."""
    sd_log_error: float
    """Its standard deviation: the basis risk of a contract on the index."""
    change_correlation: float
    """Correlation of the log changes over the horizon; NaN if either does not move."""
    change_beta: float
    """Slope of the index's log change on the spot price's, 1 for full and prompt pass-through."""


def index_tracking(index_usd: ArrayLike, spot_usd: ArrayLike, *, horizon: int = 1) -> IndexTracking:
    """Return how closely an index follows the spot price.

    Parameters
    ----------
    index_usd, spot_usd : array of float, shape (days,)
        Index and spot price of the same days, positive; NaN on a day without an index.
    horizon : int
        Days over which changes are compared, at least 1; changes overlap.

    Raises
    ------
    ParameterError
        If the lengths differ, a price is not positive, or fewer than two changes can be compared.
    """
    index, spot = _series("index_usd", index_usd), _series("spot_usd", spot_usd)
    require(index.size == spot.size, "spot_usd", spot_usd, f"a list of {index.size}")
    whole_number("horizon", horizon, least=1)
    log_index, log_spot = np.log(index), np.log(spot)
    errors = log_index - log_spot
    changes = np.array([log_index[horizon:] - log_index[:-horizon], log_spot[horizon:] - log_spot[:-horizon]])
    changes = changes[:, ~np.isnan(changes).any(axis=0)]
    require(changes.shape[1] >= 2, "index_usd", index_usd, f"long enough for 2 changes over {horizon} days")
    (index_variance, covariance), (_, spot_variance) = np.cov(changes)
    moves = index_variance > 0.0 and spot_variance > 0.0
    return IndexTracking(
        float(np.nanmean(errors)),
        float(np.nanstd(errors, ddof=1)),
        float(covariance / math.sqrt(index_variance * spot_variance)) if moves else math.nan,
        float(covariance / spot_variance) if spot_variance > 0.0 else math.nan,
    )


def _series(field: str, values: ArrayLike) -> FloatArray:
    series = real_numbers(field, values)
    require(series.ndim == 1, field, values, "a list")
    usable = np.isnan(series) | ((series > 0.0) & (series < np.inf))
    require(bool(usable.all()), field, values, "positive and finite, or NaN")
    return series
