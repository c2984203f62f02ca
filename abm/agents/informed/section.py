"""Scenario section of the informed traders."""

from __future__ import annotations

from typing import Literal

from abm.agents.limits.section import RiskLimitsSection
from abm.core.settings.fields import field, section
from abm.core.settings.laws import Parameter, ParametersSection, parameter

_JUDGEMENT = "judgement"


class AuctionOrdersSection(ParametersSection):
    """What informed traders believe of their own price impact in auctions (Kyle 1985)."""

    price_impact: Parameter = parameter(
        0.3, gt=0, le=1e6, unit="ticks per lot", source="judgement: about what is learned in a baseline year",
        description="First guess of how far one lot moves the price of an auction.",
    )  # fmt: skip
    memory_auctions: Parameter = parameter(
        60.0, ge=1, le=100_000, unit="auctions", source=_JUDGEMENT,
        description="Past auctions of a month from which one learns it, weighted exponentially.",
    )  # fmt: skip


class InformedSection(ParametersSection):
    """Informed traders."""

    count: int = field(
        0, ge=0, le=100_000, unit="agents", source=_JUDGEMENT, description="Number of informed traders."
    )
    rule: Literal["take", "auction"] = field(
        "take", unit="-", source="Glosten and Milgrom 1985 (take), Kyle 1985 (auction)",
        description="They take quotes, or send one order sized by its price impact to each call auction.",
    )  # fmt: skip
    actions_per_day: Parameter = parameter(
        10.0, ge=0, le=10_000, unit="per day", source=_JUDGEMENT,
        description="Rate at which one looks at a month; by the rule auction, to close yesterday's position.",
    )  # fmt: skip
    signal_sd: Parameter = parameter(
        0.01, ge=0, le=5, unit="1", source=_JUDGEMENT,
        description="Log error of what one knows of tomorrow's values; 0 knows them exactly.",
    )  # fmt: skip
    threshold: Parameter = parameter(
        0.002, ge=0, le=1, unit="share of price", source=_JUDGEMENT,
        description="Gain beyond the fee for which a position is built by the rule take.",
    )  # fmt: skip
    mean_lots: Parameter = parameter(
        4.0, ge=1, le=10_000, unit="lots", source=_JUDGEMENT,
        description="Mean order size by the rule take.",
    )  # fmt: skip
    max_position_lots: Parameter = parameter(
        60, ge=1, le=1_000_000, unit="lots per month", source=_JUDGEMENT,
        description="Largest position in a month.",
    )  # fmt: skip
    cash_usd: Parameter = parameter(
        1_500_000.0, gt=0, le=1e12, unit="USD", source=_JUDGEMENT, description="Capital of one trader."
    )
    latency_ms: Parameter = parameter(
        10.0, gt=0, le=1e6, unit="ms", source=_JUDGEMENT, description="Median latency."
    )
    auction: AuctionOrdersSection = section(AuctionOrdersSection, description="By the rule auction.")
    limits: RiskLimitsSection = section(RiskLimitsSection, description="Leverage and stop-out.")
