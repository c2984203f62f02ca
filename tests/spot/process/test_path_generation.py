"""Compiled paths: their plain-Python twin, shared draws, reused memory, one law whatever the steps."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import ks_2samp

from abm.core.errors import ParameterError
from abm.spot.process import path_kernel
from abm.spot.process.exponential import exponentials_of_sums
from abm.spot.process.jumps import DoubleExponentialJumps, GaussianJumps
from abm.spot.process.level import Level
from abm.spot.process.long_run import LongRunFactor
from abm.spot.process.mrjd import MeanRevertingJumpDiffusion, SpotPaths
from abm.spot.process.path_kernel import fill_paths
from abm.spot.process.process import SpotState
from abm.spot.process.regimes import Regime, RegimeSwitchingJumpDiffusion

LEVEL = Level(3.0, trend_per_year=1.84)
KOU = DoubleExponentialJumps(p_up=0.8, eta_up=6.0, eta_down=8.0)
PLAIN = MeanRevertingJumpDiffusion(6.0, 0.6, 3.0, KOU, LEVEL, 0.25)
TWO_FACTORS = replace(PLAIN, long_run=LongRunFactor(-0.3, 0.35, -0.6, 0.1))
SWITCHING = RegimeSwitchingJumpDiffusion(
    6.0,
    (Regime(0.3, 1.0, KOU, -0.1), Regime(1.2, 12.0, GaussianJumps(0.35, 0.2), 0.4)),
    ((-30.0, 30.0), (60.0, -60.0)),
    LEVEL,
    0.25,
    long_run=LongRunFactor(-0.3, 0.35, -0.6, 0.1),
)
PROCESSES = {"plain": PLAIN, "two factors": TWO_FACTORS, "switching": SWITCHING}
CASES = pytest.mark.parametrize("spot", PROCESSES.values(), ids=PROCESSES.keys())
WEEKS = np.linspace(0.0, 1.0, 53)


@CASES
def test_compiled_and_plain_python_walk_the_same_paths(spot, monkeypatch):
    compiled = spot.simulate_factors(WEEKS, 12, np.random.default_rng(31))
    prices = spot.simulate(WEEKS, 12, np.random.default_rng(31))
    monkeypatch.setattr(path_kernel, "fill_paths", fill_paths.py_func)
    plain = spot.simulate_factors(WEEKS, 12, np.random.default_rng(31))
    for one, other in zip(compiled, plain, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)
    plain_prices = spot.simulate(WEEKS, 12, np.random.default_rng(31))
    np.testing.assert_allclose(prices.price_usd, plain_prices.price_usd, rtol=1e-12)
    log_price = LEVEL.log_usd(WEEKS) + compiled.x + compiled.xi
    np.testing.assert_allclose(np.log(prices.price_usd), log_price, rtol=0, atol=1e-13)
    np.testing.assert_allclose(prices.log_deviation, compiled.x + compiled.xi, rtol=0, atol=1e-13)


@CASES
def test_the_log_deviation_alone_has_the_same_draws_as_the_prices(spot):
    paths = spot.simulate(WEEKS, 40, np.random.default_rng(32))
    alone = spot.simulate_log_deviation(WEEKS, 40, np.random.default_rng(32))
    np.testing.assert_array_equal(alone, paths.log_deviation)
    prices = np.exp(alone + LEVEL.log_usd(WEEKS))
    np.testing.assert_array_max_ulp(paths.price_usd, prices, maxulp=2)


def test_paths_side_by_side_are_those_of_a_walk_step_by_step():
    quiet = replace(TWO_FACTORS, jump_intensity=0.0)
    kappa, sigma, factor = quiet.kappa, quiet.sigma, quiet.long_run
    for n_paths in (1, 7, 8, 9, 30):
        walked = quiet.simulate_factors(WEEKS, n_paths, np.random.default_rng(42))
        diffusion = np.random.default_rng(42)
        long_run = np.random.default_rng(int(diffusion.integers(0, 2**63, 3)[2]))
        for path in range(n_paths):
            x, xi = quiet.x0, factor.xi0
            for i, dt in enumerate(np.diff(WEEKS), start=1):
                normal, own = diffusion.standard_normal(), long_run.standard_normal()
                deviation = sigma * np.sqrt(-np.expm1(-2.0 * kappa * dt) / (2.0 * kappa))
                covariance = factor.correlation * factor.volatility * sigma * -np.expm1(-kappa * dt) / kappa
                loading = covariance / deviation
                x = x * np.exp(-kappa * dt) + deviation * normal
                xi += factor.drift * dt + loading * normal
                xi += np.sqrt(factor.volatility**2 * dt - loading**2) * own
                assert walked.x[path, i] == pytest.approx(x, rel=1e-12, abs=1e-14)
                assert walked.xi[path, i] == pytest.approx(xi, rel=1e-12, abs=1e-14)


def test_the_same_jumps_and_switches_are_seen_on_any_dates():
    still = tuple(replace(regime, sigma=0.0) for regime in SWITCHING.regimes)
    spot = replace(SWITCHING, regimes=still, long_run=None)
    days = np.linspace(0.0, 1.0, 366)
    daily = spot.simulate_factors(days, 60, np.random.default_rng(43))
    for kept in (slice(None, None, 73), [0, 1, 3, 4, 90, 91, 200, 363, 365], [0, 365]):
        seldom = spot.simulate_factors(days[kept], 60, np.random.default_rng(43))
        np.testing.assert_array_equal(seldom.regime, daily.regime[:, kept])
        np.testing.assert_allclose(seldom.x, daily.x[:, kept], rtol=0, atol=1e-12)
        alone = spot.simulate_log_deviation(days[kept], 60, np.random.default_rng(43))
        np.testing.assert_array_equal(alone, seldom.x)


def test_prices_are_exponentials_to_the_last_place():
    rng = np.random.default_rng(44)
    results = np.empty(100_000)
    for widest in (0.5, 8.0, 353.9):
        first, second = rng.uniform(-widest, widest, (2, results.size))
        exponentials_of_sums(first, second, results)
        exact = np.exp((first + second).astype(np.longdouble))
        assert np.max(np.abs(results - exact) / np.spacing(results)) < 1.0
    ends = np.array([-np.inf, -800.0, -708.2, 0.0, 709.5, 800.0, np.inf, np.nan])
    with np.errstate(over="ignore"):
        exponentials_of_sums(ends, np.zeros(ends.size), results[: ends.size])
        np.testing.assert_allclose(results[: ends.size], np.exp(ends), rtol=1e-15)


def test_other_jumps_factors_and_regimes_leave_the_diffusion_alone():
    quiet = replace(PLAIN, jump_intensity=0.0)
    diffusion = quiet.simulate_factors(WEEKS, 30, np.random.default_rng(33)).x
    with_xi = replace(TWO_FACTORS, jump_intensity=0.0)
    np.testing.assert_array_equal(with_xi.simulate_factors(WEEKS, 30, np.random.default_rng(33)).x, diffusion)
    same = Regime(0.6, 0.0, KOU)
    switching = replace(SWITCHING, regimes=(same, same))
    walked = switching.simulate_factors(WEEKS, 30, np.random.default_rng(33))
    assert 0.2 < walked.regime.mean() < 0.5
    np.testing.assert_allclose(walked.x, diffusion, rtol=0, atol=1e-13)


def test_jumps_are_those_of_the_regime_they_fall_in():
    # Opposite jumps and no diffusion: every move up is made in regime 1, every move down in regime 0.
    down, up = GaussianJumps(-0.5, 0.0), GaussianJumps(0.5, 0.0)
    spot = replace(
        SWITCHING,
        kappa=1e-12,
        x0=0.0,
        long_run=None,
        regimes=(Regime(0.0, 20.0, down), Regime(0.0, 20.0, up)),
        generator=((-1.0, 1.0), (1.0, -1.0)),
    )
    paths = spot.simulate_factors(np.linspace(0.0, 1.0, 1001), 200, np.random.default_rng(34))
    moves = np.diff(paths.x, axis=1)
    settled = paths.regime[:, 1:] == paths.regime[:, :-1]
    expected = np.where(paths.regime[:, 1:] == 1, 1, -1)
    moved = settled & (np.abs(moves) > 1e-9)
    assert moved.sum() > 3_000
    assert np.mean(np.sign(moves[moved]) == expected[moved]) > 0.999


def test_arrays_can_be_filled_again():
    first = PLAIN.simulate(WEEKS, 20, np.random.default_rng(35))
    kept = first.price_usd.copy()
    again = PLAIN.simulate(WEEKS, 20, np.random.default_rng(35), out=first)
    assert again is first
    np.testing.assert_array_equal(first.price_usd, kept)
    with pytest.raises(
        ParameterError, match=r"out.price_usd: .* is not a C-ordered float64 array of \(20, 53\)"
    ):
        PLAIN.simulate(WEEKS, 20, np.random.default_rng(1), out=SpotPaths(first.log_deviation, kept[:, :50]))


def test_every_bit_generator_will_do():
    for bits in (np.random.SFC64, np.random.PCG64, np.random.Philox, np.random.MT19937):
        rng = np.random.Generator(bits(36))
        draws = PLAIN.simulate(WEEKS, 2_000, rng).log_deviation[:, -1]
        assert abs(draws.mean() - PLAIN.cumulants(1.0)[0]) < 4.0 * draws.std() / 2_000**0.5


def test_a_path_of_one_time_is_the_start():
    paths = TWO_FACTORS.simulate([0.4], 3, np.random.default_rng(37))
    np.testing.assert_allclose(paths.price_usd, np.full((3, 1), LEVEL.usd(0.4) * np.exp(0.35)), rtol=1e-14)


@pytest.mark.verify
@CASES
def test_two_half_steps_are_one_step_in_law(spot):
    one = spot.simulate_log_deviation([0.0, 0.3], 300_000, np.random.default_rng(38))[:, -1]
    two = spot.simulate_log_deviation([0.0, 0.15, 0.3], 300_000, np.random.default_rng(39))[:, -1]
    many = spot.simulate_log_deviation(np.linspace(0.0, 0.3, 77), 300_000, np.random.default_rng(40))[:, -1]
    for steps in (two, many):
        assert ks_2samp(one, steps).pvalue > 0.001


@pytest.mark.verify
@CASES
def test_half_steps_from_a_drawn_state_are_one_step_in_law(spot):
    rng = np.random.default_rng(41)
    one = spot.simulate_log_deviation([0.0, 0.3], 20_000, rng)[:, -1]
    halfway = spot.simulate_factors([0.0, 0.15], 20_000, rng)
    states = zip(halfway.x[:, 1], halfway.xi[:, 1], halfway.regime[:, 1], strict=True)
    ends = [spot.advance(path_state(*state), 0.15, rng) for state in states]
    two = [end.x + end.xi for end in ends]
    assert ks_2samp(one, two).pvalue > 0.001


def path_state(x, xi, regime):
    return SpotState(float(x), float(xi), int(regime))
