"""Pro-rata allocation: shares by size, the top order first, the rest by time."""

from __future__ import annotations

import pytest
from book_text import AUCTION, Desk, book_from, text
from hypothesis import given
from hypothesis import strategies as st

from abm.core.orders import MatchingRule, SelfMatch, TimeInForce
from abm.exchange.interface import BookRules
from abm.exchange.reference.matching import shares_of_round

FOK, GTC = TimeInForce.FOK, TimeInForce.GTC
PRO_RATA = BookRules(matching=MatchingRule.PRO_RATA)
PURE = BookRules(matching=MatchingRule.PRO_RATA, top_order=False)
ONE_LOT = BookRules(matching=MatchingRule.PRO_RATA, top_order=False, pro_rata_min_lots=1)


def test_the_published_vector(engine):
    """Resting 100, 50 and 10, aggressor 20: 12.5, 6.25 and 1.25 make 12, 6 and 0, the last 2 go by time."""
    desk = book_from(engine, "| 101 | A 100, B 50, C 10", rules=PURE)
    assert desk.buy("D", 20, 101) == ["D bought 14 from A at 101", "D bought 6 from B at 101"]
    assert desk.book() == text("| 101 | A 86, B 44, C 10")


def test_a_share_below_the_minimum_becomes_none(engine):
    table = "| 101 | A 30, B 30, C 40"
    desk = book_from(engine, table, rules=PURE)
    assert desk.buy("D", 4, 101) == ["D bought 4 from A at 101"], "shares of 1, 1 and 1 are too small"
    desk = book_from(engine, table, rules=ONE_LOT)
    assert desk.buy("D", 4, 101) == [
        "D bought 2 from A at 101",
        "D bought 1 from B at 101",
        "D bought 1 from C at 101",
    ]


def test_the_order_that_bettered_the_market_is_filled_first(engine):
    desk = book_from(engine, "| 101 | A 10, B 60, C 30", rules=PRO_RATA)
    assert desk.buy("D", 55, 101) == [
        "D bought 10 from A at 101",
        "D bought 30 from B at 101",
        "D bought 15 from C at 101",
    ]


def test_a_top_order_takes_a_small_aggressor_whole(engine):
    desk = book_from(engine, "| 101 | A 10, B 600", rules=PRO_RATA)
    assert desk.buy("D", 7, 101) == ["D bought 7 from A at 101"]
    assert desk.buy("D", 7, 101) == ["D bought 3 from A at 101", "D bought 4 from B at 101"]


def test_an_order_that_betters_takes_the_status_from_the_old_one(engine):
    desk = book_from(engine, "| 101 | A 10, B 10", rules=PRO_RATA)
    desk.sell("C", 10, 100)
    desk.sell("D", 10, 100)
    assert desk.buy("E", 12, 100) == ["E bought 10 from C at 100", "E bought 2 from D at 100"]
    desk.buy("E", 8, 100)
    assert desk.buy("E", 10, 101) == ["E bought 5 from A at 101", "E bought 5 from B at 101"]


def test_the_status_ends_when_the_order_leaves(engine):
    desk = book_from(engine, "| 101 | A 10, B 10, C 10", rules=PRO_RATA)
    desk.cancel("A", 1)
    assert desk.buy("E", 10, 101) == ["E bought 5 from B at 101", "E bought 5 from C at 101"]
    desk.sell("A", 10, 101)
    assert desk.buy("E", 10, 101)[-1] == "E bought 5 from A at 101", "who joins the best price is not top"


def test_a_decrease_in_place_keeps_the_status_an_increase_loses_it(engine):
    desk = book_from(engine, "| 101 | A 10, B 10", rules=PRO_RATA)
    desk.modify("A", 1, 8, 101)
    assert desk.buy("E", 4, 101) == ["E bought 4 from A at 101"]
    desk.modify("A", 1, 10, 101)
    assert desk.buy("E", 10, 101) == ["E bought 5 from B at 101", "E bought 5 from A at 101"]


def test_an_iceberg_is_top_order_only_with_its_first_tip(engine):
    desk = book_from(engine, "| 101 | A 4+20, B 4", rules=PRO_RATA)
    assert desk.buy("E", 4, 101) == ["E bought 4 from A at 101"]
    assert desk.book() == text("| 101 | B 4, A 4+16")
    assert desk.buy("E", 4, 101) == ["E bought 2 from B at 101", "E bought 2 from A at 101"]


def test_icebergs_refill_between_rounds(engine):
    desk = book_from(engine, "| 101 | A 4+2, B 6, C 2+9", rules=PURE)
    assert desk.buy("D", 17, 101) == [
        "D bought 4 from A at 101",
        "D bought 6 from B at 101",
        "D bought 2 from C at 101",
        "D bought 2 from A at 101",
        "D bought 2 from C at 101",
        "D bought 1 from C at 101",
    ]
    assert desk.book() == text("| 101 | C 1+5")


