"""One pass over positions and carried values equals the formulas written out; its guards stop the run."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abm.clearing.books.positions import empty_positions, mark_positions
from abm.clearing.margin_models import gross_usd_micro
from abm.core.orders import NO_PRICE

ACCOUNTS, SLOTS, TICK = 5, 3, 7


def state_with(lots, carried):
    """Positions and carried values whose last account is the counterparty of all others."""
    state = empty_positions(ACCOUNTS, SLOTS)
    for held, given_values in ((state.position_lots, lots), (state.carried_ticks, carried)):
        held[:-1] = np.array(given_values).reshape(ACCOUNTS - 1, SLOTS)
        held[-1] = -held[:-1].sum(axis=0)
    return state


cells = st.lists(
    st.sampled_from([0, 0, 0, -9, 1, 250]), min_size=(ACCOUNTS - 1) * SLOTS, max_size=(ACCOUNTS - 1) * SLOTS
)
marks = st.lists(st.integers(-2_000, 2_000), min_size=SLOTS, max_size=SLOTS)


@given(lots=cells, carried=cells, marks=marks)
def test_gains_and_carried_values_are_those_of_the_formula(lots, carried, marks):
    state = state_with(lots, carried)
    value = state.position_lots * np.array(marks)
    gain = ((value - state.carried_ticks) * TICK).sum(axis=1)
    assert mark_positions(state, np.array(marks), TICK).tolist() == gain.tolist()
    np.testing.assert_array_equal(state.carried_ticks, value)


@given(lots=cells, per_lot=st.lists(st.integers(0, 10**9), min_size=SLOTS, max_size=SLOTS))
def test_gross_margin_is_the_product_of_absolute_lots_and_margin_per_lot(lots, per_lot):
    held = state_with(lots, lots).position_lots
    expected = (np.abs(held) @ np.array(per_lot)).tolist()
    for layout in (held, np.asfortranarray(held), held.copy()[:, :]):
        layout.flags.writeable = False
        assert gross_usd_micro(layout, np.array(per_lot)).tolist() == expected


def test_a_month_nobody_holds_needs_no_mark_and_one_that_is_held_does():
    state = state_with([1, 0, 0] * 4, [0, 0, 0] * 4)
    assert mark_positions(state, np.array([10, NO_PRICE, NO_PRICE]), TICK).tolist() == [70] * 4 + [-280]
    with pytest.raises(AssertionError, match="has no mark price"):
        mark_positions(state, np.array([NO_PRICE, 10, 10]), TICK)


def test_gains_that_do_not_sum_to_zero_in_a_month_stop_the_run():
    state = state_with([1, 0, 0] * 4, [10, 0, 0] * 4)
    state.carried_ticks[0, 1], state.carried_ticks[0, 2] = 5, -5  # zero over months, not within one
    with pytest.raises(AssertionError, match="does not sum to zero"):
        mark_positions(state, np.array([10, 10, 10]), TICK)


def test_a_carried_value_near_overflow_stops_the_run():
    state = state_with([0, 0, 0] * 4, [2**60, 0, 0] + [0, 0, 0] * 3)
    with pytest.raises(AssertionError, match="near overflow"):
        mark_positions(state, np.array([1, 1, 1]), TICK)
