"""When a treasury gives its hedge up, how it leaves, and when it comes back."""

from __future__ import annotations

import numpy as np
import pytest

from abm.agents.hedgers.capacity import CapacityOutages
from abm.agents.hedgers.treasury import AbandonmentRule, HedgeTreasury, affordable_share

RULE = AbandonmentRule(abandon_below=0.5, reenter_above=1.0, unwind_days=3, cooling_days=4)


def judge(treasury, day, free, margin=100, programme=100):
    """Judge three hedgers; a number stands for all of them."""
    money = [np.broadcast_to(np.array(m, dtype=np.int64), 3).copy() for m in (free, margin, programme)]
    treasury.judge(
        day,
        free_funds_usd_micro=money[0],
        initial_margin_usd_micro=money[1],
        programme_margin_usd_micro=money[2],
    )
    return treasury.abandoned.tolist()


def test_a_hedge_is_given_up_when_free_funds_fall_under_their_share_of_margin():
    treasury = HedgeTreasury(3, RULE)
    assert judge(treasury, 5, [49, 50, 1_000]) == [True, False, False]
    (events,) = treasury.events
    assert (events.event, events.rows.tolist()) == ("abandoned", [0])
    assert (events.free_funds_usd_micro.tolist(), events.initial_margin_usd_micro.tolist()) == ([49], [100])
    assert judge(treasury, 6, 1_000) == [True, False, False]  # it cools down first
    assert treasury.events == []


def test_nobody_gives_up_a_hedge_without_the_rule_or_without_a_position():
    assert judge(HedgeTreasury(3, AbandonmentRule()), 5, -1_000) == [False] * 3
    assert judge(HedgeTreasury(3, RULE), 5, -1, margin=0) == [False] * 3


def test_it_comes_back_after_cooling_when_the_programme_would_leave_enough_free():
    treasury = HedgeTreasury(3, RULE)
    judge(treasury, 10, 0)
    poor_and_rich = [199, 200, 500]
    assert judge(treasury, 13, poor_and_rich, margin=0) == [True] * 3
    assert judge(treasury, 14, poor_and_rich, margin=0) == [True, False, False]
    assert treasury.events[0].event == "resumed"
    assert treasury.started_day.tolist() == [0, 14, 14]
    assert judge(treasury, 15, 150, margin=0, programme=50) == [False] * 3  # margin fell with the price


def affordable(budget, free, margin=100, programme=400):
    money = [
        np.broadcast_to(np.array(m, dtype=np.int64), len(free)).copy() for m in (free, margin, programme)
    ]
    return affordable_share(
        budget,
        free_funds_usd_micro=money[0],
        initial_margin_usd_micro=money[1],
        programme_margin_usd_micro=money[2],
    ).tolist()


def test_a_hedge_is_as_large_as_its_budget_of_margin_carries_in_steps_of_a_twentieth():
    funds_of = [900, 412, 0, -100, -5_000]  # with the margin of 100: 1000, 512, 100, 0, and debts
    assert affordable(0.5, funds_of) == [1.0, 0.6, 0.1, 0.0, 0.0]
    assert affordable(0.5, funds_of, programme=1_000) == [
        0.5,
        0.25,
        0.05,
        0.0,
        0.0,
    ]  # dearer margin, less hedge


def test_a_treasury_without_a_budget_carries_its_whole_programme():
    assert affordable(0.0, [900, 0, -5_000]) == [1.0, 1.0, 1.0]
    assert affordable(0.5, [0], margin=0, programme=0) == [0.0]  # no funds and no need of any


def test_a_defaulter_neither_leaves_nor_returns():
    treasury = HedgeTreasury(3, RULE)
    judge(treasury, 1, [0, 1_000, 1_000])
    treasury.close(0)
    treasury.close(1)
    assert judge(treasury, 30, [10_000, -1, 10_000]) == [True, False, False]


def test_the_position_is_closed_in_equal_parts_and_never_grows():
    treasury = HedgeTreasury(3, RULE)
    judge(treasury, 7, 0)
    position = np.array([[9, -9, 0], [1, 100, -5], [0, 0, 2]])
    closes = []
    for day in range(7, 12):
        position = treasury.unwinding_lots(day, position)
        closes.append(position.tolist())
    assert closes[0] == [[6, -6, 0], [0, 66, -3], [0, 0, 1]]
    assert closes[1] == [[3, -3, 0], [0, 33, -1], [0, 0, 0]]
    assert not any(np.any(close) for close in closes[2:])
    np.testing.assert_array_equal(  # what could not be sold is spread over the days left
        treasury.unwinding_lots(8, np.array([[9, 9, 9]] * 3)), 4
    )


def outages(count=2_000, *, loss=0.4, per_year=12.0, mean_days=5.0):
    return CapacityOutages(
        count, per_year=per_year, mean_days=mean_days, loss=loss, days_per_year=252,
        rng=np.random.default_rng(2),
    )  # fmt: skip


def test_outages_come_and_go_at_their_rates():
    providers = outages()
    assert providers.happen
    assert (providers.available_share == 1.0).all()
    down, begun, ended = [], 0, 0
    for _ in range(504):
        before = providers.is_down
        providers.step()
        down.append(providers.is_down.mean())
        begun += (providers.is_down & ~before).sum()
        ended += (before & ~providers.is_down).sum()
    rate, end_rate = 12.0 / 252, 1.0 / 5.0
    share = rate / (rate + end_rate)
    assert np.mean(down[50:]) == pytest.approx(share, rel=0.03)
    assert ended / (2_000 * sum(down)) == pytest.approx((1 - share) * -np.expm1(-(rate + end_rate)), rel=0.03)
    assert set(providers.available_share.tolist()) == {0.6, 1.0}


def test_without_outages_nothing_is_drawn():
    rng = np.random.default_rng(2)
    quiet = CapacityOutages(5, per_year=0.0, mean_days=3.0, loss=0.5, days_per_year=252, rng=rng)
    quiet.step()
    assert not quiet.happen
    assert rng.random() == np.random.default_rng(2).random()
