"""Orders that show a part of themselves, and orders that must fill at once."""

from __future__ import annotations

import pytest
from book_text import AUCTION, Desk, book_from, text

from abm.core.orders import MessageKind, SelfMatch, TimeInForce

IOC, FOK = TimeInForce.IOC, TimeInForce.FOK


def test_an_iceberg_shows_its_display_and_hides_the_rest(engine):
    desk = Desk(engine)
    assert desk.buy("A", 10, 99, display_lots=3) == ["A rests 10 at 99"]
    assert desk.book() == text("A 3+7 | 99 |")
    top = desk.exchange.top_of_book()
    assert (top.best_bid_ticks[0], top.bid_lots[0]) == (99, 3)
    assert desk.exchange.depth(0, 1)[1].tolist() == [3]
    assert desk.exchange.open_order_lots[0, 0].tolist() == [10, 0]


def test_a_filled_tip_refills_behind_the_others_of_its_price(engine):
    desk = book_from(engine, "A 3+4, B 2 | 99 |")
    assert desk.sell("C", 2, 99) == ["A bought 2 from C at 99"]
    assert desk.book() == text("A 1+4, B 2 | 99 |"), "no refill before the tip is gone"
    assert desk.sell("C", 1, 99) == ["A bought 1 from C at 99"]
    assert desk.book() == text("B 2, A 3+1 | 99 |")
    assert desk.sell("C", 9, 99) == [
        "B bought 2 from C at 99",
        "A bought 3 from C at 99",
        "A bought 1 from C at 99",
        "C rests 3 at 99",
    ]


def test_two_icebergs_take_turns(engine):
    desk = book_from(engine, "| 101 | A 2+3, B 3+3")
    assert desk.buy("C", 9, 101) == [
        "C bought 2 from A at 101",
        "C bought 3 from B at 101",
        "C bought 2 from A at 101",
        "C bought 2 from B at 101",
    ]
    assert desk.book() == text("| 101 | B 1, A 1")


def test_an_entering_iceberg_trades_with_all_its_lots_and_shows_what_is_left(engine):
    desk = book_from(engine, "| 101 | B 4")
    assert desk.buy("A", 9, 101, display_lots=2) == ["A bought 4 from B at 101", "A rests 5 at 101"]
    assert desk.book() == text("A 2+3 | 101 |")
    desk.buy("C", 1, 101)
    assert desk.buy("A", 4, 100, display_lots=4) == ["A rests 4 at 100"]
    assert desk.book() == text("A 2+3, C 1 | 101 |\n A 4 | 100 |")


def test_a_market_order_that_is_an_iceberg_is_just_a_market_order(engine):
    desk = book_from(engine, "| 101 | B 4")
    assert desk.market_buy("A", 5, display_lots=1) == ["A bought 4 from B at 101", "A lost 1: IOC_REMAINDER"]


@pytest.mark.parametrize("display", [-1, 6])
def test_a_display_lies_between_nothing_and_the_order(engine, display):
    assert Desk(engine).buy("A", 5, 99, display_lots=display) == ["refused: DISPLAY_NOT_VALID"]


def test_a_cancelled_iceberg_loses_its_hidden_lots_too(engine):
    desk = book_from(engine, "A 3+4 | 99 |")
    assert desk.cancel("A", 1) == ["A lost 7: USER"]


def test_hidden_lots_count_for_margin(engine):
    desk = Desk(engine)
    desk.load_risk({"A": 500}, 100)
    assert desk.buy("A", 6, 99, display_lots=1) == ["refused: INSUFFICIENT_MARGIN"]
    assert desk.buy("A", 5, 99, display_lots=1) == ["A rests 5 at 99"]


def test_hidden_lots_count_for_orders_that_must_fill(engine):
    desk = book_from(engine, "| 101 | B 2+5, C 1")
    assert desk.buy("A", 9, 101, time_in_force=FOK) == ["refused: FOK_NOT_FILLABLE"]
    assert desk.buy("A", 8, 101, time_in_force=FOK) == [
        "A bought 2 from B at 101",
        "A bought 1 from C at 101",
        "A bought 2 from B at 101",
        "A bought 2 from B at 101",
        "A bought 1 from B at 101",
    ]


