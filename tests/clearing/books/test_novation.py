"""Novation and variation margin: the house stands in every trade and passes gains from losers to winners."""

import numpy as np
import pytest
from clearing_room import AUCTION, CONTRACT, USD, in_usd, mark, net_worth, room, ticks, trade, trades, usd
from hypothesis import given, settings
from hypothesis import strategies as st

from abm.clearing.books.positions import empty_positions, novate_trades
from abm.core.orders import Side


def test_a_trade_makes_the_buyer_long_and_the_seller_short():
    house = room([1_000] * 3)
    trade(house, 0, 1, 5, 1_000, 0)
    trade(house, 2, 0, 2, 1_010, 0)
    trade(house, 2, 1, 1, 900, 4)  # month 4 sits in slot 1
    assert house.position_lots.tolist() == [[3, 0, 0], [-5, -1, 0], [2, 1, 0]]


def test_invariants_4_and_5_longs_equal_shorts_equal_open_interest():
    house = room([1_000] * 4)
    trade(house, 0, 1, 5, 1_000, 0)
    trade(house, 2, 3, 4, 1_000, 0)
    trade(house, 1, 2, 3, 1_000, 0)  # both reduce: open interest falls from 9 to 6
    assert house.position_lots.sum(axis=0).tolist() == [0, 0, 0]
    assert house.open_interest_lots.tolist() == [6, 0, 0]
    assert (-np.minimum(house.position_lots, 0)).sum(axis=0).tolist() == [6, 0, 0]


def test_a_day_trader_is_paid_its_gain_though_flat_at_the_mark():
    house = room([1_000] * 3)
    trade(house, 0, 1, 2, 1_000, 0)
    trade(house, 2, 0, 2, 1_030, 0)
    assert in_usd(mark(house, 1_050)) == [60, -100, 40]


def test_a_new_position_is_marked_from_its_trade_price_an_old_one_from_the_last_mark():
    house = room([1_000] * 3)
    trade(house, 0, 1, 1, 1_000, 0)
    assert in_usd(mark(house, 1_010)) == [10, -10, 0]
    trade(house, 2, 1, 1, 1_015, 0)
    assert in_usd(mark(house, 1_020)) == [10, -15, 5]
    assert in_usd(mark(house, 1_020)) == [0, 0, 0]


def test_prices_go_through_zero_and_the_longs_pay():
    house = room([200_000] * 2, deposit=100_000)
    trade(house, 0, 1, 1, 17_730, 0)
    assert in_usd(mark(house, -37_630)) == [-55_360, 55_360]


def test_a_loser_without_collateral_goes_negative_and_the_winner_is_paid_in_full():
    house = room([100] * 2, deposit=100)
    trade(house, 0, 1, 1, 1_000, 0)
    mark(house, 850)
    assert in_usd(house.collateral_usd_micro) == [-50, 250]


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_invariants_3_6_7_gains_do_not_depend_on_how_often_positions_are_marked(data):
    prices = st.integers(-4_000, 4_000)
    rows = data.draw(
        st.lists(
            st.tuples(st.integers(0, 3), st.integers(1, 3), st.integers(1, 50), prices, st.integers(0, 2)),
            min_size=1,
            max_size=20,
        )
    )
    rows = [(buyer, (buyer + step) % 4, lots, price, month) for buyer, step, lots, price, month in rows]
    final = data.draw(st.tuples(prices, prices, prices))
    marks_after = data.draw(
        st.lists(st.none() | st.tuples(prices, prices, prices), min_size=len(rows), max_size=len(rows))
    )
    by_trade = [0, 0, 0, 0]
    for buyer, seller, lots, price, month in rows:
        by_trade[buyer] += lots * (final[month] - price) * USD
        by_trade[seller] -= lots * (final[month] - price) * USD
    house = room([10_000] * 4, deposit=1_000)
    before = net_worth(house)
    for row, marks in zip(rows, marks_after, strict=True):
        trade(house, *row)
        if marks is not None:
            variation = mark(house, *marks)
            assert variation.sum() == 0
    for slot in range(3):
        assert house.final_settlement(slot, final[slot]).sum() == 0
    assert house.variation_usd_micro.tolist() == by_trade
    assert (net_worth(house) - before).tolist() == by_trade
    assert not house.position_lots.any()


