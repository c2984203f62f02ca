"""A belief that is not a number makes no trade: nothing is sent, or a price that the exchange refuses."""

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

from abm.agents.base.ticks import FARTHEST_TICKS, ceil_ticks, clamp_ticks, floor_ticks
from abm.agents.hedgers.kernel import decide_hedgers
from abm.agents.makers.kernel import decide_makers
from abm.agents.speculators.chartist import decide_chartists
from abm.agents.speculators.fundamentalist import decide_fundamentalists
from abm.agents.speculators.noise import decide_noise
from abm.core.orders import NO_PRICE, MessageKind

NOT_NUMBERS = [math.nan, math.inf, -math.inf]


def both_ways(kernel, columns, count, *middle):
    """Return the messages of the compiled rule, having seen its plain original write the same ones."""
    plain = decide(kernel, columns.copy(), keys(count), *middle, compiled=False)
    compiled = decide(kernel, columns.copy(), keys(count), *middle)
    for field in compiled.dtype.names:
        np.testing.assert_allclose(compiled[field], plain[field], rtol=1e-12, err_msg=field)
    return compiled


@pytest.mark.parametrize("kernel", [floor_ticks, ceil_ticks], ids=["floor", "ceil"])
@pytest.mark.parametrize(
    ("belief", "floor", "ceil"),
    [
        (2.25, 2, 3),
        (-2.25, -3, -2),
        (7.0, 7, 7),
        (0.0, 0, 0),
        (-0.5, -1, 0),
        (1e300, FARTHEST_TICKS, FARTHEST_TICKS),
        (-1e300, -FARTHEST_TICKS, -FARTHEST_TICKS),
        *((belief, NO_PRICE, NO_PRICE) for belief in NOT_NUMBERS),
    ],
)
def test_a_belief_becomes_the_tick_below_or_above_or_no_price(kernel, belief, floor, ceil):
    expected = floor if kernel is floor_ticks else ceil
    assert kernel(belief) == kernel.py_func(belief) == expected


def test_a_price_is_moved_into_the_limits_and_no_price_is_not():
    assert [clamp_ticks(price, -5, 5) for price in (-9, -5, 0, 5, 9)] == [-5, -5, 0, 5, 5]
    assert clamp_ticks(NO_PRICE, -5, 5) == NO_PRICE


@pytest.mark.parametrize("belief", NOT_NUMBERS)
def test_noise_around_no_mid_price_is_refused_as_missing(belief):
    months = months_around()
    months["reference_ticks"] = belief
    sent = both_ways(decide_noise, noise_rows(), 200, WEIGHTS, months, no_positions(200), DAY_SHARE)
    limits = sent[sent["kind"] == MessageKind.LIMIT]
    assert len(limits) > 50
    assert (limits["price_ticks"] == NO_PRICE).all()


@pytest.mark.parametrize("field", ["model_ticks", "scale_ticks"])
def test_fundamentalists_without_a_value_do_nothing(field):
    months = months_around()
    months["best_ask_ticks"] -= 100
    months[field] = math.nan
    columns = fundamentalist_rows(belief_sd=0.0)
    middle = WEIGHTS, months, no_positions(200), unafraid(), 1.0, DAY_SHARE
    assert len(both_ways(decide_fundamentalists, columns, 200, *middle)) == 0


def test_chartists_without_a_trend_keep_their_positions():
    columns = chartist_rows(actions_per_day=1e9)
    columns["month"] = months_around()["month"][columns["tenor"]]
    columns["fast_ticks"], columns["slow_ticks"] = math.nan, 3_000.0
    held = no_positions(60) + 7
    assert len(both_ways(decide_chartists, columns, 60, months_around(), held, DAY_SHARE)) == 0


@pytest.mark.parametrize("belief", NOT_NUMBERS)
@pytest.mark.parametrize("sign", [1, -1], ids=["buyers", "sellers"])
def test_hedgers_without_a_model_price_are_refused_and_their_resting_orders_stay(belief, sign):
    months = months_around()
    months["model_ticks"] = belief
    sent = both_ways(
        decide_hedgers, hedger_rows(actions_per_day=1e9), 100,
        np.full((100, 12), 20 * sign), ONE_FLOOR, no_waiting(), months, no_positions(100), DAY_SHARE,
    )  # fmt: skip
    assert len(sent) == 100
    assert (sent["kind"] == MessageKind.LIMIT).all()
    assert (sent["price_ticks"] == NO_PRICE).all()


def test_a_seller_whose_floor_is_not_a_number_does_not_sell():
    columns = hedger_rows(actions_per_day=1e9, floor_ticks=math.nan)
    target = np.full((100, 12), -20)
    sent = both_ways(
        decide_hedgers,
        columns,
        100,
        target,
        ONE_FLOOR,
        no_waiting(),
        months_around(),
        no_positions(100),
        DAY_SHARE,
    )
    assert (sent["price_ticks"] == NO_PRICE).all()


@pytest.mark.parametrize("belief", NOT_NUMBERS)
def test_hedgers_in_an_empty_book_without_a_reference_price_are_refused(belief):
    months = months_around()
    months["best_bid_ticks"] = months["best_ask_ticks"] = NO_PRICE
    months["reference_ticks"] = belief
    target = np.full((100, 12), 20)
    columns = hedger_rows(actions_per_day=1e9)
    sent = both_ways(
        decide_hedgers, columns, 100, target, ONE_FLOOR, no_waiting(), months, no_positions(100), DAY_SHARE
    )
    assert len(sent) == 100
    assert (sent["price_ticks"] == NO_PRICE).all()


@pytest.mark.parametrize("field", ["model_ticks", "scale_ticks", "volatility_per_day"])
def test_market_makers_without_a_value_withdraw_their_quotes(field):
    months = months_around()
    months[field] = math.nan
    middle = *quote_terms(), months, no_positions(4) + 30, DAY_SHARE
    sent = both_ways(decide_makers, maker_rows(), 4, *middle)
    assert len(sent) == 48
    assert (sent["lots"] == 0).all()
    assert (sent["ask_lots"] == 0).all()
