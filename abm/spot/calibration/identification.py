"""What a fitted price process should not be trusted for, in plain sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator

from abm.spot.calibration.likelihood import Likelihood, Values
from abm.spot.calibration.likelihood_search import Fit
from abm.spot.calibration.result import ResidualDiagnostics

_REJECTED = 0.01
_MANY_JUMPS_PER_YEAR = 50.0
_MANY_JUMPS_PER_STEP = 0.2
_FEW_JUMPS = 5.0
_VAGUE_KAPPA = 0.25
_CHI_SQUARE_1_IN_1000 = 10.83


def sentences(
    fit: Fit, diagnostics: ResidualDiagnostics, likelihood: Likelihood, trend_gain: float
) -> tuple[str, ...]:
    """Return the warnings of a fit.

    Parameters
    ----------
    fit : Fit
        The end of the search.
    diagnostics : ResidualDiagnostics
        Tests of the residuals.
    likelihood : Likelihood
        The series and the model.
    trend_gain : float
        Log-likelihood that a fitted trend would add; NaN if not asked.
    """
    years = (likelihood.log_prices.size - 1) * likelihood.dt
    found = [
        *_about_the_search(fit),
        *_about_kappa(fit, years, likelihood.dt),
        *_about_jumps(fit, diagnostics, years, likelihood.dt),
        *_about_residuals(diagnostics),
    ]
    if 2.0 * trend_gain > _CHI_SQUARE_1_IN_1000:
        found.append(
            f"The level seems to move: a fitted trend would add {trend_gain:.1f} to the log-likelihood. "
            "Without it kappa is too low; fit the trend too."
        )
    return tuple(found)


def _about_the_search(fit: Fit) -> Iterator[str]:
    if not fit.converged:
        yield "The search did not end at a maximum: the estimates are only where it stopped."
    for name in fit.at_bounds:
        low, high = fit.bounds[name]
        value = fit.values[name]
        side = "lower" if abs(value - low) < abs(value - high) else "upper"
        yield (
            f"{name} is at its {side} bound {value:.4g}: the series does not determine it, and the other "
            "standard errors take it as given."
        )
    if fit.vague is not None:
        yield (
            f"{fit.vague} is badly identified: the likelihood is flat along it, so that this fit has no "
            "standard errors."
        )


def _about_kappa(fit: Fit, years: float, dt: float) -> Iterator[str]:
    kappa, relative = fit.values["kappa"], fit.deviations.get("kappa", 0.0)
    in_theory, bias = math.sqrt(2.0 * kappa / years), 4.0 / years
    if relative > _VAGUE_KAPPA or bias > _VAGUE_KAPPA * kappa:
        yield (
            f"kappa is badly identified: {kappa:.3g} a year from {years:.3g} years. In a diffusion, a series "
            f"of that length gives it a standard error of {in_theory:.2g} and an upward bias of {bias:.2g}."
        )
    if kappa * dt > 0.5:
        yield (
            f"Mean reversion is fast against the step: half of a deviation is gone after "
            f"{math.log(2.0) / kappa / dt:.2g} steps, so that a jump and its return fall into the same ones."
        )


def _about_jumps(fit: Fit, diagnostics: ResidualDiagnostics, years: float, dt: float) -> Iterator[str]:
    intensity = fit.values.get("jump_intensity")
    if intensity is None:
        return
    mean, deviation = _jump_moments(fit.values)
    frequent = intensity > _MANY_JUMPS_PER_YEAR or intensity * dt > _MANY_JUMPS_PER_STEP
    if frequent and abs(mean) < deviation:
        clustered = diagnostics.ljung_box_squares_p_value < _REJECTED
        evidence = ", and squared residuals are still autocorrelated" if clustered else ""
        yield (
            f"The jumps absorb heteroskedasticity: {intensity:.3g} a year of mean {mean:+.2g} and standard "
            f"deviation {deviation:.2g} stand for changing volatility rather than for separate events"
            f"{evidence}. Bound jump_intensity to find the rare ones."
        )
    if intensity * years < _FEW_JUMPS:
        yield (
            f"The jump parameters rest on about {intensity * years:.1f} jumps in {years:.3g} years; "
            "the normal approximation behind their intervals is poor."
        )


def _jump_moments(values: Values) -> tuple[float, float]:
    """Return mean and standard deviation of one jump."""
    if "jump_mean" in values:
        return values["jump_mean"], values["jump_std"]
    up, down, p_up = 1.0 / values["eta_up"], 1.0 / values["eta_down"], values["p_up"]
    mean = p_up * up - (1.0 - p_up) * down
    return mean, math.sqrt(2.0 * (p_up * up**2 + (1.0 - p_up) * down**2) - mean**2)


def _about_residuals(diagnostics: ResidualDiagnostics) -> Iterator[str]:
    if diagnostics.ks_p_value < _REJECTED:
        yield (
            f"The changes do not follow the fitted law: Kolmogorov-Smirnov distance "
            f"{diagnostics.ks_statistic:.3f}, p = {diagnostics.ks_p_value:.1g}."
        )
    if diagnostics.ljung_box_p_value < _REJECTED:
        yield (
            f"Residuals are autocorrelated (Ljung-Box p = {diagnostics.ljung_box_p_value:.1g}): a weekly or "
            "yearly pattern, or a second speed of mean reversion, is left in the series."
        )
    if diagnostics.ljung_box_squares_p_value < _REJECTED:
        yield (
            "Volatility clusters (Ljung-Box of squared residuals p = "
            f"{diagnostics.ljung_box_squares_p_value:.1g}): the model's is constant, so that risk is "
            "understated after large moves and overstated in calm."
        )
