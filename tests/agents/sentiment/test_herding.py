"""Herding: how opinions spread over neighbours and clusters, and what an opinion does to each class."""

from __future__ import annotations

import math

import numpy as np
import pytest
from stage import decide, keys, months_around, no_positions
from traders import DAY_SHARE, WEIGHTS, chartist_rows, fundamentalist_rows, noise_rows, unafraid

from abm.agents.sentiment.herding import Herd, HerdingRule, SocialGraph, follow_majority, form_cluster_views
from abm.agents.speculators.chartist import decide_chartists
from abm.agents.speculators.fundamentalist import decide_fundamentalists
from abm.agents.speculators.noise import decide_noise

ALWAYS, NEVER = 1e9, 0.0


def graph(*neighbours: list[int], clusters=None) -> SocialGraph:
    ends = np.cumsum([0, *(len(own) for own in neighbours)])
    return SocialGraph(
        first_neighbour=ends.astype(np.int64),
        neighbours=np.array([other for own in neighbours for other in own], dtype=np.int64),
        cluster_of=np.array(clusters or [0] * len(neighbours), dtype=np.int64),
    )


def rule(**changes) -> HerdingRule:
    everyday = {
        "clusters": False, "strength": 0.5, "belief_shift": 0.02, "threshold": 0.2, "looks_per_day": 4.0,
        "own_views_per_day": 1.0, "cluster_views_per_day": 1.0, "cluster_view_days": 0.5,
    }  # fmt: skip
    return HerdingRule(**everyday | changes)


def after_a_look(opinions, links, *, threshold=0.2):
    opinion = np.array(opinions, dtype=np.float64)
    kernel_args = (opinion.copy(), links.first_neighbour, links.neighbours, threshold, ALWAYS, NEVER, 0.1)
    follow_majority(opinion, keys(len(opinion)), *kernel_args)
    return opinion.tolist()


def test_a_trader_joins_its_neighbours_when_their_mean_is_beyond_the_threshold():
    star = graph([1, 2, 3], [0], [0], [0])
    assert after_a_look([0.0, 1.0, 1.0, -1.0], star)[0] == 1.0
    assert after_a_look([0.5, -0.4, -0.2, -0.3], star)[0] == -1.0
    assert after_a_look([0.5, 0.3, 0.3, -0.3], star)[0] == 0.5


def test_a_higher_threshold_needs_a_clearer_majority():
    star = graph([1, 2, 3], [0], [0], [0])
    assert after_a_look([0.0, 1.0, 1.0, -1.0], star, threshold=0.4)[0] == 0.0


def test_everybody_sees_the_opinions_before_the_round():
    pair = graph([1], [0])
    assert after_a_look([1.0, -1.0], pair) == [-1.0, 1.0]


def test_a_trader_without_neighbours_keeps_its_opinion():
    assert after_a_look([0.3], graph([])) == [0.3]


def test_own_views_are_uniform():
    opinion = np.zeros(20_000)
    alone = graph(*([] for _ in opinion))
    follow_majority(
        opinion, keys(len(opinion)), opinion.copy(), alone.first_neighbour, alone.neighbours, 0.2, NEVER,
        ALWAYS, 0.1,
    )  # fmt: skip
    assert abs(opinion.mean()) < 4 / math.sqrt(3 * len(opinion))
    assert (opinion**2).mean() == pytest.approx(1 / 3, abs=4 * 0.3 / math.sqrt(len(opinion)))


def test_the_compiled_rules_do_what_their_plain_originals_do():
    ring = graph(*([(i - 1) % 300, (i + 1) % 300] for i in range(300)))
    fast, plain = np.zeros(300), np.zeros(300)
    fast_streams, plain_streams = keys(300), keys(300)
    for _ in range(40):
        rest = (ring.first_neighbour, ring.neighbours, 0.2, 8.0, 4.0, 0.05)
        follow_majority(fast, fast_streams, fast.copy(), *rest)
        follow_majority.py_func(plain, plain_streams, plain.copy(), *rest)
    np.testing.assert_array_equal(fast, plain)
    assert np.abs(fast).mean() > 0.5
    for _ in range(40):
        form_cluster_views(fast, fast_streams, 1.0, 0.5, 0.1)
        form_cluster_views.py_func(plain, plain_streams, 1.0, 0.5, 0.1)
    np.testing.assert_array_equal(fast, plain)


