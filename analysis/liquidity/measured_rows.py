"""The rows that each measure of liquidity is of: rounds, orders, days, moments, buckets, trades."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from .books import book_slopes, daily_prices, depth_at_levels, incoming_prices, order_flow
from .conditions import day_regimes
from .estimators import corwin_schultz_spread
from .flow_toxicity import volume_buckets
from .gathering import LiquidityTables
from .square_root_law import parent_orders
from .trading_costs import trade_costs, usual_horizons_days, with_conditions

TURNOVER_UNIT_USD = 1e6
"""Turnover that the measure of Amihud is per."""


class MeasuredRows(NamedTuple):
    """Rows of one run or of several, each with ``run``, ``day``, ``tenor`` and ``regime``.

    Attributes
    ----------
    rounds, prices, slopes, depth, buckets, costs : DataFrame
        As ``order_flow``, ``incoming_prices``, ``book_slopes``, ``depth_at_levels``, ``volume_buckets`` and
        ``trade_costs`` return, with ``part_of_day``.
    days : DataFrame
        Log return and turnover of each month and day.
    pairs : DataFrame
        Spread of Corwin and Schultz of each two trading days in a row of a month, on the row of the second.
    parents : DataFrame
        As ``parent_orders`` returns.
    horizons_days, levels : tuple
        Of costs and depth.
    rounds_per_day : int
        Of the calendar.
    lacks_depth : bool
        Whether a run has no such table.
    """

    rounds: pd.DataFrame
    prices: pd.DataFrame
    slopes: pd.DataFrame
    depth: pd.DataFrame
    buckets: pd.DataFrame
    costs: pd.DataFrame
    days: pd.DataFrame
    pairs: pd.DataFrame
    parents: pd.DataFrame
    horizons_days: tuple[float, ...]
    levels: tuple[int, ...]
    rounds_per_day: int
    lacks_depth: bool


def measured_rows(
    tables: LiquidityTables,
    horizons_days: Sequence[float] | None,
    levels: Sequence[int],
    parts_of_day: int,
    regimes: pd.DataFrame | None,
) -> MeasuredRows:
    """Return the rows of every measure; arguments are those of ``liquidity_summary``."""
    divided = day_regimes(tables) if regimes is None else regimes
    horizons = usual_horizons_days(tables.rounds_per_day) if horizons_days is None else tuple(horizons_days)

    def marked(rows: pd.DataFrame) -> pd.DataFrame:
        return with_conditions(rows, tables, parts_of_day, divided)

    return MeasuredRows(
        rounds=marked(order_flow(tables)),
        prices=marked(incoming_prices(tables)),
        slopes=marked(book_slopes(tables)),
        depth=marked(depth_at_levels(tables, levels)),
        buckets=marked(volume_buckets(tables)),
        costs=trade_costs(tables, horizons, parts_of_day=parts_of_day, regimes=divided),
        days=marked(_daily_returns(tables)),
        pairs=marked(_high_low_pairs(tables)),
        parents=marked(parent_orders(tables)),
        horizons_days=horizons,
        levels=tuple(levels),
        rounds_per_day=tables.rounds_per_day,
        lacks_depth=tables.depth is None,
    )


def _daily_returns(tables: LiquidityTables) -> pd.DataFrame:
    """Return the log return and the turnover of each month and day that is not its final settlement."""
    daily = tables.daily.loc[~tables.daily["final"].astype(bool)].sort_values(
        ["run", "month", "day"], ignore_index=True
    )
    settlement = daily["settlement_ticks"].astype(float)
    log = pd.Series(np.log(settlement.where(settlement > 0.0)), index=daily.index)
    usd = settlement.abs() * tables.tick_value_usd * daily["volume_lots"]
    return daily[["run", "day", "month", "tenor"]].assign(
        log_return=log.groupby([daily["run"], daily["month"]]).diff(), turnover=usd / TURNOVER_UNIT_USD
    )


def _high_low_pairs(tables: LiquidityTables) -> pd.DataFrame:
    """Return the spread of each two trading days in a row of a month, on the row of the second one."""
    prices = daily_prices(tables)
    if len(prices) < 2:
        return prices.iloc[:0].assign(spread_share=0.0)
    spread = corwin_schultz_spread(prices["high_ticks"], prices["low_ticks"], prices["close_ticks"])
    before, after = prices.iloc[:-1].reset_index(), prices.iloc[1:].reset_index(drop=True)
    is_pair = (
        (before["run"] == after["run"])
        & (before["month"] == after["month"])
        & (after["day"] - before["day"] == 1)
    )
    # The authors set negative estimates to zero.
    return after.assign(spread_share=np.maximum(spread, 0.0)).loc[is_pair.to_numpy()]
