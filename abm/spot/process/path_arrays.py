"""Arrays that the compiled generation of spot paths reads and fills."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.core.arrays import FloatArray, IntArray

SHIFT, DEVIATION, LOADING, OWN_DEVIATION = range(4)
"""Second axis of ``StepTables.response``, for a step spent wholly in one regime: what reversion to its level
adds to X; the deviation of X's normal; what that same normal adds to xi; and xi's own deviation."""

WALKED_TOGETHER = 8
"""Paths walked side by side: enough that no step waits for the one before, few enough for the cache."""


class Factors(NamedTuple):
    """Parameters of the diffusions."""

    kappa: float
    sigma: FloatArray
    """Volatility of X in each regime, shape (n_regimes,)."""
    target: FloatArray
    """Level that X reverts to in each regime, shape (n_regimes,)."""
    xi_volatility: float
    correlation: float


class StepTables(NamedTuple):
    """The time steps, worked out once for all paths."""

    year: FloatArray
    """Times, shape (n_steps + 1,)."""
    decay: FloatArray
    """What is left of X after each step, shape (n_steps,)."""
    xi_drift: FloatArray
    """Drift of xi over each step, shape (n_steps,)."""
    response: FloatArray
    """Shape (n_regimes, 4, n_steps)."""


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


class Workspace(NamedTuple):
    """Room for what is known of the paths before they are walked."""

    normals: FloatArray
    """Of paths walked together, shape (WALKED_TOGETHER, n_steps); then what they add to xi."""
    jumped: FloatArray
    """What the jumps of one path add to X by the end of their steps, shape (n_steps + 1,)."""
    response: FloatArray
    """Of a path that switches, shape (4, n_steps)."""
    xi: FloatArray
    """xi of paths walked together, shape (WALKED_TOGETHER, n_steps + 1), or (0, 0) if it is not needed."""
    no_regimes: NDArray[np.int8]
    """Empty."""


def new_workspace(n_steps: int, xi_start: float | None) -> Workspace:
    """Return room for paths of so many steps, and for their xi if its start is given."""
    xi = np.empty((0, 0)) if xi_start is None else np.full((WALKED_TOGETHER, n_steps + 1), xi_start)
    return Workspace(
        np.empty((WALKED_TOGETHER, n_steps)),
        np.empty(n_steps + 1),
        np.empty((4, n_steps)),
        xi,
        np.empty(0, dtype=np.int8),
    )


class PathArrays(NamedTuple):
    """What is filled, each of shape (n_paths, n_steps + 1), or (0, 0) if it is not wanted.

    Column 0 of ``x`` and ``xi`` holds the start.
    """

    x: FloatArray
    """X; where prices are wanted X + xi, their log less its level."""
    xi: FloatArray
    regime: NDArray[np.int8]
    price: FloatArray
