"""SIT futures market simulator: agents, order books, clearing and margin on AI inference tokens.

The public face is loaded on first use, so that importing the package, or asking the command for help, costs
nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abm.core.public_names import offer

if TYPE_CHECKING:
    from abm.agents.base.outbox import Outbox
    from abm.agents.base.population import DayOpening, Population, TraderAgent
    from abm.agents.base.view import Depth, MarketView
    from abm.clearing.margin_models.interface import MarginBasis, MarginDay, MarginModel
    from abm.clearing.margin_models.registry import register_margin_model
    from abm.core.errors import (
        CalibrationError,
        CopyError,
        IndexDataError,
        ParameterError,
        RunFolderError,
        ScenarioError,
        SitsimError,
        SnapshotError,
    )
    from abm.core.orders import (
        NO_PRICE,
        ORDER_DTYPE,
        MessageKind,
        RejectReason,
        SelfMatch,
        Side,
        TimeInForce,
        TradingPhase,
    )
    from abm.experiments.compare import Comparison, compare
    from abm.experiments.sweep import sweep
    from abm.market.assembly.custom_build import CustomAgents, NewAccounts, PopulationSpec
    from abm.market.model import TokenFuturesMarket
    from abm.market.run import RunResult, run
    from abm.market.venue.rules import MarketRule
    from abm.recording.folder import RunFolder, read_run
    from abm.recording.recorder import Recorder
    from abm.recording.schemas import units
    from abm.scenario.explain import explain, list_scenarios
    from abm.scenario.model import Scenario

__version__ = "0.2.0"

__all__ = [
    "NO_PRICE",
    "ORDER_DTYPE",
    "CalibrationError",
    "Comparison",
    "CopyError",
    "CustomAgents",
    "DayOpening",
    "Depth",
    "IndexDataError",
    "MarginBasis",
    "MarginDay",
    "MarginModel",
    "MarketRule",
    "MarketView",
    "MessageKind",
    "NewAccounts",
    "Outbox",
    "ParameterError",
    "Population",
    "PopulationSpec",
    "Recorder",
    "RejectReason",
    "RunFolder",
    "RunFolderError",
    "RunResult",
    "Scenario",
    "ScenarioError",
    "SelfMatch",
    "Side",
    "SitsimError",
    "SnapshotError",
    "TimeInForce",
    "TokenFuturesMarket",
    "TraderAgent",
    "TradingPhase",
    "compare",
    "explain",
    "list_scenarios",
    "read_run",
    "register_margin_model",
    "run",
    "sweep",
    "units",
]

offer(
    __name__,
    {
        "NO_PRICE": "core.orders",
        "ORDER_DTYPE": "core.orders",
        "CalibrationError": "core.errors",
        "Comparison": "experiments.compare",
        "CopyError": "core.errors",
        "CustomAgents": "market.assembly.custom_build",
        "DayOpening": "agents.base.population",
        "Depth": "agents.base.view",
        "IndexDataError": "core.errors",
        "MarginBasis": "clearing.margin_models.interface",
        "MarginDay": "clearing.margin_models.interface",
        "MarginModel": "clearing.margin_models.interface",
        "MarketRule": "market.venue.rules",
        "MarketView": "agents.base.view",
        "MessageKind": "core.orders",
        "NewAccounts": "market.assembly.custom_build",
        "Outbox": "agents.base.outbox",
        "ParameterError": "core.errors",
        "Population": "agents.base.population",
        "PopulationSpec": "market.assembly.custom_build",
        "Recorder": "recording.recorder",
        "RejectReason": "core.orders",
        "RunFolder": "recording.folder",
        "RunFolderError": "core.errors",
        "RunResult": "market.run",
        "Scenario": "scenario.model",
        "ScenarioError": "core.errors",
        "SelfMatch": "core.orders",
        "Side": "core.orders",
        "SitsimError": "core.errors",
        "SnapshotError": "core.errors",
        "TimeInForce": "core.orders",
        "TokenFuturesMarket": "market.model",
        "TraderAgent": "agents.base.population",
        "TradingPhase": "core.orders",
        "compare": "experiments.compare",
        "explain": "scenario.explain",
        "list_scenarios": "scenario.explain",
        "read_run": "recording.folder",
        "register_margin_model": "clearing.margin_models.registry",
        "run": "market.run",
        "sweep": "experiments.sweep",
        "units": "recording.schemas",
    },
)
