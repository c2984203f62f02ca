"""``sitsim calibrate``: what it prints, the scenario and figure it writes; mistakes write nothing."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from abm.cli import app
from abm.scenario import Scenario
from abm.spot.calibration.calibration import calibrate
from abm.spot.process.jumps import GaussianJumps
from abm.spot.process.level import Level
from abm.spot.process.mrjd import MeanRevertingJumpDiffusion

DAY = 1.0 / 252.0
PROCESS = MeanRevertingJumpDiffusion(8.0, 0.5, 8.0, GaussianJumps(0.25, 0.1), Level(3.0))
PRICES = PROCESS.simulate(np.arange(400) * DAY, 1, np.random.default_rng(2)).price_usd[0]


def sitsim(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)


def written(path: Path, prices: np.ndarray = PRICES) -> Path:
    first = date(2024, 1, 1)
    rows = [f"{first + timedelta(days=i)},{price!r}" for i, price in enumerate(prices.tolist())]
    path.write_text("\n".join(["date,price", *rows]) + "\n")
    return path


@pytest.fixture
def csv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return written(tmp_path / "rents.csv")


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_fit_is_printed_with_intervals_tests_and_warnings(csv: Path) -> None:
    result = sitsim("calibrate", csv)
    assert result.exit_code == 0
    fit = calibrate(PRICES, DAY)
    assert "rents.csv: 400 prices, 1.58 years, gaussian" in result.stdout
    for row in fit.table():
        line = next(line for line in result.stdout.splitlines() if line.split()[:1] == [row.name])
        assert " ".join(line.split()) == " ".join(" ".join(row).split())
    assert f"AIC {fit.aic:.2f}, BIC {fit.bic:.2f}" in result.stdout
    assert [f"warning: {text}" in result.stdout for text in fit.warnings] == [True] * len(fit.warnings)
    assert fit.warnings


def test_the_written_scenario_is_the_baseline_with_the_fitted_process(csv: Path, tmp_path: Path) -> None:
    assert sitsim("calibrate", csv, "--write", "mine.toml").exit_code == 0
    fit = calibrate(PRICES, DAY)
    spot = Scenario.load(tmp_path / "mine.toml").spot
    baseline = Scenario.load("baseline").spot
    for field in ("kappa", "sigma", "jump_intensity"):
        assert getattr(spot, field) == pytest.approx(fit.value(field), rel=1e-5)
    assert (spot.jumps.kind, spot.jumps.mean) == ("gaussian", pytest.approx(fit.value("jump_mean"), rel=1e-5))
    assert (spot.initial_price_usd, spot.trend_per_year) == (
        baseline.initial_price_usd,
        baseline.trend_per_year,
    )
    text = (tmp_path / "mine.toml").read_text()
    assert '"rents.csv"' in text
    assert "400 prices" in text.replace("\n# ", " ")
    assert f"s.e. {fit.estimates['kappa'].standard_error:.2g}" in text
    assert max(len(line) for line in text.splitlines()) <= 110
    assert files(tmp_path) == ["mine.toml", "rents.csv"]
    assert sitsim("validate", "mine.toml").exit_code == 0


@pytest.mark.parametrize("model", ["double_exponential", "diffusion"])
def test_every_model_and_a_fitted_trend_make_a_loadable_scenario(
    csv: Path, tmp_path: Path, model: str
) -> None:
    options = ("--model", model, "--trend", "fitted", "--with-level", "--write", "mine.toml")
    assert sitsim("calibrate", csv, *options).exit_code == 0
    fit = calibrate(PRICES, DAY, model, trend="fitted")
    spot = Scenario.load(tmp_path / "mine.toml").spot
    assert spot.jump_intensity == pytest.approx(fit.value("jump_intensity"), rel=1e-5)
    assert spot.trend_per_year == pytest.approx(fit.value("trend_per_year"), rel=1e-5)
    level = float(fit.level().usd(399 * DAY))
    assert spot.initial_price_usd == pytest.approx(level, rel=1e-5)
    if model == "double_exponential":
        assert spot.jumps.kind == model
        assert spot.jumps.p_up == pytest.approx(fit.value("p_up"), rel=1e-5)


def test_a_weekly_pattern_and_bounds_reach_the_fit(csv: Path, tmp_path: Path) -> None:
    weekly = written(tmp_path / "weekly.csv", PRICES * np.exp(0.1 * (np.arange(400) % 7 == 6)))
    options = ("--week", "7", "--date-column", "date", "--days-per-year", "365")
    result = sitsim("calibrate", weekly, *options, "--bound", "jump_intensity=1,3", "--write", "w.toml")
    assert result.exit_code == 0
    assert "weekly.csv less a pattern of 7 days" in result.stdout
    effects = Scenario.load("w.toml").spot.seasonality.weekly
    assert len(effects) == 7
    assert sum(effects) == pytest.approx(0.0, abs=1e-5)
    assert max(effects) == pytest.approx(0.1 * 6 / 7, abs=0.03)
    assert Scenario.load(tmp_path / "w.toml").spot.jump_intensity == pytest.approx(3.0, rel=1e-4)


@pytest.mark.parametrize(
    ("name", "start"), [("fit.png", b"\x89PNG"), ("fit.svg", b"<?xml"), ("fit.pdf", b"%PDF")]
)
def test_the_figure_is_drawn_in_the_format_of_its_name(
    csv: Path, tmp_path: Path, name: str, start: bytes
) -> None:
    assert sitsim("calibrate", csv, "--figure", name, "--model", "diffusion").exit_code == 0
    assert (tmp_path / name).read_bytes().startswith(start)
    assert files(tmp_path) == sorted([name, "rents.csv"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--column", "close"], "rents.csv:1: column 'close' is not once in the header (date, price)"),
        (["--date-column", "date"], "252 is not within 10 % of the 365.2 prices a year"),
        (["--days-per-year", "-1"], "days per year: -1.0 is not a finite number > 0"),
        (["--model", "merton"], "rents.csv: model: 'merton' is not one of gaussian"),
        (["--trend", "linear"], "--trend: 'linear' is not none, fitted or a number"),
        (["--week", "6"], "--week: 6 is not one of 0, 5, 7"),
        (
            ["--week", "5", "--date-column", "date", "--days-per-year", "365"],
            "--week 5: 2024-01-06 is a weekend",
        ),
        (["--bound", "kappa"], "--bound: 'kappa' is not of the form parameter=low,high"),
        (["--bound", "kapa=1,2"], "bounds: kapa is not a parameter of the model (allowed: kappa, sigma"),
        (["--figure", "fit.gif"], "--figure: fit.gif does not end in .png or .svg or .pdf"),
        (["--figure", "no/fit.png"], "--figure: no/fit.png is not a file in an existing folder"),
        (["--write", "mine.txt"], "--write: mine.txt does not end in .toml"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(
    csv: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    result = sitsim("calibrate", csv, "--write", "mine.toml", "--figure", "fit.png", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
    assert files(tmp_path) == ["rents.csv"]


def test_a_price_that_is_not_positive_is_refused_with_the_file_named(csv: Path, tmp_path: Path) -> None:
    written(csv, np.where(np.arange(400) == 7, -1.0, PRICES))
    result = sitsim("calibrate", csv, "--write", "mine.toml")
    assert result.exit_code == 2
    assert "rents.csv: prices: -1.0 at point 7 is not > 0" in result.stderr
    assert "negative prices need a shift" in result.stderr
    assert files(tmp_path) == ["rents.csv"]


def test_a_fit_that_is_no_scenario_leaves_the_old_file(csv: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("# old\n")
    written(csv, 1e-5 * PRICES)
    result = sitsim("calibrate", csv, "--with-level", "--write", "mine.toml", "--figure", "fit.png")
    assert result.exit_code == 2
    assert "mine.toml: this fit is no scenario: spot.initial_price_usd" in result.stderr
    assert result.stderr.count("\n") == 1
    assert files(tmp_path) == ["mine.toml", "rents.csv"]
    assert (tmp_path / "mine.toml").read_text() == "# old\n"


def test_a_figure_that_cannot_be_written_leaves_no_scenario(
    csv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: object, target: Path) -> None:
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", full)
    result = sitsim("calibrate", csv, "--write", "mine.toml", "--figure", "fit.png")
    assert result.exit_code == 2
    assert "cannot be written: No space left on device" in result.stderr
    assert files(tmp_path) == ["rents.csv"]


def test_strange_file_names_stay_in_their_comments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    odd = written(tmp_path / 'a"b [red]\nkappa = 1.csv')
    result = sitsim("calibrate", odd, "--write", "mine.toml", "--model", "diffusion")
    assert result.exit_code == 0
    tables = tomllib.loads((tmp_path / "mine.toml").read_text())
    assert odd.name in tables["description"]
    assert tables["extends"] == "baseline"
