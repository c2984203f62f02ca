"""Circuit breakers: a month at its limit halts and goes on with wider limits; interruptions and their end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from quiet_market import (
    at_lower_limit,
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

from abm.core.orders import Side
from abm.market import TokenFuturesMarket
from abm.recording import Recorder
from abm.scenario import Scenario

EXPLOSION = Path(__file__).parents[2] / "plain_explosion.toml"
TWO_ROUNDS = {"exchange__halts__duration_days": 2 / 12, "exchange__sessions__opening_auction": 1 / 12}


def limits(player, moment, tenor=0):
    """Return a month's limits as percent of its settlement."""
    row = player.views[moment].months[tenor]
    away = (row["high_ticks"] - row["settlement_ticks"], row["settlement_ticks"] - row["low_ticks"])
    return [round(100 * ticks / row["settlement_ticks"]) for ticks in away]


def test_a_month_whose_best_bid_is_at_the_limit_halts_and_reopens_by_auction_with_wider_limits():
    market, (ann, bob), recorder = quiet(**TWO_ROUNDS)
    ann.script[0, 3] = buys(at_upper_limit())
    bob.script[0, 5] = together(sells(at_settlement()), sells(at_settlement(tenor=1), tenor=1))
    ann.script[0, 5] = buys(at_settlement(tenor=1), tenor=1)
    play(market, 12)
    assert phases(market, ann) == "acc" + "c" + "hh" + "a" + "ccccc"
    assert phases(market, ann, tenor=1) == "accccccccccc"
    assert limits(ann, (0, 3)) == [10, 10]
    assert limits(ann, (0, 4)) == limits(ann, (0, 11)) == [15, 15]
    assert limits(ann, (0, 11), tenor=1) == [10, 10]
    assert rows_of(recorder.table("halts"), "day", "round", "month", "kind", "is_cause", "rounds") == [
        (0, 3, 0, "limit", 1, 2)
    ]
    assert reasons(recorder, bob.account) == ["MONTH_HALTED", "NONE"]
    assert recorder.table("trades")["month"].tolist() == [1]  # the other months trade on


@pytest.mark.parametrize("how", ["offer at the lower limit", "trade at the upper limit"])
def test_an_offer_or_a_trade_at_a_limit_halts_too(how):
    market, (ann, bob), _ = quiet(**TWO_ROUNDS)
    if how.startswith("offer"):
        ann.script[0, 3] = sells(at_lower_limit())
    else:
        bob.script[0, 2] = sells(at_upper_limit())
        ann.script[0, 3] = buys(at_upper_limit())
    play(market, 8)
    assert phases(market, ann) == "acc" + "c" + "hh" + "a" + "c"


def test_an_offer_at_the_upper_limit_or_a_bid_at_the_lower_one_is_no_reason_to_halt():
    market, (ann, _), recorder = quiet(**TWO_ROUNDS)
    ann.script[0, 3] = together(sells(at_upper_limit()), buys(at_lower_limit()))
    play(market, 12)
    assert len(recorder.table("halts")) == 0


def test_when_the_limits_are_used_up_the_widest_stands_and_trading_goes_on():
    market, (ann, bob), recorder = quiet(calendar__rounds_per_day=24, **TWO_ROUNDS)
    for moment in (3, 10, 17, 20):
        ann.script[0, moment] = buys(at_upper_limit())
    bob.script[0, 20] = sells(at_upper_limit(), 2)
    play(market, 24)
    halts = recorder.table("halts")
    assert rows_of(halts, "round", "rounds") == [(3, 4), (10, 4)]
    assert [limits(ann, (0, moment)) for moment in (3, 10, 17, 23)] == [
        [10, 10],
        [15, 15],
        [20, 20],
        [20, 20],
    ]
    assert phases(market, ann)[17:] == "c" * 7
    assert recorder.table("trades")["price_ticks"].iloc[-1] == ann.views[0, 23].months["high_ticks"][0]


def test_the_next_day_starts_with_the_first_limits():
    market, (ann, _), recorder = quiet(**TWO_ROUNDS)
    ann.script[0, 3] = buys(at_upper_limit())
    ann.script[1, 3] = buys(at_upper_limit())
    play(market, 24)
    assert limits(ann, (1, 0)) == [10, 10]
    assert limits(ann, (1, 4)) == [15, 15]
    assert rows_of(recorder.table("halts"), "day", "round") == [(0, 3), (1, 3)]


