"""Scenario section of the mixture traders."""

from __future__ import annotations

from abm.agents.limits.section import RiskLimitsSection
from abm.core.settings.fields import field, section
from abm.core.settings.laws import ExponentialLaw, Parameter, ParametersSection, UniformLaw, parameter

_JUDGEMENT = "judgement"
_CIP = "Chiarella, Iori and Perello 2009"
_CI = "Chiarella and Iori 2002"


class MixtureSection(ParametersSection):
    """Traders who weigh value, trend and noise (Chiarella, Iori and Perello 2009); nobody in the baseline."""

    count: int = field(
        0, ge=0, le=100_000, unit="agents", source=_JUDGEMENT, description="Number of mixture traders."
    )
    actions_per_day: Parameter = parameter(
        16.0, ge=0, le=10_000, unit="per day", source=_JUDGEMENT, description="Rate at which one orders anew."
    )
    fundamental_weight: Parameter = parameter(
        ExponentialLaw(mean=1.0), ge=0, le=1_000, unit="1", source=f"{_CIP}: exponential weights",
        description="Weight g1 of the gap to the model value.",
    )  # fmt: skip
    trend_weight: Parameter = parameter(
        0.0, ge=0, le=1_000, unit="1", source=f"{_CIP}: no chartists is their first case",
        description="Weight g2 of the mean return over the horizon.",
    )  # fmt: skip
    noise_weight: Parameter = parameter(
        ExponentialLaw(mean=1.0), ge=0, le=1_000, unit="1", source=f"{_CIP}: exponential weights",
        description="Weight n of the noise.",
    )  # fmt: skip
    horizon_days: float = field(
        1.5, gt=0, le=63, unit="days", source=_JUDGEMENT,
        description="Horizon tau; a trader's own is tau (1 + g1) / (1 + g2).",
    )  # fmt: skip
    reversion_days: Parameter = parameter(
        UniformLaw(low=1.0, high=2.0), gt=0, le=1_000, unit="days", source=_JUDGEMENT,
        description="Time tau_f in which a trader expects the price to reach the model value.",
    )  # fmt: skip
    noise_per_day: Parameter = parameter(
        0.01, ge=0, le=1, unit="log points per day", source=_JUDGEMENT,
        description="Standard deviation of the noise in a forecast.",
    )  # fmt: skip
    order_margin: Parameter = parameter(
        UniformLaw(low=0.0, high=0.02), ge=0, le=0.99, unit="share of price",
        source=f"{_CI}: uniform margins",
        description="Margin k between the expected price and the limit of an order.",
    )  # fmt: skip
    mean_lots: Parameter = parameter(
        3.0, ge=1, le=10_000, unit="lots", source=_JUDGEMENT, description="Mean order size."
    )
    max_position_lots: Parameter = parameter(
        60, ge=1, le=1_000_000, unit="lots per month", source=_JUDGEMENT,
        description="Largest position in a month.",
    )  # fmt: skip
    cash_usd: Parameter = parameter(
        400_000.0, gt=0, le=1e12, unit="USD", source=_JUDGEMENT, description="Capital of one trader."
    )
    latency_ms: Parameter = parameter(
        40.0, gt=0, le=1e6, unit="ms", source=_JUDGEMENT, description="Median latency."
    )
    limits: RiskLimitsSection = section(RiskLimitsSection, description="Leverage and stop-out.")
