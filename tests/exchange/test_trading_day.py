"""What happens to resting orders between days: day end, new price limits, expiry, suspension."""

from __future__ import annotations

import hashlib
from functools import partial

import numpy as np
import pytest
from book_text import AUCTION, Desk, book_from, cancellation_sentences, text

from abm.core.errors import ParameterError
from abm.core.orders import NO_PRICE, ORDER_DTYPE, CancelCause, MessageKind, TimeInForce
from abm.exchange.compiled.engine import CompiledExchange
from abm.exchange.compiled.matching import match_batch
from abm.exchange.compiled.upkeep import load_risk_figures
from abm.exchange.interface import BookRules

GTC, GTD = TimeInForce.GTC, TimeInForce.GTD


def test_day_orders_end_with_the_day_and_gtc_orders_stay(engine):
    desk = book_from(engine, "A 5, B 2 | 99 |\n C 1 | 98 |")
    desk.buy("D", 4, 99, time_in_force=GTC)
    cancelled = cancellation_sentences(desk.exchange.close_day())
    assert cancelled == ["A lost 5: DAY_END", "B lost 2: DAY_END", "C lost 1: DAY_END"]
    desk.exchange.check()
    assert desk.book() == text("D 4 | 99 |")


def test_good_till_date_orders_live_to_the_close_of_their_last_day(engine):
    desk = Desk(engine, day=3)
    assert desk.buy("A", 1, 99, time_in_force=GTD, expiry_day=2) == ["refused: EXPIRY_DAY_PAST"]
    for account, last_day in (("A", 3), ("B", 4), ("C", 6)):
        desk.buy(account, 1, 99, time_in_force=GTD, expiry_day=last_day)
    assert desk.exchange.open_orders(2)["expiry_day"].tolist() == [6]
    assert cancellation_sentences(desk.exchange.close_day()) == ["A lost 1: GOOD_TILL_DATE"]
    desk.open_day(low=1, high=200, day=5)
    assert cancellation_sentences(desk.exchange.close_day()) == ["B lost 1: GOOD_TILL_DATE"]
    assert desk.book() == text("C 1 | 99 |")


def test_the_last_day_of_other_orders_is_not_read(engine):
    desk = Desk(engine, day=3)
    assert desk.buy("A", 1, 99, time_in_force=GTC, expiry_day=-9) == ["A rests 1 at 99"]
    assert desk.exchange.open_orders(0)["expiry_day"].tolist() == [0]
    assert desk.exchange.close_day().size == 0


def test_the_close_takes_quotes_stops_and_orders_in_canonical_order(engine):
    desk = Desk(engine)
    desk.stop_sell("C", 5, 50)
    desk.stop_buy("C", 6, 150, 160)
    desk.stop_buy("D", 7, 140, time_in_force=GTC)
    desk.quote("A", (1, 98), (2, 110))
    desk.buy("B", 3, 99, time_in_force=GTD)
    desk.sell("B", 4, 110)
    assert cancellation_sentences(desk.exchange.close_day()) == [
        "B lost 3: GOOD_TILL_DATE",
        "A lost 1: DAY_END",
        "A lost 2: DAY_END",
        "B lost 4: DAY_END",
        "C lost 6: DAY_END",
        "C lost 5: DAY_END",
    ]
    assert desk.stops() == ["D buy 7 @ 140"]


def test_canonical_order_is_side_price_priority_then_stops_and_then_the_next_row(engine):
    desk = Desk(engine, n_slots=2, rules=BookRules(spread_lengths=(1,)))
    desk.buy("A", 1, 0, spread_months=1)
    desk.buy("A", 1, 99, month=1)
    for price in (97, 99, 98):
        desk.buy("A", 1, price)
        desk.sell("A", 1, price + 20)
    desk.stop_sell("A", 1, 60)
    desk.stop_buy("A", 1, 150)
    desk.stop_buy("A", 1, 140)
    orders = desk.exchange.open_orders(0)
    assert np.array_equal(orders, desk.exchange.resting_orders())
    assert orders["order_id"].tolist() == [5, 7, 3, 4, 8, 6, 11, 10, 9, 2, 1]


def test_a_day_does_not_open_with_crossed_orders(engine):
    desk = Desk(engine)
    desk.phase(AUCTION)
    desk.buy("A", 1, 105, time_in_force=GTC)
    desk.sell("B", 1, 100, time_in_force=GTC)
    desk.exchange.close_day()
    with pytest.raises(AssertionError):
        desk.open_day(low=1, high=200)


