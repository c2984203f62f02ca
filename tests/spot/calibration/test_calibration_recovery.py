"""Recovery of known processes over many simulated series, and calibration of real power prices."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from calibration_room import KOU, TRUTH, prices

from abm.spot.calibration.calibration import calibrate
from abm.spot.calibration.price_series import read_price_series, without_weekly_pattern

REAL = Path(__file__).parents[3].parent / "shared" / "data"

DAILY = {
    "kappa": (7.2, 2.4),
    "sigma": (0.597, 0.6 / math.sqrt(2 * 504)),
    "jump_intensity": (6.2, 2.0),
    "jump_mean": (0.252, 0.047),
    "jump_std": (0.102, 0.032),
}
"""Mean and standard deviation of the estimates over series of two years; the spread of sigma is the least
that n steps allow, sigma / sqrt(2 n)."""
TWICE_DAILY = {**DAILY, "sigma": (0.597, 0.6 / math.sqrt(2 * 1008))}


@pytest.mark.verify
@pytest.mark.parametrize(("steps_per_year", "expected"), [(252, DAILY), (504, TWICE_DAILY)])
def test_sixty_series_give_the_known_means_and_spreads(steps_per_year, expected):
    """Means within 3 standard errors of the difference of two samples of 60, spreads within 40 %."""
    dt = 1.0 / steps_per_year
    results = [calibrate(prices(seed, dt=dt), dt) for seed in range(60)]
    assert all(result.converged for result in results)
    for name, (mean, deviation) in expected.items():
        values = np.array([result.value(name) for result in results])
        spread = float(values.std(ddof=1))
        error = math.hypot(spread, deviation) / math.sqrt(60)
        assert abs(values.mean() - mean) < 3.0 * error, (name, values.mean())
        assert deviation / 1.4 < spread < deviation * 1.4, (name, spread)


@pytest.mark.verify
def test_intervals_cover_the_truth_and_standard_errors_match_the_spread():
    """Coverage of nominal 95 % intervals over 120 series; that of kappa is lower because it is biased."""
    results = [calibrate(prices(seed, dt=1.0 / 504.0), 1.0 / 504.0) for seed in range(100, 220)]
    for name, least in (("kappa", 0.78), ("sigma", 0.90), ("jump_intensity", 0.88), ("jump_mean", 0.82)):
        estimates = [result.estimates[name] for result in results]
        covered = np.mean([estimate.low <= TRUTH[name] <= estimate.high for estimate in estimates])
        assert covered >= least, (name, covered)
        typical = np.nanmedian([estimate.standard_error for estimate in estimates])
        spread = np.std([estimate.value for estimate in estimates], ddof=1)
        assert 0.6 < typical / spread < 1.25, (name, typical, spread)


@pytest.mark.verify
def test_double_exponential_jumps_are_recovered_on_average():
    dt = 1.0 / 252.0
    results = [
        calibrate(prices(seed, law=KOU, intensity=12.0, years=6.0), dt, "double_exponential")
        for seed in range(20)
    ]
    truth = {"sigma": 0.6, "jump_intensity": 12.0, "p_up": 0.6, "eta_up": 5.0, "eta_down": 6.0}
    for name, value in truth.items():
        values = np.array([result.value(name) for result in results])
        error = values.std(ddof=1) / math.sqrt(values.size)
        # The inverse of a mean jump is biased upwards by about one part in the number of jumps.
        assert abs(np.median(values) - value) < 3.0 * 1.25 * error + 0.02 * value, name


def power_prices(market):
    path = REAL / f"electricity_{market}_daily.csv"
    if not path.is_file():
        pytest.skip("the power price series are not on this machine")
    return path


@pytest.mark.parametrize(
    ("market", "said"),
    [
        ("NP", ["kappa is badly identified", "jumps absorb heteroskedasticity", "level seems to move"]),
        ("PJM", ["jumps absorb heteroskedasticity", "Volatility clusters"]),
    ],
)
def test_power_prices_converge_from_the_defaults_and_say_what_is_badly_identified(market, said):
    with power_prices(market).open(encoding="utf-8") as stream:
        series = [float(row["price"]) for row in csv.DictReader(stream)]
    result = calibrate(series, 1.0 / 365.0)
    assert result.converged
    for words in said:
        assert any(words in warning for warning in result.warnings), words


@pytest.mark.parametrize(
    ("market", "kappa", "sigma", "jump_intensity"), [("NP", 63.0, 0.97, 111.0), ("PJM", 147.0, 2.51, 59.0)]
)
def test_power_prices_without_week_and_trend_agree_with_an_independent_fit(
    market, kappa, sigma, jump_intensity
):
    """Two years of daily power prices; within 20 % for sigma and 30 % for kappa and the jump intensity."""
    series = read_price_series(power_prices(market), date_column="date", days_per_year=365.0)
    weekdays = [day.weekday() for day in series.dates]
    result = calibrate(without_weekly_pattern(series.prices, weekdays)[0], series.dt, trend="fitted")
    assert result.converged
    assert result.value("kappa") == pytest.approx(kappa, rel=0.30)
    assert result.value("sigma") == pytest.approx(sigma, rel=0.20)
    assert result.value("jump_intensity") == pytest.approx(jump_intensity, rel=0.30)
