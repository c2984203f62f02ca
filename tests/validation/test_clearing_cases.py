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
    assert aas.usd("member_fund") == 82_000.0
    assert aas.usd("skin_in_the_game") == 20_700.0
    fund = 6 * 82_000.0
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


@pytest.fixture(scope="module")
def energy():
    return played("energy_squeeze_2022", days=200)


def test_energy_producers_who_own_their_output_default_one_after_another(energy):
    providers = next(p for p in energy.market.populations if p.name == "provider")
    rows = energy.tables["defaults"]
    failed = rows[
        (rows["event"] == "client_default") & rows["account"].isin(range(*providers.accounts.indices(10**6)))
    ]
    assert len(failed) >= 4
    assert failed["day"].max() - failed["day"].min() > 42
    daily = energy.tables["daily"]
    curve = daily[daily["tenor"] > 0].groupby("day")["settlement_ticks"].mean()
    accounts = energy.tables["accounts"].set_index(["account", "day"])["variation_usd_micro"]
    for account, day in failed[["account", "day"]].itertuples(index=False):
        year_of_output = 12 * -providers.need_lots[account - providers.first_account, 0]
        output_gain_usd = year_of_output * (curve.loc[day] - curve.loc[0])
        futures_loss_usd = -accounts.loc[account].loc[:day].sum() / 1e6
        assert output_gain_usd > 1.5 * futures_loss_usd > 0.0  # solvent, and out of cash


def test_energy_open_interest_falls_as_margin_rises(energy):
    daily, accounts = energy.tables["daily"], energy.tables["accounts"]
    open_interest = daily.groupby("day")["open_interest_lots"].sum()
    per_lot = accounts.groupby("day")["initial_margin_usd_micro"].sum() / open_interest
    before, late = slice(35, 55), slice(180, 199)
    assert per_lot.loc[late].mean() > 15.0 * per_lot.loc[before].mean()
    assert open_interest.loc[late].mean() < 0.95 * open_interest.loc[before].mean()
    short = accounts[accounts["account"].between(80, 91)].groupby("day")["gross_lots"].sum()
    assert short.loc[late].mean() < 0.7 * short.loc[before].mean()


def hedgers_gone(crisis) -> tuple[int, int]:
    """Return how many enterprises defaulted, and how many gave their hedge up or defaulted."""
    count = next(p for p in crisis.market.populations if p.name == "enterprise").count
    gone = []
    for table, event in (("defaults", "client_default"), ("hedge_events", "abandoned")):
        rows = crisis.tables[table]
        gone.append(set(rows.loc[(rows["event"] == event) & (rows["account"] < count), "account"]))
    return len(gone[0]), len(gone[0] | gone[1])


def test_metallgesellschaft_a_stack_bleeds_cash_where_a_strip_holds_on():
    stack, strip = (
        played("metallgesellschaft_1993", {"agents.enterprises.programme.rule": rule}, days=101)
        for rule in ("stack", "strip")
    )
    settled = stack.tables["daily"].pivot(index="day", columns="tenor", values="settlement_ticks")
    assert (settled.loc[51:100, 1] < 0.85 * settled.loc[51:100, 8]).all()  # contango
    loss = {}
    for name, crisis in (("stack", stack), ("strip", strip)):
        rows = crisis.tables["accounts"]
        loss[name] = -rows[rows["account"] < 80].groupby("day")["variation_usd_micro"].sum().loc[50] / 1e6
    assert loss["stack"] > 2.0 * loss["strip"] > 0.0
    (failed_stack, gone_stack), (failed_strip, gone_strip) = hedgers_gone(stack), hedgers_gone(strip)
    assert failed_stack >= 8 > 1 >= failed_strip
    assert gone_stack > 2 * gone_strip
