"""The long-run factor and the risk premium: against simulation, known identities and limits."""

import math
from dataclasses import replace

import numpy as np
import pytest
from monte_carlo import assert_within_four_standard_errors, batch_cumulants, end_states
from scipy.integrate import quad

from abm.core.errors import ParameterError
from abm.spot.process.jumps import DoubleExponentialJumps, GaussianJumps
from abm.spot.process.level import Level
from abm.spot.process.long_run import LongRunFactor
from abm.spot.process.mrjd import MeanRevertingJumpDiffusion
from abm.spot.process.path_simulation import Regime
from abm.spot.process.premium import RiskPremium
from abm.spot.process.process import SpotState

LEVEL = Level(3.0, trend_per_year=1.84)
GAUSSIAN = GaussianJumps(mean=0.35, std=0.2)
KOU = DoubleExponentialJumps(p_up=0.8, eta_up=6.0, eta_down=8.0)
FALLING_TREND = LongRunFactor(drift=-0.3, volatility=0.35, correlation=-0.6, xi0=0.1)
PREMIUM = RiskPremium(diffusion=0.5, jump_tilt=0.8, long_run=0.15)

PROCESSES = {
    "gaussian": MeanRevertingJumpDiffusion(6.0, 0.6, 3.0, GAUSSIAN, LEVEL, 0.25, FALLING_TREND, PREMIUM),
    "double exponential": MeanRevertingJumpDiffusion(6.0, 0.6, 3.0, KOU, LEVEL, 0.25, FALLING_TREND, PREMIUM),
    "far below the level": MeanRevertingJumpDiffusion(
        2.0, 0.3, 8.0, GaussianJumps(-0.1, 0.15), LEVEL, -0.9, LongRunFactor(0.2, 0.5, 0.9, -0.3)
    ),
    "up jumps only": MeanRevertingJumpDiffusion(
        12.0, 0.4, 5.0, DoubleExponentialJumps(1.0, 8.0, 3.0), LEVEL, -0.2, LongRunFactor(0.0, 0.2, -1.0)
    ),
    "down jumps only": MeanRevertingJumpDiffusion(
        3.0, 1.1, 2.0, DoubleExponentialJumps(0.0, 8.0, 4.0), LEVEL, 0.0, LongRunFactor(-0.5, 0.3, 0.0)
    ),
    "no jumps": MeanRevertingJumpDiffusion(6.0, 0.6, 0.0, KOU, LEVEL, 0.4, FALLING_TREND),
    "jumps without diffusion": MeanRevertingJumpDiffusion(6.0, 0.0, 4.0, KOU, LEVEL, -0.1, FALLING_TREND),
}
CASES = pytest.mark.parametrize("spot", PROCESSES.values(), ids=PROCESSES.keys())


@CASES
def test_simulated_deviations_have_the_exact_cumulants_means_and_variances(spot):
    times = np.array([0.0, 0.02, 0.5, 1.5])
    paths = spot.simulate(times, 200_000, np.random.default_rng(41))
    assert_within_four_standard_errors(paths.price_usd[:, 1:], spot.forward(0.0, times[1:], spot.x0, "P"))
    multiples = np.exp(paths.log_deviation)
    for i in (1, 2, 3):
        deviation = np.ascontiguousarray(paths.log_deviation[:, i])
        assert_within_four_standard_errors(batch_cumulants(deviation), spot.cumulants(times[i]))
        variances = np.ascontiguousarray(multiples[:, i]).reshape(200, -1).var(axis=1, ddof=1)
        assert_within_four_standard_errors(variances, spot.variance(times[i]))
        for u in (0.9, 4.0):
            expected = complex(spot.characteristic_function(u, times[i]))
            rotated = np.exp(1j * u * deviation)
            assert_within_four_standard_errors(rotated.real, expected.real)
            assert_within_four_standard_errors(rotated.imag, expected.imag)


@CASES
def test_the_compiled_walk_and_steps_event_by_event_have_the_same_covariance_of_the_factors(spot):
    regime = Regime(spot.sigma, spot.jump_intensity, spot.jumps)
    events = end_states(spot, (regime,), ((0.0,),), 0, 0.7, 8_000, np.random.default_rng(42))
    total = events[:, 0] + events[:, 1]
    assert_within_four_standard_errors(batch_cumulants(total, 80)[:, :2], spot.cumulants(0.7)[:2])
    e, xi = 1.0 - math.exp(-0.7 * spot.kappa), spot.long_run
    covariance = xi.correlation * xi.volatility * spot.sigma * e / spot.kappa
    walk = spot.simulate_factors([0.0, 0.2, 0.7], 100_000, np.random.default_rng(43))
    for x, factor in ((events[:, 0], events[:, 1]), (walk.x[:, 2], walk.xi[:, 2])):
        products = (x - x.mean()) * (factor - factor.mean())
        assert_within_four_standard_errors(products, covariance)


