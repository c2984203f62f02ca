"""The spot price process: known numbers, Monte Carlo within four standard errors, and limits."""

import math

import numpy as np
import pytest
from monte_carlo import assert_within_four_standard_errors, batch_cumulants

from abm.core.errors import ParameterError
from abm.spot.process.jumps import DoubleExponentialJumps, GaussianJumps
from abm.spot.process.level import Level, LevelShift
from abm.spot.process.mrjd import MeanRevertingJumpDiffusion

GAUSSIAN = GaussianJumps(mean=0.35, std=0.2)
KOU = DoubleExponentialJumps(p_up=0.8, eta_up=5.0, eta_down=8.0)
LAWS = pytest.mark.parametrize("law", [GAUSSIAN, KOU], ids=["gaussian", "double_exponential"])
FALLING = Level(3.0, trend_per_year=1.84, shifts=(LevelShift(0.41, 0.1, 0.25),))


def process(law, *, kappa=6.0, sigma=0.6, jump_intensity=3.0, level=FALLING, x0=0.25):
    return MeanRevertingJumpDiffusion(kappa, sigma, jump_intensity, law, level, x0)


def test_known_numbers_with_gaussian_jumps():
    spot = process(GAUSSIAN)
    c1, c2, c3, c4 = spot.cumulants(0.5)
    assert (round(c1, 6), round(c2, 6)) == (0.178734, 0.070450)
    assert (round(c3 / c2**1.5, 4), round(c4 / c2**2, 4)) == (0.7564, 1.2393)
    assert round(float(spot.mean(0.5)), 6) == 1.241848
    assert round(float(np.sqrt(spot.variance(0.5)) / spot.mean(0.5)), 6) == 0.305326


@LAWS
@pytest.mark.parametrize("tau", [0.02, 0.5])
def test_one_step_of_any_length_has_the_exact_cumulants(law, tau):
    spot = process(law)
    draws = spot.step(spot.x0, tau, np.random.default_rng(21), size=400_000)
    assert_within_four_standard_errors(batch_cumulants(draws), spot.cumulants(tau))


@LAWS
def test_one_step_has_the_exact_mean_and_variance_of_the_price(law):
    spot = process(law)
    multiples = np.exp(spot.step(0.25, 0.5, np.random.default_rng(22), size=400_000))
    assert_within_four_standard_errors(multiples, spot.mean(0.5))
    variances = multiples.reshape(200, -1).var(axis=1, ddof=1)
    assert_within_four_standard_errors(variances, spot.variance(0.5))


@LAWS
def test_characteristic_function_is_the_mean_of_the_rotating_draws(law):
    spot = process(law)
    draws = spot.step(0.25, 0.5, np.random.default_rng(23), size=200_000)
    for u in (0.7, 3.0, 9.0):
        expected = complex(spot.characteristic_function(u, 0.5))
        assert_within_four_standard_errors(np.cos(u * draws), expected.real)
        assert_within_four_standard_errors(np.sin(u * draws), expected.imag)


@LAWS
def test_characteristic_function_inverts_to_a_density(law):
    spot = process(law)
    u, du = np.linspace(0.0, 80.0, 3201, retstep=True)
    values = spot.characteristic_function(u, 0.5)
    x = np.linspace(-1.5, 4.0, 551)
    weights = np.full(u.size, du)
    weights[[0, -1]] *= 0.5
    density = ((np.exp(-1j * np.outer(x, u)) * values).real @ weights) / math.pi
    assert density.min() > -1e-6
    width = x[1] - x[0]
    assert density.sum() * width == pytest.approx(1.0, abs=1e-6)
    assert (np.exp(x) * density).sum() * width == pytest.approx(float(spot.mean(0.5)), rel=1e-4)


@LAWS
def test_paths_on_uneven_times_have_the_exact_law_at_each_time(law):
    spot = process(law)
    times = np.array([0.0, 0.003, 0.1, 0.45])
    paths = spot.simulate(times, 100_000, np.random.default_rng(24))
    assert paths.log_deviation.shape == paths.price_usd.shape == (100_000, 4)
    assert np.all(paths.log_deviation[:, 0] == 0.25)
    np.testing.assert_allclose(paths.price_usd, FALLING.usd(times) * np.exp(paths.log_deviation), rtol=1e-14)
    assert_within_four_standard_errors(paths.price_usd[:, 1:], spot.forward(0.0, times[1:], 0.25))
    for i in (1, 2, 3):
        draws = np.ascontiguousarray(paths.log_deviation[:, i])
        assert_within_four_standard_errors(batch_cumulants(draws)[:, :2], spot.cumulants(times[i])[:2])


