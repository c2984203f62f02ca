"""Where the time goes: CPU seconds by phase of the trading day."""

from __future__ import annotations

import time


class Phase:
    """CPU seconds spent inside ``with`` blocks of one phase."""

    __slots__ = ("_entered", "cpu_seconds", "is_running")

    def __init__(self) -> None:
        self.cpu_seconds = 0.0
        self._entered = 0.0
        self.is_running = False

    def __enter__(self) -> None:
        self._entered = time.process_time()
        self.is_running = True

    def __exit__(self, *failure: object) -> None:
        self.cpu_seconds += time.process_time() - self._entered
        self.is_running = False


class PhaseTimer:
    """Adds up CPU seconds of this process by phase; no phase lies inside another."""

    def __init__(self) -> None:
        self._phases: dict[str, Phase] = {}

    def __call__(self, phase: str) -> Phase:
        """Return the phase to put around a block."""
        if phase not in self._phases:
            self._phases[phase] = Phase()
        return self._phases[phase]

    def sum_up(self, phase: str) -> None:
        """Count all time so far as that of one phase, and begin the others anew."""
        total = sum(self.cpu_seconds.values())
        for each in self._phases.values():
            each.cpu_seconds = 0.0
        self(phase).cpu_seconds = total

    @property
    def is_running(self) -> bool:
        """Whether a phase is under way: the market is in the middle of a round."""
        return any(phase.is_running for phase in self._phases.values())

    @property
    def cpu_seconds(self) -> dict[str, float]:
        """CPU seconds so far by phase."""
        return {name: phase.cpu_seconds for name, phase in self._phases.items()}
