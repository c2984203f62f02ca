"""The ledger is double-entry: nothing is created, lost, or moved without a counterpart."""

import numpy as np
import pytest
from clearing_room import USD, mark, room, trade, usd

from abm.clearing import ChartOfAccounts, Ledger, PostingKind
from abm.clearing.books.ledger import MONEY_BOUND_USD_MICRO


def small_ledger(**options):
    return Ledger(ChartOfAccounts(n_accounts=2, n_members=1), **options)


def test_a_posting_lowers_the_debited_and_raises_the_credited_account_by_the_same_integer():
    ledger = small_ledger()
    chart = ledger.chart
    ledger.post(PostingKind.ENDOWMENT, debit=chart.external, credit=0, amount_usd_micro=700, now_round=0)
    ledger.post(PostingKind.DEPOSIT, debit=0, credit=2, amount_usd_micro=300, now_round=0)
    assert ledger.balance_usd_micro.tolist() == [400, 0, 300, 0, 0, 0, 0, 0, 0, 0, 0, 0, -700]
    assert ledger.cash_usd_micro() == 700
    ledger.check()


def test_invariant_1_many_postings_from_one_account_add_up():
    ledger = small_ledger()
    chart = ledger.chart
    ledger.post(
        PostingKind.ENDOWMENT,
        debit=chart.external,
        credit=np.array([0, 0, 1]),
        amount_usd_micro=np.array([5, 6, 7]),
        now_round=0,
    )
    assert ledger.balance_usd_micro[[0, 1, chart.external]].tolist() == [11, 7, -18]
    assert ledger.total_usd_micro() == 0


def test_invariant_1_the_books_of_a_busy_day_sum_to_zero_and_so_does_their_journal():
    house = room([500, 500], deposit=300, taker=0.5, maker=0.2, journal=True)
    trade(house, 0, 1, 2, 1_000, 0)
    mark(house, 1_060)
    house.margin_cycle(now_round=1)
    house.charge_fees()
    house.sweep_excess()
    journal = house.drain_postings()
    balance = np.zeros(house.chart.count, dtype=np.int64)
    np.subtract.at(balance, journal["debit"], journal["amount_usd_micro"])
    np.add.at(balance, journal["credit"], journal["amount_usd_micro"])
    assert balance[house.chart.collateral].tolist() == house.collateral_usd_micro.tolist()
    assert balance[house.chart.bank].tolist() == house.bank_cash_usd_micro.tolist()
    assert balance.sum() == 0
    assert (journal["amount_usd_micro"] > 0).all()
    assert len(house.drain_postings()) == 0


def test_invariant_2_cash_changes_only_by_credit_drawn_repaid_and_interest_paid():
    house = room([300, 1_000], deposit=250, credit=400, credit_rate_bps=2_520)
    cash_at_start = house.parts.books.ledger.cash_usd_micro()
    trade(house, 0, 1, 2, 1_000, 0)
    mark(house, 850)
    house.margin_cycle(now_round=0)
    assert in_usd_total(house) - cash_at_start == 200 * USD  # 250 - 300 + 50 of cash leaves 200 to draw
    house.daily_interest()
    assert in_usd_total(house) - cash_at_start == 200 * USD  # no cash left: interest went onto the debt
    mark(house, 1_000)
    house.sweep_excess()
    repaid = house.posted_usd_micro[PostingKind.CREDIT_REPAYMENT]
    assert repaid > 0
    assert in_usd_total(house) - cash_at_start == 200 * USD - repaid


def in_usd_total(house):
    return house.parts.books.ledger.cash_usd_micro()


def test_an_undeclared_flow_is_noticed():
    ledger = small_ledger()
    ledger.post(PostingKind.FEE, debit=ledger.chart.external, credit=0, amount_usd_micro=1, now_round=0)
    with pytest.raises(AssertionError, match="undeclared external flow"):
        ledger.check()


def test_money_left_in_transit_is_noticed():
    ledger = small_ledger()
    chart = ledger.chart
    ledger.post(
        PostingKind.VARIATION_MARGIN,
        debit=2,
        credit=chart.variation_clearing,
        amount_usd_micro=1,
        now_round=0,
    )
    with pytest.raises(AssertionError, match="in transit"):
        ledger.check()


@pytest.mark.parametrize("amount", [-1, MONEY_BOUND_USD_MICRO])
def test_an_amount_that_is_negative_or_near_overflow_stops_the_run(amount):
    with pytest.raises(AssertionError):
        small_ledger().post(PostingKind.FEE, debit=0, credit=1, amount_usd_micro=amount, now_round=0)


def test_every_ledger_account_has_a_name():
    chart = ChartOfAccounts(n_accounts=2, n_members=1)
    names = chart.names()
    assert len(names) == chart.count
    assert names[chart.collateral.start + 1] == "collateral[1]"
    assert names[chart.member_fund.start] == "member_fund[0]"
    assert names[chart.uncovered_loss] == "uncovered_loss"
    assert names[chart.external] == "external"


def test_a_posting_in_the_journal_tells_round_accounts_amount_and_kind():
    house = room([500, 500], deposit=300, journal=True)
    trade(house, 0, 1, 1, 1_000, 0)
    house.drain_postings()
    mark(house, 990, now_round=17)
    collateral, transit = house.chart.collateral.start, house.chart.variation_clearing
    vm = int(PostingKind.VARIATION_MARGIN)
    assert house.drain_postings().tolist() == [
        (17, 10 * USD, collateral, transit, vm),
        (17, 10 * USD, transit, collateral + 1, vm),
    ]


def test_without_a_journal_only_totals_by_kind_are_kept():
    house = room([500, 500], deposit=300)
    assert len(house.drain_postings()) == 0
    assert house.posted_usd_micro[PostingKind.DEPOSIT] == usd(600)[0]
