"""Calendar spreads: their own books and their legs."""

from __future__ import annotations

import pytest
from book_text import AUCTION, HALT, cancellation_sentences, fill_book, text
from spread_text import order, spread_desk, spread_top

from abm.core.errors import ParameterError
from abm.core.orders import (
    NO_PRICE,
    CancelCause,
    MatchingRule,
    MessageKind,
    SelfMatch,
    TimeInForce,
)
from abm.exchange.interface import BookRules

IOC, FOK, GTC, GTD = TimeInForce.IOC, TimeInForce.FOK, TimeInForce.GTC, TimeInForce.GTD


def test_a_spread_has_a_book_of_its_own_and_trades_in_two_legs(engine):
    """The far leg trades at its month's reference, the near leg at that plus the spread price."""
    desk = spread_desk(engine, reference=[9_500, 9_450, 9_400])
    fill_book(desk, "| 60 | B 4\n C 3 | 40 |", spread_months=1)
    assert desk.buy("A", 5, 60, spread_months=1) == [
        "A bought 4 from B at 9510 in spread 1",
        "B bought 4 from A at 9450 of month 1 in spread 1",
        "A rests 1 at 60",
    ]
    assert desk.book(0, spread_months=1) == text("A 1 | 60 |\n C 3 | 40 |")
    assert desk.exchange.position_lots[:2].tolist() == [[4, -4, 0], [-4, 4, 0]]
    assert desk.exchange.open_order_lots[0].tolist() == [[1, 0], [0, 1], [0, 0]]


def test_the_taker_of_a_spread_sells_the_far_leg(engine):
    desk = spread_desk(engine, reference=[9_500, 9_450, 9_400])
    desk.sell("B", 4, 60, spread_months=2)
    trades = desk.exchange.match(order(desk, "A", 1, 4, 60, spread_months=2)).trades
    assert trades["aggressor_side"].tolist() == [1, -1]
    assert trades["month"].tolist() == [0, 2]
    assert trades["spread_months"].tolist() == [2, 2]
    assert trades["price_ticks"].tolist() == [9_460, 9_400]
    assert trades["maker_order_id"].tolist() == [1, 1]


def test_leg_prices_stay_in_range_and_keep_their_difference(engine):
    desk = spread_desk(
        engine, low=[9_000, 9_000, 9_000], high=[9_600, 9_600, 9_600], reference=[9_500, 9_450, 9_400]
    )
    for price, near, far in (
        (250, 9_600, 9_350),
        (-500, 9_000, 9_500),
        (600, 9_600, 9_000),
        (-600, 9_000, 9_600),
    ):
        desk.sell("B", 1, price, spread_months=1)
        assert desk.buy("A", 1, price, spread_months=1) == [
            f"A bought 1 from B at {near} in spread 1",
            f"B bought 1 from A at {far} of month 1 in spread 1",
        ]


def test_spread_trades_are_not_last_trades_of_their_months(engine):
    desk = spread_desk(engine)
    desk.sell("B", 1, 5, spread_months=1)
    desk.stop_buy("C", 1, 2)
    desk.buy("A", 1, 5, spread_months=1)
    assert (desk.last(0), desk.last(1)) == (None, None)
    assert desk.stops() == ["C buy 1 @ 2"]


def test_prices_of_spreads_may_be_negative_and_end_where_the_legs_do(engine):
    desk = spread_desk(engine, low=[90, 80, 70], high=[110, 130, 120], reference=[100, 100, 100])
    assert desk.buy("A", 1, 31, spread_months=1) == ["refused: PRICE_LIMIT"]
    assert desk.buy("A", 1, 30, spread_months=1) == ["A rests 1 at 30"]
    assert desk.sell("B", 1, -41, spread_months=1) == ["refused: PRICE_LIMIT"]
    assert desk.buy("A", 1, -40, spread_months=1) == ["A rests 1 at -40"]
    assert desk.buy("A", 1, NO_PRICE, spread_months=1) == ["refused: PRICE_MISSING"]
    desk.open_day(low=90, high=110, is_daily_limit=False)
    assert desk.buy("A", 1, 21, spread_months=1) == ["refused: PRICE_RANGE"]


