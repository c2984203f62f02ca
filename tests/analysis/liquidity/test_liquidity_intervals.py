"""Intervals of liquidity and of the facts of the day: the numbers of the summary, with bounds that cover."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from liquidity_market import kyle_market, tables_of
from scipy import stats

import analysis
from abm.core.errors import ParameterError
from analysis.day_fact_intervals import _statistics
from analysis.inference.resampling import day_bootstrap
from analysis.liquidity.day_sums import day_sums
from analysis.liquidity.measured_rows import measured_rows
from analysis.liquidity.summary import summary_of

FORMAT_4 = Path(__file__).parents[2] / "recording" / "folders" / "format-4"
NAMES = ["measure", "horizon_days", "levels"]


@pytest.fixture(scope="module")
def kept():
    return analysis.liquidity_tables(FORMAT_4)


@pytest.fixture(scope="module")
def busy():
    """Sixty days of a market with linear impact, and books that refill."""
    tables = kyle_market(3_000, impact=0.4, half_spread=5.0, seed=6)
    rng = np.random.default_rng(6)
    depth = np.zeros((2, 3_000))
    for t in range(1, 3_000):
        depth[:, t] = 0.7 * depth[:, t - 1] + rng.normal(0.0, 3.0, 2)
    lots = dict(zip(("bid_lots", "ask_lots"), (depth + 40).round().astype(int), strict=True))
    prices = tables.trades["price_ticks"].astype(int) + rng.choice([-2, 2], 3_000)
    return tables._replace(
        quotes=tables.quotes.assign(**lots), trades=tables.trades.assign(price_ticks=prices)
    )


@pytest.mark.parametrize(
    ("market", "by"),
    [("kept", ("run", "tenor")), ("busy", ("run",)), ("busy", ("run", "regime", "part_of_day"))],
    ids=str,
)
def test_the_sums_of_all_days_give_every_number_of_the_summary(by, market, request):
    rows = measured_rows(request.getfixturevalue(market), None, (1, 5) if market == "kept" else (1,), 4, None)
    summary = summary_of(rows, list(by)).set_index([*by, *NAMES])["value"].dropna()
    found = {}
    for each in day_sums(rows, list(by)):
        totals = each.sums.groupby(level=list(range(len(by)))).sum()
        for at, total in totals.iterrows():
            group = at if isinstance(at, tuple) else (at,)
            found[(*group, each.measure, each.horizon_days, each.levels)] = each.value(total.to_numpy())
    of_days = pd.Series(found).rename_axis(summary.index.names).reindex(summary.index)
    assert len(summary) > 12
    np.testing.assert_allclose(of_days.to_numpy(), summary.to_numpy(), rtol=1e-9, atol=1e-12)


def test_several_runs_have_the_interval_of_student_and_one_run_that_of_its_days(busy):
    one = analysis.liquidity_intervals(busy, (), draws=100, levels=(1,)).set_index("measure")
    assert set(one["method"]) == {"blocks of days"}
    assert (one.loc["kyle_lambda", "low"] < 0.8) & (one.loc["kyle_lambda", "high"] > 0.8)
    # Days are independent here, so that the error is that of least squares.
    flow = analysis.order_flow(busy)
    error = analysis.kyle_lambda(flow["mid_change_ticks"], flow["signed_lots"]).standard_error
    width = one.loc["kyle_lambda", "high"] - one.loc["kyle_lambda", "low"]
    assert width == pytest.approx(2 * 1.96 * error, rel=0.4)
    three = pd.concat([busy.quotes.assign(run=k, ask_lots=busy.quotes["ask_lots"] + k) for k in range(3)])
    trades = pd.concat([busy.trades.assign(run=k) for k in range(3)])
    several = busy._replace(quotes=three.reset_index(drop=True), trades=trades.reset_index(drop=True))
    found = analysis.liquidity_intervals(several, (), levels=(1,), horizons_days=[1.0]).set_index("measure")
    # The measured lots at the best prices come from the table depth; resiliency does not know the level.
    assert found.loc["kyle_lambda", "reason"] == "the same in every seed"
    assert found.loc["depth", "reason"] == "no value: no table depth"
    flows = analysis.liquidity_summary(several, "run", levels=(1,), horizons_days=[1.0])
    values = flows.loc[flows["measure"] == "order_flow_imbalance", "value"]
    low, high = stats.t.interval(0.95, 2, values.mean(), stats.sem(values))
    row = found.loc["order_flow_imbalance"]
    assert (row["value"], row["n"]) == (pytest.approx(values.mean()), 3)
    assert (row["low"], row["high"]) == (pytest.approx(low), pytest.approx(high))


def test_a_number_without_a_value_has_no_interval_and_keeps_its_reason(kept):
    for runs in (tables_of([{}]), kept):
        table = analysis.liquidity_intervals(runs, (), draws=100, levels=(1,))
        missing = table["value"].isna()
        assert table.loc[missing, ["low", "high"]].isna().all(axis=None)
        assert (table.loc[missing, "reason"] != "").all()
        assert (table.loc[table["low"].isna(), "reason"] != "").all()
        assert (table["low"] <= table["high"]).loc[table["low"].notna()].all()
        plain = analysis.liquidity_summary(runs, (), levels=(1,))
        pd.testing.assert_series_equal(table["value"], plain["value"])
    with pytest.raises(ParameterError, match="block_days: 0 is not >= 1"):
        analysis.liquidity_intervals(kept, block_days=0)
    with pytest.raises(ParameterError, match="confidence: 95 is not in"):
        analysis.liquidity_intervals(kept, confidence=95)
    with pytest.raises(ParameterError, match="by: 'hour' is not one of run, tenor"):
        analysis.liquidity_intervals(kept, "hour")


def test_facts_of_the_day_have_the_values_of_the_run_and_an_interval_or_a_reason():
    run = analysis.load(FORMAT_4)
    days, statistics = _statistics(run, 1)
    found = analysis.day_fact_intervals(run, draws=100)
    plain = analysis.day_facts(run)
    assert found["fact"].tolist() == plain["fact"].tolist()
    pd.testing.assert_series_equal(found["value"], plain["value"])
    for row in plain.itertuples():
        if not row.reason:
            assert statistics[row.fact](np.arange(days)) == pytest.approx(row.value, rel=1e-9), row.fact
    assert (found.loc[found["low"].isna(), "reason"] != "").all()
    twice = analysis.day_fact_intervals([run, run])
    known = plain["value"].notna()
    assert (twice.loc[known, "reason"] == "the same in every seed").all()
    assert (twice.loc[~known, "reason"] == "no value").all()
    assert twice["n"].tolist() == [2 if each else 0 for each in known]
    with pytest.raises(ParameterError, match="runs: there is none"):
        analysis.day_fact_intervals([])


def test_days_that_depend_on_their_neighbours_are_drawn_in_blocks_of_them():
    level = np.repeat(np.random.default_rng(9).normal(size=20), 5)  # the same all week
    given = {"draws": 200, "seed": 1, "confidence": 0.95}
    found = day_bootstrap(100, lambda drawn: level[drawn].mean(), block=5, **given)
    assert found == analysis.block_bootstrap(level, np.mean, block=5, **given)
    assert found.sd > 1.3 * day_bootstrap(100, lambda drawn: level[drawn].mean(), block=1, **given).sd
    assert day_bootstrap(3, lambda drawn: level[drawn].mean(), block=5, **given).n == 3


@pytest.mark.verify
def test_intervals_over_days_hold_kyles_lambda_nearly_as_often_as_they_say():
    """Sixty markets of 60 days; blocks of five days leave intervals a little short."""
    held = 0
    for seed in range(60):
        tables = kyle_market(3_000, impact=0.4, half_spread=5.0, seed=100 + seed)
        table = analysis.liquidity_intervals(tables, (), draws=200, levels=(1,)).set_index("measure")
        row = table.loc["kyle_lambda"]
        held += row["low"] <= 0.8 <= row["high"]
    assert 0.95 - 4 * math.sqrt(0.05 * 0.95 / 60) - 0.03 <= held / 60
