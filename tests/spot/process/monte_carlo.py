"""Comparison of samples with closed forms, and paths made one event at a time."""

import math

import numpy as np


def assert_within_four_standard_errors(draws, expected):
    standard_error = draws.std(axis=0, ddof=1) / math.sqrt(len(draws))
    assert np.all(np.abs(draws.mean(axis=0) - expected) < 4.0 * standard_error)


def batch_cumulants(draws, batches=200):
    """Return unbiased estimates (k-statistics) of the first four cumulants, one row a batch."""
    parts = draws.reshape(batches, -1)
    n = parts.shape[1]
    centred = parts - parts.mean(axis=1, keepdims=True)
    m2, m3, m4 = ((centred**k).mean(axis=1) for k in (2, 3, 4))
    k3 = n**2 * m3 / ((n - 1) * (n - 2))
    k4 = n**2 * ((n + 1) * m4 - 3 * (n - 1) * m2**2) / ((n - 1) * (n - 2) * (n - 3))
    return np.column_stack([parts.mean(axis=1), n * m2 / (n - 1), k3, k4])


def end_states(spot, regimes, generator, start_regime, tau, draws, rng):
    """Return draws of (X, xi, regime, sum of jump sizes) after tau years, shape (draws, 4).

    The plain way: from event to event (switch or jump) with a pair of correlated normals in between.
    """
    xi_law = spot.long_run
    drift, volatility, rho = (xi_law.drift, xi_law.volatility, xi_law.correlation) if xi_law else (0.0,) * 3
    states = np.empty((draws, 4))
    for row in states:
        t, x, xi, r, jumped = 0.0, spot.x0, xi_law.xi0 if xi_law else 0.0, start_regime, 0.0
        while t < tau:
            law, leaving = regimes[r], -generator[r][r]
            total = leaving + law.jump_intensity
            wait = min(rng.exponential(1.0 / total) if total > 0.0 else math.inf, tau - t)
            e = math.exp(-spot.kappa * wait)
            var_x = law.sigma**2 * (1.0 - e * e) / (2.0 * spot.kappa)
            covariance = rho * law.sigma * volatility * (1.0 - e) / spot.kappa
            z = rng.standard_normal(2)
            load = covariance / math.sqrt(var_x) if var_x > 0.0 else 0.0
            x = law.reversion_level + (x - law.reversion_level) * e + math.sqrt(var_x) * z[0]
            xi += drift * wait + load * z[0] + math.sqrt(max(volatility**2 * wait - load**2, 0.0)) * z[1]
            t += wait
            if t >= tau:
                break
            if rng.random() * total < leaving:
                rates = np.where(np.arange(len(regimes)) == r, 0.0, generator[r])
                r = int(rng.choice(len(regimes), p=rates / rates.sum()))
            else:
                jump = float(law.jumps.sample(1, rng)[0])
                x, jumped = x + jump, jumped + jump
        row[:] = x, xi, r, jumped
    return states
