"""Draws regimes and jumps of spot paths in bulk, and hands them to the compiled walk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.core.arrays import FloatArray
from abm.spot.process.jumps import JumpLaw
from abm.spot.process.long_run import LongRunFactor
from abm.spot.process.path_arrays import (
    DEVIATION,
    LOADING,
    OWN_DEVIATION,
    SHIFT,
    Factors,
    JumpEvents,
    PathArrays,
    RegimePieces,
    StepTables,
    new_workspace,
)

_NOTHING = np.empty((0, 0))
_NO_REGIMES = np.empty((0, 0), dtype=np.int8)
_NO_LONG_RUN = LongRunFactor(0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Regime:
    """What the log deviation X does while one regime lasts.

    Parameters
    ----------
    sigma : float
        Volatility of the diffusion per square-root year, not negative.
    jump_intensity : float
        Mean number of jumps a year, not negative.
    jumps : JumpLaw
        Law of the jump sizes of the log price.
    reversion_level : float
        Value that X reverts to: the log of the regime's level over the common level g(t).
    """

    sigma: float
    jump_intensity: float
    jumps: JumpLaw
    reversion_level: float = 0.0


@dataclass(frozen=True, slots=True)
class Dynamics:
    """All that drives the paths of a spot process, whichever its class."""

    kappa: float
    regimes: tuple[Regime, ...]
    generator: FloatArray
    """Switching rates per year, shape (n_regimes, n_regimes), rows summing to zero."""
    regime: int
    """Regime at the start."""
    long_run: LongRunFactor | None

    def paths(
        self,
        years: FloatArray,
        start: tuple[float, float],
        rng: np.random.Generator,
        *,
        x: FloatArray,
        xi: FloatArray | None = None,
        regime: NDArray[np.int8] | None = None,
        price: FloatArray | None = None,
        log_level: FloatArray | None = None,
    ) -> None:
        """Fill arrays of shape (n_paths, n_times) with X and, where given, xi, the regime and the price.

        Regimes, jumps and the long-run factor draw from streams of their own, seeded by the first draws of
        ``rng``: the diffusion of X depends on none of them.

        Parameters
        ----------
        years : array of float, shape (n_times,)
            Increasing.
        start : (float, float)
            X and xi at ``years[0]``.
        rng : numpy.random.Generator
            Draws the diffusion of X.
        x, xi, regime, price : array, shape (n_paths, n_times)
            Filled; C-ordered. With ``price``, ``x`` gets X + xi.
        log_level : array of float, shape (n_times,)
            g(t), zero by default; needed for ``price`` only.
        """
        seeds = rng.integers(0, 2**63, 3)
        switching, jumping, long_run = (np.random.default_rng(int(seed)) for seed in seeds)
        x[:, 0] = start[0]
        if xi is not None:
            xi[:, 0] = start[1]
        needs_room_for_xi = xi is None and price is not None and self.long_run is not None
        pieces = self._pieces(float(years[0]), float(years[-1]), x.shape[0], switching)
        from abm.spot.process import path_kernel  # whoever asks for moments only compiles nothing

        path_kernel.fill_paths(
            rng,
            long_run,
            self._factors(),
            self._steps(years),
            pieces,
            self._jumps(pieces, jumping),
            np.zeros(years.size) if log_level is None else log_level,
            PathArrays(
                x,
                _NOTHING if xi is None else xi,
                _NO_REGIMES if regime is None else regime,
                _NOTHING if price is None else price,
            ),
            new_workspace(years.size - 1, start[1] if needs_room_for_xi else None),
        )

    def _factors(self) -> Factors:
        xi = self.long_run or _NO_LONG_RUN
        return Factors(
            kappa=float(self.kappa),
            sigma=np.array([regime.sigma for regime in self.regimes], dtype=np.float64),
            target=np.array([regime.reversion_level for regime in self.regimes], dtype=np.float64),
            xi_volatility=float(xi.volatility),
            correlation=float(xi.correlation),
        )

    def _steps(self, years: FloatArray) -> StepTables:
        factors, lengths = self._factors(), np.diff(years)
        sigma = factors.sigma[:, np.newaxis]
        moved = -np.expm1(-self.kappa * lengths)
        deviation = sigma * np.sqrt(-np.expm1(-2.0 * self.kappa * lengths) / (2.0 * self.kappa))
        covariance = factors.correlation * factors.xi_volatility * sigma * moved / self.kappa
        loading = np.divide(covariance, deviation, out=np.zeros(deviation.shape), where=deviation > 0.0)
        response = np.empty((len(self.regimes), 4, lengths.size))
        response[:, SHIFT] = factors.target[:, np.newaxis] * moved
        response[:, DEVIATION] = deviation
        response[:, LOADING] = loading
        own_variance = np.maximum(factors.xi_volatility**2 * lengths - loading**2, 0.0)
        response[:, OWN_DEVIATION] = np.sqrt(own_variance)
        xi_drift = (self.long_run or _NO_LONG_RUN).drift * lengths
        return StepTables(np.ascontiguousarray(years), np.exp(-self.kappa * lengths), xi_drift, response)

    def _pieces(self, start: float, end: float, n_paths: int, rng: np.random.Generator) -> RegimePieces:
        """Draw when each path switches, by exponential holding times; all paths alive switch together."""
        leaving = -np.diag(self.generator)
        chances = np.where(np.eye(len(self.regimes), dtype=np.bool_), 0.0, self.generator)
        bounds = np.cumsum(chances, axis=1)
        paths, left = np.arange(n_paths), np.full(n_paths, start)
        regime = np.full(n_paths, self.regime)
        found: list[tuple[NDArray[np.int64], FloatArray, FloatArray, NDArray[np.int64]]] = []
        while paths.size:
            rate = leaving[regime]
            stay = np.full(paths.size, np.inf)
            with np.errstate(over="ignore"):  # who leaves once in longer than a float can hold never does
                np.divide(rng.standard_exponential(paths.size), rate, out=stay, where=rate > 0.0)
            right = left + stay
            found.append((paths, left, np.minimum(right, end), regime))
            alive = right < end
            paths, left, regime = paths[alive], right[alive], regime[alive]
            mark = rng.random(paths.size) * bounds[regime, -1]
            regime = (mark[:, np.newaxis] >= bounds[regime, :-1]).sum(axis=1)
        owner, starts, ends, regimes = (np.concatenate(column) for column in zip(*found, strict=True))
        order = np.argsort(owner, kind="stable")
        first = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=n_paths))])
        return RegimePieces(first, starts[order], ends[order], regimes[order])

    def _jumps(self, pieces: RegimePieces, rng: np.random.Generator) -> JumpEvents:
        """Draw the jumps of every piece: a Poisson number at uniform times, sized by the regime's law."""
        intensity = np.array([regime.jump_intensity for regime in self.regimes])
        length = pieces.end_year - pieces.start_year
        counts = rng.poisson(intensity[pieces.regime] * length)
        before = np.concatenate([[0], np.cumsum(counts)])
        total = int(before[-1])
        piece = np.repeat(np.arange(counts.size), counts)
        year = pieces.start_year[piece] + length[piece] * rng.random(total)
        if len(self.regimes) == 1:
            return JumpEvents(before[pieces.first], year, self.regimes[0].jumps.sample(total, rng))
        regime_of_jump = pieces.regime[piece]
        size = np.empty(total)
        for number, regime in enumerate(self.regimes):
            here = regime_of_jump == number
            size[here] = regime.jumps.sample(int(here.sum()), rng)
        return JumpEvents(before[pieces.first], year, size)
