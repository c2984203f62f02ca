"""Opening and closing auctions: how long they last, what trades in them, and what they leave."""

from __future__ import annotations

import numpy as np
import pytest
from quiet_market import (
    at_settlement,
    at_upper_limit,
    buys,
    phases,
    play,
    quiet,
    reasons,
    rows_of,
    sells,
    together,
)

from abm.core.orders import NO_PRICE, RejectReason, Side, TimeInForce, TradingPhase
from abm.market import TokenFuturesMarket, run
from abm.scenario import Scenario


@pytest.mark.parametrize(
    ("rounds", "share", "call"),
    [(2, 0.02, 0), (3, 0.02, 0), (4, 0.02, 0), (24, 0.02, 0), (25, 0.02, 1), (48, 0.02, 1), (96, 0.02, 2),
     (2, 1.0, 2), (2, 0.25, 1), (4, 0.25, 1), (4, 0.5, 2), (12, 0.1, 1)],
)  # fmt: skip
def test_the_opening_auction_is_a_share_of_the_day_in_whole_rounds(rounds, share, call):
    market, (player,), _ = quiet(
        1,
        calendar__rounds_per_day=rounds,
        clearing__intraday_cycles=1,
        exchange__sessions__opening_auction=share,
    )
    play(market, 2 * rounds)
    for tenor in (0, 11):
        assert phases(market, player, tenor) == ("a" * call + "c" * (rounds - call)) * 2


@pytest.mark.parametrize(
    ("rounds", "opening", "closing", "day"),
    [(8, 0.0, 0.25, "ccccccaa"), (8, 0.25, 0.25, "aaccccaa"), (4, 0.5, 0.5, "aaaa"), (3, 0.5, 0.5, "aaa"),
     (2, 0.0, 1.0, "aa"), (2, 0.5, 0.5, "aa"), (2, 0.0, 0.5, "ca"), (4, 0.0, 1.0, "aaaa")],
)  # fmt: skip
def test_the_closing_auction_lasts_until_the_close(rounds, opening, closing, day):
    market, (player,), _ = quiet(
        1,
        calendar__rounds_per_day=rounds,
        clearing__intraday_cycles=0,
        exchange__sessions__opening_auction=opening,
        exchange__sessions__closing_auction=closing,
    )
    play(market, 2 * rounds)
    assert phases(market, player) == day * 2


@pytest.fixture(scope="module")
def three_days():
    scenario = Scenario().replace(
        {
            "run.days": 3,
            "calendar.rounds_per_day": 24,
            "exchange.sessions.opening_auction": 0.125,
            "exchange.sessions.closing_auction": 0.125,
        }
    )
    return run(scenario, seed=3).tables


def test_nothing_trades_in_a_call_and_all_at_one_price_when_it_ends(three_days):
    trades = three_days["trades"]
    in_call = trades["round"].isin([0, 1, 21, 22])
    uncrossing = trades["round"].isin([2, 23])
    assert not in_call.any()
    assert uncrossing.sum() > 100
    assert (trades.loc[uncrossing, "aggressor_side"] == 0).all()
    assert (trades.loc[~uncrossing, "aggressor_side"] != 0).all()
    auctions = trades[uncrossing].groupby(["day", "round", "month"])["price_ticks"].nunique()
    assert (auctions == 1).all()
    assert len(auctions) > 3 * 2 * 6  # most months trade in most auctions


def test_an_auction_shows_no_quotes_and_the_book_is_not_crossed_when_it_is_over(three_days):
    quotes = three_days["quotes"]
    in_call = quotes["phase"] == TradingPhase.AUCTION
    assert set(quotes.loc[in_call, "round"]) == {0, 1, 21, 22}
    assert quotes.loc[in_call, ["best_bid_ticks", "best_ask_ticks"]].isna().all().all()
    both = quotes[~in_call].dropna(subset=["best_bid_ticks", "best_ask_ticks"])
    assert (both["best_bid_ticks"] < both["best_ask_ticks"]).all()


