"""Arrays that hold simulated paths of a spot process, and the times that they are simulated at."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abm.core.arguments import whole_number
from abm.core.arrays import FloatArray
from abm.spot.process.domain import finite_numbers, require, require_generator


class SpotPaths(NamedTuple):
    """Simulated paths, both arrays of shape (n_paths, n_times)."""

    log_deviation: FloatArray
    """X + xi, the log price less its level."""
    price_usd: FloatArray
    """S in USD per mSIT."""


class FactorPaths(NamedTuple):
    """Simulated paths of the state, all arrays of shape (n_paths, n_times)."""

    x: FloatArray
    """Reverting log deviation X."""
    xi: FloatArray
    """Long-run factor; constant without one."""
    regime: NDArray[np.int8]
    """Number of the regime; 0 without switching."""


def room_for_paths(n_paths: int, n_times: int) -> SpotPaths:
    """Return arrays to fill, in memory that the next call can have again once they are dropped.

    The GNU C library hands freed memory back to the system once there is more of it than twice the largest
    block, and clearing it anew would take a quarter of the time of a simulation. So one block has room to
    spare; it is never touched, and takes up addresses only.
    """
    spacious = np.empty((n_paths + n_paths // 4, n_times))
    return SpotPaths(spacious[:n_paths], np.empty((n_paths, n_times)))


def path_times(times: ArrayLike, n_paths: int, rng: np.random.Generator) -> FloatArray:
    """Return the times of paths as an array, and refuse what is no increasing list or no path at all."""
    require_generator(rng)
    years = finite_numbers("times", times)
    increasing = years.ndim == 1 and years.size > 0 and bool(np.all(np.diff(years) > 0.0))
    require(increasing, "times", years, "a non-empty increasing list of years")
    whole_number("n_paths", n_paths, least=1, allowed="> 0")
    return years
