"""Fees, rebates and market-maker pay move between collateral and exchange revenue."""

import hashlib

import numpy as np
import pytest
from clearing_room import AUCTION, USD, in_usd, mark, room, trade, trades, usd

from abm.clearing import PostingKind
from abm.core.errors import ParameterError
from abm.core.orders import Side


def test_the_taker_pays_its_fee_and_the_maker_earns_its_rebate_when_fees_are_posted():
    house = room([1_000] * 2, deposit=500, taker=0.5, maker=-0.125)
    trade(house, 0, 1, 8, 1_000, 0, Side.SELL)  # the seller, account 1, took
    assert in_usd(house.collateral_usd_micro) == [500, 500]
    house.charge_fees()
    assert in_usd(house.collateral_usd_micro) == [501, 496]
    assert in_usd(house.fees_usd_micro) == [-1, 4]
    assert house.fee_revenue_usd_micro == 3 * USD
    house.charge_fees()
    assert house.fee_revenue_usd_micro == 3 * USD


def test_invariant_8_fees_debited_equal_revenue_plus_rebates_plus_market_maker_pay():
    house = room([1_000] * 3, deposit=500, taker=[0.5, 0.5, 0.25], maker=[0.25, -0.25, 0])
    trade(house, 0, 1, 40, 1_000, 0)
    trade(house, 2, 0, 8, 1_000, 1)
    house.charge_fees()
    house.pay(1, 3 * USD)
    house.pay(2, 2 * USD, PostingKind.MARKET_MAKER_REVENUE_SHARE)
    posted = house.posted_usd_micro
    fees, rebates = posted[PostingKind.FEE], posted[PostingKind.REBATE]
    pay = posted[PostingKind.MARKET_MAKER_STIPEND] + posted[PostingKind.MARKET_MAKER_REVENUE_SHARE]
    assert (fees, rebates, pay) == (24 * USD, 10 * USD, 5 * USD)
    assert fees == house.fee_revenue_usd_micro + rebates + pay
    house.check()


def test_market_maker_pay_stops_at_the_revenue_there_is():
    house = room([1_000] * 2, deposit=500, taker=0.5)
    assert house.pay(1, 7 * USD) == 0
    trade(house, 0, 1, 10, 1_000, 0)
    house.charge_fees()
    assert house.pay(1, 7 * USD) == 5 * USD
    assert house.fee_revenue_usd_micro == 0
    assert in_usd(house.collateral_usd_micro) == [495, 505]


def test_rebates_above_fees_are_a_subsidy_that_leaves_nothing_to_pay_from():
    house = room([1_000] * 2, deposit=500, taker=0.25, maker=-0.5)
    trade(house, 0, 1, 4, 1_000, 0)
    house.charge_fees()
    assert house.fee_revenue_usd_micro == -1 * USD
    assert house.pay(1, USD) == 0


@pytest.mark.parametrize(
    ("amount", "kind", "message"),
    [
        (-1, PostingKind.MARKET_MAKER_STIPEND, "-1 micro-USD is not >= 0"),
        (1, PostingKind.FEE, "kind FEE is not"),
    ],
)
def test_a_pay_that_is_negative_or_of_another_kind_is_refused(amount, kind, message):
    house = room([1_000] * 2)
    with pytest.raises(ParameterError, match=message):
        house.pay(0, amount, kind)


def test_in_an_auction_both_sides_pay_their_own_auction_fee():
    house = room([1_000] * 3, deposit=500, taker=9, maker=-9, auction=[0.25, 0.5, 0.125])
    trade(house, 0, 1, 8, 1_000, 0, AUCTION)
    trade(house, 1, 2, 4, 1_000, 1, AUCTION)
    house.charge_fees()
    assert in_usd(house.fees_usd_micro) == [2, 6, 0.5]
    assert in_usd(house.collateral_usd_micro) == [498, 494, 499.5]
    assert house.fee_revenue_usd_micro == 8.5 * USD