def test_auction_lots_of_the_day_are_those_traded_without_an_aggressor(three_days):
    trades, daily = three_days["trades"], three_days["daily"]
    by_day = trades[trades["aggressor_side"] == 0].groupby(["day", "month"])["lots"].sum()
    listed = daily.set_index(["day", "month"])["auction_lots"]
    assert listed[listed > 0].to_dict() == by_day.to_dict()
    assert (daily["auction_lots"] <= daily["volume_lots"]).all()


def test_buyer_and_seller_meet_in_the_opening_auction_at_the_price_that_trades_most():
    market, (ann, bob), recorder = quiet(exchange__sessions__opening_auction=0.2)  # two rounds of twelve
    ann.script[0, 0] = together(
        buys(at_settlement(plus=4), 10), buys(at_settlement(plus=2), 5), buys(at_settlement(), 5)
    )
    bob.script[0, 1] = together(sells(at_settlement(plus=1), 12), sells(at_settlement(plus=3), 20))
    play(market, 3)
    settled = ann.views[0, 0].settlement_ticks()
    # At +1 and +2 fifteen lots are wanted and twelve offered; +1 is nearer to the settlement.
    trades = recorder.table("trades")
    assert rows_of(trades, "round", "buyer", "seller", "lots", "aggressor_side") == [
        (1, ann.account, bob.account, 10, 0),
        (1, ann.account, bob.account, 2, 0),
    ]
    assert set(trades["price_ticks"]) == {settled + 1}
    assert ann.views[0, 1].best_bid_ticks() is None
    assert ann.views[0, 2].best_bid_ticks() == settled + 2
    assert ann.views[0, 2].last_trade_ticks() == settled + 1


def test_traders_see_the_indicative_price_of_the_auction():
    market, (ann, bob), _ = quiet(exchange__sessions__opening_auction=0.25)
    ann.script[0, 0] = buys(at_settlement(plus=2), 10)
    bob.script[0, 0] = sells(at_settlement(plus=2), 4)
    play(market, 4)
    settled = ann.views[0, 0].settlement_ticks()
    seen = [bob.views[0, r].indicative_ticks() for r in range(4)]
    assert seen == [None, settled + 2, settled + 2, None]
    assert bob.views[0, 1].mid_ticks() == settled + 2


def test_what_a_market_order_does_not_get_in_the_auction_is_cancelled():
    market, (ann, bob), recorder = quiet(exchange__sessions__opening_auction=0.1)
    ann.script[0, 0] = lambda player, view: player.market(side=Side.BUY, lots=10)
    bob.script[0, 0] = sells(at_settlement(), 4)
    play(market, 1)
    assert recorder.table("trades")["lots"].tolist() == [4]
    assert len(ann.open_orders()) == 0


def test_an_order_that_must_trade_at_once_does_not_enter_an_auction():
    market, (ann, _), recorder = quiet(exchange__sessions__opening_auction=0.1)
    ann.script[0, 0] = together(
        buys(at_settlement(), 1, time_in_force=TimeInForce.IOC),
        buys(at_settlement(), 1, time_in_force=TimeInForce.FOK),
        buys(at_settlement(), 2, minimum_lots=1),
    )
    play(market, 1)
    assert reasons(recorder, ann.account) == ["NOT_IN_AUCTION"] * 3
    assert market.refusals[ann.account, RejectReason.NOT_IN_AUCTION] == 3


