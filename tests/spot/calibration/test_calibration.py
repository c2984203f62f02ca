"""Calibration: exact where theory is, recovery of known processes, warnings, refused series."""

import math
import time
from functools import cache

import numpy as np
import pytest
from calibration_room import DAY, KOU, TRUTH, clustered_prices, prices

from abm.core.errors import CalibrationError
from abm.spot.calibration import likelihood_search
from abm.spot.calibration.calibration import calibrate
from abm.spot.calibration.jump_filter import filter_jumps
from abm.spot.calibration.result import LAGS, autocorrelations, diagnose, ljung_box
from abm.spot.process.jumps import DoubleExponentialJumps, GaussianJumps
from abm.spot.process.level import Level


@cache
def fitted(seed):
    """Return the fit of the Gaussian law to two years of its own prices."""
    return calibrate(prices(seed), DAY)


@cache
def fitted_double_exponential():
    return calibrate(prices(12, law=KOU), DAY, "double_exponential")


MODELS = pytest.mark.parametrize("model", ["gaussian", "double_exponential", "diffusion"])


def regression(log_prices, with_trend):
    """Least squares of each log price on the one before (and on time): a diffusion's exact likelihood."""
    before, after = log_prices[:-1], log_prices[1:]
    columns = [np.ones(before.size), before] + ([np.arange(before.size) * DAY] if with_trend else [])
    regressors = np.column_stack(columns)
    coefficients = np.linalg.lstsq(regressors, after, rcond=None)[0]
    residuals = after - regressors @ coefficients
    variance = residuals @ residuals / after.size
    covariance = variance * np.linalg.inv(regressors.T @ regressors)
    return coefficients, variance, covariance


@pytest.mark.parametrize("trend", ["none", "fitted"])
def test_a_diffusion_is_fitted_by_the_exact_regression(trend):
    series = prices(3, intensity=0.0, level=Level(2.0, trend_per_year=0.8 if trend == "fitted" else 0.0))
    result = calibrate(series, DAY, "diffusion", trend=trend)
    (intercept, slope, *time), variance, covariance = regression(np.log(series), trend == "fitted")
    kappa = -math.log(slope) / DAY
    decline = -time[0] / (1.0 - slope) if time else 0.0
    sigma = math.sqrt(variance * 2.0 * kappa / (1.0 - slope**2))
    level = math.exp((intercept + decline * DAY) / (1.0 - slope))
    assert result.value("kappa") == pytest.approx(kappa, rel=1e-4)
    assert result.value("sigma") == pytest.approx(sigma, rel=1e-5)
    assert result.value("level") == pytest.approx(level, rel=1e-4)
    assert result.value("trend_per_year") == pytest.approx(decline, rel=1e-3, abs=1e-12)
    standard_error = math.sqrt(covariance[1, 1]) / slope / DAY
    assert result.estimates["kappa"].standard_error == pytest.approx(standard_error, rel=1e-3)
    normal = -0.5 * 504 * (math.log(2.0 * math.pi * variance) + 1.0)
    assert result.log_likelihood == pytest.approx(normal, abs=1e-6)
    assert result.aic == pytest.approx(2.0 * (3 + len(time)) - 2.0 * normal, abs=1e-5)
    assert result.bic == pytest.approx((3 + len(time)) * math.log(504) - 2.0 * normal, abs=1e-5)
    assert result.converged


def test_four_series_recover_the_process_they_came_from():
    results = [fitted(seed) for seed in range(4)]
    assert all(result.converged for result in results)
    spread = {"kappa": 2.6, "sigma": 0.02, "jump_intensity": 2.4, "jump_mean": 0.055, "jump_std": 0.038}
    for name, deviation in spread.items():
        mean = np.mean([result.value(name) for result in results])
        bias = 1.2 if name == "kappa" else 0.0
        assert abs(mean - TRUTH[name] - bias) < 3.5 * deviation / math.sqrt(4), name


def test_two_years_of_days_are_fitted_within_three_seconds_of_processor_time():
    series = prices(6)
    started = time.process_time()
    calibrate(series, DAY)
    assert time.process_time() - started < 3.0


def test_double_exponential_jumps_are_recovered_from_a_long_series():
    result = calibrate(prices(7, law=KOU, intensity=12.0, years=8.0), DAY, "double_exponential")
    truth = {"kappa": 6.0, "sigma": 0.6, "jump_intensity": 12.0, "p_up": 0.6, "eta_up": 5.0, "eta_down": 6.0}
    assert result.converged
    for name, value in truth.items():
        estimate = result.estimates[name]
        assert abs(estimate.value - value) < 3.0 * estimate.standard_error, name
        assert estimate.standard_error < 0.5 * value, name
    assert isinstance(result.jumps(), DoubleExponentialJumps)


