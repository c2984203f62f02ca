"""Who fails if a clearing member fails: default cascades over the exposures of a run.

The exposures are those of the run's table of that name: for each day and stressed price move, what every
client owes beyond its collateral and its own money, and what members and the house have to bear it. A cascade
follows the default waterfall: a member's capital and fund contribution bear its clients' shortfall, then the
house's capital, then the survivors' contributions pro rata, then assessments on their capital, which may fail
a survivor and pass its part to the next. Loss is counted in whole micro-USD.

The idea of asking who fails through whom: Eisenberg and Noe, Systemic risk in financial systems, Management
Science 47 (2001).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from abm.core.errors import ParameterError
from abm.core.money import USD_MICRO, allocate_largest_remainder

if TYPE_CHECKING:
    import networkx as nx


class Cascade(NamedTuple):
    """What one shock does to the members; money in micro-USD."""

    failed_in_step: dict[int, int]
    """Members that fail, and when: 0 by the shock itself, from 1 on by assessments."""
    skin_in_the_game_usd_micro: int
    survivors_fund_usd_micro: int
    assessments_usd_micro: int
    uncovered_usd_micro: int

    @property
    def borne_by_others_usd_micro(self) -> int:
        """Loss beyond the failed members' own capital and contributions."""
        return (
            self.skin_in_the_game_usd_micro
            + self.survivors_fund_usd_micro
            + self.assessments_usd_micro
            + self.uncovered_usd_micro
        )


def _assess(
    loss: int, caps: dict[int, int], capital: dict[int, int], failed_in_step: dict[int, int]
) -> tuple[int, int]:
    """Call survivors for a loss until it is met or nobody is left; return what they paid and what is left."""
    paid, step = dict.fromkeys(caps, 0), 0
    while loss > 0:
        alive = [member for member in caps if member not in failed_in_step]
        weights = [caps[member] - paid[member] for member in alive]
        calls = allocate_largest_remainder(min(loss, sum(weights)), weights).tolist()
        if not any(calls):
            break
        step += 1
        for member, called in zip(alive, calls, strict=True):
            if paid[member] + called > capital[member]:
                failed_in_step[member] = step
            now = min(called, capital[member] - paid[member])
            paid[member] += now
            loss -= now
    return sum(paid.values()), loss


def cascade(exposures: pd.DataFrame, *, failing: int | None = None, loss: str = "shortfall") -> Cascade:
    """Follow the losses of one stressed price move through the waterfall.

    Parameters
    ----------
    exposures : DataFrame
        Rows of one day and one scenario.
    failing : int, optional
        Member that fails whatever its clients do, its capital lost; without one the price move acts alone.
    loss : str
        ``"shortfall"``: clients pay from their own money first; ``"uncovered"``: nothing beyond collateral.

    Returns
    -------
    Cascade
        Members already in default take no part.

    Raises
    ------
    ParameterError
        If the member is unknown or in default, or there are rows of several scenarios.
    """
    move = _move(exposures, loss)
    if failing is not None and failing not in move.capital:
        raise ParameterError(f"failing: {failing} is not one of the members {list(move.capital)}")
    return _follow(move, failing)


class _Move(NamedTuple):
    """One stressed price move: what each member that performs has and owes, in micro-USD by member."""

    capital: dict[int, int]
    fund: dict[int, int]
    assessable: dict[int, int]
    owed: dict[int, int]
    house_capital: int


def _move(exposures: pd.DataFrame, loss: str) -> _Move:
    members = exposures[(exposures["level"] == "member") & ~exposures["in_default"].astype(bool)]
    members = members.set_index("node").sort_index()
    house = exposures[exposures["level"] == "house"]
    if len(house) != 1:
        raise ParameterError(f"exposures: {len(house)} rows of the house are not one day and scenario")

    def column(name: str) -> dict[int, int]:
        values = members[f"{name}_usd_micro"]
        return dict(zip(members.index.tolist(), values.tolist(), strict=True))

    return _Move(
        capital=column("resources"),
        fund=column("fund"),
        assessable=column("assessable"),
        owed=column(loss),
        house_capital=int(house["resources_usd_micro"].iloc[0]),
    )


