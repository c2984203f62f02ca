"""Two-sided quotes: replaced as a whole, one side refused, place kept."""

from __future__ import annotations

import numpy as np
import pytest
from book_text import AUCTION, HALT, Desk, book_from, text

from abm.core.orders import NO_PRICE, MessageKind, SelfMatch


def live_quote(desk: Desk, account: int) -> list[list[int]]:
    """Return lots and prices of an account's bid and ask in the front month."""
    quotes = desk.exchange.own_quotes(account, 1)
    assert np.array_equal(quotes.lots == 0, quotes.price_ticks == NO_PRICE)
    return [quotes.lots[0, 0].tolist(), quotes.price_ticks[0, 0].tolist()]


def test_a_quote_is_a_bid_and_an_ask_with_two_ids(engine):
    desk = Desk(engine)
    assert desk.quote("A", (5, 99), (6, 101), order_id=40) == ["A rests 11"]
    assert desk.book() == text("| 101 | A 6\n A 5 | 99 |")
    assert desk.exchange.open_orders(0)["order_id"].tolist() == [40, 41]
    assert set(desk.exchange.open_orders(0)["kind"].tolist()) == {int(MessageKind.QUOTE)}
    assert live_quote(desk, 0) == [[5, 6], [99, 101]]
    assert live_quote(desk, 1) == [[0, 0], [NO_PRICE, NO_PRICE]]


def test_a_new_quote_replaces_both_sides(engine):
    desk = Desk(engine)
    desk.quote("A", (5, 99), (6, 101))
    assert desk.quote("A", (5, 98), (7, 101)) == [
        "A lost 5: QUOTE_REPLACED",
        "A lost 6: QUOTE_REPLACED",
        "A rests 12",
    ]
    assert desk.book() == text("| 101 | A 7\n A 5 | 98 |")


def test_a_side_with_its_price_and_not_more_lots_keeps_place_and_id(engine):
    desk = Desk(engine)
    desk.quote("A", (5, 99), (6, 101), order_id=40)
    desk.buy("B", 1, 99)
    desk.sell("B", 1, 101)
    assert desk.quote("A", (3, 99), (6, 101), order_id=50) == ["A lost 2: QUOTE_REPLACED", "A rests 9"]
    assert desk.book() == text("| 101 | A 6, B 1\n A 3, B 1 | 99 |")
    assert desk.exchange.open_orders(0)["order_id"].tolist() == [40, 41]
    assert desk.quote("A", (4, 99), (2, 102), order_id=60) == [
        "A lost 3: QUOTE_REPLACED",
        "A lost 6: QUOTE_REPLACED",
        "A rests 6",
    ]
    assert desk.book() == text("| 102 | A 2\n | 101 | B 1\n B 1, A 4 | 99 |")
    assert desk.exchange.open_orders(0)["order_id"].tolist() == [60, 61]


def test_a_partly_filled_side_is_measured_by_what_remains(engine):
    desk = Desk(engine)
    desk.quote("A", (5, 99), None)
    desk.sell("B", 2, 99)
    desk.buy("C", 1, 99)
    assert desk.quote("A", (3, 99), None) == ["A rests 3"]
    assert desk.quote("A", (4, 99), None) == ["A lost 3: QUOTE_REPLACED", "A rests 4"]
    assert desk.book() == text("C 1, A 4 | 99 |")


def test_a_side_without_lots_is_withdrawn(engine):
    desk = Desk(engine)
    desk.quote("A", (5, 99), (6, 101))
    assert desk.quote("A", None, (6, 101)) == ["A lost 5: QUOTE_REPLACED", "A rests 6"]
    assert desk.quote("A", None, None) == ["A lost 6: QUOTE_REPLACED"]
    assert desk.quote("A", None, None) == []
    assert desk.book() == ""


def test_other_orders_and_other_months_are_not_touched(engine):
    desk = Desk(engine, n_slots=2)
    desk.buy("A", 1, 97)
    desk.quote("A", (5, 99), None)
    desk.quote("A", (5, 99), None, month=1)
    assert desk.quote("A", (2, 98), None) == ["A lost 5: QUOTE_REPLACED", "A rests 2"]
    assert desk.book() == text("A 2 | 98 |\n A 1 | 97 |")
    assert desk.book(1) == text("A 5 | 99 |")


