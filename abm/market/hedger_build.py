"""Builds the populations with a physical business: enterprises and inference providers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.base import Funding
from abm.agents.hedgers import Enterprises, Providers
from abm.agents.hedging import HEDGER_DTYPE
from abm.core.randomness import RandomStreams
from abm.market.population_room import FloatArray, PopulationRoom, standard_draws
from abm.scenario.hedger_sections import HedgeProgramme
from abm.scenario.populations import PopulationsSection

_NEAR_TENORS, _MID_TENORS = 4, 7


def build_enterprises(room: PopulationRoom) -> Enterprises:
    """Return the enterprises of the scenario."""
    section = room.agents.enterprises
    first = room.next_account
    need = mean_needs(room.agents, room.streams)
    provider_draw = room.uniforms("enterprise", "provider", section.count)
    provider = (provider_draw * room.agents.providers.count).astype(np.int64)
    month_lots = room.month_lots(need * room.provider_multiples[provider])
    targets = month_lots[:, None] * _ratios(room, section.programme)
    hedging = room.uniforms("enterprise", "hedges", section.count) < section.hedging_share
    cash_spread = np.exp(section.cash_log_sd * room.normals("enterprise", "cash", section.count))
    return Enterprises(
        _hedger_columns(room, "enterprise", section.programme, month_lots),
        room.streams.keys("enterprise", section.count),
        targets,
        mean_need_msit=need,
        provider=provider,
        hedges=hedging,
        need_volatility=section.need_volatility,
        need_reversion_per_day=section.need_reversion_per_day,
        need_price_correlation=section.need_price_correlation,
        need_streams=room.streams.keys("enterprise-need", section.count),
        ramp_days=section.programme.ramp_days,
        first_account=first,
        funding=_hedger_funding(room, targets, section.cash_share * cash_spread, section.credit_share),
    )


def build_providers(room: PopulationRoom) -> Providers:
    """Return the inference providers of the scenario."""
    section = room.agents.providers
    first = room.next_account
    month_lots = room.month_lots(provider_capacity(room.agents, room.streams) * room.provider_multiples)
    targets = -month_lots[:, None] * _ratios(room, section.programme)
    cost_ticks = room.contract.price_to_ticks(section.marginal_cost_share * room.initial_price_usd)
    cash_share = np.full(section.count, section.cash_share)
    return Providers(
        _hedger_columns(room, "provider", section.programme, month_lots),
        room.streams.keys("provider", section.count),
        targets,
        marginal_cost_ticks=np.full(section.count, float(cost_ticks)),
        ramp_days=section.programme.ramp_days,
        first_account=first,
        funding=_hedger_funding(room, targets, cash_share, section.credit_share),
    )


def mean_needs(agents: PopulationsSection, streams: RandomStreams) -> FloatArray:
    """Return the mean token need of each enterprise, mSIT a day."""
    section = agents.enterprises
    draws = standard_draws(streams, "enterprise", "need", section.count)
    needs: FloatArray = section.need_msit_per_day * np.exp(section.need_log_sd * draws)
    return needs


def provider_capacity(agents: PopulationsSection, streams: RandomStreams) -> FloatArray:
    """Return the expected output of each provider, mSIT a day; they are its volumes in the index too."""
    section = agents.providers
    size = np.exp(section.capacity_log_sd * standard_draws(streams, "provider", "capacity", section.count))
    total = section.capacity_to_need * float(mean_needs(agents, streams).sum())
    capacity: FloatArray = total * size / size.sum()
    return capacity


def _hedger_columns(
    room: PopulationRoom, agent_class: str, programme: HedgeProgramme, month_lots: FloatArray
) -> NDArray[Any]:
    count = len(month_lots)
    columns = room.columns(HEDGER_DTYPE, agent_class, count, programme.latency_ms)
    room.fill(columns, agent_class, programme, "actions_per_day", "cross_probability", "max_premium")
    columns["floor_ticks"] = -math.inf
    slice_share = room.parameter(agent_class, programme, "slice_share", count)
    columns["slice_lots"] = np.maximum(1, np.rint(slice_share * month_lots))
    columns["band_lots"] = np.floor(room.parameter(agent_class, programme, "band_share", count) * month_lots)
    return columns


def _ratios(room: PopulationRoom, programme: HedgeProgramme) -> FloatArray:
    tenor = np.arange(room.contract.listed_months)
    ratios = np.where(
        tenor < _NEAR_TENORS,
        programme.near_ratio,
        np.where(tenor < _MID_TENORS, programme.mid_ratio, programme.far_ratio),
    )
    return np.where(tenor == 0, 0.0, ratios)


def _hedger_funding(
    room: PopulationRoom, targets: FloatArray, cash_share: FloatArray, credit_share: float
) -> Funding:
    notional_usd = np.abs(targets).sum(axis=1) * room.contract.contract_size_msit * room.initial_price_usd
    return room.funding(notional_usd * cash_share, notional_usd * credit_share)