@LAWS
def test_forward_price_is_a_martingale(law):
    spot = process(law)
    x_later = spot.step(0.25, 0.2, np.random.default_rng(25), size=100_000)
    maturity_level = FALLING.usd(0.6)
    later = maturity_level * np.array([spot.mean(0.4, x) for x in x_later[:50]])
    assert later == pytest.approx([spot.forward(0.2, 0.6, x) for x in x_later[:50]], rel=1e-13)
    e = math.exp(-6.0 * 0.4)
    prices = maturity_level * spot.mean(0.4, 0.0) * np.exp(x_later * e)
    assert_within_four_standard_errors(prices, spot.forward(0.0, 0.6, 0.25))


@LAWS
def test_average_price_forward_counts_known_fixings_and_expects_the_rest(law):
    spot = process(law)
    to_come = np.array([0.004, 0.008, 0.02])
    known = (3.1, 3.4)
    value = spot.average_price_forward(0.0, to_come, 0.25, known)
    paths = spot.simulate(np.concatenate([[0.0], to_come]), 100_000, np.random.default_rng(26))
    averages = (sum(known) + paths.price_usd[:, 1:].sum(axis=1)) / 5.0
    assert_within_four_standard_errors(averages, value)


def test_average_price_forward_with_all_fixings_known_is_their_mean():
    assert process(KOU).average_price_forward(0.5, (), 9.9, (3.0, 4.0, 8.0)) == 5.0
    with pytest.raises(ParameterError, match="no fixing is not at least one fixing"):
        process(KOU).average_price_forward(0.5, (), 0.0)


@LAWS
def test_forward_at_maturity_is_the_spot_price(law):
    spot = process(law)
    assert spot.forward(0.3, [0.3], 0.7) == pytest.approx(FALLING.usd([0.3]) * math.exp(0.7), rel=1e-14)
    assert spot.cumulants(0.0, 0.7).tolist() == [0.7, 0.0, 0.0, 0.0]
    assert spot.variance(0.0, 0.7) == 0.0


@LAWS
def test_tiny_horizons_add_variance_at_the_instantaneous_rate(law):
    spot = process(law)
    rate = 0.6**2 + 3.0 * law.moment(2)
    assert spot.cumulants(1e-9)[1] / 1e-9 == pytest.approx(rate, rel=1e-7)
    assert spot.variance(1e-9, 0.0) / 1e-9 == pytest.approx(0.6**2 + 3.0 * mean_squared_return(law), rel=1e-6)


def mean_squared_return(law):
    """E[(e^J - 1)^2], from the exponential moments of one jump without decay."""
    square = float(law.exponential_moment_integral(2.0, 1.0, 1e-12))
    return square - 2.0 * float(law.exponential_moment_integral(1.0, 1.0, 1e-12))


@LAWS
def test_distant_prices_forget_today(law):
    spot = process(law)
    assert spot.mean(np.inf, -1.0) == spot.mean(np.inf, 2.0)
    assert spot.mean(50.0, 2.0) == pytest.approx(float(spot.mean(np.inf)), rel=1e-13)
    stationary_variance = (0.36 + 3.0 * law.moment(2)) / 12.0
    assert spot.cumulants(np.inf)[1] == pytest.approx(stationary_variance, rel=1e-14)


def test_without_jumps_the_price_is_the_exponential_of_an_ornstein_uhlenbeck():
    spot = process(GAUSSIAN, jump_intensity=0.0)
    e = math.exp(-3.0)
    variance = 0.36 * (1.0 - e**2) / 12.0
    assert spot.cumulants(0.5) == pytest.approx([0.25 * e, variance, 0.0, 0.0], rel=1e-14)
    assert spot.mean(0.5) == pytest.approx(math.exp(0.25 * e + variance / 2.0), rel=1e-14)
    draws = spot.step(0.25, 0.5, np.random.default_rng(27), size=200_000)
    assert_within_four_standard_errors(batch_cumulants(draws), spot.cumulants(0.5))


