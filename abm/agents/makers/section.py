"""Scenario sections of the designated market makers: how they quote, and their contract with the venue."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from abm.core.settings.fields import Disagreement, Section, field, section
from abm.core.settings.laws import Parameter, ParametersSection, parameter

_JUDGEMENT = "judgement"

SuspensionCause = Literal["daily_limit", "halt", "index_unavailable"]


class PayLevel(Section):
    """A performance level of the contract."""

    presence: float = field(
        ..., ge=0, le=1, unit="share of the session", source="as written",
        description="Mean share of complying quotes in the month from which on the level is reached.",
    )  # fmt: skip
    share: float = field(
        ..., ge=0, le=1, unit="share of the pay", source="as written", description="What the level pays."
    )


class MakerContractSection(Section):
    """Further terms of the contract: stress, pay by level, and loss of status; none in the baseline."""

    stress_move: float = field(
        0.0, ge=0, le=100, unit="daily volatilities", source=_JUDGEMENT,
        description="Move since the last settlement that puts a month in stress for the day; 0: not used.",
    )  # fmt: skip
    stress_on_interruption: bool = field(
        False, unit="-", source="rule: (EU) 2017/578 Art. 6, trading resumed after an interruption",
        description="Whether a volatility interruption puts its month in stress for the rest of the day.",
    )  # fmt: skip
    stress_spread_multiple: float = field(
        2.0, ge=1, le=100, unit="1",
        source="rule: (EU) 2017/578 Art. 6, relaxed in stress; factor: judgement",
        description="Widest spread in stress over the usual one.",
    )  # fmt: skip
    stress_size_share: float = field(
        0.5, gt=0, le=1, unit="1", source="rule: (EU) 2017/578 Art. 6, relaxed in stress; factor: judgement",
        description="Shown and smallest size in stress over the usual ones.",
    )  # fmt: skip
    stress_pay_usd: float = field(
        0.0, ge=0, le=1e9, unit="USD per day and month", source=_JUDGEMENT,
        description="Extra for a day of complying quotes in a stressed month, in proportion to time.",
    )  # fmt: skip
    suspended_by: tuple[SuspensionCause, ...] = field(
        (), unit="-", source="rule: (EU) 2017/578 Art. 3, exceptional circumstances",
        description="What suspends the duties in a month (without an index, in all) for the rest of the day.",
    )  # fmt: skip
    pay: Literal["stipend", "revenue_share"] = field(
        "stipend", unit="-", source=_JUDGEMENT,
        description="monthly_pay_usd each, or revenue_share among those who reached a level.",
    )  # fmt: skip
    revenue_share: float = field(
        0.1, ge=0, le=1, unit="share of fees less rebates", source=_JUDGEMENT,
        description="What the makers get of the month's fees less rebates, by level times score.",
    )  # fmt: skip
    pay_source: Literal["revenue", "fees"] = field(
        "revenue", unit="-", source=_JUDGEMENT,
        description="What all pay together cannot exceed, and is cut in proportion to: all that the exchange "
        "has earned, or at most the month's net fees.",
    )  # fmt: skip
    pay_levels: tuple[PayLevel, ...] = field(
        (), unit="share of the session, share of the pay", source=_JUDGEMENT,
        description="Performance levels, rising; without any, all is paid from presence_required on.",
    )  # fmt: skip
    misses_allowed: int = field(
        0, ge=0, le=1_000, unit="months", source=_JUDGEMENT,
        description="Months missed in a row that cost the status, its rebate and its pay; 0 for never.",
    )  # fmt: skip

    @model_validator(mode="after")
    def _levels_rise(self) -> Self:
        for row in range(1, len(self.pay_levels)):
            here, before = self.pay_levels[row], self.pay_levels[row - 1]
            for name in ("presence", "share"):
                if getattr(here, name) <= getattr(before, name):
                    raise ValueError(
                        f"pay_levels.{row}.{name}: {getattr(here, name)} is not > {getattr(before, name)}, "
                        "the level before"
                    )
        return self

    @model_validator(mode="after")
    def _stress_pay_has_a_trigger(self) -> Self:
        if self.stress_pay_usd > 0 and not (self.stress_move > 0 or self.stress_on_interruption):
            raise ValueError(
                f"stress_pay_usd: {self.stress_pay_usd} is not 0 while nothing starts a stress "
                "(stress_move, stress_on_interruption)"
            )
        return self


class MarketMakerSection(ParametersSection):
    """Designated market makers: quoting behaviour and contract."""

    count: int = field(
        4, ge=0, le=100_000, unit="agents", source=_JUDGEMENT, description="Number of market makers."
    )
    requotes_per_day: Parameter = parameter(
        192.0,
        gt=0,
        le=1e6,
        unit="per day and month",
        source=_JUDGEMENT,
        description="Rate of quote updates in a month.",
    )
    risk_aversion: Parameter = parameter(
        2e-5,
        gt=0,
        le=1,
        unit="per USD",
        source=_JUDGEMENT,
        description="Gamma of the Avellaneda-Stoikov quotes.",
    )
    horizon_days: Parameter = parameter(
        1.0, gt=0, le=1e4, unit="days", source=_JUDGEMENT, description="Rolling horizon of inventory risk."
    )
    fill_distance: Parameter = parameter(
        0.004, gt=0, le=1, unit="share of price", source=_JUDGEMENT,
        description="Distance over which the fill rate falls by a factor e (1/k).",
    )  # fmt: skip
    curve_correlation: Parameter = parameter(
        0.5, ge=0, le=1, unit="1", source=_JUDGEMENT,
        description="Weight of the inventory in other months in a month's quote.",
    )  # fmt: skip
    belief_sd: Parameter = parameter(
        0.001, ge=0, le=5, unit="1", source=_JUDGEMENT, description="Stationary log error of a maker's value."
    )
    belief_reversion_per_day: Parameter = parameter(
        2.0, gt=0, le=1e4, unit="per day", source=_JUDGEMENT, description="Reversion speed of that error."
    )
    max_skew: Parameter = parameter(
        0.04, gt=0, le=1, unit="share of price", source=_JUDGEMENT, description="Largest shift for inventory."
    )
    max_position_lots: Parameter = parameter(
        600,
        ge=1,
        le=1_000_000,
        unit="lots per month",
        source=_JUDGEMENT,
        description="Largest position in a month.",
    )
    quote_lots_near: int = field(
        25, ge=1, le=10_000, unit="lots", source="EEX market-maker practice: 25 contracts",
        description="Lots to show on each side, near bucket.",
    )  # fmt: skip
    quote_lots_far: int = field(
        10,
        ge=1,
        le=10_000,
        unit="lots",
        source=_JUDGEMENT,
        description="Lots to show on each side, far bucket.",
    )
    near_tenors: int = field(
        3,
        ge=0,
        le=60,
        unit="months",
        source=_JUDGEMENT,
        description="Number of front tenors in the near bucket.",
    )
    min_size_share: float = field(
        0.5, gt=0, le=1, unit="share of the shown lots", source=_JUDGEMENT,
        description="Size on each side under which a quote no longer complies.",
    )  # fmt: skip
    max_spread_near: float = field(
        0.015, gt=0, le=1, unit="share of price", source=_JUDGEMENT, description="Widest spread, near bucket."
    )
    max_spread_far: float = field(
        0.03, gt=0, le=1, unit="share of price", source=_JUDGEMENT, description="Widest spread, far bucket."
    )
    presence_required: float = field(
        0.80, ge=0, le=1, unit="share of the session", source="EEX market-maker practice: 80 % presence",
        description="Time-weighted two-sided share that the contract asks for.",
    )  # fmt: skip
    monthly_pay_usd: float = field(
        5_000.0, ge=0, le=1e9, unit="USD per month", source=_JUDGEMENT,
        description="Stipend for a month in which the obligation was met, out of exchange fees.",
    )  # fmt: skip
    cash_usd: Parameter = parameter(
        15_000_000.0, gt=0, le=1e12, unit="USD", source=_JUDGEMENT, description="Capital of one market maker."
    )
    latency_ms: Parameter = parameter(
        2.0, gt=0, le=1e6, unit="ms", source=_JUDGEMENT, description="Median latency."
    )
    fill_rate: Parameter = parameter(
        40.0, gt=0, le=1e6, unit="lots per day and side", source=_JUDGEMENT,
        description="Lots filled at no distance from the mid (A), for GLFT; first guess of own estimates.",
    )  # fmt: skip
    estimate_days: Parameter = parameter(
        1.0,
        gt=0,
        le=1e4,
        unit="days",
        description="Memory of a maker's own estimates.",
        source="judgement: with it volatility clusters as in the stylised facts of Cont 2001",
    )
    quoting_cost_usd: Parameter = parameter(
        10.0, ge=0, le=1e9, unit="USD per day and month", source=_JUDGEMENT,
        description="Cost of quoting a month that a strategic maker saves by leaving; no cash flow.",
    )  # fmt: skip
    quoting: Literal["avellaneda_stoikov", "glft"] = field(
        "avellaneda_stoikov", unit="-",
        source="Avellaneda and Stoikov (2008); Gueant, Lehalle and Fernandez-Tapia (2013)",
        description="Model of spread and skew.",
    )  # fmt: skip
    horizon: Literal["rolling", "session"] = field(
        "rolling", unit="-", source=_JUDGEMENT,
        description="Horizon of Avellaneda and Stoikov: always horizon_days, or what is left of the day.",
    )  # fmt: skip
    curve_risk: Literal["one_correlation", "by_distance", "to_delivery"] = field(
        "one_correlation", unit="-", source=_JUDGEMENT,
        description="Two months correlate by curve_correlation, or by its power with the tenors between; "
        "or in that way until delivery, with relative_risk_aversion over equity in place of the skew.",
    )  # fmt: skip
    relative_risk_aversion: Parameter = parameter(
        1.5, ge=0, le=1_000, unit="1", source=_JUDGEMENT + "; Friend and Blume 1975 find about 2",
        description="Over equity, what a maker asks for the risk of its curve to delivery.",
    )  # fmt: skip
    margin_to_equity: Parameter = parameter(
        0.0, ge=0, le=100, unit="share of equity", source=_JUDGEMENT + ": no budget",
        description="Initial margin at which it only reduces; its quotes thin out on the way. 0 for never.",
    )  # fmt: skip
    budget_widening: Parameter = parameter(
        0.0, ge=0, le=1_000, unit="1", source=_JUDGEMENT,
        description="By which share of itself the half spread grows until that budget is used up.",
    )  # fmt: skip
    estimates: Literal["public", "own"] = field(
        "own", unit="-", source="judgement: a maker sees more of the day than yesterday's settlement tells",
        description="Volatility and fill rates: from settlements and as given, or as a maker saw them.",
    )  # fmt: skip
    sample_days: float = field(
        0.1, gt=0, le=1, unit="share of the day", source=_JUDGEMENT,
        description="Interval at which a maker samples mids for its volatility, at least one round.",
    )  # fmt: skip
    markout_days: float = field(
        0.1, gt=0, le=10, unit="days", source=_JUDGEMENT,
        description="Time after which a maker judges what a fill has cost it, at least one round.",
    )  # fmt: skip
    strategy: Literal["obliged", "strategic"] = field(
        "obliged", unit="-", source=_JUDGEMENT,
        description="Quotes as the contract asks, or does so only where that pays.",
    )  # fmt: skip
    contract: MakerContractSection = section(MakerContractSection, description="Stress, levels, status.")

    @model_validator(mode="after")
    def _levels_ask_for_the_duty(self) -> Self:
        if self.contract.pay_levels and self.contract.pay_levels[0].presence < self.presence_required:
            raise Disagreement.of_bounds(
                "contract.pay_levels.0.presence",
                self.contract.pay_levels[0].presence,
                ">=",
                "presence_required",
                self.presence_required,
            )
        return self
