"""What runs over several seeds say: intervals, paired differences, whole tables, and seeds to take."""

from __future__ import annotations

from .comparisons import adjusted_confidence, holm
from .intervals import MeanInterval, PairedDifference, mean_interval, paired_difference
from .planning import Verdict, power, seeds_needed, verdict
from .resampling import BootstrapInterval, block_bootstrap, seed_bootstrap

__all__ = [
    "BootstrapInterval",
    "MeanInterval",
    "PairedDifference",
    "Verdict",
    "adjusted_confidence",
    "block_bootstrap",
    "holm",
    "mean_interval",
    "paired_difference",
    "power",
    "seed_bootstrap",
    "seeds_needed",
    "verdict",
]
