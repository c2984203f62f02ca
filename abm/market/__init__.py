"""The market: agents, exchange, clearing house and spot desk put together, day by day."""

from abm.market.custom_build import CustomAgents, PopulationSpec
from abm.market.model import TokenFuturesMarket
from abm.market.rules import MarketRule
from abm.market.run import RunResult, run

__all__ = ["CustomAgents", "MarketRule", "PopulationSpec", "RunResult", "TokenFuturesMarket", "run"]
