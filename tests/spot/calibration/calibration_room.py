"""Series for calibration tests, simulated from known processes."""

from __future__ import annotations

import math

import numpy as np

from abm.spot.process.jumps import DoubleExponentialJumps, GaussianJumps
from abm.spot.process.level import Level
from abm.spot.process.mrjd import MeanRevertingJumpDiffusion

DAY = 1.0 / 252.0
TRUTH = {"kappa": 6.0, "sigma": 0.6, "jump_intensity": 6.0, "jump_mean": 0.25, "jump_std": 0.12}
GAUSSIAN = GaussianJumps(TRUTH["jump_mean"], TRUTH["jump_std"])
KOU = DoubleExponentialJumps(p_up=0.6, eta_up=5.0, eta_down=6.0)


def prices(
    seed: int,
    *,
    law: GaussianJumps | DoubleExponentialJumps = GAUSSIAN,
    intensity: float = TRUTH["jump_intensity"],
    kappa: float = TRUTH["kappa"],
    sigma: float = TRUTH["sigma"],
    level: Level | None = None,
    years: float = 2.0,
    dt: float = DAY,
) -> np.ndarray:
    process = MeanRevertingJumpDiffusion(kappa, sigma, intensity, law, level or Level(1.0))
    times = np.arange(round(years / dt) + 1) * dt
    return process.simulate(times, 1, np.random.default_rng(seed)).price_usd[0]


def clustered_prices(seed: int, n: int = 1000) -> np.ndarray:
    """Prices without any jump whose daily volatility follows a GARCH(1, 1)."""
    rng = np.random.default_rng(seed)
    variance, x = 0.04**2, 0.0
    path = [x]
    for shock in rng.standard_normal(n - 1):
        change = math.sqrt(variance) * shock
        x = 0.97 * x + change
        variance = 0.04**2 * 0.03 + 0.35 * change**2 + 0.62 * variance
        path.append(x)
    return np.exp(np.array(path))
