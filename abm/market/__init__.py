"""The market: agents, exchange, clearing house and spot desk put together, day by day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abm.core.public_names import offer

if TYPE_CHECKING:
    from abm.market.assembly.custom_build import CustomAgents, CustomTraders, NewAccounts, PopulationSpec
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
        "CustomAgents": "assembly.custom_build",
        "CustomTraders": "assembly.custom_build",
        "MarketRule": "venue.rules",
        "NewAccounts": "assembly.custom_build",
        "PopulationSpec": "assembly.custom_build",
        "Progress": "run",
        "RunResult": "run",
        "TokenFuturesMarket": "model",
        "run": "run",
    },
)
