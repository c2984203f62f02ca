"""Beyond the guaranty fund: capped assessments, the cut of gains, torn-up contracts, and failed survivors."""

import numpy as np
import pytest
from clearing_room import USD, in_usd, layers_of, mark, net_worth, room, trade, trades, usd

from abm.clearing import NO_MEMBER
from abm.clearing.defaults.assessments import share_assessments

MICRO = 0.000_001
RULES = {"assessment_bps": 10_000, "variation_haircut_bps": 2_000, "tear_up": True}
"""Assessments up to one contribution, a fifth of gains, then tear-up."""
HELD = {"capital": (1_000, 4_000, 4_000), "fund": (500, 500, 200), "skin": 300}


def close_out_with_loss(loss, *, rules=RULES, last_price=500, **options):
    """Account 0 of member 0 is closed out ``loss`` dollars beyond its margin; account 1 gained 5,000 on it.

    Below the assessments stand 2,500: 1,000 capital, 500 fund, 300 skin in the game, 700 of survivors' fund.
    """
    margin = 5_000 - loss
    house = room([margin, 10**6], deposit=[margin, 10**5], member=[0, 1], rules=rules, **{**HELD, **options})
    trade(house, 0, 1, 10, 1_000, 0)
    mark(house, last_price)
    house.margin_cycle(now_round=0)
    assert [event.account for event in house.process_deadlines(now_round=4)] == [0]
    trade(house, 1, 0, 10, last_price, 0)
    mark(house, last_price)
    return house


@pytest.mark.parametrize(
    ("loss", "assessments", "haircut", "tear_up"),
    [
        (2_500, 0, 0, 0),
        (2_500 + MICRO, MICRO, 0, 0),
        (2_900, 400, 0, 0),
        (3_200, 700, 0, 0),
        (3_200 + MICRO, 700, MICRO, 0),
        (3_700, 700, 500, 0),
        (4_200, 700, 1_000, 0),
        (4_200 + MICRO, 700, 1_000, MICRO),
        (5_000, 700, 1_000, 800),
    ],
)
def test_invariant_29_goes_on_through_assessments_haircut_and_tear_up(loss, assessments, haircut, tear_up):
    house = close_out_with_loss(loss)
    before = net_worth(house)[1]
    (result,) = house.finish_close_outs(now_round=5)
    expected = [1_000, 500, 300, 700, assessments, haircut, tear_up, 0]
    assert list(result.layers) == usd(*expected).tolist()
    assert sum(result.layers) == result.loss_usd_micro == usd(loss)[0]
    assert house.member_capital_usd_micro[1:].sum() == usd(8_000)[0] - usd(assessments)[0]
    given_up = usd(haircut)[0] + usd(tear_up)[0]
    assert before - net_worth(house)[1] == given_up
    assert sum(amount for _, amount in result.gains_cut_usd_micro) == given_up
    assert house.uncovered_usd_micro == 0


@pytest.mark.parametrize(
    ("rules", "borne"),
    [
        ({}, {}),
        ({"assessment_bps": 10_000}, {"assessments": 700}),
        ({"variation_haircut_bps": 10_000}, {"variation_haircut": 2_500}),
        ({"variation_haircut_bps": 1_000}, {"variation_haircut": 500}),
        ({"tear_up": True}, {"tear_up": 2_500}),
        (
            {"assessment_bps": 27_500, "variation_haircut_bps": 1_000},
            {"assessments": 1_925, "variation_haircut": 500},
        ),
    ],
)
def test_what_the_rules_leave_out_is_passed_over_and_the_rest_is_uncovered(rules, borne):
    house = close_out_with_loss(5_000, rules=rules)
    (result,) = house.finish_close_outs(now_round=5)
    beyond_fund = {
        name: amount
        for name, amount in layers_of(result).items()
        if name in ("assessments", "variation_haircut", "tear_up")
    }
    assert beyond_fund == borne
    assert house.uncovered_usd_micro == usd(2_500 - sum(borne.values()))[0]


def test_survivors_are_assessed_pro_rata_to_their_contributions_to_the_last_micro_dollar():
    (result,) = close_out_with_loss(2_500 + 5 * MICRO).finish_close_outs(now_round=5)
    # 5 micro-dollars over caps of 500 : 200 are 3.57 and 1.43; the larger remainder gets the unit
    assert result.assessments_paid_usd_micro == (0, 4, 1)


