"""Owners take out what is beyond the target and refill a little, from accounts of their own."""

import numpy as np
import pytest
from clearing_room import USD, in_usd, mark, net_worth, room, trade
from hypothesis import given
from hypothesis import strategies as st

from abm.clearing import CapitalTerms, PostingKind
from abm.core.errors import ParameterError

HALF, SAME, TWICE = 500_000, 1_000_000, 2_000_000


def owners(count=2, *, refill=0.10, purse=1.0, kept=2.0, owned=True):
    return CapitalTerms(
        has_owner=np.array(np.broadcast_to(owned, count), dtype=np.bool_),
        price_beta=np.zeros(count),
        refill_share_bps=round(refill * 10_000),
        purse_bps=round(purse * 10_000),
        kept_margin_bps=round(kept * 10_000),
    )


def owned_room(cash, *, deposit=0, terms=None, **more):
    return room(cash, deposit=deposit, capital_terms=terms or owners(len(cash)), **more)


def balance_of_owners(house):
    return house.parts.books.ledger.balance_usd_micro[house.chart.owner]


def test_a_flat_trader_whose_market_halves_pays_half_of_its_equity_to_its_owner():
    house = owned_room([400, 1_000], deposit=100)
    house.owners.settle(HALF, now_round=7)
    assert in_usd(house.owners.target_usd_micro) == [200, 500]
    assert in_usd(house.owners.paid_out_usd_micro) == [200, 500]
    assert in_usd(net_worth(house)) == [200, 500]
    assert in_usd(balance_of_owners(house)) == [200, 500]
    assert in_usd(house.collateral_usd_micro) == [100, 100]


def test_accounts_their_owners_and_the_outside_world_sum_to_zero():
    house = owned_room([400, 1_000], deposit=100)
    before = house.parts.books.ledger.cash_usd_micro()
    house.owners.settle(HALF, now_round=0)
    ledger = house.parts.books.ledger
    assert ledger.total_usd_micro() == 0
    assert ledger.cash_usd_micro() == before - 700 * USD
    assert ledger.posted_usd_micro[PostingKind.OWNER_PAYOUT] == 700 * USD
    ledger.check()
    ledger.balance_usd_micro[house.chart.owner.start] += 1
    ledger.balance_usd_micro[house.chart.external] -= 1
    with pytest.raises(AssertionError, match="an owner's account is off"):
        ledger.check()


def test_a_loss_comes_back_by_a_tenth_of_the_target_a_month_and_a_gain_is_paid_out():
    house = owned_room([1_000, 1_000], deposit=500)
    trade(house, 0, 1, 2, 1_000, 0)
    mark(house, 900)  # the buyer has lost 200
    house.margin_cycle(now_round=0)
    trade(house, 1, 0, 2, 900, 0)
    mark(house, 900)
    house.sweep_excess()
    house.owners.settle(SAME, now_round=1)
    assert in_usd(house.owners.brought_in_usd_micro) == [100, 0]
    assert in_usd(house.owners.paid_out_usd_micro) == [0, 200]
    house.owners.settle(SAME, now_round=2)
    house.owners.settle(SAME, now_round=3)
    assert in_usd(house.owners.brought_in_usd_micro) == [200, 0]
    assert in_usd(balance_of_owners(house)) == [-200, 200]


def test_an_owner_brings_in_no_more_than_its_purse_holds_and_what_it_was_paid():
    house = owned_room([1_000, 1_000], terms=owners(refill=1.0, purse=0.25))
    house.owners.settle(TWICE, now_round=0)
    assert in_usd(house.owners.brought_in_usd_micro) == [250, 250]
    house.owners.settle(HALF, now_round=1)  # 750 of 1,250 go back
    house.owners.settle(TWICE, now_round=2)
    assert in_usd(house.owners.brought_in_usd_micro) == [1_000, 1_000]
    assert in_usd(balance_of_owners(house)) == [-250, -250]


def test_a_payout_leaves_twice_the_initial_margin():
    house = owned_room([1_000, 1_000], deposit=500)
    trade(house, 0, 1, 4, 1_000, 0)  # 400 of margin each
    mark(house, 1_000)
    house.owners.settle(HALF, now_round=0)
    assert in_usd(net_worth(house)) == [800, 800]


def test_a_payout_takes_free_bank_cash_only():
    house = owned_room([1_000, 1_000], deposit=(950, 100), reserve=(0, 300))
    house.owners.settle(0, now_round=0)
    assert in_usd(house.owners.paid_out_usd_micro) == [50, 600]
    assert in_usd(house.collateral_usd_micro) == [950, 100]


def test_nothing_is_paid_out_while_the_credit_line_is_drawn():
    house = owned_room([2_000, 3_000], deposit=300, credit=1_000, credit_first=True)
    trade(house, 0, 1, 3, 1_000, 0)
    mark(house, 900)
    house.margin_cycle(now_round=0)
    assert house.credit_drawn_usd_micro[0] > 0
    assert house.bank_cash_usd_micro[0] == 1_700 * USD
    house.owners.settle(HALF, now_round=1)
    assert house.owners.paid_out_usd_micro[0] == 0
    assert house.owners.paid_out_usd_micro[1] > 0


def test_a_lender_lends_in_proportion_to_what_the_owner_keeps_in_the_account():
    house = owned_room([2_000, 3_000], credit=[1_000, 0], terms=owners(owned=[True, False]))
    lines = house.parts.funding.lines
    house.owners.settle(HALF, now_round=0)
    assert in_usd(lines.undrawn_usd_micro()) == [500, 0]
    assert in_usd(lines.reference_equity_usd_micro) == [1_000, 3_000]
    house.owners.settle(TWICE, now_round=1)
    assert in_usd(lines.undrawn_usd_micro()) == [2_000, 0]


