"""Why margin is called: loss, model, position, and what was missing before; to the micro-dollar."""

import numpy as np
import pytest
from clearing_room import CONTRACT, N_SLOTS, USD, basis, mark, room, settlement, terms, ticks, trade, usd
from hypothesis import given, settings
from hypothesis import strategies as st

from abm.clearing import ClearingHouse, ClearingRules, MarginDay, MemberTerms
from abm.clearing.margin_models import FilteredHistoricalMargin, MarginBasis

EVERYTHING_CASH = [1_000_000, 1_000_000]


def called_house(**options):
    """Account 0 is long 10 lots at 1,000 and has exactly the 1,000 dollars of margin that they need."""
    options = {"cash": EVERYTHING_CASH, "deposit": [1_000, 100_000]} | options
    house = room(**options)
    trade(house, 0, 1, 10, 1_000, 0)
    mark(house, 1_000)
    house.margin_cycle(now_round=0)
    return house


def causes_of(house, account=0, *, now_round=1):
    """Loss, rise by the model, rise by the position, and the rest, in dollars; they sum to the call."""
    (call,) = [call for call in house.margin_cycle(now_round=now_round) if call.account == account]
    assert sum(call.causes) == call.amount_usd_micro
    return tuple(part / USD for part in call.causes)


def test_a_call_after_a_fall_is_a_loss():
    house = called_house()
    mark(house, 980)
    assert causes_of(house) == (200, 0, 0, 0)


def test_a_call_after_new_rates_is_the_models():
    house = called_house()
    house.set_margin(settlement(1_500, 1_000, 1_000))
    assert causes_of(house) == (0, 500, 0, 0)


def test_a_call_after_a_purchase_is_the_positions():
    house = called_house()
    trade(house, 0, 1, 5, 1_000, 0)
    assert causes_of(house) == (0, 0, 500, 0)


def test_the_model_is_blamed_on_the_old_position_and_the_position_at_the_new_rates():
    house = called_house()
    trade(house, 0, 1, 5, 1_000, 0)
    mark(house, 960)  # 15 lots lose 40 each
    house.set_margin(settlement(1_200, 1_000, 1_000))  # 20 dollars more for each of 10, 120 for each of 5
    assert causes_of(house) == (600, 200, 600, 0)


def test_a_gain_and_a_smaller_position_lower_a_call():
    house = called_house(deposit=[1_000, 2_000])
    trade(house, 0, 1, 4, 1_000, 1)
    mark(house, 1_010, 1_000, 1_000)
    trade(house, 1, 0, 2, 1_010, 0)
    house.set_margin(settlement(1_000, 2_000, 1_000))
    # 8 lots at 100 and 4 lots at 200, of which 10 at 100 were there
    assert causes_of(house) == (-100, 0, 600, 0)


def test_what_was_missing_and_fees_are_neither_loss_nor_margin():
    house = called_house(cash=[1_050, 1_000_000], taker=3)
    mark(house, 980)
    house.margin_cycle(now_round=1)  # 50 of 200 are paid
    house.charge_fees()  # 10 lots at 3 dollars
    assert causes_of(house, now_round=2) == (0, 0, 0, 150 + 30)


def test_excess_pays_for_part_of_a_loss():
    house = called_house(deposit=[1_070, 100_000])
    mark(house, 980)
    assert causes_of(house) == (200, 0, 0, -70)


def test_an_expiry_releases_margin_and_the_next_month_in_its_slot_is_no_rise_of_the_model():
    house = called_house()
    trade(house, 0, 1, 10, 1_000, 1)
    mark(house, 1_000)
    house.margin_cycle(now_round=1)  # 2,000 required and held
    house.final_settlement(0, 850)
    # The slot of the expired month holds one that is worth five times as much; nobody has it.
    house.set_margin(settlement(5_000, 1_000, 1_000))
    mark(house, 5_000, 1_000, 1_000)
    assert causes_of(house, now_round=2) == (1_500, 0, -1_000, 0)


def test_the_margin_of_each_call_is_compared_with_that_of_the_last_cycle_even_without_a_call():
    house = called_house(deposit=[5_000, 100_000])
    mark(house, 900)
    assert house.margin_cycle(now_round=1) == []  # 4,000 left
    mark(house, 550)
    assert causes_of(house, now_round=2) == (3_500, 0, 0, 500 - 4_000 + 500)


