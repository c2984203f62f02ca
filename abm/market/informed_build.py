"""Builds the populations of arbitrageurs and informed traders, and the risk limits of all speculators."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.arbitrageur import ARBITRAGEUR_DTYPE
from abm.agents.arbitrageurs import Arbitrageurs
from abm.agents.auction_informed import AUCTION_INFORMED_DTYPE
from abm.agents.informed import INFORMED_DTYPE
from abm.agents.informed_traders import AuctionInformedTraders, InformedTraders
from abm.agents.risk_limits import LIMITS_DTYPE, RiskLimits
from abm.core.money import USD_MICRO
from abm.market.population_room import PopulationRoom
from abm.scenario.risk_limit_sections import RiskLimitsSection


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
        fee_ticks=_fee_ticks(room, room.taker_fee_usd),
        first_account=first,
        funding=room.funding(room.parameter("arbitrageur", section, "cash_usd", section.count)),
    )
    arbitrageurs.limits = risk_limits(room, "arbitrageur", section.limits, columns)
    return arbitrageurs


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
            fee_ticks=_fee_ticks(room, room.taker_fee_usd), first_account=first, funding=funding,
        )  # fmt: skip
    else:
        room.fill(columns, "informed", section.auction, "memory_auctions")
        informed = AuctionInformedTraders(
            columns, streams, room.tenor_weights,
            room.parameter("informed", section.auction, "price_impact", section.count),
            fee_ticks=_fee_ticks(room, room.auction_fee_usd) + _fee_ticks(room, room.taker_fee_usd),
            first_account=first, funding=funding,
        )  # fmt: skip
    informed.limits = risk_limits(room, "informed", section.limits, columns)
    return informed


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
    return RiskLimits(rows, tick_value_usd=_tick_value_usd(room))


def _tick_value_usd(room: PopulationRoom) -> float:
    return room.contract.tick_value_usd_micro / USD_MICRO


def _fee_ticks(room: PopulationRoom, fee_usd: float) -> float:
    """Return a fee per lot in ticks; a rebate counts as no fee."""
    return max(0.0, fee_usd) / _tick_value_usd(room)
