"""Closed forms behind ``paper_band.py``: the ratio formula, and second moments of a hedged year.

A future is a martingale without a risk premium, so what it gains between two closes is uncorrelated with what
it gained before. With V(d) the covariance of the months' prices at close d, a year's bill B and gains G of
positions h_k held from close k to the next have Var G = sum of h_k' dV_k h_k, Cov(B, G) = sum of 1' dV_k h_k.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from abm.core.arrays import FloatArray
from abm.core.errors import ParameterError
from abm.hedging import FuturesHedge, Listing, parse_programme
from abm.hedging.plan import Plan
from abm.spot.process.jumps import DoubleExponentialJumps
from abm.spot.process.level import Level
from abm.spot.process.mrjd import MeanRevertingJumpDiffusion

BAND = (0.62, 0.78)
"""Volatility reduction that the paper claims: Xing (2026), arXiv:2603.21690."""
TREND = 0.5
JUMPS = DoubleExponentialJumps(p_up=0.8, eta_up=5.0, eta_down=8.0)
STAND_IN = MeanRevertingJumpDiffusion(6.0, 0.6, 6.0, JUMPS, Level(1.0, TREND))
"""Stands in for the paper's demand explosion, whose parameter table we have not seen; judgement."""
YEAR = Listing()
BASIS_KAPPA = 20.0
NEED_KAPPA = 1.0
"""Reversion a year of the provider's basis and of the need: defaults of the laboratory."""


@dataclass(frozen=True)
class Setting:
    """One market and one company.

    Parameters
    ----------
    process : MeanRevertingJumpDiffusion
        Spot price.
    basis_sd : float
        Stationary standard deviation of the log basis of the own provider, which starts at zero.
    need_volatility : float
        Of the log need per square-root year, which starts as expected.
    price_correlation : float
        Between shocks of the need and surprises of the log price.
    """

    process: MeanRevertingJumpDiffusion = STAND_IN
    basis_sd: float = 0.0
    need_volatility: float = 0.0
    price_correlation: float = 0.0

    @property
    def has_closed_form(self) -> bool:
        """Whether need and price are independent."""
        return self.need_volatility == 0.0 or self.price_correlation == 0.0


class HedgeMoments(NamedTuple):
    """Second moments of a year's bill and of a hedge's gains; the bill's variance is the unit."""

    scaled_coverage: float
    """h': standard deviation of the gains over that of the bill."""
    correlation: float
    """Of gains and bill."""

    @property
    def reduction(self) -> float:
        """Volatility reduction."""
        return float(volatility_reduction(self.scaled_coverage, self.correlation))


def volatility_reduction(scaled_coverage: ArrayLike, correlation: ArrayLike) -> FloatArray:
    """Return 1 - sqrt(1 - 2 h' rho + h'^2), elementwise.

    Parameters
    ----------
    scaled_coverage : array of float
        h' = h sigma_F / sigma_C.
    correlation : array of float
        rho of gains and bill.
    """
    h, rho = np.asarray(scaled_coverage, dtype=np.float64), np.asarray(correlation, dtype=np.float64)
    left: FloatArray = np.maximum(1.0 - 2.0 * h * rho + h**2, 0.0)
    return 1.0 - np.sqrt(left)


def coverages_in_band(correlation: float) -> list[tuple[float, float]]:
    """Return the intervals of h' whose reduction lies in the band, at a correlation.

    None under sqrt(1 - 0.38^2) = 0.925; two from sqrt(1 - 0.22^2) = 0.9755 on, the better hedges between
    them left out.
    """
    outer = correlation**2 - 1.0 + (1.0 - BAND[0]) ** 2
    inner = correlation**2 - 1.0 + (1.0 - BAND[1]) ** 2
    if outer < 0.0:
        return []
    low, high = correlation - math.sqrt(outer), correlation + math.sqrt(outer)
    if inner < 0.0:
        return [(low, high)]
    return [(low, correlation - math.sqrt(inner)), (correlation + math.sqrt(inner), high)]


def hedge_moments(setting: Setting, word: str) -> HedgeMoments:
    """Return the exact moments of a programme over one year of the laboratory.

    Parameters
    ----------
    setting : Setting
        With need and price independent.
    word : str
        A futures programme, as in ``parse_programme``, that trades at ends and beginnings of months.

    Raises
    ------
    ParameterError
        If need and price are correlated: there is no closed form with jumps.
    """
    if not setting.has_closed_form:
        rho = setting.price_correlation
        raise ParameterError(f"price_correlation: {rho} is not 0: no closed form with jumps")
    gained, prices = _covariances_of_gains(setting.process)
    held = _positions(word, setting.process.kappa)
    own = float(np.einsum("km,kmn,kn->", held, gained, held))
    cross = float(np.einsum("kmn,kn->", gained, held))
    bill = float(prices.sum()) + _own_risk(setting)
    if own <= 0.0:
        return HedgeMoments(0.0, 0.0)
    return HedgeMoments(math.sqrt(own / bill), min(cross / math.sqrt(own * bill), 1.0))


