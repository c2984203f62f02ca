"""What each built-in trader does when it looks at a market."""

from __future__ import annotations

import math

import numpy as np
import pytest
from stage import decide, keys, months_around, no_positions
from traders import (
    DAY_SHARE,
    ONE_FLOOR,
    WEIGHTS,
    chartist_rows,
    fundamentalist_rows,
    hedger_rows,
    maker_rows,
    no_waiting,
    noise_rows,
    quote_terms,
    unafraid,
)

from abm.agents.base.view import MONTH_DTYPE
from abm.agents.hedgers.kernel import decide_hedgers
from abm.agents.makers.kernel import decide_makers
from abm.agents.makers.quoting import half_spread_ticks
from abm.agents.speculators.chartist import decide_chartists
from abm.agents.speculators.fundamentalist import decide_fundamentalists
from abm.agents.speculators.noise import decide_noise
from abm.core.orders import NO_PRICE, MessageKind, Side, TimeInForce, TradingPhase

CASES = {
    "noise": (decide_noise, noise_rows, lambda n: (WEIGHTS, months_around(), no_positions(n), DAY_SHARE)),
    "fundamentalists": (
        decide_fundamentalists,
        fundamentalist_rows,
        lambda n: (WEIGHTS, months_around(), no_positions(n), unafraid(n), 3.5, DAY_SHARE),
    ),
    "chartists": (
        decide_chartists,
        chartist_rows,
        lambda n: (months_around(), no_positions(n) + 7, DAY_SHARE),
    ),
    "hedgers": (
        decide_hedgers,
        hedger_rows,
        lambda n: (
            np.full((n, 12), 20),
            ONE_FLOOR,
            no_waiting(n),
            months_around(),
            no_positions(n),
            DAY_SHARE,
        ),
    ),
    "makers": (
        decide_makers,
        maker_rows,
        lambda n: (*quote_terms(), months_around(), no_positions(n) + 30, DAY_SHARE),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_compiled_rule_does_what_its_plain_original_does(name):
    kernel, make_rows, middle = CASES[name]
    compiled_rows, plain_rows = make_rows(), make_rows()
    compiled_streams, plain_streams = keys(len(compiled_rows)), keys(len(plain_rows))
    for _ in range(3):
        compiled = decide(kernel, compiled_rows, compiled_streams, *middle(len(compiled_rows)))
        plain = decide(kernel, plain_rows, plain_streams, *middle(len(plain_rows)), compiled=False)
        assert len(compiled) > 0
        for field in compiled.dtype.names:
            if field == "arrival":  # libm and LLVM may differ in the last bit of exp and cos
                np.testing.assert_allclose(compiled[field], plain[field], rtol=1e-12)
            else:
                np.testing.assert_array_equal(compiled[field], plain[field], err_msg=field)
    np.testing.assert_array_equal(compiled_streams, plain_streams)


@pytest.mark.parametrize("name", CASES)
def test_nobody_sends_anything_new_into_a_halted_month(name):
    kernel, make_rows, middle = CASES[name]
    halted_tenors = [1, 2, 3]
    months_traded = {}
    for phase in (TradingPhase.CONTINUOUS, TradingPhase.HALT):
        columns = make_rows()
        terms = middle(len(columns))
        months = next(part for part in terms if getattr(part, "dtype", None) == MONTH_DTYPE)
        months["phase"][halted_tenors] = phase
        sent = decide(kernel, columns, keys(len(columns)), *terms)
        months_traded[phase] = set(sent["month"][sent["kind"] != MessageKind.CANCEL_ALL].tolist())
    halted = set(months["month"][halted_tenors].tolist())
    assert halted <= months_traded[TradingPhase.CONTINUOUS]
    assert not halted & months_traded[TradingPhase.HALT]
    assert len(months_traded[TradingPhase.HALT]) >= 3


@pytest.mark.parametrize("name", CASES)
def test_nobody_acts_without_activity(name):
    kernel, make_rows, middle = CASES[name]
    columns = make_rows()
    for field in ("actions_per_day", "cancels_per_day", "requotes_per_day"):
        if field in columns.dtype.names:
            columns[field] = 0.0
    assert len(decide(kernel, columns, keys(len(columns)), *middle(len(columns)))) == 0


@pytest.mark.parametrize("name", CASES)
def test_messages_keep_inside_the_daily_limits(name):
    kernel, make_rows, middle = CASES[name]
    columns = make_rows()
    arguments = middle(len(columns))
    months = next(part for part in arguments if getattr(part, "dtype", None) == MONTH_DTYPE)
    months["low_ticks"], months["high_ticks"] = months["model_ticks"] - 4, months["model_ticks"] + 4
    sent = decide(kernel, columns, keys(len(columns)), *arguments)
    for price, lots in (("price_ticks", "lots"), ("ask_ticks", "ask_lots")):
        quotes = sent[(sent["kind"] == MessageKind.QUOTE) & (sent[lots] > 0)]
        tenor = quotes["month"] - months["month"][0]
        assert (quotes[price] >= months["low_ticks"][tenor]).all()
        assert (quotes[price] <= months["high_ticks"][tenor]).all()
    limits = sent[sent["kind"] == MessageKind.LIMIT]
    tenor = limits["month"] - months["month"][0]
    resting = limits["time_in_force"] == TimeInForce.DAY
    assert (limits["price_ticks"][resting] >= months["low_ticks"][tenor][resting]).all()
    assert (limits["price_ticks"][resting] <= months["high_ticks"][tenor][resting]).all()


def test_noise_acts_at_its_rate_whatever_the_rounds():
    """400 traders at 24 orders a day: the mean count is the same for coarse and fine rounds."""
    for rounds in (6, 24, 96):
        columns, streams = noise_rows(400, actions_per_day=24.0, cancels_per_day=0.0), keys(400)
        sent = sum(
            len(
                decide(
                    decide_noise, columns, streams, WEIGHTS, months_around(), no_positions(400), 1 / rounds
                )
            )
            for _ in range(rounds)
        )
        assert sent == pytest.approx(400 * 24, abs=4 * math.sqrt(400 * 24))


def test_noise_sells_when_it_holds_its_limit():
    columns = noise_rows()
    sent = decide(
        decide_noise, columns, keys(200), WEIGHTS, months_around(), no_positions(200) + 50, DAY_SHARE
    )
    orders = sent[sent["kind"] != MessageKind.CANCEL_ALL]
    assert (orders["side"] == Side.SELL).all()


def test_fundamentalists_buy_what_is_cheap_and_sell_what_is_dear():
    for shift, side in ((-100, Side.BUY), (100, Side.SELL)):
        months = months_around()
        months["best_bid_ticks"] += shift
        months["best_ask_ticks"] += shift
        columns = fundamentalist_rows(belief_sd=0.0)
        sent = decide(
            decide_fundamentalists,
            columns,
            keys(200),
            WEIGHTS,
            months,
            no_positions(200),
            unafraid(),
            1.0,
            DAY_SHARE,
        )
        assert len(sent) > 50
        assert (sent["side"] == side).all()
        assert (sent["time_in_force"] == TimeInForce.IOC).all()


def test_fundamentalists_leave_a_fair_market_alone():
    columns = fundamentalist_rows(belief_sd=0.0)
    sent = decide(
        decide_fundamentalists,
        columns,
        keys(200),
        WEIGHTS,
        months_around(),
        no_positions(200),
        unafraid(),
        1.0,
        DAY_SHARE,
    )
    assert len(sent) == 0


def test_fundamentalists_stop_at_their_position_limit():
    months = months_around()
    months["best_ask_ticks"] -= 100
    months["best_bid_ticks"] -= 100
    columns = fundamentalist_rows(belief_sd=0.0)
    held = no_positions(200) + 98
    sent = decide(
        decide_fundamentalists, columns, keys(200), WEIGHTS, months, held, unafraid(), 1.0, DAY_SHARE
    )
    assert sent["lots"].max() <= 2


def test_belief_errors_have_their_stationary_law_at_any_spacing_of_looks():
    columns = fundamentalist_rows(2_000, belief_sd=0.02)
    streams = keys(2_000)
    for step in range(60):
        decide(
            decide_fundamentalists, columns, streams, WEIGHTS, months_around(), no_positions(2_000),
            unafraid(2_000), float(step), 1.0, capacity=200_000,
        )  # fmt: skip
    assert columns["belief_error"].std() == pytest.approx(0.02, rel=4 / math.sqrt(2 * 2_000))


def test_chartists_follow_a_rising_price_and_close_the_month_behind():
    columns, streams = chartist_rows(actions_per_day=1e9, tenor=2), keys(60)
    months = months_around()
    for _ in range(48):
        months["reference_ticks"] *= 1.002
        sent = decide(decide_chartists, columns, streams, months, no_positions(60), DAY_SHARE)
    assert (sent["side"] == Side.BUY).all()
    assert (sent["month"] == months["month"][2]).all()
    held = no_positions(60)
    held[:, months["slot"][1]] = 8
    sent = decide(decide_chartists, columns, streams, months, held, DAY_SHARE)
    behind = sent[sent["month"] == months["month"][1]]
    assert len(behind) == 60
    assert (behind["side"] == Side.SELL).all()


def test_a_chartist_starts_afresh_when_its_month_changes():
    columns, streams = chartist_rows(actions_per_day=1e9, tenor=1), keys(60)
    decide(decide_chartists, columns, streams, months_around(3_000.0), no_positions(60), DAY_SHARE)
    later = months_around(2_000.0, first_month=6)
    sent = decide(decide_chartists, columns, streams, later, no_positions(60), DAY_SHARE)
    assert len(sent) == 0  # the fall from one month's price to the next one's is no trend


def test_a_hedger_buys_towards_its_target_in_slices():
    columns = hedger_rows(actions_per_day=1e9)
    target = np.full((100, 12), 20)
    sent = decide(
        decide_hedgers,
        columns,
        keys(100),
        target,
        ONE_FLOOR,
        no_waiting(),
        months_around(),
        no_positions(100),
        DAY_SHARE,
    )
    orders = sent[sent["kind"] == MessageKind.LIMIT]
    assert len(orders) == 100
    assert (orders["side"] == Side.BUY).all()
    assert (orders["lots"] == 4).all()
    assert (orders["month"] > months_around()["month"][0]).all()  # the delivery month is left alone
    share = np.mean(orders["time_in_force"] == TimeInForce.IOC)
    assert share == pytest.approx(0.4, abs=4 * math.sqrt(0.24 / 100))


def test_a_hedger_inside_its_band_does_nothing():
    held = no_positions(100) + 19
    target = np.full((100, 12), 20)
    assert (
        len(
            decide(
                decide_hedgers,
                hedger_rows(),
                keys(100),
                target,
                ONE_FLOOR,
                no_waiting(),
                months_around(),
                held,
                1.0,
            )
        )
        == 0
    )


def test_a_buyer_pays_no_more_than_its_premium_and_a_seller_no_less_than_its_floor():
    months = months_around()
    months["best_bid_ticks"] += 250
    months["best_ask_ticks"] += 250
    target = np.full((100, 12), 20)
    columns = hedger_rows(actions_per_day=1e9, cross_probability=1.0)
    bids = decide(
        decide_hedgers,
        columns,
        keys(100),
        target,
        ONE_FLOOR,
        no_waiting(),
        months,
        no_positions(100),
        DAY_SHARE,
    )
    bids = bids[bids["kind"] == MessageKind.LIMIT]
    model = months["model_ticks"][bids["month"] - 5]
    assert (bids["price_ticks"] <= np.floor(1.03 * model)).all()
    columns["floor_ticks"] = 3_100.0
    offers = decide(
        decide_hedgers,
        columns,
        keys(100),
        -target,
        ONE_FLOOR,
        no_waiting(),
        months,
        no_positions(100),
        DAY_SHARE,
    )
    offers = offers[offers["kind"] == MessageKind.LIMIT]
    assert (offers["price_ticks"] >= 3_100).all()


def test_a_passive_hedger_joins_the_best_price_of_its_side():
    columns = hedger_rows(actions_per_day=1e9, cross_probability=0.0)
    target = np.full((100, 12), 20)
    months = months_around()
    sent = decide(
        decide_hedgers,
        columns,
        keys(100),
        target,
        ONE_FLOOR,
        no_waiting(),
        months,
        no_positions(100),
        DAY_SHARE,
    )
    orders = sent[sent["kind"] == MessageKind.LIMIT]
    assert (orders["price_ticks"] == months["best_bid_ticks"][orders["month"] - 5]).all()
    assert (orders["time_in_force"] == TimeInForce.DAY).all()


def test_the_half_spread_is_avellanedas_and_stoikovs():
    """T = 1, sigma = 2, k = 1.5, dt = .005: mean spread over the session 1.49 for gamma .1 and 2.16 for .5
    (Avellaneda and Stoikov 2008, tables 1 and 3)."""
    mean_over_session = [
        np.mean([2 * half_spread_ticks(gamma, 4.0 * (1 - t), 1 / 1.5) for t in np.arange(0, 1, 0.005)])
        for gamma in (0.1, 0.5)
    ]
    assert mean_over_session[0] == pytest.approx(1.49, abs=0.005)
    assert mean_over_session[1] == pytest.approx(2.16, abs=0.005)


def test_a_flat_maker_quotes_symmetrically_in_every_month():
    months = months_around()
    sent = decide(decide_makers, maker_rows(1), keys(1), *quote_terms(), months, no_positions(1), DAY_SHARE)
    assert (sent["kind"] == MessageKind.QUOTE).all()
    assert sent["month"].tolist() == months["month"].tolist()
    assert (sent["post_only"] == 1).all()
    assert (sent["lots"] == 20).all()
    assert (sent["ask_lots"] == 20).all()
    below = months["model_ticks"] - sent["price_ticks"]
    above = sent["ask_ticks"] - months["model_ticks"]
    np.testing.assert_array_equal(below, above)


def test_a_long_maker_lowers_both_quotes_along_the_whole_curve():
    months = months_around(spread_ticks=200)
    terms, maker = quote_terms(), maker_rows(1, risk_aversion=4e-5)
    flat = decide(decide_makers, maker, keys(1), *terms, months, no_positions(1), DAY_SHARE)
    held = no_positions(1)
    held[0, months["slot"][3]] = 300
    long = decide(decide_makers, maker, keys(1), *terms, months, held, DAY_SHARE)
    moved = {}
    for name, sent in (("flat", flat), ("long", long)):
        quotes = sent[sent["lots"] > 0]
        moved[name] = dict(zip(quotes["month"].tolist(), quotes["price_ticks"].tolist(), strict=True))
    fall = {month: moved["flat"][month] - moved["long"][month] for month in moved["flat"]}
    held_month = int(months["month"][3])
    assert all(lower > 0 for lower in fall.values())
    assert fall[held_month] > fall[held_month + 1] > 0


def test_a_maker_at_its_position_limit_quotes_one_side():
    held = no_positions(1) + 600
    sent = decide(decide_makers, maker_rows(1), keys(1), *quote_terms(), months_around(), held, DAY_SHARE)
    assert (sent["lots"] == 0).all()
    assert (sent["ask_lots"] == 20).all()
    assert len(sent) == 12


def test_the_contract_caps_the_makers_spread():
    wide = maker_rows(1, fill_distance=0.10)
    months = months_around(spread_ticks=2_000)
    months["low_ticks"], months["high_ticks"] = -10_000, 10_000
    sent = decide(decide_makers, wide, keys(1), *quote_terms(widest=0.02), months, no_positions(1), DAY_SHARE)
    assert (sent["ask_ticks"] - sent["price_ticks"] <= 0.02 * months["scale_ticks"] + 1).all()


def test_makers_quote_around_negative_prices():
    months = months_around(-500.0, spread_ticks=200)
    sent = decide(decide_makers, maker_rows(1), keys(1), *quote_terms(), months, no_positions(1), DAY_SHARE)
    assert len(sent) == 12
    assert (sent["lots"] > 0).all()
    assert (sent["ask_lots"] > 0).all()
    assert (sent["price_ticks"] < months["model_ticks"]).all()


def test_makers_quote_an_empty_book():
    months = months_around()
    months["best_bid_ticks"] = months["best_ask_ticks"] = NO_PRICE
    sent = decide(decide_makers, maker_rows(1), keys(1), *quote_terms(), months, no_positions(1), DAY_SHARE)
    assert (sent["kind"] == MessageKind.QUOTE).sum() == 12
    assert (sent["lots"] > 0).all()
    assert (sent["ask_lots"] > 0).all()


def test_makers_do_not_quote_a_halted_month():
    months = months_around()
    months["phase"][3] = TradingPhase.HALT
    sent = decide(decide_makers, maker_rows(1), keys(1), *quote_terms(), months, no_positions(1), DAY_SHARE)
    assert sent["month"].tolist() == np.delete(months["month"], 3).tolist()
