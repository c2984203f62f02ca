"""Invariant 14: no account trades with itself, and only the side that was told gives way."""

from __future__ import annotations

import pytest
from book_text import AUCTION, Desk, book_from, text

from abm.core.orders import SelfMatch, TimeInForce

CANCEL_RESTING, CANCEL_AGGRESSOR, CANCEL_BOTH = SelfMatch
TABLE = "| 102 | C 9\n | 101 | B 2, A 3, C 1, A 4"


def test_cancel_resting_removes_own_orders_as_they_come_next(engine):
    desk = book_from(engine, TABLE)
    assert desk.buy("A", 4, 102, self_match=CANCEL_RESTING) == [
        "A bought 2 from B at 101",
        "A bought 1 from C at 101",
        "A bought 1 from C at 102",
        "A lost 3: SELF_MATCH",
        "A lost 4: SELF_MATCH",
    ]


def test_an_own_order_behind_the_last_fill_stays(engine):
    desk = book_from(engine, TABLE)
    assert desk.buy("A", 2, 102) == ["A bought 2 from B at 101"]
    assert desk.buy("A", 1, 102) == ["A bought 1 from C at 101", "A lost 3: SELF_MATCH"]
    assert desk.book() == text("| 102 | C 9\n | 101 | A 4")


def test_cancel_aggressor_stops_at_the_first_own_order(engine):
    desk = book_from(engine, TABLE)
    assert desk.buy("A", 4, 102, self_match=CANCEL_AGGRESSOR) == [
        "A bought 2 from B at 101",
        "A lost 2: SELF_MATCH",
    ]
    assert desk.book() == text("| 102 | C 9\n | 101 | A 3, C 1, A 4")


def test_cancel_both_takes_the_first_own_order_and_the_rest_of_the_aggressor(engine):
    desk = book_from(engine, TABLE)
    assert desk.buy("A", 4, 102, self_match=CANCEL_BOTH) == [
        "A bought 2 from B at 101",
        "A lost 3: SELF_MATCH",
        "A lost 2: SELF_MATCH",
    ]
    assert desk.book() == text("| 102 | C 9\n | 101 | C 1, A 4")


def test_hidden_lots_go_with_the_resting_order(engine):
    desk = book_from(engine, "| 101 | A 2+5")
    assert desk.buy("A", 1, 101) == ["A lost 7: SELF_MATCH", "A rests 1 at 101"]


@pytest.mark.parametrize("mode", [-1, 3])
def test_an_unknown_instruction_is_refused(engine, mode):
    assert Desk(engine).buy("A", 1, 101, self_match=mode) == ["refused: UNKNOWN_SELF_MATCH_MODE"]


@pytest.mark.parametrize(
    ("mode", "events", "book"),
    [
        (
            CANCEL_RESTING,
            ["A lost 2: SELF_MATCH", "A lost 3: SELF_MATCH", "A lost 1: SELF_MATCH", "A rests 5 at 102"],
            "| 103 | A 9\n A 5 | 102 |\n | 101 | B 2\n | 100 | C 1",
        ),
        (
            CANCEL_AGGRESSOR,
            ["A lost 5: SELF_MATCH"],
            "| 103 | A 9\n | 102 | A 1\n | 101 | B 2, A 3\n | 100 | A 2, C 1",
        ),
        (
            CANCEL_BOTH,
            ["A lost 2: SELF_MATCH", "A lost 5: SELF_MATCH"],
            "| 103 | A 9\n | 102 | A 1\n | 101 | B 2, A 3\n | 100 | C 1",
        ),
    ],
)
def test_in_an_auction_crossing_orders_of_one_account_never_rest(engine, mode, events, book):
    desk = book_from(engine, "| 103 | A 9\n | 102 | A 1\n | 101 | B 2, A 3\n | 100 | A 2, C 1")
    desk.phase(AUCTION)
    assert desk.buy("A", 5, 102, self_match=mode) == events
    assert desk.book() == text(book)


def test_a_market_order_in_an_auction_reaches_all_own_orders(engine):
    desk = Desk(engine)
    desk.phase(AUCTION)
    desk.buy("A", 1, 1)
    desk.stop_buy("A", 1, 150)
    assert desk.market_sell("A", 5) == ["A lost 1: SELF_MATCH", "A rests 5 at 1"]
    assert desk.market_buy("A", 4, self_match=CANCEL_AGGRESSOR) == ["A lost 4: SELF_MATCH"]


@pytest.mark.parametrize("life", [TimeInForce.IOC, TimeInForce.FOK, TimeInForce.GTC])
def test_orders_of_every_life_follow_the_instruction(engine, life):
    desk = book_from(engine, "| 102 | A 4\n | 101 | B 2")
    assert desk.buy("A", 2, 102, time_in_force=life, self_match=CANCEL_AGGRESSOR) == [
        "A bought 2 from B at 101"
    ]
    if life is TimeInForce.FOK:
        assert desk.buy("A", 1, 102, time_in_force=life, self_match=CANCEL_AGGRESSOR) == [
            "refused: FOK_NOT_FILLABLE"
        ]
    else:
        assert desk.buy("A", 1, 102, time_in_force=life, self_match=CANCEL_AGGRESSOR) == [
            "A lost 1: SELF_MATCH"
        ]
    assert desk.book() == text("| 102 | A 4")
