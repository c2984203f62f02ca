"""Log-likelihood of a price series, its parameters, their bounds, and where the search starts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from scipy.special import expit, logit

from abm.core.arrays import FloatArray
from abm.core.errors import CalibrationError
from abm.spot.calibration.jump_filter import FilteredJumps
from abm.spot.calibration.transition import (
    DoubleExponentialJumpStep,
    GaussianJumpStep,
    StepLaw,
    jumps_counted,
)

Model = Literal["gaussian", "double_exponential", "diffusion"]
Bounds = Mapping[str, tuple[float, float]]
Values = dict[str, float]

_DIFFUSION = ("kappa", "sigma", "level", "trend_per_year")
PARAMETERS: dict[str, tuple[str, ...]] = {
    "gaussian": (*_DIFFUSION, "jump_intensity", "jump_mean", "jump_std"),
    "double_exponential": (*_DIFFUSION, "jump_intensity", "p_up", "eta_up", "eta_down"),
    "diffusion": _DIFFUSION,
}
"""Names of the parameters of each model, in the order they are reported."""

UNITS = {
    "kappa": "1/year",
    "sigma": "log price/sqrt(year)",
    "level": "price",
    "trend_per_year": "log price/year",
    "jump_intensity": "1/year",
    "jump_mean": "log price",
    "jump_std": "log price",
    "p_up": "1",
    "eta_up": "1/log price",
    "eta_down": "1/log price",
}

_LOG_SCALE = {"kappa", "sigma", "level", "jump_intensity", "jump_std", "eta_up", "eta_down"}
_LOGIT_SCALE = {"p_up"}
_LARGEST_LOG = 700.0  # of a number that a float can hold

MOST_JUMPS_PER_STEP = 0.5
"""Default upper bound of the expected jumps a step: beyond it jumps are not exceptions but the noise."""


def to_working(name: str, value: float) -> float:
    """Return a parameter on the scale of the search: log of what is positive, logit of a probability."""
    if name in _LOG_SCALE:
        return math.log(value)
    return float(logit(value)) if name in _LOGIT_SCALE else value


def to_natural(name: str, working: float) -> float:
    """Return a parameter in its unit, from the scale of the search."""
    if name in _LOG_SCALE:
        return math.exp(working) if working < _LARGEST_LOG else math.inf
    return float(expit(working)) if name in _LOGIT_SCALE else working


def natural_slope(name: str, value: float) -> float:
    """Return the derivative of the parameter by its working scale, for standard errors."""
    if name in _LOG_SCALE:
        return value
    return value * (1.0 - value) if name in _LOGIT_SCALE else 1.0


class ScaleOfSeries(NamedTuple):
    """Sizes that set default bounds: they keep the search where the series can say something."""

    years: float
    low: float
    """Smallest log price."""
    high: float
    """Largest log price."""
    largest_change: float
    """Largest absolute change of the log price in a step."""
    step_deviation: float
    """Robust standard deviation of a step, from the median absolute change."""


def scale_of(log_prices: FloatArray, dt: float) -> ScaleOfSeries:
    """Return the sizes of a series at equal steps of dt years."""
    changes = np.abs(np.diff(log_prices))
    # Series that stand still more often than not have no median change.
    robust = float(np.median(changes)) / 0.6745 or float(np.sqrt(np.mean(changes**2)))
    return ScaleOfSeries(
        (log_prices.size - 1) * dt,
        float(log_prices.min()),
        float(log_prices.max()),
        float(changes.max()),
        robust,
    )


def default_bounds(scale: ScaleOfSeries, dt: float) -> dict[str, tuple[float, float]]:
    """Return bounds of every parameter, in its unit.

    The lower bound of sigma keeps the likelihood finite: a diffusion without volatility that hits one price
    exactly would have an infinite density there. The mean of an exponential jump is at least a typical step:
    smaller ones, many a day, would merely be another diffusion. ``eta_up`` stays above 1, where forwards are
    infinite.
    """
    spread = scale.high - scale.low
    sigma = scale.step_deviation / math.sqrt(dt)
    largest_mean = 2.0 * scale.largest_change
    steepest = 1.0 / scale.step_deviation
    return {
        "kappa": (0.02 / scale.years, 3.0 / dt),
        "sigma": (0.1 * sigma, 5.0 * sigma + scale.largest_change / math.sqrt(dt)),
        "level": (
            math.exp(max(scale.low - 5.0 * spread, -_LARGEST_LOG)),
            math.exp(min(scale.high + 5.0 * spread, _LARGEST_LOG)),
        ),
        "trend_per_year": (-5.0 * spread / scale.years, 5.0 * spread / scale.years),
        "jump_intensity": (0.05 / scale.years, MOST_JUMPS_PER_STEP / dt),
        "jump_mean": (-largest_mean, largest_mean),
        "jump_std": (0.05 * scale.step_deviation, largest_mean),
        "p_up": (0.01, 0.99),
        "eta_up": (max(1.01, 1.0 / largest_mean), max(steepest, 2.0)),
        "eta_down": (1.0 / largest_mean, steepest),
    }


def checked_bounds(given: Bounds | None, defaults: Bounds, names: tuple[str, ...]) -> Bounds:
    """Return the default bounds with the user's in their place; equal bounds hold a parameter fixed.

    Raises
    ------
    CalibrationError
        If a name is not a parameter of the model, or a pair of bounds is not usable.
    """
    bounds = {name: defaults[name] for name in names}
    for name, (low, high) in (given or {}).items():
        if name not in names:
            raise CalibrationError(
                f"bounds: {name} is not a parameter of the model (allowed: {', '.join(names)})"
            )
        floor = 1.0 if name == "eta_up" else 0.0 if name in _LOG_SCALE | _LOGIT_SCALE else -math.inf
        ceiling = 1.0 if name in _LOGIT_SCALE else math.inf
        if not floor < low <= high < ceiling:
            limits = f"with {floor:g} < low <= high < {ceiling:g}"
            raise CalibrationError(f"bounds: {name}: ({low}, {high}) is not a pair (low, high) {limits}")
        bounds[name] = (low, high)
    return bounds


@dataclass(frozen=True, slots=True, eq=False)
class Likelihood:
    """Log-likelihood of a series of log prices at equal steps under one model.

    Parameters
    ----------
    log_prices : array of float, shape (n,)
        ln S; the likelihood is the density of these, given the first.
    dt : float
        Step in years.
    model : str
        Which law the jumps have.
    max_jumps : int
        Most jumps a step that the mixture of normals counts.
    """

    log_prices: FloatArray
    dt: float
    model: Model
    max_jumps: int

    def step_law(self, values: Values) -> StepLaw:
        """Return the law of an innovation at the given parameters."""
        if self.model == "double_exponential":
            return DoubleExponentialJumpStep(
                values["kappa"],
                values["sigma"],
                values["jump_intensity"],
                values["p_up"],
                values["eta_up"],
                values["eta_down"],
                self.dt,
            )
        return GaussianJumpStep(
            values["kappa"],
            values["sigma"],
            values.get("jump_intensity", 0.0),
            values.get("jump_mean", 0.0),
            values.get("jump_std", 0.0),
            self.dt,
            self.max_jumps,
        )

    def innovations(self, values: Values) -> FloatArray:
        """Return X' - X e^(-kappa dt) of every step, shape (n - 1,)."""
        years = np.arange(self.log_prices.size) * self.dt
        deviation = self.log_prices - math.log(values["level"]) + values["trend_per_year"] * years
        innovations: FloatArray = deviation[1:] - deviation[:-1] * math.exp(-values["kappa"] * self.dt)
        return innovations

    def __call__(self, values: Values) -> float:
        """Return the log-likelihood at the given parameters."""
        return float(self.step_law(values).log_density(self.innovations(values)).sum())


