"""Modified orders: what keeps its place in the queue, what enters anew, what is checked again."""

from __future__ import annotations

import pytest
from book_text import AUCTION, Desk, book_from, text

from abm.core.orders import MessageKind, SelfMatch, TimeInForce

GTC, GTD = TimeInForce.GTC, TimeInForce.GTD


def test_fewer_lots_at_the_same_price_keep_the_place_in_the_queue(engine):
    desk = book_from(engine, "A 5, B 2 | 99 |")
    assert desk.modify("A", 1, 3, 99) == ["A lost 2: MODIFIED", "A rests 3 at 99"]
    assert desk.book() == text("A 3, B 2 | 99 |")
    assert desk.modify("A", 1, 3, 99) == ["A rests 3 at 99"]
    assert desk.sell("C", 4, 99) == ["A bought 3 from C at 99", "B bought 1 from C at 99"]


def test_more_lots_lose_the_place(engine):
    desk = book_from(engine, "A 5, B 2 | 99 |")
    assert desk.modify("A", 1, 6, 99) == ["A lost 5: MODIFIED", "A rests 6 at 99"]
    assert desk.book() == text("B 2, A 6 | 99 |")


def test_another_price_loses_the_place_and_may_trade(engine):
    desk = book_from(engine, "| 102 | C 3\n A 5, B 2 | 99 |")
    assert desk.modify("A", 2, 5, 98) == ["A lost 5: MODIFIED", "A rests 5 at 98"]
    assert desk.modify("A", 2, 4, 102) == [
        "A bought 3 from C at 102",
        "A lost 5: MODIFIED",
        "A rests 1 at 102",
    ]
    assert desk.cancel("A", 2) == ["A lost 1: USER"], "it keeps its id"


def test_only_the_owner_modifies_an_order_that_rests(engine):
    desk = book_from(engine, "A 5 | 99 |")
    assert desk.modify("B", 1, 3, 99) == ["refused: ORDER_NOT_FOUND"]
    assert desk.modify("A", 7, 3, 99) == ["refused: ORDER_NOT_FOUND"]


def test_stops_and_waiting_market_orders_cannot_be_modified(engine):
    desk = Desk(engine)
    desk.stop_buy("A", 5, 120, 130)
    assert desk.modify("A", 1, 3, 130) == ["refused: NOT_MODIFIABLE"]
    desk.phase(AUCTION)
    desk.market_buy("A", 5)
    assert desk.modify("A", 2, 3, 200) == ["refused: NOT_MODIFIABLE"]


def test_hidden_lots_are_given_up_first(engine):
    desk = book_from(engine, "A 3+4, B 1 | 99 |")
    assert desk.modify("A", 1, 5, 99) == ["A lost 2: MODIFIED", "A rests 5 at 99"]
    assert desk.book() == text("A 3+2, B 1 | 99 |")
    assert desk.modify("A", 1, 2, 99) == ["A lost 3: MODIFIED", "A rests 2 at 99"]
    assert desk.book() == text("A 2, B 1 | 99 |")


def test_an_iceberg_that_enters_anew_keeps_its_display(engine):
    desk = book_from(engine, "A 3+4 | 99 |")
    assert desk.modify("A", 1, 9, 98) == ["A lost 7: MODIFIED", "A rests 9 at 98"]
    assert desk.book() == text("A 3+6 | 98 |")
    assert desk.modify("A", 1, 2, 97) == ["A lost 9: MODIFIED", "A rests 2 at 97"]
    assert desk.modify("A", 1, 5, 97) == ["A lost 2: MODIFIED", "A rests 5 at 97"]
    assert desk.book() == text("A 2+3 | 97 |"), "a display is never more than the order"


def test_life_and_last_day_stay_the_self_match_instruction_is_the_new_one(engine):
    desk = book_from(engine, "A 5 | 99 |", time_in_force=GTC)
    desk.buy("A", 5, 98, time_in_force=GTD, expiry_day=4)
    mode = SelfMatch.CANCEL_BOTH
    desk.modify("A", 1, 6, 99, time_in_force=TimeInForce.IOC, self_match=mode)
    desk.modify("A", 2, 6, 98, expiry_day=1, self_match=mode)
    first, second = desk.exchange.open_orders(0)
    assert (first["time_in_force"], first["self_match"]) == (GTC, mode)
    assert (second["time_in_force"], second["expiry_day"], second["self_match"]) == (GTD, 4, mode)
    desk.modify("A", 1, 5, 99, self_match=SelfMatch.CANCEL_RESTING)
    assert desk.exchange.open_orders(0)[0]["self_match"] == mode, "in its place only lots change"


