"""Compiled generation of spot paths: exact at every time, through any regimes and with any jump law.

What is cheap to draw in bulk (when regimes change, when jumps come and how large they are) is drawn before
by NumPy and handed in as lists; the kernel draws the normals, which are the bulk of the work, and walks.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from abm.core.arrays import FloatArray
from abm.core.kernel import kernel
from abm.spot.process.exponential import exponentials_of_sums
from abm.spot.process.path_arrays import (
    DEVIATION,
    LOADING,
    OWN_DEVIATION,
    SHIFT,
    WALKED_TOGETHER,
    Factors,
    JumpEvents,
    PathArrays,
    RegimePieces,
    StepTables,
    Workspace,
)


@kernel(inline=True, allocates=False)
def _step_of(years: FloatArray, year: float) -> int:
    """Return the number of the time that ends the step in which a year falls."""
    before, after = 0, years.size - 1
    # Steps of one length need no search, whose branches nobody can predict.
    likely = int((year - years[0]) / (years[after] - years[0]) * after)
    if 0 <= likely < after and years[likely] < year <= years[likely + 1]:
        return likely + 1
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


@kernel(inline=True, allocates=False)
def _fill_response(
    response: FloatArray,
    regimes: NDArray[np.int8],
    factors: Factors,
    steps: StepTables,
    pieces: RegimePieces,
    path: int,
) -> None:
    """Fill one path's response to every step, shape (4, n_steps), and its regimes if they are wanted."""
    n_steps = steps.decay.size
    piece, done = pieces.first[path], 0
    if regimes.size > 0:
        regimes[0] = pieces.regime[piece]
    while done < n_steps:
        settled = _step_of(steps.year, pieces.end_year[piece])
        if steps.year[settled] > pieces.end_year[piece]:
            settled -= 1
        regime = pieces.regime[piece]
        for row in range(response.shape[0]):
            filled, whole = response[row, done:settled], steps.response[regime, row, done:settled]
            for i in range(filled.size):
                filled[i] = whole[i]
        if regimes.size > 0:
            regimes[done + 1 : settled + 1] = regime
        done = settled
        if done < n_steps:
            start, end = steps.year[done], steps.year[done + 1]
            piece, shift, variance, covariance = _mixed_step(factors, pieces, piece, start, end)
            deviation = math.sqrt(variance)
            loading = covariance / deviation if deviation > 0.0 else 0.0
            total = factors.xi_volatility * factors.xi_volatility * (end - start)
            response[SHIFT, done], response[DEVIATION, done] = shift, deviation
            response[LOADING, done] = loading
            response[OWN_DEVIATION, done] = math.sqrt(max(total - loading * loading, 0.0))
            done += 1
            if regimes.size > 0:
                regimes[done] = pieces.regime[piece]


@kernel(inline=True, allocates=False)
def _fill_jumped(jumped: FloatArray, years: FloatArray, kappa: float, jumps: JumpEvents, path: int) -> None:
    """Fill the sum of the jumps in each step, decayed since they came, at the time that ends the step."""
    jumped[:] = 0.0
    for j in range(jumps.first[path], jumps.first[path + 1]):
        i = _step_of(years, jumps.year[j])
        jumped[i] += jumps.size[j] * math.exp(-kappa * (years[i] - jumps.year[j]))


@kernel(inline=True, allocates=False)
def _draw_normals(rng: np.random.Generator, normals: FloatArray) -> None:
    """Draw in a loop of its own: each draw is a call, across which no other sum stays in a register."""
    for p in range(normals.shape[0]):
        for i in range(normals.shape[1]):
            normals[p, i] = rng.standard_normal()


@kernel(inline=True, allocates=False)
def _walk_x(x: FloatArray, decay: FloatArray) -> None:
    """Turn shocks into X: paths side by side, so that no step waits for the one before it."""
    for i in range(decay.size):
        for p in range(x.shape[0]):
            x[p, i + 1] = x[p, i] * decay[i] + x[p, i + 1]


@kernel(inline=True, allocates=False)
def _walk_xi(xi: FloatArray, drift: FloatArray, shared: FloatArray) -> None:
    """Turn xi's own shocks into xi, with its drift and the shocks it shares with X."""
    for i in range(drift.size):
        for p in range(xi.shape[0]):
            xi[p, i + 1] = ((xi[p, i] + drift[i]) + shared[p, i]) + xi[p, i + 1]


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
    workspace: Workspace,
) -> None:
    """Walk every path through its regimes and jumps, drawing one normal a step (two with a long-run factor).

    Given the regimes and jumps of a step, the end of the step is exactly normal: the pieces of a step with
    switches add up, each decayed from its own end. A few paths at a time are drawn, one after the other, then
    walked side by side.
    """
    with_xi = paths.xi.size > 0 or workspace.xi.size > 0
    for first in range(0, paths.x.shape[0], WALKED_TOGETHER):
        x = paths.x[first : first + WALKED_TOGETHER]
        xi = paths.xi[first : first + WALKED_TOGETHER] if paths.xi.size > 0 else workspace.xi[: x.shape[0]]
        _draw_normals(diffusion, workspace.normals[: x.shape[0]])
        _draw_normals(long_run, xi[:, 1:])
        for neighbour in range(x.shape[0]):
            p = first + neighbour
            response = steps.response[pieces.regime[pieces.first[p]]]
            regimes = paths.regime[p] if paths.regime.size > 0 else workspace.no_regimes
            if regimes.size > 0 or pieces.first[p + 1] - pieces.first[p] > 1:
                response = workspace.response
                _fill_response(response, regimes, factors, steps, pieces, p)
            _fill_jumped(workspace.jumped, steps.year, factors.kappa, jumps, p)
            normals, shocks, jumped = workspace.normals[neighbour], x[neighbour, 1:], workspace.jumped[1:]
            for i in range(shocks.size):
                shocks[i] = jumped[i] + (response[SHIFT, i] + response[DEVIATION, i] * normals[i])
            if with_xi:
                own = xi[neighbour, 1:]
                for i in range(own.size):
                    normals[i] *= response[LOADING, i]
                    own[i] *= response[OWN_DEVIATION, i]
        _walk_x(x, steps.decay)
        if with_xi:
            _walk_xi(xi, steps.xi_drift, workspace.normals)
        if paths.price.size > 0:
            for neighbour in range(x.shape[0]):
                row = x[neighbour]
                if with_xi:
                    for i in range(row.size):
                        row[i] += xi[neighbour, i]
                exponentials_of_sums(row, log_level, paths.price[first + neighbour])
