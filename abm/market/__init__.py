"""The market: agents, exchange, clearing house and spot desk put together, day by day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abm.core.public_names import offer

if TYPE_CHECKING:
    from abm.market.build.custom_build import CustomAgents, CustomTraders, NewAccounts, PopulationSpec
    from abm.market.model import TokenFuturesMarket
    from abm.market.run import Progress, RunResult, run
    from abm.market.venue.rules import MarketRule

__all__ = [
    "CustomAgents",
    "CustomTraders",
    "MarketRule",
    "NewAccounts",
    "PopulationSpec",
    "Progress",
    "RunResult",
    "TokenFuturesMarket",
    "run",
]

offer(
    __name__,
    {
        "CustomAgents": "build.custom_build",
        "CustomTraders": "build.custom_build",
        "MarketRule": "venue.rules",
        "NewAccounts": "build.custom_build",
        "PopulationSpec": "build.custom_build",
        "Progress": "run",
        "RunResult": "run",
        "TokenFuturesMarket": "model",
        "run": "run",
    },
)
