"""Stylised facts of series whose facts are known: AR(1), GARCH, Student t, long memory, a made-up market."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.figures import stylised_facts as figure
from analysis.stylised_facts import (
    aggressor_signs,
    autocorrelation,
    correlation_with_size,
    excess_kurtosis,
    facts_over_runs,
    lowest_memory_of_size,
    returns_of,
    share_of_lags_correlated,
    sign_memory_exponent,
    stylised_facts,
    tail_index,
)


def garch(n: int, seed: int, *, arch: float = 0.1, memory: float = 0.88) -> np.ndarray:
    """GARCH(1,1) with unit variance."""
    draws = np.random.default_rng(seed).standard_normal(n)
    returns, variance = np.zeros(n), 1.0
    for t in range(n):
        returns[t] = math.sqrt(variance) * draws[t]
        variance = (1.0 - arch - memory) + arch * returns[t] ** 2 + memory * variance
    return returns


def long_memory_signs(n: int, exponent: float, seed: int) -> np.ndarray:
    """Signs of fractional Gaussian noise: their autocorrelation falls as lag^-exponent (Davies and Harte)."""
    hurst, k = 1.0 - exponent / 2.0, np.arange(n + 1.0)
    cov = 0.5 * (np.abs(k + 1) ** (2 * hurst) - 2 * k ** (2 * hurst) + np.abs(k - 1) ** (2 * hurst))
    spectrum = np.fft.fft(np.concatenate([cov, cov[-2:0:-1]])).real
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal(len(spectrum)) + 1j * rng.standard_normal(len(spectrum))
    return np.sign(np.fft.fft(np.sqrt(spectrum / len(spectrum)) * noise).real[:n])


def test_the_autocorrelation_of_an_ar1_is_a_power_of_its_coefficient():
    shocks = np.random.default_rng(1).standard_normal(200_000)
    series = np.zeros_like(shocks)
    for t in range(1, len(series)):
        series[t] = 0.6 * series[t - 1] + shocks[t]
    np.testing.assert_allclose(autocorrelation(series, 5), 0.6 ** np.arange(1, 6), atol=0.015)
    assert share_of_lags_correlated(series) == pytest.approx(4 / 19)  # .6^5 > .05 > .6^6


def test_pairs_around_a_gap_are_left_out_of_an_autocorrelation():
    with_gap = np.array([1.0, -1.0, math.nan, 1.0, -1.0])
    assert autocorrelation(with_gap, 4).tolist() == [-1.0, -1.0, 1.0, -1.0]
    assert np.isnan(autocorrelation(with_gap, 5)[4])
    assert np.isnan(autocorrelation(np.ones(5), 2)).all()


def test_independent_returns_pass_for_uncorrelated_and_have_no_memory_of_size():
    series = np.random.default_rng(2).standard_normal(20_000)
    assert share_of_lags_correlated(series) == 0.0
    assert abs(lowest_memory_of_size(series)) < 0.02
    assert excess_kurtosis(series) == pytest.approx(0.0, abs=4 * math.sqrt(24 / 20_000))


def test_garch_returns_are_uncorrelated_but_their_sizes_remember():
    series = garch(100_000, seed=3)
    assert share_of_lags_correlated(series) == 0.0
    assert lowest_memory_of_size(series) > 0.05
    assert excess_kurtosis(series) > 0.5


def test_the_tail_index_of_student_t_is_its_degrees_of_freedom():
    for degrees in (2.0, 3.0):
        draws = stats.t.rvs(degrees, size=400_000, random_state=4)
        assert tail_index(draws, 0.001) == pytest.approx(degrees, rel=4 / math.sqrt(400))
    pareto = np.random.default_rng(5).pareto(3.5, 100_000) + 1.0
    assert tail_index(pareto) == pytest.approx(3.5, rel=4 / math.sqrt(5_000))
    assert math.isnan(tail_index(np.zeros(1_000)))


def test_excess_kurtosis_is_scipys_and_ignores_gaps():
    series = stats.t.rvs(5, size=500, random_state=6)
    assert excess_kurtosis(np.append(series, math.nan)) == pytest.approx(stats.kurtosis(series))
    assert math.isnan(excess_kurtosis(np.full(9, 2.0)))


@pytest.mark.parametrize("exponent", [0.4, 0.6])
def test_the_exponent_of_trade_signs_is_that_of_their_memory(exponent):
    measured = [sign_memory_exponent(long_memory_signs(60_000, exponent, seed)) for seed in range(5)]
    # The mean is taken off every sample, which hides a little of a long memory: the estimate is rather high.
    assert exponent - 0.03 < np.mean(measured) < exponent + 0.12


def test_signs_without_memory_have_no_exponent():
    signs = np.sign(np.random.default_rng(7).standard_normal(60_000))
    assert math.isnan(sign_memory_exponent(signs))


def test_volume_that_follows_the_size_of_moves_correlates_with_it():
    rng = np.random.default_rng(8)
    moves, other = rng.standard_normal(5_000), rng.standard_normal(5_000)
    assert correlation_with_size(3.0 * np.abs(moves) + 7.0, moves) == pytest.approx(1.0)
    assert abs(correlation_with_size(other, moves)) < 4 / math.sqrt(5_000)
    assert math.isnan(correlation_with_size(np.ones(9), moves[:9]))


def market(days: int = 60, rounds: int = 24, seed: int = 9) -> SimpleNamespace:
    """A run of one month at tenor 1, trading at a mid that jumps over night and walks by day."""
    rng = np.random.default_rng(seed)
    steps = np.rint(rng.standard_normal((days, rounds)) * 4)
    steps[:, 0] += np.rint(rng.standard_normal(days) * 400)
    mid = 20_000 + steps.cumsum().reshape(days, rounds)
    day, number = np.divmod(np.arange(days * rounds), rounds)
    quotes = pd.DataFrame(
        {
            "day": day, "round": number, "month": 3, "tenor": 1,
            "best_bid_ticks": mid.ravel() - 1.0, "best_ask_ticks": mid.ravel() + 1.0,
            "volume_lots": rng.integers(0, 9, days * rounds), "phase": 0,
        }
    )  # fmt: skip
    daily = pd.DataFrame(
        {
            "day": np.arange(days), "month": 3, "tenor": 1, "settlement_ticks": mid[:, -1],
            "volume_lots": rng.integers(50, 99, days), "final": False,
        }
    )  # fmt: skip
    trades = pd.DataFrame(
        {
            "tenor": [1, 1, 1, 2, 1, 1], "aggressor_side": [1, 1, -1, 1, 0, -1],
            "spread_months": [0, 0, 0, 0, 0, 1], "taker_order_id": [5, 5, 8, 9, 10, 11],
        }
    )  # fmt: skip
    spot = pd.DataFrame({"spot_usd": np.exp(rng.standard_normal(days).cumsum() / 100)})
    return SimpleNamespace(
        tables={"quotes": quotes, "daily": daily, "trades": trades, "spot": spot}, manifest={}
    )


def test_the_step_over_night_is_no_return_of_a_round_but_part_of_a_days():
    run = market()
    returns = returns_of(run)
    assert returns.by_round.shape == (60, 23)
    assert np.nanmax(np.abs(returns.by_round)) < 0.002
    assert np.isnan(returns.by_day[0])
    closes = np.log(run.tables["daily"]["settlement_ticks"].to_numpy())
    np.testing.assert_allclose(returns.by_day[1:], np.diff(closes))
    assert np.nanstd(returns.by_day) > 0.01


def test_a_round_in_an_auction_or_without_a_quote_has_no_return_before_or_after_it():
    run = market()
    run.tables["quotes"].loc[5, "phase"] = 1
    run.tables["quotes"].loc[24 + 9, "best_ask_ticks"] = math.nan
    missing = np.argwhere(np.isnan(returns_of(run).by_round))
    assert missing.tolist() == [[0, 4], [0, 5], [1, 8], [1, 9]]


def test_a_new_month_at_the_tenor_and_a_final_price_begin_no_return_of_a_day():
    run = market()
    daily = run.tables["daily"]
    daily.loc[30:, "month"] = 4
    daily.loc[50, "final"] = True
    missing = np.flatnonzero(np.isnan(returns_of(run).by_day))
    assert missing.tolist() == [0, 30, 50, 51]


def test_an_order_that_trades_at_several_prices_is_one_sign_and_auctions_and_spreads_are_none():
    assert aggressor_signs(market()).tolist() == [1.0, -1.0]


@pytest.fixture
def facts(monkeypatch):
    monkeypatch.setattr("analysis.stylised_facts.load", lambda run: run)
    return stylised_facts


def test_a_random_walk_has_no_stylised_fact_but_uncorrelated_returns(facts):
    held = {(fact.clock, fact.name) for fact in facts(market(days=250)) if fact.holds}
    assert ("round", "share of lags 2-20 with correlated returns") in held
    assert ("day", "share of lags 2-20 with correlated returns") in held
    assert not held & {
        ("round", "excess kurtosis"),
        ("round", "autocorrelation of |return| to lag 50"),
        ("round", "correlation of volume and |return|"),
        ("round", "exponent of the memory of trade signs"),
        ("day", "excess kurtosis"),
    }


def test_a_fact_holds_over_runs_if_it_holds_in_most(facts):
    table = facts_over_runs([market(seed=seed) for seed in (1, 2, 3)])
    single = [[fact.value for fact in facts(market(seed=seed))] for seed in (1, 2, 3)]
    row = table[(table["clock"] == "round") & (table["fact"] == "excess kurtosis")].iloc[0]
    assert row["median"] == np.median([values[2] for values in single])
    assert (row["runs_that_hold"], bool(row["holds"])) == (0, False)
    signs = table[table["fact"] == "exponent of the memory of trade signs"].iloc[0]
    assert math.isnan(signs["median"])


def test_the_figure_draws_a_market_and_says_when_there_is_nothing_to_draw():
    assert len(figure.draw(market()).axes) == 4
    empty = market()
    empty.tables["quotes"] = empty.tables["quotes"].iloc[:0]
    assert "No" in figure.draw(empty).axes[0].texts[0].get_text()