def two_losses(first, second, *, replenish_between=False):
    """A client of member 0 and one of member 3, which has nothing, are closed out one after the other."""
    margins = [5_000 - first, 5_000 - second]
    house = room(
        [margins[0], 10**6, margins[1]],
        deposit=[margins[0], 10**5, margins[1]],
        member=[0, 1, 3],
        capital=(1_000, 4_000, 4_000, 0),
        fund=(500, 500, 200, 0),
        skin=300,
        rules={"assessment_bps": 10_000, "replenish_rounds": 10},
    )
    trade(house, 0, 1, 10, 1_000, 0)
    mark(house, 500)
    house.margin_cycle(now_round=0)
    house.process_deadlines(now_round=4)
    trade(house, 1, 0, 10, 500, 0)
    mark(house, 500)
    (one,) = house.finish_close_outs(now_round=5)
    if replenish_between:
        assert not house.replenish_fund(now_round=14).any()
        assert in_usd(house.replenish_fund(now_round=15)) == [0, 500, 200, 0]
    trade(house, 2, 1, 10, 1_000, 1)
    mark(house, 500)
    house.margin_cycle(now_round=16)
    house.process_deadlines(now_round=20)
    trade(house, 1, 2, 10, 500, 1)
    mark(house, 500)
    (two,) = house.finish_close_outs(now_round=21)
    return house, one, two


def test_invariant_30_the_cap_on_assessments_counts_all_losses_until_the_fund_is_replenished():
    house, one, two = two_losses(2_900, 1_000)
    assert (layers_of(one)["assessments"], layers_of(two)["assessments"]) == (400, 300)
    assert layers_of(two)["uncovered"] == 700
    assert in_usd(house.assessed_usd_micro) == [0, 500, 200, 0]


def test_after_replenishment_fund_house_capital_and_assessments_stand_anew():
    house, one, two = two_losses(2_900, 1_500, replenish_between=True)
    assert layers_of(one)["assessments"] == 400
    assert layers_of(two) == {"skin_in_the_game": 300, "survivors_fund": 700, "assessments": 500}
    house.check()


def test_a_survivor_called_for_more_than_its_capital_pays_all_of_it_and_fails():
    house = close_out_with_loss(3_200, capital=(1_000, 100, 4_000), rules={"assessment_bps": 30_000})
    (result,) = house.finish_close_outs(now_round=5)
    # 700 are called 500 : 200; member 1 has 100, so 400 more are called from member 2, below its cap of 600
    assert in_usd(np.array(result.assessments_paid_usd_micro)) == [0, 100, 600]
    assert [(failed.member, failed.cause, failed.ported_to) for failed in result.member_defaults] == [
        (0, "client", 2),
        (1, "assessment", 2),
    ]
    assert house.member_in_default.tolist() == [True, True, False]
    assert result.ported_accounts == (1,)
    assert house.member_of.tolist() == [0, 2]


def test_a_member_that_can_just_pay_its_assessment_survives():
    house = close_out_with_loss(3_200, capital=(1_000, 500, 4_000), rules={"assessment_bps": 30_000})
    (result,) = house.finish_close_outs(now_round=5)
    assert in_usd(np.array(result.assessments_paid_usd_micro)) == [0, 500, 200]
    assert house.member_in_default.tolist() == [True, False, False]
    assert in_usd(house.member_capital_usd_micro) == [0, 0, 3_800]


def test_assessments_can_fail_every_member_and_then_nobody_takes_the_clients():
    house = close_out_with_loss(3_200, capital=(1_000, 100, 50), rules={"assessment_bps": 30_000})
    (result,) = house.finish_close_outs(now_round=5)
    assert layers_of(result)["assessments"] == 150
    assert house.member_in_default.all()
    assert result.no_member_survives
    assert result.ported_to == NO_MEMBER
    assert house.member_of.tolist() == [0, 1]


def test_a_failing_survivors_own_account_defaults_with_it():
    house = close_out_with_loss(
        3_200, capital=(1_000, 100, 4_000), rules={"assessment_bps": 30_000}, is_client=[True, False]
    )
    (result,) = house.finish_close_outs(now_round=5)
    assert result.own_accounts_in_default == (1,)
    assert house.in_default.tolist() == [True, True]


