"""Social graphs over speculators: random laws by networkx, or links from a file, as arrays for kernels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from abm.agents.sentiment.edge_list import read_links
from abm.agents.sentiment.herding import SocialGraph
from abm.agents.sentiment.section import SocialGraphSection
from abm.core.errors import ScenarioError
from abm.core.randomness import RandomStreams

if TYPE_CHECKING:
    import networkx as nx


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
        If the law needs more traders than there are, or the file is not one of links between them.
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
        raise ScenarioError(f"agents.sentiment.graph.{name}: {least} is not < {traders} speculators")
