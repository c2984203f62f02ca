"""Stop orders: what triggers them, in which order, and what they become."""

from __future__ import annotations

import pytest
from book_text import AUCTION, CONTINUOUS, HALT, Desk, book_from, text

from abm.core.orders import MessageKind, SelfMatch, TimeInForce

IOC, FOK, GTC = TimeInForce.IOC, TimeInForce.FOK, TimeInForce.GTC


def test_a_stop_waits_unseen_until_the_last_trade_reaches_its_trigger(engine):
    desk = book_from(engine, "| 105 | C 9\n | 102 | C 1\n | 101 | C 1")
    assert desk.stop_buy("B", 3, 102) == ["B rests 3 at 102"]
    assert desk.stops() == ["B buy 3 @ 102"]
    assert desk.best() == (None, 101)
    assert [column.tolist() for column in desk.exchange.depth(0, 9)[:2]] == [[], []]
    assert desk.buy("A", 1, 101) == ["A bought 1 from C at 101"]
    assert desk.buy("A", 1, 102) == ["A bought 1 from C at 102", "B bought 3 from C at 105"]
    assert desk.stops() == []
    assert desk.last() == 105


def test_a_stop_to_sell_triggers_when_the_last_trade_falls_to_it(engine):
    desk = book_from(engine, "C 1 | 98 |\n C 1 | 97 |\n C 9 | 95 |")
    desk.stop_sell("B", 3, 97)
    assert desk.sell("A", 1, 98) == ["C bought 1 from A at 98"]
    assert desk.sell("A", 1, 97) == ["C bought 1 from A at 97", "C bought 3 from B at 95"]


def test_a_triggered_stop_trades_no_further_than_its_protection(engine):
    """Protection counts from the trigger, not from the best price."""
    desk = book_from(engine, "| 108 | C 9\n | 107 | C 2\n | 102 | C 1", protection=5)
    desk.stop_buy("B", 6, 102)
    assert desk.buy("A", 1, 102) == [
        "A bought 1 from C at 102",
        "B bought 2 from C at 107",
        "B lost 4: IOC_REMAINDER",
    ]
    assert desk.book() == text("| 108 | C 9")


def test_a_stop_that_meets_an_empty_book_is_cancelled(engine):
    desk = book_from(engine, "| 102 | C 1")
    desk.stop_buy("B", 6, 102, time_in_force=GTC)
    assert desk.buy("A", 1, 102) == ["A bought 1 from C at 102", "B lost 6: IOC_REMAINDER"]


def test_a_stop_limit_order_rests_at_its_limit_once_triggered(engine):
    desk = book_from(engine, "| 104 | C 9\n | 102 | C 2")
    assert desk.stop_buy("B", 6, 102, 103, time_in_force=GTC) == ["B rests 6 at 102"]
    assert desk.stops() == ["B buy 6 @ 102 limit 103"]
    assert desk.buy("A", 1, 102) == ["A bought 1 from C at 102", "B bought 1 from C at 102"]
    assert desk.book() == text("| 104 | C 9\n B 5 | 103 |")
    (resting,) = desk.exchange.open_orders(1)
    assert (resting["kind"], resting["time_in_force"]) == (MessageKind.LIMIT, GTC)
    assert desk.exchange.close_day()["lots"].tolist() == [9], "the good-till-cancelled rest stays"


def test_stops_trigger_each_other(engine):
    """The cascade: each execution moves the last trade to the next trigger."""
    desk = book_from(engine, "C 1 | 98 |\n C 2 | 96 |\n C 3 | 94 |\n C 9 | 90 |")
    desk.stop_sell("D", 3, 94)
    desk.stop_sell("B", 2, 98)
    desk.stop_sell("E", 3, 96, 94)
    assert desk.sell("A", 1, 98) == [
        "C bought 1 from A at 98",
        "C bought 2 from B at 96",
        "C bought 3 from E at 94",
        "C bought 3 from D at 90",
    ]


