"""What speculators share: a herd over a social graph, and attention to volatile times."""

from __future__ import annotations

from pathlib import Path

from abm.agents.base.population import Population
from abm.agents.mixture.shell import MixtureTraders
from abm.agents.sentiment.attention import Attention, AttentionRule
from abm.agents.sentiment.carriers import OpinionCarriers
from abm.agents.sentiment.herding import Herd, HerdingRule
from abm.agents.sentiment.section import AttentionSection, SentimentSection
from abm.agents.sentiment.social_graph import as_arrays, social_graph
from abm.agents.speculators.shell import NoiseTraders
from abm.core.randomness import RandomStreams


def join_herd(
    section: SentimentSection,
    populations: list[Population],
    streams: RandomStreams,
    graph_streams: RandomStreams,
    edge_list: Path | None,
) -> None:
    """Let all carriers of opinions join one herd, numbered in the order of their populations.

    At strength 0 there is none, and nothing is drawn. Who is linked to whom is drawn from ``graph_streams``,
    or stands in the file ``edge_list``.
    """
    carriers = [p for p in populations if isinstance(p, OpinionCarriers) and p.carries_opinion]
    traders = sum(population.count for population in carriers)
    if section.strength == 0.0 or traders == 0:
        return
    graph = as_arrays(social_graph(section.graph, traders, graph_streams, edge_list))
    clusters = section.rule == "clusters"
    rule = HerdingRule(
        clusters=clusters,
        strength=section.strength,
        belief_shift=section.belief_shift,
        threshold=section.threshold,
        looks_per_day=section.looks_per_day,
        own_views_per_day=section.own_views_per_day,
        cluster_views_per_day=section.cluster_views_per_day,
        cluster_view_days=section.cluster_view_days,
    )
    if clusters:
        keys = streams.keys("herding/cluster", int(graph.cluster_of.max()) + 1)
    else:
        keys = streams.keys("herding", traders)
    herd = Herd(graph, rule, keys)
    first = 0
    for population in carriers:
        population.join(herd, first)
        first += population.count


def pay_attention(section: AttentionSection, populations: list[Population]) -> None:
    """Let noise and mixture traders share one attention; traders on value look at their own rate always."""
    attentive = [p for p in populations if isinstance(p, NoiseTraders | MixtureTraders)]
    if section.response == 0.0 or not attentive:
        return
    rule = AttentionRule(
        response=section.response,
        recent_days=section.recent_days,
        usual_days=section.usual_days,
        fastest=section.fastest,
    )
    attention = Attention(rule, attentive[0].tenor_weights)
    for population in attentive:
        population.attention = attention
