"""Builds the population of switching traders."""

from __future__ import annotations

import numpy as np

from abm.agents.base.population_room import PopulationRoom
from abm.agents.limits.build import risk_limits
from abm.agents.switching.kernel import ON_VALUE, OPTIMIST, PESSIMIST, SWITCHING_DTYPE
from abm.agents.switching.shell import SwitchingTraders
from abm.core.arrays import FloatArray

_OWN = (
    "opinion_rate",
    "strategy_rate",
    "herding",
    "trend_weight",
    "profit_weight",
    "value_discount",
    "carry_per_day",
    "alternative_per_day",
    "chartist_lots_per_day",
    "value_lots_per_day",
    "max_position_lots",
)


def build_switching(room: PopulationRoom) -> SwitchingTraders:
    """Return the switching traders of the scenario; half of the first chartists are optimists."""
    section = room.agents.switching
    first = room.next_account
    columns = room.columns(SWITCHING_DTYPE, "switching", section.count, section.latency_ms)
    room.fill(columns, "switching", section, *_OWN)
    draws = room.uniforms("switching", "role", section.count)
    columns["role"] = first_roles(draws, section.chartist_share, section.least_group)
    columns["next_role"] = columns["role"]
    switching = SwitchingTraders(
        columns,
        room.streams.keys("switching", section.count),
        room.tenor_weights,
        trend_days=section.trend_days,
        least_group=section.least_group,
        first_account=first,
        funding=room.funding(room.parameter("switching", section, "cash_usd", section.count)),
    )
    switching.limits = risk_limits(room, "switching", section.limits, columns)
    return switching


def first_roles(draws: FloatArray, chartist_share: float, least_group: int) -> np.ndarray:
    """Return the role of each trader on the first day, shape (traders,).

    Each role has the least number of members if there are traders enough, else a third of them; beyond that
    the draws, one a trader, decide who the chartists are.
    """
    count = len(draws)
    least = min(least_group, count // 3)
    each = min(max(round(0.5 * chartist_share * count), least), (count - least) // 2)
    roles = np.full(count, ON_VALUE, dtype=np.int64)
    order = np.argsort(draws, kind="stable")
    roles[order[:each]] = OPTIMIST
    roles[order[each : 2 * each]] = PESSIMIST
    return roles
