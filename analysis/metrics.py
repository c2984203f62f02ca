"""Every number about a run folder: those of its tables, and how fast it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from abm.recording.class_money import expected_sharpe as expected_sharpe
from abm.recording.class_money import margin_to_equity as margin_to_equity
from abm.recording.metrics import market_metrics, ratio

from .runs import Run, load

SET_UP_PHASES = ("set_up", "warm_up")
"""Phases of ``cpu_seconds`` in which nothing that is counted happens."""


def messages_per_cpu_second(manifest: Mapping[str, Any]) -> float:
    """Return order messages per second of processor time, with set-up and warm-up left out."""
    seconds = sum(
        float(spent) for phase, spent in manifest["cpu_seconds"].items() if phase not in SET_UP_PHASES
    )
    return ratio(float(manifest["counts"]["messages"]), seconds)


def run_metrics(run: Run) -> dict[str, float]:
    """Return every number about a run, by name: those of its tables, and its speed."""
    opened = load(run)
    numbers = market_metrics(opened.tables, opened.contract, opened.calendar)
    return {**numbers, "messages_per_cpu_second": messages_per_cpu_second(opened.manifest)}
