"""Scenario sections of the hedgers: enterprises and inference providers."""

from __future__ import annotations

from abm.scenario.fields import Section, field, section
from abm.scenario.laws import Parameter, ParametersSection, parameter

_JUDGEMENT = "judgement"


class HedgeProgramme(ParametersSection):
    """Layered hedge programme and its execution."""

    near_ratio: float = field(
        0.75, ge=0, le=2, unit="share of expected quantity", description="Hedge ratio for tenors 1-3.",
        source="layered programme 75/50/25 %, the usual treasury policy table",
    )  # fmt: skip
    mid_ratio: float = field(
        0.50, ge=0, le=2, unit="share of expected quantity", description="Hedge ratio for tenors 4-6.",
        source="layered programme 75/50/25 %, the usual treasury policy table",
    )  # fmt: skip
    far_ratio: float = field(
        0.25, ge=0, le=2, unit="share of expected quantity", description="Hedge ratio for tenors 7 and more.",
        source="layered programme 75/50/25 %, the usual treasury policy table",
    )  # fmt: skip
    ramp_days: int = field(
        21,
        ge=1,
        le=100_000,
        unit="days",
        source=_JUDGEMENT,
        description="Days over which the first strip is built up.",
    )
    actions_per_day: Parameter = parameter(
        8.0,
        gt=0,
        le=10_000,
        unit="per day",
        source=_JUDGEMENT,
        description="Rate at which a hedger works an order.",
    )
    cross_probability: Parameter = parameter(
        0.35, ge=0, le=1, unit="1", source=_JUDGEMENT,
        description="Chance that a slice crosses the spread instead of joining the best price.",
    )  # fmt: skip
    slice_share: Parameter = parameter(
        0.10, gt=0, le=1, unit="share of a month's quantity", source=_JUDGEMENT,
        description="Largest slice sent at once.",
    )  # fmt: skip
    band_share: Parameter = parameter(
        0.02, ge=0, le=1, unit="share of a month's quantity", source=_JUDGEMENT,
        description="Gap to the target that is left alone (no-trade band).",
    )  # fmt: skip
    max_premium: Parameter = parameter(
        0.03, ge=0, le=1, unit="share of the model price", source=_JUDGEMENT,
        description="Premium over the model curve beyond which the hedger waits.",
    )  # fmt: skip
    latency_ms: Parameter = parameter(
        80.0, gt=0, le=1e6, unit="ms", source=_JUDGEMENT, description="Median latency of the class."
    )


class ForwardSales(HedgeProgramme):
    """Layered forward sales of a provider and their execution."""

    near_ratio: float = field(
        0.50, ge=0, le=2, unit="share of expected quantity", source=_JUDGEMENT,
        description="Share sold forward for tenors 1-3.",
    )  # fmt: skip
    mid_ratio: float = field(
        0.35, ge=0, le=2, unit="share of expected quantity", source=_JUDGEMENT,
        description="Share sold forward for tenors 4-6.",
    )  # fmt: skip
    far_ratio: float = field(
        0.20, ge=0, le=2, unit="share of expected quantity", source=_JUDGEMENT,
        description="Share sold forward for tenors 7 and more.",
    )  # fmt: skip
    actions_per_day: Parameter = parameter(
        24.0, gt=0, le=10_000, unit="per day", source=_JUDGEMENT,
        description="Rate at which a provider works an order.",
    )  # fmt: skip
    slice_share: Parameter = parameter(
        0.05, gt=0, le=1, unit="share of a month's quantity", source=_JUDGEMENT,
        description="Largest slice sent at once.",
    )  # fmt: skip


class EnterpriseSection(Section):
    """Application-layer enterprises: long hedgers."""

    count: int = field(
        80, ge=1, le=100_000, unit="agents", source=_JUDGEMENT, description="Number of enterprises."
    )
    hedging_share: float = field(
        0.75, ge=0, le=1, unit="share of enterprises", source=_JUDGEMENT,
        description="Enterprises that run a hedge programme.",
    )  # fmt: skip
    need_msit_per_day: float = field(
        2_000.0, gt=0, le=1e7, unit="mSIT per day", source=_JUDGEMENT, description="Median token need."
    )
    need_log_sd: float = field(
        0.8,
        ge=0,
        unit="1",
        source=_JUDGEMENT,
        description="Log standard deviation of mean need over enterprises.",
    )
    need_volatility: float = field(
        0.15, ge=0, le=5, unit="1", description="Stationary log standard deviation of an enterprise's need.",
        source="judgement: the 15 % of a usual quantity-risk case",
    )  # fmt: skip
    need_reversion_per_day: float = field(
        0.10, gt=0, unit="per day", source=_JUDGEMENT, description="Reversion speed of the log need."
    )
    need_price_correlation: float = field(
        0.30, ge=-1, le=1, unit="1", source=_JUDGEMENT,
        description="Correlation of daily need shocks with price surprises.",
    )  # fmt: skip
    cash_share: float = field(
        0.35, gt=0, le=100, unit="share of the finished strip's notional", source=_JUDGEMENT,
        description="Own cash set aside for margin, median.",
    )  # fmt: skip
    cash_log_sd: float = field(
        0.35, ge=0, le=5, unit="1", source=_JUDGEMENT, description="Log standard deviation of the cash share."
    )
    credit_share: float = field(
        0.15, ge=0, le=100, unit="share of the finished strip's notional", source=_JUDGEMENT,
        description="Credit line for margin calls.",
    )  # fmt: skip
    programme: HedgeProgramme = section(HedgeProgramme, description="Hedge programme.")


class ProviderSection(Section):
    """Inference providers: short hedgers that also quote into the index."""

    count: int = field(
        12, ge=4, le=100_000, unit="agents", source=_JUDGEMENT,
        description="Number of providers; the index needs at least four.",
    )  # fmt: skip
    capacity_to_need: float = field(
        1.1, gt=0, le=100, unit="1", source=_JUDGEMENT,
        description="Expected output of all providers over expected need of all enterprises.",
    )  # fmt: skip
    capacity_log_sd: float = field(
        0.4,
        ge=0,
        unit="1",
        source=_JUDGEMENT,
        description="Log standard deviation of capacity over providers.",
    )
    marginal_cost_share: float = field(
        0.35, ge=0, le=10, unit="share of the initial price", source=_JUDGEMENT,
        description="Marginal cost on day 0; it falls with the deterministic price level.",
    )  # fmt: skip
    cash_share: float = field(
        0.60, gt=0, le=100, unit="share of the finished strip's notional", source=_JUDGEMENT,
        description="Own cash set aside for margin.",
    )  # fmt: skip
    credit_share: float = field(
        0.30, ge=0, le=100, unit="share of the finished strip's notional", source=_JUDGEMENT,
        description="Credit line for margin calls.",
    )  # fmt: skip
    programme: ForwardSales = section(ForwardSales, description="Forward sales.")
