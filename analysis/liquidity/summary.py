"""All measures of liquidity in one long table, by tenor, part of the day, regime and run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..price_impact import kyle_lambda
from ..runs import Run
from .estimators import Estimate, amihud_illiquidity, resiliency, roll_spread
from .flow_toxicity import NOT_FULL
from .gathering import LiquidityTables, liquidity_tables
from .measured_rows import MeasuredRows, measured_rows
from .square_root_law import fit_square_root_law
from .trading_costs import NO_TRADE, PARTS, group_keys, mean_costs

SUMMARY_GROUPS = ("run", "tenor", "part_of_day", "regime")
_WHOLE_DAYS = "a measure of whole days"
_NO_DEPTH = "no table depth"

Row = tuple[str, str, Estimate]
Measures = Callable[[pd.DataFrame], list[Row]]


def liquidity_summary(
    runs: Run | Sequence[Run] | LiquidityTables,
    by: str | Sequence[str] = ("tenor",),
    *,
    horizons_days: Sequence[float] | None = None,
    levels: Sequence[int] = (1, 5),
    parts_of_day: int = 4,
    regimes: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return every measure of liquidity of each group, one row a group and measure.

    Parameters
    ----------
    runs : RunFolder, path, sequence of them, or LiquidityTables
        Of at least the profile ``daily``; runs are pooled unless ``by`` names ``run``.
    by : str or sequence of str
        Of ``run``, ``tenor``, ``part_of_day`` and ``regime``.
    horizons_days : sequence of float
        Of realised spread and price impact, in days; by default those of ``usual_horizons_days``.
    levels : sequence of int
        How many price levels a side count as its depth.
    parts_of_day : int
        Equal parts that the day is divided into.
    regimes : DataFrame, optional
        As ``day_regimes`` returns, which is the default.

    Returns
    -------
    DataFrame
        The groups, ``measure``, ``horizon_days`` and ``levels`` (NaN where a measure has none), ``value``,
        ``unit``, ``observations`` and ``reason``, which says why a value is NaN and is empty otherwise.
        Every group that has quotes has every measure.
    """
    tables = runs if isinstance(runs, LiquidityTables) else liquidity_tables(runs)
    keys = group_keys(by, SUMMARY_GROUPS)
    return summary_of(measured_rows(tables, horizons_days, levels, parts_of_day, regimes), keys)


def summary_of(rows: MeasuredRows, keys: list[str]) -> pd.DataFrame:
    """Return the table of ``liquidity_summary`` of rows that are gathered already."""
    groups = rows.rounds[keys].drop_duplicates().sort_values(keys, ignore_index=True) if keys else None
    by_row: list[tuple[pd.DataFrame, Measures]] = [
        (rows.rounds, lambda own: _of_rounds(own, rows.rounds_per_day)),
        (rows.prices, _of_prices),
        (rows.days, _of_days),
        (rows.pairs, _of_pairs),
        (rows.slopes, lambda own: _of_slopes(own, rows.lacks_depth)),
        (rows.buckets, _of_buckets),
        (rows.parents, _of_parents),
    ]
    parts = [_each_group(own, keys, groups, measures) for own, measures in by_row]
    for level in rows.levels:
        depth = rows.depth[rows.depth["level"] == level]
        found = _each_group(depth, keys, groups, lambda own: _of_depth(own, rows.lacks_depth))
        parts.append(found.assign(levels=level))
    parts += [_of_costs(rows.costs, each, keys, groups) for each in rows.horizons_days]
    return _ordered(pd.concat(parts, ignore_index=True), keys)


def _each_group(
    rows: pd.DataFrame, keys: list[str], groups: pd.DataFrame | None, measures: Measures
) -> pd.DataFrame:
    """Return the measures of the rows of each group; a group without rows has them of no rows."""
    whole_days = [key for key in keys if key not in rows]
    found: list[dict[str, Any]] = []
    own_keys = [key for key in keys if key in rows]
    of_group = dict(list(rows.groupby(own_keys))) if own_keys else {(): rows}
    for group in [{}] if groups is None else groups.to_dict("records"):
        at: Any = tuple(group[key] for key in own_keys)
        for measure, unit, estimate in measures(of_group.get(at, rows.iloc[:0])):
            own = Estimate(math.nan, 0, _WHOLE_DAYS) if whole_days else estimate
            named = {str(key): group[key] for key in keys}
            found.append(named | {"measure": measure, "unit": unit, **own._asdict()})
    return pd.DataFrame(found)


def _mean(column: pd.Series, without: str) -> Estimate:
    known = column.dropna()
    return Estimate(float(known.mean()), len(known)) if len(known) else Estimate(math.nan, 0, without)


