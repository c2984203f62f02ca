"""What the report says of trading costs: the means of the tables, and in words where there are none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from liquidity_market import quotes_at, tables_of

import analysis
from analysis.figures import trading_costs
from analysis.liquidity.overview import liquidity_overview
from analysis.liquidity_page import liquidity_section

FORMAT_4 = Path(__file__).parents[1] / "recording" / "folders" / "format-4"


@pytest.fixture(scope="module")
def kept():
    return analysis.load(FORMAT_4)


def test_the_overview_is_the_summary_by_tenor_and_by_eighth_of_the_day(kept):
    overview = liquidity_overview(analysis.liquidity_tables(kept))
    for key, means in (("tenor", overview.by_tenor), ("part_of_day", overview.by_part)):
        table = analysis.liquidity_summary(kept, key, horizons_days=[1.0], parts_of_day=8)
        for column, measure, level in (
            ("quoted", "quoted_spread_share", np.nan),
            ("effective", "effective_spread_share", np.nan),
            ("realised", "realised_spread_share", np.nan),
            ("impact", "price_impact_share", np.nan),
            ("depth_1", "depth", 1.0),
            ("depth_5", "depth", 5.0),
        ):
            if column in means:
                expected = table[table["measure"].eq(measure) & (pd.isna(level) | table["levels"].eq(level))]
                np.testing.assert_allclose(means[column], expected["value"], rtol=1e-12)
    assert overview.by_tenor["trades"].sum() == overview.by_part["trades"].sum() > 0


def test_effective_is_realised_plus_impact_in_what_the_page_shows(kept):
    for means in liquidity_overview(analysis.liquidity_tables(kept)):
        parts = means["realised"] + means["impact"]
        np.testing.assert_allclose(means["effective"], parts, rtol=0, atol=1e-15)


def test_the_page_has_a_row_for_each_tenor_and_part_of_the_day(kept):
    page = liquidity_section(kept)
    overview = liquidity_overview(analysis.liquidity_tables(kept))
    assert "What those who trade at once pay, and to whom" in page
    assert page.count(" of 8</td>") == len(overview.by_part)
    tenors, day, depth = trading_costs.draw(kept).axes
    assert [axes.get_xlabel() for axes in (tenors, day)] == [
        "months from the front month",
        "part of the day, of 8",
    ]
    assert {line.get_label() for line in tenors.lines} > {"quoted", "effective", "realised", "impact"}
    assert depth.get_ylabel() == "lots, both sides"


def test_a_run_without_trades_or_their_record_says_so(kept):
    without = replace(kept, tables={k: v for k, v in kept.tables.items() if k != "trades"})
    assert "Trades and quotes were not recorded, or there were none." in liquidity_section(without)
    closed = liquidity_overview(tables_of([{"phase": 2}]))
    assert closed.by_tenor.drop(columns="trades").isna().all(axis=None)
    for overview in (closed, liquidity_overview(tables_of(quotes_at([100, 101] * 4)))):
        assert trading_costs.draw_overview(overview).axes
