"""Initial and maintenance margin under the flat model."""

from math import ceil

import numpy as np
import pytest
from clearing_room import USD, in_usd, room, settlement, trade
from hypothesis import given
from hypothesis import strategies as st

from abm.core.errors import ParameterError
from abm.core.money import scale_up


def test_invariant_24_margin_is_not_negative_zero_when_flat_and_doubles_with_the_position():
    house = room([10**6] * 3)
    assert in_usd(house.initial_margin()) == [0, 0, 0]
    trade(house, 0, 1, 3, 1_000, 0)
    trade(house, 1, 0, 2, 1_000, 2)
    once = house.initial_margin()
    assert in_usd(once) == [500, 500, 0]  # no credit for the opposite month
    trade(house, 0, 1, 3, 1_000, 0)
    trade(house, 1, 0, 2, 1_000, 2)
    assert house.initial_margin().tolist() == (2 * once).tolist()


def test_maintenance_is_initial_over_110_percent_for_a_client_and_initial_for_a_member():
    house = room([10**6] * 2, is_client=[True, False])
    trade(house, 0, 1, 11, 1_000, 0)
    assert in_usd(house.initial_margin()) == [1_100, 1_100]
    assert in_usd(house.maintenance_margin()) == [1_000, 1_100]
    trade(house, 0, 1, 1, 1_000, 0)
    assert house.maintenance_margin()[0] == ceil(1_200 * USD / 1.1)


def test_a_new_margin_holds_until_the_next_one():
    house = room([10**6] * 2)
    trade(house, 0, 1, 1, 1_000, 1)
    house.set_margin(settlement(1_000, 2_000, 1_000))
    assert in_usd(house.margin_per_lot_usd_micro) == [100, 200, 100]
    assert in_usd(house.initial_margin()) == [200, 200]


def test_margin_needs_a_settlement_price_for_every_month():
    with pytest.raises(ParameterError, match=r"settlement_ticks\[1\]: NO_PRICE"):
        room([1_000], margin_ticks=(1_000, None, 1_000))


@given(
    amount=st.integers(0, 10**17), numerator=st.integers(0, 20_000), denominator=st.integers(1, 100_000_000)
)
def test_scaling_rounds_up_exactly_like_integers_without_bounds(amount, numerator, denominator):
    exact = -(-amount * numerator // denominator)
    if exact < 2**62:
        assert scale_up(np.array([amount]), numerator, denominator).tolist() == [exact]
