"""Forced reduction: a missed deadline first costs positions, and the account only after its grace."""

import numpy as np
import pytest
from clearing_room import USD, mark, room, ticks, trade

from abm.clearing.defaults.reductions import lots_beyond_equity

RULES = {"reduction_grace_rounds": 6}


def late(*, lots=10, price=950, deposit=1_000, rules=RULES, **options):
    """Account 0 bought at 1,000, has ``deposit`` and nothing else, and misses its deadline in round 4."""
    house = room([deposit, 10**6], deposit=[deposit, 10**5], rules=rules, **options)
    trade(house, 0, 1, lots, 1_000, 0)
    mark(house, price)
    house.margin_cycle(now_round=0)
    return house


def orders(house):
    return house.close_out_orders(
        best_bid_ticks=ticks(950, 950, 950),
        best_ask_ticks=ticks(951, 951, 951),
        low_ticks=ticks(0, 0, 0),
        high_ticks=ticks(2_000, 2_000, 2_000),
        months=np.arange(3),
        first_order_id=0,
    )


def test_positions_are_reduced_to_what_the_equity_carries_instead_of_a_default():
    house = late(slice_share=1.0)
    assert house.process_deadlines(now_round=4) == []
    (notice,) = house.drain_reduction_notices()
    assert (notice.account, notice.grace_until_round, notice.shortfall_usd_micro) == (0, 10, 500 * USD)
    assert house.drain_reduction_notices() == []
    assert not house.in_default.any()
    assert house.may_trade.tolist() == [False, True]
    # 500 of equity carry 5 lots at 100 each
    made = orders(house)
    assert made[["account", "side", "lots", "close_out"]].tolist() == [(0, -1, 5, 1)]
    trade(house, 1, 0, 5, 950, 0)
    assert len(orders(house)) == 0
    assert house.process_deadlines(now_round=5) == []
    assert house.may_trade.all()
    assert not house.reducing.any()
    mark(house, 950)
    assert house.margin_cycle(now_round=6) == []


def test_a_reduction_goes_in_slices_of_the_position_at_its_start():
    house = late(slice_share=0.2)
    house.process_deadlines(now_round=4)
    sold = []
    while len(made := orders(house)):
        sold.append(int(made["lots"][0]))
        trade(house, 1, 0, sold[-1], 950, 0)
    assert sold == [2, 2, 1]


def test_without_the_rule_the_account_defaults_at_once():
    house = late(rules={})
    assert len(house.process_deadlines(now_round=4)) == 1
    assert house.drain_reduction_notices() == []


def test_after_the_grace_an_account_that_found_no_buyer_defaults():
    house = late()
    for now_round in range(4, 10):
        assert house.process_deadlines(now_round=now_round) == []
    (event,) = house.process_deadlines(now_round=10)
    assert (event.account, event.deadline_round) == (0, 4)
    assert house.in_default.tolist() == [True, False]
    assert not house.reducing.any()
    assert len(orders(house)) == 1


def test_money_that_arrives_in_the_grace_ends_the_reduction():
    house = late(credit=0)
    house.process_deadlines(now_round=4)
    mark(house, 1_000)
    assert house.margin_cycle(now_round=5) == []
    assert house.may_trade.all()
    assert house.process_deadlines(now_round=10) == []


def test_a_call_that_grows_in_the_grace_keeps_its_deadline():
    house = late()
    house.process_deadlines(now_round=4)
    mark(house, 940)
    (call,) = house.margin_cycle(now_round=6)
    assert (call.deadline_round, call.amount_usd_micro) == (4, 600 * USD)
    assert house.reducing.tolist() == [True, False]
    assert len(house.process_deadlines(now_round=10)) == 1


def test_an_account_without_positions_has_nothing_to_reduce_and_defaults():
    house = late(price=900)
    trade(house, 1, 0, 10, 890, 0)
    mark(house, 890)
    house.margin_cycle(now_round=3)
    (event,) = house.process_deadlines(now_round=4)
    assert event.shortfall_usd_micro == 100 * USD
    (result,) = house.finish_close_outs(now_round=4)
    assert result.loss_usd_micro == 100 * USD


@pytest.mark.parametrize(
    ("lots", "equity", "initial", "to_close"),
    [
        ([10, 0, -4], 700, 1_400, [5, 0, -2]),
        ([10, 0, -4], 699, 1_400, [6, 0, -3]),
        ([10, 0, -4], 0, 1_400, [10, 0, -4]),
        ([10, 0, -4], -50, 1_400, [10, 0, -4]),
        ([10, 0, -4], 1_400, 1_400, [0, 0, 0]),
        ([1, 0, 0], 99, 100, [1, 0, 0]),
        ([0, 0, 0], -50, 0, [0, 0, 0]),
    ],
)
def test_every_month_is_cut_in_proportion_and_rounded_up(lots, equity, initial, to_close):
    assert lots_beyond_equity(np.array(lots), equity, initial).tolist() == to_close
