"""Named random streams: each component and each agent draws from its own, so nobody moves another's draws.

Two kinds share one rule, that a stream is a pure function of the run's seed and a name:

- ``RandomStreams.generator(...)`` gives a ``numpy.random.Generator`` for a component (spot, index, set-up);
- ``RandomStreams.keys(...)`` gives one 64-bit state per agent for compiled decision kernels. The kernel-side
  generator is SplitMix64 (Steele, Lea and Flood 2014), whose state is one integer in the agent's row: a
  ``Generator`` object per agent cannot be handed to a compiled loop, and one shared stream would let an idle
  agent shift everybody's draws.
"""

from __future__ import annotations

import hashlib
import math

import numpy as np
from numpy.typing import NDArray

from abm.core.arguments import seed_number, whole_number
from abm.core.kernel import kernel

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_SHIFT_30 = np.uint64(30)
_SHIFT_27 = np.uint64(27)
_SHIFT_31 = np.uint64(31)
_SHIFT_11 = np.uint64(11)
_TO_UNIT = 1.0 / 9007199254740992.0  # 2**-53


class RandomStreams:
    """Independent streams derived from one seed by name.

    Parameters
    ----------
    seed : int
        The run's seed, not negative.

    Raises
    ------
    ParameterError
        If the seed is negative or no whole number.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed_number("seed", seed)

    def generator(self, *name: str | int) -> np.random.Generator:
        """Return a fresh generator at the start of the stream with that name."""
        return np.random.default_rng(self._sequence("generator", *name))

    def keys(self, name: str, count: int) -> NDArray[np.uint64]:
        """Return one kernel stream state for each of ``count`` agents of a class.

        The state of agent ``i`` depends on the seed, the name and ``i`` alone, not on ``count``.
        """
        count = whole_number("count", count, least=0)
        return np.array(
            [self._sequence("key", name, i).generate_state(1, np.uint64)[0] for i in range(count)],
            dtype=np.uint64,
        )

    def _sequence(self, *name: str | int) -> np.random.SeedSequence:
        digest = hashlib.sha256("\x00".join(map(str, name)).encode()).digest()
        words = [int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4)]
        return np.random.SeedSequence(self.seed, spawn_key=tuple(words))


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
