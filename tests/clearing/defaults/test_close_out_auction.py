"""Auction: surviving members bid for a defaulter's whole portfolio; the smallest discount wins."""

import numpy as np
import pytest
from clearing_room import USD, in_usd, layers_of, mark, room, ticks, trade, trades, usd

from abm.clearing import NO_ACCOUNT
from abm.clearing.defaults.auction import bid_for

RULES = {"close_out_method": "auction", "auction_discount_bps": 2_500}
"""A quarter of the margin of 100 dollars a lot: 25 a lot for a bidder without a position."""


def defaulted(*positions, cash=(100_000, 100_000), rules=RULES, price=900, deposit=1_000, **options):
    """Account 0 bought 10 lots of month 0 at 1,000 and is in default at ``price``.

    It is a client of member 0; accounts 2 and 3 are the own accounts of members 1 and 2.
    """
    house = room(
        [deposit, 10**6, *cash, 10**6],
        deposit=[deposit, 10**5, *cash, 10**5],
        member=[0, 0, 1, 2, 0],
        is_client=[True, True, False, False, True],
        capital=(1_000, 1_000, 1_000),
        fund=(500, 500, 500),
        rules=rules,
        **options,
    )
    house.book_trades(trades((0, 1, 10, 1_000, 0), *positions))
    mark(house, price)
    house.margin_cycle(now_round=0)
    (event,) = house.process_deadlines(now_round=4)
    assert event.account == 0
    return house


def auction(house, price=900):
    mark(house, price)
    return house.finish_close_outs(now_round=5)


def test_the_house_sends_no_orders_before_the_auction():
    house = defaulted()
    assert len(orders(house)) == 0
    assert house.has_positions_to_close


def orders(house):
    return house.close_out_orders(
        best_bid_ticks=ticks(890, 890, 890),
        best_ask_ticks=ticks(910, 910, 910),
        low_ticks=ticks(0, 0, 0),
        high_ticks=ticks(2_000, 2_000, 2_000),
        months=np.arange(3),
        first_order_id=0,
    )


def test_equal_bids_go_to_the_lower_member_and_the_discount_is_the_winners_gain():
    house = defaulted()
    before = house.collateral_usd_micro.copy()
    (result,) = auction(house)
    assert result.auction_winner == 2
    assert house.position_lots[:, 0].tolist() == [0, -10, 10, 0, 0]
    assert in_usd(house.collateral_usd_micro - before) == [0, 0, 250, 0, 0]
    # 1,000 of margin, 1,000 lost at the mark, 250 in the auction: the member's capital bears them
    assert layers_of(result) == {"member_capital": 250}
    assert house.drain_transfers()[["buyer", "seller", "lots", "price_ticks", "month"]].tolist() == [
        (2, 0, 10, 875, 0)
    ]
    house.check()


def test_who_leans_the_same_way_bids_less_and_who_leans_the_other_way_more():
    long_2 = defaulted((2, 4, 10, 900, 0))
    assert auction(long_2)[0].auction_winner == 3
    short_3 = defaulted((4, 3, 4, 900, 0))
    (result,) = auction(short_3)
    assert result.auction_winner == 3
    # 6 of 10 lots remain with it: 25 x 0.6 = 15 a lot
    assert layers_of(result) == {"member_capital": 150}
    flat_after = defaulted((4, 3, 10, 900, 0))
    assert layers_of(auction(flat_after)[0]) == {}


def test_a_short_portfolio_over_several_months_is_bid_for_as_a_whole():
    bid = bid_for(
        np.array([-5, 2, 0]),
        np.array([-5, 0, 9]),
        ticks(100, -50, None),
        usd(10, 20, 30),
        account=7,
        member=3,
        discount_bps=5_000,
        tick_value_usd_micro=USD,
    )
    # month 0: half of 10 dollars, twice over as it already holds five short; month 1: half of 20
    assert bid.price_ticks.tolist()[:2] == [110, -60]
    assert bid.discount_usd_micro == (5 * 10 + 2 * 10) * USD


