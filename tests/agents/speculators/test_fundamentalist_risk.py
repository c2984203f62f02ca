"""Fundamentalists that ask to be paid for the risk of what they hold."""

from __future__ import annotations

import numpy as np
import pytest
from stage import decide, keys, months_around
from traders import DAY_SHARE, WEIGHTS, curve_risk, fundamentalist_rows

from abm.agents.speculators.fundamentalist import decide_fundamentalists

LOOKS = {"belief_sd": 0.0, "threshold": 0.005, "actions_per_day": 96.0}
FRONT_ONLY = np.ones(12)
"""Cumulative weights with which everybody looks at the front month."""


def orders(months, held=0, weights=FRONT_ONLY, compiled=True, risk=None, **columns):
    columns = fundamentalist_rows(100, **LOOKS | columns)
    positions = np.zeros((100, 12), dtype=np.int64) + held
    risk = curve_risk(100, 2.0) if risk is None else risk
    return decide(
        decide_fundamentalists, columns, keys(100), weights, months, positions, risk, 1.0, DAY_SHARE,
        compiled=compiled,
    )  # fmt: skip


def cheap(share):
    """Months offered at a share below the value of each, nobody bidding nearby."""
    months = months_around()
    months["best_ask_ticks"] = np.floor(months["model_ticks"] * (1.0 - share))
    months["best_bid_ticks"] = months["best_ask_ticks"] - 1
    return months


def test_the_compiled_rule_with_risk_does_what_its_plain_original_does():
    both = [orders(cheap(0.02), held=20, weights=WEIGHTS, compiled=compiled) for compiled in (True, False)]
    assert len(both[0]) > 30
    for field in both[0].dtype.names:
        np.testing.assert_allclose(both[0][field], both[1][field], rtol=1e-12, err_msg=field)


def test_one_who_holds_the_curve_wants_a_larger_discount_for_the_next_lot():
    """100 lots of each month ask 1.5 % in the front month, 200 lots 2.9 %; the threshold is 0.5 %."""
    room = {"max_position_lots": 1_000}
    flat, little, long, longer = (orders(cheap(0.0199), held=held, **room) for held in (0, 50, 150, 200))
    assert len(flat) > 50
    assert (flat["side"] == 1).all()
    assert len(little) > 50
    assert (little["side"] == 1).all()
    assert len(long) == 0
    assert (longer["side"] == -1).all()  # it sells below value
    assert len(longer) > 50


def test_one_who_is_short_pays_more_than_value_and_one_who_is_flat_does_not():
    room = {"max_position_lots": 1_000}
    assert (orders(cheap(0.0), held=-100, **room)["side"] == 1).sum() > 50
    assert len(orders(cheap(0.0), **room)) == 0


def test_without_aversion_a_discount_beyond_the_threshold_is_enough():
    long = orders(cheap(0.0199), held=150, risk=curve_risk(100, 0.0), max_position_lots=1_000)
    assert len(long) > 50
    assert (long["side"] == 1).all()


def test_an_order_ends_with_the_last_lot_that_pays():
    """A lot adds 2e-6 x 60^2 x 10.5 = 0.0756 ticks: a gain of 60 - 15 ticks pays for 595 of them."""
    rise = 2.0 / 1e6 * (0.02 * 3_000) ** 2 * 10.5
    sent = orders(cheap(0.02), mean_lots=10_000, max_position_lots=1_000_000)
    paying = int(45.0 / rise + 0.5)
    assert sent["lots"].max() == paying
    assert rise * (paying - 0.5) <= 45.0 < rise * (paying + 0.5)
    # With 1,000 USD a lot adds 75.6 ticks, and its half is paid; with 500 USD not even the first lot is.
    poor, poorer = (curve_risk(100, 2.0, equity_usd=usd) for usd in (1e3, 5e2))
    assert set(orders(cheap(0.02), mean_lots=10_000, risk=poor)["lots"]) == {1}
    assert len(orders(cheap(0.02), risk=poorer)) == 0


@pytest.mark.parametrize("equity_usd", [0.0, -1e5])
def test_without_equity_it_only_closes_what_it_holds(equity_usd):
    broke = curve_risk(100, 2.0, equity_usd=equity_usd)
    assert len(orders(cheap(0.02), held=3, risk=broke)) == 0
    closing = orders(cheap(0.02), held=-3, risk=broke, mean_lots=100)
    assert len(closing) > 50
    assert (closing["side"] == 1).all()
    assert closing["lots"].max() == 3


def test_the_far_end_of_a_held_curve_needs_the_larger_premium():
    discounts = []
    for tenor in (1, 10):
        weights = (np.arange(12) >= tenor).astype(float)
        risk = curve_risk(100, 2.0)
        share = next(
            share for share in np.arange(0.0, 0.8, 0.005)
            if any(orders(cheap(share), held=10, weights=weights, risk=risk)["side"] == 1)
        )  # fmt: skip
        discounts.append(share)
    assert discounts[1] > 1.5 * discounts[0] > 0.0
