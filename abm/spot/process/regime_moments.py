"""Moments of a mean-reverting jump diffusion whose parameters switch with a Markov chain.

Write X for the deviation that starts at zero. Given the regime r now, v_r(tau) = E[exp(a X_tau)] solves
v' = (G + diag L_r(a e^(-kappa s))) v with v(0) = 1, where G holds the switching rates and L_r is the log
exponential moment per year of regime r's own moves. Source: the Feynman-Kac formula for a regime-switching
affine process, as in Janczura and Weron (2010), "An empirical comparison of alternate regime-switching
models for electricity spot prices", for the class of models.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.core.arrays import FloatArray
from abm.spot.process.path_simulation import Dynamics

_RELATIVE_TOLERANCE = 1e-12
_ABSOLUTE_TOLERANCE = 1e-16
_SETTLED = 45.0  # e^-45 is far below rounding
_ROUNDING = 1e-13  # a branch of a step that is less likely is what the difference of two sums leaves


def log_rate(dynamics: Dynamics, z: NDArray[Any], a: NDArray[Any]) -> NDArray[Any]:
    """Return what each regime adds per year to the log exponential moment, shape (n_regimes, n).

    Parameters
    ----------
    dynamics : Dynamics
        The process.
    z, a : array of float or complex, shape (n,)
        Exponents of X, that is a e^(-kappa s), and of xi.
    """
    rows = [
        z * (0.5 * regime.sigma**2 * z + dynamics.kappa * regime.reversion_level + shared * a)
        + (regime.jump_intensity * regime.jumps.mean_relative_jump(z) if regime.jump_intensity > 0.0 else 0.0)
        for regime, shared in zip(dynamics.regimes, covariance_rates(dynamics), strict=True)
    ]
    return np.array(rows)


def covariance_rates(dynamics: Dynamics) -> list[float]:
    """Return the covariance of dX and d xi per year in each regime."""
    xi = dynamics.long_run
    rate = 0.0 if xi is None else xi.correlation * xi.volatility
    return [rate * regime.sigma for regime in dynamics.regimes]


def moments_less_one(dynamics: Dynamics, a: NDArray[Any], years: FloatArray) -> NDArray[Any]:
    """Return v - 1 for every regime now, by an explicit Runge-Kutta method of order eight.

    Of xi only its covariance with X is counted; its own drift and variance are the same in every regime.

    Parameters
    ----------
    dynamics : Dynamics
        The process.
    a : array of float or complex, shape (n,)
        Exponents; the moment must exist.
    years : array of float, shape (m,), m > 0
        Horizons, none negative; infinity is allowed.

    Returns
    -------
    array of float or complex, shape (m, n_regimes, n)
        Relative error of v near 1e-12.
    """
    from scipy.integrate import solve_ivp  # start-up need not pay for it

    shape = (len(dynamics.regimes), a.size)

    def change(s: float, flat: NDArray[Any]) -> NDArray[Any]:
        gained = flat.reshape(shape)
        rate = log_rate(dynamics, a * math.exp(-dynamics.kappa * s), a)
        moved: NDArray[Any] = dynamics.generator @ gained + rate * (1.0 + gained)
        return moved.ravel()

    times, when = np.unique(np.minimum(years, settled_years(dynamics)), return_inverse=True)
    if times[-1] == 0.0:
        return np.zeros((years.size, *shape), dtype=a.dtype)
    solution = solve_ivp(
        change,
        (0.0, times[-1]),
        np.zeros(shape[0] * shape[1], dtype=a.dtype),
        method="DOP853",
        t_eval=times,
        rtol=_RELATIVE_TOLERANCE,
        atol=_ABSOLUTE_TOLERANCE,
    )
    assert solution.success, solution.message
    table: NDArray[Any] = solution.y.T.reshape(times.size, *shape)[when]
    return table


def cumulants_from_zero(dynamics: Dynamics, years: FloatArray) -> FloatArray:
    """Return the first four cumulants of X + xi from X = xi = 0, without xi's own drift and variance.

    They are exact. The moments E[X^i xi^k; regime] up to total order four solve a linear system of
    differential equations with constant coefficients, because the process is polynomial: one matrix
    exponential a horizon.

    Parameters
    ----------
    dynamics : Dynamics
        The process.
    years : array of float, shape (m,)
        Horizons, none negative; infinity is allowed.

    Returns
    -------
    array of float, shape (4, m)
        Mean, variance, third and fourth cumulant.
    """
    highest_xi = 4 if any(covariance_rates(dynamics)) else 0
    orders = [(i, k) for n in range(5) for k in range(min(n, highest_xi) + 1) for i in (n - k,)]
    times = np.minimum(years, settled_years(dynamics))
    states = _raw_moments(dynamics, orders, times)[:, :, dynamics.regime]
    raw = np.zeros((5, years.size))
    for number, (i, k) in enumerate(orders):
        # E[X^i xi^k] / (i! k!) is what the system holds; the binomial sum leaves (X + xi)^n / n!.
        raw[i + k] += states[:, number].sum(axis=1) * math.factorial(i + k)
    _, m1, m2, m3, m4 = raw
    return np.array(
        [
            m1,
            m2 - m1**2,
            m3 - 3.0 * m2 * m1 + 2.0 * m1**3,
            m4 - 4.0 * m3 * m1 - 3.0 * m2**2 + 12.0 * m2 * m1**2 - 6.0 * m1**4,
        ]
    )


def _raw_moments(dynamics: Dynamics, orders: list[tuple[int, int]], years: FloatArray) -> FloatArray:
    """Return E[X^i xi^k; regime then] / (i! k!) from X = xi = 0, without xi's own drift and variance.

    A row of the generator that sums to less than zero ends the path at that rate: it then counts no more.

    Parameters
    ----------
    dynamics : Dynamics
        The process.
    orders : list of (int, int)
        The pairs (i, k), each after those of lower total order.
    years : array of float, shape (m,)
        Finite horizons.

    Returns
    -------
    array of float, shape (m, n_orders, n_regimes now, n_regimes then)
    """
    from scipy.linalg import expm  # start-up need not pay for it

    shared = np.array(covariance_rates(dynamics))
    regimes = len(dynamics.regimes)
    place = {order: slice(j * regimes, (j + 1) * regimes) for j, order in enumerate(orders)}
    flow = np.zeros((len(orders) * regimes,) * 2)
    jump_moments = _rate_coefficients(dynamics)
    for i, k in orders:
        here = place[i, k]
        flow[here, here] = dynamics.generator.T - i * dynamics.kappa * np.eye(regimes)
        for n in range(1, i + 1):
            flow[here, place[i - n, k]] = np.diag(jump_moments[n - 1])
        if i > 0 and k > 0:
            flow[here, place[i - 1, k - 1]] = np.diag(shared)
    start = np.zeros((flow.shape[0], regimes))
    start[:regimes] = np.eye(regimes)
    moments = expm(flow * years[:, np.newaxis, np.newaxis]) @ start
    raw: FloatArray = moments.reshape(years.size, len(orders), regimes, regimes).swapaxes(2, 3)
    return raw


class Branches(NamedTuple):
    """First two moments of what a step adds to (X, xi) from X = xi = 0, by what happens in it.

    Attributes
    ----------
    probability : array of float, shape (n_regimes now, n_regimes then, 2)
        Of each regime at the end, without a jump and with at least one; from each regime now they sum to 1.
    mean : array of float, shape (n_regimes, n_regimes, 2, 2)
        Of X and xi, given that; zero where the probability is.
    covariance : array of float, shape (n_regimes, n_regimes, 2, 2, 2)
        Of X and xi, given that.
    """

    probability: FloatArray
    mean: FloatArray
    covariance: FloatArray


def branches(dynamics: Dynamics, dt: float) -> Branches:
    """Return the exact moments of a step of dt years by regime at its start and end, and by jumps or none.

    Paths without a jump are those of the same process whose diffusion stops at the rate of its jumps; what
    the process has beyond them are the paths with one or more. X' is X e^(-kappa dt) and what is added here.
    """
    orders = [(0, 0), (1, 0), (0, 1), (2, 0), (1, 1)]
    rates = np.array([regime.jump_intensity for regime in dynamics.regimes])
    quiet = replace(
        dynamics,
        regimes=tuple(replace(regime, jump_intensity=0.0) for regime in dynamics.regimes),
        generator=dynamics.generator - np.diag(rates),
    )
    step = np.array([dt])
    all_paths, without = (_raw_moments(law, orders, step)[0] for law in (dynamics, quiet))
    raw = np.moveaxis(np.stack([without, all_paths - without], axis=-1), 0, -1)
    probability = np.where(raw[..., 0] > _ROUNDING, raw[..., 0], 0.0)
    given = raw / np.where(probability > 0.0, probability, np.inf)[..., np.newaxis]
    mean, covariance = np.zeros((*probability.shape, 2)), np.zeros((*probability.shape, 2, 2))
    mean[..., 0] = given[..., 1]
    covariance[..., 0, 0] = np.maximum(2.0 * given[..., 3] - given[..., 1] ** 2, 0.0)
    covariance[..., 0, 1] = covariance[..., 1, 0] = given[..., 4]
    if dynamics.long_run is not None:
        mean[..., 1] = dynamics.long_run.mean_change(dt)
        covariance[..., 1, 1] = dynamics.long_run.variance(dt)
    return Branches(probability / probability.sum(axis=(1, 2), keepdims=True), mean, covariance)


def settled_years(dynamics: Dynamics) -> float:
    """Return a horizon after which neither today's deviation nor today's regime matters any more."""
    decays = np.abs(np.linalg.eigvals(dynamics.generator).real)
    switching = decays[decays > 1e-9 * (1.0 + decays.max())]
    return _SETTLED / float(min([dynamics.kappa, *switching]))


def _rate_coefficients(dynamics: Dynamics) -> list[FloatArray]:
    """Return the coefficients of z, z^2, z^3 and z^4 in the log rate, each of shape (n_regimes,)."""
    coefficients = np.array(
        [
            [regime.jump_intensity * regime.jumps.moment(n) / math.factorial(n) for n in range(1, 5)]
            for regime in dynamics.regimes
        ]
    )
    coefficients[:, 0] += [dynamics.kappa * regime.reversion_level for regime in dynamics.regimes]
    coefficients[:, 1] += [0.5 * regime.sigma**2 for regime in dynamics.regimes]
    return list(coefficients.T)
