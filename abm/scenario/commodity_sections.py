"""Sections of what is simulated and traded: run, calendar, contract, spot price, index."""

from __future__ import annotations

from math import ceil
from typing import Annotated, Literal

from pydantic import Field, model_validator

from abm.scenario.fields import Section, field, section

_PAPER = "Xing 2026, arXiv:2603.21690"

PositivePrice = Annotated[float, Field(gt=0, le=1e6)]
YearlyTrend = Annotated[float, Field(ge=-10, le=10)]
FromProviderPrices = Literal["provider_prices"]


class RunSection(Section):
    """How long to simulate and which random numbers to draw."""

    days: int = field(
        252, ge=1, le=25_200, unit="trading days", source="judgement", description="Length of the run."
    )
    seed: int = field(
        1, ge=0, le=2**63 - 1, unit="-", source="judgement", description="Seed of every random stream."
    )


class CalendarSection(Section):
    """Synthetic trading calendar and the resolution of a day."""

    rounds_per_day: int = field(
        48,
        ge=1,
        le=100_000,
        unit="rounds/day",
        source="judgement",
        description="Trading rounds a day: a resolution, not a rule of the market.",
    )
    days_per_month: int = field(
        21,
        ge=2,
        le=31,
        unit="trading days",
        source="judgement",
        description="Trading days in every month, 252 a year.",
    )
    months_per_year: int = field(
        12, ge=1, le=12, unit="months", source="judgement", description="Months in a year."
    )
    first_year: int = field(
        2027, ge=1970, le=2999, unit="year", source="judgement", description="Calendar year of month 0."
    )
    first_month: int = field(
        1, ge=1, le=12, unit="month", source="judgement", description="Calendar month of month 0."
    )


class ContractSection(Section):
    """Terms of the monthly cash-settled future."""

    product_code: str = field(
        "SIT",
        min_length=1,
        max_length=8,
        pattern="^[A-Z0-9]+$",
        unit="-",
        source=_PAPER,
        description="Letters before the month code, as in SITZ27.",
    )
    contract_size_msit: int = field(
        1_000, ge=1, le=1_000_000, unit="mSIT/lot", source="judgement", description="Million SIT in one lot."
    )
    tick_size_usd: float = field(
        0.001,
        ge=1e-6,
        le=1_000,
        unit="USD/mSIT",
        source="judgement",
        description="Smallest price step, a whole number of micro-USD; USD 1.00 a lot at the defaults.",
    )
    listed_months: int = field(
        12,
        ge=1,
        le=60,
        unit="months",
        source=_PAPER,
        description="Consecutive delivery months listed at any time.",
    )

    @model_validator(mode="after")
    def _tick_is_whole_micro_usd(self) -> ContractSection:
        micro = self.tick_size_usd * 1e6
        if abs(micro - round(micro)) > 1e-6:
            raise ValueError(f"tick_size_usd: {self.tick_size_usd} is not a multiple of 0.000001")
        return self


class DoubleExponentialJumpsSection(Section):
    """Jumps of the log price after Kou: exponential up with probability ``p_up``, else exponential down."""

    kind: Literal["double_exponential"] = field(
        "double_exponential", unit="-", source="Kou 2002", description="Law of the jump sizes."
    )
    p_up: float = field(
        0.32,
        ge=0,
        le=1,
        unit="1",
        source="provider list prices, July-August 2026: share of price changes that went up",
        description="Probability that a jump goes up.",
    )
    eta_up: float = field(
        12.5,
        gt=1,
        le=1e6,
        unit="1/log price",
        source="judgement",
        description="Inverse mean of an upward jump; the forward price is infinite at 1 and below.",
    )
    eta_down: float = field(
        10.0,
        gt=0,
        le=1e6,
        unit="1/log price",
        source="judgement",
        description="Inverse mean of a downward jump.",
    )


class GaussianJumpsSection(Section):
    """Jumps of the log price with a normal law (Merton)."""

    kind: Literal["gaussian"] = field(
        "gaussian", unit="-", source="Clewlow and Strickland 2000", description="Law of the jump sizes."
    )
    mean: float = field(
        0.25, ge=-5, le=5, unit="log price", source="judgement", description="Mean jump of the log price."
    )
    std: float = field(
        0.12, ge=0, le=5, unit="log price", source="judgement", description="Standard deviation of a jump."
    )