def test_month_and_side_of_the_message_are_not_read(engine):
    desk = book_from(engine, "A 5 | 99 |", n_slots=2)
    unread = {"month": 77, "spread_months": 5, "time_in_force": 99, "display_lots": -4}
    modification = {"kind": MessageKind.MODIFY, "order_id": 1}
    assert desk.sell("A", 4, 99, **modification, **unread) == ["A lost 1: MODIFIED", "A rests 4 at 99"]
    assert desk.book() == text("A 4 | 99 |")


@pytest.mark.parametrize(
    ("lots", "price", "terms", "reason"),
    [
        (5, 99, {"self_match": 3, "lots": 0}, "UNKNOWN_SELF_MATCH_MODE"),
        (0, 99, {}, "QUANTITY_NOT_POSITIVE"),
        (100_001, 99, {}, "QUANTITY_TOO_LARGE"),
        (4, -(2**63), {}, "PRICE_MISSING"),
        (4, 201, {}, "PRICE_LIMIT"),
        (4, 121, {}, "PRICE_BAND"),
        (4, 102, {"post_only": 1}, "POST_ONLY_WOULD_TAKE"),
        (21, 99, {}, "POSITION_LIMIT"),
        (11, 99, {}, "INSUFFICIENT_MARGIN"),
    ],
)
def test_a_refused_modification_leaves_the_order_as_it_was(engine, lots, price, terms, reason):
    desk = book_from(engine, "| 102 | C 3\n A 5, B 2 | 99 |", band=20, reference=100)
    desk.load_risk({"A": 1_000}, 100, limit=20)
    terms = {"order_id": 2, "lots": lots, **terms}
    assert desk.send("A", 1, terms.pop("lots"), price, kind=MessageKind.MODIFY, **terms) == [
        f"refused: {reason}"
    ]
    assert desk.book() == text("| 102 | C 3\n A 5, B 2 | 99 |")


def test_the_margin_of_the_old_order_is_free_for_the_new_one(engine):
    desk = Desk(engine)
    desk.load_risk({"A": 500}, 100)
    desk.buy("A", 5, 99)
    assert desk.modify("A", 1, 5, 98) == ["A lost 5: MODIFIED", "A rests 5 at 98"]
    assert desk.modify("A", 1, 6, 98) == ["refused: INSUFFICIENT_MARGIN"]
    desk.load_risk({"A": 0}, 100)
    assert desk.modify("A", 1, 5, 97) == ["A lost 5: MODIFIED", "A rests 5 at 97"], "no worse than before"


def test_close_out_skips_margin_for_a_modification_too(engine):
    desk = book_from(engine, "A 5 | 99 |")
    desk.load_risk({"A": 0}, 100, suspended="A", limit=1)
    assert desk.modify("A", 1, 4, 99) == ["refused: ACCOUNT_SUSPENDED"]
    assert desk.modify("A", 1, 9, 99, close_out=1) == ["A lost 5: MODIFIED", "A rests 9 at 99"]


def test_a_decrease_in_place_is_never_refused_for_its_price_or_size(engine):
    desk = book_from(engine, "| 112 | C 1\n A 5 | 99 |", band=10, reference=100)
    desk.load_risk({"A": 0}, 100, limit=1)
    desk.sell("D", 1, 108)
    assert desk.modify("A", 2, 4, 99, post_only=1) == ["A lost 1: MODIFIED", "A rests 4 at 99"]


def test_a_modification_in_an_auction_enters_the_auction(engine):
    desk = book_from(engine, "| 102 | A 3, C 2\n A 5 | 99 |")
    desk.phase(AUCTION)
    assert desk.modify("A", 3, 4, 105) == ["A lost 5: MODIFIED", "A lost 3: SELF_MATCH", "A rests 4 at 105"]
    assert desk.uncross() == ["A bought 2 from C at 102"]
