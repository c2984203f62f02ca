"""Builds the population of curve arbitrageurs."""

from __future__ import annotations

from abm.agents.arbitrage.kernel import ARBITRAGEUR_DTYPE
from abm.agents.arbitrage.shell import Arbitrageurs
from abm.agents.base.population_room import PopulationRoom
from abm.agents.limits.build import risk_limits


def build_arbitrageurs(room: PopulationRoom) -> Arbitrageurs:
    """Return the curve arbitrageurs of the scenario."""
    section = room.agents.arbitrageurs
    first = room.next_account
    columns = room.columns(ARBITRAGEUR_DTYPE, "arbitrageur", section.count, section.latency_ms)
    names = ("actions_per_day", "quotes_per_day", "threshold", "slice_lots", "max_position_lots")
    room.fill(columns, "arbitrageur", section, *names)
    arbitrageurs = Arbitrageurs(
        columns,
        room.streams.keys("arbitrageur", section.count),
        fee_ticks=room.fee_ticks(room.taker_fee_usd),
        first_account=first,
        funding=room.funding(room.parameter("arbitrageur", section, "cash_usd", section.count)),
    )
    arbitrageurs.limits = risk_limits(room, "arbitrageur", section.limits, columns)
    return arbitrageurs
