"""How sure each measure of liquidity is: over runs where there are several, over days within one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm.core.arguments import seed_number, whole_number
from abm.core.arrays import FloatArray

from ..inference.given import share
from ..inference.intervals import mean_interval
from ..inference.resampling import day_bootstrap
from ..runs import Run
from .day_sums import DaySums, Finish, day_sums
from .gathering import LiquidityTables, liquidity_tables
from .measured_rows import MeasuredRows, measured_rows
from .summary import SUMMARY_GROUPS, summary_of
from .trading_costs import group_keys

BLOCK_DAYS = 5
"""A week: what a day says of the next, such as a turbulent time, lasts some days (judgement)."""
_NAMES = ["measure", "horizon_days", "levels"]


def liquidity_intervals(
    runs: Run | Sequence[Run] | LiquidityTables,
    by: str | Sequence[str] = ("tenor",),
    *,
    horizons_days: Sequence[float] | None = None,
    levels: Sequence[int] = (1, 5),
    parts_of_day: int = 4,
    regimes: pd.DataFrame | None = None,
    confidence: float = 0.95,
    block_days: int = BLOCK_DAYS,
    draws: int = 499,
    seed: int = 1,
) -> pd.DataFrame:
    """Return every measure of liquidity with an interval: over runs if there are several, else over days.

    Several runs: each measure is taken of each run, and the interval is that of the mean over runs, by
    Student's t (``mean_interval``). One run, or ``by`` names ``run``: days are drawn again in blocks and the
    measure is taken of what was drawn (``block_bootstrap``), which says nothing about other seeds.

    Parameters
    ----------
    runs, by, horizons_days, levels, parts_of_day, regimes
        As in ``liquidity_summary``.
    confidence : float
        Of the intervals, each by itself.
    block_days : int
        Mean length of a block, at most the days of the run.
    draws, seed : int
        Resamples of one run, and the seed that draws them.

    Returns
    -------
    DataFrame
        The groups, ``measure``, ``horizon_days``, ``levels``, ``value`` (over several runs their mean),
        ``low``, ``high``, ``n`` (runs or days that it is of), ``unit``, ``method`` and ``reason``, which says
        what is missing or to be doubted.
    """
    keys, source = group_keys(by, SUMMARY_GROUPS), seed_number("seed", seed)
    level = share("confidence", confidence)
    block, count = whole_number("block_days", block_days, least=1), whole_number("draws", draws, least=100)
    tables = runs if isinstance(runs, LiquidityTables) else liquidity_tables(runs)
    rows = measured_rows(tables, horizons_days, levels, parts_of_day, regimes)
    apart = keys if "run" in keys else ["run", *keys]
    by_run = summary_of(rows, apart)
    if "run" in keys or by_run["run"].nunique() == 1:
        found = _over_days(by_run, rows, apart, level, block, count, source)
    else:
        found = _over_runs(by_run, keys, level)
    columns = [*keys, *_NAMES, "value", "low", "high", "n", "unit", "method", "reason"]
    return found[columns].sort_values([*keys, *_NAMES], ignore_index=True, kind="stable")


def _over_runs(by_run: pd.DataFrame, keys: list[str], confidence: float) -> pd.DataFrame:
    wanted = by_run["run"].nunique()
    found: list[dict[str, Any]] = []
    for at, own in by_run.groupby([*keys, *_NAMES, "unit"], dropna=False):
        named = dict(zip([*keys, *_NAMES, "unit"], at, strict=True))
        # A group that a run does not have, such as a regime, is a value left out.
        values = np.append(own["value"].to_numpy(), np.full(wanted - len(own), math.nan))
        mean = mean_interval(values, confidence=confidence)
        said = own.loc[own["value"].isna(), "reason"].unique()
        reason = ": ".join([mean.reason, *said]) if mean.n == 0 and len(said) == 1 else mean.reason
        found.append(
            named
            | {"value": mean.mean, "low": mean.low, "high": mean.high, "n": mean.n}
            | {"method": "Student's t over runs", "reason": reason}
        )
    return pd.DataFrame(found)


def _over_days(
    by_run: pd.DataFrame,
    rows: MeasuredRows,
    keys: list[str],
    confidence: float,
    block: int,
    draws: int,
    seed: int,
) -> pd.DataFrame:
    days_of = {run: np.sort(own["day"].unique()) for run, own in rows.rounds.groupby("run")}
    sums = {_named(each): _by_group(each, keys) for each in day_sums(rows, keys)}
    found = []
    for row in by_run.to_dict("records"):
        days = days_of[row["run"]]
        bounds: dict[str, Any] = {"low": math.nan, "high": math.nan, "n": len(days)}
        if not row["reason"]:
            value, of_group = sums[row["measure"], _known(row["horizon_days"]), _known(row["levels"])]
            by_day = of_group[tuple(row[key] for key in keys)].reindex(days, fill_value=0.0).to_numpy()
            interval = day_bootstrap(
                len(days),
                _of_drawn(by_day, value),
                block=block,
                draws=draws,
                seed=seed,
                confidence=confidence,
            )
            bounds |= {"low": interval.low, "high": interval.high, "reason": interval.reason}
        found.append(row | {"method": "blocks of days"} | bounds)
    return pd.DataFrame(found)


def _of_drawn(by_day: FloatArray, value: Finish) -> Callable[[NDArray[np.int64]], float]:
    return lambda drawn: float(value(by_day[drawn].sum(axis=0)))


def _named(each: DaySums) -> tuple[str, float, float]:
    return each.measure, _known(each.horizon_days), _known(each.levels)


def _known(number: float) -> float:
    """Return a number that equals itself: -1 for NaN."""
    return -1.0 if math.isnan(number) else float(number)


def _by_group(each: DaySums, keys: list[str]) -> tuple[Any, dict[tuple[Any, ...], pd.DataFrame]]:
    of_group = {}
    for at, own in each.sums.groupby(level=list(range(len(keys)))):
        of_group[at if isinstance(at, tuple) else (at,)] = own.droplevel(list(range(len(keys))))
    return each.value, of_group
