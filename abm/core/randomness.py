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

import numpy as np
from numpy.typing import NDArray

from abm.core.arguments import seed_number, whole_number


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
