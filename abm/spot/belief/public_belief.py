"""What the public believes of the hidden parts of the spot price: short-run deviation, long run and regime.

A day's published fixing shows their sum, and the basis of the index:

    ln(fixing) - level - shifts known = X + xi + basis

and the settlement prices of an evening show, with much noise, what others think the coming months are worth.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from abm.core.arrays import FloatArray
from abm.spot.belief.gaussian_sum import FACTORS, GaussianSum, after_a_day, collapsed, day_law, measured
from abm.spot.process.domain import require, require_numbers
from abm.spot.process.process import SpotProcess

USUAL_EVENINGS = 21
"""Evenings over which the usual distance of futures from the curve is averaged: a month; judgement."""


CERTAIN: FloatArray = np.zeros((FACTORS, FACTORS))
"""Covariance of what is known."""


class IndexNoise(NamedTuple):
    """How the index strays from the spot price, in logs: an Ornstein-Uhlenbeck process.

    Attributes
    ----------
    sd : float
        Stationary standard deviation; 0 for an index that is the spot price.
    kappa : float
        Speed of its return per year; a large one makes it independent from day to day.
    """

    sd: float
    kappa: float


class View(NamedTuple):
    """A state that the price may be in, as those see it who value futures.

    Attributes
    ----------
    weight : float
        Probability; those of all views sum to 1.
    x, xi : float
        Deviation and long-run factor: known, or expected.
    regime : int
        Number of the regime.
    basis : float
        Log of the index over the spot price, expected, less its mean.
    covariance : array of float, shape (3, 3)
        Of X, xi and the basis; zero where they are known.
    """

    weight: float
    x: float
    xi: float
    regime: int
    basis: float = 0.0
    covariance: FloatArray = CERTAIN


class PublicBelief:
    """A filter of the spot price's hidden state, the same for all who only read what is published.

    Parameters
    ----------
    process : SpotProcess
        Law of the price, which everybody knows, and its state on day 0.
    dt : float
        A day in years.
    index_noise : IndexNoise
        Of the index that fixings are of; its mean makes the index the spot price in expectation.
    long_run_sd : float
        Standard deviation of xi on day 0, not negative: how much of the first price is for long. X + xi is
        known, so that the error of X is the opposite one. Without effect where there is no long-run factor.
    futures_noise : float
        Standard deviation of an evening's mean log settlement around what the state makes of it, positive;
        infinity to learn from fixings alone.

    Raises
    ------
    ParameterError
        If an argument is outside its domain.

    Notes
    -----
    Pressure of orders moves settlements, these would move the belief, and traders who value months by the
    belief would follow. So evenings are weighed against the usual distance of the last ``USUAL_EVENINGS``: a
    lasting risk premium is no news about the price. And the noise is meant to be large: a distance of 5 %
    that lasts two months says in the long run as much as independent noise of .05 sqrt(2 x 42) = .46, and
    prices that traders made from the belief itself confirm it without being news.
    """

    def __init__(
        self,
        process: SpotProcess,
        dt: float,
        *,
        index_noise: IndexNoise,
        long_run_sd: float,
        futures_noise: float = math.inf,
    ) -> None:
        require_numbers("index_noise.", index_noise, "sd", "kappa")
        require(0.0 <= index_noise.sd < math.inf, "index_noise.sd", index_noise.sd, "a finite number >= 0")
        require(0.0 < index_noise.kappa < math.inf, "index_noise.kappa", index_noise.kappa, "a number > 0")
        require(0.0 <= long_run_sd < math.inf, "long_run_sd", long_run_sd, "a finite number >= 0")
        require(futures_noise > 0.0, "futures_noise", futures_noise, "> 0")
        self.index_noise, self.futures_noise = index_noise, futures_noise
        self._law = day_law(process, dt, basis_sd=index_noise.sd, basis_kappa=index_noise.kappa)
        dynamics, (x, xi) = process.dynamics(), process.start
        self._regimes = len(dynamics.regimes)
        covariance = np.zeros((FACTORS, FACTORS))
        if dynamics.long_run is not None:
            covariance[:2, :2] = long_run_sd**2 * np.array([[1.0, -1.0], [-1.0, 1.0]])
        covariance[2, 2] = index_noise.sd**2
        self._belief = GaussianSum(
            np.eye(self._regimes)[dynamics.regime],
            np.tile((x, xi, 0.0), (self._regimes, 1)),
            np.tile(covariance, (self._regimes, 1, 1)),
        )
        self._mean_basis = -0.5 * index_noise.sd**2
        self._usual, self._evenings, self._begun = 0.0, 0, False

    @property
    def learns_from_futures(self) -> bool:
        """Whether settlement prices count."""
        return self.futures_noise < math.inf

    @property
    def regime_probabilities(self) -> FloatArray:
        """Probability of each regime, shape (n_regimes,)."""
        return self._belief.weights.copy()

    @property
    def mean(self) -> FloatArray:
        """Expected X, xi and basis (less its mean), shape (3,)."""
        mean: FloatArray = self._as_one().means[0]
        return mean

    @property
    def covariance(self) -> FloatArray:
        """Covariance of X, xi and the basis, shape (3, 3)."""
        covariance: FloatArray = self._as_one().covariances[0]
        return covariance

    def views(self) -> tuple[View, ...]:
        """Return a view for each regime, in their order."""
        return tuple(
            View(float(weight), float(mean[0]), float(mean[1]), regime, float(mean[2]), covariance)
            for regime, (weight, mean, covariance) in enumerate(zip(*self._belief, strict=True))
        )

    def log_adjustment(self, view: View, loadings: FloatArray) -> FloatArray:
        """Return what basis and uncertainty add to the log of an expected price or fixing, shape (n,).

        The expectation of an exponential has half the variance of the exponent on top.

        Parameters
        ----------
        view : View
            One of ``views``.
        loadings : array of float, shape (3, n)
            Share of X, xi and the basis that is left at each time.
        """
        uncertain = np.einsum("in,ij,jn->n", loadings, view.covariance, loadings)
        adjustment: FloatArray = view.basis * loadings[2] + 0.5 * (
            uncertain - (self.index_noise.sd * loadings[2]) ** 2
        )
        return adjustment

    def see_day(self, log_deviation: float | None) -> None:
        """Go to the next day, the first time to day 0, and learn from its fixing.

        Parameters
        ----------
        log_deviation : float or None
            ln(fixing) less the level and the shifts known today; ``None`` where no index could be computed:
            the fixing that is published again says nothing.
        """
        belief, regime = self._belief, np.arange(self._regimes)
        if self._begun:
            belief, regime = after_a_day(belief, self._law), self._law.end
        self._begun = True
        if log_deviation is not None:
            expected = belief.means.sum(axis=1) + self._mean_basis
            loadings = np.ones((len(belief.weights), FACTORS))
            belief = measured(belief, log_deviation - expected, loadings, 0.0)
        self._belief = collapsed(belief, regime, self._regimes)

    def see_evening(self, log_distance: FloatArray, loadings: FloatArray) -> None:
        """Learn from the settlement prices of an evening.

        Parameters
        ----------
        log_distance : array of float, shape (n_regimes,)
            Mean over months of ln(settlement / value) by the curve of each view.
        loadings : array of float, shape (n_regimes, 3)
            Change of that mean log value with each factor.
        """
        if not self.learns_from_futures:
            return
        seen = min(self._evenings, USUAL_EVENINGS)
        mean = float(np.einsum("r,r->", self._belief.weights, log_distance))
        if seen > 0:  # the usual distance is itself a mean of so many evenings
            noise = self.futures_noise**2 * (1.0 + 1.0 / seen)
            self._belief = measured(self._belief, log_distance - self._usual, loadings, noise)
        self._evenings += 1
        self._usual += (mean - self._usual) / min(self._evenings, USUAL_EVENINGS)

    def update_digest(self, digest: Any) -> None:
        """Feed the belief into a hash."""
        for part in self._belief:
            digest.update(part.tobytes())
        digest.update(np.array([self._usual, float(self._evenings)]).tobytes())

    def _as_one(self) -> GaussianSum:
        return collapsed(self._belief, np.zeros(self._regimes, dtype=np.int64), 1)
