"""Regime switching: against events drawn one by one, one-regime and constant-coefficient limits."""

import math
from dataclasses import replace

import numpy as np
import pytest
from monte_carlo import assert_within_four_standard_errors, batch_cumulants, end_states
from scipy.linalg import expm

from abm.core.errors import ParameterError
from abm.spot.process.jumps import DoubleExponentialJumps, GaussianJumps
from abm.spot.process.level import Level
from abm.spot.process.long_run import LongRunFactor
from abm.spot.process.mrjd import MeanRevertingJumpDiffusion
from abm.spot.process.premium import RiskPremium
from abm.spot.process.process import SpotState
from abm.spot.process.regimes import Regime, RegimeSwitchingJumpDiffusion

LEVEL = Level(3.0, trend_per_year=1.84)
GAUSSIAN = GaussianJumps(mean=0.35, std=0.2)
KOU = DoubleExponentialJumps(p_up=0.8, eta_up=6.0, eta_down=8.0)
CALM = Regime(0.3, 1.0, KOU, -0.1)
STORMY = Regime(1.2, 12.0, GAUSSIAN, 0.4)
SLOW_DOWN = Regime(0.1, 4.0, DoubleExponentialJumps(0.0, 8.0, 5.0), -0.8)
RATES = ((-3.0, 3.0), (12.0, -12.0))
XI = LongRunFactor(drift=-0.3, volatility=0.35, correlation=-0.6, xi0=0.1)
PREMIUM = RiskPremium(diffusion=0.5, jump_tilt=0.8, long_run=0.15)

PROCESSES = {
    "calm now": RegimeSwitchingJumpDiffusion(6.0, (CALM, STORMY), RATES, LEVEL, 0.25),
    "stormy now": RegimeSwitchingJumpDiffusion(6.0, (CALM, STORMY), RATES, LEVEL, -0.6, regime=1),
    "two factors": RegimeSwitchingJumpDiffusion(
        6.0, (CALM, STORMY), RATES, LEVEL, 0.25, long_run=XI, premium=PREMIUM
    ),
    "three regimes, one way out": RegimeSwitchingJumpDiffusion(
        2.0,
        (CALM, STORMY, SLOW_DOWN),
        ((-5.0, 2.0, 3.0), (0.0, -9.0, 9.0), (0.0, 0.0, 0.0)),
        LEVEL,
        0.3,
        long_run=LongRunFactor(0.1, 0.2, 1.0),
    ),
}
CASES = pytest.mark.parametrize("spot", PROCESSES.values(), ids=PROCESSES.keys())


@CASES
def test_closed_forms_are_the_means_of_states_drawn_event_by_event(spot):
    ends = end_states(spot, spot.regimes, spot.generator, spot.regime, 0.5, 10_000, np.random.default_rng(61))
    total = ends[:, 0] + ends[:, 1]
    assert_within_four_standard_errors(batch_cumulants(total, 100), spot.cumulants(0.5))
    assert_within_four_standard_errors(np.exp(total), spot.mean(0.5))
    chances = expm(np.array(spot.generator) * 0.5)[spot.regime]
    for regime, chance in enumerate(chances):
        assert_within_four_standard_errors((ends[:, 2] == regime).astype(float), chance)


@CASES
def test_simulated_paths_have_the_exact_law_on_any_spacing_of_times(spot):
    times = np.array([0.0, 0.01, 0.3, 0.31, 1.5])
    paths = spot.simulate(times, 100_000, np.random.default_rng(62))
    assert_within_four_standard_errors(paths.price_usd[:, 1:], spot.forward(0.0, times[1:], spot.x0, "P"))
    multiples = np.exp(paths.log_deviation)
    for i in range(1, 5):
        deviation = np.ascontiguousarray(paths.log_deviation[:, i])
        assert_within_four_standard_errors(batch_cumulants(deviation), spot.cumulants(times[i]))
        variances = np.ascontiguousarray(multiples[:, i]).reshape(100, -1).var(axis=1, ddof=1)
        assert_within_four_standard_errors(variances, spot.variance(times[i]))
        for u in (0.9, 4.0):
            expected = complex(spot.characteristic_function(u, times[i]))
            assert_within_four_standard_errors(np.cos(u * deviation), expected.real)
            assert_within_four_standard_errors(np.sin(u * deviation), expected.imag)
    factors = spot.simulate_factors(times, 50_000, np.random.default_rng(63))
    for i in range(1, 5):
        chances = expm(np.array(spot.generator) * times[i])[spot.regime]
        for regime, chance in enumerate(chances):
            assert_within_four_standard_errors((factors.regime[:, i] == regime).astype(float), chance)
    assert np.all(factors.regime[:, 0] == spot.regime)