def test_an_iceberg_keeps_what_it_hides_overnight(engine):
    desk = book_from(engine, "A 2+5, B 1 | 99 |", time_in_force=GTC)
    desk.sell("C", 1, 99)
    desk.open_day(low=-300, high=300)
    assert desk.book() == text("A 1+5, B 1 | 99 |")
    assert desk.sell("C", 2, 99) == ["A bought 1 from C at 99", "B bought 1 from C at 99"]


def test_new_limits_cancel_the_orders_they_shut_out_and_keep_the_others_in_queue(engine):
    desk = book_from(engine, "| 130 | A 1\n | 120 | B 2, C 3\n D 4 | 80 |", time_in_force=GTC)
    assert desk.open_day(low=81, high=129) == ["D lost 4: PRICE_LIMIT", "A lost 1: PRICE_LIMIT"]
    desk.exchange.check()
    assert desk.book() == text("| 120 | B 2, C 3")
    assert desk.buy("E", 4, 129) == ["E bought 2 from B at 120", "E bought 2 from C at 120"]


def test_orders_survive_a_range_that_moves_and_widens(engine):
    desk = book_from(engine, "| 130 | A 1\n | 120 | B 2\n D 4 | 80 |", time_in_force=GTC)
    for low, high in ((-5_000, 9_000), (80, 131), (0, 64), (-300, 300)):
        desk.open_day(low=low, high=high)
        desk.exchange.check()
    assert desk.best() == (None, None)
    assert desk.buy("A", 1, -299) == ["A rests 1 at -299"]


def test_the_last_trade_is_of_today(engine):
    desk = book_from(engine, "| 101 | B 3")
    assert desk.exchange.top_of_book().last_trade_ticks[0] == NO_PRICE
    desk.buy("A", 1, 101)
    assert desk.exchange.top_of_book().last_trade_ticks[0] == 101
    desk.open_day(low=1, high=200)
    assert desk.exchange.top_of_book().last_trade_ticks[0] == NO_PRICE


def test_an_expired_month_is_empty_and_unlisted_until_its_slot_is_listed_anew(engine):
    desk = book_from(engine, "| 101 | B 3\n A 1 | 99 |", n_slots=2, time_in_force=GTC)
    desk.buy("C", 1, 55, month=1, time_in_force=GTC)
    assert cancellation_sentences(desk.exchange.expire_month(0)) == ["A lost 1: EXPIRY", "B lost 3: EXPIRY"]
    assert desk.buy("A", 1, 99) == ["refused: MONTH_NOT_LISTED"]
    with pytest.raises(ParameterError, match="month: 0 is not listed"):
        desk.exchange.depth(0, 1)
    assert desk.open_day(low=1, high=200, first_month=1) == []
    assert desk.buy("A", 1, 99) == ["refused: MONTH_NOT_LISTED"]
    assert desk.buy("A", 1, 99, month=2) == ["A rests 1 at 99"]
    assert desk.book(1) == text("C 1 | 55 |")


def test_a_month_with_orders_cannot_be_taken_over(engine):
    desk = book_from(engine, "A 1 | 99 |", time_in_force=GTC)
    with pytest.raises(AssertionError):
        desk.open_day(low=1, high=200, first_month=1)


def test_a_suspended_account_loses_all_its_orders(engine):
    desk = book_from(engine, "| 101 | A 3, B 1\n A 1 | 99 |", n_slots=2)
    desk.buy("A", 7, 98, month=1)
    cancelled = desk.exchange.cancel_account(0, CancelCause.SUSPENSION)
    assert cancellation_sentences(cancelled) == [
        "A lost 1: SUSPENSION",
        "A lost 3: SUSPENSION",
        "A lost 7 of month 1: SUSPENSION",
    ]
    desk.exchange.check()
    assert desk.book() == text("| 101 | B 1")


def test_depth_lists_the_best_levels_with_all_their_lots(engine):
    desk = book_from(engine, "| 150 | A 1\n | 102 | C 4\n | 101 | A 3, B 1\n A 1 | 99 |\n B 9 | 2 |")
    columns = [column.tolist() for column in desk.exchange.depth(0, 2)]
    assert columns == [[99, 2], [1, 9], [101, 102], [4, 4]]
    assert [column.tolist() for column in desk.exchange.depth(0, 0)] == [[], [], [], []]


