"""Rules of continuous trading, each on both engines, with the complete list of events."""

from __future__ import annotations

import pytest
from book_text import Desk, book_from, text

from abm.core.orders import TimeInForce

IOC, FOK, GTC = TimeInForce.IOC, TimeInForce.FOK, TimeInForce.GTC


def test_an_order_sweeps_the_levels_each_at_its_own_price(engine):
    """Invariant 10: the price of a trade is the resting order's."""
    desk = book_from(engine, "| 103 | D 9\n | 102 | C 3\n | 101 | B 2")
    assert desk.buy("A", 7, 103) == [
        "A bought 2 from B at 101",
        "A bought 3 from C at 102",
        "A bought 2 from D at 103",
    ]
    assert desk.book() == text("| 103 | D 7")
    assert desk.sell("E", 7, 1) == ["E rests 7 at 1"]


def test_a_sell_sweeps_downwards(engine):
    desk = book_from(engine, "A 1 | 99 |\n B 4 | 97 |\n C 5 | 60 |")
    assert desk.sell("D", 8, 70) == ["A bought 1 from D at 99", "B bought 4 from D at 97", "D rests 3 at 70"]
    assert desk.best() == (60, 70)


def test_the_oldest_order_of_a_price_trades_first(engine):
    """Invariant 11: price, then time."""
    desk = book_from(engine, "| 101 | B 2, C 3, D 4")
    assert desk.buy("A", 4, 105) == ["A bought 2 from B at 101", "A bought 2 from C at 101"]
    assert desk.book() == text("| 101 | C 1, D 4")
    desk.sell("C", 5, 101)
    assert desk.buy("A", 6, 101) == [
        "A bought 1 from C at 101",
        "A bought 4 from D at 101",
        "A bought 1 from C at 101",
    ]


def test_a_better_price_beats_an_older_order(engine):
    """Invariant 11."""
    desk = book_from(engine, "A 5 | 95 |")
    desk.buy("B", 5, 96)
    assert desk.sell("C", 6, 95) == ["B bought 5 from C at 96", "A bought 1 from C at 95"]


def test_a_partial_fill_keeps_its_place_in_the_queue(engine):
    desk = book_from(engine, "A 5, B 5 | 95 |")
    desk.sell("C", 2, 95)
    assert desk.sell("C", 4, 95) == ["A bought 3 from C at 95", "B bought 1 from C at 95"]


def test_orders_that_touch_trade_so_the_book_never_crosses(engine):
    """Invariant 9: best bid < best ask."""
    desk = book_from(engine, "| 102 | B 5\n A 5 | 99 |")
    assert desk.buy("C", 5, 101) == ["C rests 5 at 101"]
    assert desk.best() == (101, 102)
    assert desk.buy("C", 9, 102) == ["C bought 5 from B at 102", "C rests 4 at 102"]
    assert desk.best() == (102, None)


def test_filled_resting_and_cancelled_lots_are_the_order(engine):
    """Invariant 12: the desk asserts the sum on every order; here one order has all three fates in turn."""
    desk = book_from(engine, "| 101 | B 3")
    assert desk.buy("A", 10, 101) == ["A bought 3 from B at 101", "A rests 7 at 101"]
    assert desk.sell("C", 2, 101) == ["A bought 2 from C at 101"]
    assert desk.cancel("A", 2) == ["A lost 5: USER"]
    assert desk.exchange.open_order_lots.sum() == 0


def test_self_match_prevention_cancels_the_resting_order_and_goes_on(engine):
    """Invariant 14."""
    desk = book_from(engine, "| 103 | C 4\n | 102 | A 6, B 1\n | 101 | A 2")
    assert desk.buy("A", 4, 103) == [
        "A bought 1 from B at 102",
        "A bought 3 from C at 103",
        "A lost 2: SELF_MATCH",
        "A lost 6: SELF_MATCH",
    ]
    assert desk.book() == text("| 103 | C 1")


def test_ioc_cancels_what_it_cannot_fill(engine):
    """Invariant 15: IOC never rests."""
    desk = book_from(engine, "| 101 | B 3")
    assert desk.buy("A", 5, 101, time_in_force=IOC) == ["A bought 3 from B at 101", "A lost 2: IOC_REMAINDER"]
    assert desk.buy("A", 5, 101, time_in_force=IOC) == ["A lost 5: IOC_REMAINDER"]
    assert desk.book() == ""


def test_fok_fills_whole_or_not_at_all(engine):
    """Invariant 15: FOK all or none."""
    desk = book_from(engine, "| 105 | D 9\n | 102 | C 3\n | 101 | B 2")
    assert desk.buy("A", 6, 104, time_in_force=FOK) == ["refused: FOK_NOT_FILLABLE"]
    assert desk.buy("A", 5, 104, time_in_force=FOK) == [
        "A bought 2 from B at 101",
        "A bought 3 from C at 102",
    ]


