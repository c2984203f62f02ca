"""Turns the scenario's section ``agents`` into the populations of a market, in account order."""

from __future__ import annotations

from importlib import import_module

import numpy as np

from abm.agents.base.population import Population
from abm.agents.base.population_room import PopulationRoom
from abm.agents.classes import CLASSES, TraderClass
from abm.agents.hedgers.company_build import build_companies
from abm.agents.holders.member_accounts import MemberAccounts
from abm.market.assembly.custom_build import CustomTraders, build_custom_populations


def build_populations(
    room: PopulationRoom,
    custom_agents: tuple[CustomTraders, ...],
    *,
    members: int,
    member_account_usd: float,
) -> list[Population]:
    """Return every population, custom agents after the built-in classes so that they move none of them.

    Companies that the scenario names come after all others, and move nobody either.

    Parameters
    ----------
    room : PopulationRoom
        Shared by all builders.
    custom_agents : tuple of CustomAgents or PopulationSpec
        A user's own traders.
    members : int
        Clearing members.
    member_account_usd : float
        Cash of each member's own account; without any there are no such accounts.
    """
    populations: list[Population] = [_build(trader_class, room) for trader_class in CLASSES]
    if member_account_usd > 0.0:
        first = room.take_accounts(members)
        funding = room.funding(np.full(members, member_account_usd))
        populations.append(MemberAccounts(members, first_account=first, funding=funding))
    populations += build_custom_populations(room, custom_agents)
    return populations + build_companies(room)


def _build(trader_class: TraderClass, room: PopulationRoom) -> Population:
    module, _, function = trader_class.build.partition(":")
    population: Population = getattr(import_module(f"abm.agents.{module}"), function)(room)
    assert population.name == trader_class.population, f"{trader_class} has built {population.name}"
    return population