@MODELS
def test_another_currency_changes_the_level_only(model):
    if model == "double_exponential":
        series, dollars = prices(12, law=KOU), fitted_double_exponential()
    else:
        series = prices(0)
        dollars = fitted(0) if model == "gaussian" else calibrate(series, DAY, model)
    cents = calibrate(100.0 * series, DAY, model)
    assert cents.value("level") == pytest.approx(100.0 * dollars.value("level"), rel=1e-3)
    for name in set(dollars.estimates) - {"level"}:
        assert cents.value(name) == pytest.approx(dollars.value(name), rel=5e-3, abs=1e-3), name


def test_a_known_trend_is_the_same_as_a_series_without_it():
    series = prices(1)
    falling = series * np.exp(-1.84 * np.arange(series.size) * DAY)
    flat, known = fitted(1), calibrate(falling, DAY, trend=1.84)
    assert known.log_likelihood == pytest.approx(flat.log_likelihood, abs=1e-4)
    assert known.value("kappa") == pytest.approx(flat.value("kappa"), rel=5e-3)
    assert known.estimates["trend_per_year"].held
    assert known.value("trend_per_year") == 1.84


def test_time_in_other_units_changes_rates_only():
    years, halves = fitted(2), calibrate(prices(2), 2.0 * DAY)
    assert years.value("kappa") == pytest.approx(2.0 * halves.value("kappa"), rel=5e-3)
    assert years.value("jump_intensity") == pytest.approx(2.0 * halves.value("jump_intensity"), rel=5e-3)
    assert years.value("sigma") == pytest.approx(math.sqrt(2.0) * halves.value("sigma"), rel=5e-3)
    assert years.value("jump_mean") == pytest.approx(halves.value("jump_mean"), rel=5e-3)


@pytest.mark.parametrize("model", ["gaussian", "diffusion"])
def test_no_neighbour_of_the_estimate_is_more_likely(model):
    series = prices(3)
    best = fitted(3) if model == "gaussian" else calibrate(series, DAY, model)
    for name in ("kappa", "sigma", "level", *(["jump_intensity"] if model != "diffusion" else [])):
        for factor in (0.97, 1.03):
            held = best.value(name) * factor
            other = calibrate(series, DAY, model, bounds={name: (held, held)})
            assert other.estimates[name].held
            assert other.value(name) == held
            assert other.log_likelihood < best.log_likelihood, (name, factor)


def test_bounds_replace_the_default_ones():
    result = calibrate(prices(11), DAY, bounds={"jump_intensity": (0.5, 2.0)})
    assert result.value("jump_intensity") == pytest.approx(2.0, rel=1e-4)
    assert any("jump_intensity is at its upper bound 2:" in warning for warning in result.warnings)
    assert math.isnan(result.estimates["jump_intensity"].standard_error)
    assert result.table()[4][:4] == ("jump_intensity", "2", "n/a", "n/a")


def test_intervals_hold_the_estimate_and_respect_the_domain():
    result = fitted_double_exponential()
    for estimate in result.estimates.values():
        if not math.isnan(estimate.standard_error):
            assert estimate.low < estimate.value < estimate.high
        if estimate.name in ("kappa", "sigma", "jump_intensity", "eta_up", "eta_down", "p_up"):
            assert math.isnan(estimate.low) or estimate.low > 0.0
    p_up = result.estimates["p_up"]
    assert math.isnan(p_up.high) or p_up.high < 1.0


def test_the_fit_becomes_a_process_around_any_level():
    result = fitted(0)
    level = Level(2.5, trend_per_year=1.0)
    process = result.process(level)
    assert process.level is level
    assert (process.kappa, process.sigma) == (result.value("kappa"), result.value("sigma"))
    assert process.jump_intensity == result.value("jump_intensity")
    assert process.jumps == GaussianJumps(result.value("jump_mean"), result.value("jump_std"))
    assert result.process().level == Level(result.value("level"), 0.0)
    diffusion = calibrate(prices(0), DAY, "diffusion").process(level)
    assert diffusion.jump_intensity == 0.0


def test_steps_that_jumped_are_found():
    series = prices(14, intensity=0.0, years=1.0)
    series[100:] *= np.exp(0.9 * np.exp(-6.0 * DAY * np.arange(series.size - 100)))
    series[180:] *= np.exp(0.8 * np.exp(-6.0 * DAY * np.arange(series.size - 180)))
    series[220:] *= np.exp(1.0 * np.exp(-6.0 * DAY * np.arange(series.size - 220)))
    result = calibrate(series, DAY)
    assert np.flatnonzero(result.jump_probability > 0.5).tolist() == [99, 179, 219]


