"""Jump sizes: moments, decaying exponential moments, samples and refused parameters."""

import math
import warnings

import numpy as np
import pytest
from scipy.integrate import quad

from abm.core.errors import ParameterError
from abm.spot.process.jumps import DoubleExponentialJumps, GaussianJumps, HeavyTailWarning

GAUSSIAN = GaussianJumps(mean=0.35, std=0.2)
KOU = DoubleExponentialJumps(p_up=0.8, eta_up=5.0, eta_down=8.0)
LAWS = pytest.mark.parametrize("law", [GAUSSIAN, KOU], ids=["gaussian", "double_exponential"])


def moment_generating_function(law, a):
    if isinstance(law, GaussianJumps):
        return np.exp(law.mean * a + 0.5 * law.std**2 * a**2)
    up = law.p_up * law.eta_up / (law.eta_up - a)
    return up + (1.0 - law.p_up) * law.eta_down / (law.eta_down + a)


def series(a, tau, kappa, mean, std):
    """Power series of the Gaussian integral: sum of a^n h_n (1 - e^(-n kappa tau)) / (n kappa)."""
    before, h, total = 0.0, 1.0, 0.0
    for n in range(1, 200):
        before, h = h, (mean * h + std**2 * before) / n
        total += a**n * h * -math.expm1(-n * kappa * tau) / (n * kappa)
    return total


def test_gaussian_moments_are_the_known_polynomials():
    m, d = 0.35, 0.2
    expected = [1.0, m, m**2 + d**2, m**3 + 3 * m * d**2, m**4 + 6 * m**2 * d**2 + 3 * d**4]
    assert [GAUSSIAN.moment(n) for n in range(5)] == pytest.approx(expected, rel=1e-14)


def test_double_exponential_moments_weigh_up_and_down_jumps():
    assert KOU.moment(0) == 1.0
    assert KOU.moment(1) == pytest.approx(0.8 / 5 - 0.2 / 8, rel=1e-14)
    assert KOU.moment(2) == pytest.approx(2 * (0.8 / 25 + 0.2 / 64), rel=1e-14)
    assert KOU.moment(3) == pytest.approx(6 * (0.8 / 125 - 0.2 / 512), rel=1e-14)


@LAWS
def test_samples_have_the_moments_of_the_law(law):
    draws = law.sample(200_000, np.random.default_rng(11))
    for n in (1, 2, 3, 4):
        powers = draws**n
        assert abs(powers.mean() - law.moment(n)) < 4 * powers.std() / math.sqrt(powers.size)


@LAWS
def test_no_draws_for_no_jumps(law):
    assert law.sample(0, np.random.default_rng(1)).shape == (0,)


@pytest.mark.parametrize("a", [1.0, 2.0, -1.5, 4.0])
@pytest.mark.parametrize("tau", [1e-6, 0.1, 0.5, 3.0])
def test_gaussian_integral_is_the_power_series(a, tau):
    value = GAUSSIAN.exponential_moment_integral(a, tau, 6.0)
    assert value == pytest.approx(series(a, tau, 6.0, 0.35, 0.2), rel=2e-14)


@LAWS
@pytest.mark.parametrize("a", [1.0, -2.0, 3j, 40j, 250j, 1.5 + 60j])
def test_integral_is_that_of_the_decaying_moment_generating_function(law, a):
    kappa, tau = 6.0, 0.5

    def rate(s):
        return moment_generating_function(law, a * math.exp(-kappa * s)) - 1.0

    real = quad(lambda s: np.real(rate(s)), 0.0, tau, epsabs=1e-12, limit=400)[0]
    imaginary = quad(lambda s: np.imag(rate(s)), 0.0, tau, epsabs=1e-12, limit=400)[0]
    assert complex(law.exponential_moment_integral(a, tau, kappa)) == pytest.approx(
        real + 1j * imaginary, abs=1e-11
    )


@LAWS
def test_integral_broadcasts_exponents_against_horizons(law):
    exponents, horizons = np.array([[1.0], [0.5]]), np.array([0.0, 0.1, np.inf])
    table = law.exponential_moment_integral(exponents, horizons, 6.0)
    assert table.shape == (2, 3)
    for i, a in enumerate((1.0, 0.5)):
        for j, tau in enumerate((0.0, 0.1, np.inf)):
            assert table[i, j] == pytest.approx(law.exponential_moment_integral(a, tau, 6.0), rel=1e-14)
    assert np.all(table[:, 0] == 0.0)


def test_heavy_up_jumps_have_infinite_exponential_moments():
    assert KOU.exponential_moment_integral(5.0, 0.5, 6.0) == np.inf
    assert KOU.exponential_moment_integral(-8.0, 0.5, 6.0) == np.inf
    assert KOU.exponential_moment_integral(4.99, 0.5, 6.0) < np.inf
    assert KOU.exponential_moment_integral([5.0, 1.0], 0.0, 6.0).tolist() == [0.0, 0.0]
    with pytest.raises(ParameterError, match=r"a: .* is not within the jump law's rate 5"):
        KOU.exponential_moment_integral(6.0 + 1j, 0.5, 6.0)


