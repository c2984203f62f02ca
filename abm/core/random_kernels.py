"""Draws inside kernels: SplitMix64 (Steele, Lea and Flood 2014), one integer of state an agent."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from abm.core.kernel import kernel

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_SHIFT_30 = np.uint64(30)
_SHIFT_27 = np.uint64(27)
_SHIFT_31 = np.uint64(31)
_SHIFT_11 = np.uint64(11)
_TO_UNIT = 1.0 / 9007199254740992.0  # 2**-53


@kernel
def next_bits(streams: NDArray[np.uint64], row: int) -> np.uint64:
    """Advance one agent's stream in place and return 64 random bits."""
    bits = streams[row] + _GOLDEN
    streams[row] = bits
    bits = (bits ^ (bits >> _SHIFT_30)) * _MIX_1
    bits = (bits ^ (bits >> _SHIFT_27)) * _MIX_2
    mixed: np.uint64 = bits ^ (bits >> _SHIFT_31)
    return mixed


@kernel
def uniform(streams: NDArray[np.uint64], row: int) -> float:
    """Return a draw from [0, 1) with 53 random bits."""
    return float(next_bits(streams, row) >> _SHIFT_11) * _TO_UNIT


@kernel
def exponential(streams: NDArray[np.uint64], row: int) -> float:
    """Return a draw of the exponential law with mean 1."""
    return -math.log1p(-uniform(streams, row))


@kernel
def normal(streams: NDArray[np.uint64], row: int) -> float:
    """Return a draw of the standard normal law (Box-Muller, one of the pair)."""
    radius = math.sqrt(2.0 * exponential(streams, row))
    return radius * math.cos(2.0 * math.pi * uniform(streams, row))


@kernel
def below(streams: NDArray[np.uint64], row: int, count: int) -> int:
    """Return an integer uniform on 0 .. count - 1 (bias below count / 2**53)."""
    return int(uniform(streams, row) * count)
