"""The market: agents, exchange, clearing house and spot desk put together, day by day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abm.core.public_names import offer

if TYPE_CHECKING:
    from abm.market.custom_build import CustomAgents, CustomTraders, NewAccounts, PopulationSpec
    from abm.market.model import TokenFuturesMarket
    from abm.market.rules import MarketRule
    from abm.market.run import Progress, RunResult, run

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
        "CustomAgents": "custom_build",
        "CustomTraders": "custom_build",
        "MarketRule": "rules",
        "NewAccounts": "custom_build",
        "PopulationSpec": "custom_build",
        "Progress": "run",
        "RunResult": "run",
        "TokenFuturesMarket": "model",
        "run": "run",
    },
)
