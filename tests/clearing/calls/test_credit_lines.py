"""Credit lines cost what is not drawn, and end for borrowers that have lost too much."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from clearing_room import USD, in_usd, mark, net_worth, room, settlement, trade, usd
from hypothesis import given, settings
from hypothesis import strategies as st

from abm.clearing import EndedLine, PostingKind
from abm.core.errors import ParameterError


def borrower(price=1_000, *, cash=1_400, credit=500, **options):
    """Account 0 is long 10 lots bought at 1,000 with 1,000 posted, and has met a call at the price."""
    house = room([cash, 10**6], deposit=[min(cash, 1_000), 10**5], credit=[credit, 0], **options)
    trade(house, 0, 1, 10, 1_000, 0)
    mark(house, price)
    house.margin_cycle(now_round=0)
    return house


def test_undrawn_credit_costs_its_commitment_fee_from_the_bank():
    house = borrower(commitment_fee_bps=252, credit_rate_bps=2_520)  # .01 % and .1 % a day
    assert in_usd(house.daily_interest()) == [0.05, 0]
    assert in_usd(house.bank_cash_usd_micro)[0] == 399.95
    assert in_usd(house.credit_interest_usd_micro)[0] == 0.05
    assert house.posted_usd_micro[PostingKind.INTEREST] == 50_000


def test_a_drawn_line_pays_interest_on_one_part_and_the_fee_on_the_other():
    house = borrower(940, commitment_fee_bps=252, credit_rate_bps=2_520)  # a loss of 600: 400 in the bank
    assert in_usd(house.credit_drawn_usd_micro)[0] == 200
    assert in_usd(house.daily_interest())[0] == 0.2 + 0.03
    assert in_usd(house.credit_drawn_usd_micro)[0] == 200.23  # no cash is left: it is added to the debt
    assert house.posted_usd_micro[PostingKind.INTEREST_CAPITALISED] == 230_000


def test_the_fee_is_rounded_up_and_stops_at_the_default_and_at_the_end_of_the_line():
    house = borrower(commitment_fee_bps=1, credit_end_bps=9_000)
    assert house.daily_interest()[0] == 199  # 500e6 / (10,000 x 252) = 198.4
    mark(house, 980)
    assert [line.account for line in house.review_credit()] == [0]
    assert not house.daily_interest().any()
    failing = borrower(820, commitment_fee_bps=1)
    failing.process_deadlines(now_round=4)
    assert failing.in_default[0]
    assert not failing.daily_interest().any()


@pytest.mark.parametrize(
    ("price", "share_bps", "ends"),
    [(930, 5_000, False), (929, 5_000, True), (929, 0, False), (1_010, 11_000, True), (1_020, 11_000, False)],
)
def test_a_line_ends_when_equity_is_below_its_share_of_that_at_the_start(price, share_bps, ends):
    house = borrower(price, credit_end_bps=share_bps)  # equity 1,400 + 10 x (price - 1,000); half is 700
    assert bool(house.review_credit()) == ends


def test_an_ended_line_gives_nothing_more_and_is_repaid_from_cash_as_it_comes():
    house = borrower(940, credit_end_bps=6_000)
    before = net_worth(house).tolist()
    assert house.review_credit() == [EndedLine(0, 300 * USD, 200 * USD, 800 * USD, 1_400 * USD)]
    assert house.review_credit() == [], "a line ends once"
    assert house.free_funds()[0] == 0
    mark(house, 930)
    (call,) = [call for call in house.margin_cycle(now_round=1) if call.account == 0]
    assert (call.met_cash_usd_micro, call.met_credit_usd_micro) == (0, 0)
    mark(house, 940)
    house.levy(usd(0, 0), now_round=2)
    assert in_usd(house.credit_drawn_usd_micro)[0] == 200
    assert net_worth(house).tolist() == before


def test_free_cash_repays_an_ended_line_and_the_reserve_stays():
    # Credit first: a call of 300 is drawn although 400 is in the bank, of which 150 is kept back.
    house = borrower(970, credit_first=True, reserve=[150, 0], credit_end_bps=9_000)
    assert in_usd(house.credit_drawn_usd_micro)[0] == 300
    house.review_credit()
    assert in_usd(house.credit_drawn_usd_micro)[0] == 50
    assert in_usd(house.bank_cash_usd_micro)[0] == 150
    assert house.posted_usd_micro[PostingKind.CREDIT_REPAYMENT] == 250 * USD
    mark(house, 1_030)
    house.sweep_excess()  # what comes back from the clearing house repays the rest
    house.review_credit()
    assert in_usd(house.credit_drawn_usd_micro)[0] == 0
    assert in_usd(net_worth(house))[0] == 1_700


def test_who_has_no_line_or_is_in_default_has_none_to_lose():
    assert borrower(800, credit=0, cash=10_000, credit_end_bps=9_000).review_credit() == []
    house = borrower(820, credit_end_bps=9_000)
    house.process_deadlines(now_round=4)
    assert house.review_credit() == []


def test_the_lender_compares_with_the_reference_that_the_owners_set():
    house = borrower(940, credit_end_bps=6_000)
    house.parts.funding.lines.reference_equity_usd_micro[0] = 1_000 * USD
    assert house.review_credit() == []


def test_the_state_hash_knows_ended_lines_and_is_as_it_was_where_none_can_end():
    def hashed(house):
        digest = hashlib.sha256()
        house.update_digest(digest)
        return digest.hexdigest()

    open_line, ended = borrower(credit_end_bps=5_000), borrower(credit_end_bps=5_000)
    assert hashed(open_line) == hashed(ended)
    ended.parts.funding.lines.ended[0] = True
    assert hashed(open_line) != hashed(ended)
    assert hashed(borrower()) == hashed(borrower(commitment_fee_bps=5, credit_end_bps=0))


def test_a_fee_and_a_share_are_not_negative():
    with pytest.raises(ParameterError, match=r"accounts.credit_end_share_bps\[0\]: -1 is not >= 0"):
        room([10], credit_end_bps=-1)
    with pytest.raises(ParameterError, match=r"accounts.commitment_fee_per_year_bps\[0\]: -1 is not >= 0"):
        room([10], commitment_fee_bps=-1)


class PlainLine:
    """One borrower's line on paper: what it may draw, owes and pays."""

    def __init__(self, house, limit, start, fee_bps, rate_bps, end_bps):
        self.house, self.limit, self.start = house, limit, start
        self.fee_bps, self.rate_bps, self.end_bps = fee_bps, rate_bps, end_bps
        self.is_over = False

    def books(self):
        house = self.house
        amounts = (house.bank_cash_usd_micro, house.collateral_usd_micro, house.credit_drawn_usd_micro)
        return [int(each[0]) for each in amounts]

    def interest(self):
        bank, _, drawn = self.books()
        undrawn = 0 if self.is_over else max(self.limit - drawn, 0)
        cost = sum(
            -(-part * bps // (10_000 * 252))
            for part, bps in ((drawn, self.rate_bps), (undrawn, self.fee_bps))
        )
        paid = min(bank, cost)
        return cost, bank - paid, drawn + cost - paid

    def review(self):
        bank, collateral, drawn = self.books()
        ends = not self.is_over and (bank + collateral - drawn) * 10_000 < self.end_bps * self.start
        self.is_over |= ends
        repaid = min(bank, drawn) if self.is_over else 0
        return ends, bank - repaid, drawn - repaid


@given(
    prices=st.lists(st.integers(900, 1_060), min_size=1, max_size=12),
    fee_bps=st.integers(0, 300),
    rate_bps=st.integers(0, 3_000),
    end_bps=st.sampled_from([1, 4_000, 8_000, 10_500]),
    credit_first=st.booleans(),
)
@settings(max_examples=40)
def test_a_line_goes_the_way_it_goes_on_paper_and_no_money_is_lost(
    prices, fee_bps, rate_bps, end_bps, credit_first
):
    house = borrower(
        commitment_fee_bps=fee_bps,
        credit_rate_bps=rate_bps,
        credit_end_bps=end_bps,
        credit_first=credit_first,
    )
    line = PlainLine(house, 500 * USD, 1_400 * USD, fee_bps, rate_bps, end_bps)
    cost_so_far = 0
    for now, price in enumerate(prices, 1):
        house.set_margin(settlement(price, price, price))
        cost, *after = line.interest()
        assert (int(house.daily_interest()[0]), *[line.books()[0], line.books()[2]]) == (cost, *after)
        cost_so_far += cost
        mark(house, price, now_round=now)
        drawn_before = line.books()[2]
        house.margin_cycle(now_round=now)
        assert not line.is_over or line.books()[2] == drawn_before
        house.sweep_excess()
        ends, *after = line.review()
        assert [bool(house.review_credit()), line.books()[0], line.books()[2]] == [ends, *after]
        worth = 1_400 * USD + 10 * (price - 1_000) * USD - cost_so_far
        assert int(net_worth(house)[0]) == worth
    assert np.array_equal(house.credit_interest_usd_micro, [cost_so_far, 0])
