"""Integer money: rounding never favours the member, and a split loses and creates nothing."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abm.core.errors import ParameterError
from abm.core.money import USD_MICRO, allocate_largest_remainder, ceil_div, usd_to_micro

amounts = st.integers(0, 2**62)
weight_lists = st.lists(st.integers(0, 2**62), min_size=1, max_size=12).filter(any)


def test_a_dollar_is_a_million_micro_dollars():
    assert USD_MICRO == 1_000_000
    assert usd_to_micro(12.34) == 12_340_000
    assert usd_to_micro(-0.5) == -500_000


def test_half_a_micro_dollar_rounds_to_the_even_one():
    assert [usd_to_micro(half / 2_000_000) for half in (1, 3, 5)] == [0, 2, 2]


@pytest.mark.parametrize(
    ("numerator", "denominator", "quotient"),
    [
        (0, 7, 0),
        (1, 7, 1),
        (7, 7, 1),
        (8, 7, 2),
        (-1, 7, 0),
        (-7, 7, -1),
        (-8, 7, -1),
        (10**30 + 1, 10, 10**29 + 1),
    ],
)
def test_a_requirement_rounds_up(numerator, denominator, quotient):
    assert ceil_div(numerator, denominator) == quotient


@given(st.integers(-(10**24), 10**24), st.integers(1, 10**12))
def test_rounding_up_adds_less_than_one_unit(numerator, denominator):
    excess = ceil_div(numerator, denominator) - Fraction(numerator, denominator)
    assert 0 <= excess < 1


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (10, [1, 1, 1], [4, 3, 3]),  # one unit left over, equal remainders: the lower index
        (11, [1, 1, 1], [4, 4, 3]),
        (100, [47, 16, 16, 12, 6, 3], [47, 16, 16, 12, 6, 3]),
        (10, [47, 16, 16, 12, 6, 3], [5, 2, 2, 1, 0, 0]),  # two seats for three equal remainders
        (7, [0, 5, 0], [0, 7, 0]),
        (0, [3, 4], [0, 0]),
        (0, [0, 0], [0, 0]),
        (1, [1, 2], [0, 1]),
    ],
)
def test_left_over_units_go_to_the_largest_remainders(total, weights, parts):
    assert allocate_largest_remainder(total, weights).tolist() == parts


@given(amounts, weight_lists)
def test_a_split_sums_to_the_amount_and_each_part_is_within_one_unit_of_its_share(total, weights):
    parts = allocate_largest_remainder(total, weights).tolist()
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1
        assert weight > 0 or part == 0


@given(amounts, weight_lists)
def test_a_larger_claim_never_gets_less_and_equal_claims_favour_the_first(total, weights):
    parts = allocate_largest_remainder(total, weights).tolist()
    by_claim = sorted(range(len(weights)), key=lambda i: (-weights[i], i))
    ordered = [parts[i] for i in by_claim]
    assert ordered == sorted(ordered, reverse=True)


@given(amounts, weight_lists, st.integers(0, 12))
def test_somebody_without_a_claim_changes_nobodys_part(total, weights, position):
    at = min(position, len(weights))
    widened = [*weights[:at], 0, *weights[at:]]
    parts = allocate_largest_remainder(total, widened).tolist()
    assert parts[:at] + parts[at + 1 :] == allocate_largest_remainder(total, weights).tolist()


def test_weights_may_be_an_array():
    parts = allocate_largest_remainder(9, np.array([2, 1], dtype=np.int64))
    assert parts.dtype == np.int64
    assert parts.tolist() == [6, 3]


@pytest.mark.parametrize(("total", "weights"), [(-1, [1]), (1, [2, -1]), (1, [0, 0]), (1, [])])
def test_an_impossible_split_is_refused_by_name(total, weights):
    with pytest.raises(ParameterError, match=rf"allocation of {total} over"):
        allocate_largest_remainder(total, weights)
