"""Does the baseline look like a market: the stylised facts of Cont (2001) over several years of trading."""

from __future__ import annotations

import pandas as pd
import pytest

from abm.market import run
from abm.scenario import Scenario
from analysis.stylised_facts import facts_over_runs

pytestmark = pytest.mark.verify
SEEDS = (201, 202, 203, 204, 205, 206, 207, 208)


def facts_of(scenario: Scenario, folder) -> pd.DataFrame:
    folders = [run(scenario, seed=seed, out=folder / str(seed)).folder for seed in SEEDS]
    return facts_over_runs(folders).set_index(["clock", "fact"])


@pytest.fixture(scope="module")
def baseline(tmp_path_factory):
    return facts_of(Scenario.load("baseline"), tmp_path_factory.mktemp("baseline"))


@pytest.mark.parametrize(
    ("clock", "fact"),
    [
        ("round", "share of lags 2-20 with correlated returns"),
        ("day", "share of lags 2-20 with correlated returns"),
        ("round", "tail index"),
        ("round", "excess kurtosis"),
        ("day", "excess kurtosis"),
        ("round", "correlation of volume and |return|"),
        ("day", "correlation of volume and |return|"),
    ],
)
def test_the_median_year_is_in_the_range_of_markets(baseline, clock, fact):
    row = baseline.loc[(clock, fact)]
    assert row["low"] <= row["median"] <= row["high"]


def test_tails_thin_out_over_longer_times(baseline):
    """The range is a year's own kurtosis from round to round, so it is asked of each year."""
    assert baseline.loc[("round", "excess kurtosis over 16 rounds"), "holds"]


def test_volatility_clusters_beyond_the_spot_price(baseline):
    """The least of 50 estimates, each with an error of about .02, lies below the least correlation itself."""
    row = baseline.loc[("round", "autocorrelation of |return| to lag 50")]
    assert row["lowest"] > row["spot"]
    assert row["median"] > row["low"] - 0.02
    assert row["median"] > row["spot"] + 0.05


def test_without_makers_estimates_and_attention_the_days_prices_are_plain_noise(tmp_path):
    plain = Scenario.load("plain").replace(
        {"agents.market_makers.estimates": "public", "agents.attention.response": 0.0}
    )
    facts = facts_of(plain, tmp_path)
    assert facts.loc[("round", "excess kurtosis"), "median"] < 3.0
    assert facts.loc[("round", "autocorrelation of |return| to lag 50"), "median"] < 0.0