def test_without_wider_limits_a_limit_stands_all_day():
    market, (ann, _), _ = quiet(exchange__halts__expanded_limits=())
    ann.script[0, 3] = buys(at_upper_limit())
    play(market, 12)
    assert phases(market, ann) == "c" * 12
    assert limits(ann, (0, 11)) == [10, 10]


@pytest.mark.parametrize(
    ("scope", "halted"), [("month", [3]), ("all_months", list(range(12))), ("lead_month", list(range(12)))]
)
def test_the_scope_says_which_months_halt_with_the_one_at_its_limit(scope, halted):
    """Month 3 is the lead month: it alone has open interest."""
    market, (ann, bob), recorder = quiet(exchange__halts__scope=scope, **TWO_ROUNDS)
    ann.script[0, 1] = buys(at_settlement(tenor=3), 5, tenor=3)
    bob.script[0, 1] = sells(at_settlement(tenor=3), 5, tenor=3)
    ann.script[0, 3] = buys(at_upper_limit(tenor=3), tenor=3)
    play(market, 8)
    halts = recorder.table("halts")
    assert halts["month"].tolist() == halted
    assert halts.loc[halts["is_cause"], "month"].tolist() == [3]
    for tenor in range(12):
        assert phases(market, ann, tenor) == (
            "acc" + "c" + "hh" + "a" + "c" if tenor in halted else "a" + "c" * 7
        )
    assert limits(ann, (0, 7), tenor=3) == [15, 15]
    assert limits(ann, (0, 7), tenor=4) == [10, 10]  # halted with it or not, its limits are its own


def test_in_scope_lead_month_another_month_halts_alone():
    market, (ann, bob), recorder = quiet(exchange__halts__scope="lead_month", **TWO_ROUNDS)
    ann.script[0, 1] = buys(at_settlement(tenor=3), 5, tenor=3)
    bob.script[0, 1] = sells(at_settlement(tenor=3), 5, tenor=3)
    ann.script[0, 3] = buys(at_upper_limit(tenor=5), tenor=5)
    play(market, 8)
    assert recorder.table("halts")["month"].tolist() == [5]


def test_a_halt_without_an_auction_ends_in_continuous_trading():
    market, (ann, bob), recorder = quiet(exchange__halts__reopening_auction=False, **TWO_ROUNDS)
    ann.script[0, 3] = buys(at_upper_limit())
    bob.script[0, 6] = sells(at_upper_limit())
    bob.script[0, 7] = sells(at_settlement())
    play(market, 8)
    assert phases(market, ann) == "acc" + "c" + "hh" + "cc"
    assert recorder.table("trades")["aggressor_side"].tolist() == [Side.SELL]


def test_orders_wait_through_a_halt_and_may_be_cancelled_in_it():
    market, (ann, _), recorder = quiet(**TWO_ROUNDS)
    ann.script[0, 2] = together(buys(at_settlement(), 3), buys(at_settlement(plus=1), 4))
    ann.script[0, 3] = buys(at_upper_limit(), 2)
    ann.script[0, 4] = lambda player, view: player.cancel(int(player.open_orders()["order_id"][-1]))
    play(market, 8)
    assert sorted(ann.open_orders()["lots"].tolist()) == [2, 4]
    assert set(reasons(recorder, ann.account)) == {"NONE"}


def test_nothing_halts_after_the_last_round_of_the_day():
    market, (ann, _), recorder = quiet(**TWO_ROUNDS)
    ann.script[0, 11] = buys(at_upper_limit())
    ann.script[1, 10] = buys(at_upper_limit())
    play(market, 36)
    assert rows_of(recorder.table("halts"), "day", "round", "rounds") == [(1, 10, 1)]
    daily = recorder.table("daily")
    widths = (daily["limit_high_ticks"] - daily["limit_low_ticks"])[daily["month"] == 0].tolist()
    assert widths[1] > 1.4 * widths[0]


