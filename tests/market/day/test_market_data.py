"""What traders are shown: depth to some levels, trades without names, and how old both are."""

from __future__ import annotations

import numpy as np
import pytest
from quiet_market import at_settlement, buys, play, quiet, sells, together

from abm.agents.base.population import TraderAgent
from abm.core.orders import NO_PRICE
from abm.market import CustomAgents, TokenFuturesMarket, run
from abm.scenario import Scenario


def at_levels(*offsets, lots=1, side=buys, tenor=0, **more):
    return together(
        *(side(at_settlement(tenor, plus), lots + k, tenor, **more) for k, plus in enumerate(offsets))
    )


def test_depth_shows_so_many_levels_on_each_side_best_first_and_only_what_shows():
    market, (ann, bob), _ = quiet(exchange__market_data__depth_levels=3)
    ann.script[0, 0] = together(
        at_levels(-1, -3, -4, -9, lots=10), buys(at_settlement(plus=-1), 50, display_lots=5)
    )
    bob.script[0, 0] = at_levels(2, 5, lots=20, side=sells)
    play(market, 2)
    view = bob.views[0, 1]
    settled, depth = view.settlement_ticks(), view.depth()
    assert (depth.bid_ticks - settled).tolist() == [-1, -3, -4]
    assert depth.bid_lots.tolist() == [15, 11, 12]
    assert (depth.ask_ticks - settled).tolist() == [2, 5]
    assert depth.ask_lots.tolist() == [20, 21]
    assert [len(side) for side in view.depth(tenor=3)] == [0, 0, 0, 0]


def test_the_latest_trades_of_the_day_are_shown_without_names():
    market, (ann, bob), _ = quiet(exchange__market_data__trades_shown=3, exchange__spreads__lengths=(1,))
    bob.script[0, 0] = at_levels(1, 2, 3, lots=4, side=sells)
    ann.script[0, 1] = at_levels(1, 2, 3, lots=4)
    ann.script[0, 2] = sells(at_settlement(1), 2, tenor=1)
    bob.script[0, 3] = buys(at_settlement(1), 2, tenor=1)
    play(market, 13)
    settled = ann.views[0, 0].settlement_ticks()
    assert not set(ann.views[0, 2].trades.dtype.names) & {
        "buyer",
        "seller",
        "maker_order_id",
        "taker_order_id",
    }
    assert ann.views[0, 1].trades.tolist() == []
    assert ann.views[0, 2].trades.tolist() == [
        (0, 1, 0, settled + 1, 4, 1, 0), (0, 1, 0, settled + 2, 5, 1, 0), (0, 1, 0, settled + 3, 6, 1, 0)
    ]  # fmt: skip
    assert ann.views[0, 4].trades["price_ticks"].tolist()[:2] == [settled + 2, settled + 3]
    assert ann.views[0, 4].trades["lots"].tolist() == [5, 6, 2]
    assert len(ann.views[1, 0].trades) == 0


def test_a_leg_of_a_calendar_spread_is_marked_among_the_trades():
    market, (ann, bob), _ = quiet(exchange__spreads__lengths=(1,))
    ann.script[0, 0] = buys(5, 2, far_tenor=1)
    bob.script[0, 0] = sells(5, 2, far_tenor=1)
    play(market, 2)
    assert ann.views[0, 1].trades["spread_months"].tolist() == [1, 1]


def test_no_trades_need_be_shown():
    market, (ann, bob), _ = quiet(exchange__market_data__trades_shown=0)
    bob.script[0, 0] = sells(at_settlement(), 4)
    ann.script[0, 1] = buys(at_settlement(), 4)
    play(market, 3)
    assert len(ann.views[0, 2].trades) == 0
    assert ann.position_lots() == 4


def test_delayed_data_are_so_many_rounds_old_and_never_from_before_the_open():
    """Bids of 1, 2, 3 ... ticks over the settlement, one a round: what is seen is two rounds behind."""
    market, (ann, bob), _ = quiet(exchange__market_data__delay_days=2 / 12)
    for day in (0, 1):
        for k in range(12):
            ann.script[day, k] = buys(at_settlement(plus=k + 1), 1)
    play(market, 24)
    for day in (0, 1):
        settled = bob.views[day, 0].settlement_ticks()
        best = [bob.views[day, k].best_bid_ticks() for k in range(12)]
        # Before round k the book holds the bids of rounds 0 to k - 1; two rounds late, those to k - 3.
        assert best == [None, None, None, *(settled + k - 2 for k in range(3, 12))]
        depths = [bob.views[day, k].depth().bid_ticks for k in range(12)]
        assert [len(bids) for bids in depths] == [0, 0, 0, 1, 2, 3, 4, 5, 5, 5, 5, 5]
        assert depths[5][0] == best[5]


