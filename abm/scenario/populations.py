"""Scenario section ``agents``: how many traders of each class, and the laws their parameters follow."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from abm.scenario.fields import Section, field, section

_JUDGEMENT = "judgement"


class HedgeProgramme(Section):
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
        21, ge=1, unit="days", source=_JUDGEMENT, description="Days over which the first strip is built up."
    )
    actions_per_day: float = field(
        8.0, gt=0, unit="per day", source=_JUDGEMENT, description="Rate at which a hedger works an order."
    )
    cross_probability: float = field(
        0.35, ge=0, le=1, unit="1", source=_JUDGEMENT,
        description="Chance that a slice crosses the spread instead of joining the best price.",
    )  # fmt: skip
    slice_share: float = field(
        0.10, gt=0, le=1, unit="share of a month's quantity", source=_JUDGEMENT,
        description="Largest slice sent at once.",
    )  # fmt: skip
    band_share: float = field(
        0.02, ge=0, le=1, unit="share of a month's quantity", source=_JUDGEMENT,
        description="Gap to the target that is left alone (no-trade band).",
    )  # fmt: skip
    max_premium: float = field(
        0.03, ge=0, unit="share of the model price", source=_JUDGEMENT,
        description="Premium over the model curve beyond which the hedger waits.",
    )  # fmt: skip
    latency_ms: float = field(
        80.0, gt=0, unit="ms", source=_JUDGEMENT, description="Median latency of the class."
    )


class EnterpriseSection(Section):
    """Application-layer enterprises: long hedgers."""

    count: int = field(80, ge=1, unit="agents", source=_JUDGEMENT, description="Number of enterprises.")
    hedging_share: float = field(
        0.75, ge=0, le=1, unit="share of enterprises", source=_JUDGEMENT,
        description="Enterprises that run a hedge programme.",
    )  # fmt: skip
    need_msit_per_day: float = field(
        2_000.0, gt=0, unit="mSIT per day", source=_JUDGEMENT, description="Median token need."
    )
    need_log_sd: float = field(
        0.8,
        ge=0,
        unit="1",
        source=_JUDGEMENT,
        description="Log standard deviation of mean need over enterprises.",
    )
    need_volatility: float = field(
        0.15, ge=0, unit="1", description="Stationary log standard deviation of an enterprise's need.",
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
        0.35, gt=0, unit="share of the finished strip's notional", source=_JUDGEMENT,
        description="Own cash set aside for margin, median.",
    )  # fmt: skip
    cash_log_sd: float = field(
        0.35, ge=0, unit="1", source=_JUDGEMENT, description="Log standard deviation of the cash share."
    )
    credit_share: float = field(
        0.15, ge=0, unit="share of the finished strip's notional", source=_JUDGEMENT,
        description="Credit line for margin calls.",
    )  # fmt: skip
    programme: HedgeProgramme = section(HedgeProgramme, description="Hedge programme.")


class ProviderSection(Section):
    """Inference providers: short hedgers that also quote into the index."""

    count: int = field(
        12, ge=4, unit="agents", source=_JUDGEMENT,
        description="Number of providers; the index needs at least four.",
    )  # fmt: skip
    capacity_to_need: float = field(
        1.1, gt=0, unit="1", source=_JUDGEMENT,
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
        0.35, ge=0, unit="share of the initial price", source=_JUDGEMENT,
        description="Marginal cost on day 0; it falls with the deterministic price level.",
    )  # fmt: skip
    cash_share: float = field(
        0.60, gt=0, unit="share of the finished strip's notional", source=_JUDGEMENT,
        description="Own cash set aside for margin.",
    )  # fmt: skip
    credit_share: float = field(
        0.30, ge=0, unit="share of the finished strip's notional", source=_JUDGEMENT,
        description="Credit line for margin calls.",
    )  # fmt: skip
    programme: HedgeProgramme = section(
        lambda: HedgeProgramme(
            near_ratio=0.50, mid_ratio=0.35, far_ratio=0.20, actions_per_day=24.0, max_premium=0.03,
            slice_share=0.05,
        ),
        description="Forward sales.",
    )  # fmt: skip


class NoiseSection(Section):
    """Noise traders."""

    count: int = field(60, ge=0, unit="agents", source=_JUDGEMENT, description="Number of noise traders.")
    actions_per_day: float = field(
        16.0, ge=0, unit="per day", source=_JUDGEMENT, description="Rate of new orders of one trader."
    )
    cancels_per_day: float = field(
        4.0, ge=0, unit="per day", source=_JUDGEMENT, description="Rate at which it cancels all its orders."
    )
    market_order_share: float = field(
        0.35, ge=0, le=1, unit="1", source=_JUDGEMENT, description="Share of market orders."
    )
    mean_lots: float = field(3.0, ge=1, unit="lots", source=_JUDGEMENT, description="Mean order size.")
    price_distance: float = field(
        0.004, ge=0, unit="share of price", source=_JUDGEMENT,
        description="Mean distance of a limit order from the mid price.",
    )  # fmt: skip
    max_position_lots: int = field(
        60, ge=1, unit="lots per month", source=_JUDGEMENT, description="Position at which it only reduces."
    )
    cash_usd: float = field(
        400_000.0, gt=0, unit="USD", source=_JUDGEMENT, description="Capital of one trader."
    )
    latency_ms: float = field(60.0, gt=0, unit="ms", source=_JUDGEMENT, description="Median latency.")


class FundamentalistSection(Section):
    """Fundamentalists."""

    count: int = field(24, ge=0, unit="agents", source=_JUDGEMENT, description="Number of fundamentalists.")
    actions_per_day: float = field(
        10.0, ge=0, unit="per day", source=_JUDGEMENT, description="Rate at which one looks at a month."
    )
    belief_sd: float = field(
        0.015, ge=0, unit="1", source=_JUDGEMENT, description="Stationary log error of a private belief."
    )
    belief_reversion_per_day: float = field(
        0.25, gt=0, unit="per day", source=_JUDGEMENT, description="Reversion speed of the belief error."
    )
    threshold: float = field(
        0.006,
        ge=0,
        unit="share of price",
        source=_JUDGEMENT,
        description="Mispricing beyond which it trades.",
    )
    mean_lots: float = field(6.0, ge=1, unit="lots", source=_JUDGEMENT, description="Mean order size.")
    max_position_lots: int = field(
        150, ge=1, unit="lots per month", source=_JUDGEMENT, description="Largest position in a month."
    )
    cash_usd: float = field(
        1_500_000.0, gt=0, unit="USD", source=_JUDGEMENT, description="Capital of one trader."
    )
    latency_ms: float = field(40.0, gt=0, unit="ms", source=_JUDGEMENT, description="Median latency.")


class ChartistSection(Section):
    """Chartists."""

    count: int = field(20, ge=0, unit="agents", source=_JUDGEMENT, description="Number of chartists.")
    actions_per_day: float = field(
        4.0, ge=0, unit="per day", source=_JUDGEMENT, description="Rate at which one looks at its signal."
    )
    fast_days: float = field(
        0.5, gt=0, unit="days", source=_JUDGEMENT, description="Time constant of the fast average."
    )
    slow_days: float = field(
        3.0, gt=0, unit="days", source=_JUDGEMENT, description="Time constant of the slow average."
    )
    threshold: float = field(
        0.004,
        ge=0,
        unit="share of price",
        source=_JUDGEMENT,
        description="Gap of the averages that is a trend.",
    )
    slice_lots: int = field(5, ge=1, unit="lots", source=_JUDGEMENT, description="Lots sent at once.")
    max_position_lots: int = field(
        30, ge=1, unit="lots", source=_JUDGEMENT, description="Position it takes in a trend."
    )
    tenors: int = field(
        6, ge=1, unit="months", source=_JUDGEMENT, description="Chartists are spread over tenors 1 to this."
    )
    cash_usd: float = field(
        400_000.0, gt=0, unit="USD", source=_JUDGEMENT, description="Capital of one trader."
    )
    latency_ms: float = field(40.0, gt=0, unit="ms", source=_JUDGEMENT, description="Median latency.")

    @model_validator(mode="after")
    def _fast_is_faster(self) -> Self:
        if self.fast_days >= self.slow_days:
            raise ValueError(f"fast_days: {self.fast_days} is not < slow_days ({self.slow_days})")
        return self


class MarketMakerSection(Section):
    """Designated market makers: quoting behaviour and contract."""

    count: int = field(4, ge=0, unit="agents", source=_JUDGEMENT, description="Number of market makers.")
    requotes_per_day: float = field(
        192.0,
        gt=0,
        unit="per day and month",
        source=_JUDGEMENT,
        description="Rate of quote updates in a month.",
    )
    risk_aversion: float = field(
        2e-5, gt=0, unit="per USD", source=_JUDGEMENT, description="Gamma of the Avellaneda-Stoikov quotes."
    )
    horizon_days: float = field(
        1.0, gt=0, unit="days", source=_JUDGEMENT, description="Rolling horizon of inventory risk."
    )
    fill_distance: float = field(
        0.004, gt=0, unit="share of price", source=_JUDGEMENT,
        description="Distance over which the fill rate falls by a factor e (1/k).",
    )  # fmt: skip
    curve_correlation: float = field(
        0.5, ge=0, le=1, unit="1", source=_JUDGEMENT,
        description="Weight of the inventory in other months in a month's quote.",
    )  # fmt: skip
    belief_sd: float = field(
        0.001, ge=0, unit="1", source=_JUDGEMENT, description="Stationary log error of a maker's value."
    )
    belief_reversion_per_day: float = field(
        2.0, gt=0, unit="per day", source=_JUDGEMENT, description="Reversion speed of that error."
    )
    max_skew: float = field(
        0.04, gt=0, unit="share of price", source=_JUDGEMENT, description="Largest shift for inventory."
    )
    max_position_lots: int = field(
        600, ge=1, unit="lots per month", source=_JUDGEMENT, description="Largest position in a month."
    )
    quote_lots_near: int = field(
        25, ge=1, unit="lots", source="EEX market-maker practice: 25 contracts",
        description="Lots to show on each side, near bucket.",
    )  # fmt: skip
    quote_lots_far: int = field(
        10, ge=1, unit="lots", source=_JUDGEMENT, description="Lots to show on each side, far bucket."
    )
    near_tenors: int = field(
        3, ge=0, unit="months", source=_JUDGEMENT, description="Number of front tenors in the near bucket."
    )
    min_size_share: float = field(
        0.5, gt=0, le=1, unit="share of the shown lots", source=_JUDGEMENT,
        description="Size on each side under which a quote no longer complies.",
    )  # fmt: skip
    max_spread_near: float = field(
        0.015, gt=0, unit="share of price", source=_JUDGEMENT, description="Widest spread, near bucket."
    )
    max_spread_far: float = field(
        0.03, gt=0, unit="share of price", source=_JUDGEMENT, description="Widest spread, far bucket."
    )
    presence_required: float = field(
        0.80, ge=0, le=1, unit="share of the session", source="EEX market-maker practice: 80 % presence",
        description="Time-weighted two-sided share that the contract asks for.",
    )  # fmt: skip
    monthly_pay_usd: float = field(
        5_000.0, ge=0, unit="USD per month", source=_JUDGEMENT,
        description="Stipend for a month in which the obligation was met, out of exchange fees.",
    )  # fmt: skip
    cash_usd: float = field(
        15_000_000.0, gt=0, unit="USD", source=_JUDGEMENT, description="Capital of one market maker."
    )
    latency_ms: float = field(2.0, gt=0, unit="ms", source=_JUDGEMENT, description="Median latency.")


class PopulationsSection(Section):
    """All traders of the market."""

    latency_jitter: float = field(
        0.5, ge=0, unit="1", source=_JUDGEMENT, description="Log standard deviation of latency, all classes."
    )
    tenor_decay: float = field(
        3.0, gt=0, unit="months", source=_JUDGEMENT,
        description="Speculators pick a tenor with weight e^(-tenor/this).",
    )  # fmt: skip
    credit_rate: float = field(
        0.09, ge=0, unit="per year", source=_JUDGEMENT, description="Rate of drawn credit lines."
    )
    initial_collateral_share: float = field(
        0.25, ge=0, le=1, unit="share of cash", source=_JUDGEMENT,
        description="Own cash posted with the clearing house before the first day.",
    )  # fmt: skip
    enterprises: EnterpriseSection = section(EnterpriseSection, description="Long hedgers.")
    providers: ProviderSection = section(ProviderSection, description="Short hedgers and index contributors.")
    noise: NoiseSection = section(NoiseSection, description="Zero-intelligence flow.")
    fundamentalists: FundamentalistSection = section(FundamentalistSection, description="Value traders.")
    chartists: ChartistSection = section(ChartistSection, description="Trend followers.")
    market_makers: MarketMakerSection = section(MarketMakerSection, description="Designated market makers.")
