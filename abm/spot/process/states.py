"""The state of a spot process, and how arrays of states and of times meet."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abm.core.arrays import FloatArray
from abm.spot.process.domain import finite_numbers, real_numbers, require


class SpotState(NamedTuple):
    """State of a spot process at one time: with the date it says all that the future depends on."""

    x: float
    xi: float = 0.0
    regime: int = 0


def horizon(tau: ArrayLike) -> FloatArray:
    """Return horizons in years as an array, and refuse a negative one."""
    years = real_numbers("tau", tau)
    require(bool(np.all(years >= 0.0)), "tau", tau, ">= 0")
    return years


def states_before_times(time_axes: int, **states: ArrayLike) -> tuple[NDArray[Any], ...]:
    """Return states with axes of length one behind them, so that they broadcast to paths x times.

    Parameters
    ----------
    time_axes : int
        Axes of the array of times.
    **states : float or array, shape (n_paths,)
        Parts of the state by name. Where there are axes of times, a column (n_paths, 1) is the same.

    Returns
    -------
    tuple of array
        Each of shape () or (n_paths, 1, ..., 1), in the order given.

    Raises
    ------
    ParameterError
        If a part is neither one number nor a list of them, or two lists differ in length.
    """
    arrays: dict[str, NDArray[Any]] = {
        name: finite_numbers(name, value) if name != "regime" else np.asarray(value)
        for name, value in states.items()
    }
    lengths: dict[str, int] = {}
    for name, array in arrays.items():
        if time_axes > 0 and array.ndim == 2 and array.shape[1] == 1:
            arrays[name] = array[:, 0]
        shape = arrays[name].shape
        require(len(shape) <= 1, name, f"an array of shape {shape}", "one number or one number a path")
        if shape:
            lengths[name] = shape[0]
    if len(set(lengths.values())) > 1:
        first, *others = lengths
        other = next(name for name in others if lengths[name] != lengths[first])
        require(False, other, f"a list of {lengths[other]}", f"a list of {lengths[first]}, as {first} is")
    return tuple(
        array.reshape(array.shape + (1,) * time_axes) if array.ndim else array for array in arrays.values()
    )
