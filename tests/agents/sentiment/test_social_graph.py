"""Social graphs over speculators: their laws, and links read from a file."""

from __future__ import annotations

from itertools import pairwise

import networkx
import numpy as np
import pytest

from abm.agents.sentiment.edge_list import read_links
from abm.agents.sentiment.section import SocialGraphSection
from abm.agents.sentiment.social_graph import as_arrays, social_graph
from abm.core.errors import ScenarioError
from abm.core.randomness import RandomStreams


def drawn(traders: int, seed: int = 1, **section):
    return social_graph(SocialGraphSection(**section), traders, RandomStreams(seed))


def degrees(graph) -> np.ndarray:
    return np.diff(as_arrays(graph).first_neighbour)


def test_a_watts_strogatz_graph_has_its_mean_degree_and_some_long_links():
    graph = drawn(400, neighbours=6, rewiring=0.1)
    assert degrees(graph).mean() == 6.0
    far = sum(min((a - b) % 400, (b - a) % 400) > 3 for a, b in graph.edges)
    assert far == pytest.approx(0.1 * 1_200, abs=4 * np.sqrt(0.09 * 1_200))
    assert set(degrees(drawn(400, rewiring=0.0))) == {6}


def test_a_barabasi_albert_graph_has_hubs():
    own = degrees(drawn(2_000, kind="barabasi_albert", attachments=3))
    assert own.sum() == 2 * 3 * (2_000 - 3)
    assert own.min() >= 3
    assert own.max() > 15 * np.median(own)


def test_an_erdos_renyi_graph_has_poisson_degrees():
    own = degrees(drawn(5_000, kind="erdos_renyi", mean_degree=0.9))
    assert own.mean() == pytest.approx(0.9, abs=4 * np.sqrt(2 * 0.9 / 5_000))
    assert own.var() == pytest.approx(own.mean(), rel=0.1)


@pytest.mark.parametrize("c", [0.5, 0.8])
def test_clusters_of_a_sparse_graph_are_as_many_and_as_large_as_in_cont_and_bouchaud(c):
    """Clusters a trader: 1 - c / 2. Mean size of a trader's own cluster: 1 / (1 - c)."""
    n, count, size = 10_000, [], []
    for seed in range(10):
        clusters = as_arrays(drawn(n, seed, kind="erdos_renyi", mean_degree=c)).cluster_of
        own = np.bincount(clusters)
        count.append(len(own) / n)
        size.append((own**2).sum() / n)
    errors = [4 * np.std(values, ddof=1) / np.sqrt(len(values)) for values in (count, size)]
    assert np.mean(count) == pytest.approx(1 - c / 2, abs=errors[0])
    assert np.mean(size) == pytest.approx(1 / (1 - c), abs=errors[1])
    assert errors[0] < 0.01
    assert errors[1] < 0.2 * np.mean(size)


def test_a_graph_is_a_function_of_seed_and_section():
    section = {"kind": "erdos_renyi", "mean_degree": 3.0}
    assert drawn(200, 1, **section).edges == drawn(200, 1, **section).edges
    assert drawn(200, 1, **section).edges != drawn(200, 2, **section).edges


def test_arrays_list_every_neighbour_of_both_ends_in_order():
    graph = drawn(300, kind="erdos_renyi", mean_degree=2.0)
    arrays = as_arrays(graph)
    links = {
        (i, int(j))
        for i, (first, end) in enumerate(pairwise(arrays.first_neighbour))
        for j in arrays.neighbours[first:end]
    }
    assert links == {(a, b) for a, b in graph.edges} | {(b, a) for a, b in graph.edges}
    for first, end in pairwise(arrays.first_neighbour):
        assert (np.diff(arrays.neighbours[first:end]) > 0).all()
    parts = [set(np.flatnonzero(arrays.cluster_of == c)) for c in range(arrays.cluster_of.max() + 1)]
    assert sorted(parts, key=min) == sorted(networkx.connected_components(graph), key=min)


def test_too_few_traders_for_a_law_are_the_users_mistake():
    with pytest.raises(ScenarioError, match=r"graph.neighbours: 6 is not < 6 speculators"):
        drawn(6, neighbours=6)
    with pytest.raises(ScenarioError, match=r"graph.attachments: 3 is not < 2 speculators"):
        drawn(2, kind="barabasi_albert")


def test_links_are_read_with_blanks_commas_and_comments(tmp_path):
    path = tmp_path / "links.txt"
    path.write_text("# who knows whom\n0 1\n1,2   # a pair\n\n3, 0\n")
    assert read_links(path, 4) == [(0, 1), (1, 2), (3, 0)]


@pytest.mark.parametrize("line", ["0 4", "1 1", "1", "0 1 2", "a b", "-1 2", "1.5 2"])
def test_a_line_that_is_no_link_is_named(tmp_path, line):
    path = tmp_path / "links.txt"
    path.write_text(f"0 1\n{line}\n")
    with pytest.raises(
        ScenarioError, match=r"links.txt: line 2: .* is not two different traders from 0 to 3"
    ):
        read_links(path, 4)


def test_links_that_are_no_utf8_text_are_the_users_mistake(tmp_path):
    path = tmp_path / "links.txt"
    path.write_bytes("0 1 # André".encode("latin-1"))
    with pytest.raises(ScenarioError, match=r"edge_list: .*links.txt: not UTF-8 text \(byte 10\)"):
        read_links(path, 4)
