"""Wealth outside the market moves with the token price, and no money comes from nowhere."""

import math

import numpy as np
import pytest
from clearing_room import USD, in_usd, mark, room, trade, usd
from hypothesis import given
from hypothesis import strategies as st

from abm.clearing import CapitalTerms, PostingKind
from abm.core.errors import ParameterError


def with_beta(cash, *beta, member=0.0, **more):
    terms = CapitalTerms(np.zeros(len(cash), dtype=np.bool_), np.array(beta, dtype=float), member)
    return room(cash, capital_terms=terms, **more)


def test_cash_follows_the_price_by_its_elasticity_and_collateral_does_not():
    house = with_beta([500, 500, 500], 1.0, -0.5, 0.0, deposit=100)
    house.outside_wealth.follow(math.log(0.81), now_round=3)
    assert in_usd(house.bank_cash_usd_micro) == [324, pytest.approx(400 / 0.9, abs=1e-3), 400]
    assert in_usd(house.collateral_usd_micro) == [100, 100, 100]
    assert house.outside_wealth.gain_usd_micro.tolist() == [
        -76 * USD, house.bank_cash_usd_micro[1] - 400 * USD, 0
    ]  # fmt: skip


def test_the_capital_of_members_follows_and_the_guaranty_fund_does_not():
    house = with_beta([500, 500], 0.0, 0.0, member=2.0)
    house.outside_wealth.follow(math.log(0.9), now_round=0)
    assert in_usd(house.member_capital_usd_micro) == [810, 810]
    assert in_usd(house.member_fund_usd_micro) == [500, 500]
    assert in_usd(house.outside_wealth.member_gain_usd_micro) == [-190, -190]


def test_a_gain_and_a_loss_are_declared_flows():
    house = with_beta([500, 500], 1.0, -1.0)
    ledger = house.parts.books.ledger
    before = ledger.cash_usd_micro()
    house.outside_wealth.follow(0.1, now_round=0)
    gained = ledger.posted_usd_micro[PostingKind.OUTSIDE_GAIN]
    lost = ledger.posted_usd_micro[PostingKind.OUTSIDE_LOSS]
    assert gained > 0
    assert lost > 0
    assert ledger.cash_usd_micro() - before == gained - lost == house.outside_wealth.gain_usd_micro.sum()


def test_a_wrong_way_member_cannot_pay_for_the_client_whose_long_position_the_fall_ruins():
    losses = {}
    for beta in (0.0, 3.0):
        house = with_beta([300, 3_000], 0.0, 0.0, member=beta, deposit=300, capital=(200, 200))
        trade(house, 0, 1, 3, 1_000, 0)
        house.outside_wealth.follow(math.log(0.85), now_round=0)
        mark(house, 850)
        house.margin_cycle(now_round=0)
        house.process_deadlines(now_round=4)
        trade(house, 1, 0, 3, 850, 0)
        mark(house, 850, now_round=5)
        (result,) = house.finish_close_outs(now_round=5)
        losses[beta] = result.layers.member_capital_usd_micro, result.layers.member_fund_usd_micro
    assert losses[0.0] == (150 * USD, 0)
    assert losses[3.0][0] < 150 * USD
    assert losses[3.0][1] == 150 * USD - losses[3.0][0] > 0


def test_those_in_default_are_left_alone():
    house = with_beta([300, 3_000], 1.0, 1.0, deposit=250)
    house.parts.close_outs.declare_default(np.array([0]))
    house.outside_wealth.follow(-0.2, now_round=0)
    assert house.outside_wealth.gain_usd_micro[0] == 0
    assert house.outside_wealth.gain_usd_micro[1] < 0


@given(
    moves=st.lists(st.floats(-30.0, 30.0), min_size=1, max_size=8),
    beta=st.floats(-5.0, 5.0),
    member=st.floats(-5.0, 5.0),
)
def test_money_outside_never_goes_below_zero(moves, beta, member):
    house = with_beta([500, 0], beta, beta, member=member)
    for move in moves:
        house.outside_wealth.follow(move, now_round=0)  # ends in the check of all books
    assert (house.bank_cash_usd_micro >= 0).all()
    assert (house.bank_cash_usd_micro == usd(500, 0) + house.outside_wealth.gain_usd_micro).all()


def test_an_elasticity_that_is_no_number_is_refused():
    with pytest.raises(ParameterError, match=r"capital\.price_beta: it is not finite for every account"):
        with_beta([500], math.nan)
    with pytest.raises(ParameterError, match=r"capital\.member_price_beta: inf is not finite"):
        with_beta([500], 0.0, member=math.inf)