@CASES
def test_forwards_are_martingales_whatever_the_regime(spot):
    law = spot.risk_neutral()
    later = law.simulate_factors([0.0, 0.2], 100_000, np.random.default_rng(64))
    at_zero = np.array([spot.in_regime(r).forward(0.2, 0.6, 0.0, xi=0.0) for r in range(len(spot.regimes))])
    carried = np.exp(later.x[:, 1] * math.exp(-0.4 * spot.kappa) + later.xi[:, 1])
    assert_within_four_standard_errors(at_zero[later.regime[:, 1]] * carried, spot.forward(0.0, 0.6, spot.x0))


@pytest.mark.parametrize("law", [GAUSSIAN, KOU], ids=["gaussian", "double exponential"])
@pytest.mark.parametrize("generator", [((0.0,),), ((-3.0, 3.0), (7.0, -7.0))], ids=["one", "two equal"])
def test_switching_between_equal_regimes_changes_nothing(law, generator):
    plain = MeanRevertingJumpDiffusion(6.0, 0.6, 3.0, law, LEVEL, 0.25, XI, PREMIUM)
    same = RegimeSwitchingJumpDiffusion(
        6.0, (Regime(0.6, 3.0, law),) * len(generator), generator, LEVEL, 0.25, long_run=XI, premium=PREMIUM
    )
    tau = np.array([[0.0, 1e-6, 0.01], [0.5, 3.0, 40.0]])
    np.testing.assert_allclose(same.cumulants(tau), plain.cumulants(tau), rtol=1e-11, atol=1e-15)
    for name in ("mean", "variance"):
        np.testing.assert_allclose(getattr(same, name)(tau), getattr(plain, name)(tau), rtol=1e-9, atol=0)
    u = np.array([0.5, 9.0, -60.0])[:, np.newaxis, np.newaxis]
    values, expected = same.characteristic_function(u, tau), plain.characteristic_function(u, tau)
    np.testing.assert_allclose(values, expected, rtol=0, atol=1e-11)
    for measure in ("P", "Q"):
        np.testing.assert_allclose(
            same.forward(0.1, 0.1 + tau, 0.3, measure),
            plain.forward(0.1, 0.1 + tau, 0.3, measure),
            rtol=1e-11,
        )
    dates = np.array([0.2, 0.3])
    month = plain.average_price_forward(0.1, dates, 0.3, (2.0,))
    assert same.average_price_forward(0.1, dates, 0.3, (2.0,)) == pytest.approx(month, rel=1e-11)
    np.testing.assert_allclose(same.futures_volatility(tau), plain.futures_volatility(tau), rtol=1e-11)
    assert same.half_life == plain.half_life
    if len(generator) == 1:
        times = np.linspace(0.0, 1.0, 20)
        one, other = (process.simulate(times, 50, np.random.default_rng(65)) for process in (same, plain))
        np.testing.assert_array_equal(one.price_usd, other.price_usd)


def test_without_mean_reversion_moments_are_a_matrix_exponential():
    spot = replace(PROCESSES["two factors"], kappa=1e-12)
    rates = [
        0.5 * r.sigma**2 + r.jump_intensity * float(r.jumps.mean_relative_jump()) - 0.6 * 0.35 * r.sigma
        for r in spot.regimes
    ]
    grown = expm((np.array(RATES) + np.diag(rates)) * 0.7)[0].sum()
    expected = math.exp(0.35 + 0.7 * (-0.3 + 0.5 * 0.35**2)) * grown
    assert spot.mean(0.7) == pytest.approx(expected, rel=1e-10)
    priced = replace(spot, premium=RiskPremium(diffusion=0.5))
    discounted = LEVEL.usd(0.7) * expected * math.exp(-0.35)
    assert priced.forward(0.0, 0.7, 0.25) == pytest.approx(discounted, rel=1e-10)


