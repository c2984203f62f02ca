"""Sections of the spot price and of the Token Price Index."""

from __future__ import annotations

from math import ceil
from typing import Annotated, Literal

from pydantic import Field, model_validator

from abm.core.settings.fields import Disagreement, Section, field, section
from abm.scenario.sections.knowledge import BeliefSection, Knowledge
from abm.scenario.sections.shocks import (
    LEAST_ETA_UP,
    DislocationSection,
    DoubleExponentialJumpsSection,
    GaussianJumpsSection,
    LevelShiftSection,
    LongRunSection,
    PremiumSection,
    SeasonalitySection,
    StressRegimeSection,
    SupplySection,
)

_PAPER = "Xing 2026, arXiv:2603.21690"

PositivePrice = Annotated[float, Field(gt=0, le=1e6)]
YearlyTrend = Annotated[float, Field(ge=-10, le=10)]
FromProviderPrices = Literal["provider_prices"]
FromSupply = Literal["three_factor_supply"]


class SpotSection(Section):
    """Mean-reverting jump diffusion of the spot price around a falling level."""

    initial_price_usd: PositivePrice | FromProviderPrices = field(
        "provider_prices",
        unit="USD/mSIT",
        source="public list prices, see index.provider_prices",
        description='Price on day 0: a number, or "provider_prices" for the index of the list prices.',
    )
    trend_per_year: YearlyTrend | FromProviderPrices | FromSupply = field(
        "provider_prices",
        unit="log price/year",
        source="public list prices, see index.provider_prices; the paper's figure is ln(40)/2 = 1.84",
        description="Yearly fall of the log level; or fitted to the list prices, or from spot.supply.",
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
    level_shift: LevelShiftSection = section(LevelShiftSection, description="Shifts of the price level.")
    dislocation: DislocationSection = section(
        DislocationSection, description="One passing move in USD, which may take the price below zero."
    )
    seasonality: SeasonalitySection = section(SeasonalitySection, description="Weekly and daily pattern.")
    long_run: LongRunSection = section(LongRunSection, description="Permanent part of the price.")
    premium: PremiumSection = section(PremiumSection, description="Risk premium in the model curve.")
    stress: StressRegimeSection = section(StressRegimeSection, description="Stressed regime.")
    supply: SupplySection = section(SupplySection, description="Supply and demand behind the trend.")
    knowledge: Knowledge = field(
        "exact",
        unit="-",
        source="judgement",
        description="How traders know the long-run factor and the regime: exactly, or filtered from fixings "
        "and futures.",
    )
    belief: BeliefSection = section(BeliefSection, description="The filter, where knowledge is filtered.")

    @model_validator(mode="after")
    def _forward_is_finite(self) -> SpotSection:
        if isinstance(self.jumps, DoubleExponentialJumpsSection):
            tilt, room = self.premium.jump_tilt, self.jumps.eta_up - LEAST_ETA_UP
            if tilt > room or tilt <= -self.jumps.eta_down:
                sign, bound, name = (
                    ("<=", room, f"eta_up - {LEAST_ETA_UP}")
                    if tilt > room
                    else (">", -self.jumps.eta_down, "-eta_down")
                )
                raise Disagreement(
                    "premium.jump_tilt",
                    f"{tilt} is not {sign} spot.jumps.{name} = {bound:g}: it leaves no finite forward",
                    f"jumps.{name.strip('-').split()[0]}",
                    f"{getattr(self.jumps, name.strip('-').split()[0])} leaves no finite forward "
                    f"with premium.jump_tilt = {tilt}",
                )
        return self


class IndexSection(Section):
    """Token Price Index: provider quotes, quality gate, weights."""

    method: Literal["volume_weighted", "chained_fisher", "process"] = field(
        "volume_weighted",
        unit="-",
        source=_PAPER,
        description="Volume-weighted mean of the quotes, a chain of Fisher links over matched models, or the "
        "spot price of the process itself, which needs no providers.",
    )
    quote_dynamics: Literal["ou", "list_prices"] = field(
        "ou",
        unit="-",
        source="judgement",
        description="Quotes that follow the spot price closely, or list prices that change rarely.",
    )
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
        0.30, ge=0.001, le=1, unit="1", source=_PAPER, description="Largest weight of one provider."
    )
    min_providers: int = field(
        4,
        ge=1,
        le=1_000,
        unit="providers",
        source="judgement: the fewest that a cap of 30 % allows",
        description="With fewer qualified providers the index is unavailable that day; not with process.",
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
    changes_per_year: float = field(
        4.6,
        gt=0,
        le=2_520,
        unit="1/year",
        source="1,053 provider endpoints, July-August 2026",
        description="Price changes of one provider, with list_prices; more than the trend.",
    )
    share_down: float = field(
        0.68,
        gt=0,
        lt=1,
        unit="1",
        source="1,053 provider endpoints, July-August 2026",
        description="Share of those changes that are cuts.",
    )
    mean_abs_log_change: float = field(
        0.30,
        gt=0,
        le=5,
        unit="log price",
        source="1,053 provider endpoints, July-August 2026",
        description="Mean size of a change.",
    )
    sd_log_change: float = field(
        0.45,
        gt=0,
        le=5,
        unit="log price",
        source="1,053 provider endpoints, July-August 2026",
        description="Standard deviation of the changes.",
    )
    outages_per_year: float = field(
        0.0,
        ge=0,
        le=252,
        unit="1/year",
        source="judgement",
        description="Outages of a provider's price feed, with list_prices.",
    )
    outage_days: float = field(
        3.0, gt=0, le=252, unit="days", source="judgement", description="Mean length of such an outage."
    )

    @model_validator(mode="after")
    def _cap_can_hold(self) -> IndexSection:
        fewest = ceil(1 / self.weight_cap - 1e-9)
        if self.min_providers < fewest:
            raise Disagreement(
                "min_providers",
                f"{self.min_providers} is not >= {fewest}, "
                f"the fewest that weight_cap = {self.weight_cap} allows",
                "weight_cap",
                f"{self.weight_cap} is not >= 1 / min_providers, min_providers = {self.min_providers}",
            )
        return self
