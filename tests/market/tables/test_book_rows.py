"""What the tables say of the books around trading: mids before and after a round, aggressors, depth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from abm import NO_PRICE, Recorder, Scenario, TokenFuturesMarket
from abm.exchange import all_depth
from abm.exchange.all_depth import depth_by_month
from abm.market.tables.book_rows import DEPTH_LEVELS, depth_rounds

SMALL = Scenario().replace(
    {
        "run.days": 3,
        "calendar.rounds_per_day": 8,
        "agents.enterprises.count": 4,
        "agents.providers.count": 4,
        "agents.noise.count": 12,
    }
)


AUCTIONED = SMALL.replace({"exchange.sessions.opening_auction": 0.375})  # three rounds of eight


def stepped(rounds: int, scenario: Scenario = SMALL) -> tuple[TokenFuturesMarket, list]:
    """A market after some rounds, and its top of the book before each matching, by tenor."""
    recorder = Recorder("daily")
    market, opened = TokenFuturesMarket(scenario, rng=3, recorder=recorder), []
    plain = market.tables.before_matching

    def watched() -> None:
        plain()
        opened.append([column[market.curve.slots] for column in market.exchange.top_of_book()])

    market.tables.before_matching = watched
    for _ in range(rounds):
        market.step()
    return market, opened


@pytest.fixture(scope="module")
def market_and_books() -> tuple[TokenFuturesMarket, list]:
    return stepped(3 * 8)


def test_depth_is_taken_in_the_middle_of_four_parts_of_any_day():
    assert depth_rounds(48) == (6, 18, 30, 42)
    assert depth_rounds(8) == (1, 3, 5, 7)
    assert depth_rounds(5) == (0, 1, 3, 4)
    assert depth_rounds(4) == (0, 1, 2, 3)
    assert depth_rounds(2) == (0, 1)
    assert depth_rounds(1) == (0,)


def test_the_mid_before_a_trade_is_that_of_the_books_its_round_found(market_and_books):
    market, opened = market_and_books
    trades = market.recorder.table("trades")
    assert trades["mid_before_ticks"].notna().sum() > 50
    assert (trades["round"] == 0).any()
    for trade in trades.itertuples():
        bid, ask, *_, phase = (column[trade.tenor] for column in opened[8 * trade.day + trade.round])
        if NO_PRICE in (bid, ask) or phase != 0:
            assert np.isnan(trade.mid_before_ticks)
        else:
            assert trade.mid_before_ticks == (bid + ask) / 2


def test_the_mid_after_a_trade_is_that_of_the_quotes_of_its_round(market_and_books):
    market, _ = market_and_books
    trades, quotes = market.recorder.table("trades"), market.recorder.table("quotes")
    both = trades.merge(quotes, on=["day", "round", "month", "tenor"], how="left")
    mid = (both["best_bid_ticks"].astype(float) + both["best_ask_ticks"].astype(float)) / 2
    pd.testing.assert_series_equal(both["mid_after_ticks"], mid.where(both["phase"] == 0), check_names=False)


def test_the_aggressor_is_whose_order_came_in_and_nobody_in_an_auction():
    market, _ = stepped(8, AUCTIONED)
    names = [group.name for group in market.populations for _ in range(group.count)]
    trades = market.recorder.table("trades")
    assert set(trades["aggressor_side"]) == {-1, 0, 1}
    for trade in trades.itertuples():
        account = {1: trade.buyer, -1: trade.seller, 0: None}[trade.aggressor_side]
        assert trade.aggressor_class == ("" if account is None else names[account])


def test_depth_begins_with_the_best_quotes_of_its_round_and_gets_worse(market_and_books):
    market, _ = market_and_books
    depth, quotes = market.recorder.table("depth"), market.recorder.table("quotes")
    assert sorted(set(depth["round"])) == [1, 3, 5, 7]
    assert len(depth) == 3 * 4 * market.contract.listed_months * DEPTH_LEVELS
    best = depth[depth["level"] == 1].merge(quotes, on=["day", "round", "month", "tenor"])
    for side in ("bid", "ask"):
        assert best[f"{side}_ticks"].equals(best[f"best_{side}_ticks"])
        assert best[f"{side}_lots_x"].equals(best[f"{side}_lots_y"])
        assert (depth[f"{side}_ticks"].isna() == (depth[f"{side}_lots"] == 0)).all()
    wide = depth.pivot(index=["day", "round", "month"], columns="level")
    for side, better in (("bid", -1), ("ask", 1)):
        step = wide[f"{side}_ticks"].astype(float).diff(axis=1).to_numpy() * better
        assert np.nanmin(step) >= 1


def test_a_month_in_an_auction_shows_no_depth():
    market, _ = stepped(8, AUCTIONED)
    assert sorted(set(market.recorder.table("depth")["round"])) == [3, 5, 7]


@pytest.mark.parametrize("matching", ["compiled", "reference"])
@pytest.mark.parametrize("levels", [1, 5, 60])
def test_depth_of_all_months_at_once_is_that_of_each(matching, levels, monkeypatch):
    monkeypatch.setattr(all_depth, "_WINDOW", 1)  # so that most books need a longer one
    market, _ = stepped(7, SMALL.replace({"exchange.engine": matching}))
    months = market.curve.months["month"].copy()[::-1]
    together = depth_by_month(market.exchange, months, levels)
    for row, month in enumerate(months):
        for part, alone in zip(together, market.exchange.depth(int(month), levels), strict=True):
            padding = [NO_PRICE, 0][part is together.bid_lots or part is together.ask_lots]
            assert part[row].tolist() == [*alone.tolist(), *[padding] * (levels - len(alone))]


def test_tables_that_are_read_within_a_day_have_its_rounds_so_far_once():
    market, _ = stepped(11)
    for rounds in (11, 12):
        quotes = market.recorder.table("quotes")
        assert (quotes["day"] * 8 + quotes["round"]).drop_duplicates().tolist() == list(range(rounds))
        assert len(quotes) == rounds * market.contract.listed_months
        market.step()
    whole, _ = stepped(12)
    for name in ("quotes", "trades", "depth"):
        read_twice = market.recorder.table(name)
        assert read_twice[read_twice["day"] * 8 + read_twice["round"] < 12].equals(whole.recorder.table(name))