def test_fok_does_not_count_the_accounts_own_orders(engine):
    desk = book_from(engine, "| 103 | A 9\n | 102 | A 5, C 3\n | 101 | B 2")
    assert desk.buy("A", 6, 102, time_in_force=FOK) == ["refused: FOK_NOT_FILLABLE"]
    assert desk.buy("A", 5, 102, time_in_force=FOK) == [
        "A bought 2 from B at 101",
        "A bought 3 from C at 102",
        "A lost 5: SELF_MATCH",
    ]


def test_post_only_never_takes(engine):
    """Invariant 15."""
    desk = book_from(engine, "| 101 | B 3\n A 4 | 99 |")
    assert desk.buy("C", 1, 101, post_only=1) == ["refused: POST_ONLY_WOULD_TAKE"]
    assert desk.buy("C", 1, 100, post_only=1) == ["C rests 1 at 100"]
    assert desk.sell("A", 1, 99, post_only=1) == ["refused: POST_ONLY_WOULD_TAKE"]
    assert desk.market_buy("C", 1, post_only=1) == ["refused: POST_ONLY_WOULD_TAKE"]


def test_a_market_order_trades_no_further_than_its_protection(engine):
    desk = book_from(engine, "| 107 | D 9\n | 106 | C 3\n | 101 | B 2\n", protection=5)
    assert desk.market_buy("A", 9) == [
        "A bought 2 from B at 101",
        "A bought 3 from C at 106",
        "A lost 4: IOC_REMAINDER",
    ]
    assert desk.book() == text("| 107 | D 9")


def test_protection_ends_at_the_price_limit(engine):
    desk = book_from(engine, "B 5 | 3 |\n C 5 | 1 |", protection=9)
    assert desk.market_sell("A", 20) == [
        "B bought 5 from A at 3",
        "C bought 5 from A at 1",
        "A lost 10: IOC_REMAINDER",
    ]


def test_a_market_order_needs_an_opposite_price(engine):
    desk = book_from(engine, "B 5 | 99 |")
    assert desk.market_buy("A", 1) == ["refused: NO_OPPOSITE_PRICE"]


def test_a_market_order_may_be_fill_or_kill(engine):
    desk = book_from(engine, "| 110 | C 3\n | 101 | B 2")
    assert desk.market_buy("A", 3, time_in_force=FOK) == ["refused: FOK_NOT_FILLABLE"]
    assert desk.market_buy("A", 2, time_in_force=FOK) == ["A bought 2 from B at 101"]


@pytest.mark.parametrize(("is_daily_limit", "reason"), [(True, "PRICE_LIMIT"), (False, "PRICE_RANGE")])
def test_no_order_and_so_no_trade_outside_the_price_range(engine, is_daily_limit, reason):
    """Invariant 18."""
    desk = Desk(engine, low=90, high=110, is_daily_limit=is_daily_limit)
    assert desk.sell("A", 1, 111) == [f"refused: {reason}"]
    assert desk.buy("A", 1, 89) == [f"refused: {reason}"]
    assert desk.sell("A", 1, 110) == ["A rests 1 at 110"]
    assert desk.buy("B", 1, 90) == ["B rests 1 at 90"]


def test_negative_prices_trade_like_any_other(engine):
    desk = book_from(engine, "| -36 | C 2\n A 5 | -38 |\n B 5 | -40 |", low=-60, high=10)
    assert desk.sell("D", 7, -40) == ["A bought 5 from D at -38", "B bought 2 from D at -40"]
    assert desk.best() == (-40, -36)
    assert desk.market_buy("E", 1) == ["E bought 1 from C at -36"]


def test_only_the_owner_cancels_an_order_and_only_once(engine):
    desk = book_from(engine, "A 5 | 99 |")
    assert desk.cancel("B", 1) == ["refused: ORDER_NOT_FOUND"]
    assert desk.cancel("A", 1) == ["A lost 5: USER"]
    assert desk.cancel("A", 1) == ["refused: ORDER_NOT_FOUND"]


def test_cancel_all_takes_one_month_or_every_month_and_leaves_others_alone(engine):
    desk = book_from(engine, "A 1, B 7 | 99 |\n A 2 | 98 |", n_slots=3)
    desk.sell("A", 3, 150, month=2)
    desk.sell("A", 4, 151, month=1)
    assert desk.cancel_all("A", month=0) == ["A lost 2: USER", "A lost 1: USER"]
    assert desk.cancel_all("A", month=3) == ["refused: MONTH_NOT_LISTED"]
    assert desk.cancel_all("A") == ["A lost 4 of month 1: USER", "A lost 3 of month 2: USER"]
    assert desk.cancel_all("A") == []
    assert desk.book() == text("B 7 | 99 |")


def test_months_have_their_own_books(engine):
    desk = book_from(engine, "| 101 | B 3", n_slots=2)
    assert desk.buy("A", 3, 101, month=1) == ["A rests 3 at 101"]
    assert desk.exchange.top_of_book().best_bid_ticks[1] == 101
