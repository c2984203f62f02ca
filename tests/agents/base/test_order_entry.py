"""A custom agent can send every message; what no exchange can accept is refused, never a crash."""

from __future__ import annotations

import hashlib
import math
from fractions import Fraction

import numpy as np
import pytest
from floor import DAY, FRONT, Floor

from abm.core.errors import ParameterError
from abm.core.orders import (
    ALL_MONTHS,
    NO_PRICE,
    RESTING_DTYPE,
    MessageKind,
    RejectReason,
    SelfMatch,
    Side,
    TimeInForce,
)

BUY, SELL = Side.BUY, Side.SELL
NAN, INF, HUGE = math.nan, math.inf, 10**400


@pytest.fixture
def floor():
    return Floor()


def said(floor):
    """Fields of the one message sent, without those that are zero and the arrival."""
    (message,) = floor.outbox.messages
    fields = dict(zip(message.dtype.names, message.item(), strict=True))
    assert fields.pop("arrival") > 0.0
    return {name: value for name, value in fields.items() if value != 0}


MESSAGES = {
    "plain limit": (
        lambda ann: ann.limit(side=BUY, price_ticks=990, lots=3),
        {"order_id": 1, "month": 30, "side": 1, "price_ticks": 990, "lots": 3},
    ),
    "limit with every condition": (
        lambda ann: ann.limit(
            side=SELL, price_ticks=np.int64(1_010), lots=30.0, tenor=2, time_in_force=TimeInForce.GTC,
            post_only=True, display_lots=5, minimum_lots=2, self_match=SelfMatch.CANCEL_BOTH,
        ),
        {"order_id": 1, "month": 32, "side": -1, "price_ticks": 1_010, "lots": 30, "time_in_force": 1,
         "post_only": 1, "display_lots": 5, "minimum_lots": 2, "self_match": 2},
    ),
    "limit good till a date": (
        lambda ann: ann.limit(side=BUY, price_ticks=990, lots=3, expiry_days=7),
        {"order_id": 1, "month": 30, "side": 1, "price_ticks": 990, "lots": 3, "time_in_force": 4,
         "expiry_day": DAY + 7},
    ),
    "limit for a calendar spread": (
        lambda ann: ann.limit(side=BUY, price_ticks=-7, lots=3, tenor=1, far_tenor=2),
        {"order_id": 1, "month": 31, "side": 1, "price_ticks": -7, "lots": 3, "spread_months": 1},
    ),
    "market": (
        lambda ann: ann.market(side=SELL, lots=4, tenor=1),
        {"order_id": 1, "month": 31, "kind": MessageKind.MARKET, "side": -1, "lots": 4, "time_in_force": 2},
    ),
    "market or nothing": (
        lambda ann: ann.market(side=SELL, lots=4, time_in_force=TimeInForce.FOK, minimum_lots=1),
        {"order_id": 1, "month": 30, "kind": MessageKind.MARKET, "side": -1, "lots": 4, "time_in_force": 3,
         "minimum_lots": 1},
    ),
    "stop": (
        lambda ann: ann.stop(side=BUY, stop_ticks=1_020, lots=4),
        {"order_id": 1, "month": 30, "kind": MessageKind.STOP, "side": 1, "lots": 4, "stop_ticks": 1_020,
         "price_ticks": NO_PRICE},
    ),
    "stop with a limit": (
        lambda ann: ann.stop(
            side=SELL, stop_ticks=980, lots=4, limit_ticks=975, tenor=2, time_in_force=TimeInForce.GTC
        ),
        {"order_id": 1, "month": 32, "kind": MessageKind.STOP_LIMIT, "side": -1, "lots": 4, "stop_ticks": 980,
         "price_ticks": 975, "time_in_force": 1},
    ),
    "modify": (
        lambda ann: ann.modify(77, 991, 2),
        {"order_id": 77, "month": 30, "kind": MessageKind.MODIFY, "price_ticks": 991, "lots": 2},
    ),
    "quote": (
        lambda ann: ann.quote(
            bid_ticks=990, bid_lots=5, ask_ticks=1_010, ask_lots=6, tenor=1, post_only=True
        ),
        {"order_id": 1, "month": 31, "kind": MessageKind.QUOTE, "price_ticks": 990, "lots": 5,
         "ask_ticks": 1_010, "ask_lots": 6, "post_only": 1},
    ),
    "cancel": (
        lambda ann: ann.cancel(77), {"order_id": 77, "month": 30, "kind": MessageKind.CANCEL},
    ),
    "cancel all of a month": (
        lambda ann: ann.cancel_all(tenor=2), {"order_id": 1, "month": 32, "kind": MessageKind.CANCEL_ALL},
    ),
    "cancel all of a spread": (
        lambda ann: ann.cancel_all(tenor=0, far_tenor=1),
        {"order_id": 1, "month": 30, "kind": MessageKind.CANCEL_ALL, "spread_months": 1},
    ),
    "cancel all": (
        lambda ann: ann.cancel_all(),
        {"order_id": 1, "month": ALL_MONTHS, "kind": MessageKind.CANCEL_ALL},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_reaches_the_batch_as_the_agent_said_it(floor, name):
    send, expected = MESSAGES[name]
    send(floor.ann)
    assert said(floor) == {field: value for field, value in expected.items() if value != 0}


def test_the_exchange_accepts_every_kind_and_the_agent_knows_its_orders(floor):
    ann = floor.ann
    bid = ann.limit(side=BUY, price_ticks=990, lots=10, display_lots=4, expiry_days=0)
    stop = ann.stop(side=BUY, stop_ticks=1_020, lots=4)
    spread = ann.limit(side=BUY, price_ticks=-7, lots=3, far_tenor=1, time_in_force=TimeInForce.GTC)
    quote = ann.quote(bid_ticks=985, bid_lots=5, ask_ticks=1_010, ask_lots=6, tenor=1)
    ann.modify(bid, 991, 8)
    ann.cancel(stop)
    assert floor.reasons() == [RejectReason.NONE] * 6
    floor.bob.limit(side=SELL, price_ticks=991, lots=2, time_in_force=TimeInForce.IOC, minimum_lots=2)
    assert floor.reasons() == [RejectReason.NONE]
    own = ann.open_orders()
    assert own.dtype == RESTING_DTYPE
    assert own[["order_id", "month", "side", "price_ticks", "lots", "hidden_lots"]].tolist() == [
        (bid, 30, 1, 991, 2, 4),
        (quote, 31, 1, 985, 5, 0),
        (quote + 1, 31, -1, 1_010, 6, 0),
        (spread, 30, 1, -7, 3, 0),
    ]
    assert own["expiry_day"].tolist() == [DAY, 0, 0, 0]
    assert len(floor.bob.open_orders()) == 0


def test_an_agent_gets_the_scenarios_self_match_instruction_unless_it_gives_its_own():
    floor = Floor(self_match=SelfMatch.CANCEL_AGGRESSOR)
    resting = floor.ann.limit(side=BUY, price_ticks=990, lots=1)
    floor.ann.limit(side=SELL, price_ticks=990, lots=1)
    floor.match()
    assert floor.ann.open_orders()["order_id"].tolist() == [resting]
    replacing = floor.ann.limit(side=SELL, price_ticks=990, lots=1, self_match=SelfMatch.CANCEL_RESTING)
    floor.match()
    assert floor.ann.open_orders()["order_id"].tolist() == [replacing]


def limit(**terms):
    return lambda ann: ann.limit(**{"side": BUY, "price_ticks": 990, "lots": 3} | terms)


def market(**terms):
    return lambda ann: ann.market(**{"side": BUY, "lots": 3} | terms)


def stop(**terms):
    return lambda ann: ann.stop(**{"side": BUY, "stop_ticks": 1_020, "lots": 3} | terms)


def quote(**terms):
    both = {"bid_ticks": 990, "bid_lots": 3, "ask_ticks": 1_010, "ask_lots": 3}
    return lambda ann: ann.quote(**both | terms)


def cancel(order_id):
    return lambda ann: ann.cancel(order_id)


def modify(order_id):
    return lambda ann: ann.modify(order_id, 990, 1)


def cancel_all(*tenors):
    return lambda ann: ann.cancel_all(*tenors)


R = RejectReason
BID_AND_ASK_TICKS, BID_AND_ASK_LOTS = ("bid_ticks", "ask_ticks"), ("bid_lots", "ask_lots")
REFUSED = [
    *((limit(price_ticks=price), R.PRICE_MISSING) for price in (NAN, INF, -INF, None, NO_PRICE)),
    (limit(price_ticks=np.float32("nan")), R.PRICE_MISSING),
    (limit(price_ticks=np.float16(1_500)), R.PRICE_LIMIT),
    (limit(lots=np.int8(-128)), R.QUANTITY_NOT_POSITIVE),
    *((limit(price_ticks=price), R.PRICE_LIMIT) for price in (2**63, -(2**63) - 1, 1e300, -HUGE, 0, 1_101)),
    (limit(price_ticks=Fraction(HUGE)), R.PRICE_LIMIT),
    *((limit(lots=lots), R.QUANTITY_NOT_POSITIVE) for lots in (NAN, -INF, 0, -3, -HUGE)),
    *((limit(lots=lots), R.QUANTITY_TOO_LARGE) for lots in (INF, 1_001, 2**64, 1e30, HUGE)),
    *((limit(display_lots=lots), R.DISPLAY_NOT_VALID) for lots in (NAN, INF, -1, 4, 2**32, HUGE)),
    *((limit(minimum_lots=lots), R.MINIMUM_NOT_VALID) for lots in (NAN, INF, -1, 4, 2**32, HUGE)),
    *((limit(tenor=tenor), R.MONTH_NOT_LISTED) for tenor in (NAN, INF, -1, 3, -FRONT - 1, 2**32, -HUGE)),
    *((limit(far_tenor=tenor), R.SPREAD_NOT_LISTED) for tenor in (NAN, INF, -1, 0, 2, 256, 257, HUGE)),
    *((limit(side=side), R.UNKNOWN_SIDE) for side in (NAN, INF, 0, 2, 257, -HUGE)),
    *((limit(time_in_force=life), R.UNKNOWN_TIME_IN_FORCE) for life in (NAN, INF, -1, 5, 256, HUGE)),
    *((limit(self_match=code), R.UNKNOWN_SELF_MATCH_MODE) for code in (NAN, INF, -1, 3, -128, -INF, HUGE)),
    *((limit(expiry_days=days), R.EXPIRY_DAY_PAST) for days in (NAN, -INF, -1, -DAY, -HUGE)),
    (limit(time_in_force=TimeInForce.GTD), R.EXPIRY_DAY_PAST),
    *((market(lots=lots), R.QUANTITY_NOT_POSITIVE) for lots in (NAN, 0)),
    (market(minimum_lots=NAN), R.MINIMUM_NOT_VALID),
    *((stop(stop_ticks=price), R.PRICE_MISSING) for price in (NAN, INF, None)),
    *((stop(stop_ticks=price), R.PRICE_LIMIT) for price in (HUGE, 1e300)),
    (stop(limit_ticks=NAN), R.PRICE_MISSING),
    (stop(limit_ticks=2**70), R.PRICE_LIMIT),
    *((quote(**{side: price}), R.PRICE_MISSING) for side in BID_AND_ASK_TICKS for price in (NAN, INF, None)),
    (quote(bid_ticks=-HUGE, ask_lots=0), R.PRICE_LIMIT),
    *((quote(**{side: lots}), R.QUANTITY_NOT_POSITIVE) for side in BID_AND_ASK_LOTS for lots in (NAN, -1)),
    *((quote(**{side: lots}), R.QUANTITY_TOO_LARGE) for side in BID_AND_ASK_LOTS for lots in (INF, HUGE)),
    *((cancel(named), R.ORDER_NOT_FOUND) for named in (NAN, INF, 0, -1, 2**63, HUGE)),
    *((modify(named), R.ORDER_NOT_FOUND) for named in (NAN, 0, HUGE)),
    *((cancel_all(tenor), R.MONTH_NOT_LISTED) for tenor in (NAN, -1, -FRONT - 1, 3, HUGE)),
    (cancel_all(1, 1), R.SPREAD_NOT_LISTED),
]  # fmt: skip


@pytest.mark.parametrize(("send", "reason"), REFUSED)
def test_a_value_that_no_order_can_have_is_refused_with_a_reason_and_changes_nothing(floor, send, reason):
    resting = floor.ann.limit(side=BUY, price_ticks=980, lots=5)
    floor.match()
    before = digest_of(floor.exchange)
    send(floor.ann)
    assert floor.reasons() == [reason]
    assert digest_of(floor.exchange) == before
    assert floor.ann.open_orders()["order_id"].tolist() == [resting]


@pytest.mark.parametrize("price", [NAN, 2**63, -HUGE])
def test_a_modification_to_a_price_that_no_order_can_have_leaves_the_order_as_it_was(floor, price):
    resting = floor.ann.limit(side=BUY, price_ticks=980, lots=5)
    floor.match()
    before = digest_of(floor.exchange)
    floor.ann.modify(resting, price, 5)
    assert floor.reasons() == [R.PRICE_MISSING if price != price else R.PRICE_LIMIT]
    assert digest_of(floor.exchange) == before


def digest_of(exchange):
    digest = hashlib.sha256()
    exchange.update_digest(digest)
    return digest.hexdigest()


@pytest.mark.parametrize(
    ("send", "message"),
    [
        (limit(price_ticks=990.5), "Hand: price_ticks 990.5 is not a whole number"),
        (limit(lots=2.5), "Hand: lots 2.5 is not a whole number"),
        (limit(lots=np.float32(2.5)), "Hand: lots 2.5 is not a whole number"),
        (limit(lots=Fraction(5, 2)), "Hand: lots 5/2 is not a whole number"),
        (limit(lots="3"), "Hand: lots '3' is not a number"),
        (limit(lots=None), "Hand: lots None is not a number"),
        (limit(price_ticks=np.array([990, 991])), r"Hand: price_ticks array\(\[990, 991\]\) is not a number"),
        (limit(price_ticks=1j), "Hand: price_ticks 1j is not a number"),
        (limit(display_lots=0.5), "Hand: display_lots 0.5 is not a whole number"),
        (limit(minimum_lots=0.5), "Hand: minimum_lots 0.5 is not a whole number"),
        (limit(tenor=0.5), "Hand: tenor 0.5 is not a whole number"),
        (limit(far_tenor=1.5), "Hand: far_tenor 1.5 is not a whole number"),
        (limit(expiry_days=1.5), "Hand: expiry_days 1.5 is not a whole number"),
        (limit(side="buy"), "Hand: side 'buy' is not a number"),
        (stop(stop_ticks=990.5), "Hand: stop_ticks 990.5 is not a whole number"),
        (stop(limit_ticks=990.5), "Hand: limit_ticks 990.5 is not a whole number"),
        (quote(bid_ticks=990.5), "Hand: bid_ticks 990.5 is not a whole number"),
        (quote(ask_lots=0.5), "Hand: ask_lots 0.5 is not a whole number"),
        (lambda ann: ann.modify(1, 990, 0.5), "Hand: lots 0.5 is not a whole number"),
        (lambda ann: ann.cancel(None), "Hand: order_id None is not a number"),
        (lambda ann: ann.cancel_all(0.5), "Hand: tenor 0.5 is not a whole number"),
    ],
)
def test_a_price_or_quantity_that_is_not_whole_names_the_agents_class_the_field_and_the_value(
    floor, send, message
):
    with pytest.raises(ParameterError, match=f"^{message}$"):
        send(floor.ann)
    assert floor.outbox.count == 0


def test_a_quote_withdraws_a_side_whatever_its_price(floor):
    floor.ann.quote(bid_ticks=990, bid_lots=3, ask_ticks=1_010, ask_lots=3)
    floor.match()
    floor.ann.quote(bid_ticks=None, bid_lots=0, ask_ticks=1_010, ask_lots=3)
    assert floor.reasons() == [R.NONE]
    assert floor.ann.open_orders()[["side", "price_ticks"]].tolist() == [(SELL, 1_010)]
