"""Compiled generation of spot paths: exact at every time, through any regimes and with any jump law.

What is cheap to draw in bulk (when regimes change, when jumps come and how large they are) is drawn before
by NumPy and handed in as lists; the kernel draws the normals, which are the bulk of the work, and walks.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.core.kernel import kernel

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

SHIFT, DEVIATION, LOADING, OWN_DEVIATION = range(4)
"""Last axis of ``StepTables.response``, for a step spent wholly in one regime: what reversion to the regime's
level adds to X; the deviation of X's normal; what that same normal adds to xi; and xi's own deviation."""


class Factors(NamedTuple):
    """Parameters of the diffusions."""

    kappa: float
    sigma: FloatArray
    """Volatility of X in each regime, shape (n_regimes,)."""
    target: FloatArray
    """Level that X reverts to in each regime, shape (n_regimes,)."""
    xi_drift: float
    xi_volatility: float
    correlation: float


class StepTables(NamedTuple):
    """The time steps, worked out once for all paths."""

    year: FloatArray
    """Times, shape (n_steps + 1,)."""
    decay: FloatArray
    """What is left of X after each step, shape (n_steps,)."""
    response: FloatArray
    """Shape (n_regimes, n_steps, 4)."""


class RegimePieces(NamedTuple):
    """Stays in a regime, path by path; the pieces of path p are rows first[p] to first[p + 1]."""

    first: IntArray
    """Shape (n_paths + 1,)."""
    start_year: FloatArray
    end_year: FloatArray
    regime: IntArray


class JumpEvents(NamedTuple):
    """Jumps, path by path; those of path p are rows first[p] to first[p + 1]."""

    first: IntArray
    """Shape (n_paths + 1,)."""
    year: FloatArray
    size: FloatArray


class PathArrays(NamedTuple):
    """What is filled, each of shape (n_paths, n_steps + 1), or (0, 0) if it is not wanted.

    Column 0 of ``x`` and ``xi`` holds the start.
    """

    x: FloatArray
    xi: FloatArray
    regime: NDArray[np.int8]
    log_price: FloatArray


@kernel(inline=True, allocates=False)
def _step_of(years: FloatArray, year: float) -> int:
    """Return the number of the time that ends the step in which a year falls."""
    before, after = 0, years.size - 1
    while after - before > 1:
        middle = (before + after) >> 1
        if years[middle] < year:
            before = middle
        else:
            after = middle
    return after


@kernel(inline=True, allocates=False)
def _mixed_step(
    factors: Factors, pieces: RegimePieces, piece: int, start: float, end: float
) -> tuple[int, float, float, float]:
    """Return the piece at the end of a step with switches, and what X gets: shift, variance, cov. with xi."""
    shift, variance, covariance = 0.0, 0.0, 0.0
    left = start
    while True:
        regime = pieces.regime[piece]
        right = min(pieces.end_year[piece], end)
        kept = math.exp(-factors.kappa * (end - right))
        moved = kept * -math.expm1(-factors.kappa * (right - left))
        squared = kept * kept * -math.expm1(-2.0 * factors.kappa * (right - left))
        sigma = factors.sigma[regime]
        shift += factors.target[regime] * moved
        variance += sigma * sigma * squared / (2.0 * factors.kappa)
        covariance += factors.correlation * factors.xi_volatility * sigma * moved / factors.kappa
        if pieces.end_year[piece] >= end:
            return piece, shift, variance, covariance
        left = right
        piece += 1


@kernel(allocates=False)
def fill_paths(
    diffusion: np.random.Generator,
    long_run: np.random.Generator,
    factors: Factors,
    steps: StepTables,
    pieces: RegimePieces,
    jumps: JumpEvents,
    log_level: FloatArray,
    paths: PathArrays,
) -> None:
    """Walk every path through its regimes and jumps, drawing one normal a step (two with a long-run factor).

    Given the regimes and jumps of a step, the end of the step is exactly normal: the pieces of a step with
    switches add up, each decayed from its own end.
    """
    n_steps = steps.decay.size
    with_xi, with_regime, with_price = paths.xi.size > 0, paths.regime.size > 0, paths.log_price.size > 0
    for p in range(paths.x.shape[0]):
        row = paths.x[p]
        row[1:] = 0.0
        for j in range(jumps.first[p], jumps.first[p + 1]):
            i = _step_of(steps.year, jumps.year[j])
            row[i] += jumps.size[j] * math.exp(-factors.kappa * (steps.year[i] - jumps.year[j]))
        piece = pieces.first[p]
        regime = pieces.regime[piece]
        switch_year = pieces.end_year[piece]
        x = row[0]
        loading, own = 0.0, 0.0
        for i in range(n_steps):
            end = steps.year[i + 1]
            normal = diffusion.standard_normal()
            if switch_year >= end:
                shift, deviation = steps.response[regime, i, SHIFT], steps.response[regime, i, DEVIATION]
                if with_xi:
                    loading = steps.response[regime, i, LOADING]
                    own = steps.response[regime, i, OWN_DEVIATION]
            else:
                piece, shift, variance, covariance = _mixed_step(factors, pieces, piece, steps.year[i], end)
                regime = pieces.regime[piece]
                switch_year = pieces.end_year[piece]
                deviation = math.sqrt(variance)
                loading = covariance / deviation if deviation > 0.0 else 0.0
                total = factors.xi_volatility * factors.xi_volatility * (end - steps.year[i])
                own = math.sqrt(max(total - loading * loading, 0.0))
            shock = row[i + 1] + (shift + deviation * normal)
            x = x * steps.decay[i] + shock
            row[i + 1] = x
            if with_xi:
                drifted = paths.xi[p, i] + factors.xi_drift * (end - steps.year[i])
                paths.xi[p, i + 1] = drifted + loading * normal + own * long_run.standard_normal()
            if with_regime:
                paths.regime[p, i + 1] = regime
        if with_regime:
            paths.regime[p, 0] = pieces.regime[pieces.first[p]]
        if with_price:
            log_price = paths.log_price[p]
            for i in range(n_steps + 1):
                log_price[i] = row[i] + log_level[i]
            if with_xi:
                for i in range(n_steps + 1):
                    paths.log_price[p, i] += paths.xi[p, i]
