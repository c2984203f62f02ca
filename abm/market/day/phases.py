"""Where the time goes: CPU seconds by phase of the trading day."""

from __future__ import annotations

import time


class Phase:
    """CPU seconds spent inside ``with`` blocks of one phase."""

    __slots__ = ("_entered", "cpu_seconds")

    def __init__(self) -> None:
        self.cpu_seconds = 0.0
        self._entered = 0.0

    def __enter__(self) -> None:
        self._entered = time.process_time()

    def __exit__(self, *failure: object) -> None:
        self.cpu_seconds += time.process_time() - self._entered


class PhaseTimer:
    """Adds up CPU seconds of this process by phase; no phase lies inside another."""

    def __init__(self) -> None:
        self._phases: dict[str, Phase] = {}

    def __call__(self, phase: str) -> Phase:
        """Return the phase to put around a block."""
        if phase not in self._phases:
            self._phases[phase] = Phase()
        return self._phases[phase]

    @property
    def cpu_seconds(self) -> dict[str, float]:
        """CPU seconds so far by phase."""
        return {name: phase.cpu_seconds for name, phase in self._phases.items()}