@pytest.mark.parametrize("name", ["gaussian", "double exponential"])
def test_risk_neutral_means_are_weighted_means_of_what_happens(name):
    # The jumps' weights make up the change of measure; the diffusion's premium is a shift of the mean.
    spot = replace(PROCESSES[name], premium=RiskPremium(jump_tilt=0.8))
    regime = Regime(spot.sigma, spot.jump_intensity, spot.jumps)
    ends = end_states(spot, (regime,), ((0.0,),), 0, 0.5, 30_000, np.random.default_rng(44))
    compensator = 0.5 * spot.jump_intensity * float(spot.jumps.mean_relative_jump(0.8))
    weights = np.exp(0.8 * ends[:, 3] - compensator)
    assert_within_four_standard_errors(weights, 1.0)
    priced = weights * LEVEL.usd(0.5) * np.exp(ends[:, 0] + ends[:, 1])
    assert_within_four_standard_errors(priced, spot.forward(0.0, 0.5, 0.25))
    assert spot.forward(0.0, 0.5, 0.25) > 1.02 * spot.forward(0.0, 0.5, 0.25, "P")


@CASES
def test_diffusion_premia_lower_the_forward_by_a_known_discount(spot):
    priced = replace(spot, premium=RiskPremium(diffusion=0.5, long_run=0.15))
    maturities = np.array([0.0, 0.1, 1.0, 4.0])
    discount = np.exp(-0.5 * -np.expm1(-spot.kappa * maturities) / spot.kappa - 0.15 * maturities)
    expected = spot.forward(0.0, maturities, 0.3, "P") * discount
    assert priced.forward(0.0, maturities, 0.3) == pytest.approx(expected, rel=1e-13)
    assert priced.forward(0.0, maturities, 0.3, "P") == pytest.approx(expected / discount, rel=1e-13)


@pytest.mark.parametrize("name", ["gaussian", "double exponential"])
def test_prices_simulated_under_the_pricing_measure_have_the_forward_as_their_mean(name):
    spot = PROCESSES[name]
    times = np.array([0.0, 0.1, 0.6])
    paths = spot.risk_neutral().simulate(times, 200_000, np.random.default_rng(45))
    assert_within_four_standard_errors(paths.price_usd[:, 1:], spot.forward(0.0, times[1:], 0.25))
    draws = spot.risk_neutral().step(0.25, 0.6, np.random.default_rng(46), size=200_000)
    one_factor = replace(spot.risk_neutral(), long_run=None)
    assert_within_four_standard_errors(batch_cumulants(draws), one_factor.cumulants(0.6))
    month = spot.average_price_forward(0.0, times[1:], 0.25, known_fixings=(3.0,))
    assert_within_four_standard_errors((3.0 + paths.price_usd[:, 1:].sum(axis=1)) / 3.0, month)


def test_without_a_premium_forwards_are_expected_prices():
    spot = replace(PROCESSES["gaussian"], premium=None)
    assert spot.risk_neutral() is spot
    assert spot.forward(0.0, 0.5, 0.1, "Q") == spot.forward(0.0, 0.5, 0.1, "P")
    zero = replace(spot, premium=RiskPremium())
    assert zero.forward(0.0, 0.5, 0.1) == pytest.approx(float(spot.forward(0.0, 0.5, 0.1)), rel=1e-15)


@CASES
def test_forwards_are_martingales_under_the_pricing_measure(spot):
    law = spot.risk_neutral()
    later = law.simulate_factors([0.0, 0.2], 100_000, np.random.default_rng(47))
    at_zero = spot.forward(0.2, 0.6, 0.0, xi=0.0)
    prices = at_zero * np.exp(later.x[:, 1] * math.exp(-0.4 * spot.kappa) + later.xi[:, 1])
    assert_within_four_standard_errors(prices, spot.forward(0.0, 0.6, spot.x0))


def test_the_state_is_the_reverting_deviation_and_the_long_run_factor():
    spot = PROCESSES["gaussian"]
    at_start = spot.forward(0.0, 0.4, 0.2)
    assert spot.forward(0.0, 0.4, 0.2, xi=0.1) == at_start
    assert spot.forward(0.0, 0.4, 0.2, xi=0.6) == pytest.approx(at_start * math.exp(0.5), rel=1e-14)
    assert spot.forward(0.3, 0.3, 0.2, xi=0.6) == pytest.approx(LEVEL.usd(0.3) * math.exp(0.8), rel=1e-14)
    assert spot.cumulants(0.0, 0.2, xi=-0.4) == pytest.approx([-0.2, 0.0, 0.0, 0.0], abs=1e-16)


def test_far_futures_keep_the_volatility_of_the_long_run_factor():
    spot = PROCESSES["far below the level"]
    near = math.sqrt(0.09 + 8.0 * spot.jumps.moment(2) + 0.25 + 2 * 0.9 * 0.3 * 0.5)
    assert spot.futures_volatility([0.0, np.inf]) == pytest.approx([near, 0.5], rel=1e-14)
    dt, delivery = 1e-5, 0.25
    paths = spot.simulate_factors([0.0, dt], 1_000_000, np.random.default_rng(48))
    log_forward = math.exp(-2.0 * (delivery - dt)) * paths.x[:, 1] + paths.xi[:, 1]
    variances = log_forward.reshape(100, -1).var(axis=1) / dt
    assert_within_four_standard_errors(variances, spot.futures_volatility(delivery) ** 2)


