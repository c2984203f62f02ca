"""Builds the designated market makers and the terms of their contract."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.curve_risk import new_curve_risk
from abm.agents.base.population_room import PopulationRoom
from abm.agents.makers.contract import MakerTerms, PayTerms, StressTerms
from abm.agents.makers.kernel import MAKER_DTYPE
from abm.agents.makers.learning import HABITS_DTYPE
from abm.agents.makers.risk_budget import MakerRisk
from abm.agents.makers.section import MarketMakerSection
from abm.agents.makers.shell import MarketMakers
from abm.agents.makers.style import MakerStyle, plain_duties
from abm.core.money import BPS, usd_to_micro


def build_makers(room: PopulationRoom) -> MarketMakers:
    """Return the designated market makers of the scenario."""
    section = room.agents.market_makers
    first = room.next_account
    columns = room.columns(MAKER_DTYPE, "dmm", section.count, section.latency_ms)
    shared = ("account", "latency_ms", "jitter", "belief_error")
    room.fill(columns, "dmm", section, *(name for name in MAKER_DTYPE.names or () if name not in shared))
    columns["belief_error"] = columns["belief_sd"] * room.normals("dmm", "belief", section.count)
    habits = np.zeros(section.count, dtype=HABITS_DTYPE)
    room.fill(habits, "dmm", section, *(HABITS_DTYPE.names or ()))
    max_spread, quote_lots, min_lots = _by_tenor(section, room.contract.listed_months)
    return MarketMakers(
        columns,
        room.streams.keys("dmm", section.count),
        habits=habits,
        style=MakerStyle(
            glft=int(section.quoting == "glft"),
            to_session_end=int(section.horizon == "session"),
            by_distance=int(section.curve_risk == "by_distance"),
            own_estimates=int(section.estimates == "own"),
            strategic=int(section.strategy == "strategic"),
            to_delivery=int(section.curve_risk == "to_delivery"),
        ),
        duties=plain_duties(quote_lots, min_lots, max_spread, makers=section.count),
        risk=_risk(room, section, columns["curve_correlation"]),
        tick_value_usd=room.tick_value_usd,
        sample_days=section.sample_days,
        markout_days=section.markout_days,
        first_account=first,
        funding=room.funding(room.parameter("dmm", section, "cash_usd", section.count)),
    )


def _risk(room: PopulationRoom, section: MarketMakerSection, correlation: NDArray[np.float64]) -> MakerRisk:
    aversion, budget, widening = (
        room.parameter("dmm", section, name, section.count)
        for name in ("relative_risk_aversion", "margin_to_equity", "budget_widening")
    )
    listed = room.contract.listed_months
    return MakerRisk(
        new_curve_risk(aversion, correlation, listed_months=listed, tick_value_usd=room.tick_value_usd),
        budget,
        widening,
        netted_usd=np.zeros(section.count),
        margin_per_lot_usd=np.zeros(listed),
        premium_ticks=np.zeros(listed),
    )


def maker_terms(
    section: MarketMakerSection, listed_months: int, *, dmm_maker_fee_usd: float, maker_fee_usd: float
) -> MakerTerms:
    """Return the terms of the makers' contract, by tenor; the fees are the venue's."""
    contract = section.contract
    max_spread, quote_lots, min_lots = _by_tenor(section, listed_months)
    return MakerTerms(
        max_spread=max_spread,
        quote_lots=quote_lots,
        min_lots=min_lots,
        presence_required=section.presence_required,
        pay=PayTerms(
            stipend_usd_micro=usd_to_micro(section.monthly_pay_usd),
            levels=_levels(section),
            revenue_share_bps=round(contract.revenue_share * BPS)
            if contract.pay == "revenue_share"
            else None,
            stress_usd_micro=usd_to_micro(contract.stress_pay_usd),
            limited_to_fees=contract.pay_source == "fees",
        ),
        misses_allowed=contract.misses_allowed,
        fee_usd_micro=usd_to_micro(dmm_maker_fee_usd),
        fee_without_status_usd_micro=usd_to_micro(maker_fee_usd),
        stress=StressTerms(
            move=contract.stress_move,
            on_interruption=contract.stress_on_interruption,
            spread_multiple=contract.stress_spread_multiple,
            size_share=contract.stress_size_share,
            suspended_by=contract.suspended_by,
        ),
    )


def _levels(section: MarketMakerSection) -> tuple[tuple[float, int], ...]:
    levels = tuple((level.presence, round(level.share * BPS)) for level in section.contract.pay_levels)
    return levels or ((section.presence_required, BPS),)


def _by_tenor(
    section: MarketMakerSection, listed_months: int
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Return widest spread, shown lots and smallest lots of each tenor."""
    near = np.arange(listed_months) < section.near_tenors
    shown = np.where(near, section.quote_lots_near, section.quote_lots_far).astype(np.int64)
    return (
        np.where(near, section.max_spread_near, section.max_spread_far),
        shown,
        np.ceil(section.min_size_share * shown).astype(np.int64),
    )
