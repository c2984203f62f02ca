"""Refusals: the first fault of a message names its reason, and a refused message changes nothing."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from book_text import AUCTION, HALT, Desk, book_from
from hypothesis import given, settings
from hypothesis import strategies as st
from random_streams import N_ACCOUNTS, N_SLOTS, Flow, messages

from abm.core.orders import NO_PRICE, ORDER_DTYPE, MessageKind, RejectReason
from abm.exchange.compiled.engine import CompiledExchange
from abm.exchange.interface import BookRules
from abm.exchange.reference.engine import ReferenceExchange

LIMIT, MARKET, CANCEL, CANCEL_ALL, STOP, STOP_LIMIT, MODIFY, QUOTE = (int(kind) for kind in MessageKind)
DAY, GTC, IOC, FOK, GTD = range(5)
RULES = BookRules(spread_lengths=(1,))


def crowded_desk(engine) -> Desk:
    """Return a market in which every refusal is one message away.

    Month 0 trades between 99 and 101, month 1 is in an auction, month 2 halted. A is poor and limited, F
    suspended; order 1 is B's, order 3 a stop of A.
    """
    desk = book_from(
        engine, "| 101 | B 3\n C 2 | 99 |", n_slots=3, rules=RULES, band=60, reference=100, day=7
    )
    desk.stop_buy("A", 1, 150)
    desk.buy("D", 1, 101)
    desk.phase(AUCTION, 1)
    desk.phase(HALT, 2)
    desk.load_risk({"A": 3_000}, 100, suspended="F", limit=40)
    return desk


FAULTS = [
    ({"kind": 8, "account": -1}, "UNKNOWN_MESSAGE_KIND"),
    ({"kind": -1}, "UNKNOWN_MESSAGE_KIND"),
    ({"account": -1, "kind": CANCEL}, "UNKNOWN_ACCOUNT"),
    ({"account": 6, "month": 9}, "UNKNOWN_ACCOUNT"),
    ({"kind": CANCEL, "order_id": 99, "month": 9, "lots": -1}, "ORDER_NOT_FOUND"),
    ({"kind": CANCEL, "order_id": 1}, "ORDER_NOT_FOUND"),
    ({"kind": CANCEL_ALL, "month": 9, "spread_months": 9}, "MONTH_NOT_LISTED"),
    ({"kind": CANCEL_ALL, "spread_months": 2}, "SPREAD_NOT_LISTED"),
    ({"kind": MODIFY, "order_id": 1, "lots": 0}, "ORDER_NOT_FOUND"),
    ({"kind": MODIFY, "order_id": 3, "lots": 0}, "NOT_MODIFIABLE"),
    ({"account": 5, "month": 9}, "ACCOUNT_SUSPENDED"),
    ({"account": 5, "kind": QUOTE, "month": 9, "close_out": 1}, "ACCOUNT_SUSPENDED"),
    ({"account": 5, "month": 9, "close_out": 1}, "MONTH_NOT_LISTED"),
    ({"month": 9, "spread_months": 9}, "MONTH_NOT_LISTED"),
    ({"month": -1, "side": 0}, "MONTH_NOT_LISTED"),
    ({"spread_months": 2, "side": 0}, "SPREAD_NOT_LISTED"),
    ({"spread_months": -1, "side": 0}, "SPREAD_NOT_LISTED"),
    ({"month": 2, "side": 0}, "MONTH_HALTED"),
    ({"spread_months": 1, "side": 0}, "MONTH_HALTED"),
    ({"side": 0, "time_in_force": 7}, "UNKNOWN_SIDE"),
    ({"time_in_force": 5, "self_match": 5}, "UNKNOWN_TIME_IN_FORCE"),
    ({"time_in_force": -1}, "UNKNOWN_TIME_IN_FORCE"),
    ({"self_match": 3, "lots": 0}, "UNKNOWN_SELF_MATCH_MODE"),
    ({"lots": 0, "order_id": 1}, "QUANTITY_NOT_POSITIVE"),
    ({"lots": -(2**63), "display_lots": 1}, "QUANTITY_NOT_POSITIVE"),
    ({"lots": 100_001, "display_lots": -1}, "QUANTITY_TOO_LARGE"),
    ({"lots": 2**62}, "QUANTITY_TOO_LARGE"),
    ({"display_lots": 6, "minimum_lots": 6}, "DISPLAY_NOT_VALID"),
    ({"minimum_lots": -1, "kind": STOP, "time_in_force": FOK}, "MINIMUM_NOT_VALID"),
    ({"kind": STOP, "time_in_force": FOK, "order_id": 1}, "NOT_FOR_STOPS"),
    ({"kind": STOP, "month": 1, "post_only": 1}, "NOT_FOR_STOPS"),
    ({"month": 1, "time_in_force": IOC, "order_id": 1}, "NOT_IN_AUCTION"),
    ({"month": 1, "time_in_force": GTD, "minimum_lots": 1, "expiry_day": 6}, "NOT_IN_AUCTION"),
    ({"time_in_force": GTD, "expiry_day": 6, "order_id": 1}, "EXPIRY_DAY_PAST"),
    ({"order_id": 1, "price_ticks": NO_PRICE}, "DUPLICATE_ORDER_ID"),
    ({"order_id": 3, "account": 2}, "DUPLICATE_ORDER_ID"),
    ({"price_ticks": NO_PRICE, "post_only": 1}, "PRICE_MISSING"),
    ({"kind": STOP_LIMIT, "stop_ticks": NO_PRICE, "price_ticks": 999}, "PRICE_MISSING"),
    ({"kind": STOP_LIMIT, "stop_ticks": 999, "price_ticks": NO_PRICE}, "PRICE_MISSING"),
    ({"kind": STOP_LIMIT, "stop_ticks": 50, "price_ticks": 999}, "PRICE_LIMIT"),
    ({"price_ticks": 999, "post_only": 1}, "PRICE_LIMIT"),
    ({"price_ticks": 2**62}, "PRICE_LIMIT"),
    ({"price_ticks": 162, "post_only": 1}, "PRICE_BAND"),
    ({"kind": STOP, "stop_ticks": 101, "lots": 90}, "STOP_ALREADY_REACHED"),
    ({"post_only": 1, "time_in_force": FOK, "lots": 90}, "POST_ONLY_WOULD_TAKE"),
    ({"time_in_force": FOK, "lots": 90, "minimum_lots": 90}, "FOK_NOT_FILLABLE"),
    ({"minimum_lots": 90, "lots": 90}, "MINIMUM_NOT_FILLABLE"),
    ({"lots": 90}, "POSITION_LIMIT"),
    ({"lots": 35}, "INSUFFICIENT_MARGIN"),
    ({"lots": 35, "month": 1, "kind": MARKET}, "INSUFFICIENT_MARGIN"),
    ({"kind": STOP, "stop_ticks": 150, "lots": 35}, "INSUFFICIENT_MARGIN"),
]


@pytest.mark.parametrize(("terms", "reason"), FAULTS)
def test_the_first_fault_of_a_message_names_its_refusal(engine, terms, reason):
    """The desk asserts that books, positions and phases are what they were."""
    desk = crowded_desk(engine)
    fields = {"side": 1, "lots": 5, "price_ticks": 150, "account": 0, **terms}
    assert desk.send_fields(**fields) == [f"refused: {reason}"]


def test_a_market_order_needs_an_opposite_price(engine):
    desk = Desk(engine)
    assert desk.market_buy("A", 1, post_only=1) == ["refused: NO_OPPOSITE_PRICE"]


def test_a_range_that_is_no_daily_limit_says_so(engine):
    assert Desk(engine, is_daily_limit=False).buy("A", 1, 201) == ["refused: PRICE_RANGE"]


def test_every_reason_is_tested():
    """The table above, and by name: the three above it and those that need a market of their own."""
    elsewhere = {"NONE", "NO_OPPOSITE_PRICE", "PRICE_RANGE", "NOT_FOR_SPREADS", "QUOTE_CROSSED"}
    assert {reason for _, reason in FAULTS} | elsewhere == {reason.name for reason in RejectReason}


def test_an_order_may_have_the_id_of_one_that_is_gone(engine):
    desk = book_from(engine, "A 1 | 99 |")
    desk.cancel("A", 1)
    assert desk.buy("B", 1, 99, order_id=1) == ["B rests 1 at 99"]


@pytest.mark.parametrize("exchange", [CompiledExchange, ReferenceExchange])
@given(seed=st.integers(0, 2**32))
@settings(max_examples=10)
def test_malformed_messages_change_nothing(exchange, seed):
    """A batch of nonsense leaves the state digest as it was, if every message of it was refused."""
    rng = np.random.default_rng(seed)
    market = exchange(n_accounts=N_ACCOUNTS, n_slots=N_SLOTS, rules=RULES)
    market.open_day(
        months=np.arange(N_SLOTS),
        reference_ticks=np.full(N_SLOTS, 500),
        low_ticks=np.full(N_SLOTS, 300),
        high_ticks=np.full(N_SLOTS, 700),
        is_daily_limit=np.full(N_SLOTS, True),
        protection_ticks=np.full(N_SLOTS, 5),
    )
    terms = {"first_month": 0, "middle": 500, "spread_lengths": (1,)}
    market.match(messages(rng, 200, first_id=1_000, flow=Flow(malformed=0.0), **terms))
    batch = messages(rng, 300, first_id=1_200, flow=Flow(malformed=0.4), **terms)
    before, refused = _digest(market), 0
    for row in range(len(batch)):
        result = market.match(batch[row : row + 1])
        (outcome,) = result.outcomes
        partly = batch["kind"][row] == MessageKind.QUOTE and len(result.cancellations) + len(result.trades)
        if outcome["reason"] != RejectReason.NONE and not partly and outcome["resting_lots"] == 0:
            assert _digest(market) == before
            refused += 1
        before = _digest(market)
    assert refused > 100


def test_a_message_of_zeros_is_refused(engine):
    desk = Desk(engine)
    result = desk.exchange.match(np.zeros(3, dtype=ORDER_DTYPE))
    assert result.outcomes["reason"].tolist() == [int(RejectReason.UNKNOWN_SIDE)] * 3


def _digest(market) -> str:
    state = hashlib.sha256()
    market.update_digest(state)
    state.update(market.position_lots.tobytes() + market.open_order_lots.tobytes())
    return state.hexdigest()
