"""Cont and Bouchaud (2000): the demand of traders who are of one mind in each cluster of a sparse graph."""

from __future__ import annotations

import numpy as np
import pytest

from abm.agents.sentiment.herding import Herd, HerdingRule, SocialGraph
from abm.agents.sentiment.section import SocialGraphSection
from abm.agents.sentiment.social_graph import as_arrays, social_graph
from abm.core.randomness import RandomStreams
from abm.market import TokenFuturesMarket
from abm.scenario import Scenario

pytestmark = pytest.mark.verify

TRADERS = 10_000
RARE = {"clusters": True, "strength": 0.9, "belief_shift": 0.0, "threshold": 0.0, "looks_per_day": 0.0,
        "own_views_per_day": 0.0}  # fmt: skip


def sparse_graph(c: float, seed: int) -> SocialGraph:
    section = SocialGraphSection(kind="erdos_renyi", mean_degree=c)
    return as_arrays(social_graph(section, TRADERS, RandomStreams(seed)))


def demands(graph: SocialGraph, seed: int, views_per_day: float, view_days: float, rounds: int) -> np.ndarray:
    """Sum of opinions in rounds so far apart that they are independent."""
    keys = RandomStreams(seed).keys("herding/cluster", int(graph.cluster_of.max()) + 1)
    rule = HerdingRule(**RARE, cluster_views_per_day=views_per_day, cluster_view_days=view_days)
    herd = Herd(graph, rule, keys)
    demand = np.zeros(rounds)
    for number in range(rounds):
        herd.step(number, 0, 50.0 * view_days)
        demand[number] = herd.opinion.sum()
    return demand


def kurtosis_of_demand(sizes: np.ndarray, a: float) -> float:
    """Excess kurtosis of a sum over clusters of size x (1 or -1 with probability a each, else 0)."""
    return (1 - 6 * a) / (2 * a) * (sizes**4).sum() / (sizes**2).sum() ** 2


@pytest.mark.parametrize(("c", "views_per_day"), [(0.0, 0.001), (0.5, 0.01)])
def test_demand_has_the_variance_and_kurtosis_of_its_clusters(c, views_per_day):
    view_days, runs = 0.1, 16
    rho = views_per_day * view_days
    a = rho / (2 * (1 + rho))
    variance, kurtosis = [], []
    for seed in range(runs):
        graph = sparse_graph(c, seed)
        sizes = np.bincount(graph.cluster_of).astype(float)
        demand = demands(graph, seed, views_per_day, view_days, 3_000)
        variance.append(np.mean(demand**2) / (2 * a * (sizes**2).sum()))
        measured = np.mean(demand**4) / np.mean(demand**2) ** 2 - 3.0
        kurtosis.append(measured / kurtosis_of_demand(sizes, a))
    for ratios in (variance, kurtosis):
        error = np.std(ratios, ddof=1) / np.sqrt(runs)
        assert error < 0.1
        assert np.mean(ratios) == pytest.approx(1.0, abs=3 * error)


@pytest.mark.parametrize("c", [0.3, 0.5])
def test_the_kurtosis_of_demand_over_graphs_is_that_of_the_paper(c):
    """(1 + 2 c) / (2 a N (1 - c)^3) for small a: sum W^4 = N (1 + 2 c) / (1 - c)^5 by the law of Borel."""
    fourth, second = [], []
    for seed in range(80):
        sizes = np.bincount(sparse_graph(c, seed).cluster_of).astype(float)
        fourth.append((sizes**4).mean() * len(sizes) / TRADERS)
        second.append((sizes**2).mean() * len(sizes) / TRADERS)
    error = np.std(fourth, ddof=1) / np.sqrt(len(fourth))
    expected = (1 + 2 * c) / (1 - c) ** 5
    assert error < 0.06 * expected
    assert np.mean(fourth) == pytest.approx(expected, abs=3 * error)
    ratio = np.mean(fourth) / np.mean(second) ** 2
    assert ratio == pytest.approx((1 + 2 * c) / (1 - c) ** 3, rel=0.12)


def test_a_crowd_of_one_mind_makes_the_net_flow_of_noise_traders_heavy_tailed_in_the_market():
    """A small world is one cluster; without a herd the same traders' net flow is close to normal."""
    kurtosis = {}
    for strength in (0.0, 0.95):
        scenario = Scenario().replace(
            {
                "calendar.rounds_per_day": 12,
                "agents.attention.response": 0.0,
                "agents.noise.count": 400,
                "agents.sentiment.strength": strength,
                "agents.sentiment.rule": "clusters",
                "agents.sentiment.cluster_views_per_day": 0.2,
                "agents.sentiment.cluster_view_days": 0.25,
            }
        )
        market = TokenFuturesMarket(scenario, rng=7)
        noise = next(p for p in market.populations if p.name == "noise")
        flows = []
        for number in range(60 * 12):
            positions = market.clearing.position_lots[noise.accounts].sum()
            market.step()
            if number % 12 not in (0, 11):  # the opening auction, and positions that expire
                flows.append(market.clearing.position_lots[noise.accounts].sum() - positions)
        centred = np.array(flows) - np.mean(flows)
        kurtosis[strength] = np.mean(centred**4) / np.mean(centred**2) ** 2 - 3.0
    assert kurtosis[0.0] < 2.0
    assert kurtosis[0.95] > 2.0 * max(kurtosis[0.0], 1.0)