def test_residuals_of_the_right_model_are_uniform_and_independent():
    tests = calibrate(prices(15, years=6.0), DAY).diagnostics
    assert tests.pit.size == 1512
    assert min(tests.ks_p_value, tests.ljung_box_p_value, tests.ljung_box_squares_p_value) > 0.05
    assert abs(tests.normal_scores.std() - 1.0) < 0.05


def test_kolmogorov_smirnov_and_ljung_box_p_values_are_uniform_when_nothing_is_wrong():
    rng = np.random.default_rng(16)
    rounds = [diagnose(rng.random(300)) for _ in range(400)]
    for name in ("ks_p_value", "ljung_box_p_value", "ljung_box_squares_p_value"):
        below = np.mean([getattr(tests, name) < 0.1 for tests in rounds])
        assert 0.05 < below < 0.16, name


def test_ljung_box_of_a_hand_worked_series():
    series = np.array([1.0, 2.0, 4.0, 3.0] * 10)
    centred = series - 2.5
    rho = np.array([(centred[k:] * centred[:-k]).sum() for k in range(1, LAGS + 1)]) / (centred**2).sum()
    np.testing.assert_allclose(autocorrelations(series), rho, rtol=1e-12)
    assert rho[3] == pytest.approx(0.9)
    assert ljung_box(series) < 1e-20


def test_the_jump_filter_finds_a_small_jump_behind_a_large_one():
    noise = np.random.default_rng(17).standard_normal(300) * 0.01
    noise[[80, 200]] = (1.5, 0.08)
    log_prices = np.zeros(301)
    for i, shock in enumerate(noise):
        log_prices[i + 1] = 0.9 * log_prices[i] + shock
    filtered = filter_jumps(log_prices, DAY)
    assert {80, 200} <= set(np.flatnonzero(filtered.is_jump).tolist())
    assert filtered.kappa == pytest.approx(-math.log(0.9) / DAY, rel=0.2)
    assert filtered.innovations[80] == pytest.approx(1.5, abs=0.02)


# --- what not to trust ---


def warned(result, words):
    return any(words in warning for warning in result.warnings)


def test_a_search_that_stops_short_of_the_maximum_says_so(monkeypatch):
    monkeypatch.setattr(likelihood_search, "_NEWTON_STEPS", 0)
    monkeypatch.setattr(likelihood_search.Search, "climb", lambda self, start: start)
    result = calibrate(prices(4), DAY)
    assert not result.converged
    assert warned(result, "The search did not end at a maximum")


def test_two_years_do_not_determine_a_slow_mean_reversion():
    result = fitted(2)
    assert warned(result, "kappa is badly identified")
    sentence = next(text for text in result.warnings if text.startswith("kappa"))
    assert f"{math.sqrt(2.0 * result.value('kappa') / 2.0):.2g} and an upward bias of 2." in sentence
    assert not warned(calibrate(prices(4, kappa=40.0, years=6.0), DAY), "kappa")


def test_jumps_that_stand_for_changing_volatility_are_called_so():
    result = calibrate(clustered_prices(18), DAY)
    assert warned(result, "The jumps absorb heteroskedasticity")
    assert warned(result, "squared residuals are still autocorrelated")
    assert warned(result, "Volatility clusters")
    assert not warned(calibrate(prices(19), DAY), "absorb")


def test_a_falling_series_fitted_without_a_trend_is_noticed():
    falling = prices(20, level=Level(3.0, trend_per_year=1.84), kappa=20.0)
    without, fitted = calibrate(falling, DAY), calibrate(falling, DAY, trend="fitted")
    assert warned(without, "The level seems to move")
    assert not warned(fitted, "The level seems to move")
    assert without.value("kappa") < 0.5 * fitted.value("kappa")
    assert fitted.value("trend_per_year") == pytest.approx(1.84, abs=0.4)
    assert fitted.level().usd(2.0) / fitted.level().usd(0.0) == pytest.approx(math.exp(-3.68), rel=0.5)
    gain = fitted.log_likelihood - without.log_likelihood
    assert warned(without, f"would add {gain:.1f} to the log-likelihood")


def test_jump_sizes_without_jumps_have_no_standard_error_and_are_named():
    result = calibrate(prices(21, intensity=0.0), DAY, bounds={"jump_intensity": (1e-9, 1e-9)})
    assert warned(result, "is badly identified: the likelihood is flat along it")
    assert any(text.startswith(("jump_mean is badly", "jump_std is badly")) for text in result.warnings)
    assert all(math.isnan(estimate.standard_error) for estimate in result.estimates.values())


