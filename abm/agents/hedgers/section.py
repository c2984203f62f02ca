"""Scenario sections of the hedgers: enterprises and inference providers."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from abm.core.settings.fields import Disagreement, Section, field, section
from abm.core.settings.laws import Parameter, ParametersSection, parameter

_JUDGEMENT = "judgement"


class ProgrammeSection(ParametersSection):
    """What programmes of enterprises and providers share: positions, execution, and the money behind them."""

    rule: Literal["layered", "strip", "rolling", "stack", "minimum_variance", "none"] = field(
        "layered", unit="-", source="layered programme, the usual treasury policy table",
        description="What is hedged in which month.",
    )  # fmt: skip
    ratio: float = field(
        1.0, ge=0, le=2, unit="share of expected quantity", source="judgement: the whole quantity",
        description="Hedge ratio of strip, rolling and stack.",
    )  # fmt: skip
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
    roll_tenor: int = field(
        1, ge=1, le=120, unit="months", source=_JUDGEMENT,
        description="Farthest month that a rolling programme hedges.",
    )  # fmt: skip
    stack_tenor: int = field(
        1, ge=1, le=120, unit="months", source="judgement: the most liquid month that is not in delivery",
        description="Month in which a stack is held; the next one must be listed.",
    )  # fmt: skip
    roll_days: int = field(
        5, ge=1, le=100_000, unit="days", source="commodity indices such as the S&P GSCI roll over five days",
        description="Last days of a month over which rolling and stack go one month on.",
    )  # fmt: skip
    stack_scaling: float = field(
        0.0, ge=0, le=1_000, unit="1/year", source="judgement: a naive stack",
        description="Speed kappa of e^(-kappa (T - T_stack)), by which a stack counts far needs less.",
    )  # fmt: skip
    tail: bool = field(
        False, unit="-", source=_JUDGEMENT,
        description="Hold e^(-r (T - t)) of each position, r = cost_of_funds, for the interest on gains.",
    )  # fmt: skip
    cost_of_funds: float = field(
        0.05, ge=0, le=10, unit="per year", source="judgement: about the Federal funds rate of 2024",
        description="Rate that own money in margin could earn elsewhere: for tailing and the reported cost.",
    )  # fmt: skip
    ramp_days: int = field(
        21,
        ge=1,
        le=100_000,
        unit="days",
        source=_JUDGEMENT,
        description="Days over which a programme is built up, at first and after a return.",
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
    patience_days: Parameter = parameter(
        0.0, ge=0, le=100_000, unit="days", source=_JUDGEMENT,
        description="Time without a fill after which every slice crosses the spread; 0 for never.",
    )  # fmt: skip
    participation: Parameter = parameter(
        0.0, ge=0, le=100, unit="share of the lots shown", source=_JUDGEMENT,
        description="Largest slice as a share of what shows at the price, one lot at least; 0 for no cap.",
    )  # fmt: skip
    risk_premium: Parameter = parameter(
        0.0, ge=0, le=10, unit="share of the model price per year of tenor", source=_JUDGEMENT,
        description="What the hedger gives up against the model to be rid of the risk.",
    )  # fmt: skip
    latency_ms: Parameter = parameter(
        80.0, gt=0, le=1e6, unit="ms", source=_JUDGEMENT, description="Median latency of the class."
    )
    abandon_below: float = field(
        0.0, ge=0, le=100, unit="share of initial margin", source=_JUDGEMENT,
        description="Free funds under which the hedge is given up, looked at once a day; 0 for never.",
    )  # fmt: skip
    reenter_above: float = field(
        1.0, ge=0, le=100, unit="share of initial margin", source=_JUDGEMENT,
        description="Free funds that the finished programme must leave for the hedge to begin anew.",
    )  # fmt: skip
    unwind_days: int = field(
        3, ge=1, le=100_000, unit="days", source=_JUDGEMENT,
        description="Days over which a hedge that was given up is closed.",
    )  # fmt: skip
    cooling_days: int = field(
        21, ge=0, le=100_000, unit="days", source=_JUDGEMENT,
        description="Days from giving a hedge up to the first thought of a new one.",
    )  # fmt: skip

    margin_budget: float = field(
        0.0, ge=0, le=100, unit="share of own funds and credit", source=_JUDGEMENT + ": no budget",
        description="Initial margin of the finished programme beyond which less is hedged; 0 for no bound.",
    )  # fmt: skip

    @model_validator(mode="after")
    def _return_is_not_below_leaving(self) -> Self:
        if self.reenter_above < self.abandon_below:
            raise Disagreement.of_bounds(
                "reenter_above", self.reenter_above, ">=", "abandon_below", self.abandon_below
            )
        return self


class HedgeProgramme(ProgrammeSection):
    """Hedge programme of an enterprise, its execution, and the money behind it."""

    ratio: float = field(
        1.0, ge=0, le=2, unit="share of expected quantity", source="judgement: the whole need",
        description="Hedge ratio of strip, rolling and stack; of minimum_variance the one held without data.",
    )  # fmt: skip
    estimation_days: int = field(
        252, ge=0, le=100_000, unit="days", source=_JUDGEMENT,
        description="Days of past hedges until a minimum-variance estimate stands alone.",
    )  # fmt: skip
    window_months: int = field(
        0, ge=0, le=100_000, unit="months", source=_JUDGEMENT,
        description="Months a minimum-variance estimate looks back; 0 for all.",
    )  # fmt: skip
    quantity_correction: bool = field(
        False, unit="-", source=_JUDGEMENT,
        description="Estimate the minimum-variance ratio on bills, which move with the need, not on prices.",
    )  # fmt: skip


class ForwardSales(ProgrammeSection):
    """Forward sales of a provider and their execution."""

    rule: Literal["layered", "strip", "rolling", "stack", "none"] = field(
        "layered", unit="-", source=_JUDGEMENT, description="What is sold in which month."
    )
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
        80, ge=0, le=100_000, unit="agents", source=_JUDGEMENT, description="Number of enterprises."
    )
    hedging_share: float = field(
        0.75, ge=0, le=1, unit="share of enterprises", source=_JUDGEMENT,
        description="Enterprises that run a hedge programme.",
    )  # fmt: skip
    need_msit_per_day: float = field(
        2_000.0, ge=1e-3, le=1e7, unit="mSIT per day", source=_JUDGEMENT, description="Median token need."
    )
    need_log_sd: float = field(
        0.8,
        ge=0,
        le=5,
        unit="1",
        source=_JUDGEMENT,
        description="Log standard deviation of mean need over enterprises.",
    )
    need_volatility: float = field(
        0.15, ge=0, le=5, unit="1", description="Stationary log standard deviation of an enterprise's need.",
        source="judgement: the 15 % of a usual quantity-risk case",
    )  # fmt: skip
    need_reversion_per_day: float = field(
        0.10, gt=0, le=1e4, unit="per day", source=_JUDGEMENT, description="Reversion speed of the log need."
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


class ProviderSection(ParametersSection):
    """Inference providers: short hedgers that also quote into the index."""

    count: int = field(
        12, ge=0, le=100_000, unit="agents", source=_JUDGEMENT,
        description="Number of providers, at least index.min_providers unless index.method is process.",
    )  # fmt: skip
    capacity_msit_per_day: float = field(
        20_200.0, ge=1e-3, le=1e9, unit="mSIT per day",
        source="judgement: twelve are expected to make 1.1 times what the baseline's 80 enterprises need",
        description="Mean capacity of a provider, whoever else is there.",
    )  # fmt: skip
    capacity_log_sd: float = field(
        0.4,
        ge=0,
        le=5,
        unit="1",
        source=_JUDGEMENT,
        description="Log standard deviation of capacity over providers.",
    )
    marginal_cost_share: float = field(
        0.35, ge=0, le=10, unit="share of the initial price", source=_JUDGEMENT,
        description="Marginal cost on day 0; it falls with the deterministic price level.",
    )  # fmt: skip
    floor: Literal["today", "delivery_month"] = field(
        "today", unit="-", source=_JUDGEMENT,
        description="Whose marginal cost forward sales are held to: today's, or the delivery month's.",
    )  # fmt: skip
    cash_share: Parameter = parameter(
        0.60, gt=0, le=100, unit="share of the finished strip's notional", source=_JUDGEMENT,
        description="Own cash set aside for margin.",
    )  # fmt: skip
    credit_share: Parameter = parameter(
        0.30, ge=0, le=100, unit="share of the finished strip's notional", source=_JUDGEMENT,
        description="Credit line for margin calls.",
    )  # fmt: skip
    outages_per_year: float = field(
        0.0, ge=0, le=252, unit="1/year", source=_JUDGEMENT,
        description="Outages of a provider, which lower what it sells forward, not its spot price.",
    )  # fmt: skip
    outage_capacity_loss: float = field(
        0.5,
        ge=0,
        le=1,
        unit="share of capacity",
        source=_JUDGEMENT,
        description="Capacity lost in an outage.",
    )
    outage_days: float = field(
        3.0, gt=0, le=100_000, unit="days", source=_JUDGEMENT, description="Mean length of an outage."
    )
    programme: ForwardSales = section(ForwardSales, description="Forward sales.")
