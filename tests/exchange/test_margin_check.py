"""The pre-trade margin check: what an account may add, and what it may always do."""

from __future__ import annotations

from book_text import Desk, book_from

MARGIN = 100


def test_an_order_may_bind_the_whole_funds_and_not_one_unit_more(engine):
    desk = Desk(engine)
    desk.load_risk({"A": 5 * MARGIN}, MARGIN)
    assert desk.buy("A", 6, 99) == ["refused: INSUFFICIENT_MARGIN"]
    assert desk.buy("A", 5, 99) == ["A rests 5 at 99"]
    assert desk.buy("A", 1, 99) == ["refused: INSUFFICIENT_MARGIN"]
    desk.load_risk({"A": 5 * MARGIN - 1}, MARGIN)
    desk.cancel_all("A")
    assert desk.buy("A", 5, 99) == ["refused: INSUFFICIENT_MARGIN"]


def test_buys_and_sells_do_not_add_up_only_the_worse_side_counts(engine):
    desk = Desk(engine)
    desk.load_risk({"A": 5 * MARGIN}, MARGIN)
    assert desk.buy("A", 5, 90) == ["A rests 5 at 90"]
    assert desk.sell("A", 5, 110) == ["A rests 5 at 110"]
    assert desk.sell("A", 1, 110) == ["refused: INSUFFICIENT_MARGIN"]


def test_a_cancel_and_a_fill_change_what_is_bound_within_the_batch(engine):
    desk = book_from(engine, "| 101 | B 3")
    desk.load_risk({"A": 5 * MARGIN}, MARGIN)
    assert desk.buy("A", 5, 101) == ["A bought 3 from B at 101", "A rests 2 at 101"]
    assert desk.buy("A", 1, 90) == ["refused: INSUFFICIENT_MARGIN"]
    desk.cancel_all("A")
    assert desk.buy("A", 2, 90) == ["A rests 2 at 90"]
    assert desk.buy("A", 1, 90) == ["refused: INSUFFICIENT_MARGIN"]


def test_an_order_that_reduces_risk_passes_without_funds(engine):
    desk = book_from(engine, "B 9 | 99 |")
    desk.load_risk({"A": 0}, MARGIN, A=5)
    assert desk.buy("A", 1, 50) == ["refused: INSUFFICIENT_MARGIN"]
    assert desk.sell("A", 11, 99) == ["refused: INSUFFICIENT_MARGIN"]
    assert desk.sell("A", 5, 99) == ["B bought 5 from A at 99"]
    assert desk.sell("A", 1, 99) == ["refused: INSUFFICIENT_MARGIN"]


def test_a_reversal_to_the_same_size_does_not_raise_the_requirement(engine):
    desk = book_from(engine, "B 10 | 99 |")
    desk.load_risk({"A": 0}, MARGIN, A=5)
    assert desk.sell("A", 10, 99) == ["B bought 10 from A at 99"]


def test_the_maker_of_a_trade_may_be_short_of_funds(engine):
    desk = book_from(engine, "| 101 | B 3")
    desk.load_risk({"B": 0}, MARGIN)
    assert desk.buy("A", 3, 101) == ["A bought 3 from B at 101"]
    assert desk.exchange.position_lots[:2, 0].tolist() == [3, -3]


def test_a_suspended_account_cancels_but_does_not_trade_unless_closed_out(engine):
    desk = book_from(engine, "| 101 | B 3\n A 4 | 90 |")
    desk.load_risk({"A": 0}, MARGIN, suspended="A", A=-3)
    assert desk.sell("A", 1, 120) == ["refused: ACCOUNT_SUSPENDED"]
    assert desk.sell("A", 1, 120, month=7) == ["refused: ACCOUNT_SUSPENDED"]
    assert desk.cancel("A", 2) == ["A lost 4: USER"]
    assert desk.buy("A", 3, 101, close_out=1) == ["A bought 3 from B at 101"]


def test_close_out_orders_skip_the_margin_check_but_not_the_price_limits(engine):
    desk = Desk(engine)
    desk.load_risk({"A": 0}, MARGIN)
    assert desk.buy("A", 3, 999, close_out=1) == ["refused: PRICE_LIMIT"]
    assert desk.buy("A", 3, 99, close_out=1) == ["A rests 3 at 99"]


def test_fok_that_cannot_fill_is_refused_as_such_before_margin(engine):
    desk = Desk(engine)
    desk.load_risk({"A": 0}, MARGIN)
    assert desk.buy("A", 3, 99, time_in_force=3) == ["refused: FOK_NOT_FILLABLE"]


def test_positions_from_elsewhere_and_a_margin_where_there_was_none_reach_accounts_that_needed_nothing(
    engine,
):
    desk = Desk(engine)
    desk.load_risk({}, 0)
    desk.buy("A", 3, 99)  # costs no margin yet
    desk.load_risk({"A": 300, "B": 500}, 100, B=5, C=-5)
    assert desk.exchange.position_lots[:3, 0].tolist() == [0, 5, -5]
    assert desk.buy("A", 1, 99) == ["refused: INSUFFICIENT_MARGIN"]
    assert desk.buy("B", 1, 99) == ["refused: INSUFFICIENT_MARGIN"]
    desk.load_risk({"A": 300, "B": 500}, 100)
    assert desk.exchange.position_lots[:3, 0].tolist() == [0, 0, 0]
    desk.load_risk({"A": 300, "B": 500}, 100, B=-5, C=5)
    assert desk.exchange.position_lots[:3, 0].tolist() == [0, -5, 5]
    assert desk.sell("B", 1, 110) == ["refused: INSUFFICIENT_MARGIN"]
    desk.exchange.check()
