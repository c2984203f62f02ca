"""What each hedge programme wants to hold, by month and by the day of the month."""

from __future__ import annotations

import math

import numpy as np
import pytest

from abm.agents.hedgers.programmes import Programme, rolled_share

LISTED, MONTH = 12, 21
NEED = np.tile(100.0, (1, LISTED))
NEED[0, 3] = 40.0


def programme(kind, **terms):
    return Programme(kind=kind, days_per_month=MONTH, **terms)


def wants(kind, day_of_month=0, need=NEED, ratios=None, **terms):
    return programme(kind, **terms).target_lots(need, day_of_month, ratios)[0]


def test_a_layered_programme_covers_near_months_most():
    lots = wants("layered", near_ratio=0.75, mid_ratio=0.5, far_ratio=0.25)
    assert lots.tolist() == [0.0, 75.0, 75.0, 30.0, 50.0, 50.0, 50.0, 25.0, 25.0, 25.0, 25.0, 25.0]


def test_the_bands_of_a_layered_programme_lie_where_it_says():
    lots = wants(
        "layered", near_ratio=0.8, mid_ratio=0.4, far_ratio=0.1, first_mid_tenor=2, first_far_tenor=5
    )
    assert lots.tolist() == [0.0, 80.0, 40.0, 16.0, 40.0] + [10.0] * 7


def test_a_strip_covers_the_same_share_of_every_month_but_that_in_delivery():
    assert wants("strip", ratio=0.8).tolist() == [0.0, 80.0, 80.0, 32.0] + [80.0] * 8
    assert not wants("none").any()


def test_a_seller_gets_the_mirror_image():
    for kind in ("layered", "strip", "rolling", "stack"):
        terms = {"near_ratio": 0.75, "roll_days": 5}
        np.testing.assert_array_equal(
            wants(kind, MONTH - 2, need=-NEED, **terms), -wants(kind, MONTH - 2, **terms)
        )


def test_a_rolling_programme_takes_the_next_month_in_over_the_last_days_of_the_month():
    def held(day):
        return wants("rolling", day, roll_tenor=2, roll_days=4)[:5].tolist()

    assert held(0) == held(MONTH - 5) == [0.0, 100.0, 100.0, 0.0, 0.0]
    assert held(MONTH - 4) == [0.0, 100.0, 100.0, 10.0, 0.0]
    assert held(MONTH - 1) == [0.0, 100.0, 100.0, 40.0, 0.0]


def test_a_stack_sits_in_one_month_and_has_left_it_before_delivery():
    whole = NEED[0, 1:].sum()
    for day in range(MONTH):
        lots = wants("stack", day, roll_days=5)
        assert lots.sum() == pytest.approx(whole)
        assert not lots[3:].any()
        assert lots[2] == pytest.approx(whole * max(0, day - (MONTH - 6)) / 5)
    assert wants("stack", MONTH - 1, roll_days=5)[1] == 0.0
    assert wants("stack", 0, stack_tenor=4).nonzero()[0].tolist() == [4]


def test_a_roll_changes_nothing_overnight():
    """What a month is wanted for at the last close is what it is wanted for at the next open."""
    flat = np.full((1, LISTED), 100.0)
    for kind, terms in (("stack", {"stack_tenor": 2}), ("rolling", {"roll_tenor": 3})):
        last = wants(kind, MONTH - 1, need=flat, roll_days=5, **terms)
        first = wants(kind, 0, need=flat, roll_days=5, **terms)
        np.testing.assert_allclose(last[2:], first[1:-1])


def test_a_scaled_stack_counts_a_far_need_by_what_is_left_of_a_shock_by_then():
    kappa = 6.0
    lots = wants("stack", ratio=0.5, stack_damping_per_month=kappa / 12)
    expected = sum(NEED[0, tenor] * math.exp(-kappa * (tenor - 1) / 12) for tenor in range(1, LISTED))
    assert lots[1] == pytest.approx(0.5 * expected)


def test_tailing_discounts_each_position_to_its_final_settlement():
    rate = 0.05 / 252
    lots = wants("strip", 5, tail_rate_per_day=rate)
    for tenor in range(1, LISTED):
        days = (tenor + 1) * MONTH - 1 - 5
        assert lots[tenor] == pytest.approx(NEED[0, tenor] * math.exp(-rate * days))


def test_estimated_ratios_replace_the_fixed_one():
    ratios = np.linspace(0.0, 1.1, LISTED)[None]
    np.testing.assert_allclose(wants("minimum_variance", ratios=ratios), NEED[0] * ratios[0])


@pytest.mark.parametrize("roll_days", [1, 3, 21])
def test_rolling_ends_on_the_last_day_whatever_its_length(roll_days):
    shares = [rolled_share(day, MONTH, roll_days) for day in range(MONTH)]
    assert shares[-1] == 1.0
    assert sum(np.diff([0.0, *shares]) > 0.0) == roll_days
