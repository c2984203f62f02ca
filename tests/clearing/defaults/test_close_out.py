"""Close-out: the defaulter's positions are sold in slices, price-protected, until it is flat."""

import numpy as np
from clearing_room import USD, in_usd, mark, room, ticks, trade

from abm.core.orders import ORDER_DTYPE, MessageKind, Side, TimeInForce

LIMITS = {"low_ticks": ticks(800, 800, 800), "high_ticks": ticks(1_200, 1_200, 1_200)}


def defaulted(*, long_lots=10, price=960, deposit=1_000, other=None, **options):
    """Account 0 bought 10 lots of month 0 at 1,000, could not meet its call and is in default."""
    house = room([deposit, 10**6, 10**6], deposit=[deposit, 10**5, 10**5], **options)
    trade(house, 0, 1, long_lots, 1_000, 0)
    if other is not None:
        trade(house, *other)
    mark(house, price)
    house.margin_cycle(now_round=0)
    (event,) = house.process_deadlines(now_round=4)
    assert event.account == 0
    return house


def orders(house, *, bid=(950, 950, 950), ask=(955, 955, 955), months=(12, 13, 14), first=100, **limits):
    return house.close_out_orders(
        best_bid_ticks=ticks(*bid),
        best_ask_ticks=ticks(*ask),
        months=np.array(months, dtype=np.int64),
        first_order_id=first,
        **{**LIMITS, **limits},
    )


def test_a_long_defaulter_sells_a_slice_at_the_bid_less_the_protection():
    house = defaulted(slice_share=0.25, protection=0.03)
    made = orders(house)
    assert made.dtype == ORDER_DTYPE
    assert made[["order_id", "account", "month", "side", "lots", "price_ticks"]].tolist() == [
        (100, 0, 12, Side.SELL, 3, 921)  # a quarter of 10 lots, rounded up; 950 - 28.5, rounded away
    ]
    assert made[["kind", "time_in_force", "post_only", "close_out"]].tolist() == [
        (MessageKind.LIMIT, TimeInForce.IOC, 0, 1)
    ]


def test_a_short_defaulter_buys_at_the_ask_plus_the_protection():
    house = room([1_000, 10**6], deposit=[1_000, 10**5], protection=0.03)
    trade(house, 1, 0, 10, 1_000, 0)
    mark(house, 1_040)
    house.margin_cycle(now_round=0)
    house.process_deadlines(now_round=4)
    made = orders(house, bid=(1_040,) * 3, ask=(1_050,) * 3)
    assert made[["side", "lots", "price_ticks"]].tolist() == [(Side.BUY, 3, 1_082)]


def test_the_limit_price_stays_inside_the_price_limits_of_the_day():
    house = defaulted(protection=0.5)
    assert orders(house)["price_ticks"].tolist() == [800]


def test_protection_is_on_the_losing_side_of_a_negative_price_and_at_least_one_tick():
    house = defaulted(protection=0.03)
    wide = {"low_ticks": ticks(-999, -999, -999)}
    assert orders(house, bid=(-100, 0, 0), **wide)["price_ticks"].tolist() == [-103]
    assert orders(house, bid=(0, 0, 0), **wide)["price_ticks"].tolist() == [-1]


def test_a_month_without_an_opposite_price_waits():
    house = defaulted(other=(2, 0, 4, 1_000, 1))  # also short 4 of month 1
    both = orders(house)
    assert both[["order_id", "month", "side", "lots"]].tolist() == [(100, 12, -1, 3), (102, 13, 1, 1)]
    waiting = orders(house, bid=(None, 950, 950))
    assert waiting[["order_id", "month", "side", "lots"]].tolist() == [(100, 13, 1, 1)]
    assert len(orders(house, bid=(None,) * 3, ask=(None,) * 3)) == 0


def test_slices_keep_the_size_set_at_default_and_the_last_is_the_rest():
    house = defaulted(slice_share=0.3)
    sold = []
    for _ in range(4):
        lots = int(orders(house)["lots"][0])
        sold.append(lots)
        trade(house, 1, 0, lots, 950, 0)
    assert sold == [3, 3, 3, 1]
    assert len(orders(house)) == 0


def test_a_share_that_is_a_whole_number_of_lots_is_not_rounded_up():
    assert orders(defaulted(long_lots=100, slice_share=0.07))["lots"].tolist() == [7]


def test_nobody_in_default_means_no_orders():
    house = room([1_000, 1_000], deposit=500)
    trade(house, 0, 1, 1, 1_000, 0)
    assert len(orders(house)) == 0


def test_invariant_31_a_closed_out_account_is_flat_and_its_surplus_goes_back_to_its_estate():
    house = defaulted(taker=[1, 0, 0])
    trade(house, 1, 0, 10, 950, 0, Side.SELL)
    mark(house, 940)
    (result,) = house.finish_close_outs(now_round=9)
    # 1,000 of margin, 500 lost on the way from 1,000 to 950, 20 lots of fees
    assert (result.surplus_usd_micro, result.loss_usd_micro) == (480 * USD, 0)
    assert sum(result.layers) == 0
    assert not house.position_lots[0].any()
    assert in_usd(house.collateral_usd_micro)[0] == 0
    assert in_usd(house.bank_cash_usd_micro)[0] == 480
    assert house.in_default[0]
    house.charge_fees()
    house.sweep_excess()
    assert in_usd(house.collateral_usd_micro)[0] == 0
    assert house.finish_close_outs(now_round=10) == []


def test_a_close_out_is_not_finished_while_lots_are_open_or_a_trade_is_not_marked():
    house = defaulted()
    trade(house, 1, 0, 9, 950, 0)
    mark(house, 950)
    assert house.finish_close_outs(now_round=5) == []
    trade(house, 1, 0, 1, 940, 0)
    assert house.finish_close_outs(now_round=6) == []
    mark(house, 950)
    assert len(house.finish_close_outs(now_round=6)) == 1


def test_variation_margin_goes_on_against_the_defaulter_until_it_is_flat():
    house = defaulted()
    assert in_usd(mark(house, 940)) == [-200, 200, 0]
    trade(house, 2, 0, 10, 930, 0)
    assert in_usd(mark(house, 930)) == [-100, 100, 0]


def test_final_settlement_finishes_a_close_out_that_found_no_buyer():
    house = defaulted()
    house.final_settlement(0, 900)
    (result,) = house.finish_close_outs(now_round=6)
    assert (result.surplus_usd_micro, result.loss_usd_micro) == (0, 0)  # 1,000 lost of 1,000


def test_at_default_bank_cash_and_credit_line_are_used_up():
    house = room([1_100, 10**6], deposit=[1_000, 10**5], credit=[50, 0])
    trade(house, 0, 1, 10, 1_000, 0)
    mark(house, 900)
    house.margin_cycle(now_round=0)
    assert len(house.process_deadlines(now_round=4)) == 1
    assert in_usd(house.bank_cash_usd_micro)[0] == 0
    assert in_usd(house.credit_drawn_usd_micro)[0] == 50
