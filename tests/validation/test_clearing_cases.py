"""Staged crises of clearing houses: packaged scenarios show the order of events of the cases they cite."""

from __future__ import annotations

import numpy as np
import pytest
from crisis_room import played


@pytest.fixture(scope="module")
def aas():
    return played("aas_2018")


def test_aas_a_spread_beyond_its_margin_goes_through_the_fund_and_stops_there(aas):
    assert aas.holders_in_default("spread trader").all()
    assert not aas.holders_in_default("utility").any()
    assert aas.usd("member_fund") == 90_000.0
    assert aas.usd("skin_in_the_game") == 22_800.0
    fund = 6 * 90_000.0
    assert 0.5 < aas.usd("survivors_fund") / fund < 0.8  # 0.64 in 2018
    assert aas.usd("uncovered") == 0.0


def test_aas_the_spread_moved_by_about_one_and_a_half_times_its_margin_in_a_day(aas):
    accounts = aas.tables["accounts"]
    rows = accounts[accounts["account"] == aas.holders.start].set_index("day")
    settled = aas.tables["daily"].pivot(index="day", columns="tenor", values="settlement_ticks")
    fall = -float((settled[1] - settled[5]).diff().loc[6]) * 4_000
    assert 1.2 < fall / (rows["maintenance_margin_usd_micro"].loc[5] / 1e6) < 1.6  # 1.39 in 2018


def test_nickel_without_feedback_one_short_fails_and_with_it_the_others_follow():
    in_book = played("nickel_2022")
    moved = played("nickel_2022", {"clearing.close_out_method": "auction"})
    assert moved.holders_in_default("short").tolist() == [True, False, False, False]
    assert in_book.holders_in_default("short").tolist() == [True, True, True, True]
    assert in_book.above_model().max() > 1.03
    assert moved.above_model().max() < 1.01


@pytest.mark.verify
def test_nickel_over_seeds_feedback_adds_defaults_and_never_takes_one_away():
    failed = np.array(
        [
            [
                played("nickel_2022", {"clearing.close_out_method": method}, seed=seed)
                .holders_in_default("short")
                .sum()
                for method in ("orders", "auction")
            ]
            for seed in range(1, 13)
        ]
    )
    assert (failed[:, 0] >= failed[:, 1]).all()
    assert failed[:, 0].sum() >= failed[:, 1].sum() + 6


@pytest.fixture(scope="module")
def below_zero():
    return played("negative_price_2020")


def final_ticks(crisis) -> int:
    return int(crisis.tables["daily"].query("final")["settlement_ticks"].iloc[0])


def test_negative_price_the_front_month_settles_below_zero_and_the_next_one_hardly_moves(below_zero):
    assert final_ticks(below_zero) < -5_000
    second = below_zero.tables["daily"].query("month == 1").set_index("day")["settlement_ticks"]
    assert abs(second.loc[20] / second.loc[19] - 1.0) < 0.05


def test_negative_price_longs_with_cash_for_a_fall_to_zero_fail_and_take_their_members_along(below_zero):
    assert below_zero.holders_in_default("long to the end").all()
    assert not below_zero.holders_in_default("producer").any()
    assert (below_zero.tables["defaults"]["event"] == "member_default").sum() >= 1
    below_zero.market.clearing.check()


def test_negative_price_averaging_damps_the_settlement_by_the_number_of_fixings(below_zero):
    damped = played("negative_price_2020", {"contract.final_fixings": 0})
    size = -3.12 * 1_000 * damped.market.desk.process.level.initial_price_usd
    without = np.mean([f.usd_micro for f in damped.market.desk.fixings[:20]]) / 1_000
    calm_last = damped.market.desk.fixings[20].usd_micro / 1_000 - size
    assert final_ticks(damped) == pytest.approx((20 * without + calm_last + size) / 21, abs=1.0)
    assert not damped.holders_in_default("long").any()
