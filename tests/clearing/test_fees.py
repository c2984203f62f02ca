"""Fees, rebates and market-maker pay move between collateral and exchange revenue."""

import pytest
from clearing_room import USD, in_usd, room, trade

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