def test_the_digest_sees_every_resting_lot_and_the_last_trade(engine):
    def digest(desk: Desk) -> str:
        state = hashlib.sha256()
        desk.exchange.update_digest(state)
        return state.hexdigest()

    table = "| 101 | B 3, C 1"
    one, same = book_from(engine, table), book_from(engine, table)
    assert digest(one) == digest(same)
    assert digest(one) == digest(book_from(CompiledExchange, table)), "both engines have one digest"
    one.buy("A", 3, 101)
    same.cancel("B", 1)
    assert one.book() == same.book()
    assert digest(one) != digest(same), "only one of them has a last trade"
    traded = digest(one)
    one.cancel("C", 2)
    assert digest(one) != traded


@pytest.mark.parametrize(
    ("low", "high", "protection", "message"),
    [
        (10, 9, 0, r"reference 9 is not in \[10, 9\]"),
        (0, 40_000_000, 0, "ticks wide"),
        (0, 10, -1, "protection_ticks -1 is not >= 0"),
    ],
)
def test_an_impossible_day_is_a_users_mistake(engine, low, high, protection, message):
    desk = Desk(engine)
    with pytest.raises(ParameterError, match=message):
        desk.open_day(low=low, high=high, protection=protection)


@pytest.mark.parametrize("width", ["band", "interruption"])
def test_a_width_is_not_negative(engine, width):
    with pytest.raises(ParameterError, match=f"{width}_ticks -1 is not >= 0"):
        Desk(engine, **{width: -1})


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"n_accounts": -1}, "n_accounts: -1 is not >= 0"),
        ({"n_slots": 0}, "n_slots: 0 is not > 0"),
        ({"max_order_lots": 0}, "max_order_lots: 0 is not > 0"),
        ({"max_order_lots": 2**31}, "max_order_lots: 2147483648"),
    ],
)
def test_an_exchange_has_accounts_months_and_a_largest_order(engine, terms, message):
    with pytest.raises(ParameterError, match=message):
        engine(**{"n_accounts": 1, "n_slots": 1, **terms})


@pytest.mark.parametrize(
    "terms",
    [
        {"pro_rata_min_lots": 0},
        {"spread_lengths": (2, 1)},
        {"spread_lengths": (0,)},
        {"spread_lengths": (128,)},
    ],
)
def test_rules_that_make_no_sense_are_a_users_mistake(terms):
    with pytest.raises(ParameterError):
        BookRules(**terms)


def test_views_of_positions_and_open_lots_are_read_only(engine):
    desk = Desk(engine)
    for view in (desk.exchange.position_lots, desk.exchange.open_order_lots):
        with pytest.raises(ValueError, match="read-only"):
            view[0, 0] = 1


def test_the_book_grows_with_its_orders_and_forgets_none():
    desk = Desk(partial(CompiledExchange, order_capacity=64), low=1, high=100_000)
    n_orders = 5_000
    orders = np.zeros(n_orders, dtype=ORDER_DTYPE)
    orders["order_id"] = np.arange(n_orders) * 7_919
    orders["account"] = np.arange(n_orders) % 5
    orders["side"] = 1
    orders["lots"] = 1
    orders["price_ticks"] = 1 + np.arange(n_orders) % 977
    for batch in np.array_split(orders, 7):
        assert np.all(desk.exchange.match(batch).outcomes["resting_lots"] == 1)
    desk.exchange.check()
    resting = desk.exchange.resting_orders()
    assert len(resting) == n_orders
    assert np.all(np.diff(resting["price_ticks"]) <= 0)
    assert desk.best() == (977, None)
    orders["kind"] = int(MessageKind.CANCEL)
    assert desk.exchange.match(orders).outcomes["cancelled_lots"].sum() == n_orders
    desk.exchange.check()


def test_read_only_and_strided_inputs_need_no_second_compilation():
    desk = Desk(CompiledExchange)
    for frozen in (False, True):
        positions = np.zeros((6, 2), dtype=np.int64)[:, :1]
        orders = np.zeros(8, dtype=ORDER_DTYPE)[::2]
        for array in (positions, orders):
            array.flags.writeable = not frozen
        desk.exchange.load_risk(
            position_lots=positions,
            funds_usd_micro=np.zeros(6, dtype=np.int64),
            margin_per_lot_usd_micro=np.zeros(1, dtype=np.int64),
            may_trade=np.ones(6, dtype=np.bool_),
        )
        desk.exchange.match(orders)
    assert len(match_batch.signatures) == len(load_risk_figures.signatures) == 1
