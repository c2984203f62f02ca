"""The one list of trader classes: the scenario's section ``agents``, and what builds each class.

Only sections are imported here, so that reading a scenario needs neither Mesa nor Numba.
"""

from __future__ import annotations

from typing import NamedTuple

from abm.agents.arbitrage.section import ArbitrageurSection
from abm.agents.capital.section import CapitalSection
from abm.agents.hedgers.company_section import CompanySection
from abm.agents.hedgers.section import EnterpriseSection, ProviderSection
from abm.agents.holders.section import HolderSection
from abm.agents.informed.section import InformedSection
from abm.agents.makers.section import MarketMakerSection
from abm.agents.mixture.section import MixtureSection
from abm.agents.order_flow.section import OrderFlowSection
from abm.agents.sentiment.section import AttentionSection, SentimentSection
from abm.agents.speculators.section import (
    ChartistSection,
    FundamentalistSection,
    NoiseSection,
)
from abm.agents.switching.section import SwitchingSection
from abm.core.settings.fields import Section, field, section

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
    credit_commitment_fee: float = field(
        0.0, ge=0, le=10, unit="per year",
        source=_JUDGEMENT + ": none; revolving lines ask for .0025 to .005",
        description="Fee on the undrawn part of credit lines.",
    )  # fmt: skip
    credit_end_share: float = field(
        0.0, ge=0, le=10, unit="share of equity", source=_JUDGEMENT + ": never",
        description="Equity, over that at the start, under which a lender ends a credit line: nothing more "
        "can be drawn, and free cash repays what is; 0 for never.",
    )  # fmt: skip
    initial_collateral_share: float = field(
        0.25, ge=0, le=1, unit="share of cash", source=_JUDGEMENT,
        description="Own cash posted with the clearing house before the first day.",
    )  # fmt: skip
    capital: CapitalSection = section(CapitalSection, description="Capital of all traders over time.")
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


class TraderClass(NamedTuple):
    """A class of traders, as a market takes it in.

    Parameters
    ----------
    section : str
        Its field in the section ``agents``.
    population : str
        Name of its populations, in streams and tables.
    build : str
        Function that builds it, as ``module:function`` from ``abm.agents``.
    """

    section: str
    population: str
    build: str


CLASSES = (
    TraderClass("enterprises", "enterprise", "hedgers.build:build_enterprises"),
    TraderClass("providers", "provider", "hedgers.build:build_providers"),
    TraderClass("noise", "noise", "speculators.build:build_noise"),
    TraderClass("fundamentalists", "fundamentalist", "speculators.build:build_fundamentalists"),
    TraderClass("chartists", "chartist", "speculators.build:build_chartists"),
    TraderClass("market_makers", "dmm", "makers.build:build_makers"),
    TraderClass("holders", "holder", "holders.build:build_holders"),
    TraderClass("arbitrageurs", "arbitrageur", "arbitrage.build:build_arbitrageurs"),
    TraderClass("informed", "informed", "informed.build:build_informed"),
    TraderClass("mixture", "mixture", "mixture.build:build_mixture"),
    TraderClass("switching", "switching", "switching.build:build_switching"),
    TraderClass("order_flow", "poisson_flow", "order_flow.build:build_order_flow"),
)
"""Classes in the order of their accounts; a new one goes to the end, so that it moves nobody."""


def classes_with(parameter: str) -> tuple[TraderClass, ...]:
    """Return the classes whose section has a field of that name.

    Parameters
    ----------
    parameter : str
        Field of a class's section: ``count``, ``limits``, ``max_position_lots``, ...
    """
    sections = PopulationsSection()
    return tuple(
        trader_class
        for trader_class in CLASSES
        if parameter in getattr(type(getattr(sections, trader_class.section)), "model_fields", ())
    )