def test_the_discount_is_rounded_to_whole_ticks_in_the_bidders_favour():
    bid = bid_for(
        np.array([3]), np.array([1]), ticks(100), usd(1), account=0, member=0, discount_bps=1_000,
        tick_value_usd_micro=USD,
    )  # fmt: skip
    assert bid.price_ticks.tolist() == [99]


def test_a_bidder_that_could_not_post_the_margin_is_passed_over():
    # 10 lots need 1,000 of margin, and 250 of it come with the discount
    (just,) = auction(defaulted(cash=(750, 10**5)))
    assert just.auction_winner == 2
    (short_of_a_dollar,) = auction(defaulted(cash=(749, 10**5)))
    assert short_of_a_dollar.auction_winner == 3


def test_without_a_bidder_the_positions_are_sold_in_the_book():
    house = defaulted(cash=(400, 400))
    assert auction(house) == []
    assert house.position_lots[0, 0] == 10
    assert orders(house)["lots"].tolist() == [3]
    trade(house, 1, 0, 10, 900, 0)
    (result,) = auction(house)
    assert result.auction_winner == NO_ACCOUNT


def test_members_without_an_own_account_or_in_default_do_not_bid():
    house = room([1_000, 10**6], deposit=[1_000, 10**5], member=[0, 1], rules=RULES, is_client=[True, True])
    trade(house, 0, 1, 10, 1_000, 0)
    mark(house, 900)
    house.margin_cycle(now_round=0)
    house.process_deadlines(now_round=4)
    assert auction(house) == []
    assert len(orders(house)) == 1


@pytest.mark.parametrize("guarantor", [0, 1])
def test_the_member_whose_client_is_sold_does_not_bid(guarantor):
    """Own accounts 2 and 3 belong to members 0 and 1; the defaulter is a client of one of them."""
    house = room(
        [1_000, 10**6, 10**5, 10**5],
        deposit=[1_000, 10**5, 10**5, 10**5],
        member=[guarantor, guarantor, 0, 1],
        is_client=[True, True, False, False],
        rules=RULES,
    )
    trade(house, 0, 1, 10, 1_000, 0)
    mark(house, 900)
    house.margin_cycle(now_round=0)
    house.process_deadlines(now_round=4)
    (result,) = auction(house)
    assert result.auction_winner == 3 - guarantor


def test_an_auction_waits_until_the_positions_are_marked():
    house = defaulted()
    trade(house, 1, 0, 2, 880, 0)
    assert house.finish_close_outs(now_round=5) == []
    assert house.position_lots[0, 0] == 8
    (result,) = auction(house)
    assert result.auction_winner == 2
    assert house.position_lots[2, 0] == 8


def test_several_portfolios_are_sold_one_after_the_other():
    house = room(
        [1_000, 10**6, 1_000, 10**5, 10**5],
        deposit=[1_000, 10**5, 1_000, 10**5, 10**5],
        member=[0, 0, 0, 1, 2],
        is_client=[True, True, True, False, False],
        capital=(1_000, 1_000, 1_000),
        fund=(500, 500, 500),
        rules=RULES,
    )
    house.book_trades(trades((0, 1, 10, 1_000, 0), (2, 1, 10, 1_000, 0)))
    mark(house, 900)
    house.margin_cycle(now_round=0)
    assert len(house.process_deadlines(now_round=4)) == 2
    first, second = auction(house)
    # the winner of the first leans long in the second, so the other member wins that
    assert (first.auction_winner, second.auction_winner) == (3, 4)
    assert house.position_lots[:, 0].tolist() == [0, -20, 0, 10, 10]


@pytest.mark.parametrize("price", [-300, 0, 850])
def test_an_auction_moves_money_between_two_accounts_only_whatever_the_price(price):
    house = defaulted(price=price)
    mark(house, price)
    cash, before = house.parts.books.ledger.cash_usd_micro(), house.variation_usd_micro.copy()
    house.finish_close_outs(now_round=5)
    moved = house.variation_usd_micro - before
    assert moved.sum() == 0
    assert np.flatnonzero(moved).tolist() == [0, 2]
    assert house.parts.books.ledger.cash_usd_micro() == cash
