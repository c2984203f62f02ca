"""Scenario section ``agents``: how many traders of each class, and the laws their parameters follow."""

from __future__ import annotations

from abm.scenario.company_section import CompanySection
from abm.scenario.fields import Section, field, section
from abm.scenario.hedger_sections import EnterpriseSection, ProviderSection
from abm.scenario.holder_sections import HolderSection
from abm.scenario.informed_sections import ArbitrageurSection, InformedSection
from abm.scenario.maker_sections import MarketMakerSection
from abm.scenario.mixture_section import MixtureSection
from abm.scenario.order_flow_section import OrderFlowSection
from abm.scenario.sentiment_sections import AttentionSection, SentimentSection
from abm.scenario.speculator_sections import (
    ChartistSection,
    FundamentalistSection,
    NoiseSection,
)
from abm.scenario.switching_section import SwitchingSection

_JUDGEMENT = "judgement"


class PopulationsSection(Section):
    """All traders of the market."""

    latency_jitter: float = field(
        0.5,
        ge=0,
        le=5,
        unit="1",
        source=_JUDGEMENT,
        description="Log standard deviation of latency, all classes.",
    )
    tenor_decay: float = field(
        3.0, ge=0.01, le=1e4, unit="months", source=_JUDGEMENT,
        description="Speculators pick a tenor with weight e^(-tenor/this).",
    )  # fmt: skip
    credit_rate: float = field(
        0.09, ge=0, le=10, unit="per year", source=_JUDGEMENT, description="Rate of drawn credit lines."
    )
    initial_collateral_share: float = field(
        0.25, ge=0, le=1, unit="share of cash", source=_JUDGEMENT,
        description="Own cash posted with the clearing house before the first day.",
    )  # fmt: skip
    enterprises: EnterpriseSection = section(EnterpriseSection, description="Long hedgers.")
    providers: ProviderSection = section(ProviderSection, description="Short hedgers and index contributors.")
    noise: NoiseSection = section(NoiseSection, description="Random orders around the mid price.")
    fundamentalists: FundamentalistSection = section(FundamentalistSection, description="Value traders.")
    chartists: ChartistSection = section(ChartistSection, description="Trend followers.")
    market_makers: MarketMakerSection = section(MarketMakerSection, description="Designated market makers.")
    holders: tuple[HolderSection, ...] = field(
        (), unit="-", source=_JUDGEMENT + ": none",
        description="Traders that come with positions on day 0; the positions of each month sum to zero.",
    )  # fmt: skip
    arbitrageurs: ArbitrageurSection = section(ArbitrageurSection, description="Curve arbitrageurs.")
    informed: InformedSection = section(InformedSection, description="Traders who know tomorrow's values.")
    mixture: MixtureSection = section(MixtureSection, description="Traders on value, trend and noise.")
    switching: SwitchingSection = section(SwitchingSection, description="Traders that switch strategies.")
    order_flow: OrderFlowSection = section(
        OrderFlowSection, description="Poisson streams of orders: zero intelligence as its models have it."
    )
    companies: tuple[CompanySection, ...] = field(
        (), unit="-", source=_JUDGEMENT + ": none",
        description="Single companies that hedge, each with a name, need, money and programme of its own.",
    )  # fmt: skip
    sentiment: SentimentSection = section(SentimentSection, description="Herding among speculators.")
    attention: AttentionSection = section(AttentionSection, description="Pace of trading in volatile times.")
