"""Who leaves a class of speculators for poor results, and who comes back when it earns again."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limited_traders import noise, opening, view_of
from stage import months_around, no_positions

from abm.agents.base.outbox import Outbox
from abm.agents.limits.results import ResultRules, TradingResults
from abm.agents.limits.states import LEFT, SUSPENDED, TRADING
from abm.core.errors import ScenarioError
from abm.core.orders import MessageKind
from abm.scenario import Scenario

MONTH = 21


def judged(count=4, *, memory=1.0, exit_below=-0.05, enter_above=0.02, turnover=0.25):
    rules = ResultRules(memory, exit_below, enter_above, turnover)
    return noise(count, results=TradingResults(count, rules))


def month_ends(traders, *equities, flows=None, held=None, first=0):
    """Open the first day of one month after another; return who is in each month."""
    story = []
    for month, equity in enumerate(equities, first):
        own = 0 if flows is None else flows[month]
        day = month * MONTH
        traders.open_day(opening(day, *equity, day_of_month=0, flow_usd=own, held=held))
        story.append((traders.limits.rows["state"] == TRADING).tolist())
    return story


def test_the_worst_leaves_first_and_no_more_than_a_share_of_the_class_in_a_month():
    traders = judged()
    story = month_ends(traders, (1_000, 1_000, 1_000, 1_000), (900, 800, 930, 1_100), (900, 800, 930, 1_100))
    assert story == [[True] * 4, [True, False, True, True], [True, False, True, True]]
    assert traders.columns["actions_per_day"].tolist() == [48.0, 0.0, 48.0, 48.0]
    assert traders.active.tolist() == [True, False, True, True]


def test_who_leaves_closes_what_it_holds_and_sends_nothing_else():
    traders = judged(1, turnover=1.0)
    month_ends(traders, (1_000,), (900,))
    held, outbox = no_positions(1), Outbox(8)
    held[0, [6, 9]] = 7, -3
    traders.act(view_of(months_around()), held, outbox)
    sent = outbox.messages
    assert (sent["kind"] == MessageKind.MARKET).all()
    assert sorted((sent["side"] * sent["lots"]).tolist()) == [-7, 3]


def test_results_are_remembered_over_months():
    traders = judged(2, memory=3.0, exit_below=-0.04, turnover=1.0)
    # means of the first trader: -.033, then -.0556; the second recovers in time
    story = month_ends(traders, (1_000, 1_000), (900, 900), (810, 900))
    assert story == [[True, True], [True, True], [False, True]]
    assert traders.limits.results.rows["mean_return"] == pytest.approx(
        [-0.1 / 3 - (0.1 - 0.1 / 3) / 3, -0.2 / 9]
    )


def test_what_owners_take_out_is_no_loss_and_what_they_bring_in_no_gain():
    flows = [(0, 0), (-300, 200), (-300, 200)]  # since the start
    story = month_ends(judged(2, turnover=1.0), (1_000, 1_000), (700, 1_100), flows=flows)
    assert story[-1] == [True, False]


def test_those_who_have_left_come_back_in_the_order_in_which_they_left_when_the_class_earns():
    traders = judged(4, turnover=0.25)
    story = month_ends(
        traders,
        (1_000, 1_000, 1_000, 1_000),
        (800, 900, 1_000, 1_000),  # the first leaves
        (800, 700, 1_000, 1_000),  # the second
        (800, 700, 1_010, 1_010),  # one per cent is not enough
        (800, 700, 1_060, 1_060),
        (800, 700, 1_200, 1_200),
    )
    assert [row[:2] for row in story] == [
        [True, True], [False, True], [False, False], [False, False], [True, False], [True, True]
    ]  # fmt: skip
    assert traders.columns["actions_per_day"].tolist() == [48.0] * 4


def test_nobody_comes_back_with_a_position_without_money_or_after_a_default():
    traders = judged(4, turnover=1.0)
    held = no_positions(4)
    held[0, 3] = 1
    month_ends(traders, (1_000,) * 4, (900, 900, 900, 1_000))
    traders.suspend(2)
    story = month_ends(traders, (900, -5, 900, 1_200), held=held, first=2)
    assert story == [[False, False, False, True]]
    assert traders.limits.rows["state"].tolist() == [LEFT, LEFT, SUSPENDED, TRADING]
    assert month_ends(traders, (900, -5, 900, 1_300), first=3) == [[True, False, False, True]]


def test_a_class_that_is_all_gone_comes_back_once_its_losses_are_forgotten():
    traders = judged(2, turnover=1.0, exit_below=-0.05, enter_above=-0.04)
    story = month_ends(traders, (1_000, 1_000), (900, 900), (900, 900))
    assert story == [[True] * 2, [False] * 2, [True] * 2]


def test_results_count_at_the_start_of_a_month_only():
    traders = judged(2, turnover=1.0)
    traders.open_day(opening(0, 1_000, 1_000, day_of_month=0))
    for day in range(1, MONTH):
        traders.open_day(opening(day, 10, 10, day_of_month=day))
        assert traders.active.all()
    traders.open_day(opening(MONTH, 1_000, 1_000, day_of_month=0))
    assert traders.active.all()


@given(
    returns=st.lists(st.lists(st.floats(-0.5, 0.5), min_size=6, max_size=6), min_size=1, max_size=12),
    turnover=st.sampled_from([0.0, 0.1, 0.4, 1.0]),
)
@settings(max_examples=60)
def test_capital_moves_no_faster_than_its_turnover_and_never_both_ways_at_once(returns, turnover):
    rules = ResultRules(2.0, -0.1, 0.05, turnover)
    results, is_in, equity = TradingResults(6, rules), np.ones(6, dtype=bool), np.full(6, 1_000.0)
    results.begin_month(equity)
    for month, moved in enumerate(returns, 1):
        equity = equity * (1.0 + np.array(moved))
        results.begin_month(equity)
        mean = results.rows["mean_return"].copy()
        leaving, returning = results.moves(month, is_in, ~is_in)
        assert leaving.sum() + returning.sum() <= {0.0: 0, 0.1: 1, 0.4: 2, 1.0: 6}[turnover]
        assert (mean[leaving] < -0.1).all()
        assert not (leaving & ~is_in).any()
        assert not (returning & is_in).any()
        stays = is_in & ~leaving
        if leaving.any() and (stays & (mean < -0.1)).any():
            assert mean[leaving].max() <= mean[stays & (mean < -0.1)].min()
        is_in = stays | returning


def test_results_are_part_of_the_state_hash():
    def hashed(traders):
        digest = hashlib.sha256()
        traders.update_digest(digest)
        return digest.hexdigest()

    one, other = judged(), judged()
    assert hashed(one) == hashed(other)
    other.limits.results.rows["mean_return"][2] = 0.1
    assert hashed(one) != hashed(other)


def test_who_would_leave_later_than_it_comes_back_is_refused():
    with pytest.raises(ScenarioError, match=r"results.exit_below: 0.5 is not <= enter_above = 0.0"):
        Scenario().replace({"agents.noise.limits.results.exit_below": 0.5})