@pytest.mark.parametrize(
    ("at_limit_in", "rounds", "seen"),
    [(7, 2, "cccccccchhaa"), (2, 5, "ccchhhhhaaaa"), (9, 2, "ccccccccaaaa")],
)
def test_a_month_whose_halt_ends_in_the_closing_call_joins_it(at_limit_in, rounds, seen):
    """Nothing halts in the call itself: the last case asks for it."""
    market, (ann, _), _ = quiet(
        exchange__sessions__closing_auction=4 / 12,
        exchange__halts__reopening_auction=False,
        exchange__halts__duration_days=rounds / 12,
    )
    ann.script[0, at_limit_in] = buys(at_upper_limit())
    play(market, 12)
    assert phases(market, ann) == seen
    assert phases(market, ann, tenor=1) == "ccccccccaaaa"


def test_a_stop_that_the_uncrossing_triggers_may_interrupt_its_month():
    """The opening trade triggers Ann's stop, whose own trade would be too far away: an auction follows."""
    market, (ann, bob), recorder = quiet(
        exchange__sessions__opening_auction=0.1,
        exchange__interruption__width=0.01,
        exchange__interruption__duration_days=2 / 12,
    )
    ann.script[0, 0] = together(
        buys(at_settlement(plus=1), 5),
        lambda player, view: player.stop(
            side=Side.BUY,
            stop_ticks=view.settlement_ticks() + 1,
            limit_ticks=view.settlement_ticks() + 200,
            lots=3,
        ),
    )
    bob.script[0, 0] = together(sells(at_settlement(plus=1), 5), sells(at_settlement(plus=150), 3))
    play(market, 6)
    settled = ann.views[0, 0].settlement_ticks()
    assert phases(market, ann) == "aaaccc"
    assert rows_of(recorder.table("halts"), "day", "round", "month", "kind", "rounds") == [
        (0, 0, 0, "interruption", 2)
    ]
    traded = rows_of(recorder.table("trades"), "round", "price_ticks", "lots", "aggressor_side")
    assert traded[0] == (0, settled + 1, 5, 0)
    assert [row[0] for row in traded[1:]] == [2]
    assert settled + 150 <= traded[1][1] <= settled + 200


def test_an_interruption_in_the_last_round_ends_with_the_day():
    market, (ann, bob), recorder = quiet(
        exchange__sessions__closing_auction=0.1, exchange__interruption__width=0.01
    )
    stop = {"side": Side.BUY, "lots": 3}
    ann.script[0, 11] = together(
        buys(at_settlement(plus=1), 5),
        lambda player, view: player.stop(
            stop_ticks=view.settlement_ticks() + 1, limit_ticks=view.settlement_ticks() + 200, **stop
        ),
    )
    bob.script[0, 11] = together(sells(at_settlement(plus=1), 5), sells(at_settlement(plus=150), 3))
    play(market, 13)
    assert rows_of(recorder.table("halts"), "round", "kind", "rounds") == [(11, "interruption", 0)]
    assert recorder.table("trades")["lots"].tolist() == [5, 3]
    assert market.sessions.phases.tolist() == [0] * 12


def test_a_rule_may_not_halt_a_book_that_an_auction_has_crossed():
    market, (ann, bob), _ = quiet(exchange__sessions__opening_auction=0.25)
    ann.script[0, 0] = buys(at_settlement(plus=5), 2)
    bob.script[0, 0] = sells(at_settlement(), 2)
    play(market, 1)
    everywhere = np.ones(12, dtype=np.bool_)
    market.sessions.halt(everywhere, until_round=5, reopening_rounds=0)
    assert market.sessions.phases.tolist() == [TradingPhase.AUCTION] * 12
    play(market, 12)
    assert ann.position_lots() == 2


def test_the_state_hash_knows_when_an_auction_ends():
    ends_early, ends_late = (TokenFuturesMarket(Scenario(), rng=1) for _ in range(2))
    everywhere = np.ones(12, dtype=np.bool_)
    for market, until in ((ends_early, 5), (ends_late, 6)):
        play(market, 2)
        market.sessions.call(everywhere, until_round=until)
    assert ends_early.state_hash() != ends_late.state_hash()
    assert ends_early.exchange.top_of_book().best_bid_ticks.tolist() == [NO_PRICE] * 12
