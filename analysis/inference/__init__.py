"""What runs over several seeds say: intervals, paired differences, whole tables, and seeds to take."""

from __future__ import annotations

from .comparisons import adjusted_confidence, holm
from .controls import ControlledMean, control_variate
from .intervals import MeanInterval, PairedDifference, mean_interval, paired_difference
from .jackknife import jackknife_values
from .planning import Verdict, power, seeds_needed, verdict
from .resampling import BootstrapInterval, block_bootstrap, seed_bootstrap

__all__ = [
    "BootstrapInterval",
    "ControlledMean",
    "MeanInterval",
    "PairedDifference",
    "Verdict",
    "adjusted_confidence",
    "block_bootstrap",
    "control_variate",
    "holm",
    "jackknife_values",
    "mean_interval",
    "paired_difference",
    "power",
    "seed_bootstrap",
    "seeds_needed",
    "verdict",
]