def test_the_lowest_buy_and_the_highest_sell_trigger_first_then_the_oldest(engine):
    desk = book_from(engine, "| 110 | F 50\n | 103 | F 1", protection=90)
    for account, stop in (("A", 103), ("B", 102), ("C", 103), ("D", 101)):
        desk.stop_buy(account, 1, stop)
    assert desk.stops() == ["D buy 1 @ 101", "B buy 1 @ 102", "A buy 1 @ 103", "C buy 1 @ 103"]
    assert desk.buy("E", 1, 103) == [
        "E bought 1 from F at 103",
        "D bought 1 from F at 110",
        "B bought 1 from F at 110",
        "A bought 1 from F at 110",
        "C bought 1 from F at 110",
    ]


def test_stops_to_buy_come_before_stops_to_sell_and_low_slots_before_high_ones(engine):
    """An auction triggers several at a time: D rests at 92 before C sells."""
    desk = Desk(engine, n_slots=2, low=1, high=200)
    for month in (1, 0):
        desk.phase(AUCTION, month)
        desk.buy("A", 1, 100, month=month)
        desk.sell("B", 1, 100, month=month)
        desk.buy("A", 5, 90, month=month)
        desk.sell("B", 5, 110, month=month)
        desk.stop_sell("C", 1, 100, 90, month=month)
        desk.stop_buy("D", 1, 100, 92, month=month)
    assert desk.uncross(1, 0) == [
        "A bought 1 from B at 100 of month 1",
        "A bought 1 from B at 100",
        "D bought 1 from C at 92",
        "D bought 1 from C at 92 of month 1",
    ]


def test_stops_rest_untriggered_while_the_month_is_halted_or_in_an_auction(engine):
    desk = book_from(engine, "| 102 | C 2\n E 1 | 60 |\n", interruption=30, reference=100)
    desk.stop_buy("B", 1, 102, 120)
    assert desk.sell("A", 1, 60, time_in_force=IOC) == ["A lost 1: INTERRUPTION"]
    assert desk.exchange.phases.tolist() == [AUCTION]
    desk.buy("A", 1, 102)
    assert desk.stops() == ["B buy 1 @ 102 limit 120"]
    assert desk.uncross() == ["A bought 1 from C at 102", "B bought 1 from C at 102"]


def test_a_stop_already_reached_is_refused(engine):
    desk = book_from(engine, "| 102 | C 2\n C 1 | 98 |")
    assert desk.stop_buy("B", 1, 90) == ["B rests 1 at 90"], "nothing has traded today"
    desk.buy("A", 1, 102)
    assert desk.stop_buy("B", 1, 102) == ["refused: STOP_ALREADY_REACHED"]
    assert desk.stop_sell("B", 1, 102) == ["refused: STOP_ALREADY_REACHED"]
    assert desk.stop_buy("B", 1, 103) == ["B rests 1 at 103"]
    assert desk.stop_sell("B", 1, 101) == ["B rests 1 at 101"]


@pytest.mark.parametrize(
    ("stop", "limit", "reason"),
    [
        (-(2**63), 100, "PRICE_MISSING"),
        (100, -(2**63), "PRICE_MISSING"),
        (201, 100, "PRICE_LIMIT"),
        (100, 0, "PRICE_LIMIT"),
        (0, None, "PRICE_LIMIT"),
    ],
)
def test_trigger_and_limit_need_prices_inside_the_range(engine, stop, limit, reason):
    assert Desk(engine).stop_buy("A", 1, stop, limit) == [f"refused: {reason}"]


@pytest.mark.parametrize(
    "terms",
    [
        {"time_in_force": IOC},
        {"time_in_force": FOK},
        {"display_lots": 1},
        {"minimum_lots": 1},
        {"post_only": 1},
    ],
)
def test_stops_take_no_conditions(engine, terms):
    desk = Desk(engine)
    assert desk.stop_buy("A", 3, 120, **terms) == ["refused: NOT_FOR_STOPS"]
    assert desk.stop_buy("A", 3, 120, 125, **terms) == ["refused: NOT_FOR_STOPS"]


