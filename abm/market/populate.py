"""Turns the scenario's section ``agents`` into the populations of a market, in account order."""

from __future__ import annotations

import numpy as np

from abm.agents.base import Population
from abm.agents.member_accounts import MemberAccounts
from abm.market.company_build import build_companies
from abm.market.custom_build import CustomTraders, build_custom_populations
from abm.market.hedger_build import build_enterprises, build_providers
from abm.market.holder_build import build_holders
from abm.market.informed_build import build_arbitrageurs, build_informed
from abm.market.maker_build import build_makers
from abm.market.mixture_build import build_mixture
from abm.market.order_flow_build import build_order_flow
from abm.market.population_room import PopulationRoom
from abm.market.speculator_build import build_chartists, build_fundamentalists, build_noise
from abm.market.switching_build import build_switching

_BUILDERS = (
    build_enterprises,
    build_providers,
    build_noise,
    build_fundamentalists,
    build_chartists,
    build_makers,
    build_holders,
    build_arbitrageurs,
    build_informed,
    build_mixture,
    build_switching,
    build_order_flow,
)
"""Built-in classes in the order of their accounts; a new class goes to the end, so that it moves nobody."""


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
    populations: list[Population] = [build_class(room) for build_class in _BUILDERS]
    if member_account_usd > 0.0:
        first = room.take_accounts(members)
        funding = room.funding(np.full(members, member_account_usd))
        populations.append(MemberAccounts(members, first_account=first, funding=funding))
    populations += build_custom_populations(room, custom_agents)
    return populations + build_companies(room)
