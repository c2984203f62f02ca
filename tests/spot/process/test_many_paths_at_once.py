"""Moments and forwards of many paths: paths x times, each entry what one path at one time gives."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from abm.core.errors import ParameterError
from abm.spot.process.jumps import DoubleExponentialJumps, GaussianJumps
from abm.spot.process.level import Level, LevelShift, Seasonality
from abm.spot.process.long_run import LongRunFactor
from abm.spot.process.mrjd import MeanRevertingJumpDiffusion
from abm.spot.process.premium import RiskPremium
from abm.spot.process.regimes import Regime, RegimeSwitchingJumpDiffusion

LEVEL = Level(3.0, 1.84, (LevelShift(0.4, 0.1, 0.25),), Seasonality(weekly=(0.02, 0.0, 0.0, 0.0, -0.02)))
GAUSSIAN, KOU = GaussianJumps(0.25, 0.12), DoubleExponentialJumps(0.8, 6.0, 8.0)
FACTOR = LongRunFactor(-0.2, 0.3, -0.5, 0.1)
PREMIUM = RiskPremium(0.5, 0.7, 0.1)
STRESS = (Regime(0.4, 2.0, KOU), Regime(1.2, 9.0, GAUSSIAN, 0.3))
PROCESSES = {
    "gaussian": MeanRevertingJumpDiffusion(6.0, 0.6, 3.0, GAUSSIAN, LEVEL, 0.25),
    "double exponential": MeanRevertingJumpDiffusion(6.0, 0.6, 3.0, KOU, LEVEL, 0.25),
    "two factors and a premium": MeanRevertingJumpDiffusion(4.0, 0.6, 3.0, KOU, LEVEL, 0.1, FACTOR, PREMIUM),
    "regimes, two factors and a premium": RegimeSwitchingJumpDiffusion(
        6.0, STRESS, ((-2.0, 2.0), (10.0, -10.0)), LEVEL, 0.1, 1, FACTOR, PREMIUM
    ),
}
CASES = pytest.mark.parametrize("spot", PROCESSES.values(), ids=PROCESSES.keys())
# A path with regimes asked alone solves a differential equation each time.
SLOW_WITH_REGIMES = pytest.mark.parametrize(
    "spot",
    [
        pytest.param(spot, id=name, marks=[pytest.mark.verify] * name.startswith("regimes"))
        for name, spot in PROCESSES.items()
    ],
)
X = np.array([-0.7, 0.2, 1.3])
XI = np.array([0.3, -0.2, 0.6])
DATES = np.array([0.1, 0.35, 1.4])  # as many as there are paths: no element by element
MONTHS = 0.1 + np.arange(8).reshape(2, 4) / 48.0


def loop(one_path, **states):
    """What one path after the other gives, stacked."""
    rows = zip(*states.values(), strict=True)
    return np.array([one_path(**dict(zip(states, row, strict=True))) for row in rows])


@CASES
def test_forwards_of_many_paths_are_those_of_each_path(spot):
    for measure in ("Q", "P"):
        curves = spot.forward(0.1, DATES, X, measure, xi=XI)
        assert curves.shape == (3, 3)
        alone = loop(lambda x, xi, m=measure: spot.forward(0.1, DATES, x, m, xi=xi), x=X, xi=XI)
        np.testing.assert_allclose(curves, alone, rtol=1e-12)
    assert spot.forward(0.1, MONTHS, X).shape == (3, 2, 4)
    assert spot.forward(0.1, 0.4, X).shape == (3,)
    np.testing.assert_array_equal(spot.forward(0.1, DATES, X[:, None]), spot.forward(0.1, DATES, X))


@SLOW_WITH_REGIMES
def test_average_price_forwards_of_many_paths_are_those_of_each_path(spot):
    known = np.array([[3.0, 2.9], [3.1, 3.0], [2.0, 9.0]])
    one_month = spot.average_price_forward(0.1, DATES, X, known, xi=XI)
    alone = loop(
        lambda x, xi, k: spot.average_price_forward(0.1, DATES, float(x), k, xi=float(xi)),
        x=X,
        xi=XI,
        k=known,
    )
    assert one_month.shape == (3,)
    np.testing.assert_allclose(one_month, alone, rtol=1e-12)
    months = spot.average_price_forward(0.1, MONTHS, X)
    each = loop(lambda x: [spot.average_price_forward(0.1, month, float(x)) for month in MONTHS], x=X)
    assert months.shape == (3, 2)
    np.testing.assert_allclose(months, each, rtol=1e-12)
    shared = spot.average_price_forward(0.1, DATES, X, (3.0, 2.9))
    assert shared[0] == pytest.approx(spot.average_price_forward(0.1, DATES, X[0], (3.0, 2.9)), rel=1e-12)
    assert type(spot.average_price_forward(0.1, DATES, 0.2)) is float


@SLOW_WITH_REGIMES
def test_moments_and_cumulants_of_many_paths_are_those_of_each_path(spot):
    tau = np.array([0.0, 0.2, 0.9])
    for moment in (spot.mean, spot.variance):
        np.testing.assert_allclose(
            moment(tau, X, xi=XI), loop(lambda x0, xi, m=moment: m(tau, x0, xi=xi), x0=X, xi=XI), rtol=1e-10
        )
    found = spot.characteristic_function(1.3, tau, X)
    np.testing.assert_allclose(
        found, loop(lambda x0: spot.characteristic_function(1.3, tau, x0), x0=X), rtol=1e-11
    )
    exponents = np.array([[0.5], [1.0]])
    assert spot.exponential_moment(exponents, tau, X).shape == (3, 2, 3)
    cumulants = spot.cumulants(tau, X, xi=XI)
    assert cumulants.shape == (4, 3, 3)
    each = loop(lambda x0, xi: spot.cumulants(tau, x0, xi=xi), x0=X, xi=XI)
    np.testing.assert_allclose(cumulants, each.swapaxes(0, 1), rtol=1e-12, atol=1e-15)


@CASES
def test_a_month_whose_fixings_are_all_known_needs_no_forward(spot):
    assert spot.average_price_forward(0.5, (), 9.9, (3.0, 4.0, 8.0)) == 5.0
    np.testing.assert_array_equal(spot.average_price_forward(0.5, (), X, np.full((3, 2), 4.0)), 4.0)


def test_each_path_is_priced_from_its_own_regime():
    spot = PROCESSES["regimes, two factors and a premium"]
    regimes = np.array([0, 1, 0])
    curves = spot.forward(0.1, DATES, X, xi=XI, regime=regimes)
    alone = loop(lambda x, xi, r: spot.in_regime(r).forward(0.1, DATES, x, xi=xi), x=X, xi=XI, r=regimes)
    np.testing.assert_allclose(curves, alone, rtol=1e-12)
    assert np.abs(curves / spot.forward(0.1, DATES, X, xi=XI) - 1.0)[[0, 2], 1].min() > 1e-2
    months = spot.average_price_forward(0.1, MONTHS, X, regime=regimes)
    assert months[0, 1] == pytest.approx(spot.in_regime(0).average_price_forward(0.1, MONTHS[1], X[0]))


@settings(max_examples=10)
@given(
    x=arrays(float, st.integers(1, 5), elements=st.floats(-2.0, 2.0)),
    dates=arrays(float, st.integers(1, 5), elements=st.floats(0.1, 3.0)),
)
def test_every_path_meets_every_date(x, dates):
    spot = PROCESSES["double exponential"]
    curves = spot.forward(0.1, dates, x)
    assert curves.shape == (x.size, dates.size)
    ratio = np.exp(np.outer(x, np.exp(-spot.kappa * (dates - 0.1))))
    np.testing.assert_allclose(curves, spot.forward(0.1, dates, 0.0) * ratio, rtol=1e-12)
    np.testing.assert_allclose(spot.average_price_forward(0.1, dates, x), curves.mean(axis=1), rtol=1e-12)


SPOT = PROCESSES["double exponential"]


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: SPOT.forward(0.1, DATES, X, xi=XI[:2]), "xi: a list of 2 is not a list of 3, as x is"),
        (
            lambda: SPOT.forward(0.1, DATES, np.ones((2, 3))),
            r"x: an array of shape \(2, 3\) is not one number",
        ),
        (lambda: SPOT.forward(DATES, DATES, X), r"t: an array of shape \(3,\) is not one time"),
        (lambda: SPOT.forward(0.1, DATES, X, regime=[0, 1, 0]), r"regime: \[1\] is not in \[0, 1\)"),
        (lambda: SPOT.forward(0.1, DATES, X, regime=0.0), "regime: an array of float64 is not whole numbers"),
        (lambda: SPOT.mean(DATES, np.ones((2, 3))), r"x0: an array of shape \(2, 3\) is not one number"),
        (lambda: SPOT.average_price_forward(0.1, 0.5, X), "fixing_times: 0.5 is not a list"),
        (lambda: SPOT.average_price_forward(0.1, DATES, X, 3.0), "known_fixings: .* is not a list"),
        (
            lambda: SPOT.average_price_forward(0.1, DATES, X, np.ones((5, 2))),
            r"known_fixings: an array of shape \(5, 2\) is not",
        ),
        (
            lambda: SPOT.average_price_forward(0.1, DATES, 0.1, np.ones((3, 2))),
            r"known_fixings: an array of shape \(3, 2\) is not",
        ),
    ],
)
def test_shapes_that_do_not_fit_are_refused_in_one_line(ask, message):
    with pytest.raises(ParameterError, match=message) as refused:
        ask()
    assert "\n" not in str(refused.value)


def test_one_path_keeps_its_shape():
    assert math.isfinite(SPOT.forward(0.1, 0.5, 0.2))
    assert np.ndim(SPOT.forward(0.1, 0.5, 0.2)) == 0
    assert SPOT.forward(0.1, DATES, 0.2).shape == DATES.shape
    assert SPOT.cumulants(0.5).shape == (4,)


@pytest.mark.parametrize("law", [GAUSSIAN, KOU, DoubleExponentialJumps(1.0, 6.0, 8.0)])
def test_quantiles_of_jumps_give_back_their_law(law):
    probability = (np.arange(200_000) + 0.5) / 200_000
    sizes = law.quantile(probability)
    assert (np.diff(sizes) > 0.0).all()
    for n in (1, 2, 3):
        assert (sizes**n).mean() == pytest.approx(law.moment(n), rel=2e-3, abs=1e-5)
