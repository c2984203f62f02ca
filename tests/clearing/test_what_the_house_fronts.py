"""Winners are paid today: what those who lost do not pay, the house fronts."""

from clearing_room import USD, mark, room, trade

from abm.clearing.liquidity import LiquidityNeed


def lost_70_a_lot(*, cash, credit=0):
    """Account 0 bought 3 lots on a deposit of 300 and has lost 210 of it; 100 of margin a lot are asked."""
    house = room([cash, 3_000], deposit=300, credit=credit)
    need = LiquidityNeed(house.parts)
    trade(house, 0, 1, 3, 1_000, 0)
    mark(house, 930)
    house.margin_cycle(now_round=0)
    return house, need


def test_the_house_fronts_nothing_where_calls_are_met():
    _, need = lost_70_a_lot(cash=900)
    assert need.of_the_day() == 0
    assert need.owed_usd_micro() == 0


def test_the_house_fronts_what_an_open_call_still_asks_for():
    house, need = lost_70_a_lot(cash=400)  # 110 are called for, and 100 are there
    assert house.outstanding_calls_usd_micro[0] == 110 * USD
    assert need.of_the_day() == 110 * USD
    assert need.of_the_day() == 0  # one day later nothing more was lost


def test_an_open_call_for_more_than_the_loss_counts_as_the_loss():
    house = room([300, 3_000], deposit=300)
    need = LiquidityNeed(house.parts)
    trade(house, 0, 1, 6, 1_000, 0)
    mark(house, 990)
    house.margin_cycle(now_round=0)
    assert house.outstanding_calls_usd_micro[0] == 360 * USD
    assert need.of_the_day() == 60 * USD


def test_the_house_fronts_all_that_a_defaulter_loses_while_it_is_closed_out_and_no_more_after():
    house, need = lost_70_a_lot(cash=300)
    need.of_the_day()
    house.process_deadlines(now_round=4)
    mark(house, 890, now_round=5)
    assert need.of_the_day() == 120 * USD
    assert need.owed_usd_micro() == 30 * USD  # 300 of margin against a loss of 330
    trade(house, 1, 0, 3, 880, 0)
    mark(house, 880, now_round=6)
    house.finish_close_outs(now_round=6)
    assert need.of_the_day() == 30 * USD  # closed out on that day
    assert need.owed_usd_micro() == 0
    assert need.of_the_day() == 0


def test_what_a_defaulter_still_paid_on_its_last_day_is_not_fronted():
    house = room([400, 3_000], deposit=300, reserve=(100, 0))
    need = LiquidityNeed(house.parts)
    trade(house, 0, 1, 3, 1_000, 0)
    mark(house, 930)
    house.margin_cycle(now_round=0)
    house.process_deadlines(now_round=4)  # its reserve of 100 goes; 110 are still missing
    assert house.in_default[0]
    assert need.of_the_day() == 110 * USD
