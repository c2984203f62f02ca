"""Social graphs over speculators: random laws by networkx, or links from a file, as arrays for kernels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from abm.agents.herding import SocialGraph
from abm.core.errors import ScenarioError
from abm.core.randomness import RandomStreams
from abm.scenario.sentiment_sections import SocialGraphSection

if TYPE_CHECKING:
    import networkx as nx

_FIELD = "agents.sentiment.graph"


def social_graph(
    section: SocialGraphSection, traders: int, streams: RandomStreams, edge_list: Path | None = None
) -> nx.Graph:
    """Return the graph of the scenario over traders 0 to ``traders - 1``.

    Parameters
    ----------
    section : SocialGraphSection
        Law and its parameters.
    traders : int
        Number of traders.
    streams : RandomStreams
        The graph is drawn from the stream ``social_graph``.
    edge_list : Path, optional
        File of links for the kind of that name.

    Raises
    ------
    ScenarioError
        If the law needs more traders than there are, or a line of the file is not a link between two of them.
    """
    import networkx as nx  # here because a market without herding does not need it

    seed = int(streams.generator("social_graph").integers(2**32))
    if section.kind == "edge_list":
        assert edge_list is not None, "a scenario with links from a file names it"
        graph = nx.empty_graph(traders)
        graph.add_edges_from(read_links(edge_list, traders))
        return graph
    if section.kind == "watts_strogatz":
        _need_more_than(section.neighbours, "neighbours", traders)
        return nx.watts_strogatz_graph(traders, section.neighbours, section.rewiring, seed=seed)
    if section.kind == "barabasi_albert":
        _need_more_than(section.attachments, "attachments", traders)
        return nx.barabasi_albert_graph(traders, section.attachments, seed=seed)
    probability = min(section.mean_degree / max(traders - 1, 1), 1.0)
    return nx.fast_gnp_random_graph(traders, probability, seed=seed)


def read_links(path: Path, traders: int) -> list[tuple[int, int]]:
    """Return the links of a file: two trader numbers a line, apart by blanks or a comma; # begins a comment.

    Raises
    ------
    ScenarioError
        Naming the line.
    """
    links = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        words = line.partition("#")[0].replace(",", " ").split()
        if not words:
            continue
        ends = [int(word) for word in words if word.isdecimal()]
        if len(words) != 2 or len(ends) != 2 or max(ends) >= traders or ends[0] == ends[1]:
            raise ScenarioError(
                f"{_FIELD}.edge_list: {path}: line {number}: {line.strip()!r} is not two different traders "
                f"from 0 to {traders - 1}"
            )
        links.append((ends[0], ends[1]))
    return links


def as_arrays(graph: nx.Graph) -> SocialGraph:
    """Return a graph over 0 .. n - 1 as arrays: neighbours in increasing order, connected parts numbered."""
    import networkx as nx

    degrees = np.array([graph.degree[node] for node in range(len(graph))], dtype=np.int64)
    cluster_of = np.zeros(len(graph), dtype=np.int64)
    for number, members in enumerate(sorted(nx.connected_components(graph), key=min)):
        cluster_of[list(members)] = number
    return SocialGraph(
        first_neighbour=np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(degrees)]),
        neighbours=np.array(
            [neighbour for node in range(len(graph)) for neighbour in sorted(graph[node])], dtype=np.int64
        ),
        cluster_of=cluster_of,
    )


def _need_more_than(least: int, name: str, traders: int) -> None:
    if traders <= least:
        raise ScenarioError(f"{_FIELD}.{name}: {least} is not < {traders} speculators")
