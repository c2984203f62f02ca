"""The price process and the measures that tests of the laboratory share."""

from __future__ import annotations

import numpy as np

from abm.spot.process.jumps import DoubleExponentialJumps
from abm.spot.process.level import Level
from abm.spot.process.mrjd import MeanRevertingJumpDiffusion

DEMAND_EXPLOSION = MeanRevertingJumpDiffusion(
    6.0, 0.6, 6.0, DoubleExponentialJumps(0.8, 5.0, 8.0), Level(1.0, 0.0)
)


def reduction_with_error(hedged, unhedged, groups=40):
    """1 - sd(hedged) / sd(unhedged) over paths, a mean over rows, and its standard error.

    The error is the jackknife's over groups of paths. Bills have shape (paths,) or (rows, paths).
    """
    hedged, unhedged = np.atleast_2d(hedged), np.atleast_2d(unhedged)

    def reduced(keep):
        return float((1.0 - hedged[:, keep].std(axis=1) / unhedged[:, keep].std(axis=1)).mean())

    everyone = np.arange(hedged.shape[1])
    left_out = np.array([reduced(everyone % groups != group) for group in range(groups)])
    spread = np.sqrt((groups - 1) / groups * ((left_out - left_out.mean()) ** 2).sum())
    return reduced(everyone >= 0), float(spread)
