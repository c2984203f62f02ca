"""Builds the risk limits of a class of speculators."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.population_room import PopulationRoom
from abm.agents.limits.section import RiskLimitsSection
from abm.agents.limits.shell import LIMITS_DTYPE, RiskLimits


def risk_limits(
    room: PopulationRoom, agent_class: str, section: RiskLimitsSection, columns: NDArray[Any]
) -> RiskLimits | None:
    """Return the risk limits of a class, ``None`` if nobody in it has any.

    Parameters
    ----------
    room : PopulationRoom
        Shared by all builders.
    agent_class : str
        Name of the class, which its parameter streams carry.
    section : RiskLimitsSection
        The class's limits.
    columns : structured array
        The class's columns, with account, latency and jitter.
    """
    rows = np.zeros(len(columns), dtype=LIMITS_DTYPE)
    for name in ("account", "latency_ms", "jitter"):
        rows[name] = columns[name]
    room.fill(rows, agent_class, section, "max_leverage", "stop_out", "cooling_days")
    rows["closing_per_day"] = section.closing_per_day
    if not (rows["max_leverage"].any() or rows["stop_out"].any()):
        return None
    return RiskLimits(rows, tick_value_usd=room.tick_value_usd)
