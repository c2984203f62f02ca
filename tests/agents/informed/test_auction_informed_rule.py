"""What a trader does who knows tomorrow's values and minds what its orders do to the price of an auction."""

from __future__ import annotations

import math

import numpy as np
import pytest
from stage import decide, keys, months_around, no_positions
from traders import DAY_SHARE, rows

from abm.agents.informed.auction_kernel import (
    AUCTION_INFORMED_DTYPE,
    IDLE,
    IMPACT_DTYPE,
    SENT,
    begin_day,
    best_order_lots,
    decide_auction_informed,
)
from abm.core.orders import NO_PRICE, MessageKind, Side, TimeInForce, TradingPhase

LAMBDA, FEES = 0.5, 2.0
ACCOUNTS = 40


class Stage:
    """Traders over twelve months, round by round."""

    def __init__(self, count=ACCOUNTS, impact=LAMBDA, *, fees=FEES, margin_usd=100.0, **values):
        self.columns = rows(
            AUCTION_INFORMED_DTYPE, count,
            **{"actions_per_day": 1e9, "max_position_lots": 1_000, "memory_auctions": 10.0} | values,
        )  # fmt: skip
        self.impacts = np.zeros((count, 12), dtype=IMPACT_DTYPE)
        self.impacts["impact_ticks"] = impact
        self.streams, self.held, self.fees = keys(count), no_positions(count), fees
        self.margin_usd = np.full(12, margin_usd)
        self.open()

    def open(self, funds_usd=1e9):
        funds = np.full(len(self.columns), round(funds_usd * 1e6), dtype=np.int64)
        begin_day(self.columns, self.impacts, funds, self.held)  # in tenor order: all months alike here

    def look(self, values, months, *, compiled=True):
        return decide(
            decide_auction_informed, self.columns, self.streams, self.impacts, values, self.fees,
            self.margin_usd, months, self.held, DAY_SHARE, compiled=compiled,
        )  # fmt: skip


def auction(**changes):
    """Months that collect orders: nothing is quoted, the reference is the model."""
    months = months_around(**changes)
    months["phase"] = TradingPhase.AUCTION
    months["best_bid_ticks"] = months["best_ask_ticks"] = NO_PRICE
    months["bid_lots"] = months["ask_lots"] = 0
    return months


def traded_at(price, **changes):
    months = months_around(**changes)
    months["last_trade_ticks"] = price
    return months


@pytest.mark.parametrize("side", Side)
def test_it_sends_one_market_order_of_half_the_gain_over_its_impact_to_each_auction(side):
    months, stage = auction(), Stage()
    sent = stage.look(months["reference_ticks"] + side * 42.0, months)
    assert len(sent) == 12 * ACCOUNTS
    assert (sent["kind"] == MessageKind.MARKET).all()
    assert (sent["side"] == side).all()
    assert (sent["lots"] == (42 - FEES) / (2 * LAMBDA)).all()
    assert len(stage.look(months["reference_ticks"] + side * 42.0, months)) == 0  # the call goes on


def test_no_other_order_would_gain_more_on_average():
    surprise, fees, impact = 37.0, 3.0, 0.8
    lots = best_order_lots(surprise, fees, impact, 0, 1_000)
    gains = [x * (surprise - fees - impact * x) for x in range(100)]
    assert lots == int(np.argmax(gains))
    assert best_order_lots(-surprise, fees, impact, 0, 1_000) == -lots


def test_what_the_fees_eat_up_is_not_worth_an_order():
    months = auction()
    assert len(Stage().look(months["reference_ticks"] + FEES, months)) == 0
    assert len(Stage().look(months["reference_ticks"] - FEES - 0.6, months)) == 12 * ACCOUNTS


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_orders_nothing(value):
    months = auction()
    assert len(Stage().look(np.full(12, value), months)) == 0
    assert len(Stage(impact=value).look(months["reference_ticks"] + 50.0, months)) == 0
    assert len(Stage(signal_error=math.nan).look(months["reference_ticks"] + 50.0, months)) == 0
    months["reference_ticks"] = value
    assert len(Stage().look(np.full(12, 3_000.0), months)) == 0