@pytest.mark.parametrize(("month", "length"), [(0, 3), (0, -1), (1, 2), (2, 1), (0, 127), (0, -128)])
def test_a_spread_is_listed_while_both_legs_are_and_its_length_is(engine, month, length):
    desk = spread_desk(engine)
    assert desk.buy("A", 1, 0, month=month, spread_months=length) == ["refused: SPREAD_NOT_LISTED"]
    assert desk.cancel_all("A", month=month, spread_months=length) == ["refused: SPREAD_NOT_LISTED"]
    with pytest.raises(ParameterError, match="spread"):
        desk.exchange.depth(month, 1, length)


def test_a_spread_of_a_month_that_is_not_listed_names_the_month(engine):
    desk = spread_desk(engine)
    assert desk.buy("A", 1, 0, month=9, spread_months=1) == ["refused: MONTH_NOT_LISTED"]


@pytest.mark.parametrize(
    "terms",
    [
        {"kind": int(MessageKind.MARKET)},
        {"kind": int(MessageKind.STOP)},
        {"kind": int(MessageKind.STOP_LIMIT)},
        {"kind": int(MessageKind.QUOTE)},
        {"time_in_force": int(FOK)},
        {"display_lots": 1},
        {"minimum_lots": 1},
    ],
)
def test_spreads_take_plain_limit_orders_only(engine, terms):
    desk = spread_desk(engine)
    assert desk.send("A", 1, 3, 0, spread_months=1, **terms) == ["refused: NOT_FOR_SPREADS"]


def test_lives_of_spread_orders(engine):
    desk = spread_desk(engine)
    desk.sell("B", 1, 5, spread_months=1)
    assert desk.buy("A", 2, 5, spread_months=1, time_in_force=IOC)[2:] == [
        "A lost 1 in spread 1: IOC_REMAINDER"
    ]
    desk.buy("A", 1, 5, spread_months=1)
    desk.buy("A", 2, 5, spread_months=1, time_in_force=GTC)
    desk.buy("A", 3, 5, spread_months=2, time_in_force=GTD, expiry_day=0)
    assert cancellation_sentences(desk.exchange.close_day()) == [
        "A lost 1 in spread 1: DAY_END",
        "A lost 3 in spread 2: GOOD_TILL_DATE",
    ]


def test_post_only_modify_and_cancel_work_on_spreads(engine):
    desk = spread_desk(engine)
    desk.sell("B", 5, 5, spread_months=1)
    assert desk.buy("A", 2, 5, spread_months=1, post_only=1) == ["refused: POST_ONLY_WOULD_TAKE"]
    assert desk.buy("A", 2, 4, spread_months=1, post_only=1) == ["A rests 2 at 4"]
    assert desk.modify("B", 1, 3, 5) == ["B lost 2 in spread 1: MODIFIED", "B rests 3 at 5"]
    assert desk.modify("B", 1, 3, 4)[-1] == "B rests 1 at 4"
    assert desk.cancel("B", 1) == ["B lost 1 in spread 1: USER"]


def test_cancel_all_knows_spreads_apart(engine):
    desk = spread_desk(engine)
    desk.buy("A", 1, 99)
    desk.buy("A", 2, 0, spread_months=2)
    desk.buy("A", 3, 0, spread_months=1)
    desk.buy("A", 4, 0, month=1, spread_months=1)
    assert desk.cancel_all("A", month=0, spread_months=1) == ["A lost 3 in spread 1: USER"]
    assert desk.cancel_all("A", month=0) == ["A lost 1: USER"]
    assert desk.cancel_all("A") == ["A lost 4 of month 1 in spread 1: USER", "A lost 2 in spread 2: USER"]


def test_self_match_prevention_in_spreads(engine):
    desk = spread_desk(engine)
    desk.sell("A", 1, 5, spread_months=1)
    mode = SelfMatch.CANCEL_BOTH
    assert desk.buy("A", 2, 5, spread_months=1, self_match=mode) == [
        "A lost 1 in spread 1: SELF_MATCH",
        "A lost 2 in spread 1: SELF_MATCH",
    ]


