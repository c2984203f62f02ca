"""What a trader does who knows tomorrow's values."""

from __future__ import annotations

import math

import numpy as np
import pytest
from curve_traders import FEE_TICKS, informed_rows
from stage import decide, keys, months_around, no_positions
from traders import DAY_SHARE, WEIGHTS

from abm.agents.informed.kernel import decide_informed, draw_signal_errors
from abm.core.orders import Side, TimeInForce, TradingPhase


def look(values, months=None, held=None, *, columns=None, streams=None, compiled=True):
    columns = informed_rows() if columns is None else columns
    months = months_around() if months is None else months
    held = no_positions(len(columns)) if held is None else held
    streams = keys(len(columns)) if streams is None else streams
    return decide(
        decide_informed, columns, streams, WEIGHTS, values, FEE_TICKS, months, held, DAY_SHARE,
        compiled=compiled,
    )  # fmt: skip


@pytest.mark.parametrize(("move", "side"), [(30, Side.BUY), (-30, Side.SELL)])
def test_it_takes_the_quote_on_the_side_of_what_it_knows(move, side):
    months = months_around()
    sent = look(months["model_ticks"] + move)
    tenor = sent["month"] - months["month"][0]
    quote = months["best_ask_ticks"] if side == Side.BUY else months["best_bid_ticks"]
    assert len(sent) > 50
    assert (sent["side"] == side).all()
    assert (sent["time_in_force"] == TimeInForce.IOC).all()
    np.testing.assert_array_equal(sent["price_ticks"], quote[tenor])


@pytest.mark.parametrize("side", Side)
def test_a_value_within_the_spread_the_fee_and_the_threshold_is_not_worth_a_trade(side):
    months = months_around()
    half_spread = months["best_ask_ticks"] - months["model_ticks"]
    least = half_spread + FEE_TICKS + 0.002 * months["scale_ticks"]
    assert len(look(months["model_ticks"] + side * (least - 0.01))) == 0
    assert len(look(months["model_ticks"] + side * (least + 0.01))) > 50


@pytest.mark.parametrize("side", Side)
def test_closing_a_position_needs_no_gain_beyond_the_fee(side):
    months = months_around()
    quote = months["best_ask_ticks"] if side == Side.BUY else months["best_bid_ticks"]
    held = no_positions(100) - 10 * side
    assert len(look(quote + side * (FEE_TICKS + 0.5))) == 0
    assert len(look(quote + side * (FEE_TICKS - 0.5), held=held)) == 0
    closing = look(quote + side * (FEE_TICKS + 0.5), held=held)
    assert len(closing) > 50
    assert (closing["side"] == side).all()


def test_it_stops_at_its_position_limit():
    sent = look(months_around()["model_ticks"] + 300, held=no_positions(100) + 48)
    assert sent["lots"].max() <= 2
    assert len(look(months_around()["model_ticks"] + 300, held=no_positions(100) + 50)) == 0


def test_months_that_do_not_trade_continuously_are_left_alone():
    months = months_around()
    months["phase"][::2], months["phase"][1] = TradingPhase.HALT, TradingPhase.AUCTION
    sent = look(months["model_ticks"] + 300, months)
    assert set((sent["month"] - months["month"][0]).tolist()) <= {3, 5, 7, 9, 11}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_value_is_no_trade_and_an_infinite_one_trades_at_the_quotes(value):
    months = months_around()
    sent = look(np.full(12, value), months)
    assert (len(sent) == 0) == math.isnan(value)
    assert set(sent["price_ticks"].tolist()) <= {*months["best_bid_ticks"], *months["best_ask_ticks"]}
    columns = informed_rows(signal_error=math.nan)
    assert len(look(months["model_ticks"] + 300.0, columns=columns)) == 0


def test_the_errors_of_signals_have_their_law_and_everybody_has_an_own_one():
    columns = informed_rows(4_000, signal_sd=0.02)
    draw_signal_errors(columns, keys(4_000))
    assert columns["signal_error"].std() == pytest.approx(0.02, rel=4 / math.sqrt(2 * 4_000))
    assert len(set(columns["signal_error"].tolist())) == 4_000
    few = informed_rows(3, signal_sd=0.02)
    draw_signal_errors(few, keys(3))
    np.testing.assert_array_equal(few["signal_error"], columns["signal_error"][:3])


def test_the_compiled_rule_does_what_its_plain_original_does():
    values = months_around()["model_ticks"] + np.linspace(-60, 60, 12)
    sent = []
    for compiled in (True, False):
        columns, streams = informed_rows(signal_sd=0.01), keys(100)
        draw_signal_errors(columns, streams)
        sent.append(look(values, columns=columns, streams=streams, compiled=compiled))
    assert len(sent[0]) > 50
    for field in sent[0].dtype.names:
        np.testing.assert_allclose(sent[0][field], sent[1][field], rtol=1e-12, err_msg=field)


def test_without_activity_it_sends_nothing():
    columns = informed_rows(actions_per_day=0.0)
    assert len(look(months_around()["model_ticks"] + 300.0, columns=columns)) == 0