def test_a_law_without_up_jumps_has_all_positive_exponential_moments():
    only_down = DoubleExponentialJumps(p_up=0.0, eta_up=1.5, eta_down=8.0)
    assert np.isfinite(only_down.exponential_moment_integral(20.0, 0.5, 6.0))


@LAWS
@pytest.mark.parametrize("zeta", [0.8, -2.0, 0.0])
def test_tilted_jumps_are_weighted_by_the_exponential_of_their_size(law, zeta):
    draws = law.sample(400_000, np.random.default_rng(12))
    weights = np.exp(zeta * draws) / (1.0 + float(law.mean_relative_jump(zeta)))
    tilted = law.tilted(zeta)
    for n in (0, 1, 2, 3):
        powers = weights * draws**n
        assert abs(powers.mean() - tilted.moment(n)) <= 4 * powers.std() / math.sqrt(powers.size)
    again = law.tilted(zeta).tilted(-zeta)
    assert [again.moment(n) for n in (1, 2, 3)] == pytest.approx(
        [law.moment(n) for n in (1, 2, 3)], rel=1e-12
    )


def test_tilted_laws_have_the_known_parameters():
    assert GAUSSIAN.tilted(2.0) == GaussianJumps(0.35 + 2.0 * 0.04, 0.2)
    tilted = DoubleExponentialJumps(0.3, 10.0, 8.0).tilted(2.0)
    p = 0.3 * 10 / 8 / (0.3 * 10 / 8 + 0.7 * 8 / 10)
    assert (tilted.p_up, tilted.eta_up, tilted.eta_down) == pytest.approx((p, 8.0, 10.0), rel=1e-14)


def test_a_side_without_jumps_does_not_limit_the_tilt():
    assert DoubleExponentialJumps(0.0, 5.0, 8.0).tilted(30.0) == DoubleExponentialJumps(0.0, 5.0, 38.0)
    assert DoubleExponentialJumps(1.0, 5.0, 8.0).tilted(-30.0) == DoubleExponentialJumps(1.0, 35.0, 8.0)


def test_a_tilt_that_makes_a_heavy_tail_is_silent():
    assert DoubleExponentialJumps(0.8, 5.0, 8.0).tilted(2.5).eta_up == 2.5


@LAWS
@pytest.mark.parametrize("a", [1.0, 2.0, -3.0, 1e-12, 3j, 1.5 + 60j])
def test_mean_relative_jump_is_the_moment_generating_function_less_one(law, a):
    value = complex(law.mean_relative_jump(a))
    expected = a * law.moment(1) if a == 1e-12 else moment_generating_function(law, a) - 1.0
    assert value == pytest.approx(expected, rel=1e-11)


def test_mean_relative_jump_is_infinite_where_the_moment_is():
    assert KOU.mean_relative_jump([4.9, 5.0, -8.0, -7.9])[[1, 2]].tolist() == [np.inf, np.inf]
    assert np.isfinite(KOU.mean_relative_jump([4.9, -7.9])).all()
    with pytest.raises(ParameterError, match=r"a: .* is not within the jump law's rate 5"):
        KOU.mean_relative_jump(6.0 + 1j)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DoubleExponentialJumps(0.5, 1.0, 8.0), "jumps.eta_up: 1.0 is not a finite number > 1"),
        (lambda: DoubleExponentialJumps(0.5, math.nan, 8.0), "jumps.eta_up: nan is not a finite number > 1"),
        (lambda: DoubleExponentialJumps(0.5, 5.0, 0.0), "jumps.eta_down: 0.0 is not a finite number > 0"),
        (lambda: DoubleExponentialJumps(1.2, 5.0, 8.0), r"jumps.p_up: 1.2 is not in \[0, 1\]"),
        (lambda: GaussianJumps(0.1, -0.2), "jumps.std: -0.2 is not a finite number >= 0"),
        (lambda: GaussianJumps(math.inf, 0.2), "jumps.mean: inf is not a finite number"),
    ],
)
def test_refused_parameters_name_field_value_and_what_is_allowed(make, message):
    with pytest.raises(ParameterError, match=message):
        make()


@pytest.mark.parametrize(("eta_up", "infinite"), [(1.5, "variance"), (3.0, "kurtosis"), (4.0, "kurtosis")])
def test_heavy_tails_are_warned_about(eta_up, infinite):
    with pytest.warns(HeavyTailWarning, match=f"the {infinite} of the price is infinite"):
        DoubleExponentialJumps(p_up=0.5, eta_up=eta_up, eta_down=8.0)


def test_light_tails_pass_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        DoubleExponentialJumps(p_up=0.5, eta_up=4.1, eta_down=0.5)


@LAWS
@pytest.mark.parametrize("kappa", [1e-6, 1e-9, 1e-12])
def test_without_reversion_the_integral_is_the_horizon_times_the_jump_transform(law, kappa):
    """The Merton limit of the characteristic function's jump part, to full accuracy in complex a too."""
    for a in (0.7, 1j, 3.0j, 0.5 + 2.0j):
        expected = 0.5 * (moment_generating_function(law, a) - 1.0)
        found = law.exponential_moment_integral(a, 0.5, kappa)
        np.testing.assert_allclose(found, expected, rtol=5e-6 if kappa == 1e-6 else 2e-9)