def test_the_front_month_has_no_limit_to_halt_at_on_its_last_day():
    market, (ann, _), recorder = quiet(calendar__days_per_month=2, **TWO_ROUNDS)
    ann.script[1, 3] = together(buys(at_upper_limit(), 1), buys(at_upper_limit(tenor=1), 1, tenor=1))
    play(market, 36)
    assert rows_of(recorder.table("halts"), "day", "month") == [(1, 1)]
    # Month 1 is halted at its second day only: as the front month of day 2 it trades from the open on.
    assert phases(market, ann)[-12:] == "a" + "c" * 11


def test_a_leg_of_a_calendar_spread_says_nothing_of_its_months_limit():
    market, (ann, bob), recorder = quiet(exchange__spreads__lengths=(1,), **TWO_ROUNDS)

    def price(view):  # the near leg, at the far month's settlement plus this, would be at its upper limit
        return int(view.months["high_ticks"][0]) - view.settlement_ticks(1)

    ann.script[0, 3] = buys(price, 2, far_tenor=1)
    bob.script[0, 3] = sells(price, 2, far_tenor=1)
    play(market, 8)
    trades = recorder.table("trades")
    assert trades["spread_months"].tolist() == [1, 1]
    assert trades["price_ticks"].iloc[0] == ann.views[0, 3].months["high_ticks"][0]
    assert len(recorder.table("halts")) == 0
    assert ann.views[0, 4].last_trade_ticks() is None


INTERRUPTED = {
    "exchange__interruption__width": 0.02,
    "exchange__interruption__duration_days": 2 / 12,
}


def test_an_interruption_is_recorded_other_months_go_on_and_it_ends_by_auction():
    market, (ann, bob), recorder = quiet(**INTERRUPTED)
    bob.script[0, 2] = together(sells(at_settlement(plus=10), 3), sells(at_settlement(plus=100), 3))
    ann.script[0, 3] = together(buys(at_settlement(plus=120), 5), buys(at_settlement(1), 2, tenor=1))
    bob.script[0, 4] = sells(at_settlement(1), 2, tenor=1)
    play(market, 12)
    settled = ann.views[0, 0].settlement_ticks()
    assert phases(market, ann) == "cccc" + "aa" + "c" * 6
    assert phases(market, ann, tenor=1) == "c" * 12
    assert rows_of(recorder.table("halts"), "round", "month", "kind", "is_cause", "rounds") == [
        (3, 0, "interruption", 1, 2)
    ]
    trades = recorder.table("trades")
    front = trades[trades["month"] == 0]
    # Three lots at +10 stand; the step to +100 waits for the auction, at whose end the other two trade.
    assert rows_of(front, "round", "lots", "aggressor_side") == [(3, 3, 1), (5, 2, 0)]
    assert front["price_ticks"].tolist()[0] == settled + 10
    assert settled + 100 <= front["price_ticks"].tolist()[1] <= settled + 120
    assert trades.loc[trades["month"] == 1, "round"].tolist() == [4]


def test_an_immediate_order_that_causes_an_interruption_is_cancelled():
    market, (ann, bob), recorder = quiet(**INTERRUPTED)
    bob.script[0, 2] = sells(at_settlement(plus=100), 3)
    ann.script[0, 3] = lambda player, view: player.market(side=Side.BUY, lots=3)
    play(market, 6)
    assert phases(market, ann) == "ccccaa"
    assert len(recorder.table("trades")) == 0
    assert len(ann.open_orders()) == 0


def test_an_interruption_that_reaches_into_the_night_ends_at_the_close():
    market, (ann, bob), recorder = quiet(**INTERRUPTED)
    bob.script[0, 10] = sells(at_settlement(plus=100), 3)
    ann.script[0, 10] = buys(at_settlement(plus=120), 3)
    bob.script[0, 11] = sells(at_settlement(plus=110), 3)
    play(market, 14)
    halts = recorder.table("halts")
    assert rows_of(halts, "round", "rounds") == [(10, 1)]
    assert rows_of(recorder.table("trades"), "round", "lots", "aggressor_side") == [(11, 3, 0)]
    assert phases(market, ann)[-2:] == "cc"


def tick_limits(settlement: pd.Series, share: float) -> pd.Series:
    return np.floor(share * np.maximum(settlement.abs(), 100)).astype(int)