def filtered_margin():
    """A model whose margin depends on the portfolio, not on the sum of its lots."""
    history = np.random.default_rng(5).normal(0.0, 0.01, (310, N_SLOTS)).cumsum(axis=1)
    return FilteredHistoricalMargin(
        MarginBasis(CONTRACT.tick_value_usd_micro, basis().floor_price_ticks, history)
    )


def filtered_house():
    return ClearingHouse(
        contract=CONTRACT,
        n_slots=N_SLOTS,
        accounts=terms([10**6] * 4, deposit=10**3),
        members=MemberTerms(usd(10**9, 10**9), usd(0, 0)),
        rules=ClearingRules(
            skin_in_the_game_usd_micro=0,
            call_deadline_rounds=4,
            close_out_slice_share=0.25,
            close_out_protection=0.03,
            days_per_year=252,
        ),
        margin=filtered_margin(),
    )


def day_of(tick_prices, day):
    """Day number ``day`` of three-day months: the front month's slot goes round."""
    front = day // 3
    months = np.array([front + (slot - front) % N_SLOTS for slot in range(N_SLOTS)])
    return MarginDay(ticks(*tick_prices), months - front, np.full(N_SLOTS, 10_000), months, np.zeros(N_SLOTS))


DAY = st.tuples(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(1, 3), st.integers(1, 20), st.integers(0, 2)), max_size=4
    ),
    st.lists(st.integers(-500, 2_000), min_size=N_SLOTS, max_size=N_SLOTS),
)


@settings(max_examples=40, deadline=None)
@given(days=st.lists(DAY, min_size=1, max_size=8))
def test_the_parts_are_those_of_an_account_written_down_day_by_day(days):
    """Against a second model and balances read from outside; months expire, prices may be negative."""
    house, model = filtered_house(), filtered_margin()
    house.set_margin(day_of([1_000] * N_SLOTS, 0))
    model.observe(day_of([1_000] * N_SLOTS, 0))
    equity, requirement, prices = usd(0, 0, 0, 0), usd(0, 0, 0, 0), [1_000] * N_SLOTS
    held = house.position_lots.copy()
    for day, (deals, settled) in enumerate(days):
        for buyer, distance, lots, slot in deals:
            trade(house, buyer, (buyer + distance) % 4, lots, prices[slot], slot)
        variation, prices = mark(house, *settled), settled
        if day % 3 == 2:
            slot = day // 3 % N_SLOTS
            variation = variation + house.final_settlement(slot, settled[slot])
            held[:, slot] = 0
        kept_at_old_rates = model.per_account_usd_micro(held)
        for each in (house.set_margin, model.observe):
            each(day_of(settled, day + 1))
        kept_at_new_rates = model.per_account_usd_micro(held)
        for call in house.margin_cycle(now_round=day):
            account, causes = call.account, call.causes
            assert sum(causes) == call.amount_usd_micro
            assert causes.loss_usd_micro == -variation[account]
            assert causes.model_rise_usd_micro == (kept_at_new_rates - kept_at_old_rates)[account]
            risen = causes.model_rise_usd_micro + causes.position_rise_usd_micro
            assert risen == house.initial_margin()[account] - requirement[account]
            deposit = 0 if day else 10**3 * USD
            assert causes.carried_usd_micro == requirement[account] - equity[account] - deposit
        equity, requirement = house.collateral_usd_micro.copy(), house.initial_margin()
        held = house.position_lots.copy()


@pytest.mark.parametrize("called", [True, False])
def test_explaining_a_call_changes_no_money_and_no_requirement(called):
    house = filtered_house()
    house.set_margin(day_of([1_000] * N_SLOTS, 0))
    trade(house, 0, 1, 100 if called else 1, 1_000, 0)
    trade(house, 2, 3, 100 if called else 1, 1_000, 2)
    mark(house, 1_000)
    required = house.initial_margin()
    assert bool(house.margin_cycle(now_round=0)) == called
    assert np.array_equal(house.initial_margin(), required)
    assert np.array_equal(house.collateral_usd_micro, np.maximum(required, 10**3 * USD))
