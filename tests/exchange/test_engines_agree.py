"""Invariants 13 and 37: compiled books equal the plain ones on random streams, under every rule."""

from __future__ import annotations

import numpy as np
import pytest
from duel import Days, Duel
from hypothesis import given, settings
from hypothesis import strategies as st
from random_streams import N_ACCOUNTS, N_SLOTS, Flow, messages

from abm.core.orders import ORDER_DTYPE, CancelCause, MatchingRule, MessageKind, RejectReason
from abm.exchange.compiled.engine import CompiledExchange
from abm.exchange.interface import BookRules
from abm.exchange.reference.engine import ReferenceExchange

PRO_RATA = MatchingRule.PRO_RATA
RULES = {
    "fifo": BookRules(),
    "pro-rata": BookRules(matching=PRO_RATA),
    "pro-rata without top order": BookRules(matching=PRO_RATA, top_order=False, pro_rata_min_lots=1),
    "spreads": BookRules(spread_lengths=(1, 2)),
    "implied": BookRules(spread_lengths=(1, 2), implied_in=True),
    "pro-rata, implied": BookRules(
        matching=PRO_RATA, spread_matching=PRO_RATA, spread_lengths=(1,), implied_in=True
    ),
}
UNREACHABLE = {"NOT_FOR_SPREADS"}
"""Refusals that only an exchange with calendar spreads can make."""

SPECIAL_FLOWS = {
    "mostly cancellations": Flow(
        kinds={
            MessageKind.LIMIT: 8,
            MessageKind.QUOTE: 2,
            MessageKind.CANCEL: 10,
            MessageKind.CANCEL_ALL: 2,
            MessageKind.MODIFY: 4,
        }
    ),
    "one price": Flow(
        kinds={MessageKind.LIMIT: 8, MessageKind.CANCEL: 2, MessageKind.MODIFY: 1, MessageKind.MARKET: 1},
        price_deviation=0.0,
        edge_ticks=0.0,
    ),
    "plain orders": Flow(
        kinds={MessageKind.LIMIT: 6, MessageKind.MARKET: 1, MessageKind.CANCEL: 3}, conditions=0.0
    ),
    "stops and icebergs": Flow(
        kinds={MessageKind.LIMIT: 5, MessageKind.STOP: 3, MessageKind.STOP_LIMIT: 3, MessageKind.MARKET: 1},
        conditions=2.0,
    ),
    "large orders": Flow(lots=900.0),
    "malformed": Flow(malformed=0.15),
}


def new_duel(rules: BookRules, n_accounts: int = N_ACCOUNTS, n_slots: int = N_SLOTS) -> Duel:
    return Duel(
        CompiledExchange(n_accounts=n_accounts, n_slots=n_slots, order_capacity=64, rules=rules),
        ReferenceExchange(n_accounts=n_accounts, n_slots=n_slots, rules=rules),
    )


@pytest.mark.parametrize("name", RULES)
def test_both_engines_agree_on_every_kind_of_message_under(name):
    duel = Days(new_duel(RULES[name]), seed=100).trade(n_days=8, n_messages=700)
    assert_everything_happened(duel)


@pytest.mark.parametrize("flow", SPECIAL_FLOWS)
@pytest.mark.parametrize("name", ["fifo", "pro-rata, implied"])
def test_both_engines_agree_on_a_flow_of(flow, name):
    duel = Days(new_duel(RULES[name]), seed=7, flow=SPECIAL_FLOWS[flow]).trade(n_days=3, n_messages=300)
    assert duel.n_trades > 0


@pytest.mark.verify
@pytest.mark.parametrize("seed", range(14))
@pytest.mark.parametrize("name", RULES)
def test_both_engines_agree_on_a_million_messages(name, seed):
    """Six rules, fourteen seeds, twelve thousand messages each: a little over a million."""
    duel = Days(new_duel(RULES[name]), seed=seed, calm=seed % 4 == 3).trade(n_days=12, n_messages=1_000)
    if seed % 4 != 3:
        assert_everything_happened(duel)


@pytest.mark.verify
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("flow", SPECIAL_FLOWS)
@pytest.mark.parametrize("name", RULES)
def test_both_engines_agree_on_long_special_flows(flow, name, seed):
    Days(new_duel(RULES[name]), seed=seed, flow=SPECIAL_FLOWS[flow]).trade(n_days=6, n_messages=1_000)


def assert_everything_happened(duel: Duel) -> None:
    """Assert that a stream met every refusal, every cause of a cancellation, and every kind of message."""
    with_spreads = bool(duel.first.rules.spread_lengths)
    assert {reason.name for reason in set(RejectReason) - duel.reasons} == (
        set() if with_spreads else UNREACHABLE
    )
    assert not {cause.name for cause in set(CancelCause) - duel.causes}
    assert not {kind.name for kind in set(MessageKind) - duel.accepted_kinds}
    assert duel.n_auction_trades > 0
    assert (duel.n_spread_trades > 0) == with_spreads