def test_final_settlement_pays_the_last_difference_and_closes_only_its_month():
    house = room([1_000] * 2)
    trade(house, 0, 1, 3, 1_000, 0)
    trade(house, 0, 1, 2, 1_100, 1)
    mark(house, 1_010, 1_100, None)
    assert in_usd(house.final_settlement(0, 1_004)) == [-18, 18]
    assert house.position_lots.tolist() == [[0, 2, 0], [0, -2, 0]]
    assert in_usd(house.variation_usd_micro) == [12, -12]  # 3 lots x (1,004 - 1,000)
    trade(house, 1, 0, 1, 900, 3)  # the next month takes the slot and starts afresh
    assert in_usd(mark(house, 905, 1_100, None)) == [-5, 5]


def test_a_month_nobody_holds_needs_no_mark_and_an_open_one_does():
    house = room([1_000] * 2)
    trade(house, 0, 1, 1, 1_000, 1)
    assert in_usd(mark(house, None, 1_001, None)) == [1, -1]
    with pytest.raises(AssertionError, match="no mark price"):
        mark(house, 1_000, None, None)


@pytest.mark.parametrize(
    "row", [(0, 0, 1, 5, 0), (0, 2, 1, 5, 0), (-1, 1, 1, 5, 0), (0, 1, 0, 5, 0), (0, 1, -3, 5, 0)]
)
def test_an_impossible_trade_stops_the_run(row):
    house = room([1_000] * 2)
    with pytest.raises(AssertionError, match="cannot be booked"):
        trade(house, *row)


def test_a_value_near_overflow_stops_the_run_instead_of_wrapping_round():
    house = room([1_000] * 2)
    trade(house, 0, 1, 10**6, 10**6, 0)
    with pytest.raises(AssertionError, match="near overflow"):
        mark(house, 10**7)


def test_lots_traded_are_counted_for_maker_and_taker_and_in_auctions_for_both():
    house = room([1_000] * 2)
    trade(house, 0, 1, 5, 1_000, 0, Side.BUY)
    trade(house, 0, 1, 3, 1_000, 0, Side.SELL)
    assert house.taker_lots.tolist() == [5, 3]
    assert house.maker_lots.tolist() == [3, 5]
    trade(house, 0, 1, 7, 1_000, 0, AUCTION)
    assert house.taker_lots.tolist() == [5, 3]
    assert house.maker_lots.tolist() == [3, 5]
    assert house.auction_lots.tolist() == [7, 7]


def test_the_compiled_kernel_books_like_its_plain_python_original():
    rng = np.random.default_rng(3)
    made = trades(
        *(
            (
                int(b),
                int((b + 1 + rng.integers(3)) % 4),
                int(rng.integers(1, 9)),
                int(rng.integers(-99, 99)),
                int(rng.integers(0, 7)),
                int(rng.choice([1, -1, AUCTION])),
            )
            for b in rng.integers(0, 4, 200)
        )
    )
    fees = usd(-0.2, 0.2, 0, 0.3), usd(0.5, 0.1, 0.4, -0.1), usd(0.1, -0.1, 0.3, 0.2)
    compiled, plain = empty_positions(4, 3), empty_positions(4, 3)
    assert novate_trades(made, compiled, *fees) == -1
    assert novate_trades.py_func(made.view(np.recarray), plain, *fees) == -1
    for fast, slow in zip(compiled, plain, strict=True):
        assert fast.tolist() == slow.tolist()


def test_the_views_of_the_house_cannot_be_written():
    house = room([1_000] * 2)
    for view in (
        house.position_lots,
        house.collateral_usd_micro,
        house.bank_cash_usd_micro,
        house.in_default,
    ):
        with pytest.raises(ValueError, match="read-only"):
            view[0] = 1


def test_a_tick_on_a_lot_is_worth_one_dollar_under_the_default_contract():
    assert CONTRACT.tick_value_usd_micro == USD
    assert ticks(1, None)[0] == 1
