"""Builds the risk limits of a class of speculators."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.population_room import PopulationRoom
from abm.agents.limits.results import ResultRules, TradingResults
from abm.agents.limits.section import ResultsSection, RiskLimitsSection
from abm.agents.limits.shell import LIMITS_DTYPE, RiskLimits

_BOUNDS = ("max_leverage", "margin_to_equity", "stop_out")


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
    room.fill(rows, agent_class, section, *_BOUNDS, "shrink_above", "cooling_days")
    rows["closing_per_day"] = section.closing_per_day
    results = _results(len(columns), section.results)
    if results is None and not any(rows[name].any() for name in _BOUNDS):
        return None
    return RiskLimits(rows, tick_value_usd=room.tick_value_usd, results=results)


def _results(count: int, section: ResultsSection) -> TradingResults | None:
    """Return the results of a class that is judged by them."""
    if section.memory_months == 0.0:
        return None
    rules = ResultRules(
        memory_months=section.memory_months,
        exit_below=section.exit_below,
        enter_above=section.enter_above,
        turnover_per_month=section.turnover_per_month,
    )
    return TradingResults(count, rules)
