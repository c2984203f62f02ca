"""Random generators of the rules of a venue: each name has its own, and moves nobody else's draws."""

from __future__ import annotations

from typing import Any

import numpy as np

from abm.core.randomness import RandomStreams


class RuleGenerators:
    """Generators by name, the same one each time.

    Parameters
    ----------
    seed : int
        Seed of the run.
    """

    def __init__(self, seed: int) -> None:
        self._streams = RandomStreams(seed)
        self._generators: dict[str, np.random.Generator] = {}

    def __call__(self, name: str) -> np.random.Generator:
        """Return the generator of that name.

        Parameters
        ----------
        name : str
            Any; a rule uses its own.
        """
        if name not in self._generators:
            self._generators[name] = self._streams.generator("rule", name)
        return self._generators[name]

    def update_digest(self, digest: Any) -> None:
        """Feed where each generator stands into the state hash."""
        for name, generator in sorted(self._generators.items()):
            digest.update(f"{name}: {generator.bit_generator.state}".encode())