def _of_rounds(rows: pd.DataFrame, rounds_per_day: int) -> list[Row]:
    continuous, scale = rows[rows["is_continuous"]], rows["mid_ticks"].where(rows["mid_ticks"] > 0.0)
    one_sided, halted = "no two-sided round", "no round of continuous trading"
    priced = one_sided if rows["mid_ticks"].isna().all() else "no mid above zero"
    series = rows.groupby(["run", "month", "day"]).ngroup()
    mean = rows.groupby(["run", "tenor"])["depth_lots"].transform("mean")
    rate = resiliency(rows["depth_lots"] - mean, series, step_days=1.0 / rounds_per_day)
    half_life = rate._replace(value=math.log(2.0) / rate.value)
    return [
        ("quoted_spread", "ticks", _mean(rows["spread_ticks"], one_sided)),
        ("quoted_spread_share", "share of mid", _mean(rows["spread_ticks"] / scale, priced)),
        ("two_sided_share", "share of rounds", _mean(continuous["is_two_sided"].astype(float), halted)),
        ("resiliency", "1/day", rate),
        ("depth_half_life", "days", half_life),
        *_impact("kyle_lambda", rows["mid_change_ticks"], rows["signed_lots"]),
        *_impact("order_flow_imbalance", rows["mid_change_ticks"], rows["imbalance_lots"]),
    ]


def _impact(name: str, change: pd.Series, flow: pd.Series) -> list[Row]:
    fitted = kyle_lambda(change.to_numpy(dtype=np.float64), flow.to_numpy(dtype=np.float64))
    pairs = int((change.notna() & flow.notna()).sum())
    without = "fewer than two changes of the mid" if pairs < 2 else "no flow of orders"
    slope = Estimate(fitted.slope, pairs, without if math.isnan(fitted.slope) else "")
    still = slope.reason or ("the mid never moved" if math.isnan(fitted.r_squared) else "")
    share = Estimate(fitted.r_squared, pairs, still)
    return [(name, "ticks per lot", slope), (f"{name}_r_squared", "share", share)]


def _of_prices(rows: pd.DataFrame) -> list[Row]:
    series = rows.groupby(["run", "month", "day"]).ngroup()
    ordered = rows.assign(series=series).sort_values("series", kind="stable")
    return [("roll_spread", "ticks", roll_spread(ordered["price_ticks"], ordered["series"]))]


def _of_days(rows: pd.DataFrame) -> list[Row]:
    estimate = amihud_illiquidity(rows["log_return"], rows["turnover"])
    return [("amihud", "|log return| per USD 1e6", estimate)]


def _of_pairs(rows: pd.DataFrame) -> list[Row]:
    without = "no two days in a row with trades above zero"
    return [("corwin_schultz_spread", "share of price", _mean(rows["spread_share"], without))]


def _of_buckets(rows: pd.DataFrame) -> list[Row]:
    return [
        ("vpin", "share of volume", _mean(rows["imbalance_share"], NOT_FULL)),
        ("vpin_shuffled", "share of volume", _mean(rows["shuffled_share"], NOT_FULL)),
    ]


def _of_parents(rows: pd.DataFrame) -> list[Row]:
    law = fit_square_root_law(rows["impact"], rows["volume_share"])
    return [
        ("impact_prefactor", "volatility of a day", Estimate(law.prefactor, law.orders, law.reason)),
        ("impact_exponent", "power of size", Estimate(law.exponent, law.orders, law.exponent_reason)),
    ]


def _of_slopes(rows: pd.DataFrame, is_missing: bool) -> list[Row]:
    without = _NO_DEPTH if is_missing else "no moment with two price levels on both sides"
    return [("book_slope", "lots per tick", _mean(rows["slope_lots_per_tick"], without))]


def _of_depth(rows: pd.DataFrame, is_missing: bool) -> list[Row]:
    without = _NO_DEPTH if is_missing else "no moment in continuous trading"
    return [("depth", "lots", _mean(rows["depth_lots"], without))]


def _of_costs(
    costs: pd.DataFrame, horizon_days: float, keys: list[str], groups: pd.DataFrame | None
) -> pd.DataFrame:
    """Return effective and realised spread and impact of each group at one horizon, weighted by lots."""
    means = mean_costs(costs[costs["horizon_days"] == horizon_days], keys)
    if groups is None:
        means = means.reindex([0])
    else:
        means = groups.merge(means, on=keys, how="left")
    trades, said = means["trades"].fillna(0).astype(int), means["reason"].fillna(NO_TRADE)
    rows = []
    for part in PARTS:
        name = "price_impact" if part == "impact" else f"{part}_spread"
        for kind, measure, unit in (("ticks", name, "ticks"), ("share", f"{name}_share", "share of mid")):
            value = means[f"{part}_{kind}"]
            rows.append(
                means[keys].assign(
                    measure=measure,
                    horizon_days=float(horizon_days),
                    value=value,
                    unit=unit,
                    observations=trades,
                    reason=said.where(value.isna(), ""),
                )
            )
    return pd.concat(rows, ignore_index=True)


def _ordered(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    columns = [*keys, "measure", "horizon_days", "levels", "value", "unit", "observations", "reason"]
    by = [*keys, "measure", "horizon_days", "levels"]
    numbers = dict.fromkeys(("horizon_days", "levels", "value"), float)
    typed = table.reindex(columns=columns).astype(numbers)
    return typed.sort_values(by, ignore_index=True, kind="stable")