def test_it_stops_at_its_position_limit_and_may_turn_from_one_side_to_the_other():
    months = auction()
    for held, lots in ((0, 25), (20, 5), (25, 0), (30, 0), (-20, 40)):
        stage = Stage(max_position_lots=25)
        stage.held[:] = held
        sent = stage.look(months["reference_ticks"] + 42.0, months)
        assert set(sent["lots"].tolist()) == ({lots} - {0})
    unmoved = Stage(impact=0.0, max_position_lots=25).look(months["reference_ticks"] + 42.0, months)
    assert set(unmoved["lots"].tolist()) == {25}


def test_its_funds_cut_all_months_in_one_proportion_and_closing_needs_none():
    months, stage = auction(), Stage()
    stage.open(funds_usd=12 * 40 * 100.0 / 4)  # a quarter of 40 lots in twelve months
    sent = stage.look(months["reference_ticks"] + 42.0, months)
    assert set(sent["lots"].tolist()) == {10}
    assert np.abs(stage.columns["funds_usd"]).max() < 1e-6
    stage = Stage()
    stage.held[:] = -25
    stage.open(funds_usd=0.0)
    sent = stage.look(months["reference_ticks"] + 42.0, months)
    assert set(sent["lots"].tolist()) == {25}


def test_who_is_still_sends_nothing():
    months = auction()
    assert len(Stage(actions_per_day=0.0).look(months["reference_ticks"] + 42.0, months)) == 0


def test_it_learns_the_slope_of_prices_on_its_own_fills():
    """Prices move by 2 (x + u) ticks, as much noise u as own lots x: 2 within four standard errors."""
    stage, draws = (
        Stage(8, impact=0.2, fees=0.0, memory_auctions=50.0, max_position_lots=10**6),
        np.random.default_rng(2),
    )
    months = auction()
    for _ in range(400):
        before = months["reference_ticks"].copy()
        orders = stage.look(before + draws.normal(0.0, 400.0, 12), months)
        own = np.zeros((8, 12), dtype=np.int64)
        own[orders["account"], orders["month"] - months["month"][0]] = orders["side"] * orders["lots"]
        noise = draws.normal(0.0, 100.0, 12)
        price = np.rint(before + 2.0 * (own[0] + noise)).astype(np.int64)  # the first trader is the market
        stage.held[:, months["slot"]] += own
        months = auction()
        months["last_trade_ticks"] = months["reference_ticks"] = price
    learned = stage.impacts["impact_ticks"][0]
    x = 100.0  # (v - p) / (2 lambda) with a standard deviation of 400 / 4
    error = 2.0 * 100.0 / x / math.sqrt(2 * 50 * 12)
    assert stage.impacts["auctions"][0].min() > 380
    assert learned.mean() == pytest.approx(2.0, abs=4 * error)


def test_the_first_guess_fades_by_a_fixed_share_of_an_auction():
    stage = Stage(1, impact=3.0, fees=0.0, memory_auctions=4.0)
    for n in range(1, 6):
        months = auction()
        stage.look(months["reference_ticks"] + 60.0, months)
        sent = round(60.0 / (2.0 * stage.impacts["impact_ticks"][0, 0]))
        stage.impacts["mean_square_lots"] = sent**2  # orders of one size
        stage.held += sent
        after = months_around()
        after["last_trade_ticks"] = np.rint(months["reference_ticks"]) + sent  # one tick a lot
        stage.look(np.full(12, math.nan), after)
        assert stage.impacts["impact_ticks"][0] == pytest.approx(1.0 + 2.0 * 0.75**n)
        assert (stage.impacts["auctions"][0] == n).all()


def test_an_order_that_found_nobody_teaches_nothing():
    stage, months = Stage(), auction()
    stage.look(months["reference_ticks"] + 42.0, months)
    assert (stage.impacts["stage"] == SENT).all()
    stage.look(months["reference_ticks"] + 42.0, traded_at(3_010))
    assert (stage.impacts["stage"] == IDLE).all()
    assert (stage.impacts["auctions"] == 0).all()
    assert (stage.impacts["impact_ticks"] == LAMBDA).all()