def test_trades_are_delayed_with_the_books_but_phases_and_limits_are_announced_at_once():
    market, (ann, bob), _ = quiet(
        exchange__market_data__delay_days=3 / 12, exchange__halts__duration_days=0.1
    )
    bob.script[0, 0] = together(sells(at_settlement(), 3), buys(at_settlement(plus=-5), 1))
    ann.script[0, 1] = buys(at_settlement(), 3)
    ann.script[0, 5] = buys(lambda view: int(view.months["high_ticks"][0]), 3)
    play(market, 9)
    assert [len(bob.views[0, k].trades) for k in range(9)] == [0, 0, 0, 0, 0, 1, 1, 1, 1]
    settled = bob.views[0, 0].settlement_ticks()
    assert [bob.views[0, k].last_trade_ticks() for k in (4, 5)] == [None, settled]
    assert "".join("cah"[bob.views[0, k].phase()] for k in range(9)) == "cccccchac"
    assert bob.views[0, 6].months["high_ticks"][0] > bob.views[0, 5].months["high_ticks"][0]
    # An auction shows no quotes, however old.
    assert [bob.views[0, k].best_bid_ticks() for k in (6, 7, 8)] == [settled - 5, None, settled - 5]
    assert [len(bob.views[0, k].depth().bid_ticks) for k in (6, 7, 8)] == [1, 0, 1]


def test_without_a_delay_the_view_is_the_book_as_it_is():
    market, (ann, bob), _ = quiet()
    ann.script[0, 0] = buys(at_settlement(plus=3), 2)
    play(market, 2)
    assert bob.views[0, 1].best_bid_ticks() == bob.views[0, 0].settlement_ticks() + 3


def test_a_view_that_a_trader_keeps_does_not_change():
    market, (ann, bob), _ = quiet()
    ann.script[0, 0] = buys(at_settlement(plus=3), 2)
    play(market, 1)
    kept = bob.views[0, 0].months.copy()
    play(market, 5)
    assert (bob.views[0, 0].months == kept).all()
    assert kept["best_bid_ticks"][0] == NO_PRICE


class Vandal(TraderAgent):
    """Writes into what it is shown."""

    def decide(self, view):
        view.months["model_ticks"] = 1.0
        with pytest.raises(ValueError, match="read-only"):
            view.trades["lots"] = 0


def test_a_trader_cannot_change_what_the_market_knows_by_writing_into_its_view():
    scenario = Scenario().replace({"calendar.rounds_per_day": 12})
    market = TokenFuturesMarket(scenario, rng=1, custom_agents=[CustomAgents(Vandal)])
    plain = TokenFuturesMarket(scenario, rng=1)
    play(market, 24)
    play(plain, 24)
    assert np.array_equal(market.curve.months, plain.curve.months)
    assert market.trades_made == plain.trades_made > 0


@pytest.mark.parametrize("delay", [0.0, 0.25])
def test_looking_at_the_market_between_rounds_changes_nothing(delay):
    scenario = Scenario().replace(
        {
            "calendar.rounds_per_day": 12,
            "exchange.market_data.delay_days": delay,
            "exchange.daily_limit": 0.03,
        }
    )
    looked, left_alone = (TokenFuturesMarket(scenario, rng=1) for _ in range(2))
    for _ in range(40):  # also before the first open, and between a close and the next open
        looked.public_view().depth(2)
        looked.public_view()
        looked.step()
        left_alone.step()
    assert looked.state_hash() == left_alone.state_hash()


def test_older_data_make_another_market():
    days = Scenario().replace({"run.days": 3, "calendar.rounds_per_day": 24})
    fresh = run(days, seed=1)
    old = run(days.replace({"exchange.market_data.delay_days": 0.125}), seed=1)
    assert fresh.state_hash != old.state_hash
    assert old.tables["daily"].groupby("month")["volume_lots"].sum().min() > 0


def test_the_state_hash_knows_what_traders_have_yet_to_see():
    def days_with(lots):
        market, (_, bob), _ = quiet(exchange__market_data__delay_days=0.5)
        bob.script[0, 0] = buys(at_settlement(plus=lots), 1)
        bob.script[0, 1] = lambda player, view: player.cancel_all()
        play(market, 3)
        return market

    digests = [days_with(lots) for lots in (1, 2)]
    books = [market.exchange.resting_orders().tolist() for market in digests]
    assert books == [[], []]
    assert digests[0].state_hash() != digests[1].state_hash()
