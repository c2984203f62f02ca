"""The basis of a provider, or of a basket of them, estimated from a history of its prices and the index.

The log of price over index is taken for a first-order autoregression, which is what an Ornstein-Uhlenbeck
process is at equal steps. Its coefficient is estimated by least squares and freed of the bias of short
series, which makes reversion look too fast: phi + (1 + 3 phi) / n (Kendall 1954, "Note on bias in the
estimation of autocorrelation").
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from abm.core.arrays import FloatArray
from abm.core.csv_columns import column_names
from abm.core.errors import CalibrationError, ParameterError
from abm.hedging.need import ProviderBasis
from abm.spot.calibration.price_series import read_price_series
from abm.spot.process.domain import finite_numbers, require

FEWEST_PRICES = 30
"""Judgement: fewer say next to nothing of how fast a basis reverts."""
INDEX_COLUMN, DATE_COLUMN = "index", "date"
_LEAST_SHARE_LEFT = 0.01
_NOISE = 1e-9


@dataclass(frozen=True)
class BasisEstimate:
    """Estimate of a provider's basis; standard errors are those of a large sample.

    Attributes
    ----------
    multiple, multiple_error : float
        Mean price as a multiple of the index.
    sd, sd_error : float
        Stationary standard deviation of the log basis.
    kappa, kappa_error : float
        Reversion per year; the error is infinite where none can be seen.
    observations : int
        Prices.
    years : float
        Length of the series.
    warnings : tuple of str
        What a reader should know, a sentence each.
    """

    multiple: float
    multiple_error: float
    sd: float
    sd_error: float
    kappa: float
    kappa_error: float
    observations: int
    years: float
    warnings: tuple[str, ...] = ()

    @property
    def basis(self) -> ProviderBasis:
        """The basis of a study, the provider anywhere on day 0."""
        return ProviderBasis(self.sd, self.kappa, "stationary", self.multiple)


def estimate_basis(price_usd: ArrayLike, index_usd: ArrayLike, dt: float) -> BasisEstimate:
    """Return the estimate from prices and index at equal steps.

    Parameters
    ----------
    price_usd, index_usd : array of float, shape (n,)
        USD per mSIT, positive.
    dt : float
        Step in years.

    Raises
    ------
    ParameterError
        If the series differ in length, are too short, or hold what is no positive number.
    """
    prices, index = finite_numbers("price_usd", price_usd), finite_numbers("index_usd", index_usd)
    require(prices.ndim == 1, "price_usd", f"of shape {prices.shape}", "a list of prices")
    require(prices.shape == index.shape, "index_usd", f"of shape {index.shape}", f"of shape {prices.shape}")
    n = prices.size
    require(n >= FEWEST_PRICES, "price_usd", f"{n} prices", f"at least {FEWEST_PRICES}")
    require(0.0 < dt < math.inf, "dt", dt, "a finite number > 0")
    for name, series in (("price_usd", prices), ("index_usd", index)):
        lowest = float(series.min())
        require(lowest > 0.0, name, lowest, "> 0")
    basis = np.log(prices / index)
    deviation = basis - basis.mean()
    spread = float(deviation.std(ddof=1))
    years = n * dt
    if spread < _NOISE:
        warning = ("price and index moved together exactly: there is no basis to estimate",)
        return BasisEstimate(math.exp(basis.mean()), 0.0, 0.0, 0.0, 1.0 / dt, math.inf, n, years, warning)
    kept, warnings = _kept_share(deviation, years, dt)
    kappa = -math.log(kept) / dt
    # Of a reverting series' variance its sample misses what its own mean takes away.
    effective = n * (1.0 - kept) / (1.0 + kept)
    sd = spread * math.sqrt(1.0 / (1.0 - min(1.0 / max(effective, 2.0), 0.5)))
    mean_error = sd / math.sqrt(max(effective, 1.0))
    return BasisEstimate(
        multiple=math.exp(basis.mean() + 0.5 * sd**2),
        multiple_error=math.exp(basis.mean()) * mean_error,
        sd=sd,
        sd_error=sd * math.sqrt((1.0 + kept**2) / (2.0 * n * (1.0 - kept**2))),
        kappa=kappa,
        kappa_error=math.sqrt((1.0 - kept**2) / n) / (kept * dt),
        observations=n,
        years=years,
        warnings=warnings,
    )


def _kept_share(deviation: FloatArray, years: float, dt: float) -> tuple[float, tuple[str, ...]]:
    """Return what is left of a deviation after a step, within what the series can tell, and warnings."""
    before, after = deviation[:-1], deviation[1:]
    slope = float(before @ after) / float(before @ before)
    kept = slope + (1.0 + 3.0 * slope) / deviation.size
    slowest = math.exp(-dt * math.log(2.0) / years)
    if kept > slowest:
        return slowest, (
            "no reversion can be seen: its half-life is set to the length of the series, and what the basis "
            "does over longer times is not known",
        )
    if kept < _LEAST_SHARE_LEFT:
        return _LEAST_SHARE_LEFT, ("the basis is gone within a step: its speed is a lower bound",)
    return kept, ()


def read_basis(path: Path, provider_shares: Mapping[str, float], *, days_per_year: float) -> BasisEstimate:
    """Return the estimate for the providers of a company from a CSV file of prices.

    The file has the columns ``date`` (YYYY-MM-DD; may be left out), ``index`` and one for each provider, all
    in USD per mSIT at equal steps. Several providers make a basket: the mean of their prices, weighted by
    their share in the need, so that what they have in common stays.

    Parameters
    ----------
    path : Path
        The file.
    provider_shares : mapping of str to float
        Share of each provider in the need. Where none is named, the file has one provider.
    days_per_year : float
        Prices a year.

    Raises
    ------
    ParameterError
        In one line, if the file cannot be used.
    """
    try:
        names = column_names(path, error=CalibrationError)
        folded = [name.casefold() for name in names]
        dates = names[folded.index(DATE_COLUMN)] if DATE_COLUMN in folded else None
        shares = dict(provider_shares) or _only_provider(path, names)
        columns = [INDEX_COLUMN, *shares]
        series = [
            read_price_series(path, column=name, date_column=dates, days_per_year=days_per_year)
            for name in columns
        ]
    except CalibrationError as error:
        raise ParameterError(str(error)) from None
    basket = sum(share * part.prices for share, part in zip(shares.values(), series[1:], strict=True))
    try:
        return estimate_basis(basket, series[0].prices, 1.0 / days_per_year)
    except ParameterError as error:
        whose = " + ".join(shares)
        told = str(error).replace("price_usd", whose).replace("index_usd", INDEX_COLUMN)
        raise ParameterError(f"{path}: {told}") from None


def _only_provider(path: Path, names: list[str]) -> dict[str, float]:
    others = [name for name in names if name.casefold() not in (DATE_COLUMN, INDEX_COLUMN)]
    if len(others) != 1:
        found = ", ".join(others) or "none"
        raise ParameterError(
            f"{path}:1: {found} is not one provider: name the company's in column provider of the needs"
        )
    return {others[0]: 1.0}