def test_few_jumps_are_counted():
    result = calibrate(prices(22, intensity=0.5), DAY)
    assert warned(result, "The jump parameters rest on about")


def test_a_series_that_mostly_stands_still_has_a_finite_fit():
    series = np.repeat(np.exp(np.random.default_rng(23).standard_normal(20) * 0.1), 15)
    result = calibrate(series, DAY)
    assert math.isfinite(result.log_likelihood)
    assert warned(result, "sigma is at its lower bound")
    typical = math.sqrt(np.mean(np.diff(np.log(series)) ** 2) / DAY)
    assert result.value("sigma") == pytest.approx(0.1 * typical, rel=1e-3)


UNUSUAL = {
    "random walk": np.exp(np.cumsum(0.02 * np.random.default_rng(25).standard_normal(500) - 0.01)),
    "white noise": np.exp(0.1 * np.random.default_rng(26).standard_normal(300)),
    "one step": np.repeat([1.0, 2.0], 30),
    "straight line": np.linspace(1.0, 2.0, 100),
    "very small": 1e-300 * np.exp(0.1 * np.random.default_rng(27).standard_normal(200)),
    "wild": np.exp(np.clip(0.05 * np.random.default_rng(28).standard_cauchy(300), -40.0, 40.0)),
    "list prices": np.repeat(np.exp(np.cumsum(0.3 * np.random.default_rng(0).standard_normal(10))), 40),
}


@pytest.mark.parametrize("trend", ["none", "fitted"])
@pytest.mark.parametrize("kind", UNUSUAL)
def test_unusual_series_end_in_finite_estimates_and_a_warning(kind, trend):
    result = calibrate(UNUSUAL[kind], DAY, trend=trend)
    assert math.isfinite(result.log_likelihood)
    assert all(math.isfinite(estimate.value) for estimate in result.estimates.values())
    assert np.isfinite(result.diagnostics.normal_scores).all()
    assert result.warnings
    assert len(result.table()) == 7


def test_a_wrong_law_fails_the_uniformity_test():
    result = calibrate(prices(24, intensity=25.0), DAY, "diffusion")
    assert warned(result, "The changes do not follow the fitted law")


# --- refused ---

GOOD = np.exp(0.01 * np.random.default_rng(0).standard_normal(40))


def changed(index, value):
    series = GOOD.copy()
    series[index] = value
    return series


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: calibrate(changed(7, math.nan), DAY), r"prices: nan at point 7 is a gap \(1 in all\)"),
        (lambda: calibrate(changed(7, math.inf), DAY), "prices: inf at point 7 is a gap"),
        (lambda: calibrate(changed(3, 0.0), DAY), r"prices: 0.0 at point 3 is not > 0 \(1 in all\)"),
        (lambda: calibrate(changed(3, -2.5), DAY), "-2.5 at point 3 .* need a shift .* not done silently"),
        (lambda: calibrate(GOOD[:29], DAY), "prices: 29 points is not >= 30"),
        (lambda: calibrate(np.full(50, 2.0), DAY), "prices: all 50 points are 2.0: a constant series"),
        (lambda: calibrate(GOOD.reshape(2, 20), DAY), r"prices: an array of shape \(2, 20\)"),
        (lambda: calibrate(GOOD, 0.0), "dt: 0.0 is not a finite number of years > 0"),
        (lambda: calibrate(GOOD, -DAY), "dt: -0.003.* is not a finite number of years > 0"),
        (lambda: calibrate(GOOD, math.nan), "dt: nan is not"),
        (lambda: calibrate(GOOD, DAY, "merton"), "model: 'merton' is not one of gaussian, double_exp"),
        (lambda: calibrate(GOOD, DAY, trend="linear"), "trend: 'linear' is not none, fitted or a finite"),
        (lambda: calibrate(GOOD, DAY, trend=math.inf), "trend: inf is not none, fitted or a finite"),
        (lambda: calibrate(GOOD, DAY, bounds={"eta_up": (2, 3)}), "bounds: eta_up is not a parameter of"),
        (lambda: calibrate(GOOD, DAY, bounds={"kappa": (3, 2)}), r"bounds: kappa: \(3, 2\) is not a pair"),
        (lambda: calibrate(GOOD, DAY, bounds={"sigma": (0, 2)}), r"sigma: \(0, 2\) .* 0 < low <= high < inf"),
    ],
)
def test_refused_series_and_settings_name_what_is_wrong_and_what_is_allowed(call, message):
    with pytest.raises(CalibrationError, match=message):
        call()


def test_thirty_points_are_enough():
    assert calibrate(GOOD[:30], DAY).n_prices == 30
