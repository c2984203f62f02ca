"""Implied trades: a calendar spread order meets outright orders in both legs."""

from __future__ import annotations

import pytest
from book_text import AUCTION, CONTINUOUS, HALT, fill_book, text
from spread_text import implied_desk, order, spread_desk, spread_top

from abm.core.orders import MatchingRule, SelfMatch
from abm.exchange.interface import BookRules

CANCEL_RESTING, CANCEL_AGGRESSOR, CANCEL_BOTH = SelfMatch


def test_the_published_implied_ask(engine):
    """Near ask 10 at 9500 and far bid 5 at 9450 imply a spread ask of 5 at 50."""
    desk = implied_desk(engine, "| 9500 | B 10", "C 5 | 9450 |")
    assert spread_top(desk) == [None, 0, 50, 5]
    assert desk.buy("A", 3, 49, spread_months=1) == ["A rests 3 at 49"]
    assert desk.buy("A", 7, 50, spread_months=1) == [
        "A bought 5 from B at 9500",
        "C bought 5 from A at 9450 of month 1",
        "A rests 2 at 50",
    ]
    assert (desk.last(0), desk.last(1)) == (9_500, 9_450)
    assert desk.exchange.position_lots[:3].tolist() == [[5, -5], [-5, 0], [0, 5]]


def test_an_implied_trade_is_two_ordinary_trades(engine):
    desk = implied_desk(engine, "B 4 | 9400 |", "| 9450 | C 5")
    assert spread_top(desk) == [-50, 4, None, 0]
    trades = desk.exchange.match(order(desk, "A", -1, 2, -50, spread_months=1)).trades
    assert trades["spread_months"].tolist() == [0, 0]
    assert trades["month"].tolist() == [0, 1]
    assert trades["aggressor_side"].tolist() == [-1, 1]
    assert trades["taker_order_id"].tolist() == [3, 3]


def test_real_orders_go_first_at_the_same_price_and_the_better_price_goes_first(engine):
    desk = implied_desk(engine, "| 9510 | B 1\n | 9500 | B 2", "C 9 | 9450 |")
    fill_book(desk, "| 55 | E 1\n | 50 | D 1\n | 49 | D 1", spread_months=1)
    assert spread_top(desk) == [None, 0, 49, 1]
    events = desk.buy("A", 9, 60, spread_months=1)
    bought = [event.split(" bought ")[1].split(" at ")[0] for event in events[:-1:2]]
    assert bought == ["1 from D", "1 from D", "2 from B", "1 from E", "1 from B"]
    assert events[-1] == "A rests 3 at 60"


def test_equal_real_and_implied_prices_show_the_lots_of_both(engine):
    desk = implied_desk(engine, "| 9500 | B 10", "C 5 | 9450 |")
    desk.sell("D", 2, 50, spread_months=1)
    assert spread_top(desk) == [None, 0, 50, 7]
    assert desk.exchange.depth(0, 1, 1)[3].tolist() == [2], "depth shows real orders only"


def test_implied_prices_are_not_shown_without_the_rule(engine):
    desk = implied_desk(engine, "| 9500 | B 10", "C 5 | 9450 |", rules=BookRules(spread_lengths=(1,)))
    assert spread_top(desk) == [None, 0, None, 0]
    assert desk.buy("A", 7, 50, spread_months=1) == ["A rests 7 at 50"]


def test_a_resting_spread_order_executes_when_an_outright_order_arrives(engine):
    desk = implied_desk(engine, "| 9500 | B 10", "E 1 | 9400 |")
    desk.buy("A", 3, 50, spread_months=1)
    assert desk.buy("C", 5, 9_450, month=1) == [
        "A bought 3 from B at 9500",
        "C bought 3 from A at 9450 of month 1",
        "C rests 5 at 9450",
    ], "the outcome says what rested; the spread order came after"
    assert desk.book(1) == text("C 2 | 9450 |\n E 1 | 9400 |")
    assert desk.book(0, 1) == ""


