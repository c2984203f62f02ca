"""Builds the populations with a physical business: enterprises and inference providers."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.population import Funding
from abm.agents.base.population_room import PopulationRoom, check_amounts
from abm.agents.hedgers.capacity import CapacityOutages
from abm.agents.hedgers.kernel import HEDGER_DTYPE
from abm.agents.hedgers.minimum_variance import MinimumVarianceRatios
from abm.agents.hedgers.programmes import Programme, strip_ratios
from abm.agents.hedgers.quantities import mean_needs, provider_capacity
from abm.agents.hedgers.section import HedgeProgramme, ProgrammeSection
from abm.agents.hedgers.shell import Enterprises, Providers
from abm.agents.hedgers.treasury import AbandonmentRule
from abm.core.arrays import FloatArray


def build_enterprises(room: PopulationRoom) -> Enterprises:
    """Return the enterprises of the scenario."""
    section = room.agents.enterprises
    first = room.next_account
    need = mean_needs(room.agents, room.population_streams)
    provider_draw = room.uniforms("enterprise", "provider", section.count)
    provider = (provider_draw * room.agents.providers.count).astype(np.int64)
    multiples = room.provider_multiples[provider]
    month_lots = room.month_lots(need * multiples)
    programme = programme_of(room, section.programme)
    wanted = finished_lots(room, programme, month_lots)
    hedging = room.uniforms("enterprise", "hedges", section.count) < section.hedging_share
    cash_spread = np.exp(section.cash_log_sd * room.normals("enterprise", "cash", section.count))
    return Enterprises(
        hedger_columns(room, "enterprise", section.programme, month_lots, wanted),
        room.streams.keys("enterprise", section.count),
        month_lots,
        programme,
        mean_need_msit=need,
        provider=provider,
        hedges=hedging & (programme.kind != "none"),
        need_volatility=section.need_volatility,
        need_reversion_per_day=section.need_reversion_per_day,
        need_price_correlation=section.need_price_correlation,
        need_streams=room.streams.keys("enterprise-need", section.count),
        estimator=estimator_of(room, section.programme, need * room.days_per_month, multiples),
        listed_months=room.contract.listed_months,
        ramp_days=section.programme.ramp_days,
        abandonment=abandonment_of(section.programme),
        first_account=first,
        funding=_hedger_funding(
            room, "enterprises", wanted, section.cash_share * cash_spread, section.credit_share
        ),
    )


def build_providers(room: PopulationRoom) -> Providers:
    """Return the inference providers of the scenario."""
    section = room.agents.providers
    first = room.next_account
    capacity = provider_capacity(room.agents, room.population_streams)
    month_lots = room.month_lots(capacity * room.provider_multiples)
    programme = programme_of(room, section.programme)
    wanted = finished_lots(room, programme, -month_lots)
    cost_ticks = room.contract.price_to_ticks(section.marginal_cost_share * room.initial_price_usd)
    cash_share, credit_share = (
        room.parameter("provider", section, name, section.count) for name in ("cash_share", "credit_share")
    )
    return Providers(
        hedger_columns(room, "provider", section.programme, month_lots, wanted),
        room.streams.keys("provider", section.count),
        -month_lots,
        programme,
        marginal_cost_ticks=np.full(section.count, float(cost_ticks)),
        cost_decline_per_day=room.cost_decline_per_day,
        floor_by_month=section.floor == "delivery_month",
        outages=CapacityOutages(
            section.count,
            per_year=section.outages_per_year,
            mean_days=section.outage_days,
            loss=section.outage_capacity_loss,
            days_per_year=room.days_per_month * room.months_per_year,
            rng=room.streams.generator("provider", "capacity-outages"),
        ),
        listed_months=room.contract.listed_months,
        ramp_days=section.programme.ramp_days,
        abandonment=abandonment_of(section.programme),
        first_account=first,
        funding=_hedger_funding(room, "providers", wanted, cash_share, credit_share),
    )


def hedger_columns(
    room: PopulationRoom,
    agent_class: str,
    section: ProgrammeSection,
    month_lots: FloatArray,
    wanted: FloatArray,
) -> NDArray[Any]:
    """Return the columns of a class; slices grow with a position that is larger than a month's quantity."""
    count = len(month_lots)
    columns = room.columns(HEDGER_DTYPE, agent_class, count, section.latency_ms)
    room.fill(
        columns, agent_class, section,
        "actions_per_day", "cross_probability", "max_premium", "patience_days", "participation",
    )  # fmt: skip
    columns["floor_ticks"] = -math.inf
    slice_share = room.parameter(agent_class, section, "slice_share", count)
    largest = np.maximum(month_lots, np.abs(wanted).max(axis=1)) if section.rule == "stack" else month_lots
    columns["slice_lots"] = np.maximum(1, np.rint(slice_share * largest))
    columns["band_lots"] = np.floor(room.parameter(agent_class, section, "band_share", count) * month_lots)
    premium = room.parameter(agent_class, section, "risk_premium", count)
    columns["risk_premium_per_month"] = premium / room.months_per_year
    return columns


