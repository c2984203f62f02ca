"""A user's own traders, and how they become populations of the market."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from abm.agents.base import CustomPopulation, TraderAgent
from abm.core.errors import ParameterError
from abm.market.population_room import PopulationRoom


@dataclass(frozen=True)
class CustomAgents:
    """A user's traders to add to the market.

    Parameters
    ----------
    agent_class : type of TraderAgent
        Class that overrides ``decide(view)``.
    count : int
        Number of agents.
    cash_usd : float
        Capital of each, USD.
    credit_usd : float
        Credit line of each, USD.
    """

    agent_class: type[TraderAgent]
    count: int = 1
    cash_usd: float = 1_000_000.0
    credit_usd: float = 0.0

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ParameterError(f"custom agents: count {self.count} is not >= 1")
        if not (self.cash_usd > 0 and self.credit_usd >= 0):
            raise ParameterError(
                f"custom agents: cash_usd {self.cash_usd} is not > 0 or credit_usd {self.credit_usd} not >= 0"
            )


def build_custom(room: PopulationRoom, custom: CustomAgents) -> CustomPopulation:
    """Return the population of a user's class."""
    name = f"{custom.agent_class.__module__}.{custom.agent_class.__qualname__}"
    first = room.take_accounts(custom.count)
    return CustomPopulation(
        custom.agent_class,
        room.streams.keys(f"custom/{name}", custom.count),
        first_account=first,
        funding=room.funding(np.full(custom.count, custom.cash_usd), custom.credit_usd),
        jitter=room.agents.latency_jitter,
    )