def test_a_line_that_is_cut_below_what_is_drawn_lends_nothing_more_and_calls_nothing_back():
    house = owned_room([2_000, 3_000], deposit=300, credit=1_000, credit_first=True)
    trade(house, 0, 1, 3, 1_000, 0)
    mark(house, 900)
    house.margin_cycle(now_round=0)
    drawn = house.credit_drawn_usd_micro[0]
    assert drawn > 100 * USD
    house.owners.settle(100_000, now_round=1)  # a tenth of the price
    assert house.parts.funding.lines.undrawn_usd_micro()[0] == 0
    assert house.credit_drawn_usd_micro[0] == drawn


def failing():
    """A house in which account 0 has lost more than it can pay: its call is open."""
    house = owned_room([300, 3_000], deposit=300)
    trade(house, 0, 1, 3, 1_000, 0)
    mark(house, 930)
    house.margin_cycle(now_round=0)
    assert house.outstanding_calls_usd_micro[0] > 0
    return house


def test_no_owner_pays_an_open_call():
    house = failing()
    house.owners.settle(SAME, now_round=0)
    assert house.owners.brought_in_usd_micro[0] == 0
    assert house.outstanding_calls_usd_micro[0] > 0


def test_no_owner_puts_money_into_an_account_that_has_defaulted():
    house = failing()
    house.process_deadlines(now_round=4)
    assert house.in_default[0]
    house.owners.settle(SAME, now_round=5)
    trade(house, 1, 0, 3, 930, 0)
    mark(house, 930, now_round=6)
    house.finish_close_outs(now_round=6)
    house.owners.settle(SAME, now_round=7)
    assert house.owners.brought_in_usd_micro[0] == 0


def test_an_account_that_is_being_reduced_is_left_alone():
    house = owned_room([300, 3_000], deposit=300, rules={"reduction_grace_rounds": 50})
    trade(house, 0, 1, 3, 1_000, 0)
    mark(house, 930)
    house.margin_cycle(now_round=0)
    house.process_deadlines(now_round=4)
    assert house.reducing[0]
    house.owners.settle(SAME, now_round=5)
    assert house.owners.brought_in_usd_micro[0] == 0


def test_an_account_without_an_owner_keeps_its_target_and_its_money():
    house = owned_room([400, 400], terms=owners(owned=(True, False)))
    house.owners.settle(HALF, now_round=0)
    assert in_usd(house.owners.target_usd_micro) == [200, 400]
    assert in_usd(net_worth(house)) == [200, 400]


def test_a_house_without_owners_has_no_owner_accounts_and_does_nothing():
    house = room([400, 400])
    house.owners.settle(HALF, now_round=0)
    assert house.chart.names()[-1] == "external"
    assert in_usd(house.owners.target_usd_micro) == [400, 400]


def test_owner_accounts_have_names_after_the_outside_world():
    house = owned_room([400, 400])
    assert house.chart.names()[-3:] == ["external", "owner[0]", "owner[1]"]


@given(
    prices=st.lists(st.integers(700, 1_400), min_size=1, max_size=6),
    ratios=st.lists(st.integers(0, 3_000_000), min_size=6, max_size=6),
    lots=st.integers(-4, 4),
    cash=st.tuples(st.integers(400, 3_000), st.integers(400, 3_000)),
)
def test_flows_conserve_money_and_stay_within_their_bounds_on_any_path(prices, ratios, lots, cash):
    house = owned_room(cash, deposit=400, credit=200)
    start = net_worth(house).copy()
    if lots:
        trade(house, *((0, 1) if lots > 0 else (1, 0)), abs(lots), 1_000, 0)
    for now, (price, ratio) in enumerate(zip(prices, ratios, strict=False)):
        mark(house, price, now_round=now)
        house.margin_cycle(now_round=now)
        house.sweep_excess()
        before, collateral = net_worth(house).copy(), house.collateral_usd_micro.copy()
        flow = house.owners.net_usd_micro.copy()
        house.owners.settle(ratio, now_round=now)
        flow = house.owners.net_usd_micro - flow
        target, after = house.owners.target_usd_micro, net_worth(house)
        assert (house.collateral_usd_micro == collateral).all()
        assert (after == before + flow).all()
        assert (after[flow < 0] >= target[flow < 0]).all()
        assert (after[flow < 0] >= 2 * house.initial_margin()[flow < 0]).all()
        assert (after[flow > 0] <= target[flow > 0]).all()
        assert (flow <= target // 10).all()
        assert (flow[house.outstanding_calls_usd_micro > 0] == 0).all()
    assert (balance_of_owners(house) == -house.owners.net_usd_micro).all()
    assert (net_worth(house) == start + house.variation_usd_micro + house.owners.net_usd_micro).all()


@pytest.mark.parametrize("ratio", [-1, 1.5])
def test_a_price_ratio_that_is_negative_or_not_whole_is_refused(ratio):
    with pytest.raises(ParameterError, match="price_ratio_millionths"):
        owned_room([400, 400]).owners.settle(ratio, now_round=0)


def test_terms_out_of_their_domain_are_refused():
    with pytest.raises(ParameterError, match=r"capital\.refill_share_bps: -1000 is not >= 0"):
        owners(refill=-0.1)
    with pytest.raises(ParameterError, match=r"capital.price_beta: shape \(3,\) is not \(2,\)"):
        CapitalTerms(np.ones(2, dtype=np.bool_), np.zeros(3))
