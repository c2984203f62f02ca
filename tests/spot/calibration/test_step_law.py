"""The law of one step against the exact process: transforms, cumulants, simulation and limits."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import kstest

from abm.spot.calibration.transition import (
    DoubleExponentialJumpStep,
    GaussianJumpStep,
    decay_moments,
    jumps_counted,
)
from abm.spot.process.jumps import DoubleExponentialJumps, GaussianJumps
from abm.spot.process.level import Level
from abm.spot.process.mrjd import MeanRevertingJumpDiffusion

DAY = 1.0 / 252.0
MONTH = 1.0 / 12.0


def normal_jumps(kappa=6.0, sigma=0.6, intensity=6.0, mean=0.25, std=0.12, dt=DAY):
    step = GaussianJumpStep(kappa, sigma, intensity, mean, std, dt, jumps_counted(intensity * dt))
    return step, MeanRevertingJumpDiffusion(kappa, sigma, intensity, GaussianJumps(mean, std), Level(1.0))


def kou_jumps(kappa=6.0, sigma=0.6, intensity=6.0, p_up=0.8, eta_up=5.0, eta_down=8.0, dt=DAY):
    law = DoubleExponentialJumps(p_up, eta_up, eta_down)
    step = DoubleExponentialJumpStep(kappa, sigma, intensity, p_up, eta_up, eta_down, dt)
    return step, MeanRevertingJumpDiffusion(kappa, sigma, intensity, law, Level(1.0))


def density_by_inversion(process, dt, x):
    """The exact density: trapezoidal inversion of the characteristic function."""
    deviation = process.sigma * math.sqrt(-math.expm1(-2.0 * process.kappa * dt) / (2.0 * process.kappa))
    u, du = np.linspace(0.0, 9.0 / deviation, 20_001, retstep=True)
    weights = np.full(u.size, du)
    weights[[0, -1]] *= 0.5
    values = process.characteristic_function(u, dt, 0.0) * weights
    return np.array([(np.exp(-1j * u * point) * values).real.sum() for point in x]) / math.pi


@pytest.mark.parametrize("dt", [DAY, MONTH])
@pytest.mark.parametrize(("kappa", "p_up"), [(6.0, 0.8), (60.0, 0.3), (0.1, 0.0), (6.0, 1.0)])
def test_density_with_double_exponential_jumps_is_that_of_the_exact_transform(dt, kappa, p_up):
    step, process = kou_jumps(kappa=kappa, p_up=p_up, dt=dt)
    x = np.linspace(-0.9, 1.4, 41)
    exact = density_by_inversion(process, dt, x)
    density = np.exp(step.log_density(x))
    np.testing.assert_allclose(density, exact, rtol=1e-4, atol=1e-7 * exact.max())


def test_density_with_normal_jumps_is_within_two_thousandths_of_the_exact_transform():
    step, process = normal_jumps()
    x = np.linspace(-0.2, 0.8, 61)
    exact = density_by_inversion(process, DAY, x)
    np.testing.assert_allclose(np.exp(step.log_density(x)), exact, rtol=2e-3, atol=1e-6)


@pytest.mark.parametrize("make", [normal_jumps, kou_jumps], ids=["gaussian", "double_exponential"])
@pytest.mark.parametrize("kappa", [1e-4, 6.0, 150.0])
def test_mass_mean_and_variance_are_those_of_the_process(make, kappa):
    step, process = make(kappa=kappa, intensity=30.0)
    mean, variance = process.cumulants(DAY, 0.0)[:2]

    x, dx = np.linspace(-5.0, 7.0, 60_001, retstep=True)
    density = np.exp(step.log_density(x))

    def moment(n):
        return float(((x - mean) ** n * density).sum() * dx)

    assert moment(0) == pytest.approx(1.0, abs=1e-6)
    assert moment(1) == pytest.approx(0.0, abs=1e-6)
    assert moment(2) == pytest.approx(float(variance), rel=1e-4)


@pytest.mark.parametrize("make", [normal_jumps, kou_jumps], ids=["gaussian", "double_exponential"])
def test_simulated_steps_follow_the_distribution(make):
    step, process = make(intensity=40.0)
    draws = process.step(0.0, DAY, np.random.default_rng(5), size=20_000)
    assert kstest(draws, lambda x: step.distribution(np.asarray(x))).pvalue > 0.01


@pytest.mark.verify
@pytest.mark.parametrize("make", [normal_jumps, kou_jumps], ids=["gaussian", "double_exponential"])
@pytest.mark.parametrize("kappa", [2.0, 20.0])
def test_a_million_simulated_steps_follow_the_distribution(make, kappa):
    step, process = make(kappa=kappa)
    draws = process.step(0.0, DAY, np.random.default_rng(6), size=1_000_000)
    edges = np.quantile(draws, np.linspace(0.0005, 0.9995, 400))
    below = np.searchsorted(np.sort(draws), edges, side="right") / draws.size
    expected = step.distribution(edges)
    standard_errors = np.sqrt(expected * (1.0 - expected) / draws.size)
    assert np.abs((below - expected) / standard_errors).max() < 4.5


@pytest.mark.parametrize("make", [normal_jumps, kou_jumps], ids=["gaussian", "double_exponential"])
def test_distribution_is_the_integral_of_the_density(make):
    step, _ = make()
    x = np.linspace(-0.3, 0.6, 46)
    h = 1e-5
    slope = (step.distribution(x + h) - step.distribution(x - h)) / (2.0 * h)
    np.testing.assert_allclose(slope, np.exp(step.log_density(x)), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("make", [normal_jumps, kou_jumps], ids=["gaussian", "double_exponential"])
def test_jump_probabilities_average_to_the_chance_of_a_jump(make):
    step, _ = make(intensity=30.0)
    x = np.linspace(-4.0, 6.0, 200_001)
    average = (np.exp(step.log_density(x)) * step.jump_probability(x)).sum() * (x[1] - x[0])
    assert average == pytest.approx(1.0 - math.exp(-30.0 * DAY), abs=1e-5)
    assert step.jump_probability(np.array([0.0]))[0] < 0.1
    assert step.jump_probability(np.array([0.5]))[0] > 0.999


@pytest.mark.parametrize("innovation", [3.0, 6.0, -2.0, -5.0])
def test_far_changes_keep_the_density_of_one_large_exponential_jump(innovation):
    """Where Fourier inversion has no digits left: log f falls by eta per unit, and stays finite."""
    step, _ = kou_jumps(eta_up=30.0, eta_down=40.0)
    here, further = step.log_density(np.array([innovation, 1.1 * innovation]))
    eta = 30.0 if innovation > 0.0 else 40.0
    assert (here - further) / abs(0.1 * innovation) == pytest.approx(eta, rel=0.01)


def test_without_jumps_the_step_is_normal_with_the_variance_of_the_diffusion():
    step = GaussianJumpStep(6.0, 0.6, 0.0, 0.0, 0.0, DAY, 0)
    deviation = 0.6 * math.sqrt(-math.expm1(-12.0 * DAY) / 12.0)
    x = np.array([-0.1, 0.0, 0.05])
    expected = -0.5 * (x / deviation) ** 2 - math.log(deviation * math.sqrt(2.0 * math.pi))
    np.testing.assert_allclose(step.log_density(x), expected, rtol=1e-14)
    assert step.jump_probability(x).tolist() == [0.0, 0.0, 0.0]


def test_decay_moments_are_means_over_the_age_of_a_jump():
    for kappa, dt in ((6.0, DAY), (200.0, MONTH)):
        for power, moment in enumerate(decay_moments(kappa, dt), start=1):
            mean = quad(lambda age, k=power * kappa: math.exp(-k * age), 0.0, dt)[0] / dt
            assert moment == pytest.approx(mean, rel=1e-12)


@pytest.mark.parametrize(("expected", "counted"), [(6.0 / 252.0, 4), (0.1, 4), (0.5, 7), (3.0, 14)])
def test_as_many_jumps_are_counted_as_leave_out_less_than_a_millionth(expected, counted):
    terms = [math.exp(-expected) * expected**n / math.factorial(n) for n in range(60)]
    assert jumps_counted(expected) == counted
    assert sum(terms[counted + 1 :]) < 1e-6
    assert counted == 4 or sum(terms[counted:]) >= 1e-6
