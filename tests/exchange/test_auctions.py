"""Auctions: what they collect, the price they find, who trades with whom."""

from __future__ import annotations

import numpy as np
import pytest
from book_text import AUCTION, CONTINUOUS, HALT, Desk, book_from, fill_book, text
from hypothesis import given, settings
from hypothesis import strategies as st

from abm.core.errors import ParameterError
from abm.core.orders import NO_PRICE, MatchingRule, TimeInForce
from abm.exchange.compiled.engine import CompiledExchange
from abm.exchange.interface import BookRules
from abm.exchange.reference.auction import auction_price
from abm.exchange.reference.engine import ReferenceExchange

GTC = TimeInForce.GTC


def auction_from(engine, table: str, **terms) -> Desk:
    """Return a market whose front month collects the orders of a table, crossed or not."""
    desk = Desk(engine, **terms)
    desk.phase(AUCTION)
    fill_book(desk, table)
    return desk


def indicative(desk: Desk) -> tuple[int | None, int]:
    top = desk.exchange.top_of_book()
    ticks = int(top.indicative_ticks[0])
    return None if ticks == NO_PRICE else ticks, int(top.indicative_lots[0])


def test_an_auction_collects_crossing_orders_and_shows_no_prices(engine):
    desk = auction_from(engine, "A 5 | 110 |\n | 100 | B 3")
    top = desk.exchange.top_of_book()
    assert (desk.best(), top.bid_lots[0], top.ask_lots[0]) == ((None, None), 0, 0)
    assert top.phase.tolist() == [AUCTION]
    assert indicative(desk) == (100, 3), "the surplus is 2 everywhere; the reference is 100"
    assert desk.exchange.depth(0, 1)[0].tolist() == [110]


def test_all_trade_at_the_price_of_most_volume(engine):
    desk = auction_from(engine, "A 5 | 106 |\n B 5 | 104 |\n | 103 | C 4\n | 102 | D 4\n E 9 | 101 |")
    assert indicative(desk) == (103, 8)
    assert desk.uncross() == [
        "A bought 4 from D at 103",
        "A bought 1 from C at 103",
        "B bought 3 from C at 103",
    ]
    assert desk.book() == text("B 2 | 104 |\n E 9 | 101 |")
    assert desk.best() == (104, None)
    assert desk.last() == 103
    assert desk.exchange.top_of_book().phase.tolist() == [CONTINUOUS]


def test_among_prices_of_equal_volume_the_smallest_surplus_wins(engine):
    """At 104 and 105 four lots trade; five more are offered at 105."""
    desk = auction_from(engine, "A 4 | 105 | B 5\n | 104 | C 4", reference=110)
    assert indicative(desk) == (104, 4)


@pytest.mark.parametrize(("reference", "price"), [(90, 100), (100, 100), (103, 103), (105, 105), (140, 105)])
def test_among_equals_the_price_is_nearest_the_reference(engine, reference, price):
    desk = auction_from(engine, "A 5 | 105 |\n | 100 | B 5", reference=reference)
    assert indicative(desk) == (price, 5)
    assert desk.uncross() == [f"A bought 5 from B at {price}"]


def test_the_reference_is_todays_last_trade_if_there_is_one(engine):
    desk = book_from(engine, "| 104 | C 1", reference=90)
    desk.buy("D", 1, 104)
    desk.phase(AUCTION)
    fill_book(desk, "A 5 | 105 |\n | 100 | B 5")
    assert indicative(desk) == (104, 5)


def test_nothing_trades_when_nothing_crosses(engine):
    desk = auction_from(engine, "| 105 | A 1\n B 1 | 104 |")
    assert indicative(desk) == (None, 0)
    assert desk.uncross() == []
    assert (desk.best(), desk.last()) == ((104, 105), None)


def test_trades_of_an_auction_have_no_aggressor(engine):
    desk = auction_from(engine, "A 5 | 105 |\n | 100 | B 5")
    (trade,) = desk.exchange.uncross(np.array([0])).trades
    assert (trade["aggressor_side"], trade["maker_order_id"], trade["taker_order_id"]) == (0, 1, 2)


def test_price_then_time_decides_who_trades(engine):
    desk = auction_from(engine, "C 5 | 106 |\n A 5, B 5 | 105 |\n | 100 | D 7")
    assert desk.uncross() == ["C bought 5 from D at 100", "A bought 2 from D at 100"]
    assert desk.book() == text("A 3, B 5 | 105 |")


def test_an_iceberg_trades_its_hidden_lots_and_stays_in_its_place(engine):
    desk = auction_from(engine, "A 2+7, B 5 | 105 |\n | 100 | D 6")
    assert indicative(desk) == (100, 6)
    assert desk.uncross() == ["A bought 6 from D at 100"]
    assert desk.book() == text("A 2+1, B 5 | 105 |")
    assert desk.exchange.top_of_book().bid_lots.tolist() == [7]


def test_hidden_lots_count_for_the_price(engine):
    desk = auction_from(engine, "A 1+8 | 105 |\n B 2 | 104 | D 9")
    assert indicative(desk) == (105, 9)


def test_market_orders_wait_at_the_end_of_the_range(engine):
    desk = auction_from(engine, "C 9 | 104 |\n | 100 | B 3", protection=1)
    assert desk.market_buy("A", 2) == ["A rests 2 at 200"]
    assert desk.market_sell("D", 1, display_lots=1) == ["D rests 1 at 1"]
    assert desk.uncross() == [
        "A bought 1 from D at 100",
        "A bought 1 from B at 100",
        "C bought 2 from B at 100",
    ]