def test_a_minimum_fills_at_once_or_the_order_is_refused(engine):
    desk = book_from(engine, "| 103 | C 9\n | 101 | B 4")
    assert desk.buy("A", 9, 101, minimum_lots=5) == ["refused: MINIMUM_NOT_FILLABLE"]
    assert desk.buy("A", 9, 101, minimum_lots=4) == ["A bought 4 from B at 101", "A rests 5 at 101"]
    assert desk.buy("A", 20, 103, minimum_lots=9, time_in_force=IOC) == [
        "A bought 9 from C at 103",
        "A lost 11: IOC_REMAINDER",
    ]


def test_a_market_order_may_have_a_minimum(engine):
    desk = book_from(engine, "| 108 | C 9\n | 101 | B 4", protection=5)
    assert desk.market_buy("A", 9, minimum_lots=5) == ["refused: MINIMUM_NOT_FILLABLE"]
    assert desk.market_buy("A", 9, minimum_lots=4) == ["A bought 4 from B at 101", "A lost 5: IOC_REMAINDER"]


@pytest.mark.parametrize("minimum", [-1, 6])
def test_a_minimum_lies_between_nothing_and_the_order(engine, minimum):
    assert Desk(engine).buy("A", 5, 99, minimum_lots=minimum) == ["refused: MINIMUM_NOT_VALID"]


@pytest.mark.parametrize(
    ("mode", "fillable"),
    [(SelfMatch.CANCEL_RESTING, 14), (SelfMatch.CANCEL_AGGRESSOR, 6), (SelfMatch.CANCEL_BOTH, 6)],
)
def test_lots_behind_an_own_order_are_out_of_reach_unless_it_gives_way(engine, mode, fillable):
    """FIFO: full levels before it, hidden lots too; at its own price only what shows ahead of it."""
    table = "| 103 | E 3\n | 102 | B 1+2, A 4, C 3\n | 101 | D 2+3"
    desk = book_from(engine, table)
    terms = {"time_in_force": FOK, "self_match": mode}
    assert desk.buy("A", fillable + 1, 103, **terms) == ["refused: FOK_NOT_FILLABLE"]
    events = desk.buy("A", fillable, 103, **terms)
    bought = sum(int(event.split()[2]) for event in events if "bought" in event)
    assert bought == fillable
    assert not any("rests" in event for event in events)


def test_fok_does_not_count_lots_beyond_the_interruption_range(engine):
    desk = book_from(engine, "| 112 | B 5\n | 109 | C 5", interruption=10, reference=100)
    assert desk.buy("A", 6, 120, time_in_force=FOK) == ["refused: FOK_NOT_FILLABLE"]
    assert desk.buy("A", 6, 120, minimum_lots=6) == ["refused: MINIMUM_NOT_FILLABLE"]
    assert desk.exchange.phases.tolist() == [0]
    assert desk.buy("A", 5, 120, time_in_force=FOK) == ["A bought 5 from C at 109"]


@pytest.mark.parametrize(
    "terms",
    [
        {"time_in_force": FOK},
        {"minimum_lots": 1},
        {"time_in_force": IOC},
        {"time_in_force": FOK, "kind": int(MessageKind.MARKET)},
        {"minimum_lots": 1, "kind": int(MessageKind.MARKET)},
    ],
)
def test_orders_that_must_trade_at_once_cannot_enter_an_auction(engine, terms):
    desk = Desk(engine)
    desk.phase(AUCTION)
    assert desk.send("A", 1, 5, 99, **terms) == ["refused: NOT_IN_AUCTION"]


def test_an_ioc_market_order_may_wait_for_an_auction(engine):
    desk = Desk(engine)
    desk.phase(AUCTION)
    assert desk.market_buy("A", 5, time_in_force=IOC) == ["A rests 5 at 200"]
