"""What investors ask for bearing the risks of the spot price."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from abm.spot.process.domain import require, require_numbers
from abm.spot.process.long_run import LongRunFactor

Measure = Literal["Q", "P"]
"""Q is the pricing measure, with the risk premium; P is what happens."""


@dataclass(frozen=True, slots=True)
class RiskPremium:
    """Constant premia for the three risks of the log price; they lead from what happens to what is priced.

    A positive premium lowers forward prices below expected spot prices, except ``jump_tilt``, where a
    positive tilt raises them.

    Parameters
    ----------
    diffusion : float
        Taken off the drift of the reverting deviation X, per year: its mean at horizon tau falls by
        diffusion (1 - e^(-kappa tau)) / kappa.
    jump_tilt : float
        Esscher parameter zeta: a jump of size J weighs e^(zeta J) times as much. Positive: up jumps are
        priced as larger and more frequent than they are. The jump law limits it.
    long_run : float
        Taken off the drift of the long-run factor, per year.

    Raises
    ------
    ParameterError
        If a parameter is not finite.

    Notes
    -----
    Schwartz and Smith (2000), "Short-term variations and long-term dynamics in commodity prices", for the
    diffusions; Gerber and Shiu (1994), "Option pricing by Esscher transforms", for the jumps.
    """

    diffusion: float = 0.0
    jump_tilt: float = 0.0
    long_run: float = 0.0

    def __post_init__(self) -> None:
        require_numbers("premium.", self, "diffusion", "jump_tilt", "long_run")
        for name in ("diffusion", "jump_tilt", "long_run"):
            value = getattr(self, name)
            require(math.isfinite(value), f"premium.{name}", value, "a finite number")

    def priced_long_run(self, long_run: LongRunFactor | None) -> LongRunFactor | None:
        """Return the long-run factor under the pricing measure."""
        return None if long_run is None else replace(long_run, drift=long_run.drift - self.long_run)