def most_jumps(model: Model, bounds: Bounds, dt: float) -> int:
    """Return how many jumps a step to count so that no allowed intensity is cut short."""
    return 0 if model == "diffusion" else jumps_counted(bounds["jump_intensity"][1] * dt)


def start_values(filtered: FilteredJumps, names: tuple[str, ...], dt: float) -> list[Values]:
    """Return starts: the jumps of the filter, then fewer larger, more smaller, and many symmetric ones."""
    years = filtered.innovations.size * dt
    jumps = filtered.innovations[filtered.is_jump]
    if jumps.size == 0:
        largest = int(np.argmax(np.abs(filtered.innovations)))
        jumps = filtered.innovations[largest : largest + 1]
    size = max(float(np.abs(jumps).mean()), 1e-9)
    up, down = jumps[jumps > 0.0], -jumps[jumps < 0.0]
    kappa = 1.0 / years if math.isnan(filtered.kappa) else filtered.kappa
    base: Values = {
        "kappa": kappa,
        "sigma": filtered.sigma,
        "level": math.exp(filtered.log_level),
        "trend_per_year": filtered.decline_per_year,
        "jump_intensity": jumps.size / years,
        "jump_mean": float(jumps.mean()),
        "jump_std": max(float(jumps.std()), 0.2 * size),
        "p_up": (up.size + 0.5) / (jumps.size + 1.0),
        "eta_up": 1.0 / float(up.mean() if up.size else size),
        "eta_down": 1.0 / float(down.mean() if down.size else size),
    }
    starts = [
        base,
        _with_jumps(base, more=0.4, larger=1.4),
        _with_jumps(base, more=4.0, larger=0.5) | {"sigma": 0.8 * base["sigma"]},
        _with_jumps(base, more=8.0, larger=0.4)
        | {"jump_mean": 0.0, "p_up": 0.5, "sigma": 0.6 * base["sigma"], "kappa": 2.0 * kappa},
    ]
    if "jump_intensity" not in names:
        starts = starts[:1]
    return [{name: start[name] for name in names} for start in starts]


def _with_jumps(base: Values, *, more: float, larger: float) -> Values:
    return base | {
        "jump_intensity": more * base["jump_intensity"],
        "jump_mean": larger * base["jump_mean"],
        "jump_std": larger * base["jump_std"],
        "eta_up": base["eta_up"] / larger,
        "eta_down": base["eta_down"] / larger,
    }
