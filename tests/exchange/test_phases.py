"""Halts and changes of phase, and price ranges that widen during the day."""

from __future__ import annotations

import numpy as np
import pytest
from book_text import AUCTION, CONTINUOUS, HALT, Desk, book_from, text

from abm.core.errors import ParameterError
from abm.exchange.interface import BookRules


def test_a_halted_month_takes_cancellations_and_nothing_else(engine):
    desk = book_from(engine, "| 102 | C 3\n A 5 | 99 |\n A 4 | 98 |", n_slots=2)
    desk.quote("B", (1, 97), None)
    desk.phase(HALT)
    for refused in (
        desk.buy("A", 1, 99),
        desk.market_buy("A", 1),
        desk.stop_buy("A", 1, 120),
        desk.modify("A", 2, 4, 99),
        desk.quote("B", (1, 97), None),
        desk.buy("A", 1, 99, close_out=1),
    ):
        assert refused == ["refused: MONTH_HALTED"]
    assert desk.buy("A", 1, 99, month=1) == ["A rests 1 at 99"]
    assert desk.cancel("A", 2) == ["A lost 5: USER"]
    assert desk.cancel_all("A", month=0) == ["A lost 4: USER"]
    assert desk.best() == (97, 102)
    desk.phase(CONTINUOUS)
    assert desk.buy("A", 1, 102) == ["A bought 1 from C at 102"]


def test_a_halt_comes_after_listing_and_before_the_form(engine):
    desk = Desk(engine)
    desk.phase(HALT)
    assert desk.buy("A", 0, 99) == ["refused: MONTH_HALTED"]
    assert desk.buy("A", 0, 99, month=4) == ["refused: MONTH_NOT_LISTED"]


def test_an_auction_may_be_halted_and_called_again(engine):
    desk = Desk(engine)
    desk.phase(AUCTION)
    desk.buy("A", 5, 105)
    desk.sell("B", 3, 100)
    desk.phase(HALT)
    assert desk.best() == (105, 100), "a halted book shows what it is"
    desk.phase(AUCTION)
    assert desk.uncross() == ["A bought 3 from B at 100"]


@pytest.mark.parametrize("price", [99, 100])
def test_an_auction_ends_only_by_uncrossing(engine, price):
    desk = Desk(engine)
    desk.phase(AUCTION)
    desk.buy("A", 5, 100)
    desk.sell("B", 5, price + 1)
    with pytest.raises(ParameterError, match="month 0"):
        desk.phase(CONTINUOUS)
    assert desk.exchange.phases.tolist() == [AUCTION]


def test_a_halted_month_with_a_crossed_book_needs_an_auction(engine):
    desk = Desk(engine, n_slots=2)
    desk.phase(AUCTION)
    desk.buy("A", 5, 100)
    desk.sell("B", 5, 100)
    desk.phase(HALT)
    with pytest.raises(ParameterError, match="month 0"):
        desk.exchange.set_phases(np.array([CONTINUOUS, HALT]))
    assert desk.exchange.phases.tolist() == [HALT, CONTINUOUS], "nothing has changed"
    desk.cancel_all("B")
    desk.phase(CONTINUOUS)
    assert desk.sell("C", 1, 100) == ["A bought 1 from C at 100"]


def test_a_halted_month_with_a_waiting_market_order_needs_an_auction(engine):
    desk = Desk(engine)
    desk.phase(AUCTION)
    desk.market_buy("A", 5)
    desk.phase(HALT)
    with pytest.raises(ParameterError, match="month 0"):
        desk.phase(CONTINUOUS)


@pytest.mark.parametrize("phase", [-1, 3])
def test_an_unknown_phase_is_a_users_mistake(engine, phase):
    desk = Desk(engine)
    with pytest.raises(ParameterError, match=str(phase)):
        desk.phase(phase)


