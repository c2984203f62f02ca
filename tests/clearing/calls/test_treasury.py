"""Reserves, credit first, interest on collateral, ad hoc calls, members' ratio, participation."""

import numpy as np
import pytest
from clearing_room import USD, in_usd, mark, room, ticks, trade

from abm.clearing import PostingKind
from abm.core.errors import ParameterError


def called(**options):
    """Account 0 is long 10 lots at 1,000, has 1,000 posted and loses 300; its call is 300."""
    options.setdefault("credit", [500, 0])
    house = room([1_400, 10**6], deposit=[1_000, 10**5], **options)
    trade(house, 0, 1, 10, 1_000, 0)
    mark(house, 970)
    (call,) = [call for call in house.margin_cycle(now_round=0) if call.account == 0]
    assert call.amount_usd_micro == 300 * USD
    return house, (call.met_cash_usd_micro // USD, call.met_credit_usd_micro // USD)


@pytest.mark.parametrize(
    ("treasury", "cash", "credit"),
    [
        ({}, 300, 0),
        ({"reserve": [250, 0]}, 150, 150),
        ({"reserve": [2_000, 0]}, 0, 300),
        ({"credit_first": [True, False]}, 0, 300),
        ({"credit_first": True, "credit": [100, 0]}, 200, 100),
        ({"credit_first": True, "credit": [100, 0], "reserve": [250, 0]}, 150, 100),
    ],
)
def test_a_call_is_met_in_the_treasurys_order_and_leaves_its_reserve(treasury, cash, credit):
    house, met = called(**treasury)
    assert met == (cash, credit)
    assert in_usd(house.outstanding_calls_usd_micro)[0] == 300 - cash - credit


def test_at_the_deadline_the_reserve_goes_too():
    house, met = called(reserve=[400, 0], credit=0)
    assert met == (0, 0)
    assert house.process_deadlines(now_round=4) == []
    assert in_usd(house.bank_cash_usd_micro)[0] == 100
    assert house.margin_cycle(now_round=5) == []


def test_a_reserve_backs_no_new_positions():
    assert in_usd(room([1_400], deposit=[1_000]).pre_trade_funds()) == [1_400]
    assert in_usd(room([1_400], deposit=[1_000], reserve=[300]).pre_trade_funds()) == [1_100]
    assert in_usd(room([1_400], deposit=[1_000], reserve=[900]).pre_trade_funds()) == [1_000]


def test_collateral_earns_interest_from_outside_rounded_down():
    house = room([1_000, 1_000], deposit=[1_000, 0.000_999], rules={"collateral_rate_per_year_bps": 252})
    house.daily_interest()
    # 2.52 % a year over 252 days: a hundredth of a per cent a day; of 999 micro-dollars 0.0999, rounded down
    assert house.collateral_interest_usd_micro.tolist() == [100_000, 0]
    assert house.posted_usd_micro[PostingKind.COLLATERAL_INTEREST] == 100_000
    assert house.collateral_usd_micro[0] == 1_000 * USD + 100_000


def test_a_debt_to_the_house_and_an_account_in_default_earn_no_interest():
    house, _ = called(credit=0, reserve=None, rules={"collateral_rate_per_year_bps": 252}, deadline=0)
    mark(house, 800)
    house.daily_interest()
    assert house.collateral_interest_usd_micro[0] == 0
    house.margin_cycle(now_round=1)
    assert len(house.process_deadlines(now_round=1)) == 1
    mark(house, 1_200)
    house.daily_interest()
    assert house.collateral_interest_usd_micro[0] == 0


@pytest.mark.parametrize(
    ("share_bps", "price", "due"),
    [(0, 1, False), (5_000, 951, False), (5_000, 950, False), (5_000, 949, True), (5_000, 1_051, True)],
)
def test_an_ad_hoc_call_is_due_when_an_account_lost_more_than_a_share_of_its_margin(share_bps, price, due):
    house = room([10**5, 10**5], deposit=10**4, rules={"ad_hoc_call_loss_share_bps": share_bps})
    trade(house, 0, 1, 7, 1_000, 1)
    assert house.needs_ad_hoc_call(ticks(None, price, None)) == due
    mark(house, price)
    assert not house.needs_ad_hoc_call(ticks(None, price, None))


def test_a_members_own_account_may_have_a_maintenance_margin_below_initial():
    house = room([10**5, 10**5], deposit=10**4, is_client=False, rules={"member_ratio_bps": 12_500})
    trade(house, 0, 1, 10, 1_000, 0)
    assert in_usd(house.initial_margin()) == [1_000, 1_000]
    assert in_usd(house.maintenance_margin()) == [800, 800]


def close_out(house, *, shown):
    lots = None if shown is None else np.array(shown)
    return house.close_out_orders(
        best_bid_ticks=ticks(890, 890, 890),
        best_ask_ticks=ticks(910, 910, 910),
        low_ticks=ticks(0, 0, 0),
        high_ticks=ticks(2_000, 2_000, 2_000),
        months=np.arange(3),
        first_order_id=0,
        bid_lots=lots,
        ask_lots=None if lots is None else lots * 0,
    )


@pytest.mark.parametrize(("shown", "lots"), [(100, 25), (40, 10), (39, 9), (3, 1), (0, 1), (10**6, 25)])
def test_a_slice_takes_no_more_than_its_share_of_what_is_shown_and_at_least_one_lot(shown, lots):
    house = room([10_000, 10**7], deposit=[10_000, 10**6], rules={"close_out_participation": 0.25})
    trade(house, 0, 1, 100, 1_000, 0)
    mark(house, 900)
    house.margin_cycle(now_round=0)
    house.process_deadlines(now_round=4)
    assert close_out(house, shown=[shown, 0, 0])["lots"].tolist() == [lots]
    with pytest.raises(ParameterError, match="bid_lots and ask_lots are needed"):
        close_out(house, shown=None)


def test_a_treasurys_reserve_is_not_negative():
    with pytest.raises(ParameterError, match=r"accounts.cash_reserve_usd_micro\[1\]: -1000000 is not >= 0"):
        room([10, 10], reserve=[0, -1])
