"""The price process and the measures that tests of the laboratory share."""

from __future__ import annotations

import numpy as np

from abm.spot.jumps import DoubleExponentialJumps
from abm.spot.level import Level
from abm.spot.mrjd import MeanRevertingJumpDiffusion

DEMAND_EXPLOSION = MeanRevertingJumpDiffusion(
    6.0, 0.6, 6.0, DoubleExponentialJumps(0.8, 5.0, 8.0), Level(1.0, 0.0)
)


def reduction_with_error(hedged, unhedged, groups=40):
    """1 - sd(hedged) / sd(unhedged) over paths, and its standard error by the jackknife over groups."""

    def reduced(keep):
        return 1.0 - hedged[keep].std() / unhedged[keep].std()

    everyone = np.arange(hedged.size)
    left_out = np.array([reduced(everyone % groups != group) for group in range(groups)])
    spread = np.sqrt((groups - 1) / groups * ((left_out - left_out.mean()) ** 2).sum())
    return reduced(everyone >= 0), spread
