"""Traders: who decides what to send to the exchange, seeing one public market view a round."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abm.core.public_names import offer

if TYPE_CHECKING:
    from abm.agents.arbitrageurs import Arbitrageur
    from abm.agents.base import CustomPopulation, DayOpening, Funding, Population, TraderAgent
    from abm.agents.hedgers import Enterprise, InferenceProvider
    from abm.agents.holders import PositionHolder
    from abm.agents.informed_traders import InformedTrader
    from abm.agents.makers import DesignatedMarketMaker
    from abm.agents.mixture_traders import MixtureTrader
    from abm.agents.order_entry import OrderEntry
    from abm.agents.outbox import Outbox, write_cancel_all, write_limit, write_market, write_quote
    from abm.agents.poisson_flow_population import FlowRates, FlowSource, PoissonFlow
    from abm.agents.speculators import Chartist, Fundamentalist, NoiseTrader
    from abm.agents.switching_traders import SwitchingTrader
    from abm.agents.timing import acts, arrival_ms, rows_that_act
    from abm.agents.view import MONTH_DTYPE, PUBLIC_TRADE_DTYPE, SPREAD_DTYPE, Depth, MarketView

__all__ = [
    "MONTH_DTYPE",
    "PUBLIC_TRADE_DTYPE",
    "SPREAD_DTYPE",
    "Arbitrageur",
    "Chartist",
    "CustomPopulation",
    "DayOpening",
    "Depth",
    "DesignatedMarketMaker",
    "Enterprise",
    "FlowRates",
    "FlowSource",
    "Fundamentalist",
    "Funding",
    "InferenceProvider",
    "InformedTrader",
    "MarketView",
    "MixtureTrader",
    "NoiseTrader",
    "OrderEntry",
    "Outbox",
    "PoissonFlow",
    "Population",
    "PositionHolder",
    "SwitchingTrader",
    "TraderAgent",
    "acts",
    "arrival_ms",
    "rows_that_act",
    "write_cancel_all",
    "write_limit",
    "write_market",
    "write_quote",
]

offer(
    __name__,
    {
        "MONTH_DTYPE": "view",
        "PUBLIC_TRADE_DTYPE": "view",
        "SPREAD_DTYPE": "view",
        "Arbitrageur": "arbitrageurs",
        "Chartist": "speculators",
        "CustomPopulation": "base",
        "DayOpening": "base",
        "Depth": "view",
        "DesignatedMarketMaker": "makers",
        "Enterprise": "hedgers",
        "FlowRates": "poisson_flow_population",
        "FlowSource": "poisson_flow_population",
        "Fundamentalist": "speculators",
        "Funding": "base",
        "InferenceProvider": "hedgers",
        "InformedTrader": "informed_traders",
        "MarketView": "view",
        "MixtureTrader": "mixture_traders",
        "NoiseTrader": "speculators",
        "OrderEntry": "order_entry",
        "Outbox": "outbox",
        "PoissonFlow": "poisson_flow_population",
        "Population": "base",
        "PositionHolder": "holders",
        "SwitchingTrader": "switching_traders",
        "TraderAgent": "base",
        "acts": "timing",
        "arrival_ms": "timing",
        "rows_that_act": "timing",
        "write_cancel_all": "outbox",
        "write_limit": "outbox",
        "write_market": "outbox",
        "write_quote": "outbox",
    },
)
