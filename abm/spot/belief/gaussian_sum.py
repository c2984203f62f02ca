"""A sum of Gaussians over (X, xi, basis): how a day, a measurement and a collapse change it.

The state is linear given what happens in a day (which regime it ends in, a jump or none), so that each branch
is a Kalman filter of its own; branches that end in one regime are collapsed to one Gaussian with their mean
and covariance. Sources: Harrison and Stevens (1976), "Bayesian forecasting", for the sum of Gaussians; Kim
(1994), "Dynamic linear models with Markov-switching", for the collapse; Schwartz and Smith (2000),
"Short-term variations and long-term dynamics in commodity prices", for the two factors in a Kalman filter.

Sums are written as products and ``einsum``: they come out the same with every linear algebra library.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from abm.core.arrays import FloatArray, IntArray
from abm.spot.process.process import SpotProcess
from abm.spot.process.regime_moments import branches

FACTORS = 3
"""X, xi, and the basis: the log of the index over the spot price."""

_ROUNDING = 1e-12
"""Variance that a fixing has of its rounding to a millionth of a USD, at prices near one USD."""


class GaussianSum(NamedTuple):
    """A belief: Gaussians and their weights.

    Attributes
    ----------
    weights : array of float, shape (components,)
        Sum to 1.
    means : array of float, shape (components, 3)
        Of X, xi and the basis.
    covariances : array of float, shape (components, 3, 3)
    """

    weights: FloatArray
    means: FloatArray
    covariances: FloatArray


@dataclass(frozen=True, eq=False)
class DayLaw:
    """What may happen to (X, xi, basis) in a day, a row a branch that can happen.

    Attributes
    ----------
    kept : array of float, shape (3,)
        Share of each factor that is left after a day.
    start, end : array of int64, shape (branches,)
        Regime at the start and at the end of the day.
    probability : array of float, shape (branches,)
        Given the regime at the start.
    mean : array of float, shape (branches, 3)
    covariance : array of float, shape (branches, 3, 3)
        Of what is added.
    """

    kept: FloatArray
    start: IntArray
    end: IntArray
    probability: FloatArray
    mean: FloatArray
    covariance: FloatArray


def day_law(process: SpotProcess, dt: float, *, basis_sd: float, basis_kappa: float) -> DayLaw:
    """Return the law of a day from the exact moments of the process: nothing is stepped by Euler.

    Parameters
    ----------
    process : SpotProcess
        Under the measure of what happens.
    dt : float
        A day in years.
    basis_sd, basis_kappa : float
        Stationary standard deviation of the basis, an Ornstein-Uhlenbeck process, and its speed per year.
    """
    found = branches(process.dynamics(), dt)
    start, end, _ = possible = np.nonzero(found.probability > 0.0)
    count = len(start)
    mean, covariance = np.zeros((count, FACTORS)), np.zeros((count, FACTORS, FACTORS))
    mean[:, :2], covariance[:, :2, :2] = found.mean[possible], found.covariance[possible]
    covariance[:, 2, 2] = basis_sd**2 * -math.expm1(-2.0 * basis_kappa * dt)
    kept = np.array([math.exp(-process.kappa * dt), 1.0, math.exp(-basis_kappa * dt)])
    return DayLaw(
        kept, start.astype(np.int64), end.astype(np.int64), found.probability[possible], mean, covariance
    )


def after_a_day(belief: GaussianSum, law: DayLaw) -> GaussianSum:
    """Return the belief a day later, one component a branch."""
    return GaussianSum(
        belief.weights[law.start] * law.probability,
        belief.means[law.start] * law.kept + law.mean,
        belief.covariances[law.start] * np.outer(law.kept, law.kept) + law.covariance,
    )


def measured(
    belief: GaussianSum, surprise: FloatArray, loadings: FloatArray, noise_variance: float
) -> GaussianSum:
    """Return the belief after a number was seen that is linear in the state, with noise (Kalman 1960).

    Parameters
    ----------
    belief : GaussianSum
        Before.
    surprise : array of float, shape (components,)
        What was seen less what each component expected.
    loadings : array of float, shape (components, 3)
        Change of the number with each factor.
    noise_variance : float
        Of the number given the state. A surprise that no component holds possible is a deviation X.
    """
    shared = np.einsum("cij,cj->ci", belief.covariances, loadings)
    variance = np.einsum("ci,ci->c", loadings, shared) + noise_variance
    blind = variance <= _ROUNDING
    gain = shared / np.where(blind, 1.0, variance)[:, np.newaxis]
    gain[blind] = (1.0, 0.0, 0.0)
    moved = belief.means + gain * surprise[:, np.newaxis]
    left = belief.covariances - np.where(blind, 0.0, 1.0)[:, np.newaxis, np.newaxis] * (
        gain[:, :, np.newaxis] * shared[:, np.newaxis, :]
    )
    seen = np.maximum(variance, _ROUNDING)
    with np.errstate(divide="ignore"):
        log_weight = np.log(belief.weights) - 0.5 * (surprise**2 / seen + np.log(seen))
    weights = np.exp(log_weight - log_weight.max())
    return GaussianSum(weights / weights.sum(), moved, left)


def collapsed(belief: GaussianSum, group: IntArray, groups: int) -> GaussianSum:
    """Return one Gaussian a group with the mean and covariance of its components.

    Parameters
    ----------
    belief : GaussianSum
        Many components.
    group : array of int64, shape (components,)
        Group of each.
    groups : int
        Number of groups. One without weight is like all together.
    """
    means, covariances = np.empty((groups, FACTORS)), np.empty((groups, FACTORS, FACTORS))
    weights = np.zeros(groups)
    for number in range(groups):
        own = np.where(group == number, belief.weights, 0.0)
        weights[number] = own.sum()
        share = own / weights[number] if weights[number] > 0.0 else belief.weights
        means[number] = np.einsum("c,ci->i", share, belief.means)
        apart = belief.means - means[number]
        covariances[number] = np.einsum("c,cij->ij", share, belief.covariances) + np.einsum(
            "c,ci,cj->ij", share, apart, apart
        )
    return GaussianSum(weights / weights.sum(), means, 0.5 * (covariances + covariances.swapaxes(1, 2)))
