"""Traders: who decides what to send to the exchange, seeing one public market view a round."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abm.core.public_names import offer

if TYPE_CHECKING:
    from abm.agents.arbitrage.shell import Arbitrageur
    from abm.agents.base.order_entry import OrderEntry
    from abm.agents.base.outbox import Outbox, write_cancel_all, write_limit, write_market, write_quote
    from abm.agents.base.population import CustomPopulation, DayOpening, Funding, Population, TraderAgent
    from abm.agents.base.timing import acts, arrival_ms, rows_that_act
    from abm.agents.base.view import MONTH_DTYPE, PUBLIC_TRADE_DTYPE, SPREAD_DTYPE, Depth, MarketView
    from abm.agents.hedgers.shell import Enterprise, InferenceProvider
    from abm.agents.holders.shell import PositionHolder
    from abm.agents.informed.shell import InformedTrader
    from abm.agents.makers.shell import DesignatedMarketMaker
    from abm.agents.mixture.shell import MixtureTrader
    from abm.agents.order_flow.shell import FlowRates, FlowSource, PoissonFlow
    from abm.agents.speculators.shell import Chartist, Fundamentalist, NoiseTrader
    from abm.agents.switching.shell import SwitchingTrader

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
        "MONTH_DTYPE": "base.view",
        "PUBLIC_TRADE_DTYPE": "base.view",
        "SPREAD_DTYPE": "base.view",
        "Arbitrageur": "arbitrage.shell",
        "Chartist": "speculators.shell",
        "CustomPopulation": "base.population",
        "DayOpening": "base.population",
        "Depth": "base.view",
        "DesignatedMarketMaker": "makers.shell",
        "Enterprise": "hedgers.shell",
        "FlowRates": "order_flow.shell",
        "FlowSource": "order_flow.shell",
        "Fundamentalist": "speculators.shell",
        "Funding": "base.population",
        "InferenceProvider": "hedgers.shell",
        "InformedTrader": "informed.shell",
        "MarketView": "base.view",
        "MixtureTrader": "mixture.shell",
        "NoiseTrader": "speculators.shell",
        "OrderEntry": "base.order_entry",
        "Outbox": "base.outbox",
        "PoissonFlow": "order_flow.shell",
        "Population": "base.population",
        "PositionHolder": "holders.shell",
        "SwitchingTrader": "switching.shell",
        "TraderAgent": "base.population",
        "acts": "base.timing",
        "arrival_ms": "base.timing",
        "rows_that_act": "base.timing",
        "write_cancel_all": "base.outbox",
        "write_limit": "base.outbox",
        "write_market": "base.outbox",
        "write_quote": "base.outbox",
    },
)
