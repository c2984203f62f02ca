"""Builds the population of mixture traders."""

from __future__ import annotations

from abm.agents.base.population_room import PopulationRoom
from abm.agents.limits.build import risk_limits
from abm.agents.mixture.kernel import MIXTURE_DTYPE
from abm.agents.mixture.shell import MixtureTraders

_OWN = (
    "actions_per_day",
    "fundamental_weight",
    "trend_weight",
    "noise_weight",
    "reversion_days",
    "noise_per_day",
    "order_margin",
    "mean_lots",
    "max_position_lots",
)


def build_mixture(room: PopulationRoom) -> MixtureTraders:
    """Return the mixture traders of the scenario; the more weight on value, the longer the horizon."""
    section = room.agents.mixture
    first = room.next_account
    columns = room.columns(MIXTURE_DTYPE, "mixture", section.count, section.latency_ms)
    room.fill(columns, "mixture", section, *_OWN)
    longer = (1.0 + columns["fundamental_weight"]) / (1.0 + columns["trend_weight"])
    columns["horizon_days"] = section.horizon_days * longer
    mixture = MixtureTraders(
        columns,
        room.streams.keys("mixture", section.count),
        room.tenor_weights,
        first_account=first,
        funding=room.funding(room.parameter("mixture", section, "cash_usd", section.count)),
    )
    mixture.limits = risk_limits(room, "mixture", section.limits, columns)
    return mixture
