"""Kyle's lambda from price changes and order flow with a known answer."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.price_impact import kyle_lambda


def test_prices_that_move_a_quarter_tick_a_lot_have_that_lambda():
    flow = np.array([4.0, -8.0, 12.0, 0.0])
    assert kyle_lambda(0.25 * flow, flow) == (0.25, 0.0, 1.0)


def test_noise_in_prices_widens_the_error_and_leaves_the_slope():
    draws = np.random.default_rng(5)
    flow = draws.normal(0.0, 10.0, 4_000)
    impact = kyle_lambda(0.5 * flow + draws.normal(0.0, 5.0, 4_000), flow)
    assert impact.standard_error == pytest.approx(5.0 / 10.0 / math.sqrt(4_000), rel=0.1)
    assert impact.slope == pytest.approx(0.5, abs=4 * impact.standard_error)
    assert impact.r_squared == pytest.approx(0.5, abs=0.05)


def test_pairs_without_a_price_are_left_out_and_no_flow_has_no_impact():
    assert kyle_lambda([1.0, math.nan, 2.0], [2.0, 5.0, 4.0]).slope == 0.5
    assert all(math.isnan(figure) for figure in kyle_lambda([1.0, 2.0], [0.0, 0.0]))
    assert all(math.isnan(figure) for figure in kyle_lambda([1.0], [1.0]))
