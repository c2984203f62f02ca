"""Scenario sections of speculators."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from abm.agents.limits.section import RiskLimitsSection
from abm.core.settings.fields import Disagreement, field, section
from abm.core.settings.laws import Parameter, ParametersSection, parameter

_JUDGEMENT = "judgement"


class NoiseSection(ParametersSection):
    """Noise traders."""

    count: int = field(
        60, ge=0, le=100_000, unit="agents", source=_JUDGEMENT, description="Number of noise traders."
    )
    actions_per_day: Parameter = parameter(
        16.0,
        ge=0,
        le=10_000,
        unit="per day",
        source=_JUDGEMENT,
        description="Rate of new orders of one trader.",
    )
    cancels_per_day: Parameter = parameter(
        4.0,
        ge=0,
        le=10_000,
        unit="per day",
        source=_JUDGEMENT,
        description="Rate at which it cancels all its orders.",
    )
    market_order_share: Parameter = parameter(
        0.35, ge=0, le=1, unit="1", source=_JUDGEMENT, description="Share of market orders."
    )
    mean_lots: Parameter = parameter(
        3.0, ge=1, le=10_000, unit="lots", source=_JUDGEMENT, description="Mean order size."
    )
    price_distance: Parameter = parameter(
        0.004, ge=0, le=1, unit="share of price", source=_JUDGEMENT,
        description="Mean distance of a limit order from the mid price.",
    )  # fmt: skip
    max_position_lots: Parameter = parameter(
        60,
        ge=1,
        le=1_000_000,
        unit="lots per month",
        source=_JUDGEMENT,
        description="Position at which it only reduces.",
    )
    cash_usd: Parameter = parameter(
        400_000.0, gt=0, le=1e12, unit="USD", source=_JUDGEMENT, description="Capital of one trader."
    )
    latency_ms: Parameter = parameter(
        60.0, gt=0, le=1e6, unit="ms", source=_JUDGEMENT, description="Median latency."
    )
    limits: RiskLimitsSection = section(RiskLimitsSection, description="Leverage and stop-out.")


class FundamentalistSection(ParametersSection):
    """Fundamentalists."""

    count: int = field(
        24, ge=0, le=100_000, unit="agents", source=_JUDGEMENT, description="Number of fundamentalists."
    )
    actions_per_day: Parameter = parameter(
        10.0,
        ge=0,
        le=10_000,
        unit="per day",
        source=_JUDGEMENT,
        description="Rate at which one looks at a month.",
    )
    belief_sd: Parameter = parameter(
        0.015,
        ge=0,
        le=5,
        unit="1",
        source=_JUDGEMENT,
        description="Stationary log error of a private belief.",
    )
    belief_reversion_per_day: Parameter = parameter(
        0.25,
        gt=0,
        le=1e4,
        unit="per day",
        source=_JUDGEMENT,
        description="Reversion speed of the belief error.",
    )
    threshold: Parameter = parameter(
        0.006,
        ge=0,
        le=1_000,
        unit="share of price",
        source=_JUDGEMENT,
        description="Mispricing beyond which it trades.",
    )
    mean_lots: Parameter = parameter(
        6.0, ge=1, le=10_000, unit="lots", source=_JUDGEMENT, description="Mean order size."
    )
    max_position_lots: Parameter = parameter(
        150,
        ge=1,
        le=1_000_000,
        unit="lots per month",
        source=_JUDGEMENT,
        description="Largest position in a month.",
    )
    relative_risk_aversion: Parameter = parameter(
        0.0, ge=0, le=1_000, unit="1", source=_JUDGEMENT + "; Friend and Blume 1975 find about 2",
        description="Over equity, what it asks for the risk of its curve to delivery; 0 for nothing.",
    )  # fmt: skip
    curve_correlation: Parameter = parameter(
        0.9, ge=0, le=1, unit="1", source=_JUDGEMENT,
        description="Correlation of neighbouring months in that risk; farther ones by its powers.",
    )  # fmt: skip
    cash_usd: Parameter = parameter(
        1_500_000.0, gt=0, le=1e12, unit="USD", source=_JUDGEMENT, description="Capital of one trader."
    )
    latency_ms: Parameter = parameter(
        40.0, gt=0, le=1e6, unit="ms", source=_JUDGEMENT, description="Median latency."
    )
    limits: RiskLimitsSection = section(RiskLimitsSection, description="Leverage and stop-out.")


class ChartistSection(ParametersSection):
    """Chartists."""

    count: int = field(
        20, ge=0, le=100_000, unit="agents", source=_JUDGEMENT, description="Number of chartists."
    )
    actions_per_day: Parameter = parameter(
        4.0,
        ge=0,
        le=10_000,
        unit="per day",
        source=_JUDGEMENT,
        description="Rate at which one looks at its signal.",
    )
    fast_days: float = field(
        0.5, gt=0, le=1e4, unit="days", source=_JUDGEMENT, description="Time constant of the fast average."
    )
    slow_days: float = field(
        3.0, gt=0, le=1e4, unit="days", source=_JUDGEMENT, description="Time constant of the slow average."
    )
    threshold: Parameter = parameter(
        0.004,
        ge=0,
        le=1_000,
        unit="share of price",
        source=_JUDGEMENT,
        description="Gap of the averages that is a trend.",
    )
    slice_lots: int = field(
        5, ge=1, le=10_000, unit="lots", source=_JUDGEMENT, description="Lots sent at once."
    )
    max_position_lots: Parameter = parameter(
        30, ge=1, le=1_000_000, unit="lots", source=_JUDGEMENT, description="Position it takes in a trend."
    )
    tenors: int = field(
        6,
        ge=1,
        le=120,
        unit="months",
        source=_JUDGEMENT,
        description="Chartists are spread over tenors 1 to this.",
    )
    cash_usd: Parameter = parameter(
        400_000.0, gt=0, le=1e12, unit="USD", source=_JUDGEMENT, description="Capital of one trader."
    )
    latency_ms: Parameter = parameter(
        40.0, gt=0, le=1e6, unit="ms", source=_JUDGEMENT, description="Median latency."
    )
    limits: RiskLimitsSection = section(RiskLimitsSection, description="Leverage and stop-out.")

    @model_validator(mode="after")
    def _fast_is_faster(self) -> Self:
        if self.fast_days >= self.slow_days:
            raise Disagreement.of_bounds("fast_days", self.fast_days, "<", "slow_days", self.slow_days)
        return self
