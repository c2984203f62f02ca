"""Daily settlement by tiers and final settlement from the fixings (invariant 19: on tick, within limits)."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abm.core.errors import ParameterError
from abm.core.orders import NO_PRICE, TRADE_DTYPE
from abm.exchange.settlement import SettlementTier, daily_settlement, final_settlement_ticks

VWAP, LAST, NEAREST, MODEL, PRIOR = SettlementTier


def window(*trades):
    """Return trades given as (month, price, lots)."""
    records = np.zeros(len(trades), dtype=TRADE_DTYPE)
    for record, (month, price, lots) in zip(records, trades, strict=True):
        record["month"], record["price_ticks"], record["lots"] = month, price, lots
    return records


def settle(*, trades=(), last=(None,), bid=None, ask=None, prior=(100,), low=0, high=10_000, model=None):
    """Settle consecutive months from month 5 on; None stands for no price."""
    n_months = len(prior)

    def column(values):
        values = (values or (None,)) + (None,) * n_months
        return np.array([NO_PRICE if v is None else v for v in values[:n_months]])

    ticks, tiers = daily_settlement(
        months=np.arange(5, 5 + n_months),
        window_trades=window(*trades),
        last_trade_ticks=column(last),
        best_bid_ticks=column(bid),
        best_ask_ticks=column(ask),
        prior_ticks=np.array(prior),
        low_ticks=np.full(n_months, low),
        high_ticks=np.full(n_months, high),
        model_ticks=None if model is None else np.array(model),
    )
    return list(zip(ticks.tolist(), tiers.tolist(), strict=True))


def test_the_closing_window_settles_at_its_average_on_the_nearest_tick():
    """The published vector (51.14 x 371 + 51.13 x 499) / 870 -> 51.13, with a tick of 0.01."""
    assert settle(trades=[(5, 5114, 371), (5, 5113, 499)], prior=(5100,)) == [(5113, VWAP)]


@pytest.mark.parametrize(("prior", "expected"), [(90, 100), (120, 101), (100, 100), (101, 101)])
def test_a_tie_goes_to_the_tick_nearer_the_prior_settlement(prior, expected):
    assert settle(trades=[(5, 100, 3), (5, 101, 3)], prior=(prior,)) == [(expected, VWAP)]


def test_ties_are_the_same_below_zero():
    assert settle(trades=[(5, -100, 3), (5, -101, 3)], prior=(-90,), low=-200) == [(-100, VWAP)]
    assert settle(trades=[(5, -100, 3), (5, -101, 3)], prior=(-120,), low=-200) == [(-101, VWAP)]


@pytest.mark.parametrize(
    ("bid", "ask", "expected"),
    [(None, None, 50), (52, 60, 52), (40, 48, 48), (45, 55, 50), (52, None, 52), (None, 48, 48)],
)
def test_without_a_window_trade_the_last_trade_is_held_inside_the_quotes(bid, ask, expected):
    assert settle(last=(50,), bid=(bid,), ask=(ask,)) == [(expected, LAST)]


def test_a_month_without_a_trade_moves_with_the_nearest_month_that_traded():
    rows = settle(trades=[(5, 110, 1)], last=(110, None, None, 190), prior=(100, 200, 300, 200))
    assert rows == [(110, VWAP), (210, NEAREST), (290, NEAREST), (190, LAST)]


def test_between_two_equally_near_months_the_earlier_leads():
    assert settle(last=(107, None, 90), prior=(100, 50, 100))[1] == (57, NEAREST)


def test_the_moved_price_is_held_inside_the_quotes():
    assert settle(last=(110, None), prior=(100, 200), ask=(None, 205))[1] == (205, NEAREST)
    assert settle(last=(110, None), prior=(100, 200), bid=(None, 220))[1] == (220, NEAREST)


def test_when_no_month_trades_the_curve_settles_or_else_the_prior_price():
    assert settle(prior=(100, 200), model=(103, 204), ask=(101,)) == [(101, MODEL), (204, MODEL)]
    assert settle(prior=(100, 200), bid=(None, 206)) == [(100, PRIOR), (206, PRIOR)]


def test_a_settlement_outside_the_days_limits_is_moved_to_the_limit():
    """Invariant 19."""
    rows = settle(last=(120, None), prior=(100, 120), high=125)
    assert rows == [(120, LAST), (125, NEAREST)]


@given(
    trades=st.lists(st.tuples(st.integers(-50, 50), st.integers(1, 9)), min_size=1, max_size=6),
    prior=st.integers(-60, 60),
)
@settings(max_examples=200, deadline=None)
def test_the_average_is_the_exact_one_rounded(trades, prior):
    """Invariant 19, against exact fractions."""
    mean = Fraction(sum(p * q for p, q in trades), sum(q for _, q in trades))
    ((settled, tier),) = settle(trades=[(5, p, q) for p, q in trades], prior=(prior,), low=-60, high=60)
    candidates = range(-61, 62)
    assert tier == VWAP
    assert settled == min(candidates, key=lambda tick: (abs(tick - mean), abs(tick - prior)))


def test_final_settlement_is_the_mean_of_the_scheduled_fixings_on_the_tick():
    assert final_settlement_ticks([1_500_200, 1_501_900, 1_502_000], 1_000, scheduled_fixings=3) == 1_501
    assert final_settlement_ticks([1_500_000, 1_501_000], 1_000, scheduled_fixings=2) == 1_500
    assert final_settlement_ticks([1_501_000, 1_502_000], 1_000, scheduled_fixings=2) == 1_502
    assert final_settlement_ticks([-500, -1_600], 1_000, scheduled_fixings=2) == -1


@pytest.mark.parametrize("count", [0, 20, 22])
def test_final_settlement_takes_exactly_the_scheduled_fixings(count):
    with pytest.raises(ParameterError, match=f"{count} fixings given, 21 are scheduled"):
        final_settlement_ticks([1_000] * count, 1_000, scheduled_fixings=21)


def test_final_settlement_needs_a_tick():
    with pytest.raises(ParameterError, match="tick_size_usd_micro: 0"):
        final_settlement_ticks([1_000], 0, scheduled_fixings=1)


@given(fixings=st.lists(st.integers(-(10**7), 10**7), min_size=1, max_size=30), tick=st.integers(1, 5_000))
@settings(max_examples=200, deadline=None)
def test_final_settlement_is_the_exact_mean_rounded_half_to_even(fixings, tick):
    exact = Fraction(sum(fixings), len(fixings) * tick)
    assert final_settlement_ticks(fixings, tick, scheduled_fixings=len(fixings)) == round(exact)
