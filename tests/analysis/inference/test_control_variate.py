"""A mean sharpened by controls against statsmodels, and a statistic of all seeds as one value a seed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from statsmodels.regression.linear_model import OLS

from abm.core.errors import ParameterError
from analysis.inference import control_variate, jackknife_values, mean_interval, paired_difference

RNG = np.random.default_rng(2)
CONTROLS = RNG.normal(3.0, 2.0, (12, 2))
VALUES = 1.0 + CONTROLS @ [0.5, -0.2] + 0.3 * RNG.normal(size=12)
EXPECTED = np.array([3.2, 2.9])


@pytest.mark.parametrize("k", [1, 2])
def test_the_estimate_is_the_intercept_of_least_squares_on_the_controls_less_their_expected_values(k):
    found = control_variate(VALUES, CONTROLS[:, :k], EXPECTED[:k])
    fit = OLS(VALUES, np.column_stack([np.ones(12), CONTROLS[:, :k] - EXPECTED[:k]])).fit()
    low, high = fit.conf_int(0.05)[0]
    assert (found.mean, found.low, found.high) == pytest.approx((fit.params[0], low, high))
    assert found.p_value == pytest.approx(fit.pvalues[0])
    assert found.slopes == pytest.approx(fit.params[1:])
    assert found.sd == pytest.approx(fit.bse[0] * math.sqrt(12))
    plain = mean_interval(VALUES)
    assert (found.plain, found.plain_low, found.plain_high) == plain[:3]
    assert found.variance_ratio == pytest.approx((fit.bse[0] / (plain.sd / math.sqrt(12))) ** 2)
    assert found.variance_ratio < 1.0


def test_an_expected_value_that_is_estimated_adds_its_error():
    exact = control_variate(VALUES, CONTROLS[:, 0], 3.2)
    found = control_variate(VALUES, CONTROLS[:, 0], 3.2, expectation_error=0.1)
    error = math.sqrt(exact.sd**2 / 12 + (0.1 * exact.slopes[0]) ** 2)
    assert found.sd == pytest.approx(error * math.sqrt(12))
    assert (found.high - found.low) / (exact.high - exact.low) == pytest.approx(found.sd / exact.sd)


def test_a_control_that_never_varies_leaves_the_plain_mean():
    found = control_variate(VALUES, np.full(12, 4.0), 5.0)
    plain = mean_interval(VALUES)
    assert (found.mean, found.low, found.high) == pytest.approx(plain[:3])
    assert (found.variance_ratio, found.slopes.tolist()) == (pytest.approx(1.0), [0.0])
    assert found.reason == "the controls are the same in every seed"


def test_a_slope_known_beforehand_costs_no_degree_of_freedom():
    found = control_variate(VALUES, CONTROLS, EXPECTED, slopes=[0.5, -0.2])
    wanted = mean_interval(VALUES - (CONTROLS - EXPECTED) @ [0.5, -0.2])
    assert (found.mean, found.low, found.high) == pytest.approx(wanted[:3])
    assert found.sd == pytest.approx(wanted.sd)


def test_a_control_given_twice_counts_once():
    twice = control_variate(VALUES, CONTROLS[:, [0, 0]], [3.2, 3.2])
    once = control_variate(VALUES, CONTROLS[:, 0], 3.2)
    assert (twice.mean, twice.low, twice.high) == pytest.approx((once.mean, once.low, once.high))


def test_what_the_control_explains_wholly_is_known_for_sure():
    found = control_variate(2.0 * CONTROLS[:, 0] - 1.0, CONTROLS[:, 0], 3.2)
    assert (found.mean, found.low, found.high) == pytest.approx((5.4, 5.4, 5.4))
    assert found.p_value == 2.0**-11
    assert control_variate(np.zeros(9), np.arange(9.0), 4.0).p_value == 1.0


def test_what_the_seeds_cannot_tell_has_a_reason():
    missing = control_variate([1.0, math.nan, 2.0, 3.0], [1.0, 2.0, 3.0, math.inf], 2.0)
    assert missing.reason == "2 of 4 seeds have no value or no control"
    few = control_variate([1.0, 2.0], [1.0, 3.0], 2.0)
    assert few.reason == "2 seeds are too few for 1 controls"
    for found in (missing, few, control_variate([], [], 1.0)):
        assert all(map(math.isnan, (found.mean, found.low, found.high, found.p_value, found.variance_ratio)))


@pytest.mark.parametrize(
    ("values", "controls", "expected", "options"),
    [
        ([1.0, 2.0], [1.0], 0.0, {}),
        ([1.0, 2.0, 3.0], [[1.0, 2.0]] * 3, [1.0, 2.0, 3.0], {}),
        ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], math.nan, {}),
        ([1.0, 2.0, 3.0], ["a", "b", "c"], 0.0, {}),
        ([1.0, 2.0, 3.0], 4.0, 0.0, {}),
        ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], 0.0, {"expectation_error": -1.0}),
        ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], 0.0, {"confidence": 1.0}),
    ],
)
def test_what_does_not_fit_is_refused(values, controls, expected, options):
    with pytest.raises(ParameterError):
        control_variate(values, controls, expected, **options)


def test_pseudo_values_of_a_mean_are_the_values_and_of_a_square_lose_its_bias():
    values = np.array([1.0, 4.0, 2.0, 7.0])

    def mean(weights):
        return weights @ values / weights.sum(axis=1)

    assert jackknife_values(mean, 4) == pytest.approx(values)
    # The mean of pseudo-values of the squared mean is that less the variance of the mean.
    square = jackknife_values(lambda weights: mean(weights) ** 2, 4)
    assert square.mean() == pytest.approx(3.5**2 - values.var(ddof=1) / 4)
    assert np.isnan(jackknife_values(mean, 1)).all()
    with pytest.raises(ParameterError, match="statistic: it gave shape"):
        jackknife_values(lambda weights: 1.0, 4)


def covered(correlation, n, studies=2_000):
    """Shares of studies whose interval holds the true mean: with the control, and with its gain chosen by."""
    rng = np.random.default_rng(n)
    held = chosen = 0
    for _ in range(studies):
        control = rng.normal(size=n)
        values = correlation * control + math.sqrt(1.0 - correlation**2) * rng.normal(size=n)
        found = control_variate(values + 0.4, control + 2.0, 2.0)
        held += found.low <= 0.4 <= found.high
        plain = paired_difference(np.zeros(n), values + 0.4)
        best = found if found.variance_ratio < 1.0 else plain
        chosen += best.low <= 0.4 <= best.high
    return held / studies, chosen / studies


@pytest.mark.verify
@pytest.mark.parametrize("n", [8, 16, 64])
@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_an_interval_with_a_control_holds_the_true_mean_as_often_as_it_says(correlation, n):
    assert 0.93 <= covered(correlation, n)[0] <= 0.97  # a standard error is 0.5 %


@pytest.mark.verify
def test_a_control_that_is_used_only_where_it_seems_to_help_deceives():
    assert covered(0.0, 8)[1] < covered(0.0, 8)[0] - 0.005