def test_implied_never_trades_with_implied(engine):
    """Two spreads whose implied prices cross leave the outright books alone."""
    rules = BookRules(spread_lengths=(1, 2), implied_in=True)
    desk = spread_desk(engine, rules, n_slots=3)
    desk.sell("B", 5, 9_500)
    desk.buy("C", 5, 9_500, month=1)
    desk.buy("C", 5, 9_600, month=2)
    assert spread_top(desk, 0, 0) == [None, 0, 0, 5]
    assert spread_top(desk, 1, 0) == [None, 0, -100, 5]
    assert desk.cancel("A", 99) == ["refused: ORDER_NOT_FOUND"]


def test_the_lowest_row_and_its_bid_execute_first(engine):
    rules = BookRules(spread_lengths=(1, 2), implied_in=True)
    desk = spread_desk(engine, rules, n_slots=3)
    desk.buy("E", 2, 9_450, month=1)
    desk.buy("F", 2, 9_450, month=2)
    desk.buy("A", 2, 50, spread_months=2)
    desk.buy("B", 1, 50, spread_months=1)
    assert desk.sell("C", 3, 9_500) == [
        "B bought 1 from C at 9500",
        "E bought 1 from B at 9450 of month 1",
        "A bought 2 from C at 9500",
        "F bought 2 from A at 9450 of month 2",
        "C rests 3 at 9500",
    ]


def test_implied_trades_come_before_triggered_stops(engine):
    """The spread is served first; its trade at 9450 takes the last trade away from the stop's trigger."""
    desk = implied_desk(engine, "| 9500 | B 10", "| 9449 | E 1")
    desk.stop_sell("F", 4, 9_449, month=1)
    desk.buy("A", 3, 50, spread_months=1)
    assert desk.buy("C", 5, 9_450, month=1) == [
        "C bought 1 from E at 9449 of month 1",
        "A bought 3 from B at 9500",
        "C bought 3 from A at 9450 of month 1",
        "C rests 4 at 9450",
    ]
    assert desk.stops() == ["F sell 4 @ 9449"]


def test_implied_trades_trigger_stops(engine):
    desk = implied_desk(engine, "| 9500 | B 10", "E 1 | 9400 |")
    desk.stop_buy("F", 1, 9_500, 9_490)
    desk.stop_sell("D", 1, 9_450, 9_460, month=1)
    desk.buy("A", 3, 50, spread_months=1)
    assert desk.buy("C", 5, 9_450, month=1) == [
        "A bought 3 from B at 9500",
        "C bought 3 from A at 9450 of month 1",
        "C rests 5 at 9450",
    ]
    assert desk.stops() == []
    assert desk.best(0) == (9_490, 9_500)
    assert desk.best(1) == (9_450, 9_460)


@pytest.mark.parametrize(
    ("mode", "events"),
    [
        (CANCEL_RESTING, ["A lost 4: SELF_MATCH", "A rests 3 at 60"]),
        (CANCEL_AGGRESSOR, ["A lost 3 in spread 1: SELF_MATCH"]),
        (CANCEL_BOTH, ["A lost 4: SELF_MATCH", "A lost 3 in spread 1: SELF_MATCH"]),
    ],
)
def test_an_implied_trade_prevents_self_matches_near_leg_first(engine, mode, events):
    desk = implied_desk(engine, "| 9500 | A 4", "A 2 | 9450 |")
    assert desk.buy("A", 3, 60, spread_months=1, self_match=mode) == events


def test_an_own_order_in_the_far_leg_is_found_too(engine):
    desk = implied_desk(engine, "| 9500 | B 4", "A 2, C 1 | 9450 |")
    assert desk.buy("A", 3, 60, spread_months=1) == [
        "A bought 1 from B at 9500",
        "C bought 1 from A at 9450 of month 1",
        "A lost 2 of month 1: SELF_MATCH",
        "A rests 2 at 60",
    ]