@CASES
def test_variance_at_delivery_is_what_the_future_gathered_on_its_way(spot):
    gathered = quad(lambda tau: spot.futures_volatility(tau) ** 2, 0.0, 0.8, epsabs=1e-13)[0]
    assert spot.cumulants(0.8)[1] == pytest.approx(gathered, rel=1e-10)


def test_a_perfect_hedge_between_the_factors_leaves_no_volatility():
    spot = MeanRevertingJumpDiffusion(6.0, 0.6, 0.0, KOU, LEVEL, long_run=LongRunFactor(0.0, 0.6, -1.0))
    assert spot.futures_volatility(0.0) == 0.0
    step = spot.advance(SpotState(0.1, 0.2), 1e-6, np.random.default_rng(1))
    assert step.x + step.xi == pytest.approx(0.3, abs=1e-5)


def test_only_the_long_run_factor_keeps_spreading():
    spot = PROCESSES["gaussian"]
    assert spot.cumulants(np.inf)[:2].tolist() == [-np.inf, np.inf]
    still = replace(spot, long_run=LongRunFactor(0.0, 0.0, 0.5, 0.2))
    alone = replace(spot, long_run=None)
    shifted = alone.cumulants(np.inf) + np.array([0.2, 0.0, 0.0, 0.0])
    assert still.cumulants(np.inf) == pytest.approx(shifted, rel=1e-14)
    assert still.mean(np.inf) == pytest.approx(float(alone.mean(np.inf)) * math.exp(0.2), rel=1e-14)


@pytest.mark.parametrize("law", [GAUSSIAN, KOU], ids=["gaussian", "double exponential"])
def test_without_mean_reversion_the_two_factors_are_one_jump_diffusion(law):
    spot = MeanRevertingJumpDiffusion(
        1e-12, 0.6, 3.0, law, LEVEL, 0.25, FALLING_TREND, RiskPremium(diffusion=0.5)
    )
    rate = 0.36 + 3.0 * law.moment(2) + 0.35**2 - 2 * 0.6 * 0.6 * 0.35
    expected = [
        0.35 + 0.7 * (3.0 * law.moment(1) - 0.3),
        0.7 * rate,
        2.1 * law.moment(3),
        2.1 * law.moment(4),
    ]
    assert spot.cumulants(0.7) == pytest.approx(expected, rel=1e-11)
    growth = 0.18 + 3.0 * float(law.mean_relative_jump()) - 0.3 + 0.5 * 0.35**2 - 0.6 * 0.6 * 0.35
    merton = LEVEL.usd(0.7) * math.exp(0.35 + 0.7 * growth)
    assert spot.forward(0.0, 0.7, 0.25, "P") == pytest.approx(merton, rel=1e-11)
    assert spot.forward(0.0, 0.7, 0.25) == pytest.approx(merton * math.exp(-0.35), rel=1e-11)
    paths = spot.simulate([0.0, 0.3, 0.7], 100_000, np.random.default_rng(49))
    assert_within_four_standard_errors(paths.price_usd[:, 2], merton)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LongRunFactor(0.0, -0.1, 0.0), "long_run.volatility: -0.1 is not a finite number >= 0"),
        (lambda: LongRunFactor(0.0, 0.1, 1.1), r"long_run.correlation: 1.1 is not in \[-1, 1\]"),
        (lambda: LongRunFactor(math.nan, 0.1, 0.0), "long_run.drift: nan is not a finite number"),
        (lambda: RiskPremium(diffusion=math.inf), "premium.diffusion: inf is not a finite number"),
        (
            lambda: replace(PROCESSES["double exponential"], premium=RiskPremium(jump_tilt=5.0)),
            "premium.jump_tilt: 5.0 is not < eta_up - 1 = 5.0: it leaves no finite forward",
        ),
        (
            lambda: replace(PROCESSES["double exponential"], premium=RiskPremium(jump_tilt=-8.0)),
            "premium.jump_tilt: -8.0 is not > -eta_down = -8.0: it leaves no finite forward",
        ),
        (
            lambda: replace(PROCESSES["gaussian"], premium=RiskPremium(jump_tilt=300.0)),
            "premium.jump_tilt: 300.0 is not small enough: .* no finite forward",
        ),
        (lambda: PROCESSES["gaussian"].forward(0.0, 0.5, 0.0, "R"), "measure: R is not Q or P"),
        (
            lambda: PROCESSES["gaussian"].advance(SpotState(0.0), 0.0, np.random.default_rng(1)),
            "dt: 0.0 is not a finite number > 0",
        ),
        (
            lambda: PROCESSES["gaussian"].advance(SpotState(0.0, 0.0, 1), 0.1, np.random.default_rng(1)),
            r"state.regime: 1 is not in \[0, 1\)",
        ),
    ],
)
def test_refused_arguments_name_field_value_and_what_is_allowed(make, message):
    with pytest.raises(ParameterError, match=message):
        make()