def _follow(move: _Move, failing: int | None) -> Cascade:
    """Follow the losses of a move; the member that fails whatever its clients do has no capital."""
    capital = move.capital if failing is None else {**move.capital, failing: 0}
    fund, owed = move.fund, move.owed
    failed = {member: 0 for member in capital if member == failing or owed[member] > capital[member]}
    left = sum(max(0, owed[member] - capital[member] - fund[member]) for member in failed)
    survivors = [member for member in capital if member not in failed]
    skin = min(left, move.house_capital)
    left -= skin
    mutual = min(left, sum(fund[member] for member in survivors))
    left -= mutual
    assessed, left = _assess(
        left,
        {member: move.assessable[member] for member in survivors},
        {member: capital[member] - owed[member] for member in survivors},
        failed,
    )
    return Cascade(failed, skin, mutual, assessed, left)


def contagion(exposures: pd.DataFrame, *, loss: str = "shortfall") -> pd.DataFrame:
    """Return what the failure of each member adds to the stress of each day and scenario.

    Parameters
    ----------
    exposures : DataFrame
        The table of that name.
    loss : str
        As of ``cascade``.

    Returns
    -------
    DataFrame
        One row per day, scenario and member: ``brings_down``, the tuple of other members that fail only
        because it does; ``steps``, how many rounds of assessments that takes; ``loss_to_others_usd`` and its
        part ``uncovered_usd``, both beyond what the price move causes alone.
    """
    rows = []
    for (day, scenario), node_rows in exposures.groupby(["day", "scenario"], sort=True):
        move = _move(node_rows, loss)
        alone = _follow(move, None)
        for member in move.capital:
            with_it = _follow(move, member)
            others = sorted(set(with_it.failed_in_step) - set(alone.failed_in_step) - {member})
            added = with_it.borne_by_others_usd_micro - alone.borne_by_others_usd_micro
            rows.append(
                {
                    "day": day,
                    "scenario": scenario,
                    "member": member,
                    "brings_down": tuple(others),
                    "steps": max((with_it.failed_in_step[other] for other in others), default=0),
                    "loss_to_others_usd": added / USD_MICRO,
                    "uncovered_usd": (with_it.uncovered_usd_micro - alone.uncovered_usd_micro) / USD_MICRO,
                }
            )
    names = ["day", "scenario", "member", "brings_down", "steps", "loss_to_others_usd", "uncovered_usd"]
    return pd.DataFrame(rows, columns=names)


def ranking(contagion_rows: pd.DataFrame, *, tail: float = 0.05) -> pd.DataFrame:
    """Rank members by what their failure would cost others.

    Parameters
    ----------
    contagion_rows : DataFrame
        As of ``contagion``.
    tail : float
        Share of worst rows that the expected shortfall is the mean of, in (0, 1].

    Returns
    -------
    DataFrame, indexed by member, the most dangerous first
        ``expected_shortfall_usd`` to others, ``mean_loss_usd``, ``worst_loss_usd``, ``most_brought_down`` and
        ``contagion_share``, the share of rows in which another member falls.

    Raises
    ------
    ParameterError
        If ``tail`` is outside its domain.
    """
    if not 0.0 < tail <= 1.0:
        raise ParameterError(f"tail: {tail} is not in (0, 1]")
    measured = {}
    for member, of_member in contagion_rows.groupby("member"):
        losses = np.sort(of_member["loss_to_others_usd"].to_numpy(dtype=np.float64))[::-1]
        brought_down = of_member["brings_down"].map(len)
        measured[member] = {
            "expected_shortfall_usd": float(losses[: max(1, math.ceil(tail * len(losses)))].mean()),
            "mean_loss_usd": float(losses.mean()),
            "worst_loss_usd": float(losses[0]),
            "most_brought_down": int(brought_down.max()),
            "contagion_share": float((brought_down > 0).mean()),
        }
    table = pd.DataFrame.from_dict(measured, orient="index").rename_axis("member")
    if table.empty:
        return table
    return table.sort_values(["expected_shortfall_usd", "mean_loss_usd"], ascending=False, kind="stable")


def contagion_graph(contagion_rows: pd.DataFrame) -> nx.DiGraph:
    """Return who brings down whom as a graph: an edge's ``times`` counts days and scenarios.

    Parameters
    ----------
    contagion_rows : DataFrame
        As of ``contagion``.
    """
    import networkx as nx  # here because a report does not need it

    graph = nx.DiGraph()
    graph.add_nodes_from(int(member) for member in sorted(contagion_rows["member"].unique()))
    for member, brought_down in zip(contagion_rows["member"], contagion_rows["brings_down"], strict=True):
        for other in brought_down:
            before = graph.get_edge_data(member, other, {"times": 0})["times"]
            graph.add_edge(int(member), int(other), times=before + 1)
    return graph
