"""Liquidity of runs against cases by hand, a market of linear impact, plain loops and statsmodels."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from liquidity_market import QUOTE, ROUNDS, kyle_market, measures, quotes_at, tables_of
from statsmodels.regression.linear_model import OLS

import analysis
from abm.core.errors import ParameterError, RunFolderError
from abm.recording import read_run
from analysis.liquidity.conditions import part_of_day
from analysis.liquidity.gathering import _trades_filled
from analysis.liquidity.trading_costs import horizon_rounds, usual_horizons_days

FOLDERS = Path(__file__).parents[2] / "recording" / "folders"


@pytest.fixture(scope="module")
def kept():
    """Tables of a small run with a default."""
    return analysis.liquidity_tables(FOLDERS / "format-4")


# What an incoming order pays


def test_a_buyer_pays_twice_the_distance_to_the_mid_and_what_the_price_gives_back_is_not_impact():
    later = quotes_at([100, 101, 104, 104, 110])
    bought = {"price_ticks": 103, "lots": 3}
    sold = {"price_ticks": 98, "aggressor_side": -1, "round": 1, "mid_before_ticks": 101.0}
    costs = analysis.trade_costs(tables_of(later, [bought, sold]), [0.0, 0.5, 1.0])
    found = costs[["horizon_days", "side", "effective_ticks", "realised_ticks", "impact_ticks"]]
    assert found.to_numpy().tolist()[:5] == [
        [0.0, 1, 6.0, 6.0, 0.0],  # the mid of its own round is 100 still
        [0.0, -1, 6.0, 6.0, 0.0],
        [0.5, 1, 6.0, -2.0, 8.0],
        [0.5, -1, 6.0, 12.0, -6.0],  # he sold before a rise: the other side gained
        [1.0, 1, 6.0, -14.0, 20.0],  # a day of four rounds later
    ]
    assert costs["reason"].tolist() == [""] * 5 + ["no mid at the horizon"]
    np.testing.assert_allclose(costs["effective_share"], [6 / 100, 6 / 101] * 3)


def test_effective_is_realised_plus_impact_trade_by_trade_and_in_every_mean():
    rng = np.random.default_rng(1)
    quotes = quotes_at(100 + rng.integers(-9, 9, 200))
    for missing in rng.choice(200, 20):
        quotes[missing]["best_bid_ticks"] = pd.NA
    trades = [
        {
            "day": step // ROUNDS, "round": step % ROUNDS, "price_ticks": int(rng.integers(90, 110)),
            "lots": int(rng.integers(1, 9)), "aggressor_side": int(rng.choice([-1, 1])),
            "mid_before_ticks": float(rng.integers(180, 220)) / 2,
        }
        for step in range(200)
    ]  # fmt: skip
    costs = analysis.trade_costs(tables_of(quotes, trades), [0.25, 1.0, 2.5])
    for table in (costs, analysis.mean_costs(costs, ["part_of_day", "side"])):
        for unit in ("ticks", "share"):
            parts = table[f"realised_{unit}"] + table[f"impact_{unit}"]
            known = parts.notna()
            assert known.sum() > 20
            np.testing.assert_allclose(table[f"effective_{unit}"][known], parts[known], rtol=0, atol=1e-11)
    plain = costs[(costs["horizon_days"] == 1.0) & (costs["side"] == 1) & costs["realised_ticks"].notna()]
    mean = analysis.mean_costs(costs, "side").set_index(["side", "horizon_days"]).loc[(1, 1.0)]
    assert mean["effective_ticks"] == np.average(plain["effective_ticks"], weights=plain["lots"])
    assert (mean["trades"], mean["lots"]) == (len(plain), plain["lots"].sum())
    alike = analysis.mean_costs(costs, "side", weight="trades").set_index(["side", "horizon_days"])
    assert alike.loc[(1, 1.0), "impact_ticks"] == pytest.approx(plain["impact_ticks"].mean(), abs=1e-12)


def test_auctions_and_legs_of_calendar_spreads_have_no_effective_spread():
    trades = [{"aggressor_side": 0}, {"spread_months": 1}, {"lots": 2}]
    assert analysis.trade_costs(tables_of([{}], trades), [0.0])["lots"].tolist() == [2]


def test_a_horizon_follows_the_month_that_was_traded_not_the_tenor():
    quotes = [{"month": 5}, {"day": 1, "month": 5, "tenor": 0, "best_ask_ticks": 105}, {"day": 1, "month": 6}]
    costs = analysis.trade_costs(tables_of(quotes, [{"month": 5}]), [1.0])
    assert costs["later_mid_ticks"].tolist() == [102.0]


def test_what_a_cost_lacks_is_said_trade_by_trade():
    quotes = [{"day": 0}, {"day": 1, "phase": 1}]
    trades = [{"mid_before_ticks": math.nan}, {}, {"mid_before_ticks": -4.0}]
    costs = analysis.trade_costs(tables_of(quotes, trades), [0.0])
    assert costs["reason"].tolist() == ["no mid before the trade", "", "no mid above zero"]
    assert costs["effective_ticks"].tolist()[1:] == [2.0, 210.0]
    assert np.isnan(costs["effective_share"]).tolist() == [True, False, True]
    closed = analysis.trade_costs(tables_of(quotes, trades[1:2]), [1.0])
    assert closed["reason"].tolist() == ["no mid at the horizon"]
    mean = analysis.mean_costs(closed).iloc[0]
    assert (mean["trades"], mean["left_out"], math.isnan(mean["effective_ticks"])) == (0, 1, True)
    assert mean["reason"] == "every trade lacks a mid before it or at the horizon"


def test_a_class_that_never_took_a_price_is_listed_without_a_number():
    costs = analysis.trade_costs(tables_of([{}], [{}]), [0.0])
    by_class = analysis.mean_costs(costs, "aggressor_class").set_index("aggressor_class")
    assert sorted(by_class.index) == ["dmm", "enterprise", "noise"]
    assert by_class.loc["noise", ["trades", "effective_ticks", "reason"]].tolist() == [1, 2.0, ""]
    assert by_class.loc["dmm", "reason"] == "no trade"
    assert by_class.drop("noise")[["effective_ticks", "realised_share"]].isna().all(axis=None)


def test_a_market_with_linear_impact_has_it_in_its_spreads_and_in_kyles_lambda():
    tables = kyle_market(8_000, impact=0.4, half_spread=5.0, seed=2)
    mean = analysis.mean_costs(analysis.trade_costs(tables, [0.0]), weight="trades").iloc[0]
    assert mean["effective_ticks"] == pytest.approx(10.0, abs=1e-9)
    assert mean["impact_ticks"] == pytest.approx(2 * 2 * 0.4 * 10.0, abs=4 * 12.0 / math.sqrt(8_000))
    assert measures(tables)["kyle_lambda"][0] == pytest.approx(0.8, abs=4 * 6.0 / 11.0 / math.sqrt(8_000))


def test_horizons_are_whole_rounds_of_the_day_and_none_is_shorter():
    assert [horizon_rounds(days, 48) for days in (0, 0.1, 0.5, 1, 2.5)] == [0, 5, 24, 48, 120]
    assert [usual_horizons_days(rounds) for rounds in (48, 4, 1)] == [(0.1, 1.0), (0.25, 1.0), (1.0,)]
    tables = tables_of([{}], [{}])
    for wrong in ([0.01], [-1.0], [math.nan], ["1"], []):
        with pytest.raises(ParameterError, match="horizons_days: "):
            analysis.trade_costs(tables, wrong)
    with pytest.raises(ParameterError, match="by: 'hour' is not one of run, seed, tenor"):
        analysis.mean_costs(analysis.trade_costs(tables), "hour")
    with pytest.raises(ParameterError, match="weight: 'usd' is not one of lots, trades"):
        analysis.mean_costs(analysis.trade_costs(tables), weight="usd")


# Books and flow


def imbalance(before: dict, after: dict) -> float:
    """The increments of Cont, Kukanov and Stoikov (2014), section 2.1, case by case."""
    b0, q0, a0, r0 = (before[k] for k in ("best_bid_ticks", "bid_lots", "best_ask_ticks", "ask_lots"))
    b1, q1, a1, r1 = (after[k] for k in ("best_bid_ticks", "bid_lots", "best_ask_ticks", "ask_lots"))
    demand = q1 if b1 > b0 else -q0 if b1 < b0 else q1 - q0
    supply = r1 if a1 < a0 else -r0 if a1 > a0 else r1 - r0
    return demand - supply


def test_order_flow_imbalance_is_the_published_one_and_never_over_night():
    rng = np.random.default_rng(5)
    quotes = [
        {
            "day": step // ROUNDS, "round": step % ROUNDS,
            "best_bid_ticks": 99 - int(rng.integers(0, 3)), "best_ask_ticks": 101 + int(rng.integers(0, 3)),
            "bid_lots": int(rng.integers(1, 30)), "ask_lots": int(rng.integers(1, 30)),
        }
        for step in range(80)
    ]  # fmt: skip
    flow = analysis.order_flow(tables_of(quotes))
    for step, row in enumerate(flow.itertuples()):
        if step % ROUNDS == 0:
            assert math.isnan(row.imbalance_lots)
            assert math.isnan(row.mid_change_ticks)
        else:
            assert row.imbalance_lots == imbalance(quotes[step - 1], quotes[step])
    apart = analysis.order_flow(tables_of([{"round": 0}, {"round": 2}]))
    assert apart[["imbalance_lots", "mid_change_ticks"]].isna().all(axis=None)  # a round is missing
    by_hand = [{"bid_lots": 5, "ask_lots": 7}, {"round": 1, "bid_lots": 8, "best_ask_ticks": 102}]
    assert analysis.order_flow(tables_of(by_hand))["imbalance_lots"].tolist()[1] == 3 + 7


def test_slopes_and_their_r_squared_are_those_of_ordinary_least_squares():
    tables = kyle_market(3_000, impact=0.4, half_spread=5.0, seed=6)
    rng = np.random.default_rng(6)
    lots = {name: rng.integers(1, 40, 3_000) for name in ("bid_lots", "ask_lots")}
    tables = tables._replace(quotes=tables.quotes.assign(**lots))
    flow, found = analysis.order_flow(tables), measures(tables)
    for name, column in (("kyle_lambda", "signed_lots"), ("order_flow_imbalance", "imbalance_lots")):
        fitted = OLS(flow["mid_change_ticks"], flow[column], missing="drop").fit()
        assert found[name][0] == pytest.approx(fitted.params.iloc[0], rel=1e-9)
        assert found[f"{name}_r_squared"][0] == pytest.approx(fitted.rsquared, rel=1e-9)
        assert fitted.rsquared > 0.1


def levels_of(**lots) -> list[dict]:
    """Levels one tick apart on both sides, with the same lots at each."""
    return [{"level": k, "bid_ticks": 100 - k, "ask_ticks": 100 + k, **lots} for k in (1, 2, 3)]


def test_a_book_of_even_density_has_that_slope_and_depth_adds_up_level_by_level():
    tables = tables_of([{}], depth=levels_of(bid_lots=6, ask_lots=4))
    assert analysis.book_slopes(tables)["slope_lots_per_tick"].tolist() == [5.0]
    depth = analysis.depth_at_levels(tables, [1, 3])
    assert depth[["level", "depth_lots"]].to_numpy().tolist() == [[1, 10], [3, 30]]
    found = measures(tables, levels=[2])
    assert (found["book_slope"], found["depth"]) == ((5.0, ""), (20.0, ""))
    uneven = levels_of(bid_lots=6)
    uneven[2] |= {"bid_ticks": 90}  # seven ticks further: cumulative 6, 12, 18 at 1, 2, 10
    slope = np.polyfit([1, 2, 10], [6, 12, 18], 1)[0]
    assert analysis.book_slopes(tables_of([{}], depth=uneven))["slope_lots_per_tick"][0] == pytest.approx(
        (slope + 10.0) / 2
    )


def test_half_a_book_has_no_slope_and_levels_that_nobody_recorded_have_no_depth():
    half = levels_of()
    for level in half[1:]:
        level |= {"bid_ticks": pd.NA, "bid_lots": 0}
    found = measures(tables_of([{}], depth=half), levels=[3])
    assert math.isnan(found["book_slope"][0])
    assert found["book_slope"][1] == "no moment with two price levels on both sides"
    assert found["depth"] == (40.0, "")
    with pytest.raises(ParameterError, match=r"levels: 4 is not in \[1, 3\], the levels recorded"):
        analysis.depth_at_levels(tables_of([{}], depth=half), [4])


def test_spread_and_presence_are_of_continuous_trading_and_one_sided_rounds_have_no_spread():
    quotes = [
        {},
        {"round": 1, "best_ask_ticks": 105},
        {"round": 2, "best_bid_ticks": pd.NA},
        {"round": 3, "phase": 1},
    ]
    found = measures(tables_of(quotes))
    assert found["two_sided_share"] == (2 / 3, "")
    assert found["quoted_spread"] == (4.0, "")
    assert found["quoted_spread_share"][0] == pytest.approx((2 / 100 + 6 / 102) / 2)
    one_sided = measures(tables_of(quotes[2:]))
    assert one_sided["two_sided_share"] == (0.0, "")
    assert math.isnan(one_sided["quoted_spread"][0])
    assert one_sided["quoted_spread"][1] == "no two-sided round"
    assert (one_sided["book_slope"][1], one_sided["depth"][1]) == ("no table depth", "no table depth")
    assert measures(tables_of(quotes[3:]))["two_sided_share"][1] == "no round of continuous trading"


# Conditions


def test_turbulent_days_are_those_of_the_largest_realised_volatility():
    size = [1, 2, 1, 9, 2, 1, 2, 8, 1, 2]
    mids = [1_000 + (step % 2) * size[step // ROUNDS] for step in range(10 * ROUNDS)]
    regimes = analysis.day_regimes(tables_of(quotes_at(mids)))
    assert regimes.loc[regimes["regime"] == "turbulent", "day"].tolist() == [3, 7]
    assert set(regimes["regime"]) == {"calm", "turbulent"}
    assert regimes["realised_volatility"][3] == pytest.approx(math.sqrt(3) * math.log(1.009))
    assert (regimes["reason"] == "").all()


def test_a_run_of_few_days_or_none_with_a_price_is_not_divided():
    few = analysis.day_regimes(tables_of(quotes_at([1_000] * ROUNDS)))
    assert few[["regime", "reason"]].to_numpy().tolist() == [
        ["unknown", "fewer than 5 days with a realised volatility"]
    ]
    without = analysis.day_regimes(tables_of(quotes_at([1_000] * ROUNDS)), tenor=7)
    assert without["reason"].tolist() == ["fewer than two mids above zero at tenor 7 on that day"]
    assert analysis.liquidity_summary(tables_of([{}]), "regime")["regime"].unique().tolist() == ["unknown"]
    for wrong in (0.0, 1.5, math.nan):
        with pytest.raises(ParameterError, match="turbulent_share: "):
            analysis.day_regimes(tables_of([{}]), turbulent_share=wrong)


def test_the_parts_of_a_day_divide_the_spread_among_them():
    quotes = [{"day": 0, "round": k, "best_ask_ticks": 101 + 2 * k} for k in range(ROUNDS)]
    table = analysis.liquidity_summary(tables_of(quotes), "part_of_day", parts_of_day=2)
    spread = table[table["measure"] == "quoted_spread"].set_index("part_of_day")["value"]
    assert spread.to_dict() == {0: 3.0, 1: 7.0}
    assert part_of_day(pd.Series([0, 1]), 2, 4).tolist() == [0, 2]  # more parts than rounds
    with pytest.raises(ParameterError, match="parts_of_day: 0 is not >= 1"):
        part_of_day(pd.Series([0]), 4, 0)
    amihud = table[table["measure"] == "amihud"]
    assert amihud["value"].isna().all()
    assert set(amihud["reason"]) == {"a measure of whole days"}


# The summary


def assert_every_value_or_a_reason(table: pd.DataFrame) -> None:
    has_value = table["value"].notna()
    assert (has_value == (table["reason"] == "")).all(), table[has_value == (table["reason"] != "")]
    assert np.isfinite(table["value"][has_value]).all()
    assert (table["observations"][has_value] > 0).all()


@pytest.mark.parametrize("by", [(), "tenor", ("run", "tenor", "part_of_day", "regime")], ids=str)
def test_every_group_has_every_measure_or_a_reason(by, kept):
    table = analysis.liquidity_summary(kept, by)
    assert_every_value_or_a_reason(table)
    keys = [by] if isinstance(by, str) else list(by)
    of_group = table.groupby(keys).size() if keys else pd.Series([len(table)])
    assert set(of_group) == {31}


def test_a_market_without_trades_and_one_quote_has_reasons_only_where_it_must():
    table = analysis.liquidity_summary(tables_of([{}]), ("tenor",))
    assert_every_value_or_a_reason(table)
    known = table.loc[table["value"].notna(), "measure"].tolist()
    assert known == ["quoted_spread", "quoted_spread_share", "two_sided_share"]
    reasons = table.set_index("measure")["reason"]
    assert set(reasons[["effective_spread", "realised_spread", "price_impact"]]) == {"no trade"}
    assert_every_value_or_a_reason(analysis.liquidity_summary(tables_of([{"phase": 2}])))


def test_runs_are_pooled_or_kept_apart(kept):
    run = read_run(FOLDERS / "format-4")
    twice = analysis.liquidity_tables([run, run])
    one = analysis.liquidity_summary(kept, ())
    apart = analysis.liquidity_summary(twice, "run")
    for number in (0, 1):
        own = apart[apart["run"] == number].drop(columns="run").reset_index(drop=True)
        pd.testing.assert_frame_equal(own, one)
    pooled = analysis.liquidity_summary(twice, ())
    pd.testing.assert_frame_equal(pooled.drop(columns="observations"), one.drop(columns="observations"))
    assert (pooled["observations"] == 2 * one["observations"]).all()


def test_runs_that_do_not_belong_together_are_refused():
    with pytest.raises(ParameterError, match="runs: there is none"):
        analysis.liquidity_tables([])
    other = read_run(FOLDERS / "format-4")
    other.__dict__["calendar"] = None
    with pytest.raises(ParameterError, match="runs: the calendar of run 1 is not that of run 0"):
        analysis.liquidity_tables([FOLDERS / "format-4", other])
    with pytest.raises(RunFolderError, match="table 'trades' is not in this run"):
        analysis.liquidity_tables(FOLDERS / "format-1")


def test_what_older_folders_lack_stands_in_from_their_quotes_and_is_said(kept):
    today = kept
    assert today.filled == ()
    old = analysis.liquidity_tables(FOLDERS / "format-3")
    assert [line.split(":")[0] for line in old.filled] == [
        "trades had no mids", "trades had no class of the aggressor", "no table depth",
    ]  # fmt: skip
    lost = dict.fromkeys(("mid_before_ticks", "mid_after_ticks", "aggressor_class"))
    bare = today.trades.assign(**lost)
    filled, _ = _trades_filled(bare, today.quotes, today.agents)
    not_first = today.trades["round"] > 0
    for column in lost:
        pd.testing.assert_series_equal(
            filled[column][not_first], today.trades[column][not_first], check_dtype=False
        )
    assert filled["mid_before_ticks"][~not_first].isna().all()


def test_the_costs_of_a_run_are_those_of_a_plain_loop_over_its_tables(kept):
    run = read_run(FOLDERS / "format-4")
    mid = {}
    for row in run.tables["quotes"].itertuples():
        if row.phase == 0 and row.best_bid_ticks is not pd.NA and row.best_ask_ticks is not pd.NA:
            mid[row.month, 4 * row.day + row.round] = (row.best_bid_ticks + row.best_ask_ticks) / 2
    paid: dict[int, list[tuple[float, ...]]] = {}
    for trade in run.tables["trades"].itertuples():
        later = mid.get((trade.month, 4 * trade.day + trade.round + 2))
        if trade.aggressor_side and not trade.spread_months and later and trade.mid_before_ticks > 0:
            sign, before = 2 * trade.aggressor_side, trade.mid_before_ticks
            parts = (sign * (trade.price_ticks - before), sign * (trade.price_ticks - later))
            paid.setdefault(trade.tenor, []).append((trade.lots, *parts))
    means = analysis.mean_costs(analysis.trade_costs(kept, [0.5])).set_index("tenor")
    assert len(paid) > 2
    for tenor, rows in paid.items():
        lots, effective, realised = np.array(rows).T
        assert means.loc[tenor, "lots"] == lots.sum()
        assert means.loc[tenor, "effective_ticks"] == pytest.approx(np.average(effective, weights=lots))
        assert means.loc[tenor, "realised_ticks"] == pytest.approx(np.average(realised, weights=lots))


def test_the_measures_have_one_unit_each_and_name_their_horizon_or_levels(kept):
    table = analysis.liquidity_summary(kept, ())
    assert (table.groupby("measure")["unit"].nunique() == 1).all()
    with_horizon = set(table.loc[table["horizon_days"].notna(), "measure"])
    parts = ("effective_spread", "realised_spread", "price_impact")
    assert with_horizon == {*parts, *(f"{name}_share" for name in parts)}
    assert set(table.loc[table["levels"].notna(), "measure"]) == {"depth"}
    assert set(QUOTE) <= set(kept.quotes)
