"""Designs of many runs: sweeps over scenario fields and seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abm.core.public_names import offer

if TYPE_CHECKING:
    from abm.experiments.sweep import RunFunction, RunSpec, design, sweep

__all__ = [
    "RunFunction",
    "RunSpec",
    "design",
    "sweep",
]

offer(
    __name__,
    {
        "RunFunction": "sweep",
        "RunSpec": "sweep",
        "design": "sweep",
        "sweep": "sweep",
    },
)