@pytest.mark.parametrize(
    ("mode", "events"),
    [
        (CANCEL_RESTING, ["A lost 5 of month 1: SELF_MATCH", "A rests 5 at 9450"]),
        (CANCEL_AGGRESSOR, ["A lost 3 in spread 1: SELF_MATCH", "A rests 5 at 9450"]),
        (
            CANCEL_BOTH,
            ["A lost 5 of month 1: SELF_MATCH", "A lost 3 in spread 1: SELF_MATCH", "A rests 5 at 9450"],
        ),
    ],
)
def test_a_resting_spread_order_follows_its_stored_instruction(engine, mode, events):
    desk = implied_desk(engine, "| 9500 | B 10", "E 1 | 9400 |")
    desk.buy("A", 3, 50, spread_months=1, self_match=mode)
    assert desk.buy("A", 5, 9_450, month=1, self_match=CANCEL_RESTING) == events


def test_icebergs_in_the_legs_trade_their_tips_in_turn(engine):
    desk = implied_desk(engine, "| 9500 | B 2+3, E 1", "C 9 | 9450 |")
    assert spread_top(desk) == [None, 0, 50, 3]
    events = desk.buy("A", 4, 50, spread_months=1)
    assert events[::2] == [
        "A bought 2 from B at 9500",
        "A bought 1 from E at 9500",
        "A bought 1 from B at 9500",
    ]
    assert desk.book(0) == text("| 9500 | B 1+1")


def test_pro_rata_legs_still_give_implied_trades_to_the_order_with_priority(engine):
    rules = BookRules(matching=MatchingRule.PRO_RATA, spread_lengths=(1,), implied_in=True)
    desk = implied_desk(engine, "| 9500 | B 20, E 20", "C 40 | 9450 |", rules=rules)
    assert desk.buy("A", 10, 50, spread_months=1)[0] == "A bought 10 from B at 9500"


def test_post_only_sees_implied_prices(engine):
    desk = implied_desk(engine, "| 9500 | B 10", "C 5 | 9450 |")
    assert desk.buy("A", 1, 50, spread_months=1, post_only=1) == ["refused: POST_ONLY_WOULD_TAKE"]
    assert desk.buy("A", 1, 49, spread_months=1, post_only=1) == ["A rests 1 at 49"]


def test_prices_far_from_the_last_trade_imply_nothing(engine):
    desk = implied_desk(engine, "| 9520 | B 9", "C 9 | 9450 |", reference=[9_500, 9_450], interruption=15)
    assert spread_top(desk) == [None, 0, None, 0]
    assert desk.buy("A", 3, 90, spread_months=1) == ["A rests 3 at 90"]
    assert desk.exchange.phases.tolist() == [CONTINUOUS, CONTINUOUS]
    assert desk.sell("D", 1, 9_512) == [
        "A bought 1 from D at 9512",
        "C bought 1 from A at 9450 of month 1",
        "A bought 2 from B at 9520",
        "C bought 2 from A at 9450 of month 1",
        "D rests 1 at 9512",
    ], "the last trade of 9512 makes 9520 a calm price"


def test_a_leg_that_does_not_trade_continuously_implies_nothing_until_it_does(engine):
    desk = implied_desk(engine, "| 9500 | B 9", "E 1 | 9400 |")
    desk.buy("A", 3, 50, spread_months=1)
    desk.phase(AUCTION, 1)
    assert desk.buy("C", 3, 9_450, month=1) == ["C rests 3 at 9450"]
    assert desk.uncross(1) == ["A bought 3 from B at 9500", "C bought 3 from A at 9450 of month 1"]


def test_after_a_halt_the_next_message_settles_what_waited(engine):
    """A refused message changes nothing itself; the settling steps follow it all the same."""
    desk = implied_desk(engine, "| 9500 | B 9", "E 1 | 9400 |")
    desk.buy("A", 3, 50, spread_months=1)
    desk.phase(AUCTION, 1)
    desk.buy("C", 3, 9_450, month=1)
    desk.phase(HALT, 1)
    desk.phase(CONTINUOUS, 1)
    assert desk.book(0, 1) == text("A 3 | 50 |")
    assert desk.cancel("A", 99) == [
        "A bought 3 from B at 9500",
        "C bought 3 from A at 9450 of month 1",
        "refused: ORDER_NOT_FOUND",
    ]