def programme_of(room: PopulationRoom, section: ProgrammeSection) -> Programme:
    """Return the terms of a programme."""
    days_per_year = room.days_per_month * room.months_per_year
    return Programme(
        kind=section.rule,
        days_per_month=room.days_per_month,
        near_ratio=section.near_ratio,
        mid_ratio=section.mid_ratio,
        far_ratio=section.far_ratio,
        ratio=section.ratio,
        roll_tenor=section.roll_tenor,
        stack_tenor=section.stack_tenor,
        roll_days=section.roll_days,
        stack_damping_per_month=section.stack_scaling / room.months_per_year,
        tail_rate_per_day=section.cost_of_funds / days_per_year if section.tail else 0.0,
        margin_budget=section.margin_budget,
    )


def finished_lots(room: PopulationRoom, programme: Programme, month_lots: FloatArray) -> FloatArray:
    """Return the finished programme at the end of a month, shape (hedgers, listed months).

    An estimated ratio is not known yet: money is for the whole need, or for the prior if that is more.
    """
    if programme.kind == "minimum_variance":
        programme = replace(programme, ratio=max(programme.ratio, 1.0))
    need = np.repeat(month_lots[:, None], room.contract.listed_months, axis=1)
    return programme.target_lots(need, room.days_per_month - 1)


def estimator_of(
    room: PopulationRoom, section: HedgeProgramme, expected_need_msit: FloatArray, multiples: FloatArray
) -> MinimumVarianceRatios | None:
    """Return what estimates the ratios of a minimum-variance programme; ``None`` for the others."""
    if section.rule != "minimum_variance":
        return None
    return MinimumVarianceRatios(
        strip_ratios(room.contract.listed_months, section.ratio),
        multiples=multiples,
        expected_need_msit=expected_need_msit,
        estimation_days=section.estimation_days,
        window_months=section.window_months,
        with_quantity=section.quantity_correction,
    )


def abandonment_of(section: ProgrammeSection) -> AbandonmentRule:
    """Return when a hedge of this programme is given up."""
    return AbandonmentRule(
        abandon_below=section.abandon_below,
        reenter_above=section.reenter_above,
        unwind_days=section.unwind_days,
        cooling_days=section.cooling_days,
    )


def _hedger_funding(
    room: PopulationRoom,
    name: str,
    targets: FloatArray,
    cash_share: FloatArray,
    credit_share: FloatArray | float,
) -> Funding:
    """Return cash and credit in proportion to the finished programme, at the price of day 0."""
    notional_usd = np.abs(targets).sum(axis=1) * room.contract.contract_size_msit * room.initial_price_usd
    quantity = "need_msit_per_day" if name == "enterprises" else "capacity_msit_per_day"
    check_amounts(f"agents.{name}.{quantity}", "the finished programme", notional_usd)
    return room.funding(
        notional_usd * cash_share,
        notional_usd * credit_share,
        cash_field=f"agents.{name}.cash_share",
        credit_field=f"agents.{name}.credit_share",
    )