def test_what_market_orders_leave_is_cancelled_buys_first(engine):
    desk = auction_from(engine, "E 1 | 50 |")
    desk.market_sell("D", 4)
    desk.market_sell("C", 4)
    assert desk.uncross() == [
        "E bought 1 from D at 50",
        "D lost 3: AUCTION_REMAINDER",
        "C lost 4: AUCTION_REMAINDER",
    ]
    desk.phase(AUCTION)
    desk.market_buy("A", 5, time_in_force=GTC)
    desk.market_buy("B", 5)
    desk.sell("E", 1, 60)
    assert desk.uncross() == [
        "A bought 1 from E at 60",
        "A lost 4: AUCTION_REMAINDER",
        "B lost 5: AUCTION_REMAINDER",
    ]


def test_market_orders_that_wait_are_day_orders(engine):
    desk = Desk(engine)
    desk.phase(AUCTION)
    desk.market_buy("A", 5, time_in_force=GTC)
    desk.market_buy("B", 5, time_in_force=TimeInForce.GTD, expiry_day=4)
    (first, second) = desk.exchange.resting_orders()
    assert first["time_in_force"] == second["time_in_force"] == TimeInForce.DAY
    assert second["expiry_day"] == 0
    assert desk.exchange.close_day()["cause"].tolist() == [3, 3]


def test_post_only_is_not_read_in_an_auction(engine):
    desk = auction_from(engine, "| 100 | B 3")
    assert desk.buy("A", 2, 105, post_only=1) == ["A rests 2 at 105"]


def test_pro_rata_books_auction_by_time(engine):
    rules = BookRules(matching=MatchingRule.PRO_RATA)
    desk = auction_from(engine, "A 5, B 50 | 105 |\n | 100 | D 20", rules=rules)
    assert desk.uncross() == ["A bought 5 from D at 100", "B bought 15 from D at 100"]


def test_months_uncross_in_the_order_given(engine):
    desk = Desk(engine, n_slots=3)
    for month in range(3):
        desk.phase(AUCTION, month)
        desk.buy("A", 1, 100, month=month)
        desk.sell("B", 1, 100, month=month)
    assert desk.uncross(2, 0) == ["A bought 1 from B at 100 of month 2", "A bought 1 from B at 100"]
    assert desk.exchange.phases.tolist() == [CONTINUOUS, AUCTION, CONTINUOUS]


@pytest.mark.parametrize("months", [[0, 1], [2], [7], [1, 1]])
def test_only_listed_months_in_an_auction_uncross(engine, months):
    desk = Desk(engine, n_slots=3)
    desk.phase(AUCTION, 1)
    desk.phase(HALT, 2)
    before = desk.digest()
    with pytest.raises(ParameterError):
        desk.exchange.uncross(np.array(months))
    assert desk.digest() == before


def test_margin_and_limits_hold_for_orders_of_an_auction(engine):
    desk = auction_from(engine, "B 1 | 50 |")
    desk.load_risk({"A": 500}, 100, limit=50)
    assert desk.buy("A", 6, 99) == ["refused: INSUFFICIENT_MARGIN"]
    assert desk.market_buy("A", 6) == ["refused: INSUFFICIENT_MARGIN"]
    assert desk.buy("C", 51, 99) == ["refused: POSITION_LIMIT"]
    assert desk.market_buy("A", 5) == ["A rests 5 at 200"]


def test_positions_follow_an_auction(engine):
    desk = auction_from(engine, "A 5 | 105 |\n | 100 | B 3")
    desk.uncross()
    assert desk.exchange.position_lots[:2, 0].tolist() == [3, -3]
    assert desk.exchange.open_order_lots[0, 0].tolist() == [2, 0]


ladders = st.lists(st.tuples(st.integers(-9, 9), st.integers(1, 6)), max_size=8)


def every_tick(bids, asks, low, high, reference):
    """Return the auction's price and volume by looking at every tick of the range."""

    def rank(price):
        demand = sum(lots for bid, lots in bids if bid >= price)
        supply = sum(lots for ask, lots in asks if ask <= price)
        return -min(demand, supply), abs(demand - supply), abs(price - reference), price

    best = min(range(low, high + 1), key=rank)
    assert sum(rank(p)[:3] == rank(best)[:3] for p in range(low, high + 1)) == 1 or not rank(best)[0]
    return (best, -rank(best)[0]) if rank(best)[0] else None


@given(bids=ladders, asks=ladders, reference=st.integers(-12, 12))
@settings(max_examples=300)
def test_the_price_is_the_best_of_all_ticks_and_there_is_only_one(bids, asks, reference):
    """The oracle looks next to orders only; here it is held against every tick."""
    expected = every_tick(bids, asks, -12, 12, reference)
    assert auction_price(bids, asks, low=-12, high=12, reference=reference) == expected


@pytest.mark.parametrize("exchange", [CompiledExchange, ReferenceExchange])
@given(bids=ladders, asks=ladders, reference=st.integers(-12, 12))
@settings(max_examples=60)
def test_an_exchange_uncrosses_at_the_best_of_all_ticks(exchange, bids, asks, reference):
    desk = Desk(exchange, low=-12, high=12, reference=reference)
    desk.phase(AUCTION)
    for price, lots in bids:
        desk.buy("A", lots, price)
    for price, lots in asks:
        desk.sell("B", lots, price)
    expected = every_tick(bids, asks, -12, 12, reference)
    assert indicative(desk) == (expected or (None, 0))
    trades = desk.exchange.uncross(np.array([0])).trades
    assert trades["lots"].sum() == (expected[1] if expected else 0)
    assert set(trades["price_ticks"].tolist()) == ({expected[0]} if expected else set())
    desk.exchange.check()
