"""Position limits: what an account may add in a month, and who is exempt."""

from __future__ import annotations

from book_text import Desk, book_from

from abm.core.orders import TimeInForce
from abm.exchange.interface import BookRules


def test_an_order_may_reach_the_limit_and_not_one_lot_more(engine):
    desk = Desk(engine)
    desk.load_risk({}, 0, limit=10, A=4)
    assert desk.buy("A", 7, 99) == ["refused: POSITION_LIMIT"]
    assert desk.buy("A", 6, 99) == ["A rests 6 at 99"]
    assert desk.buy("A", 1, 99) == ["refused: POSITION_LIMIT"]
    assert desk.sell("A", 15, 120) == ["refused: POSITION_LIMIT"]
    assert desk.sell("A", 14, 120) == ["A rests 14 at 120"]


def test_resting_orders_count_and_free_the_limit_when_cancelled(engine):
    desk = Desk(engine)
    desk.load_risk({}, 0, limit=10)
    desk.buy("A", 4, 99, display_lots=1)
    desk.stop_buy("A", 5, 120)
    assert desk.buy("A", 2, 98) == ["refused: POSITION_LIMIT"]
    desk.cancel("A", 2)
    assert desk.buy("A", 2, 98) == ["A rests 2 at 98"]


def test_an_order_that_makes_nothing_worse_passes_above_the_limit(engine):
    desk = book_from(engine, "B 40 | 99 |")
    desk.load_risk({}, 0, limit=10, A=15)
    assert desk.buy("A", 1, 90) == ["refused: POSITION_LIMIT"]
    assert desk.sell("A", 31, 99) == ["refused: POSITION_LIMIT"]
    assert desk.sell("A", 30, 99) == ["B bought 30 from A at 99"]


def test_limits_hold_month_by_month(engine):
    desk = Desk(engine, n_slots=2)
    desk.load_risk({}, 0, limit=10)
    assert desk.buy("A", 10, 99) == ["A rests 10 at 99"]
    assert desk.buy("A", 10, 99, month=1) == ["A rests 10 at 99"]


def test_hedgers_and_close_out_orders_are_exempt(engine):
    desk = Desk(engine)
    desk.load_risk({}, 0, limit=10, exempt="B")
    assert desk.buy("A", 11, 99) == ["refused: POSITION_LIMIT"]
    assert desk.buy("B", 11, 99) == ["B rests 11 at 99"]
    assert desk.buy("A", 11, 99, close_out=1) == ["A rests 11 at 99"]


def test_without_limits_nothing_is_bound_even_if_there_were_some(engine):
    desk = Desk(engine)
    desk.load_risk({}, 0, limit=10, exempt="B")
    desk.load_risk({}, 0)
    assert desk.buy("A", 99_999, 99) == ["A rests 99999 at 99"]
    desk.load_risk({}, 0, limit=10)
    assert desk.buy("B", 11, 98) == ["refused: POSITION_LIMIT"], "the exemption is gone too"


def test_a_spread_order_counts_in_both_legs(engine):
    desk = Desk(engine, n_slots=2, rules=BookRules(spread_lengths=(1,)))
    desk.load_risk({}, 0, limit=10, A=4)
    assert desk.buy("A", 7, 0, spread_months=1) == ["refused: POSITION_LIMIT"]
    assert desk.buy("A", 6, 0, spread_months=1) == ["A rests 6 at 0"]
    assert desk.exchange.open_order_lots[0].tolist() == [[6, 0], [0, 6]]
    assert desk.sell("A", 5, 120, month=1) == ["refused: POSITION_LIMIT"]
    assert desk.sell("A", 4, 120, month=1) == ["A rests 4 at 120"]
    assert desk.sell("A", 11, 9, spread_months=1) == ["refused: POSITION_LIMIT"], "11 lots of the far month"


def test_the_limit_comes_after_fok_and_before_margin(engine):
    desk = Desk(engine)
    desk.load_risk({"A": 0}, 100, limit=1)
    assert desk.buy("A", 5, 99, time_in_force=TimeInForce.FOK) == ["refused: FOK_NOT_FILLABLE"]
    assert desk.buy("A", 5, 99) == ["refused: POSITION_LIMIT"]
    assert desk.buy("A", 1, 99) == ["refused: INSUFFICIENT_MARGIN"]
