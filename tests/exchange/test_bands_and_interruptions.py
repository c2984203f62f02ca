"""Price bands around the last trade, and moves that interrupt trading."""

from __future__ import annotations

import pytest
from book_text import AUCTION, HALT, Desk, book_from, text

from abm.core.orders import SelfMatch, TimeInForce

IOC, FOK, GTC = TimeInForce.IOC, TimeInForce.FOK, TimeInForce.GTC


def test_a_bid_too_high_or_an_offer_too_low_is_refused(engine):
    """CME Group price banding: only the side that would lose is bounded."""
    desk = Desk(engine, band=10, reference=100)
    assert desk.buy("A", 1, 111) == ["refused: PRICE_BAND"]
    assert desk.sell("A", 1, 89) == ["refused: PRICE_BAND"]
    assert desk.buy("A", 1, 10) == ["A rests 1 at 10"]
    assert desk.sell("B", 1, 190) == ["B rests 1 at 190"]
    assert desk.buy("A", 1, 110) == ["A rests 1 at 110"]


def test_the_band_follows_the_last_trade(engine):
    desk = book_from(engine, "| 108 | B 1", band=10, reference=100)
    desk.buy("A", 1, 108)
    assert desk.buy("A", 1, 119) == ["refused: PRICE_BAND"]
    assert desk.buy("A", 1, 118) == ["A rests 1 at 118"]
    assert desk.sell("C", 1, 97) == ["refused: PRICE_BAND"]


def test_the_price_range_comes_before_the_band(engine):
    desk = Desk(engine, band=10, reference=100)
    assert desk.buy("A", 1, 201) == ["refused: PRICE_LIMIT"]


def test_a_market_order_stays_inside_the_band(engine):
    desk = book_from(engine, "| 112 | C 5\n | 109 | B 2", band=10, protection=50, reference=100)
    assert desk.market_buy("A", 5) == ["A bought 2 from B at 109", "A lost 3: IOC_REMAINDER"]
    assert desk.market_buy("A", 5) == ["A bought 5 from C at 112"], "the last trade has moved to 109"


def test_a_market_order_that_the_band_keeps_from_the_best_price_is_cancelled(engine):
    desk = book_from(engine, "| 112 | C 5", band=10, protection=50, reference=100)
    assert desk.market_buy("A", 5, post_only=1) == ["A lost 5: IOC_REMAINDER"]
    assert desk.market_buy("A", 5, time_in_force=FOK) == ["refused: FOK_NOT_FILLABLE"]


def test_the_band_also_holds_in_an_auction_but_not_for_stops_and_market_orders(engine):
    desk = Desk(engine, band=10, reference=100)
    desk.phase(AUCTION)
    assert desk.buy("A", 1, 111) == ["refused: PRICE_BAND"]
    assert desk.market_buy("A", 1) == ["A rests 1 at 200"]
    assert desk.stop_buy("A", 1, 150, 160) == ["A rests 1 at 150"]


def test_an_execution_far_from_the_last_trade_interrupts_trading(engine):
    """Eurex T7: earlier fills stand, the execution does not happen, the rest waits in the auction."""
    desk = book_from(engine, "| 111 | C 9\n | 110 | B 2", interruption=10, reference=100)
    assert desk.buy("A", 6, 150) == ["A bought 2 from B at 110", "A rests 4 at 150"]
    assert desk.exchange.phases.tolist() == [AUCTION]
    assert desk.last() == 110
    assert desk.book() == text("A 4 | 150 |\n | 111 | C 9")
    assert desk.uncross() == ["A bought 4 from C at 111"]
    assert desk.exchange.phases.tolist() == [0]


def test_the_reference_of_an_order_is_the_last_trade_before_it(engine):
    """A sweep in small steps does not carry its own reference along."""
    desk = book_from(engine, "| 115 | D 1\n | 110 | C 1\n | 105 | B 1", interruption=10, reference=100)
    assert desk.buy("A", 3, 150) == [
        "A bought 1 from B at 105",
        "A bought 1 from C at 110",
        "A rests 1 at 150",
    ]
    assert desk.uncross() == ["A bought 1 from D at 115"]


@pytest.mark.parametrize("life", [IOC, FOK])
def test_what_must_not_rest_is_cancelled_by_the_interruption(engine, life):
    desk = book_from(engine, "| 111 | C 9\n | 110 | B 2", interruption=10, reference=100)
    if life is FOK:
        assert desk.buy("A", 6, 150, time_in_force=FOK) == ["refused: FOK_NOT_FILLABLE"]
    else:
        assert desk.buy("A", 6, 150, time_in_force=IOC) == [
            "A bought 2 from B at 110",
            "A lost 4: INTERRUPTION",
        ]


