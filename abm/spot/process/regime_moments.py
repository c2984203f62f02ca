"""Moments of a mean-reverting jump diffusion whose parameters switch with a Markov chain.

Write X for the deviation that starts at zero. Given the regime r now, v_r(tau) = E[exp(a X_tau)] solves
v' = (G + diag L_r(a e^(-kappa s))) v with v(0) = 1, where G holds the switching rates and L_r is the log
exponential moment per year of regime r's own moves. Source: the Feynman-Kac formula for a regime-switching
affine process, as in Janczura and Weron (2010), "An empirical comparison of alternate regime-switching
models for electricity spot prices", for the class of models.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.core.arrays import FloatArray
from abm.spot.process.path_simulation import Dynamics

_RELATIVE_TOLERANCE = 1e-12
_ABSOLUTE_TOLERANCE = 1e-16
_SETTLED = 45.0  # e^-45 is far below rounding


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
    from scipy.linalg import expm  # start-up need not pay for it

    shared = np.array(covariance_rates(dynamics))
    highest_xi = 4 if shared.any() else 0
    orders = [(i, k) for n in range(5) for k in range(min(n, highest_xi) + 1) for i in (n - k,)]
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
    start = np.zeros(flow.shape[0])
    start[dynamics.regime] = 1.0
    times = np.minimum(years, settled_years(dynamics))
    states = expm(flow * times[:, np.newaxis, np.newaxis]) @ start
    raw = np.zeros((5, years.size))
    for i, k in orders:
        # E[X^i xi^k] / (i! k!) is what the system holds; the binomial sum leaves (X + xi)^n / n!.
        raw[i + k] += states[:, place[i, k]].sum(axis=1) * math.factorial(i + k)
    _, m1, m2, m3, m4 = raw
    return np.array(
        [
            m1,
            m2 - m1**2,
            m3 - 3.0 * m2 * m1 + 2.0 * m1**3,
            m4 - 4.0 * m3 * m1 - 3.0 * m2**2 + 12.0 * m2 * m1**2 - 6.0 * m1**4,
        ]
    )


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
