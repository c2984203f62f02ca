"""Invariants 13 and 37: compiled books equal the plain ones on random streams, and their index is right."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_streams import N_ACCOUNTS, N_SLOTS, Duel, messages

from abm.core.orders import ORDER_DTYPE, CancelCause, MessageKind, RejectReason
from abm.exchange.compiled import CompiledExchange
from abm.exchange.interface import Exchange
from abm.exchange.reference_book import ReferenceExchange


def new_duel() -> Duel:
    compiled: Exchange = CompiledExchange(n_accounts=N_ACCOUNTS, n_slots=N_SLOTS, order_capacity=64)
    reference: Exchange = ReferenceExchange(n_accounts=N_ACCOUNTS, n_slots=N_SLOTS)
    return Duel(compiled, reference)


def trade_days(seed: int, *, n_days: int, n_messages: int) -> Duel:
    """Trade some days of three months each on both engines, comparing all the way."""
    rng = np.random.default_rng(seed)
    duel = new_duel()
    first_month, next_id = int(rng.integers(0, 9)), 1_000
    for day in range(n_days):
        middle = int(rng.integers(-30, 30)) if day % 3 == 2 else 500
        duel.open_day(
            first_month=first_month,
            middle=middle,
            width=int(rng.choice([8, 60, 700])),
            is_daily_limit=bool(rng.random() < 0.5),
        )
        for count in rng.multinomial(n_messages, np.full(8, 1 / 8)):
            duel.load_risk(rng)
            batch = messages(rng, count, first_month=first_month, middle=middle, first_id=next_id)
            next_id += count
            duel.match(batch)
        duel.compare_books(list(range(first_month, first_month + N_SLOTS)))
        duel.both("cancel_account", int(rng.integers(0, N_ACCOUNTS)), CancelCause.SUSPENSION)
        duel.both("close_day")
        if rng.random() < 0.4:
            duel.both("expire_month", first_month)
            first_month += 1
        duel.compare_books(list(range(first_month, first_month + N_SLOTS - 1)))
    return duel


def test_both_engines_agree_on_fifty_thousand_messages():
    duel = trade_days(seed=20_260_301, n_days=25, n_messages=2_000)
    assert duel.reasons == set(RejectReason) - {RejectReason.BOOK_FULL}, "the stream must meet every refusal"
    assert duel.n_trades > 5_000


@pytest.mark.verify
@pytest.mark.parametrize("seed", range(20))
def test_both_engines_agree_on_a_million_messages(seed):
    trade_days(seed=seed, n_days=25, n_messages=2_000)


small_messages = st.lists(
    st.tuples(
        st.sampled_from([*MessageKind, MessageKind.LIMIT, MessageKind.LIMIT, MessageKind.LIMIT]),
        st.integers(0, 2),  # account
        st.integers(0, 1),  # month
        st.sampled_from([1, -1]),
        st.integers(0, 3),  # time in force
        st.booleans(),  # post-only
        st.integers(1, 5),  # lots
        st.integers(-3, 3),  # price
        st.integers(1, 12),  # order id
    ),
    min_size=12,  # short streams rarely trade; Hypothesis sizes lists near twice the minimum
    max_size=60,
)


@given(
    stream=small_messages, funds=st.integers(0, 12), widths=st.tuples(st.integers(0, 3), st.integers(0, 3))
)
@settings(max_examples=150, deadline=None)
def test_both_engines_agree_on_any_short_stream(stream, funds, widths):
    """Invariants 9 to 15 and 18 hold on both or Hypothesis shows the shortest stream that parts them."""
    duel = Duel(CompiledExchange(n_accounts=3, n_slots=2), ReferenceExchange(n_accounts=3, n_slots=2))
    orders = np.zeros(len(stream), dtype=ORDER_DTYPE)
    names = [
        "kind",
        "account",
        "month",
        "side",
        "time_in_force",
        "post_only",
        "lots",
        "price_ticks",
        "order_id",
    ]
    for column, name in enumerate(names):
        orders[name] = [row[column] for row in stream]
    for half, width in zip(np.array_split(orders, 2), widths, strict=True):
        duel.both(
            "open_day",
            months=np.array([0, 1]),
            reference_ticks=np.array([0, 0]),
            low_ticks=np.array([-width, -3]),
            high_ticks=np.array([3, width]),
            is_daily_limit=np.array([True, False]),
            protection_ticks=np.array([1, 9]),
        )
        duel.both(
            "load_risk",
            position_lots=np.array([[2, 0], [-2, 3], [0, -3]]),
            funds_usd_micro=np.array([funds, 2 * funds, 100]),
            margin_per_lot_usd_micro=np.array([1, 2]),
            may_trade=np.array([True, True, True]),
        )
        for batch in np.array_split(half, 2):
            duel.match(batch)
            assert_trades_are_sound(duel, batch)
        duel.compare_books([0, 1])
        duel.both("close_day")


def assert_trades_are_sound(duel: Duel, batch: np.ndarray) -> None:
    """Assert that no book is crossed and that only resting kinds of order rest."""
    top = duel.first.top_of_book()
    assert np.all((top.bid_lots == 0) | (top.ask_lots == 0) | (top.best_bid_ticks < top.best_ask_ticks))
    assert set(duel.first.resting_orders()["time_in_force"].tolist()) <= {0, 1}


@given(seed=st.integers(0, 2**32))
@settings(max_examples=8, deadline=None)
def test_one_batch_or_many_is_the_same_market(seed):
    """How messages are cut into batches changes nothing."""
    rng = np.random.default_rng(seed)
    duel = Duel(
        CompiledExchange(n_accounts=N_ACCOUNTS, n_slots=N_SLOTS),
        CompiledExchange(n_accounts=N_ACCOUNTS, n_slots=N_SLOTS),
    )
    duel.open_day(first_month=4, middle=500, width=60, is_daily_limit=True)
    duel.load_risk(rng)
    batch = messages(rng, 400, first_month=4, middle=500, first_id=500)
    whole = duel.first.match(batch)
    parts = [[records.copy() for records in duel.second.match(part)] for part in np.array_split(batch, 23)]
    for records, pieces in zip(whole, zip(*parts, strict=True), strict=True):
        assert np.array_equal(records, np.concatenate(pieces))
    duel.compare_books([4, 5, 6])
