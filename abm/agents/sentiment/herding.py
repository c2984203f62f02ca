"""Herding: opinions of speculators spread over a graph and tilt what they do.

Two rules, both with rates per day:

- majority: a trader looks at its neighbours at a rate; if the mean of their opinions is beyond a threshold it
  takes the sign of that mean. At another rate it forms an opinion of its own, uniform on [-1, 1]. This is the
  recruitment of Kirman (1993) on a graph, with the threshold of Granovetter (1978).
- clusters: all traders that hang together in the graph share one opinion, which is 1 or -1 with the same
  probability while a view lasts and 0 otherwise (Cont and Bouchaud 2000). At any moment a cluster holds each
  view with probability a = rho / (2 (1 + rho)), rho = views a day x days that a view lasts.

An opinion s tilts a noise trader's odds of buying by (1 + strength s) / (1 - strength s), and the price that
other speculators believe in by a log shift of strength x belief_shift x s.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.timing import acts
from abm.core.arrays import FloatArray, IntArray
from abm.core.kernel import kernel
from abm.core.random_kernels import uniform


class SocialGraph(NamedTuple):
    """Who looks at whom.

    Attributes
    ----------
    first_neighbour : array of int64, shape (traders + 1,)
        The neighbours of trader i are ``neighbours[first_neighbour[i]:first_neighbour[i + 1]]``.
    neighbours : array of int64, shape (2 x links,)
        Numbers of traders.
    cluster_of : array of int64, shape (traders,)
        Connected part of the graph that each trader belongs to, numbered from 0.
    """

    first_neighbour: IntArray
    neighbours: IntArray
    cluster_of: IntArray


@dataclass(frozen=True)
class HerdingRule:
    """How opinions come about and what they do.

    Attributes
    ----------
    clusters : bool
        Whether a cluster is of one mind; else each trader follows its neighbours' majority.
    strength : float
        Weight of an opinion in [0, 1).
    belief_shift : float
        Log shift of a believed price at full opinion and strength 1.
    threshold : float
        Mean opinion of the neighbours beyond which a trader joins them.
    looks_per_day, own_views_per_day : float
        Rates at which a trader looks at its neighbours and forms an opinion of its own.
    cluster_views_per_day, cluster_view_days : float
        Rate at which a cluster without a view forms one, and how long it lasts in the mean.
    """

    clusters: bool
    strength: float
    belief_shift: float
    threshold: float
    looks_per_day: float
    own_views_per_day: float
    cluster_views_per_day: float
    cluster_view_days: float


class Herd:
    """Opinions of all speculators that carry one.

    Parameters
    ----------
    graph : SocialGraph
        Over the speculators in the order of their populations.
    rule : HerdingRule
        How opinions spread.
    streams : array of uint64, shape (traders,) or (clusters,)
        Stream of each trader, or of each cluster under the rule of that name.

    Attributes
    ----------
    opinion : array of float, shape (traders,)
        In [-1, 1]; nobody has one at the start.
    """

    def __init__(self, graph: SocialGraph, rule: HerdingRule, streams: NDArray[np.uint64]) -> None:
        self.graph, self.rule, self.streams = graph, rule, streams
        self.opinion: FloatArray = np.zeros(len(graph.cluster_of))
        self.cluster_view: FloatArray = np.zeros(int(graph.cluster_of.max(initial=-1)) + 1)
        self._stepped_at = (-1, -1)

    def step(self, day: int, round_of_day: int, day_share: float) -> None:
        """Let opinions spread for one round; the first class of traders that asks in a round sets it off."""
        if self._stepped_at == (day, round_of_day):
            return
        self._stepped_at = (day, round_of_day)
        rule = self.rule
        if rule.clusters:
            form_cluster_views(
                self.cluster_view, self.streams, rule.cluster_views_per_day, rule.cluster_view_days, day_share
            )
            self.opinion[:] = self.cluster_view[self.graph.cluster_of]
        else:
            follow_majority(
                self.opinion, self.streams, self.opinion.copy(), self.graph.first_neighbour,
                self.graph.neighbours, rule.threshold, rule.looks_per_day, rule.own_views_per_day, day_share,
            )  # fmt: skip

    def update_digest(self, digest: Any) -> None:
        """Feed opinions and streams into a running hash."""
        for part in (self.opinion, self.cluster_view, self.streams):
            digest.update(part.tobytes())


@kernel
def follow_majority(
    opinion: FloatArray,
    streams: NDArray[np.uint64],
    before: FloatArray,
    first_neighbour: IntArray,
    neighbours: IntArray,
    threshold: float,
    looks_per_day: float,
    own_views_per_day: float,
    day_share: float,
) -> None:
    """Step the opinions of all traders by a round; everybody sees the opinions ``before`` it."""
    for i in range(opinion.shape[0]):
        if acts(streams, i, own_views_per_day, day_share):
            opinion[i] = 2.0 * uniform(streams, i) - 1.0
        first, end = first_neighbour[i], first_neighbour[i + 1]
        if acts(streams, i, looks_per_day, day_share) and end > first:
            total = 0.0
            for link in range(first, end):
                total += before[neighbours[link]]
            mean = total / (end - first)
            if abs(mean) > threshold:
                opinion[i] = math.copysign(1.0, mean)


@kernel
def form_cluster_views(
    view: FloatArray,
    streams: NDArray[np.uint64],
    views_per_day: float,
    view_days: float,
    day_share: float,
) -> None:
    """Step the view of every cluster by a round, with the exact chances for its length.

    Views come at rate a = ``views_per_day``, each sign alike, and go at rate b = 1 / ``view_days``: over a
    length h a view outlasts it with probability e^(-b h), and some view stands at its end with probability
    pi + (1 - pi) e^(-(a + b) h), pi = a / (a + b), or pi (1 - e^(-(a + b) h)) if none did at its beginning.
    """
    share = views_per_day / (views_per_day + 1.0 / view_days)
    memory = math.exp(-(views_per_day + 1.0 / view_days) * day_share)
    outlasts = math.exp(-day_share / view_days)
    for c in range(view.shape[0]):
        draw = uniform(streams, c)
        if view[c] != 0.0 and draw < outlasts:
            continue
        stands = share * (1.0 - memory) + (memory if view[c] != 0.0 else 0.0)
        view[c] = 0.0
        if draw < stands:
            view[c] = 1.0 if uniform(streams, c) < 0.5 else -1.0