def test_moments_solve_their_equation_to_many_digits():
    # Expected values: 1,000 steps of the Magnus exponential of order four, with two Gauss points a step.
    spot, h = PROCESSES["calm now"], 0.5 / 1_000
    offset = math.sqrt(3.0) / 6.0
    early, late = (
        np.array(RATES)[np.newaxis] + growth_matrices(spot, (np.arange(1_000) + 0.5 + c) * h)
        for c in (-offset, offset)
    )
    steps = expm(0.5 * h * (early + late) + 0.5 * offset * h * h * (late @ early - early @ late))
    v = np.ones(2)
    for step in steps:
        v = step @ v
    for regime in (0, 1):
        assert spot.in_regime(regime).mean(0.5, 0.0) == pytest.approx(v[regime], rel=1e-11)


def growth_matrices(spot, s):
    z = np.exp(-spot.kappa * s)
    matrices = np.zeros((s.size, 2, 2))
    for r, regime in enumerate(spot.regimes):
        jumps = regime.jump_intensity * regime.jumps.mean_relative_jump(z)
        matrices[:, r, r] = 0.5 * regime.sigma**2 * z * z + jumps + spot.kappa * regime.reversion_level * z
    return matrices


@CASES
def test_cumulants_are_the_derivatives_of_the_log_moment(spot):
    # Cauchy's integral over a circle around zero, radius well inside every jump law's strip.
    points, radius = 32, 0.8
    angles = 2.0 * math.pi * np.arange(points) / points
    logs = np.log(spot.exponential_moment(radius * np.exp(1j * angles), 0.4))
    derivatives = [
        math.factorial(n) * (logs * np.exp(-1j * n * angles)).mean().real / radius**n for n in range(1, 5)
    ]
    assert spot.cumulants(0.4) == pytest.approx(derivatives, rel=1e-9, abs=1e-10)


def test_the_distant_future_forgets_deviation_and_regime():
    calm = PROCESSES["calm now"]
    stormy = calm.in_regime(1)
    assert stormy.mean(np.inf, 2.0) == pytest.approx(float(calm.mean(np.inf, -1.0)), rel=1e-11)
    np.testing.assert_allclose(stormy.cumulants(np.inf, 2.0), calm.cumulants(30.0), rtol=1e-10)
    # Mean in the long run: 4/5 of the time calm, 1/5 stormy.
    pull = 0.8 * (6.0 * -0.1 + KOU.moment(1)) + 0.2 * (6.0 * 0.4 + 12.0 * 0.35)
    assert calm.cumulants(np.inf)[0] == pytest.approx(pull / 6.0, rel=1e-11)


def test_a_switch_moves_the_forward_and_counts_in_its_volatility():
    spot = PROCESSES["calm now"]
    dt, delivery = 1e-5, 0.05
    later = spot.simulate_factors([0.0, dt], 400_000, np.random.default_rng(66))
    at_zero = np.array([np.log(spot.in_regime(r).mean(delivery - dt, 0.0)) for r in (0, 1)])
    log_forward = later.x[:, 1] * math.exp(-6.0 * (delivery - dt)) + at_zero[later.regime[:, 1]]
    variances = log_forward.reshape(100, -1).var(axis=1) / dt
    assert_within_four_standard_errors(variances, spot.futures_volatility(delivery) ** 2)
    own = math.sqrt(0.09 + KOU.moment(2)) * math.exp(-6.0 * delivery)
    assert spot.futures_volatility(delivery) > 1.01 * own
    assert spot.futures_volatility(0.0) == pytest.approx(math.sqrt(0.09 + KOU.moment(2)), rel=1e-14)


