"""Where the fields of speculators, holders and the shared fields of ``agents`` arrive."""

from __future__ import annotations

import math
from pathlib import Path

import networkx as nx
import numpy as np
from field_table import SEED, Group, Row
from probes import class_rows, column, draws, equity_usd, limit_rows, terms, traders

from abm.agents.switching.kernel import OPTIMIST, PESSIMIST
from abm.core.randomness import RandomStreams

LINKS = Path(__file__).parent / "inputs" / "links.txt"


def _count(name):
    return lambda m: traders(m, name).count


def _cash(table, name, usd):
    return Row(f"{table}.cash_usd", usd, (equity_usd(name), usd))


def _belief(name):
    """Look at the first errors of belief, in units of the draws behind them."""

    def probe(m):
        own = traders(m, name)
        return own.columns["belief_error"] / draws(SEED, name, "belief", own.count)

    return probe


NOISE = Group(
    "noise traders and fundamentalists",
    [
        Row("agents.latency_jitter", 0.55,
            *((column(name, "jitter"), 0.55) for name in ("noise", "fundamentalist", "chartist", "dmm",
                                                           "enterprise", "provider"))),
        Row("agents.tenor_decay", 2.9,
            (lambda m: traders(m, "noise").tenor_weights,
             np.cumsum([math.exp(-k / 2.9) for k in range(5)]) / sum(math.exp(-k / 2.9) for k in range(5)))),
        Row("agents.noise.count", 61, (_count("noise"), 61)),
        *class_rows("agents.noise", "noise", actions_per_day=13.0, cancels_per_day=4.5,
                    market_order_share=0.37, mean_lots=3.25, price_distance=0.0045, latency_ms=62.0),
        Row("agents.noise.max_position_lots", 63.0, (column("noise", "max_position_lots"), 63)),
        _cash("agents.noise", "noise", 410_000.0),
        *limit_rows("agents.noise", "noise", 0.1),
        Row("agents.fundamentalists.count", 26, (_count("fundamentalist"), 26)),
        *class_rows("agents.fundamentalists", "fundamentalist", actions_per_day=11.0, belief_sd=0.016,
                    belief_reversion_per_day=0.26, threshold=0.007, mean_lots=6.25, latency_ms=42.0),
        Row("agents.fundamentalists.max_position_lots", 151.0,
            (column("fundamentalist", "max_position_lots"), 151)),
        _cash("agents.fundamentalists", "fundamentalist", 1_510_000.0),
        Row("agents.fundamentalists.relative_risk_aversion", 2.6,
            (lambda m: traders(m, "fundamentalist").risk.relative_aversion, 2.6)),
        Row("agents.fundamentalists.curve_correlation", 0.86,
            (lambda m: traders(m, "fundamentalist").risk.correlation, 0.86)),
        *limit_rows("agents.fundamentalists", "fundamentalist", 1.2),
    ],
)  # fmt: skip

FUNDAMENTALISTS = Group(
    "first beliefs",
    [
        Row("agents.fundamentalists.belief_sd", 0.018, (_belief("fundamentalist"), 0.018)),
        Row("agents.market_makers.belief_sd", 0.003, (_belief("dmm"), 0.003)),
    ],
)  # fmt: skip