def test_pro_rata_spreads_beside_fifo_months(engine):
    rules = BookRules(spread_lengths=(1,), spread_matching=MatchingRule.PRO_RATA, top_order=False)
    desk = spread_desk(engine, rules)
    fill_book(desk, "| 5 | B 20, C 20", spread_months=1)
    assert [event.split(" at ")[0] for event in desk.buy("A", 10, 5, spread_months=1)] == [
        "A bought 5 from B",
        "B bought 5 from A",
        "A bought 5 from C",
        "C bought 5 from A",
    ]
    fill_book(desk, "| 500 | B 20, C 20")
    assert desk.buy("A", 10, 500) == ["A bought 10 from B at 500"]


@pytest.mark.parametrize("phase", [HALT, AUCTION])
@pytest.mark.parametrize("leg", [0, 1])
def test_a_spread_waits_while_a_leg_does_not_trade_continuously(engine, phase, leg):
    desk = spread_desk(engine)
    desk.buy("A", 1, 0, spread_months=1)
    desk.phase(phase, leg)
    assert desk.sell("B", 1, 0, spread_months=1) == ["refused: MONTH_HALTED"]
    assert desk.modify("A", 1, 1, 1) == ["refused: MONTH_HALTED"]
    assert spread_top(desk) == [None, 0, None, 0]
    assert desk.exchange.depth(0, 1, 1)[0].tolist() == [0]
    assert desk.cancel("A", 1) == ["A lost 1 in spread 1: USER"]


def test_an_expired_leg_takes_its_spreads_along(engine):
    desk = spread_desk(engine)
    for month, length in ((0, 1), (0, 2), (1, 1)):
        desk.buy("A", 1 + month + length, 0, month=month, spread_months=length, time_in_force=GTC)
    desk.buy("B", 9, 99, time_in_force=GTC)
    assert cancellation_sentences(desk.exchange.expire_month(0)) == [
        "B lost 9: EXPIRY",
        "A lost 2 in spread 1: EXPIRY",
        "A lost 3 in spread 2: EXPIRY",
    ]
    assert desk.buy("A", 1, 0, spread_months=1) == ["refused: MONTH_NOT_LISTED"]
    desk.open_day(low=1, high=10_000, first_month=1)
    assert desk.book(1, 1) == text("A 3 | 0 |")
    assert desk.buy("A", 1, 0, month=2, spread_months=1) == ["A rests 1 at 0"]
    assert spread_top(desk, 0, 2) == [0, 1, None, 0]


def test_a_far_leg_that_expires_takes_its_spreads_along_too(engine):
    desk = spread_desk(engine)
    for month, length in ((0, 1), (0, 2), (1, 1)):
        desk.buy("A", 1 + month + length, 0, month=month, spread_months=length)
    assert cancellation_sentences(desk.exchange.expire_month(2)) == [
        "A lost 3 of month 1 in spread 1: EXPIRY",
        "A lost 3 in spread 2: EXPIRY",
    ]
    assert desk.buy("A", 1, 0, month=1, spread_months=1) == ["refused: SPREAD_NOT_LISTED"]
    assert desk.buy("A", 1, 0, spread_months=1) == ["A rests 1 at 0"]


def test_new_limits_cancel_spread_orders_outside_what_the_legs_allow(engine):
    desk = spread_desk(engine)
    desk.buy("A", 1, 40, spread_months=1, time_in_force=GTC)
    desk.buy("A", 1, 10, spread_months=1, time_in_force=GTC)
    assert desk.open_day(low=100, high=130) == ["A lost 1 in spread 1: PRICE_LIMIT"]


def test_margin_of_a_spread_order_is_that_of_both_legs(engine):
    desk = spread_desk(engine)
    desk.load_risk({"A": 1_000}, 100)
    assert desk.buy("A", 6, 0, spread_months=1) == ["refused: INSUFFICIENT_MARGIN"]
    assert desk.buy("A", 5, 0, spread_months=1) == ["A rests 5 at 0"]
    assert desk.buy("A", 1, 99) == ["refused: INSUFFICIENT_MARGIN"]
    assert desk.sell("A", 5, 99) == ["A rests 5 at 99"]


def test_a_suspended_account_loses_its_spread_orders_too(engine):
    desk = spread_desk(engine)
    desk.buy("A", 1, 0, spread_months=1)
    desk.buy("A", 2, 99, month=2)
    assert cancellation_sentences(desk.exchange.cancel_account(0, CancelCause.SUSPENSION)) == [
        "A lost 2 of month 2: SUSPENSION",
        "A lost 1 in spread 1: SUSPENSION",
    ]