def test_a_sweep_allocates_at_each_price_in_turn(engine):
    desk = book_from(engine, "| 102 | B 40, C 40\n | 101 | A 5", rules=PURE)
    assert desk.buy("D", 25, 105) == [
        "D bought 5 from A at 101",
        "D bought 10 from B at 102",
        "D bought 10 from C at 102",
    ]
    assert desk.last() == 102


def test_own_orders_at_the_price_are_cancelled_before_the_round(engine):
    desk = book_from(engine, "| 102 | A 9\n | 101 | B 20, A 5, C 20, A 6", rules=PURE)
    assert desk.buy("A", 10, 105) == [
        "A bought 5 from B at 101",
        "A bought 5 from C at 101",
        "A lost 5: SELF_MATCH",
        "A lost 6: SELF_MATCH",
    ]
    assert desk.book() == text("| 102 | A 9\n | 101 | B 15, C 15")


def test_an_aggressor_that_gives_way_stops_before_the_price_of_its_own_order(engine):
    table = "| 102 | B 20, A 5, A 6\n | 101 | C 4"
    desk = book_from(engine, table, rules=PURE)
    mode = SelfMatch.CANCEL_AGGRESSOR
    assert desk.buy("A", 10, 105, self_match=mode) == ["A bought 4 from C at 101", "A lost 6: SELF_MATCH"]
    assert desk.book() == text("| 102 | B 20, A 5, A 6")
    assert desk.buy("A", 10, 105, self_match=SelfMatch.CANCEL_BOTH) == [
        "A lost 5: SELF_MATCH",
        "A lost 10: SELF_MATCH",
    ]
    assert desk.book() == text("| 102 | B 20, A 6")


def test_cancel_both_takes_the_own_top_order(engine):
    desk = book_from(engine, "| 101 | A 20, B 5, A 6", rules=PRO_RATA)
    assert desk.buy("A", 10, 105, self_match=SelfMatch.CANCEL_BOTH) == [
        "A lost 20: SELF_MATCH",
        "A lost 10: SELF_MATCH",
    ]


@pytest.mark.parametrize(
    ("mode", "fillable"),
    [(SelfMatch.CANCEL_RESTING, 31), (SelfMatch.CANCEL_AGGRESSOR, 4), (SelfMatch.CANCEL_BOTH, 4)],
)
def test_fillable_lots_end_before_the_price_of_an_own_order(engine, mode, fillable):
    desk = book_from(engine, "| 102 | B 20+7, A 5\n | 101 | C 4", rules=PURE)
    terms = {"time_in_force": FOK, "self_match": mode}
    assert desk.buy("A", fillable + 1, 102, **terms) == ["refused: FOK_NOT_FILLABLE"]
    assert "bought 4" in desk.buy("A", fillable, 102, **terms)[0]


def test_a_top_order_keeps_its_status_overnight(engine):
    desk = book_from(engine, "| 101 | A 10, B 10", rules=PRO_RATA, time_in_force=GTC)
    desk.exchange.close_day()
    desk.open_day(low=1, high=300)
    assert desk.buy("E", 6, 101) == ["E bought 6 from A at 101"]


def test_after_an_auction_no_order_is_top_and_auctions_go_by_time(engine):
    desk = book_from(engine, "| 101 | A 10, B 10", rules=PRO_RATA)
    desk.phase(AUCTION)
    desk.sell("C", 8, 100)
    desk.sell("D", 8, 100)
    desk.buy("E", 12, 100)
    assert desk.uncross() == ["E bought 8 from C at 100", "E bought 4 from D at 100"]
    assert desk.buy("F", 4, 100) == ["F bought 4 from D at 100"]
    assert desk.buy("F", 10, 101) == ["F bought 5 from A at 101", "F bought 5 from B at 101"]


def test_a_fifo_book_knows_no_shares(engine):
    desk = Desk(engine)
    for account in "ABC":
        desk.sell(account, 10, 101)
    assert desk.buy("D", 12, 101) == ["D bought 10 from A at 101", "D bought 2 from B at 101"]


sizes = st.lists(st.integers(1, 60), min_size=1, max_size=8)


@given(lots=st.integers(1, 200), shown=sizes, top=st.booleans(), minimum=st.integers(1, 5))
def test_a_round_allots_the_aggressor_and_never_more_than_rests(lots, shown, top, minimum):
    """Shares sum to the aggressor, or all is filled; the top order comes first; shares are by size."""
    fills = shares_of_round(lots, shown, 0 if top else None, minimum)
    assert sum(fills) == min(lots, sum(shown))
    assert all(0 <= fill <= size for fill, size in zip(fills, shown, strict=True))
    first = min(lots, shown[0]) if top else 0
    assert fills[0] >= first
    left, pool = lots - first, sum(shown) - first
    if left < pool:
        for fill, size in list(zip(fills, shown, strict=True))[top:]:
            share = left * size // pool
            assert fill >= (share if share >= minimum else 0)
