"""Scenario section of the curve arbitrageurs."""

from __future__ import annotations

from abm.agents.limits.section import RiskLimitsSection
from abm.core.settings.fields import field, section
from abm.core.settings.laws import Parameter, ParametersSection, parameter

_JUDGEMENT = "judgement"


class ArbitrageurSection(ParametersSection):
    """Curve arbitrageurs."""

    count: int = field(
        0, ge=0, le=100_000, unit="agents", source=_JUDGEMENT, description="Number of curve arbitrageurs."
    )
    actions_per_day: Parameter = parameter(
        48.0, ge=0, le=10_000, unit="per day", source=_JUDGEMENT,
        description="Rate at which one looks along the curve, and at the calendar spreads.",
    )  # fmt: skip
    quotes_per_day: Parameter = parameter(
        48.0, ge=0, le=10_000, unit="per day", source=_JUDGEMENT,
        description="Rate at which one quotes a calendar spread, if the venue lists any.",
    )  # fmt: skip
    threshold: Parameter = parameter(
        0.0005, ge=0, le=1, unit="share of price", source=_JUDGEMENT,
        description="Gain beyond the fees in and out for which a position is built.",
    )  # fmt: skip
    slice_lots: Parameter = parameter(
        10, ge=1, le=10_000, unit="lots", source=_JUDGEMENT, description="Lots of a month traded at once."
    )
    max_position_lots: Parameter = parameter(
        100, ge=1, le=1_000_000, unit="lots per month", source=_JUDGEMENT,
        description="Largest position in a month.",
    )  # fmt: skip
    cash_usd: Parameter = parameter(
        3_000_000.0, gt=0, le=1e12, unit="USD", source=_JUDGEMENT, description="Capital of one trader."
    )
    latency_ms: Parameter = parameter(
        5.0, gt=0, le=1e6, unit="ms", source=_JUDGEMENT, description="Median latency."
    )
    limits: RiskLimitsSection = section(RiskLimitsSection, description="Leverage and stop-out.")