def test_a_slot_without_a_month_has_no_phase_of_its_own(engine):
    desk = Desk(engine, n_slots=2)
    desk.phase(HALT)
    desk.exchange.expire_month(0)
    assert desk.exchange.phases.tolist() == [CONTINUOUS, CONTINUOUS]
    desk.exchange.set_phases(np.array([HALT, HALT]))
    assert desk.exchange.phases.tolist() == [CONTINUOUS, HALT]
    assert desk.buy("A", 1, 99) == ["refused: MONTH_NOT_LISTED"]


def test_every_day_begins_in_continuous_trading(engine):
    desk = Desk(engine)
    desk.phase(HALT)
    desk.open_day(low=1, high=200)
    assert desk.exchange.phases.tolist() == [CONTINUOUS]


def test_phases_are_a_copy(engine):
    desk = Desk(engine)
    desk.exchange.phases[0] = HALT
    assert desk.exchange.phases.tolist() == [CONTINUOUS]


def test_a_wider_range_takes_orders_that_it_refused_and_touches_none(engine):
    desk = book_from(engine, "| 130 | A 1\n D 4 | 80 |", low=80, high=130)
    assert desk.buy("B", 1, 131) == ["refused: PRICE_LIMIT"]
    assert desk.sell("B", 1, 79) == ["refused: PRICE_LIMIT"]
    desk.exchange.widen_range(low_ticks=np.array([70]), high_ticks=np.array([400]))
    assert desk.sell("B", 1, 400) == ["B rests 1 at 400"]
    assert desk.buy("B", 1, 70) == ["B rests 1 at 70"]
    assert desk.book() == text("| 400 | B 1\n | 130 | A 1\n D 4 | 80 |\n B 1 | 70 |")
    assert desk.buy("B", 3, 399) == ["B bought 1 from A at 130", "B rests 2 at 399"]
    assert desk.sell("C", 7, 70) == [
        "B bought 2 from C at 399",
        "D bought 4 from C at 80",
        "B bought 1 from C at 70",
    ]


@pytest.mark.parametrize(("low", "high"), [(81, 130), (80, 129), (80, 90_000_000)])
def test_a_range_never_narrows_during_the_day(engine, low, high):
    desk = Desk(engine, low=80, high=130)
    with pytest.raises(ParameterError, match="widen_range month 0"):
        desk.exchange.widen_range(low_ticks=np.array([low]), high_ticks=np.array([high]))
    assert desk.buy("B", 1, 131) == ["refused: PRICE_LIMIT"]


def test_market_protection_ends_at_the_wider_range(engine):
    desk = book_from(engine, "| 130 | A 1", low=80, high=130, protection=9)
    desk.exchange.widen_range(low_ticks=np.array([80]), high_ticks=np.array([135]))
    desk.sell("B", 1, 135)
    assert desk.market_buy("C", 2) == ["C bought 1 from A at 130", "C bought 1 from B at 135"]


def test_a_waiting_market_order_stays_at_the_end_of_the_range_it_met(engine):
    desk = Desk(engine, low=80, high=130)
    desk.phase(AUCTION)
    desk.market_buy("A", 1)
    desk.exchange.widen_range(low_ticks=np.array([80]), high_ticks=np.array([200]))
    desk.sell("B", 1, 150)
    assert desk.uncross() == ["A lost 1: AUCTION_REMAINDER"]


def test_a_wider_leg_widens_its_spreads(engine):
    desk = Desk(engine, n_slots=2, low=90, high=110, rules=BookRules(spread_lengths=(1,)))
    assert desk.buy("A", 1, 21, spread_months=1) == ["refused: PRICE_LIMIT"]
    desk.exchange.widen_range(low_ticks=np.array([90, 85]), high_ticks=np.array([110, 110]))
    assert desk.buy("A", 1, 25, spread_months=1) == ["A rests 1 at 25"]
    assert desk.sell("A", 1, -21, spread_months=1) == ["refused: PRICE_LIMIT"]