def test_the_bid_enters_before_the_ask_and_both_may_trade(engine):
    desk = book_from(engine, "| 100 | B 2\n")
    desk.buy("C", 3, 98)
    assert desk.quote("A", (5, 100), (6, 101)) == ["A bought 2 from B at 100", "A rests 9"]
    assert desk.quote("A", (1, 97), (6, 98)) == [
        "C bought 3 from A at 98",
        "A lost 3: QUOTE_REPLACED",
        "A lost 6: QUOTE_REPLACED",
        "A rests 4",
    ]
    assert desk.book() == text("| 98 | A 3\n A 1 | 97 |")


@pytest.mark.parametrize(
    ("bid", "ask", "terms", "reason"),
    [
        ((5, 99), (6, 101), {"month": 5, "spread_months": 1}, "MONTH_NOT_LISTED"),
        ((5, 99), (6, 101), {"spread_months": 1}, "SPREAD_NOT_LISTED"),
        ((-1, 99), (6, 101), {"self_match": 3}, "UNKNOWN_SELF_MATCH_MODE"),
        ((-1, 99), (200_000, 101), {}, "QUANTITY_NOT_POSITIVE"),
        ((5, 99), (-1, 101), {}, "QUANTITY_NOT_POSITIVE"),
        ((5, 99), (200_000, NO_PRICE), {}, "QUANTITY_TOO_LARGE"),
        ((5, NO_PRICE), (6, 101), {}, "PRICE_MISSING"),
        ((5, 99), (6, NO_PRICE), {}, "PRICE_MISSING"),
        ((5, 101), (6, 101), {"order_id": 1}, "QUOTE_CROSSED"),
        ((5, 102), (6, 101), {}, "QUOTE_CROSSED"),
        ((5, 99), (6, 101), {"order_id": 1}, "DUPLICATE_ORDER_ID"),
        ((5, 99), (6, 101), {"order_id": 0}, "DUPLICATE_ORDER_ID"),
        ((5, 99), None, {"order_id": 3}, "DUPLICATE_ORDER_ID"),
    ],
)
def test_a_faulty_quote_is_refused_whole_and_the_old_one_stays(engine, bid, ask, terms, reason):
    desk = Desk(engine)
    desk.buy("B", 1, 50)
    desk.quote("A", (5, 98), (5, 102), order_id=2)
    assert desk.quote("A", bid, ask, **terms) == [f"refused: {reason}"]
    assert live_quote(desk, 0) == [[5, 5], [98, 102]]


def test_an_id_that_no_side_takes_is_not_looked_at(engine):
    desk = Desk(engine)
    desk.buy("B", 1, 50)
    assert desk.quote("A", None, (6, 101), order_id=1) == ["A rests 6"]
    assert desk.quote("A", (5, 98), (5, 102), order_id=1) == ["refused: DUPLICATE_ORDER_ID"]
    assert desk.quote("A", None, (5, 102), order_id=1) == ["A lost 6: QUOTE_REPLACED", "A rests 5"]


def test_a_refused_side_leaves_its_side_empty_and_the_other_enters(engine):
    desk = book_from(engine, "| 101 | B 3")
    desk.quote("A", (5, 98), (5, 105))
    assert desk.quote("A", (5, 101), (6, 104), post_only=1) == [
        "A lost 5: QUOTE_REPLACED",
        "A lost 5: QUOTE_REPLACED",
        "refused: POST_ONLY_WOULD_TAKE",
        "A rests 6",
    ]
    assert desk.book() == text("| 104 | A 6\n | 101 | B 3")


@pytest.mark.parametrize(
    ("bid", "ask", "reason"),
    [
        ((5, 0), (5, 110), "PRICE_LIMIT"),
        ((5, 90), (5, 201), "PRICE_LIMIT"),
        ((5, 0), (25, 110), "PRICE_LIMIT"),
        ((5, 90), (5, 79), "QUOTE_CROSSED"),
        ((25, 90), (5, 110), "POSITION_LIMIT"),
        ((12, 90), (5, 110), "INSUFFICIENT_MARGIN"),
        ((12, 90), (5, 201), "INSUFFICIENT_MARGIN"),
        ((5, 121), (5, 122), "PRICE_BAND"),
    ],
)
def test_the_first_refused_side_names_the_reason(engine, bid, ask, reason):
    desk = Desk(engine, band=20, reference=100)
    desk.load_risk({"A": 1_000}, 100, limit=20)
    assert desk.quote("A", bid, ask)[0] == f"refused: {reason}"


