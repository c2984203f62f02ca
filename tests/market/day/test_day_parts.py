"""Parts of the trading day: clock, curve, price limits, hedge accounts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from abm.core.calendar import TradingCalendar
from abm.core.orders import NO_PRICE, ORDER_DTYPE, OUTCOME_DTYPE, TRADE_DTYPE, RejectReason
from abm.exchange import TopOfBook
from abm.market import TokenFuturesMarket
from abm.market.day.clock import MarketClock
from abm.market.day.observation import TradingDayRecord, add_trade_values, count_messages
from abm.recording import Recorder
from abm.scenario import Scenario

EXPLOSION = Path(__file__).parents[2] / "plain_explosion.toml"


def clock(rounds: int, cycles: int = 1) -> MarketClock:
    return MarketClock(
        calendar=TradingCalendar(rounds_per_day=rounds), intraday_cycles=cycles, closing_window=1 / 16
    )


def rounds_where(ticking: MarketClock, name: str) -> list[int]:
    found = []
    for _ in range(ticking.calendar.rounds_per_day):
        if getattr(ticking, name):
            found.append(ticking.round)
        ticking.advance()
    assert (ticking.day, ticking.round) == (1, 0)
    return found


@pytest.mark.parametrize(("rounds", "window"), [(48, [45, 46, 47]), (96, [90, 91, 92, 93, 94, 95]), (4, [3])])
def test_the_closing_window_is_a_share_of_the_day_and_never_empty(rounds, window):
    assert rounds_where(clock(rounds), "in_closing_window") == window


@pytest.mark.parametrize(
    ("rounds", "cycles", "after"),
    [(48, 1, [23]), (96, 1, [47]), (48, 3, [11, 23, 35]), (48, 0, []), (3, 1, [1])],
)
def test_intraday_margin_cycles_are_evenly_spaced(rounds, cycles, after):
    assert rounds_where(clock(rounds, cycles), "is_margin_cycle") == after


@pytest.fixture
def market() -> TokenFuturesMarket:
    return TokenFuturesMarket(Scenario.load("plain").replace({"calendar.rounds_per_day": 4}), rng=5)


def step_to(market: TokenFuturesMarket, day: int) -> None:
    while market.clock.day < day:
        market.step()


@pytest.mark.parametrize("day", [0, 1, 20, 21, 30])
def test_the_model_curve_is_the_average_price_forward_of_each_month(market, day):
    step_to(market, day)
    market.step()
    desk, calendar = market.desk, market.clock.calendar
    x = np.log(desk.index_usd) - float(desk.process.level.log_usd(day / 252))
    front = calendar.month_of(day)
    for tenor in (0, 1, 7):
        fixing_days = np.arange(calendar.first_day(front + tenor), calendar.last_day(front + tenor) + 1)
        known = [desk.fixings[d].usd_micro / 1e6 for d in fixing_days if d <= day]
        expected = desk.process.average_price_forward(
            day / 252, fixing_days[fixing_days > day] / 252, x, known_fixings=known
        )
        assert market.curve.months["model_ticks"][tenor] / 1_000 == pytest.approx(expected, rel=1e-12)


def test_a_demand_explosion_is_not_known_beforehand():
    coarse = Scenario.load(EXPLOSION).replace({"calendar.rounds_per_day": 2})
    calm = TokenFuturesMarket(coarse.replace({"spot.level_shift.log_size": 0.0}), rng=1)
    shifted = TokenFuturesMarket(coarse, rng=1)
    np.testing.assert_array_equal(calm.curve.months["model_ticks"], shifted.curve.months["model_ticks"])
    step_to(calm, 52)
    step_to(shifted, 52)
    ratio = shifted.desk.index_usd / calm.desk.index_usd
    assert np.log(ratio) == pytest.approx(0.41 * 30 / 63, rel=1e-3)  # day 51 is 30 of 63 days into it


def test_price_limits_surround_the_settlement_and_widen_on_the_last_trading_day(market):
    market.step()
    months = market.curve.months
    room = months["high_ticks"] - months["settlement_ticks"]
    assert (room == np.floor(0.10 * months["settlement_ticks"])).all()
    step_to(market, 20)
    market.step()
    months = market.curve.months
    width = (months["high_ticks"] - months["settlement_ticks"]) / months["settlement_ticks"]
    assert width[0] == pytest.approx(1.0, abs=0.001)
    assert (width[1:] > 0.097).all()  # 10 %, rounded down to whole ticks
    assert (width[1:] <= 0.10).all()


def test_months_roll_by_one_when_the_front_month_expires(market):
    step_to(market, 20)
    before = market.curve.settlement_ticks.copy()
    step_to(market, 21)
    market.step()
    months = market.curve.months
    assert months["month"].tolist() == list(range(1, 13))
    changed = np.abs(months["settlement_ticks"][:-1] / before[1:] - 1)
    assert changed.max() < 0.11  # the second month's price became the front's, moved by a day only
    assert market.clearing.position_lots[:, 0].sum() == 0


def test_the_expired_month_is_settled_at_the_mean_of_its_fixings():
    recorder = Recorder("daily")
    scenario = Scenario.load("plain").replace({"calendar.rounds_per_day": 4})
    market = TokenFuturesMarket(scenario, rng=5, recorder=recorder)
    step_to(market, 21)
    fixings = market.desk.final_fixings_usd_micro(0)
    assert len(fixings) == 21
    daily = recorder.table("daily")
    final = daily[daily.final]
    assert final[["day", "month"]].to_numpy().tolist() == [[20, 0]]
    assert int(final.settlement_ticks.iloc[0]) == round(sum(fixings) / 21 / 1_000)
    assert (market.clearing.position_lots[:, 0] == 0).all()


def trades_of(*rows):
    trades = np.zeros(len(rows), dtype=TRADE_DTYPE)
    for k, (buyer, seller, month, price, lots) in enumerate(rows):
        trades["buyer"][k], trades["seller"][k], trades["month"][k] = buyer, seller, month
        trades["price_ticks"][k], trades["lots"][k] = price, lots
    return trades


def test_a_contracts_profit_over_its_life_follows_from_its_trades():
    value = np.zeros((3, 12), dtype=np.int64)
    add_trade_values(trades_of((0, 1, 5, 100, 10), (1, 2, 5, -20, 4), (2, 0, 17, 90, 3)), value)
    # months 5 and 17 share a slot: 17 is listed only after 5 has expired and its value was taken out
    final = 80
    position = np.array([10 - 3, -10 + 4, -4 + 3])
    profit = position * final - value[:, 5]
    assert profit.tolist() == [
        10 * (80 - 100) + 3 * (90 - 80),
        10 * (100 - 80) + 4 * (80 + 20),
        4 * (-20 - 80) + 3 * (80 - 90),
    ]


def test_hedge_accounts_agree_with_the_variation_margin_paid():
    """Profits of settled months and of what is still open sum to the variation margin of each account."""
    scenario = Scenario.load("plain").replace(
        {"calendar.rounds_per_day": 8, "contract.listed_months": 2, "agents.chartists.count": 0}
    )
    recorder = Recorder("daily")
    market = TokenFuturesMarket(scenario, rng=2, recorder=recorder)
    step_to(market, 42)
    hedging = recorder.table("hedging").groupby("account")["futures_pnl_usd"].sum()
    accounts = market.enterprises.accounts
    paid = market.clearing.variation_usd_micro[accounts].astype(float)
    open_positions = market.clearing.position_lots[accounts]
    # what is still open (months 2 and 3) is marked at the last settlement
    marks = np.empty(2)
    marks[market.curve.slots] = market.curve.settlement_ticks
    still_open = (open_positions * marks - market.trade_value_ticks[accounts]).sum(axis=1) * 1e6
    np.testing.assert_allclose(hedging.to_numpy() * 1e6 + still_open, paid, atol=1.0)
    assert np.abs(paid).sum() > 0


def top(bids, asks, bid_lots, ask_lots, phases=(0, 0)) -> TopOfBook:
    none, zero = (NO_PRICE, NO_PRICE), (0, 0)
    return TopOfBook(*(np.array(row) for row in (bids, asks, bid_lots, ask_lots, none, none, zero, phases)))


QUOTED = top((99, 50), (101, 54), (5, 6), (7, 8))
NO_TRADES = np.zeros(0, dtype=TRADE_DTYPE)


def test_the_day_record_averages_over_rounds():
    record = TradingDayRecord(2)
    record.observe(trades_of((0, 1, 1, 52, 3)), QUOTED, in_closing_window=False)
    one_sided = top((NO_PRICE, 50), (101, 56), (0, 6), (7, 8))
    record.observe(NO_TRADES, one_sided, in_closing_window=True)
    assert record.two_sided_share.tolist() == [0.5, 1.0]
    assert record.mean_spread_ticks.tolist() == [2.0, 5.0]
    assert record.mean_depth_lots.tolist() == [9.5, 14.0]
    assert record.volume_lots.tolist() == [0, 3]
    assert record.round_volume_lots.tolist() == [0, 0]
    assert len(record.closing_trades) == 0


def test_spread_depth_and_presence_are_measured_in_continuous_trading_only():
    record = TradingDayRecord(2)
    record.observe(NO_TRADES, QUOTED, in_closing_window=False)
    record.observe(NO_TRADES, QUOTED._replace(phase=np.array([2, 0])), in_closing_window=False)  # halted
    hidden = top((NO_PRICE, 50), (NO_PRICE, 54), (0, 6), (0, 8), phases=(1, 0))  # an auction shows no quotes
    record.observe(NO_TRADES, hidden, in_closing_window=False)
    assert record.two_sided_share.tolist() == [1.0, 1.0]
    assert record.mean_spread_ticks.tolist() == [2.0, 4.0]
    assert record.mean_depth_lots.tolist() == [12.0, 14.0]


def test_a_month_without_continuous_trading_has_no_spread_and_no_depth():
    record = TradingDayRecord(2)
    record.observe(NO_TRADES, QUOTED._replace(phase=np.array([2, 0])), in_closing_window=False)
    assert record.two_sided_share.tolist() == [0.0, 1.0]
    assert np.isnan(record.mean_spread_ticks[0])
    assert record.mean_depth_lots.tolist() == [0.0, 14.0]


def test_auction_lots_are_counted_apart_and_spread_legs_do_not_make_the_settlement():
    record = TradingDayRecord(2)
    trades = trades_of((0, 1, 0, 100, 5), (0, 1, 0, 100, 2), (0, 1, 1, 40, 7))
    trades["aggressor_side"] = [0, 1, -1]
    trades["spread_months"] = [0, 1, 1]
    record.observe(trades, QUOTED, in_closing_window=True)
    assert record.volume_lots.tolist() == [7, 7]
    assert record.auction_lots.tolist() == [5, 0]
    assert record.trades.tolist() == [2, 1]
    assert record.closing_trades["lots"].tolist() == [5]


def test_messages_and_refusals_are_counted_by_account():
    orders = np.zeros(3, dtype=ORDER_DTYPE)
    orders["account"] = [1, 1, 0]
    outcomes = np.zeros(3, dtype=OUTCOME_DTYPE)
    outcomes["reason"] = [RejectReason.NONE, RejectReason.POSITION_LIMIT, RejectReason.NONE]
    sent, refused = np.zeros(2, dtype=np.int64), np.zeros((2, len(RejectReason)), dtype=np.int64)
    count_messages(orders, outcomes, sent, refused)
    assert sent.tolist() == [1, 2]
    assert refused[1, RejectReason.POSITION_LIMIT] == 1
    assert refused.sum() == 1
