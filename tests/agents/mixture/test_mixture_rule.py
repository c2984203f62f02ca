"""Mixture traders: the forecast, the price and size of an order, and the prices they remember."""

from __future__ import annotations

import math

import numpy as np
import pytest
from stage import decide, keys, months_around, no_positions
from traders import DAY_SHARE, WEIGHTS, rows

from abm.agents.mixture.kernel import (
    MIXTURE_DTYPE,
    decide_mixture,
    forecast_per_day,
    log_change,
    mean_return_per_day,
    remember_prices,
)
from abm.core.orders import NO_PRICE, MessageKind, Side, TradingPhase


def mixture_rows(count=200, **values):
    return rows(
        MIXTURE_DTYPE, count,
        **{"actions_per_day": 48.0, "fundamental_weight": 1.0, "trend_weight": 0.5, "noise_weight": 1.0,
           "horizon_days": 2.0, "reversion_days": 1.5, "noise_per_day": 0.01, "order_margin": 0.004,
           "mean_lots": 3.0, "max_position_lots": 50} | values,
    )  # fmt: skip


def memory(months, kept=97, price=None, now_round=200):
    """Rings filled with one price, the months' own by default."""
    history = np.zeros((len(months), kept))
    history[months["slot"]] = (months["reference_ticks"] if price is None else price)[:, None]
    first = np.full(len(months), now_round - kept, dtype=np.int64)
    return history, first


def sent_by(columns, months, positions=None, *, price=None, streams=None, day_share=DAY_SHARE, **how):
    """Send one round's messages of traders who remember one past price for as long as the ring goes."""
    history, first = memory(months, price=price)
    if price is not None:
        history[months["slot"], 200 % history.shape[1]] = months["reference_ticks"]
    positions = no_positions(len(columns)) if positions is None else positions
    streams = keys(len(columns)) if streams is None else streams
    middle = (WEIGHTS, day_share, history, first, months, positions, 200, day_share)
    return decide(decide_mixture, columns, streams, *middle, **how)


def orders(sent):
    return sent[sent["kind"] == MessageKind.LIMIT]


def test_the_compiled_rule_does_what_its_plain_original_does():
    months = months_around()
    months["model_ticks"] *= 1.01
    fast, plain = mixture_rows(), mixture_rows()
    compiled = sent_by(fast, months, price=months["reference_ticks"] * 0.99)
    original = sent_by(plain, months, price=months["reference_ticks"] * 0.99, compiled=False)
    assert len(compiled) > 200
    for field in compiled.dtype.names:
        if field == "arrival":
            np.testing.assert_allclose(compiled[field], original[field], rtol=1e-12)
        else:
            np.testing.assert_array_equal(compiled[field], original[field], err_msg=field)


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ((1.0, 0.0, 0.0), math.log(1.02) / 1.5),
        ((0.0, 1.0, 0.0), 0.03),
        ((0.0, 0.0, 1.0), -0.004),
        ((2.0, 1.0, 1.0), (2.0 * math.log(1.02) / 1.5 + 0.03 - 0.004) / 4.0),
    ],
    ids=["value", "trend", "noise", "all three"],
)
def test_the_forecast_is_the_weighted_mean_of_value_trend_and_noise(weights, expected):
    months = months_around()
    months["model_ticks"] = 1.02 * months["reference_ticks"]
    me = mixture_rows(1)
    me["fundamental_weight"], me["trend_weight"], me["noise_weight"] = weights
    assert forecast_per_day(me[0], months[0], 0.03, -0.004) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("price", "base", "change"),
    [
        (110.0, 100.0, math.log(1.1)),
        (3_000.0, 2_900.0, math.log(3_000 / 2_900)),
        (20.0, 10.0, math.log1p(0.1)),  # a small base is measured by 100 ticks
        (-50.0, 50.0, math.log1p(-0.99)),
        (-150.0, -200.0, math.log1p(0.25)),
        (10.0, 0.0, math.log1p(0.1)),
    ],
)
def test_log_changes_are_exact_from_a_hundred_ticks_and_finite_for_any_price(price, base, change):
    assert log_change(price, base) == pytest.approx(change, rel=1e-12)


@pytest.mark.parametrize(("gap", "side"), [(1.02, Side.BUY), (0.98, Side.SELL)])
def test_who_expects_a_rise_bids_a_margin_under_the_expected_price_and_who_expects_a_fall_offers(gap, side):
    months = months_around()
    months["model_ticks"] = gap * months["reference_ticks"]
    columns = mixture_rows(trend_weight=0.0, noise_weight=0.0, horizon_days=0.75, order_margin=0.005)
    sent = orders(sent_by(columns, months))
    assert len(sent) > 100
    assert (sent["side"] == side).all()
    at = months[sent["month"] - months["month"][0]]
    expected = at["reference_ticks"] * np.exp(np.log(at["model_ticks"] / at["reference_ticks"]) / 2.0)
    limit = expected * (1.0 - side * 0.005)
    rounded = np.floor(limit) if side == Side.BUY else np.ceil(limit)
    np.testing.assert_array_equal(sent["price_ticks"], rounded)