CHARTISTS = Group(
    "chartists and mixture traders",
    [
        Row("agents.chartists.count", 21, (_count("chartist"), 21)),
        *class_rows("agents.chartists", "chartist", actions_per_day=4.25, fast_days=0.6, slow_days=3.5,
                    threshold=0.0055, slice_lots=6, latency_ms=43.0),
        Row("agents.chartists.max_position_lots", 31.0, (column("chartist", "max_position_lots"), 31)),
        Row("agents.chartists.tenors", 2,
            (lambda m: sorted(set(traders(m, "chartist").columns["tenor"])), [1, 2])),
        _cash("agents.chartists", "chartist", 420_000.0),
        *limit_rows("agents.chartists", "chartist", 2.3),
        Row("agents.mixture.count", 9, (_count("mixture"), 9)),
        *class_rows("agents.mixture", "mixture", actions_per_day=17.0, fundamental_weight=1.25,
                    trend_weight=0.5, noise_weight=1.1, reversion_days=1.7, noise_per_day=0.012,
                    order_margin=0.013, mean_lots=2.75, latency_ms=44.0),
        # The horizon is longer by 1 plus the weight on value over 1 plus the weight on the trend.
        Row("agents.mixture.horizon_days", 1.8, (column("mixture", "horizon_days"), 1.8 * 2.25 / 1.5)),
        Row("agents.mixture.max_position_lots", 64.0, (column("mixture", "max_position_lots"), 64)),
        _cash("agents.mixture", "mixture", 430_000.0),
        *limit_rows("agents.mixture", "mixture", 3.4),
    ],
    given={"agents.mixture.count": 3},
)  # fmt: skip

ARBITRAGE = Group(
    "arbitrageurs and informed traders",
    [
        Row("agents.arbitrageurs.count", 4, (_count("arbitrageur"), 4)),
        *class_rows("agents.arbitrageurs", "arbitrageur", actions_per_day=47.0, quotes_per_day=46.0,
                    threshold=0.0006, latency_ms=6.5),
        Row("agents.arbitrageurs.slice_lots", 12.0, (column("arbitrageur", "slice_lots"), 12)),
        Row("agents.arbitrageurs.max_position_lots", 101.0,
            (column("arbitrageur", "max_position_lots"), 101)),
        _cash("agents.arbitrageurs", "arbitrageur", 3_100_000.0),
        *limit_rows("agents.arbitrageurs", "arbitrageur", 4.5),
        Row("agents.informed.count", 3, (_count("informed"), 3)),
        *class_rows("agents.informed", "informed", actions_per_day=10.45, signal_sd=0.0125, threshold=0.0025,
                    mean_lots=4.75, latency_ms=13.5),
        Row("agents.informed.max_position_lots", 65.0, (column("informed", "max_position_lots"), 65)),
        _cash("agents.informed", "informed", 1_520_000.0),
        *limit_rows("agents.informed", "informed", 5.6),
    ],
    given={"agents.arbitrageurs.count": 2, "agents.informed.count": 2},
)  # fmt: skip

AUCTION_INFORMED = Group(
    "informed traders in auctions",
    [
        Row("agents.informed.rule", "auction",
            (lambda m: type(traders(m, "informed")).__name__, "AuctionInformedTraders")),
        *class_rows("agents.informed", "informed", actions_per_day=10.75, signal_sd=0.0135, latency_ms=14.5),
        Row("agents.informed.auction.memory_auctions", 66.0, (column("informed", "memory_auctions"), 66.0)),
        Row("agents.informed.auction.price_impact", 0.35,
            (lambda m: traders(m, "informed").impacts["impact_ticks"], 0.35)),
    ],
    given={"agents.informed.count": 2},
)  # fmt: skip


def _chartists(market):
    roles = traders(market, "switching").columns["role"]
    return [int((roles == OPTIMIST).sum()), int((roles == PESSIMIST).sum())]


SWITCHING = Group(
    "switching traders",
    [
        Row("agents.switching.count", 40, (_count("switching"), 40)),
        # Half of 0.35 x 40 each; the least group of 6 is met.
        Row("agents.switching.chartist_share", 0.35, (_chartists, [7, 7])),
        Row("agents.switching.least_group", 6, (lambda m: traders(m, "switching").least_group, 6)),
        Row("agents.switching.trend_days", 0.25, (lambda m: traders(m, "switching").trend_days, 0.25)),
        *class_rows("agents.switching", "switching", opinion_rate=2.2, strategy_rate=0.65, herding=0.82,
                    trend_weight=2.1, profit_weight=1.05, value_discount=0.77, carry_per_day=0.00045,
                    alternative_per_day=0.00055, chartist_lots_per_day=12.5, value_lots_per_day=121.0,
                    latency_ms=45.0),
        Row("agents.switching.max_position_lots", 67.0, (column("switching", "max_position_lots"), 67)),
        _cash("agents.switching", "switching", 440_000.0),
        *limit_rows("agents.switching", "switching", 6.7),
    ],
    given={"agents.switching.count": 20},
)  # fmt: skip