def test_the_price_of_its_auction_is_waited_for_where_market_data_are_old():
    stage, months = Stage(1), auction()
    stage.look(months["reference_ticks"] + 42.0, months)
    stage.held += 40
    stage.look(np.full(12, math.nan), months_around())
    assert (stage.impacts["auctions"] == 0).all()
    shown = months_around()
    shown["last_trade_ticks"] = months["reference_ticks"] + 40
    stage.look(np.full(12, math.nan), shown)
    assert (stage.impacts["auctions"] == 1).all()
    assert stage.impacts["impact_ticks"][0] == pytest.approx(LAMBDA + (1.0 - LAMBDA) / 10.0)


@pytest.mark.parametrize("side", Side)
def test_it_closes_what_it_carries_at_the_best_quote_unless_that_is_worth_more(side):
    stage = Stage()
    stage.held[:] = -50 * side
    stage.open()
    months = months_around()
    quote = months["best_ask_ticks"] if side == Side.BUY else months["best_bid_ticks"]
    assert len(stage.look(quote - side * 1.0, months)) == 0
    assert len(stage.look(np.full(12, math.nan), months)) == 0
    sent = stage.look(quote + side * 0.0, months)
    assert len(sent) == 12 * ACCOUNTS
    assert (sent["side"] == side).all()
    assert (sent["lots"] == 20).all()  # as many as are shown
    assert (sent["time_in_force"] == TimeInForce.IOC).all()
    np.testing.assert_array_equal(sent["price_ticks"], quote[sent["month"] - months["month"][0]])
    stage.held += 20 * side
    stage.look(quote - side * 1.0, months)
    assert (stage.impacts["carried_lots"] == -30 * side).all()


def test_what_it_bought_today_it_keeps_until_tomorrow():
    stage, months = Stage(), auction()
    stage.held[:] = 5
    stage.open()
    stage.look(months["reference_ticks"] + 42.0, months)
    stage.held += 40
    trading = months_around()
    closing = stage.look(np.zeros(12), trading)  # worthless by now: everything it carries goes
    assert (closing["lots"] == 5).all()
    stage.held -= 5
    assert len(stage.look(np.zeros(12), trading)) == 0
    stage.open()
    assert (stage.look(np.zeros(12), trading)["lots"] == 20).all()


def test_a_month_without_bids_or_in_a_halt_is_left_alone():
    stage = Stage()
    stage.held[:] = 50
    stage.open()
    months = months_around()
    months["phase"][::2] = TradingPhase.HALT
    months["best_bid_ticks"][1::2] = NO_PRICE
    assert len(stage.look(np.zeros(12), months)) == 0


def test_the_compiled_rule_does_what_its_plain_original_does():
    stages = [
        Stage(6, impact=0.3, actions_per_day=30.0, signal_error=0.001, margin_usd=1e7) for _ in range(2)
    ]
    sent = []
    for stage, compiled in zip(stages, (True, False), strict=True):
        stage.held[:] = np.arange(-30, 42).reshape(6, 12)
        stage.open()
        months = auction()
        values = months["reference_ticks"] + np.linspace(-60, 60, 12)
        sent.append(stage.look(values, months, compiled=compiled))
        stage.held += np.arange(72).reshape(6, 12) % 7
        sent += [stage.look(values, traded_at(2_000), compiled=compiled) for _ in range(12)]
    half = len(sent) // 2
    assert sum(len(batch) for batch in sent[1:half]) > 20
    for ours, plain in zip(sent[:half], sent[half:], strict=True):
        for field in ours.dtype.names:
            np.testing.assert_allclose(ours[field], plain[field], rtol=1e-12, err_msg=field)
    for field in IMPACT_DTYPE.names:
        np.testing.assert_allclose(stages[0].impacts[field], stages[1].impacts[field], rtol=1e-12)
