"""Resampled blocks of a series and resampled seeds, against the closed forms of their spread."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from abm.core.errors import ParameterError
from analysis.inference import block_bootstrap, seed_bootstrap

NAN = math.nan
FEW = "few: a bootstrap interval is too short"


def autoregressive(n, phi, seed):
    rng = np.random.default_rng(seed)
    values = np.empty(n)
    values[0] = rng.normal() / math.sqrt(1.0 - phi**2)
    for i, shock in enumerate(rng.normal(size=n - 1)):
        values[i + 1] = phi * values[i] + shock
    return values


@pytest.mark.parametrize("block", [1, 4, 12])
def test_the_spread_of_resampled_means_is_that_of_the_stationary_bootstrap(block):
    # Politis and Romano (1994), lemma 1: circular autocovariances, weighted by (1 - i/n) (1 - 1/block)^i.
    series, n = autoregressive(80, 0.6, 2), 80
    away = series - series.mean()
    covariances = np.array([(away * np.roll(away, -i)).mean() for i in range(n)])
    lags = np.arange(1, n)
    stay = (1.0 - 1.0 / block) ** lags
    found = block_bootstrap(series, np.mean, block=block, draws=3_000)
    exact = math.sqrt((covariances[0] + 2.0 * (covariances[1:] * (1.0 - lags / n) * stay).sum()) / n)
    # A standard deviation of 3,000 draws has a standard error of 1.3 %.
    assert found.sd == pytest.approx(exact, rel=4 * 0.013)
    assert (found.estimate, found.n, found.draws) == (pytest.approx(series.mean()), 80, 3_000)
    assert found.low < found.estimate < found.high


def test_blocks_go_on_where_they_are_and_begin_anywhere():
    joints, firsts, lasts = [], [], []

    def look(positions):
        steps = np.diff(positions)
        joints.append(np.mean((steps != 1.0) & (steps != -49.0)))
        firsts.append(positions[0])
        lasts.append(positions[-1])
        return positions.mean()

    block_bootstrap(np.arange(50), look, block=5, draws=2_000)
    drawn = joints[1:]  # the first call sees the series itself
    assert joints[0] == 0.0
    # A new block begins with chance 1/5 and goes on by accident with chance 1/50; 98,000 steps.
    assert np.mean(drawn) == pytest.approx(0.2 * 0.98, abs=4 * math.sqrt(0.2 * 0.8 / 98_000))
    for places in (firsts[1:], lasts[1:]):
        assert np.mean(places) == pytest.approx(24.5, abs=4 * math.sqrt(50**2 / 12 / 2_000))
        assert set(places) == set(range(50))


@pytest.mark.parametrize(
    ("series", "block", "reason"),
    [
        ([], 1, "no value"),
        ([3.0], 1, "one value"),
        ([3.0, NAN, 4.0, math.inf], 2, "2 of 4 values are missing or infinite"),
    ],
)
def test_a_series_without_blocks_says_why(series, block, reason):
    found = block_bootstrap(series, np.mean, block=block)
    assert np.isnan(found[:4]).all()
    assert (found.n, found.draws, found.reason) == (len(series), 0, reason)


def test_few_blocks_are_said():
    series = autoregressive(99, 0.3, 1)
    few = "few blocks: the interval may be too short"
    assert block_bootstrap(series, np.mean, block=10, draws=100).reason == few
    assert block_bootstrap(series, np.mean, block=9, draws=100).reason == ""


@pytest.mark.parametrize(("limit", "bounds_known"), [(0.03, True), (0.10, False)])
def test_a_statistic_that_fails_is_counted_and_often_gives_no_interval(limit, bounds_known):
    chance = np.random.default_rng(1)
    calls = []

    def fails_sometimes(values):
        calls.append(1)
        return NAN if len(calls) > 1 and chance.random() < limit else values.mean()

    found = block_bootstrap(np.arange(40.0), fails_sometimes, block=2, draws=1_000)
    failing = 1_000 - found.draws
    assert failing == pytest.approx(1_000 * limit, abs=4 * math.sqrt(1_000 * limit))
    assert found.reason == f"the statistic has no value in {failing} of 1000 draws"
    assert found.estimate == 19.5
    assert math.isfinite(found.low) == math.isfinite(found.high) == math.isfinite(found.sd) == bounds_known
    nothing = block_bootstrap(np.arange(40.0), lambda values: NAN, block=2, draws=100)
    assert np.isnan(nothing[:4]).all()
    assert nothing.reason == "the statistic has no value"


def mean_of_x(part):
    return part["x"].mean()


def runs(n=24, days=5, seed=3):
    """Rows of several seeds, alike within a seed, in mixed order and with labels that are no counts."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "seed": np.repeat(np.arange(n) * 7 + 3, days),
            "day": np.tile(np.arange(days), n),
            "x": np.repeat(rng.normal(size=n), days) + 0.1 * rng.normal(size=n * days),
        }
    )
    return frame.sample(frac=1.0, random_state=1)


