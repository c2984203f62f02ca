"""Terms that make no sense are refused with the field, the value and what is allowed."""

import dataclasses

import numpy as np
import pytest
from clearing_room import room, terms, usd

from abm.clearing import ClearingRules, MemberTerms
from abm.core.errors import ParameterError

RULES = ClearingRules(
    skin_in_the_game_usd_micro=0,
    call_deadline_rounds=4,
    close_out_slice_share=0.1,
    close_out_protection=0.03,
    days_per_year=252,
)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("cash_usd_micro", usd(1), r"accounts.cash_usd_micro: shape \(1,\) is not \(2,\)"),
        ("cash_usd_micro", np.array([1.0, 2.0]), "accounts.cash_usd_micro: dtype float64 is not int64"),
        ("auction_fee_usd_micro", usd(1), r"accounts.auction_fee_usd_micro: shape \(1,\) is not \(2,\)"),
        ("auction_fee_usd_micro", np.array([1.0, 2.0]), "auction_fee_usd_micro: dtype float64 is not int64"),
        ("credit_limit_usd_micro", usd(0, -1), r"accounts.credit_limit_usd_micro\[1\]: -1000000 is not >= 0"),
        ("initial_collateral_usd_micro", usd(0, 11), r"\[1\]: 11000000 is more than .* cash of 10000000"),
    ],
)
def test_account_terms_outside_their_domain_are_refused(field, value, message):
    with pytest.raises(ParameterError, match=message):
        dataclasses.replace(terms([10, 10]), **{field: value})


def test_member_terms_outside_their_domain_are_refused():
    with pytest.raises(ParameterError, match=r"members.fund_contribution_usd_micro\[0\]: -1 is not >= 0"):
        MemberTerms(np.array([5]), np.array([-1]))
    with pytest.raises(ParameterError, match="members: 0 is not >= 1"):
        MemberTerms(usd(), usd())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("skin_in_the_game_usd_micro", -1),
        ("call_deadline_rounds", -1),
        ("close_out_slice_share", 0.0),
        ("close_out_slice_share", 1.5),
        ("close_out_protection", float("nan")),
        ("days_per_year", 0),
        ("client_ratio_bps", 9_999),
        ("excess_buffer_bps", -1),
    ],
)
def test_rules_outside_their_domain_are_refused(field, value):
    with pytest.raises(ParameterError, match=rf"clearing\.{field}: {value} is not"):
        dataclasses.replace(RULES, **{field: value})


def test_an_account_of_an_unknown_member_is_refused():
    with pytest.raises(ParameterError, match=r"accounts.member: 2 is not in 0\.\.1"):
        room([10, 10], member=[0, 2])