LEAST_GROUP = Group(
    "the least group of switching traders",
    [Row("agents.switching.least_group", 5, (_chartists, [5, 5]))],
    given={"agents.switching.count": 30, "agents.switching.chartist_share": 0.0},
)

FLOW = Group(
    "Poisson order flow",
    [
        Row("agents.order_flow.tenors", (1, 3),
            (lambda m: traders(m, "poisson_flow").columns["tenor"], np.array([1, 1, 1, 3, 3, 3]))),
        # Two ticks across the best price, then three given rates, the last one out to a reach of four ticks.
        *(
            Row(f"agents.order_flow.{name}", value,
                (lambda m: traders(m, "poisson_flow").rates.limits_per_day,
                 np.array([1_700.0, 1_700.0, 1_700.0, 1_400.0, 900.0, 900.0])))
            for name, value in {"limits_per_day": (1_700.0, 1_400.0, 900.0), "reach_ticks": 4}.items()
        ),
        Row("agents.order_flow.overlap_ticks", 2,
            (lambda m: traders(m, "poisson_flow").rates.first_distance_ticks, -1),
            (lambda m: len(traders(m, "poisson_flow").rates.limits_per_day), 6)),
        Row("agents.order_flow.markets_per_day", 950.0,
            (lambda m: traders(m, "poisson_flow").rates.markets_per_day, 950.0),
            (lambda m: traders(m, "poisson_flow").columns["orders_per_day"][2::3], 1_900.0)),
        Row("agents.order_flow.cancels_per_day", (600.0, 500.0),
            (lambda m: traders(m, "poisson_flow").rates.cancels_per_day, np.array([600.0, 500.0]))),
        Row("agents.order_flow.lots", 3, (column("poisson_flow", "lots"), 3)),
        _cash("agents.order_flow", "poisson_flow", 2e9),
    ],
    given={"agents.order_flow.tenors": (0,)},
)  # fmt: skip


def _herd(name):
    return lambda m: getattr(traders(m, "noise").herd.rule, name)


SENTIMENT = Group(
    "herding and attention",
    [
        Row("agents.sentiment.strength", 0.45, (_herd("strength"), 0.45)),
        Row("agents.sentiment.belief_shift", 0.025, (_herd("belief_shift"), 0.025)),
        Row("agents.sentiment.threshold", 0.21, (_herd("threshold"), 0.21)),
        Row("agents.sentiment.looks_per_day", 4.4, (_herd("looks_per_day"), 4.4)),
        Row("agents.sentiment.own_views_per_day", 1.2, (_herd("own_views_per_day"), 1.2)),
        Row("agents.sentiment.cluster_views_per_day", 0.52, (_herd("cluster_views_per_day"), 0.52)),
        Row("agents.sentiment.cluster_view_days", 0.28, (_herd("cluster_view_days"), 0.28)),
        *(
            Row(f"agents.attention.{name}", value,
                *((lambda m, own=own, name=name: getattr(traders(m, own).attention.rule, name), value)
                  for own in ("noise", "mixture")))
            for name, value in {"response": 0.9, "recent_days": 2.2, "usual_days": 22.0,
                                "fastest": 4.6}.items()
        ),
    ],
    given={"agents.sentiment.strength": 0.4, "agents.mixture.count": 3},
)  # fmt: skip


def _links(market):
    graph = traders(market, "noise").herd.graph
    ends = zip(graph.first_neighbour[:-1], graph.first_neighbour[1:], strict=True)
    return sorted(
        (trader, int(other))
        for trader, (first, end) in enumerate(ends)
        for other in graph.neighbours[first:end]
        if trader < other
    )