def test_over_many_days_no_trade_is_outside_the_limits_that_hold_at_the_time(halting):
    daily = halting.tables["daily"].sort_values(["month", "day"])
    prior = daily.groupby("month")["settlement_ticks"].shift()
    start = pd.DataFrame({"day": daily["day"], "month": daily["month"], "round": -1})
    start["low"] = (prior - tick_limits(prior.fillna(0), halting.daily_limit)).astype("Int64")
    start["high"] = (prior + tick_limits(prior.fillna(0), halting.daily_limit)).astype("Int64")
    start = start[prior.notna() & ~daily["final"]]
    halts = halting.tables["halts"].rename(columns={"limit_low_ticks": "low", "limit_high_ticks": "high"})
    assert len(halts) > 5
    steps = pd.concat([start, halts[["day", "month", "round", "low", "high"]]])
    steps["now"] = steps["day"] * halting.rounds + steps["round"]
    trades = halting.tables["trades"].copy()
    trades["now"] = trades["day"] * halting.rounds + trades["round"]
    held = pd.merge_asof(
        trades.sort_values("now", kind="stable"),
        steps.sort_values("now", kind="stable").drop(columns="round"),
        on="now", by=["day", "month"], allow_exact_matches=False,
    )  # fmt: skip
    known = held[held["low"].notna()]
    assert len(known) > 0.9 * len(trades)
    assert ((known["price_ticks"] >= known["low"]) & (known["price_ticks"] <= known["high"])).all()
    beyond_first = known.merge(start, on=["day", "month"], suffixes=("", "_first"))
    beyond_first = beyond_first[
        (beyond_first["price_ticks"] > beyond_first["high_first"])
        | (beyond_first["price_ticks"] < beyond_first["low_first"])
    ]
    assert len(beyond_first) > 20  # the wider limits were used


def test_over_many_days_nothing_trades_in_a_halt_and_nobody_sends_anything_new_into_one(halting):
    halts, trades, orders = (halting.tables[name] for name in ("halts", "trades", "orders"))
    closed = {
        (row.day, row.month, row.round + k) for row in halts.itertuples() for k in range(1, row.rounds + 1)
    }
    assert closed
    for table, kinds in ((trades, None), (orders, (0, 1, 4, 5, 6, 7))):
        rows = table if kinds is None else table[table["kind"].isin(kinds)]
        near = rows[rows["day"].isin(halts["day"].unique())]
        moments = set(zip(near["day"], near["month"], near["round"], strict=True))
        assert not moments & closed
    reopening = {
        (row.day, row.month, row.round + row.rounds + 1)
        for row in halts.itertuples()
        if row.round + row.rounds + 1 < halting.rounds
    }
    near = trades[trades["day"].isin(halts["day"].unique())]
    in_auction = [
        side
        for *moment, side in zip(
            near["day"], near["month"], near["round"], near["aggressor_side"], strict=True
        )
        if tuple(moment) in reopening
    ]
    assert len(in_auction) > 20
    assert set(in_auction) == {0}


def test_over_many_days_phases_limits_and_books_agree(halting):
    quotes = halting.tables["quotes"]
    halted = quotes[quotes["phase"] == 2]
    assert (halted["volume_lots"] == 0).all()
    assert len(halted) == sum(halting.tables["halts"]["rounds"])
    trading = quotes[quotes["phase"] == 0].dropna(subset=["best_bid_ticks", "best_ask_ticks"])
    assert (trading["best_bid_ticks"] < trading["best_ask_ticks"]).all()


def test_all_months_may_be_halted_at_once_by_the_whole_crowd():
    """Narrow limits in a running market: all months halt together again and again, and come back."""
    scenario = Scenario.load(EXPLOSION).replace(
        {
            "calendar.rounds_per_day": 24,
            "exchange.daily_limit": 0.02,
            "exchange.halts.expanded_limits": (0.03, 0.05),
            "exchange.halts.scope": "all_months",
        }
    )
    recorder = Recorder("daily")
    market = TokenFuturesMarket(scenario, rng=2, recorder=recorder)
    play(market, 10 * 24)
    quotes = recorder.table("quotes")
    halted = quotes[quotes["phase"] == 2].groupby(["day", "round"]).size()
    assert (halted == 12).sum() >= 3
    assert (quotes.loc[quotes["phase"] == 2, "volume_lots"] == 0).all()
    assert (market.clearing.position_lots.sum(axis=0) == 0).all()
    assert recorder.table("daily").groupby("day")["volume_lots"].sum().min() > 0