class LevelShiftSection(Section):
    """A linear rise (or fall) of the log price level over some days that then stays."""

    log_size: float = field(
        0.0, ge=-5, le=5, unit="log price", source="judgement", description="Size of the shift; 0 for none."
    )
    start_day: int = field(
        0, ge=0, le=25_200, unit="trading day", source="judgement", description="First day of the shift."
    )
    duration_days: int = field(
        1, ge=1, le=25_200, unit="trading days", source="judgement", description="Days the shift takes."
    )


class SpotSection(Section):
    """Mean-reverting jump diffusion of the spot price around a falling level."""

    initial_price_usd: PositivePrice | FromProviderPrices = field(
        "provider_prices",
        unit="USD/mSIT",
        source="public list prices, see index.provider_prices",
        description='Price on day 0: a number, or "provider_prices" for the index of the list prices.',
    )
    trend_per_year: YearlyTrend | FromProviderPrices = field(
        "provider_prices",
        unit="log price/year",
        source="public list prices, see index.provider_prices; the paper's figure is ln(40)/2 = 1.84",
        description='Yearly fall of the log level (positive = falling), or "provider_prices" to fit it.',
    )
    kappa: float = field(
        4.0,
        gt=0,
        le=1_000,
        unit="1/year",
        source="judgement",
        description="Speed of return to the level; half-life ln 2/kappa years.",
    )
    sigma: float = field(
        0.25,
        ge=0,
        le=10,
        unit="log price/sqrt(year)",
        source="realised volatility of GPU rental indices, 26-30 %",
        description="Volatility of the diffusion.",
    )
    jump_intensity: float = field(
        4.0, ge=0, le=1_000, unit="1/year", source="judgement", description="Expected jumps a year."
    )
    jumps: Annotated[DoubleExponentialJumpsSection | GaussianJumpsSection, Field(discriminator="kind")] = (
        section(DoubleExponentialJumpsSection, description="Law of the jump sizes.")
    )
    level_shift: LevelShiftSection = section(LevelShiftSection, description="One shift of the price level.")


class IndexSection(Section):
    """Token Price Index: provider quotes, quality gate, weights."""

    provider_prices: str = field(
        "provider_prices.csv",
        min_length=1,
        unit="-",
        source="public API price lists of the providers",
        description="Price file: packaged by its bare name, or a path relative to the scenario file.",
    )
    output_share: float = field(
        0.25,
        ge=0,
        le=1,
        unit="1",
        source="judgement",
        description="Share of output tokens in the blended price.",
    )
    reference_quality: float = field(
        86.0,
        gt=0,
        le=100,
        unit="% MMLU",
        source=_PAPER,
        description="Quality of the standard token; a price counts times reference over own quality.",
    )
    minimum_quality: float = field(
        86.0, ge=0, le=100, unit="% MMLU", source=_PAPER, description="Quality gate of the index."
    )
    weight_cap: float = field(
        0.30, gt=0, le=1, unit="1", source=_PAPER, description="Largest weight of one provider."
    )
    min_providers: int = field(
        4,
        ge=1,
        le=1_000,
        unit="providers",
        source="judgement: the fewest that a cap of 30 % allows",
        description="With fewer qualified providers the index is unavailable that day.",
    )
    stale_after_days: int = field(
        5, ge=1, le=252, unit="days", source="judgement", description="An older quote drops out."
    )
    basis_sd: float = field(
        0.08,
        ge=0,
        le=2,
        unit="log price",
        source="judgement",
        description="Stationary standard deviation of a provider's log price against the index.",
    )
    basis_kappa: float = field(
        20.0,
        gt=0,
        le=10_000,
        unit="1/year",
        source="judgement",
        description="Speed at which a provider's price returns to the index.",
    )

    @model_validator(mode="after")
    def _cap_can_hold(self) -> IndexSection:
        fewest = ceil(1 / self.weight_cap - 1e-9)
        if self.min_providers < fewest:
            raise ValueError(
                f"min_providers: {self.min_providers} is not >= {fewest}, "
                f"the fewest that weight_cap = {self.weight_cap} allows"
            )
        return self
