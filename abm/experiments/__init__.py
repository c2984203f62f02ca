"""Designs of many runs: sweeps over scenario fields and seeds."""

from abm.experiments.sweep import sweep

__all__ = ["sweep"]