@pytest.mark.parametrize(
    ("amount", "caps", "capital", "paid", "failed"),
    [
        (0, [5, 5], [5, 5], [0, 0], []),
        (10, [5, 5], [5, 5], [5, 5], []),
        (7, [10, 10, 10], [1, 2, 9], [1, 2, 4], [0, 1]),  # 3, 2, 2 called; then 2 more of the last two
        (9, [10, 10, 10], [0, 9, 9], [0, 5, 4], [0]),
        (12, [10, 10, 10], [1, 2, 9], [1, 2, 9], [0, 1]),
        (3, [3, 0], [9, 9], [3, 0], []),
        (30, [5, 5], [9, 9], [5, 5], []),  # more than the caps: nobody fails, the rest stays unpaid
        (30, [5, 5], [4, 9], [4, 5], [0]),
    ],
)
def test_what_one_member_cannot_pay_is_called_from_the_others(amount, caps, capital, paid, failed):
    shared = share_assessments(amount, np.array(caps), np.array(capital))
    assert shared.paid_usd_micro.tolist() == paid
    assert np.flatnonzero(shared.failed).tolist() == failed


def crowd(*, rules, jump=500, before=()):
    """Account 0 owes for 10 lots long; accounts 1, 2, 3 gained on 6, 3 and 1 short, and 4 lost on 2 long."""
    house = room(
        [1_000, 10**4, 10**4, 10**4, 10**4, 10**4],
        deposit=[1_000, 5_000, 5_000, 5_000, 5_000, 5_000],
        member=[0, 1, 1, 1, 1, 1],
        capital=(0, 0),
        fund=(0, 0),
        skin=0,
        rules=rules,
    )
    house.book_trades(
        trades((0, 1, 6, 1_000, 0), (0, 2, 3, 1_000, 0), (0, 3, 1, 1_000, 0), (4, 5, 2, 1_000, 0))
    )
    for price in before:
        mark(house, price)
        house.margin_cycle(now_round=0)
    mark(house, jump)
    house.margin_cycle(now_round=0)
    house.process_deadlines(now_round=4)
    assert house.in_default.tolist() == [True] + [False] * 5
    return house


def test_invariant_32_a_haircut_cuts_gains_only_and_all_by_one_ratio():
    house = crowd(rules={"variation_haircut_bps": 10_000})
    before = house.collateral_usd_micro.copy()
    house.book_trades(trades((5, 0, 10, 500, 0)))
    mark(house, 500)
    (result,) = house.finish_close_outs(now_round=5)
    # 4,000 of loss over gains of 3,000, 1,500, 500 and 1,000: two thirds of each
    cuts = (before - house.collateral_usd_micro)[1:].tolist()
    assert [round(cut / USD, 6) for cut in cuts] == [2_000, 1_000, 333.333333, 0, 666.666667]
    assert sum(cuts) == 4_000 * USD
    assert result.haircut_share == pytest.approx(2 / 3)
    assert dict(result.gains_cut_usd_micro) == {
        account: cut for account, cut in enumerate(cuts, start=1) if cut
    }


def test_gains_from_before_anybody_owed_the_house_are_not_cut():
    # Accounts 1 to 3 gain 100 a lot while account 0 can pay, and 400 a lot in the cycle in which it cannot.
    house = crowd(rules={"variation_haircut_bps": 10_000}, before=[900], jump=400)
    house.book_trades(trades((5, 0, 10, 400, 0)))
    mark(house, 400)
    (result,) = house.finish_close_outs(now_round=5)
    assert result.loss_usd_micro == 5_000 * USD
    gains_then = {1: 3_000, 2: 1_500, 3: 500, 5: 1_000}
    assert all(cut <= gains_then[account] * USD for account, cut in result.gains_cut_usd_micro)
    assert result.haircut_share == pytest.approx(5_000 / 6_000)


def test_gains_that_the_loser_paid_in_full_are_not_cut_for_a_debt_of_another_kind():
    house = room(
        [1_000, 10**4], deposit=[1_000, 5_000], capital=(0, 0), fund=(0, 0), skin=0,
        rules={"variation_haircut_bps": 10_000, "tear_up": True},
    )  # fmt: skip
    trade(house, 0, 1, 10, 1_000, 0)
    mark(house, 900)
    assert in_usd(house.collateral_usd_micro) == [0, 6_000]
    house.levy(usd(500, 0), now_round=0)
    mark(house, 900)
    house.margin_cycle(now_round=0)
    house.process_deadlines(now_round=4)
    house.final_settlement(0, 900)
    (result,) = house.finish_close_outs(now_round=5)
    assert layers_of(result) == {"uncovered": 500}
    assert in_usd(house.collateral_usd_micro) == [0, 6_000]


