"""Who is exposed to whom: clients to members, members to the clearing house, as rows and as a graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.clearing.fund.guaranty_fund import stressed_losses, sum_by_member
from abm.clearing.parts import Parts

if TYPE_CHECKING:
    import networkx as nx

HOUSE = -1
"""Stands for the clearing house among members, and for having no creditor."""


class ExposureInputs(NamedTuple):
    """What exposures are computed from; arrays by account or by member as their names say."""

    position_lots: NDArray[np.int64]
    margin_usd_micro: NDArray[np.int64]
    collateral_usd_micro: NDArray[np.int64]
    liquid_usd_micro: NDArray[np.int64]
    """Bank money and free credit of each account."""
    in_default: NDArray[np.bool_]
    member_of: NDArray[np.int64]
    member_capital_usd_micro: NDArray[np.int64]
    member_fund_usd_micro: NDArray[np.int64]
    member_assessable_usd_micro: NDArray[np.int64]
    """What each member may still be assessed for."""
    member_in_default: NDArray[np.bool_]
    skin_in_the_game_usd_micro: int
    tick_value_usd_micro: int


def exposure_inputs(parts: Parts) -> ExposureInputs:
    """Return what exposures are computed from as it stands now."""
    books, fund = parts.books, parts.fund
    ledger, register, positions = books.ledger, books.register, books.positions
    return ExposureInputs(
        position_lots=positions.lots,
        margin_usd_micro=parts.requirements.initial(),
        collateral_usd_micro=ledger.collateral_usd_micro,
        liquid_usd_micro=np.where(register.in_default, 0, parts.funding.liquid_usd_micro()),
        in_default=register.in_default,
        member_of=register.member_of,
        member_capital_usd_micro=ledger.member_capital_usd_micro,
        member_fund_usd_micro=fund.held_usd_micro,
        member_assessable_usd_micro=fund.assessment_caps(register.surviving()),
        member_in_default=register.member_in_default,
        skin_in_the_game_usd_micro=ledger.skin_in_the_game_usd_micro,
        tick_value_usd_micro=positions.tick_value_usd_micro,
    )


def exposure_rows(inputs: ExposureInputs, stress_ticks: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """Return one row per scenario and node: first clients, then members, then the house.

    Parameters
    ----------
    inputs : ExposureInputs
        Balances and positions.
    stress_ticks : array of int64, shape (n_scenarios, n_slots)
        Price moves that exposure is measured under.

    Returns
    -------
    dict of str to array, shape (n_scenarios x (n_accounts + n_members + 1),)
        ``scenario``; ``level`` (client, member or house) and ``node``, its number; ``creditor``: the member
        of a client, ``HOUSE`` for the others; ``lots`` (gross) and, in micro-USD, ``margin`` (required),
        ``collateral``, ``resources`` (a client's bank money and free credit, a member's capital, the house's
        own capital), ``fund`` and ``assessable`` (a member's); ``stressed_loss``, ``uncovered`` (of it beyond
        collateral) and ``shortfall`` (beyond a client's resources too): a member's are the sums over its
        clients, the house's those over members; ``in_default``.
    """
    losses = stressed_losses(inputs.position_lots, stress_ticks, inputs.tick_value_usd_micro)
    scenarios, accounts = losses.shape
    members = len(inputs.member_capital_usd_micro)
    uncovered = np.maximum(losses - np.maximum(inputs.collateral_usd_micro, 0), 0)
    shortfall = np.maximum(uncovered - inputs.liquid_usd_micro, 0)

    def nodes(client: NDArray[Any], member: NDArray[Any] | None, house: int) -> NDArray[Any]:
        """One scenario's rows, or those of all; a member's default is the sum over its clients."""
        if member is None:
            member = sum_by_member(client, inputs.member_of, members)
            last = member.sum(axis=-1, keepdims=True)
        else:
            last = np.full((*client.shape[:-1], 1), house, dtype=client.dtype)
        rows = np.concatenate([client, member, last], axis=-1)
        return np.broadcast_to(rows, (scenarios, rows.shape[-1])).reshape(-1)

    no_client, gross = np.zeros(accounts, dtype=np.int64), np.abs(inputs.position_lots).sum(axis=1)
    per_scenario = accounts + members + 1
    levels = np.repeat(["client", "member", "house"], [accounts, members, 1])
    return {
        "scenario": np.repeat(np.arange(scenarios), per_scenario),
        "level": np.tile(levels, scenarios),
        "node": nodes(np.arange(accounts), np.arange(members), 0),
        "creditor": nodes(inputs.member_of, np.full(members, HOUSE), HOUSE),
        "lots": nodes(gross, None, 0),
        "margin_usd_micro": nodes(inputs.margin_usd_micro, None, 0),
        "collateral_usd_micro": nodes(inputs.collateral_usd_micro, None, 0),
        "resources_usd_micro": nodes(
            inputs.liquid_usd_micro, inputs.member_capital_usd_micro, inputs.skin_in_the_game_usd_micro
        ),
        "fund_usd_micro": nodes(
            no_client, inputs.member_fund_usd_micro, int(inputs.member_fund_usd_micro.sum())
        ),
        "assessable_usd_micro": nodes(
            no_client, inputs.member_assessable_usd_micro, int(inputs.member_assessable_usd_micro.sum())
        ),
        "stressed_loss_usd_micro": nodes(losses, None, 0),
        "uncovered_usd_micro": nodes(uncovered, None, 0),
        "shortfall_usd_micro": nodes(shortfall, None, 0),
        "in_default": nodes(inputs.in_default, inputs.member_in_default, False),
    }


def exposure_graph(rows: dict[str, NDArray[Any]], scenario: int) -> nx.DiGraph:
    """Return the two tiers as a graph whose edges run from who owes to who is owed.

    Nodes are ``("house", 0)``, ``("member", k)`` and ``("client", a)`` with their balances; the edges carry
    ``margin_usd_micro``, ``stressed_loss_usd_micro``, ``uncovered_usd_micro`` and ``shortfall_usd_micro``.

    Parameters
    ----------
    rows : dict of str to array
        As of ``exposure_rows``.
    scenario : int
        Scenario of the edges.
    """
    import networkx as nx  # here because most runs never draw the graph

    graph = nx.DiGraph()
    wanted = np.flatnonzero(rows["scenario"] == scenario).tolist()
    of_node = ("collateral_usd_micro", "resources_usd_micro", "fund_usd_micro", "in_default", "lots")
    of_edge = ("margin_usd_micro", "stressed_loss_usd_micro", "uncovered_usd_micro", "shortfall_usd_micro")
    for at in wanted:
        node = (str(rows["level"][at]), int(rows["node"][at]))
        graph.add_node(node, **{name: rows[name][at].item() for name in of_node})
    for at in wanted:
        level, creditor = str(rows["level"][at]), int(rows["creditor"][at])
        if level == "house":
            continue
        owed = ("house", 0) if level == "member" else ("member", creditor)
        amounts = {name: rows[name][at].item() for name in of_edge}
        graph.add_edge((level, int(rows["node"][at])), owed, **amounts)
    return graph
