"""How sure the facts of the trading day are: over runs where there are several, over days within one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm.core.arguments import seed_number, whole_number
from abm.core.arrays import FloatArray
from abm.core.errors import ParameterError
from abm.recording import RunFolder

from .day_facts import (
    EDGES,
    LEAST_DAYS,
    NEXT_FIXING,
    OVERNIGHT,
    PARTS,
    SIGN_EXPONENT,
    SIGN_LAGS,
    SIGN_MEMORY,
    activity_name,
    day_facts,
    fixing_changes,
    log_mids,
    next_fixing_correlation,
    rounds_of_part,
    shares_of_volume,
    volume_by_round,
)
from .inference.given import share
from .inference.intervals import mean_interval
from .inference.resampling import day_bootstrap
from .runs import Run, load
from .stylised_facts import LAST_SIGN_LAG, incoming_orders, listed_tenor, memory_exponent

Statistic = Callable[[NDArray[np.int64]], float]


def day_fact_intervals(
    runs: Run | Sequence[Run],
    tenor: int = 1,
    *,
    confidence: float = 0.95,
    block_days: int = 5,
    draws: int = 499,
    seed: int = 1,
) -> pd.DataFrame:
    """Return the facts of the trading day with intervals: over runs if there are several, else over days.

    Several runs: the interval is that of the mean over runs, by Student's t (``mean_interval``). One run: its
    days are drawn again in blocks (``block_bootstrap``), which says nothing about other seeds.

    Parameters
    ----------
    runs : RunFolder, path, or sequence of them
        Of at least the profile ``daily``.
    tenor : int
        Months to delivery.
    confidence : float
        Of the intervals, each by itself.
    block_days : int
        Mean length of a block, at most the days of the run.
    draws, seed : int
        Resamples of one run, and the seed that draws them.

    Returns
    -------
    DataFrame
        One row a fact: ``fact``, ``value`` (over several runs their mean), ``low``, ``high``, ``n`` (runs or
        days), ``null``, ``null_low``, ``null_high`` and ``spot`` (means over runs), ``beyond_null`` (whether
        the interval leaves out the null), ``method`` and ``reason``.
    """
    given = [runs] if isinstance(runs, RunFolder | str) or not isinstance(runs, Sequence) else list(runs)
    level, source = share("confidence", confidence), seed_number("seed", seed)
    block, count = whole_number("block_days", block_days, least=1), whole_number("draws", draws, least=100)
    if not given:
        raise ParameterError("runs: there is none")
    by_run = [day_facts(run, tenor) for run in given]
    nulls = pd.concat(by_run).groupby("fact", sort=False)[["null", "null_low", "null_high", "spot"]].mean()
    rows: list[tuple[Any, ...]] = []
    if len(given) > 1:
        for number, name in enumerate(nulls.index):
            mean = mean_interval([table["value"].iloc[number] for table in by_run], confidence=level)
            rows.append((name, mean.mean, mean.low, mean.high, mean.n, "Student's t over runs", mean.reason))
    else:
        days, statistics = _statistics(load(given[0]), tenor)
        for fact in by_run[0].itertuples():
            low, high, reason = math.nan, math.nan, str(fact.reason)
            if not reason:
                interval = day_bootstrap(
                    days,
                    statistics[str(fact.fact)],
                    block=block,
                    draws=count,
                    seed=source,
                    confidence=level,
                )
                low, high, reason = interval.low, interval.high, interval.reason
            rows.append((fact.fact, fact.value, low, high, days, "blocks of days", reason))
    table = pd.DataFrame(rows, columns=["fact", "value", "low", "high", "n", "method", "reason"])
    table = table.merge(nulls, left_on="fact", right_index=True)
    table["beyond_null"] = (table["low"] > table["null"]) | (table["high"] < table["null"])
    order = ["fact", "value", "low", "high", "n", "null", "null_low", "null_high", "spot", "beyond_null"]
    return table[[*order, "method", "reason"]]


def _statistics(run: RunFolder, tenor: int) -> tuple[int, dict[str, Statistic]]:
    """Return the number of days and each fact as a function of the days that are drawn."""
    tenor = listed_tenor(run, tenor)
    log_mid, months = log_mids(run, tenor)
    days = len(log_mid)
    found = dict(_of_prices(log_mid, months, fixing_changes(run)))
    found |= dict(_of_signs(run, tenor))
    volume = volume_by_round(run, tenor)
    first, _, last = (rounds_of_part(volume.shape[1], part) for part in PARTS)
    found[EDGES] = _share_of(volume, first | last)
    for part in PARTS:
        rounds = rounds_of_part(volume.shape[1], part)
        found[activity_name(part)] = _share_of(volume, rounds, float(rounds.mean()))
    return days, found


def _share_of(volume: FloatArray, rounds: NDArray[np.bool_], even: float = 1.0) -> Statistic:
    return lambda drawn: _mean(shares_of_volume(volume[drawn], rounds)) / even


def _mean(values: FloatArray) -> float:
    return float(values.mean()) if len(values) >= LEAST_DAYS else math.nan


def _of_prices(
    log_mid: FloatArray, months: NDArray[np.int64], fixing_change: FloatArray
) -> Iterator[tuple[str, Statistic]]:
    night = np.full(len(log_mid), math.nan)  # before each day
    night[1:] = np.where(months[1:] == months[:-1], log_mid[1:, 0] - log_mid[:-1, -1], math.nan)
    steps = np.diff(log_mid, axis=1)
    night_square = np.nan_to_num(np.square(night))
    step_square = np.nan_to_num(np.square(steps)).sum(axis=1)
    nights, rounds = np.isfinite(night), np.isfinite(steps).sum(axis=1)

    def overnight(drawn: NDArray[np.int64]) -> float:
        if nights[drawn].sum() < LEAST_DAYS or rounds[drawn].sum() < LEAST_DAYS:
            return math.nan
        of_night = night_square[drawn].sum() / nights[drawn].sum()
        of_day = step_square[drawn].sum() / rounds[drawn].sum() * steps.shape[1]
        return float(of_night / (of_night + of_day)) if of_night + of_day > 0.0 else math.nan

    yield OVERNIGHT, overnight
    yield (
        NEXT_FIXING,
        lambda drawn: next_fixing_correlation(log_mid[drawn], fixing_change[drawn]).value,
    )


def _of_signs(run: RunFolder, tenor: int) -> Iterator[tuple[str, Statistic]]:
    """Yield the memory of signs: pairs of orders are drawn with the day of the first of them."""
    quotes = run.tables["quotes"]
    days = np.sort(quotes.loc[quotes["tenor"] == tenor, "day"].unique())
    orders_in_turn = incoming_orders(run, tenor)
    signs = orders_in_turn["aggressor_side"].to_numpy(dtype=np.float64)
    if len(signs) <= SIGN_LAGS:
        return
    centred = signs - signs.mean()
    at = np.searchsorted(days, orders_in_turn["day"].to_numpy(dtype=np.int64))
    orders = np.bincount(at, minlength=len(days)).astype(np.float64)
    square = np.bincount(at, centred**2, minlength=len(days))
    products, pairs = np.zeros((2, len(days), LAST_SIGN_LAG))
    for lag in range(1, min(LAST_SIGN_LAG, len(signs) - 1) + 1):
        products[:, lag - 1] = np.bincount(at[:-lag], centred[:-lag] * centred[lag:], minlength=len(days))
        pairs[:, lag - 1] = np.bincount(at[:-lag], minlength=len(days))

    def correlations(drawn: NDArray[np.int64]) -> FloatArray:
        variance = square[drawn].sum() / max(orders[drawn].sum(), 1.0)
        if variance == 0.0:
            return np.full(LAST_SIGN_LAG, math.nan)
        of_lag = pairs[drawn].sum(axis=0)
        mean = products[drawn].sum(axis=0) / np.maximum(of_lag, 1.0) / variance
        return np.where(of_lag > 0.0, mean, math.nan)

    yield SIGN_MEMORY, lambda drawn: float(correlations(drawn)[:SIGN_LAGS].mean())
    yield (
        SIGN_EXPONENT,
        lambda drawn: memory_exponent(correlations(drawn), int(orders[drawn].sum())),
    )