def test_the_spread_of_resampled_seeds_is_that_of_their_means():
    frame = runs()
    means = frame.groupby("seed")["x"].mean()
    found = seed_bootstrap(frame, mean_of_x, draws=1_000)
    # 1,000 draws: 2.2 % of a standard deviation. Rows taken one by one would spread less by half.
    assert found.sd == pytest.approx(means.std(ddof=0) / math.sqrt(24), rel=4 * 0.022)
    assert found.estimate == pytest.approx(frame["x"].mean())
    assert found.low < found.estimate < found.high
    assert (found.n, found.draws, found.reason, found.method) == (24, 1_000, "", "whole seeds")


def test_a_seed_comes_with_all_its_rows_and_counts_as_often_as_it_is_drawn():
    frame = runs(n=20, days=3)
    frame = frame[frame["day"] <= frame["seed"] % 3]  # one to three days a seed
    whole = {tuple(sorted(part["x"])) for _, part in frame.groupby("seed")}
    before = frame.copy()
    twice = []

    def look(part):
        assert part.index.tolist() == list(range(len(part)))
        assert set(part["seed"]) == set(range(20))
        groups = [tuple(sorted(rows["x"])) for _, rows in part.groupby("seed")]
        assert set(groups) <= whole
        twice.append(len(set(groups)))
        return part["x"].mean()

    seed_bootstrap(frame, look, draws=100)
    assert twice[0] == 20
    # Of 20 seeds, 20 (1 - .95^20) = 12.8 are expected in a resample.
    assert np.mean(twice[1:]) == pytest.approx(12.83, abs=0.6)
    pd.testing.assert_frame_equal(frame, before)
    named = seed_bootstrap(frame.rename(columns={"seed": "run"}), mean_of_x, by="run", draws=100)
    assert named == seed_bootstrap(frame, mean_of_x, draws=100)
    assert named != seed_bootstrap(frame, mean_of_x, draws=100, seed=2)


def test_few_seeds_are_said():
    assert seed_bootstrap(runs(15), mean_of_x, draws=100).reason == FEW
    one = seed_bootstrap(runs(1), mean_of_x, draws=100)
    assert one.estimate == pytest.approx(runs(1)["x"].mean())
    assert np.isnan(one[1:4]).all()
    assert one.reason == "one seed"
    none = seed_bootstrap(runs(1).iloc[:0], mean_of_x, draws=100)
    assert (none.n, none.reason) == (0, "no seed")
    with pytest.raises(ParameterError, match="by: there are 2 columns 'seed'"):
        seed_bootstrap(pd.DataFrame([[1, 1]], columns=["seed", "seed"]), len)
    with pytest.raises(ParameterError, match="frame: 2 rows have no seed"):
        seed_bootstrap(pd.DataFrame({"seed": [1.0, NAN, NAN]}), len)