def test_stops_are_cancelled_like_other_orders(engine):
    desk = Desk(engine, n_slots=2)
    desk.stop_buy("A", 1, 120)
    desk.stop_sell("A", 2, 80, 70)
    desk.buy("A", 3, 90)
    desk.stop_sell("A", 4, 80, month=1)
    assert desk.cancel("A", 1) == ["A lost 1: USER"]
    assert desk.cancel("A", 1) == ["refused: ORDER_NOT_FOUND"]
    assert desk.cancel_all("A", month=0) == ["A lost 3: USER", "A lost 2: USER"]
    assert desk.cancel_all("A") == ["A lost 4 of month 1: USER"]


def test_a_stop_counts_in_the_margin_check_and_is_not_checked_again(engine):
    desk = book_from(engine, "| 104 | C 9\n | 102 | C 1")
    desk.load_risk({"B": 500}, 100)
    assert desk.stop_buy("B", 6, 102) == ["refused: INSUFFICIENT_MARGIN"]
    assert desk.stop_buy("B", 5, 102) == ["B rests 5 at 102"]
    assert desk.buy("B", 1, 90) == ["refused: INSUFFICIENT_MARGIN"]
    desk.load_risk({"B": 0}, 100, suspended="B")
    assert desk.buy("A", 1, 102) == ["A bought 1 from C at 102", "B bought 5 from C at 104"]


def test_a_triggered_stop_follows_its_own_self_match_instruction(engine):
    desk = book_from(engine, "| 104 | C 2, B 3, C 4\n | 102 | C 1")
    desk.stop_buy("B", 6, 102, 104, self_match=SelfMatch.CANCEL_AGGRESSOR)
    assert desk.buy("A", 1, 102) == [
        "A bought 1 from C at 102",
        "B bought 2 from C at 104",
        "B lost 4: SELF_MATCH",
    ]


def test_a_triggered_stop_that_rests_is_the_newest_order(engine):
    """For queue position and for the order in which all orders are cancelled."""
    desk = book_from(engine, "| 102 | C 1")
    desk.stop_buy("B", 4, 102, 101)
    desk.buy("B", 5, 101)
    desk.buy("A", 1, 102)
    assert desk.book() == text("B 5, B 4 | 101 |")
    assert desk.cancel_all("B") == ["B lost 4: USER", "B lost 5: USER"]


def test_new_limits_cancel_stops_by_trigger_and_by_limit(engine):
    desk = Desk(engine)
    for stop, limit in ((120, None), (120, 130), (140, 125), (125, None)):
        desk.stop_buy("A", 1, stop, limit, time_in_force=GTC)
    assert desk.open_day(low=1, high=125) == ["A lost 1: PRICE_LIMIT", "A lost 1: PRICE_LIMIT"]
    assert desk.stops() == ["A buy 1 @ 120", "A buy 1 @ 125"]


def test_yesterdays_last_trade_triggers_nothing(engine):
    desk = book_from(engine, "| 102 | C 2")
    desk.buy("A", 1, 102)
    desk.open_day(low=1, high=200)
    assert desk.stop_buy("B", 1, 101, 150) == ["B rests 1 at 101"]
    desk.sell("C", 1, 101)
    assert desk.stops() == ["B buy 1 @ 101 limit 150"]


def test_a_halt_holds_a_triggered_stop_back_until_trading_resumes(engine):
    """The settling steps follow the next message, whatever it is."""
    desk = book_from(engine, "| 102 | C 2\n A 1 | 60 |", interruption=30, reference=100)
    desk.stop_buy("B", 1, 101, 102)
    desk.phase(AUCTION)
    desk.phase(HALT)
    assert desk.stop_buy("B", 1, 101) == ["refused: MONTH_HALTED"]
    desk.phase(CONTINUOUS)
    assert desk.buy("D", 1, 102) == ["D bought 1 from C at 102", "B bought 1 from C at 102"]
