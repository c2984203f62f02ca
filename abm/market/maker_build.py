"""Builds the designated market makers and the terms of their contract."""

from __future__ import annotations

import numpy as np

from abm.agents.market_maker import MAKER_DTYPE
from abm.agents.speculators import MarketMakers
from abm.core.money import USD_MICRO, usd_to_micro
from abm.market.maker_contract import MakerTerms
from abm.market.population_room import PopulationRoom
from abm.scenario import Scenario


def build_makers(room: PopulationRoom) -> MarketMakers:
    """Return the designated market makers of the scenario."""
    section = room.agents.market_makers
    first = room.next_account
    columns = room.columns(MAKER_DTYPE, "dmm", section.count, section.latency_ms)
    shared = ("account", "latency_ms", "jitter", "belief_error")
    room.fill(columns, "dmm", section, *(name for name in MAKER_DTYPE.names or () if name not in shared))
    columns["belief_error"] = columns["belief_sd"] * room.normals("dmm", "belief", section.count)
    near = np.arange(room.contract.listed_months) < section.near_tenors
    return MarketMakers(
        columns,
        room.streams.keys("dmm", section.count),
        quote_lots=np.where(near, section.quote_lots_near, section.quote_lots_far).astype(np.int64),
        max_spread=np.where(near, section.max_spread_near, section.max_spread_far),
        tick_value_usd=room.contract.tick_value_usd_micro / USD_MICRO,
        first_account=first,
        funding=room.funding(room.parameter("dmm", section, "cash_usd", section.count)),
    )


def maker_terms(scenario: Scenario) -> MakerTerms:
    """Return the terms of the makers' contract, by tenor."""
    section = scenario.agents.market_makers
    near = np.arange(scenario.contract.listed_months) < section.near_tenors
    shown = np.where(near, section.quote_lots_near, section.quote_lots_far)
    return MakerTerms(
        max_spread=np.where(near, section.max_spread_near, section.max_spread_far),
        min_lots=np.ceil(section.min_size_share * shown).astype(np.int64),
        presence_required=section.presence_required,
        monthly_pay_usd_micro=usd_to_micro(section.monthly_pay_usd),
    )