def test_an_auction_that_opens_crossed_is_the_same_on_both():
    """Crossed orders, icebergs and market orders among them, meet at one price in three months."""
    duel = new_duel(BookRules())
    days = Days(duel, seed=11, flow=Flow(price_deviation=30.0, edge_ticks=-5.0), calm=True)
    days.open(width=200)
    duel.both("set_phases", np.ones(N_SLOTS, dtype=np.int64))
    for _ in range(3):
        days.one_batch(400)
        duel.compare_books()
    months = list(range(days.first_month, days.first_month + N_SLOTS))
    result = duel.uncross(months)
    assert len(result.trades) > 20
    duel.compare_books()


small_messages = st.lists(
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from([*map(int, MessageKind), 0, 0, 0, 0]),
            "account": st.integers(0, 2),
            "month": st.integers(0, 1),
            "side": st.sampled_from([1, -1]),
            "time_in_force": st.sampled_from([0, 0, 0, 1, 2, 3, 4]),
            "post_only": st.sampled_from([0, 0, 0, 1]),
            "lots": st.integers(1, 5),
            "price_ticks": st.integers(-3, 3),
            "stop_ticks": st.integers(-3, 3),
            "ask_ticks": st.integers(-2, 3),
            "ask_lots": st.integers(0, 3),
            "display_lots": st.sampled_from([0, 0, 1, 2]),
            "minimum_lots": st.sampled_from([0, 0, 0, 0, 2]),
            "expiry_day": st.integers(0, 2),
            "self_match": st.sampled_from([0, 0, 1, 2]),
            "spread_months": st.sampled_from([0, 0, 1]),
            "order_id": st.integers(1, 12),
        }
    ),
    min_size=12,  # short streams rarely trade; Hypothesis sizes lists near twice the minimum
    max_size=60,
)


@given(
    stream=small_messages,
    name=st.sampled_from(list(RULES)),
    funds=st.integers(0, 40),
    widths=st.tuples(st.integers(0, 3), st.integers(0, 3)),
    interruption=st.sampled_from([0, 0, 1]),
    calls=st.lists(st.integers(0, 2), min_size=4, max_size=4),
)
@settings(max_examples=100, deadline=None)
def test_both_engines_agree_on_any_short_stream(stream, name, funds, widths, interruption, calls):
    """Both stay equal, or Hypothesis shows the shortest stream that parts them."""
    duel = new_duel(RULES[name], n_accounts=3, n_slots=2)
    orders = np.zeros(len(stream), dtype=ORDER_DTYPE)
    for row, message in zip(orders, stream, strict=True):
        for field, value in message.items():
            row[field] = value
    batches = np.array_split(orders, 4)
    for day, width in enumerate(widths):
        duel.both(
            "open_day",
            months=np.array([0, 1]),
            reference_ticks=np.array([0, 0]),
            low_ticks=np.array([-width, -3]),
            high_ticks=np.array([3, width]),
            is_daily_limit=np.array([True, False]),
            protection_ticks=np.array([1, 9]),
            interruption_ticks=np.array([0, interruption]),
            band_ticks=np.array([0, 2]),
            day=day,
        )
        duel.both(
            "load_risk",
            position_lots=np.array([[2, 0], [-2, 3], [0, -3]]),
            funds_usd_micro=np.array([funds, 2 * funds, 100]),
            margin_per_lot_usd_micro=np.array([1, 2]),
            may_trade=np.array([True, True, True]),
        )
        for part in (0, 1):
            duel.both("set_phases", np.array([calls[2 * day + part], int(duel.first.phases[1])]))
            duel.match(batches[2 * day + part])
            duel.compare_books()
            for month in (0, 1):
                duel.uncross([month])
        duel.both("set_phases", np.array([1, 1]))
        while np.any(duel.first.phases == 1):
            duel.uncross([month for month in (0, 1) if duel.first.phases[month] == 1])
        duel.both("close_day")
        duel.compare_books()


@given(seed=st.integers(0, 2**32))
@settings(max_examples=6, deadline=None)
def test_one_batch_or_many_is_the_same_market(seed):
    """How messages are cut into batches changes nothing."""
    rng = np.random.default_rng(seed)
    rules = RULES["pro-rata, implied" if seed % 2 else "implied"]
    duel = Duel(
        CompiledExchange(n_accounts=N_ACCOUNTS, n_slots=N_SLOTS, rules=rules),
        CompiledExchange(n_accounts=N_ACCOUNTS, n_slots=N_SLOTS, rules=rules),
    )
    days = Days(duel, seed)
    days.open()
    days.load_risk()
    batch = messages(
        rng, 400, first_month=days.first_month, middle=days.middle, first_id=500, spread_lengths=(1, 2)
    )
    whole = [records.copy() for records in duel.first.match(batch)]
    parts = [[records.copy() for records in duel.second.match(part)] for part in np.array_split(batch, 23)]
    for records, pieces in zip(whole, zip(*parts, strict=True), strict=True):
        assert np.array_equal(records, np.concatenate(pieces))
    duel.compare_books()
