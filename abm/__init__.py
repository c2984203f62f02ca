"""SIT futures market simulator: agents, order books, clearing and margin on AI inference tokens.

The public face is loaded on first use, so that importing the package, or asking the command for help, costs
nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from abm.agents.base import TraderAgent
    from abm.core.orders import Side, TimeInForce
    from abm.experiments.sweep import sweep
    from abm.market.custom_build import CustomAgents, PopulationSpec
    from abm.market.model import TokenFuturesMarket
    from abm.market.run import run
    from abm.scenario import Scenario

__version__ = "0.1.0"

_FACE = {
    "CustomAgents": "abm.market.custom_build",
    "PopulationSpec": "abm.market.custom_build",
    "Scenario": "abm.scenario",
    "Side": "abm.core.orders",
    "TimeInForce": "abm.core.orders",
    "TokenFuturesMarket": "abm.market.model",
    "TraderAgent": "abm.agents.base",
    "run": "abm.market.run",
    "sweep": "abm.experiments.sweep",
}

__all__ = [
    "CustomAgents",
    "PopulationSpec",
    "Scenario",
    "Side",
    "TimeInForce",
    "TokenFuturesMarket",
    "TraderAgent",
    "run",
    "sweep",
]


def __getattr__(name: str) -> Any:
    if name in _FACE:
        return getattr(import_module(_FACE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
