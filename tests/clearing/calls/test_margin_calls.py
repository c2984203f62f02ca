"""Margin calls: when they are due, how they are met, and what happens at the deadline."""

import pytest
from clearing_room import USD, in_usd, mark, net_worth, room, trade, usd

from abm.clearing import CallCauses, MarginCall


def long_and_short(lots=11, **options):
    """Account 0 is long and account 1 short at 1,000; a client needs 100 a lot, 1,000 maintenance for 11."""
    options.setdefault("cash", [1_100, 100_000])
    options.setdefault("deposit", [1_100, 50_000])
    house = room(**options)
    trade(house, 0, 1, lots, 1_000, 0)
    return house


def call_of(house, account, *, now_round=0):
    made = [call for call in house.margin_cycle(now_round=now_round) if call.account == account]
    assert len(made) <= 1
    return made[0] if made else None


@pytest.mark.parametrize(("price", "called"), [(1_000, 0), (991, 0), (990, 1_100 - 990), (900, 1_100)])
def test_invariant_26_a_call_is_made_below_maintenance_only_and_restores_initial_margin(price, called):
    # Equity is 1,100 - 11 x (1,000 - price): 1,001 at 991 is above the maintenance of 1,000; 990 is below.
    house = long_and_short(cash=[10_000, 100_000])
    mark(house, price)
    equity = int(house.collateral_usd_micro[0])
    assert (equity < house.maintenance_margin()[0]) == (called > 0)
    call = call_of(house, 0)
    assert (0 if call is None else call.amount_usd_micro) == called * USD
    if call is not None:
        assert house.collateral_usd_micro[0] == house.initial_margin()[0]


def test_equity_exactly_at_maintenance_is_not_called():
    house = long_and_short(deposit=[1_000, 50_000])
    assert house.collateral_usd_micro[0] == house.maintenance_margin()[0]
    assert call_of(house, 0) is None


def test_one_micro_dollar_below_maintenance_is_called():
    house = long_and_short(deposit=[999.999999, 50_000])
    assert call_of(house, 0).amount_usd_micro == usd(100.000001)[0]


def test_a_members_own_account_is_called_below_initial_margin():
    house = long_and_short(cash=[10_000, 100_000], is_client=[False, True])
    mark(house, 999)
    assert call_of(house, 0).amount_usd_micro == 11 * USD


def test_a_call_is_met_from_cash_then_from_the_credit_line_then_stays_outstanding():
    house = long_and_short(cash=[1_400, 100_000], credit=200, deadline=4)
    mark(house, 900, now_round=30)
    assert house.margin_cycle(now_round=30) == [
        MarginCall(
            round=30,
            account=0,
            member=0,
            amount_usd_micro=1_100 * USD,
            met_cash_usd_micro=300 * USD,
            met_credit_usd_micro=200 * USD,
            outstanding_usd_micro=600 * USD,
            deadline_round=34,
            first_round=30,
            # 11 lots are new; the deposit stood in excess of a requirement of nothing
            causes=CallCauses(*usd(1_100, 0, 1_100, -1_100).tolist()),
        )
    ]
    assert in_usd(house.bank_cash_usd_micro)[0] == 0
    assert in_usd(house.credit_drawn_usd_micro)[0] == 200
    assert in_usd(house.collateral_usd_micro)[0] == 500
    assert in_usd(house.outstanding_calls_usd_micro) == [600, 0]


def test_an_outstanding_call_is_computed_afresh_not_doubled_and_keeps_its_deadline():
    house = long_and_short()
    mark(house, 900, now_round=1)
    assert call_of(house, 0, now_round=1).outstanding_usd_micro == 1_100 * USD
    mark(house, 890, now_round=3)
    again = call_of(house, 0, now_round=3)
    assert again.outstanding_usd_micro == 1_210 * USD
    assert (again.first_round, again.deadline_round) == (1, 5)
    assert in_usd(house.outstanding_calls_usd_micro)[0] == 1_210


def test_a_call_lapses_when_the_price_recovers_and_a_later_one_has_a_new_deadline():
    house = long_and_short()
    mark(house, 900, now_round=1)
    house.margin_cycle(now_round=1)
    mark(house, 1_000, now_round=2)
    assert house.margin_cycle(now_round=2) == []
    assert not house.outstanding_calls_usd_micro.any()
    mark(house, 900, now_round=3)
    assert call_of(house, 0, now_round=3).deadline_round == 7


def test_selling_down_answers_a_call():
    house = long_and_short()
    mark(house, 950)  # equity 550: enough for 5 lots
    house.margin_cycle(now_round=0)
    trade(house, 1, 0, 6, 950, 0)
    mark(house, 950)
    assert house.process_deadlines(now_round=4) == []
    assert not house.in_default.any()


def test_nothing_happens_before_the_deadline_and_the_account_defaults_at_it():
    house = long_and_short()
    mark(house, 900)
    house.margin_cycle(now_round=10)
    assert house.process_deadlines(now_round=13) == []
    assert house.may_trade.all()
    (event,) = house.process_deadlines(now_round=14)
    assert (event.account, event.member, event.round, event.deadline_round) == (0, 0, 14, 14)
    assert event.shortfall_usd_micro == 1_100 * USD
    assert house.in_default.tolist() == [True, False]
    assert house.may_trade.tolist() == [False, True]
    assert house.process_deadlines(now_round=15) == []


