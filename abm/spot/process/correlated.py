"""Several spot prices on one path: correlated diffusions, and jumps that may come together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abm.core.arrays import FloatArray
from abm.spot.process.domain import require
from abm.spot.process.mrjd import MeanRevertingJumpDiffusion
from abm.spot.process.paths import SpotPaths, path_times

JumpSizes = Literal["independent", "comonotone"]
"""Sizes of jumps that come together: each drawn for itself, or all at the same quantile of their laws."""

_ROUNDING = 1e-12


@dataclass(frozen=True)
class CorrelatedProcesses:
    """Two or more mean-reverting jump diffusions that move together, each with its own law as before.

    Parameters
    ----------
    processes : tuple of MeanRevertingJumpDiffusion
        Each with its level, jumps and long-run factor. What drives a long-run factor beyond the Brownian
        motion of its own process is independent of everything else.
    correlation : array of float, shape (n, n)
        Of the Brownian motions of the reverting deviations X: symmetric, ones on the diagonal, positive
        semidefinite.
    common_jump_share : float
        Share, in [0, 1], of the jumps of the process that jumps least which come at one moment in all
        processes. The others have as many of these and the rest of their own: no intensity changes.
    common_sizes : {"independent", "comonotone"}
        Sizes of jumps that come together.

    Raises
    ------
    ParameterError
        If an argument is outside its domain. Processes that switch regimes are not taken.

    Notes
    -----
    Exact at every time: over a step of length D the deviations have the covariance
    rho_ij sigma_i sigma_j (1 - e^(-(kappa_i + kappa_j) D)) / (kappa_i + kappa_j), and jumps have decayed
    since the moment they came.
    """

    processes: tuple[MeanRevertingJumpDiffusion, ...]
    correlation: tuple[tuple[float, ...], ...]
    common_jump_share: float = 0.0
    common_sizes: JumpSizes = "independent"

    def __post_init__(self) -> None:
        object.__setattr__(self, "processes", tuple(self.processes))
        count = len(self.processes)
        require(count >= 2, "processes", f"a list of {count}", "two or more")
        for number, process in enumerate(self.processes):
            plain = isinstance(process, MeanRevertingJumpDiffusion)
            allowed = "a MeanRevertingJumpDiffusion (regimes are not simulated jointly)"
            require(plain, f"processes[{number}]", type(process).__name__, allowed)
        matrix = np.asarray(self.correlation, dtype=np.float64)
        square = matrix.shape == (count, count)
        require(square, "correlation", f"an array of shape {matrix.shape}", f"a {count} x {count} matrix")
        inside = bool(np.all(np.abs(matrix) <= 1.0) and np.allclose(np.diagonal(matrix), 1.0, rtol=0.0))
        allowed = "a symmetric positive semidefinite matrix with ones on its diagonal"
        sound = inside and bool(np.allclose(matrix, matrix.T, rtol=0.0))
        sound = sound and float(np.linalg.eigvalsh(matrix).min()) >= -_ROUNDING * count
        require(sound, "correlation", matrix.tolist(), allowed)
        object.__setattr__(self, "correlation", tuple(tuple(map(float, row)) for row in matrix))
        require(
            0.0 <= self.common_jump_share <= 1.0, "common_jump_share", self.common_jump_share, "in [0, 1]"
        )
        sizes = get_args(JumpSizes)
        require(self.common_sizes in sizes, "common_sizes", self.common_sizes, " or ".join(sizes))

    @property
    def common_jump_intensity(self) -> float:
        """Jumps a year that come in all processes at one moment."""
        return self.common_jump_share * min(process.jump_intensity for process in self.processes)

    def simulate(self, times: ArrayLike, n_paths: int, rng: np.random.Generator) -> tuple[SpotPaths, ...]:
        """Simulate all prices on the same paths, exact at every time.

        Parameters
        ----------
        times : array of float, shape (n_times,)
            Years, increasing; the first is the start.
        n_paths : int
            Number of independent paths.
        rng : numpy.random.Generator
            Source of the draws.

        Returns
        -------
        tuple of SpotPaths
            One for each process, arrays of shape (n_paths, n_times).
        """
        years = path_times(times, n_paths, rng)
        count = len(self.processes)
        moves = self._diffused(years, n_paths, rng)
        self._add_jumps(moves[:count], years, n_paths, rng)
        paths = []
        for process, x, xi in zip(self.processes, moves[:count], moves[count:], strict=True):
            start, long_run = process.x0, process.long_run
            x[0], xi[0] = start, 0.0 if long_run is None else long_run.xi0
            for i, dt in enumerate(np.diff(years)):
                kept = math.exp(-process.kappa * dt)
                x[i + 1] += kept * x[i] + process.reversion_level * (1.0 - kept)
                xi[i + 1] += xi[i] + (0.0 if long_run is None else long_run.drift * dt)
            deviation = np.ascontiguousarray((x + xi).T)
            paths.append(SpotPaths(deviation, np.exp(deviation + process.level.log_usd(years))))
        return tuple(paths)

    def covariance(self, tau: float) -> FloatArray:
        """Return the covariances of the log prices a horizon ahead (years), shape (n, n).

        The diagonal is the second cumulant of each process.
        """
        require(0.0 <= tau < math.inf, "tau", tau, "a finite number >= 0")
        count = len(self.processes)
        both = self._step_covariance(tau)
        x, mixed, xi = both[:count, :count], both[:count, count:], both[count:, count:]
        covariance: FloatArray = x + mixed + mixed.T + xi
        for i, one in enumerate(self.processes):
            for j, other in enumerate(self.processes):
                total = one.kappa + other.kappa
                moment = (
                    one.jump_intensity * one.jumps.moment(2)
                    if i == j
                    else self.common_jump_intensity * self._product_moment(one, other)
                )
                covariance[i, j] += moment * -math.expm1(-total * tau) / total
        return covariance

    def log_price_correlation(self, tau: float) -> FloatArray:
        """Return the correlations of the log prices a horizon ahead (years, positive), shape (n, n)."""
        require(tau > 0.0, "tau", tau, "> 0")
        covariance = self.covariance(tau)
        spread = np.sqrt(np.diagonal(covariance))
        correlation: FloatArray = covariance / np.outer(spread, spread)
        return correlation

    def _product_moment(self, one: MeanRevertingJumpDiffusion, other: MeanRevertingJumpDiffusion) -> float:
        """Return E[J_i J_j] of jumps that come together."""
        if self.common_sizes == "independent":
            return one.jumps.moment(1) * other.jumps.moment(1)
        from scipy.integrate import quad  # start-up need not pay for it

        def weighted(z: float) -> float:
            u = np.array(1.0 / (1.0 + math.exp(-z)))
            return float(one.jumps.quantile(u) * other.jumps.quantile(u) * u * (1.0 - u))

        # With u = 1 / (1 + e^-z) the tails of the quantiles become smooth; beyond 36, u rounds to one.
        return float(quad(weighted, -36.0, 36.0, epsabs=1e-12, epsrel=1e-10, limit=500)[0])

    def _step_covariance(self, dt: float) -> FloatArray:
        """Return the covariance of what diffusions add to all X, then all xi, in a step; shape (2n, 2n)."""
        count = len(self.processes)
        rho = np.array(self.correlation)
        kappa = np.array([process.kappa for process in self.processes])
        sigma = np.array([process.sigma for process in self.processes])
        factors = [process.long_run for process in self.processes]
        volatility = np.array([0.0 if factor is None else factor.volatility for factor in factors])
        load = np.array([0.0 if factor is None else factor.correlation for factor in factors])
        covariance = np.zeros((2 * count, 2 * count))
        total = kappa[:, None] + kappa
        covariance[:count, :count] = rho * np.outer(sigma, sigma) * -np.expm1(-total * dt) / total
        moved = sigma * -np.expm1(-kappa * dt) / kappa
        covariance[:count, count:] = rho * np.outer(moved, load * volatility)
        covariance[count:, :count] = covariance[:count, count:].T
        shared = rho * np.outer(load, load)
        np.fill_diagonal(shared, 1.0)
        covariance[count:, count:] = shared * np.outer(volatility, volatility) * dt
        return covariance

    def _diffused(self, years: FloatArray, n_paths: int, rng: np.random.Generator) -> FloatArray:
        """Draw what the diffusions add in each step, shape (2n, n_times, n_paths); nothing at the start."""
        count = 2 * len(self.processes)
        moves = np.zeros((count, years.size, n_paths))
        steps = np.diff(years)
        lengths, which = np.unique(np.round(steps, 14), return_inverse=True)
        for number, dt in enumerate(lengths):
            variances, directions = np.linalg.eigh(self._step_covariance(float(dt)))
            factor = directions * np.sqrt(np.maximum(variances, 0.0))
            for i in np.flatnonzero(which == number):
                moves[:, i + 1] = factor @ rng.standard_normal((count, n_paths))
        return moves

    def _add_jumps(self, x: FloatArray, years: FloatArray, n_paths: int, rng: np.random.Generator) -> None:
        """Add the jumps of each step, decayed since they came, to (n, n_times, n_paths)."""
        together = self.common_jump_intensity
        path, year = _moments(together, years, n_paths, rng)
        quantiles = rng.random((1 if self.common_sizes == "comonotone" else len(self.processes), path.size))
        quantiles = np.clip(quantiles, 1e-300, None)
        for number, (process, moved) in enumerate(zip(self.processes, x, strict=True)):
            sizes = process.jumps.quantile(quantiles[number % len(quantiles)])
            _add(moved, years, path, year, sizes, process.kappa)
            own_path, own_year = _moments(process.jump_intensity - together, years, n_paths, rng)
            _add(moved, years, own_path, own_year, process.jumps.sample(own_path.size, rng), process.kappa)


def _moments(
    intensity: float, years: FloatArray, n_paths: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], FloatArray]:
    """Draw when jumps come: the number of the path and the year of each."""
    length = float(years[-1] - years[0])
    path = np.repeat(np.arange(n_paths), rng.poisson(max(intensity, 0.0) * length, n_paths))
    return path, years[0] + length * rng.random(path.size)


def _add(
    moved: FloatArray,
    years: FloatArray,
    path: NDArray[np.int64],
    year: FloatArray,
    sizes: FloatArray,
    kappa: float,
) -> None:
    """Add jumps to the steps that they came in."""
    step = np.maximum(np.searchsorted(years, year), 1)
    decayed = sizes * np.exp(-kappa * (years[step] - year)) if path.size else sizes
    cell = step * moved.shape[1] + path
    moved += np.bincount(cell, weights=decayed, minlength=moved.size).reshape(moved.shape)