def test_the_old_quote_is_gone_before_the_margin_check(engine):
    """ "Before" is without the old quote: a side that was fine yesterday may be refused."""
    desk = Desk(engine)
    desk.quote("A", (5, 98), None)
    desk.load_risk({"A": 0}, 100)
    assert desk.quote("A", (4, 98), None) == ["A lost 1: QUOTE_REPLACED", "A rests 4"]
    assert desk.quote("A", (4, 97), None) == ["A lost 4: QUOTE_REPLACED", "refused: INSUFFICIENT_MARGIN"]


def test_a_quote_is_never_a_close_out_order(engine):
    desk = Desk(engine)
    desk.load_risk({"A": 0}, 100, suspended="B")
    assert desk.quote("A", (4, 97), None, close_out=1) == ["refused: INSUFFICIENT_MARGIN"]
    assert desk.quote("B", (4, 97), None, close_out=1) == ["refused: ACCOUNT_SUSPENDED"]


def test_a_quote_in_a_halt_is_refused_and_in_an_auction_waits(engine):
    desk = book_from(engine, "| 101 | B 3")
    desk.phase(HALT)
    assert desk.quote("A", (5, 99), (5, 103)) == ["refused: MONTH_HALTED"]
    desk.phase(AUCTION)
    assert desk.quote("A", (5, 102), (5, 103), post_only=1) == ["A rests 10"]
    assert desk.uncross() == ["A bought 3 from B at 101"]


def test_when_the_bid_interrupts_trading_the_ask_enters_the_auction(engine):
    desk = book_from(engine, "| 111 | B 3\n C 2 | 110 |", interruption=10, reference=100)
    assert desk.quote("A", (5, 112), (5, 113)) == ["A rests 10"]
    assert desk.exchange.phases.tolist() == [AUCTION]
    assert desk.uncross() == ["A bought 3 from B at 111"]


def test_each_side_is_measured_from_the_last_trade_when_it_enters(engine):
    desk = book_from(engine, "| 108 | B 1\n C 1 | 97 |", interruption=10, reference=100)
    assert desk.quote("A", (1, 108), (1, 109)) == ["A bought 1 from B at 108", "A rests 1"]
    assert desk.sell("D", 1, 97) == ["D rests 1 at 97"], "97 is 11 ticks from 108"
    assert desk.exchange.phases.tolist() == [AUCTION]


def test_a_quote_side_reduced_in_place_stays_a_quote_and_another_price_makes_it_a_limit_order(engine):
    desk = Desk(engine)
    desk.quote("A", (5, 99), (6, 101), order_id=40)
    assert desk.modify("A", 40, 4, 99) == ["A lost 1: MODIFIED", "A rests 4 at 99"]
    assert live_quote(desk, 0)[0] == [4, 6]
    assert desk.modify("A", 40, 4, 98) == ["A lost 4: MODIFIED", "A rests 4 at 98"]
    assert live_quote(desk, 0)[0] == [0, 6]
    assert desk.quote("A", (1, 97), (6, 101), order_id=60) == ["A rests 7"]
    assert desk.book() == text("| 101 | A 6\n A 4 | 98 |\n A 1 | 97 |")


def test_quotes_prevent_self_matches_as_told_and_end_with_the_day(engine):
    desk = book_from(engine, "| 101 | A 3")
    mode = SelfMatch.CANCEL_AGGRESSOR
    assert desk.quote("A", (5, 101), (5, 102), self_match=mode) == ["A lost 5: SELF_MATCH", "A rests 5"]
    assert desk.quote("A", (5, 101), (5, 103)) == [
        "A lost 5: QUOTE_REPLACED",
        "A lost 3: SELF_MATCH",
        "A rests 10",
    ]
    assert desk.exchange.close_day()["lots"].tolist() == [5, 5]
