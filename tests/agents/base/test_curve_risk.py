"""What holding a curve to delivery is worth being paid for: covariance, time, aversion and equity."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stage import months_around, no_positions
from traders import DAYS_TO_DELIVERY, curve_risk

from abm.agents.base.curve_risk import (
    lot_risk_ticks,
    only_reduces,
    premium_ticks,
    write_premiums_ticks,
)
from abm.core.calendar import TradingCalendar

LOTS = st.lists(st.integers(-500, 500), min_size=12, max_size=12)
SHARES = st.lists(st.floats(0.0, 0.1), min_size=12, max_size=12)


def plainly(risk, months, held):
    """Return the premiums of a curve by the double sum, in ticks."""
    deviation = months["volatility_per_day"] * months["scale_ticks"]
    tenors = np.arange(len(months))
    correlation = risk.correlation[0] ** np.abs(tenors[:, None] - tenors)
    shared_days = np.minimum.outer(risk.days_to_delivery, risk.days_to_delivery)
    covariance = correlation * shared_days * np.outer(deviation, deviation)
    gamma = risk.relative_aversion[0] / risk.equity_usd[0] * risk.tick_value_usd
    return gamma * covariance @ held


def premiums(risk, months, held):
    """Return the premiums of a curve in ticks; ``held`` is in tenor order."""
    positions, out = no_positions(1, len(months)), np.zeros(len(months))
    positions[0, months["slot"]] = held
    write_premiums_ticks(risk, 0, months, positions, 0, out)
    one_by_one = [premium_ticks(risk, 0, months, positions, 0, tenor) for tenor in range(len(months))]
    np.testing.assert_allclose(one_by_one, out, rtol=1e-9, atol=1e-9)
    return out


@given(LOTS, SHARES, st.floats(0.0, 1.0), st.floats(1e4, 1e8), st.integers(0, 20))
def test_two_passes_are_the_double_sum_over_the_curve(held, volatility, rho, equity_usd, day):
    months = months_around()
    months["volatility_per_day"] = volatility
    risk = curve_risk(1, 2.0, correlation=rho, equity_usd=equity_usd, tick_value_usd=5.0)
    risk.days_to_delivery[:] = TradingCalendar().days_to_delivery(day)
    expected = plainly(risk, months, np.array(held))
    scale = np.abs(plainly(risk, months, np.abs(held))).max() + 1e-12
    np.testing.assert_allclose(premiums(risk, months, held), expected, atol=1e-12 * scale, rtol=1e-9)


def test_the_compiled_rule_is_its_plain_original():
    months, risk, positions = months_around(), curve_risk(1, 3.0), no_positions(1)
    positions[0] = np.arange(12) - 4
    out = np.zeros(12)
    write_premiums_ticks.py_func(risk, 0, months.view(np.recarray), positions, 0, out)
    held = positions[0, months["slot"]]
    np.testing.assert_allclose(premiums(risk, months, held), out, rtol=1e-12)
    plain = premium_ticks.py_func(risk, 0, months.view(np.recarray), positions, 0, 7)
    assert plain == pytest.approx(out[7], rel=1e-12)


def test_one_month_alone_costs_gamma_times_variance_to_delivery_times_the_lots():
    """40 lots worth 4,000 USD each at 30 % a year, half a year from delivery, for one with 1,000,000 USD."""
    months = months_around(2_000.0, listed=1)
    months["volatility_per_day"] = 0.30 / math.sqrt(252)
    risk = curve_risk(1, 2.0, equity_usd=1e6, tick_value_usd=2.0)._replace(days_to_delivery=np.array([126.0]))
    usd = premiums(risk, months, [40])[0] * 2.0
    assert usd == pytest.approx(2.0 / 1e6 * 0.30**2 * 4_000.0**2 * 40 * 0.5)


def test_who_is_short_asks_for_the_same_above_value():
    months, held = months_around(), np.arange(12) - 5
    risk = curve_risk(1, 2.0)
    np.testing.assert_allclose(premiums(risk, months, -held), -premiums(risk, months, held), rtol=1e-12)


def test_two_months_make_each_other_dear_by_the_same_amount():
    months, risk = months_around(), curve_risk(1, 2.0)
    by_lot = np.array([premiums(risk, months, 100 * np.eye(12, dtype=np.int64)[k]) for k in range(12)])
    np.testing.assert_allclose(by_lot, by_lot.T, rtol=1e-9)


def test_twice_the_equity_asks_for_half_the_premium():
    months, held = months_around(), np.full(12, 30)
    poor, rich = curve_risk(1, 2.0, equity_usd=1e6), curve_risk(1, 2.0, equity_usd=2e6)
    np.testing.assert_allclose(premiums(poor, months, held), 2.0 * premiums(rich, months, held))


def test_a_far_month_costs_more_than_a_near_one_of_the_same_volatility():
    months, risk = months_around(), curve_risk(1, 2.0)
    months["scale_ticks"] = 3_000.0
    alone = [premiums(risk, months, 100 * np.eye(12, dtype=np.int64)[tenor])[tenor] for tenor in range(12)]
    np.testing.assert_allclose(np.array(alone) / alone[0], DAYS_TO_DELIVERY / DAYS_TO_DELIVERY[0])


def test_what_is_held_in_a_near_month_costs_far_months_no_more_than_until_its_delivery():
    """With one time for all inventory, 100 lots of tenor 1 would weigh on tenor 11 eight times as much."""
    months, risk = months_around(), curve_risk(1, 2.0, correlation=1.0)
    months["scale_ticks"] = 3_000.0
    asked = premiums(risk, months, 100 * np.eye(12, dtype=np.int64)[1])
    np.testing.assert_allclose(asked[1:], asked[1])
    assert asked[0] == pytest.approx(asked[1] * DAYS_TO_DELIVERY[0] / DAYS_TO_DELIVERY[1])


def test_a_further_lot_raises_the_premium_of_its_month_by_what_one_lot_is_worth():
    months, risk = months_around(), curve_risk(1, 2.0)
    held = np.arange(12)
    more = held + np.eye(12, dtype=np.int64)[5]
    rise = premiums(risk, months, more)[5] - premiums(risk, months, held)[5]
    assert lot_risk_ticks(risk, 0, months[5], 5) == pytest.approx(rise)


@pytest.mark.parametrize("equity_usd", [0.0, -5.0])
def test_no_price_pays_one_without_equity_for_more_risk(equity_usd):
    risk = curve_risk(1, 2.0, equity_usd=equity_usd)
    assert only_reduces(risk, 0)
    assert (premiums(risk, months_around(), np.full(12, 50)) == 0.0).all()
    assert not only_reduces(curve_risk(1, 0.0, equity_usd=equity_usd), 0)


def test_delivery_is_the_middle_of_a_month_and_of_what_is_left_of_the_front_one():
    calendar = TradingCalendar(days_per_month=20, listed_months=3)
    assert calendar.days_to_delivery(0) == (10.0, 30.0, 50.0)
    assert calendar.days_to_delivery(12) == (4.0, 18.0, 38.0)
    assert calendar.days_to_delivery(39) == (0.5, 11.0, 31.0)
    warm = TradingCalendar(days_per_month=20, listed_months=3, warm_up_days=40)
    assert [warm.days_to_delivery(day) for day in (-40, -28, 0)] == [
        calendar.days_to_delivery(day) for day in (0, 12, 0)
    ]
