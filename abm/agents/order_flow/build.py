"""Builds the Poisson order flow of a scenario."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.population_room import PopulationRoom
from abm.agents.order_flow.section import OrderFlowSection
from abm.agents.order_flow.shell import FlowRates, PoissonFlow


def build_order_flow(room: PopulationRoom) -> PoissonFlow:
    """Return the order flow of the scenario; without tenors it has no sources."""
    section = room.agents.order_flow
    sources = PoissonFlow.SOURCES_PER_MONTH * len(section.tenors)
    return PoissonFlow(
        flow_rates(section),
        room.streams.keys("order_flow", sources),
        tenors=section.tenors,
        first_account=room.take_accounts(sources),
        funding=room.funding(np.full(sources, section.cash_usd)),
    )


def flow_rates(section: OrderFlowSection) -> FlowRates:
    """Return the rates of the flow: the first one across the best price, the last one out to the reach."""
    given: NDArray[np.float64] = np.array(section.limits_per_day)
    return FlowRates(
        limits_per_day=np.pad(given, (section.overlap_ticks, section.reach_ticks - len(given)), mode="edge"),
        markets_per_day=section.markets_per_day,
        cancels_per_day=np.array(section.cancels_per_day),
        first_distance_ticks=1 - section.overlap_ticks,
        lots=section.lots,
    )
