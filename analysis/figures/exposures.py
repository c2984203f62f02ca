"""Who would owe whom in the worst stress scenario of a run."""

from __future__ import annotations

import math
from collections.abc import Container
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from abm.core.money import USD_MICRO
from abm.recording import RunFolder

from ..clearing_house import Moment, at, scenario_name, worst_moment
from ..contagion import cascade
from ..style import BLUE, GREY, INK, ORANGE, VERMILION, house_style, new_figure, say_empty

TITLE = "Exposures of the clearing house"
CAPTION = (
    "Clients, their clearing members and the house on the day and in the stress scenario of the run that "
    "leave most uncovered: a line is what would be owed beyond collateral, its width the amount. Of each "
    "member the largest debtors are drawn."
)
MOST_MEMBERS = 12
"""Members drawn, those with the largest debt; more would cover each other."""
CLIENTS_PER_MEMBER = 3
"""Clients drawn for each member: the largest debtors."""
_WIDEST = 11.0
_RING, _OUTER = 1.0, 1.85


def draw(run: RunFolder) -> Figure:
    """Return the figure: the house in the middle, its members around it, their largest debtors outside."""
    with house_style():
        figure = new_figure(height_inches=7.0)
        axes = figure.subplots()
        rows = run.tables["exposures"] if "exposures" in run.tables else pd.DataFrame()
        if rows.empty or not rows["uncovered_usd_micro"].any():
            say_empty(axes, "No stressed loss of this run was beyond collateral, or none was recorded.")
            return figure
        moment = worst_moment(rows)
        _draw_network(axes, at(rows, moment), moment)
    return figure


def _shown(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows drawn: the members, and of the clients of each the largest debtors."""
    members = rows[rows["level"] == "member"].nlargest(MOST_MEMBERS, "uncovered_usd_micro")
    drawn = rows["creditor"].isin(members["node"]) & (rows["level"] == "client")
    debtors = rows[drawn & (rows["uncovered_usd_micro"] > 0)]
    largest = debtors.sort_values("uncovered_usd_micro", ascending=False, kind="stable")
    return pd.concat([members, largest.groupby("creditor").head(CLIENTS_PER_MEMBER)])


def _places(shown: pd.DataFrame) -> dict[tuple[str, int], tuple[float, float]]:
    """Return where each node stands: members on a ring, a member's clients fanned out beyond it."""
    members = sorted(shown.loc[shown["level"] == "member", "node"].tolist())
    wedge = 2.0 * math.pi / len(members)
    places = {("house", 0): (0.0, 0.0)}
    for order, member in enumerate(members):
        angle = math.pi / 2.0 - order * wedge
        places["member", member] = (_RING * math.cos(angle), _RING * math.sin(angle))
        clients = shown.loc[(shown["level"] == "client") & (shown["creditor"] == member), "node"].tolist()
        for client, turn in zip(clients, np.linspace(-0.28, 0.28, len(clients)) * wedge, strict=True):
            places["client", client] = (_OUTER * math.cos(angle + turn), _OUTER * math.sin(angle + turn))
    return places


def _draw_network(axes: Axes, rows: pd.DataFrame, moment: Moment) -> None:
    import networkx as nx  # here because other figures do without it

    shown = _shown(rows)
    places, failing = _places(shown), cascade(rows).failed_in_step
    graph = nx.DiGraph()
    graph.add_nodes_from(places)
    columns = (shown[name].tolist() for name in ("level", "node", "creditor", "uncovered_usd_micro"))
    for level, number, creditor, owed_usd_micro in zip(*columns, strict=True):
        creditor_node = ("house", 0) if level == "member" else ("member", creditor)
        graph.add_edge((level, number), creditor_node, usd=owed_usd_micro / USD_MICRO)
    largest = max(amount for _, _, amount in graph.edges(data="usd"))
    scale = _WIDEST / largest
    nx.draw_networkx_edges(
        graph,
        places,
        ax=axes,
        width=[max(amount * scale, 0.3) for _, _, amount in graph.edges(data="usd")],
        edge_color=[ORANGE if source[0] == "client" else BLUE for source, _ in graph.edges],
        alpha=0.55,
        arrows=False,
    )
    gone = set(shown.loc[(shown["level"] == "member") & shown["in_default"].astype(bool), "node"])
    nx.draw_networkx_nodes(
        graph,
        places,
        ax=axes,
        node_color=[_colour(level, number, failing, gone) for level, number in graph.nodes],
        node_size=[{"house": 2200, "member": 1200, "client": 420}[level] for level, _ in graph.nodes],
    )
    names = {key: "house" if key[0] == "house" else str(key[1]) for key in places}
    nx.draw_networkx_labels(graph, places, names, ax=axes, font_size=9, font_color="white")
    _label_amounts(axes, graph, places)
    _explain(axes, scale, largest)
    title = f"day {moment.day}, if {scenario_name(moment.scenario)}: owed beyond collateral, USD thousand"
    axes.set_title(title, fontsize=10, loc="left", color=INK)
    axes.set_axis_off()
    axes.set_aspect("equal")
    axes.margins(0.09)


def _colour(level: str, number: int, failing: Container[int], gone: Container[int]) -> str:
    """Return the colour of a node; a member in default, or that the price move fails, has its own."""
    if level != "member":
        return {"house": INK, "client": ORANGE}[level]
    if number in gone:
        return GREY
    return VERMILION if number in failing else BLUE


def _label_amounts(axes: Axes, graph: Any, places: dict[tuple[str, int], tuple[float, float]]) -> None:
    """Write each member's debt on its line, and each client's beside its circle, away from the middle."""
    for source, _, amount in graph.edges(data="usd"):
        if amount == 0.0:
            continue
        x, y = places[source]
        text = f"{amount / 1_000:,.0f}"
        if source[0] == "member":
            axes.text(0.56 * x, 0.56 * y, text, ha="center", va="center", fontsize=9, bbox=_WHITE)
            continue
        away = np.array([x, y]) / math.hypot(x, y)
        sideways = "center" if abs(away[0]) < 0.4 else "left" if away[0] > 0 else "right"
        offset = (17.0 * away[0], 17.0 * away[1])
        axes.annotate(text, (x, y), offset, textcoords="offset points", ha=sideways, va="center", fontsize=9)


_WHITE: Any = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.0}


def _explain(axes: Axes, scale: float, largest: float) -> None:
    kinds = {
        "clearing house": INK,
        "clearing member": BLUE,
        "member that the move fails": VERMILION,
        "member in default": GREY,
        "client, by account": ORANGE,
    }
    handles = [
        Line2D([], [], marker="o", linestyle="", color=colour, markersize=8) for colour in kinds.values()
    ]
    half = float(f"{largest / 2:.1g}")
    handles.append(Line2D([], [], color=BLUE, alpha=0.55, linewidth=half * scale))
    axes.legend(
        handles,
        [*kinds, f"{half / 1_000:,.0f} thousand"],
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        ncols=3,
    )