def _expected_links(law, *terms):
    seed = int(RandomStreams(SEED).generator("social_graph").integers(2**32))
    return sorted(tuple(sorted(link)) for link in law(19, *terms, seed=seed).edges)


def _graph(name, rows, links, **given):
    """Return a group whose rows all show in the links between the 19 speculators."""
    fields = [Row(f"agents.sentiment.graph.{key}", value, (_links, links)) for key, value in rows.items()]
    return Group(name, fields, given={"agents.sentiment.strength": 0.4} | given)


GRAPHS = [
    _graph("a small world", {"neighbours": 4, "rewiring": 0.3},
           _expected_links(nx.watts_strogatz_graph, 4, 0.3)),
    _graph("a graph of preference", {"kind": "barabasi_albert", "attachments": 2},
           _expected_links(nx.barabasi_albert_graph, 2)),
    _graph("a random graph", {"kind": "erdos_renyi", "mean_degree": 1.7},
           _expected_links(nx.fast_gnp_random_graph, 1.7 / 18)),
    _graph("a given graph", {"kind": "edge_list", "edge_list": str(LINKS)}, [(0, 1), (1, 2), (2, 5)]),
    Group("clusters of one mind", [Row("agents.sentiment.rule", "clusters", (_herd("clusters"), True))],
          given={"agents.sentiment.strength": 0.4}),
]  # fmt: skip


def _holder(name):
    """Look at the first holders of the file: those of the rows."""
    return lambda m: np.asarray(getattr(traders(m, "holder"), name))[:3]


def _holder_column(name):
    return lambda m: traders(m, "holder").columns[name][:3]


HOLDERS = Group(
    "position holders",
    [
        Row("agents.holders[].name", "whales",
            (lambda m: traders(m, "holder").labels, ("whales",) * 3 + ("rest",))),
        Row("agents.holders[].count", 3, (_count("holder"), 4)),
        Row("agents.holders[].lots", (40, 0, -70),
            (lambda m: m.clearing.position_lots[traders(m, "holder").accounts],
             np.array([[40, 0, -70, 0, 0]] * 3 + [[-120, 0, 210, 0, 0]]))),
        Row("agents.holders[].cash_usd", 123_456.0, (lambda m: equity_usd("holder")(m)[:3], 123_456.0)),
        Row("agents.holders[].credit_usd", 7_654.0,
            (lambda m: terms(m).credit_limit_usd_micro[traders(m, "holder").accounts][:3],
             7_654_000_000)),
        Row("agents.holders[].member", 5,
            (lambda m: m.clearing.member_of[traders(m, "holder").accounts][:3], 5)),
        Row("agents.holders[].exit_day", 2, (_holder("_exit_day"), 2)),
        Row("agents.holders[].exit_days", 4, (_holder("_exit_days"), 4)),
        Row("agents.holders[].actions_per_day", 23.0,
            (_holder_column("actions_per_day"), 23.0), (_holder("_rate"), 23.0)),
        Row("agents.holders[].cross_probability", 0.51, (_holder_column("cross_probability"), 0.51)),
        Row("agents.holders[].slice_share", 0.1, (_holder_column("slice_lots"), 7)),
        Row("agents.holders[].max_premium", 0.12, (_holder_column("max_premium"), 0.12)),
        Row("agents.holders[].latency_ms", 81.0, (_holder_column("latency_ms"), 81.0)),
    ],
    alongside={"agents.holders": [{"name": "rest", "lots": (-120, 0, 210), "cash_usd": 5e6}]},
)  # fmt: skip

GROUPS = [
    NOISE, FUNDAMENTALISTS, CHARTISTS, ARBITRAGE, AUCTION_INFORMED, SWITCHING, LEAST_GROUP, FLOW, SENTIMENT,
    *GRAPHS, HOLDERS,
]  # fmt: skip
