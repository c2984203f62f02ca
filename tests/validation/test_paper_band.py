"""The paper's 62-78 %: which hedges lie in it, what moves the number, and what stands in for the paper."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from scipy.stats import binomtest

from abm.core.errors import ParameterError
from abm.core.randomness import RandomStreams
from abm.spot.process.level import Level
from scenarios import paper_band
from scenarios import paper_band_studies as studies
from scenarios.paper_band_closed_form import (
    BAND,
    STAND_IN,
    TREND,
    Setting,
    coverages_in_band,
    hedge_moments,
    volatility_reduction,
)

LEVEL = Setting(replace(STAND_IN, level=Level(1.0, 0.0)))


def inside(reduction):
    return BAND[0] <= reduction <= BAND[1]


@pytest.mark.parametrize(
    ("correlation", "cells", "best"),
    [
        (1.0, (0.60, 0.70, 0.80, 0.90, 1.0), 1.0),
        (0.9755, (0.565, 0.647, 0.719, 0.767, 0.779), 0.780),
        (0.95, (0.531, 0.600, 0.654, 0.684, 0.684), 0.688),
        (0.925, (0.500, 0.558, 0.600, 0.619, 0.613), 0.620),
    ],
)
def test_the_formula_gives_the_cells_of_its_table(correlation, cells, best):
    found = volatility_reduction([0.6, 0.7, 0.8, 0.9, 1.0], correlation)
    np.testing.assert_allclose(found, cells, atol=6e-4)
    assert volatility_reduction(correlation, correlation) == pytest.approx(best, abs=6e-4)
    assert volatility_reduction(np.linspace(0.0, 1.5, 301), correlation).max() <= best + 6e-4


@pytest.mark.parametrize("correlation", [0.93, 0.96, 0.98, 1.0])
def test_the_coverages_of_the_band_end_where_its_reductions_do(correlation):
    intervals = coverages_in_band(correlation)
    assert len(intervals) == (2 if correlation > math.sqrt(1.0 - 0.22**2) else 1)
    ends = volatility_reduction([edge for interval in intervals for edge in interval], correlation)
    assert all(min(abs(end - edge) for edge in BAND) < 1e-12 for end in ends)
    middles = volatility_reduction([sum(interval) / 2 for interval in intervals], correlation)
    assert all(inside(middle) for middle in middles)


def test_no_coverage_is_in_the_band_where_gains_and_bills_go_together_too_little():
    assert coverages_in_band(0.92) == []
    assert volatility_reduction(np.linspace(0.0, 2.0, 401), 0.92).max() < BAND[0]


@pytest.mark.parametrize(
    ("word", "basis_sd", "known"),
    [
        ("strip:0.8", 0.0, 0.8),
        ("rolling:2", 0.0, 0.7714),
        ("strip", 0.12, 0.7448),
        ("strip:0.6", 0.12, 0.5367),
    ],
)
def test_exact_moments_give_the_closed_forms_of_a_year_that_are_known(word, basis_sd, known):
    """Those of the frictionless tables, whose price has no trend."""
    found = hedge_moments(replace(LEVEL, basis_sd=basis_sd), word)
    assert found.reduction == pytest.approx(known, abs=1e-4)
    assert 0.0 < found.correlation <= 1.0


def test_without_a_basis_no_law_of_the_price_moves_a_strip():
    other = replace(STAND_IN, kappa=1.0, sigma=1.2, jump_intensity=0.0)
    assert hedge_moments(Setting(other), "strip:0.7").reduction == pytest.approx(0.7, abs=1e-9)


def test_simulated_hedges_lie_on_the_formula_within_three_and_a_half_standard_errors():
    points = studies.map_points(800, 1, basis_sds=(0.0, 0.14))
    assert len(points) == 12
    for point in points:
        if point.is_random:
            exact = hedge_moments(Setting(basis_sd=point.basis_sd), point.word)
            assert (point.scaled_coverage, point.correlation) == pytest.approx(tuple(exact), rel=0.04)
            assert abs(point.from_formula.value) < 3.5 * point.from_formula.error < 0.2
            assert abs(point.from_moments.value) < 3.5 * point.from_moments.error < 0.08
        else:
            coverage = float(point.word.removeprefix("strip:"))
            assert point.correlation == pytest.approx(1.0, abs=1e-9)
            assert point.simulated.value == pytest.approx(1.0 - abs(1.0 - coverage), abs=1e-9)
    assert sum(not point.is_random for point in points) == len(studies.MAP_COVERAGES)


def test_an_error_of_the_jackknife_is_that_of_a_mean():
    sample = np.random.default_rng(1).standard_normal(4_000)
    found = studies.jackknife(lambda part: float(part.mean()), sample)
    assert found.value == sample.mean()
    assert found.error == pytest.approx(sample.std(ddof=1) / math.sqrt(4_000), rel=0.3)
    by_group = sample.reshape(-1, studies.GROUPS).mean(axis=0)
    assert found.error == pytest.approx(by_group.std(ddof=1) / math.sqrt(studies.GROUPS))


def test_a_path_rises_at_every_trend_under_its_critical_one():
    found = studies.rises(300, 5)
    years = studies.LONG.years
    assert years[-1] == pytest.approx(3.0)
    draws = RandomStreams(5).generator("paper band", "rises")
    x = STAND_IN.simulate_log_deviation(years, 300, draws)
    for trend in (0.0, TREND, 1.84):
        price = np.exp(x - trend * years)
        share, low, high = found.share(trend)
        assert share == (price.max(axis=1) > 2.0 * price[:, 0]).mean()
        exact = binomtest(round(300 * share), 300).proportion_ci(method="wilson")
        assert (low, high) == pytest.approx((exact.low, exact.high), abs=1e-4)
    met, least, most = found.trend_at(0.15)
    assert least < met < most
    assert found.share(met)[0] == pytest.approx(0.15, abs=1 / 300)


def test_prices_that_jump_up_are_skewed_to_the_right():
    found = studies.rises(2_000, 1)
    assert abs(found.log_skewness.value - found.exact_log_skewness) < 3.5 * found.log_skewness.error
    assert 0.0 < found.exact_log_skewness < found.exact_price_skewness


def test_a_need_that_follows_prices_has_no_closed_form():
    setting = Setting(need_volatility=0.15, price_correlation=0.3)
    with pytest.raises(ParameterError, match=r"price_correlation: 0.3 is not 0: no closed form"):
        hedge_moments(setting, "strip")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--paths", "399"], "--paths: 399 is not in [400, 1000000]"),
        (["--paths", "many"], "argument --paths: invalid int value: 'many'"),
        (["--seed", "-1"], "--seed: -1 is not >= 0"),
        (["--only", "moon"], "argument --only: invalid choice: 'moon'"),
        (["--out", "taken/figures"], "--out: taken/figures: Not a directory"),
        (["--days", "5"], "unrecognized arguments: --days 5"),
    ],
)
def test_a_wrong_argument_ends_in_one_line(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("a file\n")
    with pytest.raises(SystemExit) as stopped:
        paper_band.main(arguments)
    said = capsys.readouterr()
    assert (stopped.value.code, said.out) == (2, "")
    assert message in said.err
    assert said.err.count("\n") == 1


@pytest.mark.verify
def test_the_stand_in_is_told_with_its_figure(tmp_path, capsys):
    paper_band.main(["--paths", "400", "--only", "stand-in", "--out", str(tmp_path / "new")])
    said = capsys.readouterr().out
    assert said.startswith("Stand-in. With a level that falls by 0.5 log points a year ")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["paper_band_stand_in.png"]
    with Image.open(tmp_path / "new" / "paper_band_stand_in.png") as image:
        assert image.width == 960


@pytest.mark.verify
def test_every_point_of_the_map_lies_on_the_formula():
    points = studies.map_points(10_000, 1)
    for point in points:
        if point.is_random:
            assert abs(point.from_formula.value) < 4.0 * point.from_formula.error < 0.06
            assert abs(point.from_moments.value) < 4.0 * point.from_moments.error < 0.03


@pytest.mark.verify
def test_the_hedge_moves_the_reduction_and_the_jumps_do_not():
    found = {line.name: studies.follow(line, 10_000, 1) for line in studies.lines()}
    for result in found.values():
        for label, exact in result.closed.items():
            for one, closed in zip(result.simulated[label], exact, strict=True):
                assert abs(one.value - closed) < 4.0 * one.error + 1e-7
    for name in ("jumps", "share up", "Gaussian jumps", "trend"):
        assert max(abs(effect.value) for effect in found[name].effects.values()) < paper_band.HOLDS
    for name in ("basis", "need", "need, rho .3", "rolling lead"):
        assert min(abs(effect.value) for effect in found[name].effects.values()) > 0.18
    kappa = found["kappa"].effects
    assert abs(kappa["strip"].value) < 1e-9 < 0.13 < kappa["layered"].value
    # Beside a basis the loudness of the price counts.
    full = found["jumps"].beside_a_basis["strip"]
    assert full[-1] - full[0] > 0.1


@pytest.mark.verify
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sixteen_per_cent_of_the_stand_ins_paths_more_than_double(seed):
    found = studies.rises(10_000, seed)
    assert 0.15 <= found.share(TREND)[0] <= 0.17
    assert 0.50 < found.trend_at(studies.RISING_SHARE)[0] < 0.57
    assert found.share(0.0)[0] > 0.7
    assert found.share(1.84)[0] < 0.04


@pytest.mark.verify
def test_layered_and_two_months_of_rolling_lie_in_the_band_over_36_months():
    found = studies.long_reductions(10_000, 1)
    whole = {word: estimates[-1].value for word, estimates in found.items()}
    assert [word for word, value in whole.items() if inside(value)] == ["layered", "rolling:2"]
    assert min(year.value for year in found["strip"][:3]) > 0.99
    assert [year.value for year in found[studies.BOUGHT_ONCE][1:3]] == [0.0, 0.0]
    slow = studies.long_reductions(10_000, 1, kappa=1.0)["strip"]
    assert 0.6 < slow[2].value < slow[1].value < 0.85


@pytest.mark.verify
def test_the_whole_script_prints_its_answers_and_draws_three_figures(tmp_path, capsys):
    paper_band.main(["--paths", "400", "--out", str(tmp_path)])
    said = capsys.readouterr().out
    assert re.findall(r"^(\S+)\. ", said, flags=re.MULTILINE)[:1] == ["Map"]
    for answer in ("Map.", "Lines.", "Stand-in."):
        assert f"\n{answer}" in f"\n{said}"
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {f"paper_band_{part}.png" for part in ("map", "lines", "stand_in")}