def _closes() -> list[int]:
    """Days after whose close positions may change: last and first of each month."""
    return sorted({day for month in range(YEAR.horizon_months) for day in (_last(month), _last(month) + 1)})


def _last(month: int) -> int:
    return int(YEAR.fixing_days(month)[-1])


def _positions(word: str, kappa: float) -> FloatArray:
    """Return lots per lot of need from each close on, shape (closes, months)."""
    hedge = parse_programme(word)
    assert isinstance(hedge, FuturesHedge), f"{word} holds futures"
    months = YEAR.horizon_months
    plan = Plan(hedge.terms(YEAR, kappa), YEAR, np.concatenate([[0.0], np.ones(months)]))
    held, rows = np.zeros(months), []
    for day in _closes():
        tradable = YEAR.tradable(day)
        held[tradable.start - 1 : tradable.stop - 1] = plan.targets(day)[:, 0]
        rows.append(held.copy())
    return np.array(rows)


@cache
def _covariances_of_gains(process: MeanRevertingJumpDiffusion) -> tuple[FloatArray, FloatArray]:
    """Return covariances of what months gain between closes, (closes, months, months), and their sum."""
    at_closes = [_covariance_of_prices(process, day) for day in [*_closes(), YEAR.last_day]]
    gained = np.diff(np.array(at_closes), axis=0)
    return gained, gained.sum(axis=0)


def _weights(process: MeanRevertingJumpDiffusion) -> FloatArray:
    """Return level over days of the month of each fixing of the year, shape (fixings,)."""
    days = np.arange(1, YEAR.last_day + 1) / YEAR.days_per_year
    weights: FloatArray = np.exp(process.level.log_usd(days)) / YEAR.days_per_month
    return weights


def _covariance_of_prices(process: MeanRevertingJumpDiffusion, day: int) -> FloatArray:
    """Return the covariance of the months' prices at a close, seen from day 0, shape (months, months).

    A fixing to come is expected at m(ahead) e^(x e^(-kappa ahead)); E[e^(a x_s) e^(b x_t)] is
    M(a + b e^(-kappa (t - s)), s) M(b, t - s), M being the exponential moment from zero.
    """
    year = YEAR.days_per_year
    fixings = np.arange(1, YEAR.last_day + 1)
    known = np.minimum(fixings, day) / year
    ahead = fixings / year - known
    a = np.exp(-process.kappa * ahead)
    weight = _weights(process) * process.exponential_moment(1.0, ahead, 0.0)
    # Fixings are in order of time, so that of two the one in the row above the diagonal comes first.
    apart = np.maximum(known[None, :] - known[:, None], 0.0)
    both = process.exponential_moment(
        a[:, None] + a[None, :] * np.exp(-process.kappa * apart), known[:, None], 0.0
    )
    both = both * process.exponential_moment(np.broadcast_to(a[None, :], apart.shape), apart, 0.0)
    both = np.triu(both) + np.triu(both, 1).T
    alone = process.exponential_moment(a, known, 0.0)
    covariance = (both - np.outer(alone, alone)) * np.outer(weight, weight)
    months = YEAR.horizon_months
    blocks: FloatArray = covariance.reshape(months, -1, months, YEAR.days_per_month).sum(axis=(1, 3))
    return blocks


def _own_risk(setting: Setting) -> float:
    """Return what basis and need, both of mean one, add to the variance of a year's bill."""
    if setting.basis_sd == 0.0 and setting.need_volatility == 0.0:
        return 0.0
    need_sd = setting.need_volatility / math.sqrt(2.0 * NEED_KAPPA)
    years = np.arange(1, YEAR.last_day + 1) / YEAR.days_per_year
    apart, together = np.abs(years[:, None] - years[None, :]), years[:, None] + years[None, :]
    log_covariance = sum(
        sd**2 * (np.exp(-kappa * apart) - np.exp(-kappa * together))
        for sd, kappa in ((setting.basis_sd, BASIS_KAPPA), (need_sd, NEED_KAPPA))
    )
    return float((np.expm1(log_covariance) * _products_of_prices(setting.process)).sum())


@cache
def _products_of_prices(process: MeanRevertingJumpDiffusion) -> FloatArray:
    """Return E[S_s S_t] of all pairs of fixings, weighted, shape (fixings, fixings)."""
    years = np.arange(1, YEAR.last_day + 1) / YEAR.days_per_year
    early = np.minimum(years[:, None], years[None, :])
    apart = np.abs(years[:, None] - years[None, :])
    both = process.exponential_moment(1.0 + np.exp(-process.kappa * apart), early, 0.0)
    both = both * process.exponential_moment(1.0, apart, 0.0)
    weights = _weights(process)
    products: FloatArray = both * np.outer(weights, weights)
    return products
