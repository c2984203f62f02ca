"""What a calibration returns: estimates with their uncertainty, fit statistics and residual diagnostics."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import chdtrc, kolmogorov, ndtri

from abm.core.arrays import FloatArray
from abm.spot.process.jumps import DoubleExponentialJumps, GaussianJumps
from abm.spot.process.level import Level
from abm.spot.process.mrjd import MeanRevertingJumpDiffusion

Z_95 = float(ndtri(0.975))
LAGS = 10
"""Lags of the Ljung-Box tests."""

_FURTHEST_SCORE = 8.0


class ParameterEstimate(NamedTuple):
    """One parameter with its uncertainty; NaN where the series does not tell."""

    name: str
    value: float
    standard_error: float
    low: float
    """Lower end of the 95 % interval."""
    high: float
    """Upper end of the 95 % interval."""
    unit: str
    held: bool
    """True for a parameter that was given and not estimated."""


class TableRow(NamedTuple):
    """A line of the printed table, as text."""

    name: str
    estimate: str
    standard_error: str
    interval: str
    unit: str


@dataclass(frozen=True, slots=True, eq=False)
class ResidualDiagnostics:
    """Do the price changes look as the fitted law says?

    Attributes
    ----------
    pit : array of float, shape (n - 1,)
        Probability integral transform of each step: uniform and independent under the model.
    ks_statistic, ks_p_value : float
        Kolmogorov-Smirnov test that they are uniform. The parameters come from the same series, so the
        p-value is too large: a small one means more than it says.
    ljung_box_p_value : float
        Of no autocorrelation in the normal scores of the PIT over 10 lags.
    ljung_box_squares_p_value : float
        The same for their squares: a small one means that volatility changes through time.
    """

    pit: FloatArray
    ks_statistic: float
    ks_p_value: float
    ljung_box_p_value: float
    ljung_box_squares_p_value: float

    @property
    def normal_scores(self) -> FloatArray:
        """Residuals that are standard normal under the model, shape (n - 1,)."""
        return normal_scores(self.pit)


def normal_scores(pit: FloatArray) -> FloatArray:
    """Return the normal quantiles of probabilities; those of 0 and 1 at 8 standard deviations."""
    scores: FloatArray = np.clip(ndtri(pit), -_FURTHEST_SCORE, _FURTHEST_SCORE)
    return scores


def diagnose(pit: FloatArray) -> ResidualDiagnostics:
    """Return the tests of a probability integral transform, shape (n - 1,).

    Notes
    -----
    Diebold, Gunther and Tay (1998), "Evaluating density forecasts"; the normal scores after Berkowitz (2001),
    "Testing density forecasts"; Ljung and Box (1978), "On a measure of lack of fit in time series models".
    """
    ordered = np.sort(pit)
    ranks = np.arange(pit.size + 1) / pit.size
    distance = float(max((ranks[1:] - ordered).max(), (ordered - ranks[:-1]).max()))
    # Stephens (1970): brings the limit law close enough at any sample size.
    root = math.sqrt(pit.size)
    scores = normal_scores(pit)
    return ResidualDiagnostics(
        pit=pit,
        ks_statistic=distance,
        ks_p_value=float(kolmogorov((root + 0.12 + 0.11 / root) * distance)),
        ljung_box_p_value=ljung_box(scores),
        ljung_box_squares_p_value=ljung_box(scores**2),
    )


def autocorrelations(series: FloatArray, lags: int = LAGS) -> FloatArray:
    """Return the sample autocorrelations at lags 1 to ``lags``; zero for a constant series."""
    centred = series - series.mean()
    total = float(centred @ centred)
    if total == 0.0:
        return np.zeros(lags)
    return np.array([float(centred[k:] @ centred[:-k]) / total for k in range(1, lags + 1)])


def ljung_box(series: FloatArray, lags: int = LAGS) -> float:
    """Return the p-value of no autocorrelation over lags 1 to ``lags``."""
    n = series.size
    rho = autocorrelations(series, lags)
    statistic = n * (n + 2.0) * float(np.sum(rho**2 / (n - np.arange(1, lags + 1))))
    return float(chdtrc(lags, statistic))


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationResult:
    """A fitted mean-reverting jump diffusion.

    Attributes
    ----------
    model : str
        ``gaussian``, ``double_exponential`` or ``diffusion``.
    dt : float
        Step of the series in years.
    n_prices : int
        Points of the series.
    estimates : mapping of str to ParameterEstimate
        By name: ``kappa``, ``sigma``, ``level`` (at the first price, in its unit), ``trend_per_year`` (fall
        of the log level), ``jump_intensity`` and the parameters of the jump law. As in the process, jumps are
        not compensated: with jumps that are up on average the price lives above its level.
    log_likelihood : float
        Of the log prices given the first.
    aic, bic : float
        Information criteria; of two models of one series the smaller is better.
    converged : bool
        Whether the search ended at a maximum.
    diagnostics : ResidualDiagnostics
        Tests of the price changes against the fitted law.
    jump_probability : array of float, shape (n - 1,)
        Probability that each step held a jump, given the fit.
    warnings : tuple of str
        What the estimates should not be trusted for, in plain sentences.
    """

    model: str
    dt: float
    n_prices: int
    estimates: Mapping[str, ParameterEstimate]
    log_likelihood: float
    aic: float
    bic: float
    converged: bool
    diagnostics: ResidualDiagnostics
    jump_probability: FloatArray
    warnings: tuple[str, ...]

    @property
    def years(self) -> float:
        """Length of the series in years."""
        return (self.n_prices - 1) * self.dt

    def value(self, name: str) -> float:
        """Return the estimate of a parameter; the jump intensity of a diffusion is zero."""
        if name == "jump_intensity" and name not in self.estimates:
            return 0.0
        return self.estimates[name].value

    def level(self) -> Level:
        """Return the fitted level, whose time 0 is the first price."""
        return Level(self.value("level"), self.value("trend_per_year"))

    def jumps(self) -> GaussianJumps | DoubleExponentialJumps:
        """Return the fitted jump law; that of a diffusion has no size.

        Warns
        -----
        HeavyTailWarning
            If up jumps are so large that the price has no finite kurtosis.
        """
        if self.model == "double_exponential":
            return DoubleExponentialJumps(self.value("p_up"), self.value("eta_up"), self.value("eta_down"))
        if self.model == "gaussian":
            return GaussianJumps(self.value("jump_mean"), self.value("jump_std"))
        return GaussianJumps(0.0, 0.0)

    def process(self, level: Level | None = None) -> MeanRevertingJumpDiffusion:
        """Return the fitted process around a level; around the fitted one by default."""
        return MeanRevertingJumpDiffusion(
            kappa=self.value("kappa"),
            sigma=self.value("sigma"),
            jump_intensity=self.value("jump_intensity"),
            jumps=self.jumps(),
            level=self.level() if level is None else level,
        )

    def table(self) -> tuple[TableRow, ...]:
        """Return the estimates as rows of text: name, estimate, standard error, 95 % interval, unit."""
        return tuple(_row(estimate) for estimate in self.estimates.values())


def _row(estimate: ParameterEstimate) -> TableRow:
    if estimate.held:
        return TableRow(estimate.name, f"{estimate.value:.4g}", "held", "", estimate.unit)
    if math.isnan(estimate.standard_error):
        return TableRow(estimate.name, f"{estimate.value:.4g}", "n/a", "n/a", estimate.unit)
    interval = f"{estimate.low:.3g} to {estimate.high:.3g}"
    return TableRow(
        estimate.name, f"{estimate.value:.4g}", f"{estimate.standard_error:.2g}", interval, estimate.unit
    )