def test_no_deposit_is_touched_by_a_haircut():
    house = crowd(rules={"variation_haircut_bps": 10_000})
    house.book_trades(trades((5, 0, 10, 100, 0)))
    mark(house, 100)
    house.finish_close_outs(now_round=5)
    assert (house.collateral_usd_micro[[1, 2, 3, 5]] >= usd(5_000)[0]).all()


def test_excess_is_held_back_while_it_may_be_cut():
    free, held = crowd(rules={}), crowd(rules={"variation_haircut_bps": 10_000})
    free.sweep_excess()
    held.sweep_excess()
    assert in_usd(held.collateral_usd_micro - free.collateral_usd_micro)[1:] == [3_000, 1_500, 500, 0, 1_000]


def test_a_hopeless_close_out_is_torn_up_at_the_last_mark_against_the_other_side():
    house = crowd(rules={"tear_up": True})
    before = house.position_lots[:, 0].copy()
    assert before.tolist() == [10, -6, -3, -1, 2, -2]
    (result,) = house.finish_close_outs(now_round=5)
    # 10 lots over short positions of 6, 3, 1 and 2: 5, 2.5, 0.83 and 1.67, so one lot each to .83 and .67
    assert house.position_lots[:, 0].tolist() == [0, -1, -1, 0, 2, 0]
    assert result.torn_up_lots == 10
    assert house.uncovered_usd_micro == 0
    assert layers_of(result) == {"tear_up": 4_000}
    moved = house.drain_transfers()
    assert moved[["buyer", "seller", "lots", "price_ticks", "month"]].tolist() == [
        (1, 0, 5, 500, 0),
        (2, 0, 2, 500, 0),
        (3, 0, 1, 500, 0),
        (5, 0, 2, 500, 0),
    ]
    assert len(house.drain_transfers()) == 0


def test_those_torn_up_give_up_gains_before_others_do():
    house = crowd(rules={"tear_up": True})
    # Account 1 hands its short position to account 4 at the mark: its gains of 3,000 are made, it is flat.
    house.book_trades(trades((1, 4, 6, 500, 0)))
    mark(house, 500)
    (result,) = house.finish_close_outs(now_round=5)
    cuts = {account: cut / USD for account, cut in result.gains_cut_usd_micro}
    # torn up: 2, 3, 4 and 5, with gains of 1,500, 500, none and 1,000; account 1 bears the other 1,000
    assert cuts == {1: 1_000, 2: 1_500, 3: 500, 5: 1_000}


def test_contracts_are_not_torn_up_while_other_layers_can_bear_the_loss():
    house = crowd(rules={"tear_up": True, "variation_haircut_bps": 10_000})
    assert house.finish_close_outs(now_round=5) == []
    assert house.position_lots[0, 0] == 10
    mark(house, 400)
    assert house.finish_close_outs(now_round=6) == []


def test_a_position_traded_since_the_last_mark_is_torn_up_after_the_next():
    house = crowd(rules={"tear_up": True})
    house.book_trades(trades((5, 0, 1, 480, 0)))
    assert house.finish_close_outs(now_round=5) == []
    assert house.position_lots[0, 0] == 9
    mark(house, 490)
    assert len(house.finish_close_outs(now_round=6)) == 1
    assert house.uncovered_usd_micro == 0


def test_a_short_defaulter_is_torn_up_against_longs_also_below_zero():
    house = room(
        [1_000, 10**5, 10**5], deposit=[1_000, 50_000, 50_000], capital=(0,), fund=(0,), skin=0,
        rules={"tear_up": True},
    )  # fmt: skip
    house.book_trades(trades((1, 0, 4, -100, 0), (2, 0, 3, -100, 0), (2, 0, 2, 50, 1)))
    mark(house, 400, 50, 0)
    house.margin_cycle(now_round=0)
    house.process_deadlines(now_round=4)
    (result,) = house.finish_close_outs(now_round=5)
    assert result.loss_usd_micro == 2_500 * USD
    assert not house.position_lots.any()
    assert result.torn_up_lots == 9
    assert house.uncovered_usd_micro == 0
    house.check()