def test_a_trend_is_followed():
    months = months_around()
    columns = mixture_rows(fundamental_weight=0.0, noise_weight=0.0, trend_weight=1.0)
    assert (orders(sent_by(columns, months, price=0.97 * months["reference_ticks"]))["side"] == 1).all()
    assert (orders(sent_by(columns, months, price=1.03 * months["reference_ticks"]))["side"] == -1).all()


def test_sentiment_shifts_the_expected_price():
    months = months_around()
    columns = mixture_rows(noise_weight=0.0, trend_weight=0.0, tilt=0.01, order_margin=0.0)
    sent = orders(sent_by(columns, months))
    at = months[sent["month"] - months["month"][0]]
    np.testing.assert_array_equal(sent["price_ticks"], np.floor(at["reference_ticks"] * math.exp(0.01)))


def test_an_order_stays_inside_the_days_limits():
    months = months_around()
    months["model_ticks"] = 3.0 * months["reference_ticks"]
    sent = orders(sent_by(mixture_rows(noise_weight=0.0), months))
    np.testing.assert_array_equal(sent["price_ticks"], months["high_ticks"][sent["month"] - 5])


def test_a_new_order_takes_the_place_of_the_old_one_of_its_month():
    sent = sent_by(mixture_rows(), months_around())
    cancels, new = sent[0::2], sent[1::2]
    assert (cancels["kind"] == MessageKind.CANCEL_ALL).all()
    assert (new["kind"] == MessageKind.LIMIT).all()
    for field in ("account", "month", "arrival"):
        np.testing.assert_array_equal(cancels[field], new[field])


@pytest.mark.parametrize(("held", "side"), [(50, 1.02), (-50, 0.98)], ids=["long", "short"])
def test_a_full_position_is_not_enlarged_but_the_old_order_is_withdrawn(held, side):
    months = months_around()
    months["model_ticks"] = side * months["reference_ticks"]
    sent = sent_by(mixture_rows(noise_weight=0.0, trend_weight=0.0), months, no_positions(200) + held)
    assert len(sent) > 100
    assert (sent["kind"] == MessageKind.CANCEL_ALL).all()


def test_without_a_view_or_in_a_halt_a_trader_leaves_its_orders_alone():
    halted, blind = months_around(), months_around()
    halted["phase"] = TradingPhase.HALT
    blind["model_ticks"] = math.nan
    no_weights = mixture_rows(fundamental_weight=0.0, trend_weight=0.0, noise_weight=0.0)
    assert len(sent_by(mixture_rows(), halted)) == 0
    assert len(sent_by(mixture_rows(), blind)) == 0
    assert len(sent_by(no_weights, months_around())) == 0
    certain = mixture_rows(trend_weight=0.0, noise_weight=0.0)  # the price is the value: nothing to expect
    assert len(sent_by(certain, months_around())) == 0


def test_prices_near_zero_and_below_make_prices_of_orders():
    months = months_around()
    months["reference_ticks"], months["model_ticks"] = -40.0, 10.0
    months["low_ticks"], months["high_ticks"] = -300, 300
    sent = orders(sent_by(mixture_rows(noise_weight=0.0, trend_weight=0.0, order_margin=0.01), months))
    assert (sent["side"] == 1).all()
    assert (sent["price_ticks"] != NO_PRICE).all()
    assert (sent["price_ticks"] > -40).all()


def test_orders_come_at_a_rate_a_day_however_long_the_rounds_are():
    counts = []
    for per_day in (24, 240):
        streams, count = keys(400), 0
        for _ in range(per_day):
            months = months_around()
            columns = mixture_rows(400, actions_per_day=6.0)
            count += len(orders(sent_by(columns, months, streams=streams, day_share=1 / per_day)))
        counts.append(count)
    for count in counts:
        assert count == pytest.approx(2_400, abs=4 * math.sqrt(2_400))


def test_the_mean_return_is_that_of_the_horizon_and_of_a_shorter_one_for_a_young_month():
    months = months_around(listed=3)
    history, first, listed = np.zeros((3, 11)), np.zeros(3, dtype=np.int64), np.full(3, -1, dtype=np.int64)
    for now in range(25):
        months["reference_ticks"] = 1_000.0 * math.exp(0.01) ** now
        if now == 20:  # the front month expires and a new one takes its slot
            months["month"] += 1
            months["slot"] = months["month"] % 3
        remember_prices(months, history, first, listed, now)
    newest, second = months["slot"][2], months["slot"][0]

    def mean(slot, days):
        return mean_return_per_day(history, first, slot, 24, days, 0.1)

    assert first[newest] == 20
    assert mean(second, 0.5) == pytest.approx(0.1)
    assert mean(second, 1.0) == pytest.approx(0.1)
    assert mean(second, 9.0) == pytest.approx(0.1)  # as far as the ring goes
    assert mean(newest, 1.0) == pytest.approx(0.1)  # four rounds of it
    assert mean(second, 0.01) == 0.0
    history[second, 14 % 11] = 500.0  # ten rounds ago
    assert mean(second, 1.0) == pytest.approx(log_change(1_000.0 * math.exp(0.24), 500.0))
