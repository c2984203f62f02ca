"""The tables of one run or of many, put together; what older folders lack is filled in where it can be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from abm.core.errors import ParameterError
from abm.recording import RunFolder

from ..runs import Run, load

NEEDED = ("trades", "quotes", "daily", "agents")
_CONTINUOUS = 0


class LiquidityTables(NamedTuple):
    """Tables of some runs on one calendar and one contract; each has the columns ``run`` and ``seed`` too.

    Attributes
    ----------
    trades, quotes, daily, agents : DataFrame
        As in a run folder. ``quotes`` also has ``step``, the round counted from the start of the run, and
        ``mid_ticks``, NaN unless the round ended in continuous trading with a bid and an ask.
    depth : DataFrame or None
        ``None`` where a run has no such table.
    rounds_per_day : int
        Of the calendar.
    tick_value_usd : float
        What one lot gains when the price rises by one tick.
    filled : tuple of str
        What was not recorded and stands in from other tables, or is missing, a line each.
    """

    trades: pd.DataFrame
    quotes: pd.DataFrame
    daily: pd.DataFrame
    agents: pd.DataFrame
    depth: pd.DataFrame | None
    rounds_per_day: int
    tick_value_usd: float
    filled: tuple[str, ...] = ()


def liquidity_tables(runs: Run | Sequence[Run]) -> LiquidityTables:
    """Return what the measures of liquidity need of one run or of several.

    Parameters
    ----------
    runs : RunFolder, path, or sequence of them
        Of at least the profile ``daily``. ``run`` counts them from 0, in this order.

    Raises
    ------
    RunFolderError
        If a folder is not a readable run or lacks a table.
    ParameterError
        If there is no run, or calendars or contracts differ.
    """
    given = [runs] if isinstance(runs, RunFolder | str) or not isinstance(runs, Sequence) else runs
    opened = [load(run) for run in given]
    if not opened:
        raise ParameterError("runs: there is none")
    first = opened[0]
    for number, run in enumerate(opened):
        for name in ("calendar", "contract"):
            if getattr(run, name) != getattr(first, name):
                raise ParameterError(f"runs: the {name} of run {number} is not that of run 0")
    gathered = {name: _joined(opened, name) for name in NEEDED}
    has_depth = all("depth" in run.tables for run in opened)
    gathered["quotes"] = with_mids(gathered["quotes"], first.calendar.rounds_per_day)
    trades, said = _trades_filled(gathered["trades"], gathered["quotes"], gathered["agents"])
    if not has_depth:
        said.append("no table depth: what lies behind the best prices is not known")
    return LiquidityTables(
        trades=trades,
        quotes=gathered["quotes"],
        daily=gathered["daily"],
        agents=gathered["agents"],
        depth=_joined(opened, "depth") if has_depth else None,
        rounds_per_day=first.calendar.rounds_per_day,
        tick_value_usd=first.contract.tick_value_usd_micro / 1e6,
        filled=tuple(said),
    )


def with_mids(quotes: pd.DataFrame, rounds_per_day: int) -> pd.DataFrame:
    """Return quotes with the columns ``step`` and ``mid_ticks``, ordered by run, month and step."""
    mid = 0.5 * (quotes["best_bid_ticks"].astype(float) + quotes["best_ask_ticks"].astype(float))
    known = quotes.assign(
        step=quotes["day"] * rounds_per_day + quotes["round"],
        mid_ticks=mid.where(quotes["phase"] == _CONTINUOUS),
    )
    return known.sort_values(["run", "month", "step"], ignore_index=True)


def _joined(runs: Sequence[RunFolder], name: str) -> pd.DataFrame:
    marked = [
        run.tables[name].assign(run=number, seed=run.manifest["seed"]) for number, run in enumerate(runs)
    ]
    return pd.concat(marked, ignore_index=True)


def _trades_filled(
    trades: pd.DataFrame, quotes: pd.DataFrame, agents: pd.DataFrame
) -> tuple[pd.DataFrame, list[str]]:
    """Return trades with mids and aggressors in runs that recorded none, and what was done."""
    was_none = trades["aggressor_class"].isna()
    if not was_none.any():
        return trades, []
    mids = quotes[["run", "month", "day", "round", "mid_ticks"]]
    keys = ["run", "month", "day", "round"]
    before = mids.assign(round=mids["round"] + 1)
    filled = trades.copy()
    for column, source in (("mid_before_ticks", before), ("mid_after_ticks", mids)):
        found = trades[keys].merge(source, on=keys, how="left")["mid_ticks"].to_numpy()
        recorded = trades[column].to_numpy(dtype=np.float64, na_value=np.nan)
        filled[column] = np.where(was_none, found, recorded)
    side = trades["aggressor_side"]
    account = trades["buyer"].where(side > 0, trades["seller"])
    of_account = agents.set_index(["run", "account"])["agent_class"]
    names = of_account.reindex(pd.MultiIndex.from_arrays([trades["run"], account])).to_numpy()
    names = np.where(side == 0, "", names)
    filled["aggressor_class"] = np.where(was_none, names, trades["aggressor_class"])
    return filled, [
        "trades had no mids: those of the quotes stand in, and in the first round of a day there is none",
        "trades had no class of the aggressor: that of its account stands in",
    ]