def test_an_account_without_an_auction_fee_of_its_own_pays_the_maker_fee_in_auctions():
    house = room([1_000] * 2, deposit=500, taker=0.5, maker=[0.25, -0.125])
    trade(house, 0, 1, 8, 1_000, 0, AUCTION)
    house.charge_fees()
    assert in_usd(house.fees_usd_micro) == [2, -1]


def test_a_spread_trade_books_two_legs_and_charges_the_fees_of_each():
    """A calendar spread traded at 50 is bought at 9,500 near and sold at 9,450 far: two trades."""
    house = room([10**5] * 2, deposit=50_000, taker=0.5, maker=0.25)
    legs = trades((0, 1, 3, 9_500, 0, Side.BUY), (1, 0, 3, 9_450, 2, Side.SELL))
    legs["spread_months"] = 2
    house.book_trades(legs)
    assert house.position_lots.tolist() == [[3, 0, -3], [-3, 0, 3]]
    assert (house.taker_lots.tolist(), house.maker_lots.tolist()) == ([6, 0], [0, 6])
    house.charge_fees()
    assert in_usd(house.fees_usd_micro) == [6 * 0.5, 6 * 0.25]
    assert in_usd(mark(house, 9_530, None, 9_400)) == [3 * 80, -3 * 80]  # from 50 to 130


def test_new_fees_hold_for_the_trades_booked_after_them():
    house = room([1_000] * 2, deposit=500, taker=0.5, maker=0.25, auction=0.25)
    trade(house, 0, 1, 8, 1_000, 0)
    lower = {"maker_fee_usd_micro": usd(0, -0.125), "taker_fee_usd_micro": usd(0.25, 0.25)}
    auction = usd(0.125, 0.125)
    house.set_fees(**lower, auction_fee_usd_micro=auction)
    auction[:] = 10**9  # what the caller does with its array later changes no fee
    trade(house, 0, 1, 8, 1_000, 0)
    trade(house, 0, 1, 8, 1_000, 0, AUCTION)
    house.charge_fees()
    assert in_usd(house.fees_usd_micro) == [4 + 2 + 1, 2 - 1 + 1]
    posted = house.posted_usd_micro
    assert (posted[PostingKind.FEE], posted[PostingKind.REBATE]) == (10 * USD, 1 * USD)


@pytest.mark.parametrize("name", ["maker_fee_usd_micro", "taker_fee_usd_micro", "auction_fee_usd_micro"])
@pytest.mark.parametrize(
    ("fee", "message"),
    [
        (usd(1), r"shape \(1,\) is not \(2,\)"),
        (np.array([0.2, 0.3]), "dtype float64 is not int64"),
    ],
)
def test_fees_of_the_wrong_shape_or_type_are_refused_and_change_nothing(name, fee, message):
    house = room([1_000] * 2, deposit=500, taker=0.5, maker=0.25)
    fees = dict.fromkeys(("maker_fee_usd_micro", "taker_fee_usd_micro", "auction_fee_usd_micro"), usd(9, 9))
    with pytest.raises(ParameterError, match=f"set_fees.{name}: {message}"):
        house.set_fees(**{**fees, name: fee})
    trade(house, 0, 1, 8, 1_000, 0)
    house.charge_fees()
    assert in_usd(house.fees_usd_micro) == [4, 2]


def test_the_fees_that_hold_are_part_of_the_state_hash():
    one, other = room([1_000] * 2), room([1_000] * 2)
    before = state_hash(one)
    assert state_hash(other) == before
    other.set_fees(
        maker_fee_usd_micro=usd(0, 0), taker_fee_usd_micro=usd(0, 0), auction_fee_usd_micro=usd(0, 1)
    )
    assert state_hash(other) != before


def state_hash(house):
    digest = hashlib.sha256()
    house.update_digest(digest)
    return digest.hexdigest()