def test_a_market_order_is_cancelled_by_the_interruption(engine):
    desk = book_from(engine, "B 1 | 91 |\n C 5 | 89 |", interruption=10, protection=50, reference=100)
    assert desk.market_sell("A", 6, time_in_force=GTC) == [
        "B bought 1 from A at 91",
        "A lost 5: INTERRUPTION",
    ]
    assert desk.exchange.phases.tolist() == [AUCTION]


def test_other_months_go_on_trading(engine):
    desk = book_from(engine, "| 111 | C 9", n_slots=2, interruption=10, reference=100)
    desk.sell("B", 1, 100, month=1)
    assert desk.buy("A", 1, 111) == ["A rests 1 at 111"]
    assert desk.exchange.phases.tolist() == [AUCTION, 0]
    assert desk.buy("A", 1, 100, month=1) == ["A bought 1 from B at 100 of month 1"]


def test_the_interruption_comes_before_self_match_prevention(engine):
    desk = book_from(engine, "| 111 | A 3, B 2", interruption=10, reference=100)
    assert desk.buy("A", 4, 120, self_match=SelfMatch.CANCEL_AGGRESSOR, time_in_force=IOC) == [
        "A lost 4: INTERRUPTION"
    ]
    assert desk.book() == text("| 111 | A 3, B 2")


def test_the_rest_of_an_order_that_interrupts_meets_its_own_orders_in_the_auction(engine):
    table = "| 115 | A 3\n | 111 | B 2"
    desk = book_from(engine, table, interruption=10, reference=100)
    assert desk.buy("A", 4, 120) == ["A lost 3: SELF_MATCH", "A rests 4 at 120"]
    assert desk.book() == text("A 4 | 120 |\n | 111 | B 2")
    desk = book_from(engine, table, interruption=10, reference=100)
    assert desk.buy("A", 4, 120, self_match=SelfMatch.CANCEL_AGGRESSOR) == ["A lost 4: SELF_MATCH"]
    assert desk.exchange.phases.tolist() == [AUCTION]


def test_an_execution_at_the_edge_of_the_range_is_calm(engine):
    desk = book_from(engine, "| 110 | B 2\n C 2 | 90 |", interruption=10, reference=100)
    assert desk.buy("A", 1, 110) == ["A bought 1 from B at 110"]
    assert desk.sell("A", 1, 90) == ["A rests 1 at 90"], "20 ticks from the last trade"
    assert desk.exchange.phases.tolist() == [AUCTION]


def test_a_triggered_stop_is_measured_from_the_trade_that_triggered_it(engine):
    desk = book_from(engine, "| 121 | B 5\n | 110 | C 1", interruption=10, protection=30, reference=100)
    desk.stop_buy("D", 2, 110)
    desk.stop_buy("E", 2, 105, 130)
    assert desk.buy("A", 1, 110) == [
        "A bought 1 from C at 110",
    ]
    assert desk.exchange.phases.tolist() == [AUCTION], "121 is further than 10 from 110"
    assert desk.stops() == ["D buy 2 @ 110"], "in the auction no further stop triggers"
    assert desk.book() == text("E 2 | 130 |\n | 121 | B 5")
    assert desk.uncross() == ["E bought 2 from B at 121", "D bought 2 from B at 121"]


def test_a_triggered_stop_order_is_cancelled_by_the_interruption(engine):
    desk = book_from(engine, "| 121 | B 5\n | 110 | C 1", interruption=10, protection=30, reference=100)
    desk.stop_buy("D", 2, 110)
    assert desk.buy("A", 1, 110) == ["A bought 1 from C at 110", "D lost 2: INTERRUPTION"]


def test_no_rule_no_interruption(engine):
    desk = book_from(engine, "| 200 | B 5\n", reference=100)
    assert desk.buy("A", 1, 200) == ["A bought 1 from B at 200"]


def test_close_out_orders_obey_bands_and_interruptions(engine):
    desk = book_from(engine, "| 111 | B 5\n", band=20, interruption=10, reference=100)
    assert desk.buy("A", 1, 121, close_out=1) == ["refused: PRICE_BAND"]
    assert desk.buy("A", 1, 120, close_out=1) == ["A rests 1 at 120"]
    desk.phase(HALT)
    assert desk.buy("A", 1, 120, close_out=1) == ["refused: MONTH_HALTED"]