@pytest.mark.parametrize("rounds_per_day", [4, 40])
def test_views_of_clusters_come_and_last_as_the_scenario_says_at_any_resolution(rounds_per_day):
    clusters, days, views_per_day, view_days = 20_000, 6, 1.0, 0.5
    view, streams = np.zeros(clusters), keys(clusters)
    for _ in range(days * rounds_per_day):
        form_cluster_views(view, streams, views_per_day, view_days, 1 / rounds_per_day)
    rho = views_per_day * view_days
    each = rho / (2 * (1 + rho))
    tolerance = 4 * math.sqrt(each / clusters)
    assert np.mean(view == 1.0) == pytest.approx(each, abs=tolerance)
    assert np.mean(view == -1.0) == pytest.approx(each, abs=tolerance)
    before = view.copy()
    for _ in range(rounds_per_day // 4):
        form_cluster_views(view, streams, views_per_day, view_days, 1 / rounds_per_day)
    kept = np.mean(view[before == 1.0] == 1.0)
    total = views_per_day + 1 / view_days  # P(a view) after a quarter, and P(it was never given up)
    stays = rho / (1 + rho) + math.exp(-total / 4) / (1 + rho)
    never_left = math.exp(-0.25 / view_days)
    expected = never_left + 0.5 * (stays - never_left)
    assert kept == pytest.approx(expected, abs=4 * math.sqrt(0.25 / (before == 1.0).sum()))


def test_a_cluster_is_of_one_mind():
    parts = graph([1], [0], [3], [2], clusters=[0, 0, 1, 1])
    herd = Herd(parts, rule(clusters=True, cluster_views_per_day=50.0), keys(2))
    seen = set()
    for number in range(60):
        herd.step(0, number, 0.05)
        assert herd.opinion[0] == herd.opinion[1]
        assert herd.opinion[2] == herd.opinion[3]
        seen.add((herd.opinion[0], herd.opinion[2]))
    assert {(1.0, -1.0), (-1.0, 1.0), (1.0, 1.0)} <= seen


def test_opinions_spread_once_a_round_however_many_classes_ask():
    ring = graph(*([(i - 1) % 50, (i + 1) % 50] for i in range(50)))
    asked_once, asked_thrice = (Herd(ring, rule(own_views_per_day=9.0), keys(50)) for _ in range(2))
    for number in range(30):
        asked_once.step(2, number, 0.1)
        for _ in range(3):
            asked_thrice.step(2, number, 0.1)
    np.testing.assert_array_equal(asked_once.opinion, asked_thrice.opinion)
    assert np.abs(asked_once.opinion).max() > 0.0


@pytest.mark.parametrize(("tilt", "held"), [(0.0, 0), (0.6, 0), (-0.6, 0), (0.6, 25), (0.9, -10)])
def test_an_opinion_multiplies_the_odds_that_a_noise_trader_buys(tilt, held):
    columns = noise_rows(4_000, tilt=tilt)
    sent = decide(decide_noise, columns, keys(4_000), WEIGHTS, months_around(), no_positions(4_000) + held,
                  DAY_SHARE)  # fmt: skip
    side = sent["side"][sent["side"] != 0]
    odds = (1 - held / 50) / (1 + held / 50) * (1 + tilt) / (1 - tilt)
    expected = odds / (1 + odds)
    assert np.mean(side == 1) == pytest.approx(expected, abs=4 * math.sqrt(0.25 / len(side)))


def test_a_full_position_is_only_reduced_whatever_the_crowd_thinks():
    for held, tilt in ((50, 0.99), (-50, -0.99)):
        sent = decide(decide_noise, noise_rows(tilt=tilt), keys(200), WEIGHTS, months_around(),
                      no_positions(200) + held, DAY_SHARE)  # fmt: skip
        side = sent["side"][sent["side"] != 0]
        assert len(side) > 100
        assert (side == -np.sign(held)).all()


def test_optimists_find_a_fair_price_cheap_and_pessimists_dear():
    for tilt in (0.02, -0.02):
        columns = fundamentalist_rows(belief_sd=0.0, tilt=tilt)
        sent = decide(decide_fundamentalists, columns, keys(200), WEIGHTS, months_around(),
                      no_positions(200), unafraid(), 1.0, DAY_SHARE)  # fmt: skip
        assert len(sent) > 100
        assert (sent["side"] == np.sign(tilt)).all()
    neutral = fundamentalist_rows(belief_sd=0.0)
    assert len(decide(decide_fundamentalists, neutral, keys(200), WEIGHTS, months_around(),
                      no_positions(200), unafraid(), 1.0, DAY_SHARE)) == 0  # fmt: skip


def test_an_opinion_adds_to_the_trend_a_chartist_sees():
    for tilt in (0.005, -0.005):
        columns = chartist_rows(tilt=tilt)
        sent = decide(decide_chartists, columns, keys(60), months_around(), no_positions(60), DAY_SHARE)
        assert len(sent) > 20
        assert (sent["side"] == np.sign(tilt)).all()
