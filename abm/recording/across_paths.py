"""What a hedge does across runs: how far apart its bills are over many futures of the same year.

This is the risk a treasurer means, and not the volatility within a run (:mod:`abm.recording.hedging`): the
same hedge has another number by either measure, so that no name goes without ``across`` or ``within``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from abm.core.arrays import FloatArray
from abm.recording.hedging import weighted_ratio

_ROUNDING = 1e-9
"""Standard deviation of a bill, as a share of its budget, that sums of squares may leave of equal bills."""


class AcrossPaths(NamedTuple):
    """Effect of the hedge on bills over runs that differ by their seed.

    Parameters
    ----------
    by_hedger : DataFrame, indexed by account
        ``name``, ``paths`` (runs in which it hedges), ``expected_usd`` (budget of the run), ``unhedged_sd``
        and ``hedged_sd`` (of the run's bill, as shares of the budget), ``volatility_reduction_across`` and
        ``variance_reduction_across``.
    by_month : DataFrame, indexed by month
        The two reductions for each month's bill, hedgers weighted by budget.
    volatility_reduction_across, variance_reduction_across : float
        Of the bill of the whole run (of a year, where the run is one), hedgers weighted by budget.
    volatility_reduction_across_monthly, variance_reduction_across_monthly : float
        Means over months.
    paths : int
        Runs.
    """

    by_hedger: pd.DataFrame
    by_month: pd.DataFrame
    volatility_reduction_across: float
    variance_reduction_across: float
    volatility_reduction_across_monthly: float
    variance_reduction_across_monthly: float
    paths: int


def across_paths(runs: Sequence[pd.DataFrame]) -> AcrossPaths:
    """Return how much the hedge lowered the standard deviation of bills over runs.

    Bills count against the budget, which is the expected need at the prices expected on day 0, so that need
    and price both are risk; month 0 is left out, as nobody could hedge it. A hedger is an account: with
    ``run.population_seed`` it is the same firm in every run; without, the firm that has this account, whose
    bill is a share of its own budget. A hedger counts from two runs on; NaN where none does.

    Parameters
    ----------
    runs : sequence of DataFrame
        The table ``hedging`` of each run; they have the same months.
    """
    return _measured(_counted(runs), len(runs))


class RunBills(NamedTuple):
    """Bills of whole runs, one row a run and one column a hedger's account; NaN where it does not hedge.

    Parameters
    ----------
    unhedged, hedged : array of float, shape (runs, hedgers)
        Bill and net cost as shares of the budget.
    budget_usd : array of float, shape (runs, hedgers)
        Expected need at the prices expected on day 0.
    """

    unhedged: FloatArray
    hedged: FloatArray
    budget_usd: FloatArray


def run_bills(runs: Sequence[pd.DataFrame]) -> RunBills:
    """Return what ``across_paths`` measures, run by run.

    Parameters
    ----------
    runs : sequence of DataFrame
        The table ``hedging`` of each run.
    """
    names = ["bill_usd", "net_cost_usd", "budget_usd"]
    year = _counted(runs).groupby(["account", "name", "path"])[names].sum()

    def wide(name: str) -> FloatArray:
        table = year[name].unstack("path").reindex(columns=range(len(runs)))
        return np.ascontiguousarray(table.to_numpy(dtype=np.float64).T)

    budget = wide("budget_usd")
    return RunBills(wide("bill_usd") / budget, wide("net_cost_usd") / budget, budget)


def reduction_across(bills: RunBills, weights: FloatArray) -> FloatArray:
    """Return the volatility reduction across runs with each run counted so often, shape (rows,).

    As ``across_paths`` has it for runs that are there several times; NaN where nothing varies unhedged.

    Parameters
    ----------
    bills : RunBills
        Of all runs.
    weights : array of float, shape (rows, runs)
        How often each run counts; whole numbers from 0.
    """
    there = np.isfinite(bills.unhedged)
    counts = weights @ there.astype(np.float64)
    enough = counts > 1.0
    expected = weights @ np.where(there, bills.budget_usd, 0.0) / np.maximum(counts, 1.0)

    def weighted_sd(shares: FloatArray) -> FloatArray:
        middle = np.where(there, shares, 0.0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)
        away = np.where(there, shares - middle, 0.0)
        square = weights @ away**2 - (weights @ away) ** 2 / np.maximum(counts, 1.0)
        sd = np.sqrt(np.maximum(square, 0.0) / np.maximum(counts - 1.0, 1.0))
        sd[sd <= _ROUNDING] = 0.0
        total: FloatArray = (expected * np.where(enough, sd, 0.0)).sum(axis=1)
        return total

    unhedged, hedged = weighted_sd(bills.unhedged), weighted_sd(bills.hedged)
    varies = unhedged > 0.0
    return np.where(varies, 1.0 - hedged / np.where(varies, unhedged, 1.0), math.nan)


def _counted(runs: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the bills that count, with the number of their run as ``path``."""
    if not runs:
        return _no_bills()
    bills = pd.concat([table.assign(path=path) for path, table in enumerate(runs)], ignore_index=True)
    return bills[bills["hedges"] & (bills["budget_usd"] > 0) & (bills["month"] > 0)]


def _measured(bills: pd.DataFrame, paths: int) -> AcrossPaths:
    year = bills.groupby(["account", "name", "path"], as_index=False)[
        ["bill_usd", "net_cost_usd", "budget_usd"]
    ].sum()
    by_hedger = _spread(year, ["account", "name"]).reset_index("name")
    monthly = _spread(bills, ["month", "account"])
    ratios = pd.Series(
        {month: weighted_ratio(rows) for month, rows in monthly.groupby("month")}, dtype=np.float64
    )
    by_month = pd.DataFrame(
        {"volatility_reduction_across": 1.0 - ratios, "variance_reduction_across": 1.0 - ratios**2}
    ).rename_axis("month")
    relative = by_hedger["hedged_sd"] / by_hedger["unhedged_sd"].replace(0.0, np.nan)
    whole = weighted_ratio(by_hedger) if len(by_hedger) else math.nan
    return AcrossPaths(
        by_hedger=by_hedger.assign(
            volatility_reduction_across=1.0 - relative, variance_reduction_across=1.0 - relative**2
        ),
        by_month=by_month,
        volatility_reduction_across=1.0 - whole,
        variance_reduction_across=1.0 - whole**2,
        volatility_reduction_across_monthly=float(by_month["volatility_reduction_across"].mean()),
        variance_reduction_across_monthly=float(by_month["variance_reduction_across"].mean()),
        paths=paths,
    )


def _spread(bills: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return number of paths, mean budget, and the standard deviations over paths as shares of the budget."""
    shares = bills.assign(
        unhedged=bills["bill_usd"] / bills["budget_usd"], hedged=bills["net_cost_usd"] / bills["budget_usd"]
    ).groupby(keys)
    return pd.DataFrame(
        {
            "paths": shares.size(),
            "expected_usd": shares["budget_usd"].mean(),
            "unhedged_sd": shares["unhedged"].std(ddof=1),
            "hedged_sd": shares["hedged"].std(ddof=1),
        }
    )


def _no_bills() -> pd.DataFrame:
    kinds = {"account": "int64", "name": "object", "path": "int64", "month": "int64"}
    money = dict.fromkeys(("bill_usd", "net_cost_usd", "budget_usd"), "float64")
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in (kinds | money).items()})