def test_a_partly_met_call_lapses_at_the_deadline_if_equity_is_back_above_maintenance():
    house = long_and_short(credit=[150, 0])
    mark(house, 980)
    call = call_of(house, 0)  # 1,100 - 880 = 220, of which the line meets 150: equity is 1,030
    assert call.outstanding_usd_micro == 70 * USD
    assert house.process_deadlines(now_round=4) == []
    assert not house.outstanding_calls_usd_micro.any()


def test_at_the_deadline_cash_and_credit_are_tried_once_more():
    house = long_and_short()
    mark(house, 900)
    assert call_of(house, 0).outstanding_usd_micro == 1_100 * USD
    mark(house, 1_200)  # equity 3,300, of which 1,925 above the buffer goes to the bank
    house.sweep_excess()
    mark(house, 1_100)  # equity 275: 825 short
    assert house.process_deadlines(now_round=4) == []
    assert in_usd(house.collateral_usd_micro)[0] == 1_100
    assert in_usd(house.bank_cash_usd_micro)[0] == 1_100


def test_pay_received_before_the_deadline_saves_an_account():
    house = long_and_short(taker=[0, 0], maker=[0, 100])
    mark(house, 990)
    house.margin_cycle(now_round=0)
    house.charge_fees()  # 11 lots x 100 dollars from account 1
    assert house.pay(0, 10 * USD) == 10 * USD
    assert house.process_deadlines(now_round=4) == []


def test_an_account_in_default_is_not_called_and_has_no_funds_to_trade_with():
    house = long_and_short()
    mark(house, 950)
    house.margin_cycle(now_round=0)
    house.process_deadlines(now_round=4)
    mark(house, 940)
    assert house.margin_cycle(now_round=5) == []
    assert in_usd(house.pre_trade_funds()) == [0, 100_660]
    assert house.pay(0, USD) == 0


def test_funds_before_a_trade_are_collateral_plus_cash_but_never_credit():
    house = room([1_000, 500], deposit=[300, 500], credit=10_000)
    assert in_usd(house.pre_trade_funds()) == [1_000, 500]
    trade(house, 0, 1, 1, 1_000, 0)
    mark(house, 1_700)
    assert in_usd(house.pre_trade_funds()) == [1_700, 0]


def test_a_flat_account_in_debt_to_the_house_is_called_for_the_debt():
    house = room([100, 1_000], deposit=100)
    trade(house, 0, 1, 1, 1_000, 0)
    trade(house, 1, 0, 1, 850, 0)
    mark(house, 850)
    assert call_of(house, 0).amount_usd_micro == 50 * USD


def test_excess_collateral_repays_the_credit_line_first_and_then_returns_to_the_bank():
    house = long_and_short(credit=500)
    mark(house, 960)  # equity 660: call of 440 met by credit
    house.margin_cycle(now_round=0)
    assert in_usd(house.credit_drawn_usd_micro)[0] == 440
    mark(house, 1_060)  # equity 2,200; 1,100 x 125 % = 1,375 stays
    before = net_worth(house).tolist()
    assert in_usd(house.sweep_excess())[0] == 825
    assert in_usd(house.credit_drawn_usd_micro)[0] == 0
    assert in_usd(house.bank_cash_usd_micro)[0] == 385
    assert in_usd(house.collateral_usd_micro)[0] == 1_375
    assert net_worth(house).tolist() == before


def test_collateral_within_the_buffer_stays():
    house = long_and_short(cash=[1_375, 100_000], deposit=[1_375, 50_000])
    assert in_usd(house.sweep_excess())[0] == 0
    assert in_usd(house.collateral_usd_micro)[0] == 1_375


def test_interest_is_paid_from_cash_and_otherwise_added_to_the_debt():
    house = long_and_short(credit=[440, 0], credit_rate_bps=2_520)  # 0.1 % a day
    mark(house, 960)
    house.margin_cycle(now_round=0)
    assert in_usd(house.daily_interest()) == [0.44, 0]
    assert in_usd(house.credit_drawn_usd_micro)[0] == 440.44
    mark(house, 900)
    call = call_of(house, 0)
    assert call.met_credit_usd_micro == 0  # the capitalised interest took the debt over its limit
    mark(house, 1_200)
    house.sweep_excess()
    assert in_usd(house.daily_interest()) == [0, 0]


def test_interest_stops_at_the_default():
    house = long_and_short(credit=[440, 0], credit_rate_bps=2_520)
    mark(house, 800)
    house.margin_cycle(now_round=0)
    house.process_deadlines(now_round=4)
    assert not house.daily_interest().any()


def test_interest_is_rounded_up():
    house = long_and_short(credit=[440, 0], credit_rate_bps=1)
    mark(house, 960)
    house.margin_cycle(now_round=0)
    assert house.daily_interest()[0] == 175  # 440e6 / (10,000 x 252) = 174.6