@LAWS
def test_without_mean_reversion_the_price_is_a_jump_diffusion(law):
    spot = process(law, kappa=1e-9)
    jump_return = math.exp(0.35 + 0.02) - 1.0 if law is GAUSSIAN else 0.8 * 5 / 4 + 0.2 * 8 / 9 - 1.0
    merton = math.exp(0.25 + 0.5 * (0.36 / 2.0 + 3.0 * jump_return))
    assert spot.mean(0.5) == pytest.approx(merton, rel=1e-8)
    assert spot.cumulants(0.5)[1] == pytest.approx(0.5 * (0.36 + 3.0 * law.moment(2)), rel=1e-8)


def test_a_very_heavy_tail_has_a_forward_but_no_variance():
    with pytest.warns(UserWarning, match="variance of the price is infinite"):
        law = DoubleExponentialJumps(0.5, 1.5, 8.0)
    spot = process(law)
    assert np.isfinite(spot.forward(0.0, [0.5], 0.0)).all()
    assert spot.variance(0.5) == np.inf


@LAWS
def test_near_futures_move_more_than_far_ones_by_the_law_of_samuelson(law):
    spot = process(law)
    total = math.sqrt(0.36 + 3.0 * law.moment(2))
    half = spot.half_life
    assert spot.futures_volatility([0.0, half, 2 * half]) == pytest.approx([total, total / 2, total / 4])
    dt, delivery = 1e-5, 0.25
    x_next = spot.step(0.25, dt, np.random.default_rng(28), size=2_000_000)
    log_forward = math.exp(-6.0 * (delivery - dt)) * x_next
    variances = log_forward.reshape(100, -1).var(axis=1) / dt
    assert_within_four_standard_errors(variances, spot.futures_volatility(delivery) ** 2)


def test_processes_with_other_jumps_share_their_diffusion():
    times = np.linspace(0.0, 0.2, 51)
    calm = process(KOU, jump_intensity=1.0).simulate(times, 20, np.random.default_rng(29))
    none = process(KOU, jump_intensity=0.0).simulate(times, 20, np.random.default_rng(29))
    before_first_jump = np.isclose(calm.log_deviation, none.log_deviation, rtol=0, atol=1e-12)
    assert before_first_jump[:, 1].mean() > 0.9
    untouched = before_first_jump.all(axis=1).mean()
    assert untouched == pytest.approx(math.exp(-0.2), abs=0.35)


def test_a_scalar_step_is_a_number_and_an_array_step_keeps_its_shape():
    spot = process(KOU)
    assert isinstance(spot.step(0.1, 1 / 252, np.random.default_rng(1)), float)
    assert spot.step(np.zeros((3, 2)), 1 / 252, np.random.default_rng(1)).shape == (3, 2)
    assert spot.step(0.1, 0.0, np.random.default_rng(1)) == 0.1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: process(KOU, kappa=0.0), "kappa: 0.0 is not a finite number > 0"),
        (lambda: process(KOU, sigma=-0.1), "sigma: -0.1 is not a finite number >= 0"),
        (lambda: process(KOU, jump_intensity=math.nan), "jump_intensity: nan is not a finite number >= 0"),
        (lambda: process(KOU, x0=math.inf), "x0: inf is not a finite number"),
        (lambda: process(KOU).forward(0.5, [0.4], 0.0), "maturities: .* is not >= t = 0.5"),
        (lambda: process(KOU).mean(-0.1), "tau: -0.1 is not >= 0"),
        (
            lambda: process(KOU).step(0.0, -0.1, np.random.default_rng(1)),
            "dt: -0.1 is not a finite number >= 0",
        ),
        (lambda: process(KOU).simulate([0.0, 0.0], 1, np.random.default_rng(1)), "times: .* increasing list"),
        (lambda: process(KOU).simulate([0.0, 0.1], 0, np.random.default_rng(1)), "n_paths: 0 is not > 0"),
    ],
)
def test_refused_arguments_name_field_value_and_what_is_allowed(call, message):
    with pytest.raises(ParameterError, match=message):
        call()


@pytest.mark.verify
@LAWS
@pytest.mark.parametrize("steps", [1, 252], ids=["one_step", "daily_steps"])
def test_a_simulated_year_has_the_exact_cumulants_whatever_the_step(law, steps):
    spot = process(law)
    rng = np.random.default_rng(30)
    x = np.full(2_000_000, 0.25)
    for _ in range(steps):
        x = spot.step(x, 1.0 / steps, rng)
    assert_within_four_standard_errors(batch_cumulants(x, batches=1000), spot.cumulants(1.0))
    assert_within_four_standard_errors(FALLING.usd(1.0) * np.exp(x), spot.forward(0.0, 1.0, 0.25))