def test_heavy_up_jumps_of_any_regime_make_the_second_moment_infinite():
    with pytest.warns(UserWarning, match="variance of the price is infinite"):
        wild = Regime(0.5, 1.0, DoubleExponentialJumps(0.5, 1.5, 8.0))
    spot = RegimeSwitchingJumpDiffusion(6.0, (CALM, wild), RATES, LEVEL)
    assert np.isfinite(spot.forward(0.0, [0.5], 0.0)).all()
    assert spot.variance([0.1, 0.5]).tolist() == [np.inf, np.inf]
    assert spot.exponential_moment([1.0, 1.5], 0.0).tolist() == [1.0, 1.0]


@pytest.mark.parametrize("eta_up", [1.0 + 2e-16, 1.0 + 1e-9, 1.00005])
def test_an_exponent_beside_the_end_of_its_moment_is_refused_and_not_integrated_for_ever(eta_up):
    with pytest.warns(UserWarning, match="the variance of the price is infinite"):
        heavy = DoubleExponentialJumps(0.8, eta_up, 8.0)
    spot = RegimeSwitchingJumpDiffusion(4.0, (Regime(0.3, 1.0, heavy, 0.0), STORMY), RATES, LEVEL)
    message = r"exponent: 1.0 is not 0.0001 of it below 1.0\d*, where jumps of a switching process have none"
    with pytest.raises(ParameterError, match=message):
        spot.forward(0.0, np.array([0.5]), 0.0)
    heavy = replace(KOU, eta_up=4.2)
    spot = RegimeSwitchingJumpDiffusion(4.0, (Regime(0.3, 1.0, heavy, 0.0), STORMY), RATES, LEVEL)
    with pytest.raises(ParameterError, match=r"exponent: 4.1999999 is not"):
        spot.exponential_moment(4.1999999, 0.5)
    assert math.isinf(spot.exponential_moment(4.2, 0.5))
    assert math.isfinite(spot.exponential_moment(4.199, 0.5))


def test_a_regime_left_once_in_longer_than_a_float_can_hold_is_never_left():
    rates = ((-50.0, 50.0), (5e-324, -5e-324))
    spot = RegimeSwitchingJumpDiffusion(4.0, (CALM, STORMY), rates, LEVEL)
    factors = spot.simulate_factors(np.linspace(0.0, 2.0, 40), 50, np.random.default_rng(1))
    assert (factors.regime[:, -1] == 1).all()
    assert (np.diff(factors.regime.astype(int), axis=1) >= 0).all()


def test_a_state_is_advanced_in_its_own_regime():
    spot = PROCESSES["two factors"]
    rng = np.random.default_rng(67)
    states = [spot.advance(SpotState(-0.3, 0.2, 1), 0.1, rng) for _ in range(2_000)]
    stay = expm(np.array(RATES) * 0.1)[1, 1]
    assert_within_four_standard_errors(np.array([s.regime for s in states], dtype=float), stay)
    totals = np.array([s.x + s.xi for s in states])
    assert_within_four_standard_errors(totals, spot.in_regime(1).cumulants(0.1, -0.3, xi=0.2)[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kappa": 0.0}, "kappa: 0.0 is not a finite number > 0"),
        ({"regimes": ()}, "regimes: .* is not at least one regime"),
        ({"regimes": (CALM, replace(STORMY, sigma=-1.0))}, r"regimes\[1\].sigma: -1.0 is not a finite"),
        ({"regimes": (CALM, replace(STORMY, jump_intensity=math.nan))}, r"regimes\[1\].jump_intensity: nan"),
        (
            {"regimes": (replace(CALM, reversion_level=math.inf), STORMY)},
            r"regimes\[0\].reversion_level: inf",
        ),
        ({"generator": ((0.0,),)}, r"generator: .* is not a 2 x 2 matrix"),
        ({"generator": ((-1.0, 2.0), (1.0, -1.0))}, "generator: .* rows that sum to zero"),
        ({"generator": ((1.0, -1.0), (1.0, -1.0))}, "generator: .* rates >= 0 off the diagonal"),
        ({"regime": 2}, r"regime: 2 is not in \[0, 2\)"),
        ({"premium": RiskPremium(jump_tilt=5.5)}, "premium.jump_tilt: 5.5 is not < eta_up - 1 = 5.0"),
    ],
)
def test_refused_parameters_name_field_value_and_what_is_allowed(change, message):
    with pytest.raises(ParameterError, match=message):
        replace(PROCESSES["calm now"], **change)
