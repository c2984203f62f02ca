"""Builds the population of informed traders."""

from __future__ import annotations

from abm.agents.base.population_room import PopulationRoom
from abm.agents.informed.auction_kernel import AUCTION_INFORMED_DTYPE
from abm.agents.informed.kernel import INFORMED_DTYPE
from abm.agents.informed.shell import AuctionInformedTraders, InformedTraders
from abm.agents.limits.build import risk_limits


def build_informed(room: PopulationRoom) -> InformedTraders:
    """Return the informed traders of the scenario, who trade by one rule or the other."""
    section = room.agents.informed
    first, takes = room.next_account, section.rule == "take"
    dtype = INFORMED_DTYPE if takes else AUCTION_INFORMED_DTYPE
    columns = room.columns(dtype, "informed", section.count, section.latency_ms)
    room.fill(columns, "informed", section, "actions_per_day", "signal_sd", "max_position_lots")
    streams = room.streams.keys("informed", section.count)
    funding = room.funding(room.parameter("informed", section, "cash_usd", section.count))
    if takes:
        room.fill(columns, "informed", section, "threshold", "mean_lots")
        informed = InformedTraders(
            columns, streams, room.tenor_weights,
            fee_ticks=room.fee_ticks(room.taker_fee_usd), first_account=first, funding=funding,
        )  # fmt: skip
    else:
        room.fill(columns, "informed", section.auction, "memory_auctions")
        informed = AuctionInformedTraders(
            columns, streams, room.tenor_weights,
            room.parameter("informed", section.auction, "price_impact", section.count),
            fee_ticks=room.fee_ticks(room.auction_fee_usd) + room.fee_ticks(room.taker_fee_usd),
            first_account=first, funding=funding,
        )  # fmt: skip
    informed.limits = risk_limits(room, "informed", section.limits, columns)
    return informed
