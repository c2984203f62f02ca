"""Numbers about a run that judge its market makers: what the curve costs to trade, and what they did."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm.core.contract import SCALE_FLOOR_TICKS
from abm.core.money import USD_MICRO


def as_floats(column: pd.Series) -> NDArray[np.float64]:
    """Return a column that may hold nulls as floats, with NaN for null."""
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def price_scale_ticks(daily: pd.DataFrame) -> pd.Series:
    """Return what a spread is measured by: the day's settlement price, or 100 ticks where it is nearer zero.

    Makers' quotes are held against their contract on the same scale.
    """
    ticks = np.maximum(np.abs(as_floats(daily["settlement_ticks"])), SCALE_FLOOR_TICKS)
    return pd.Series(ticks, index=daily.index)


def maker_metrics(tables: Mapping[str, pd.DataFrame]) -> dict[str, float]:
    """Return spread and quotedness over all months alike, and the makers' presence, pay and profit.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        At least ``daily``, ``dmm`` and ``agents``.

    Returns
    -------
    dict of str to float
        ``curve_spread`` is the mean over months and days with a two-sided book of the spread as a share of
        the settlement price, or of 100 ticks where the price is nearer to zero, as makers themselves are
        measured; presence in stress is NaN in a run without any.
    """
    daily, dmm, agents = tables["daily"], tables["dmm"], tables["agents"]
    spread = (daily["spread_ticks"] / price_scale_ticks(daily)).to_numpy(dtype=np.float64)
    quoted = spread[np.isfinite(spread)]
    stress = dmm[dmm["stress_share"] > 0.0]
    makers = agents[agents["account"].isin(dmm["account"].unique())]
    return {
        "curve_spread": float(quoted.mean()) if len(quoted) else math.nan,
        "curve_two_sided_share": _mean(daily["two_sided_share"]),
        "dmm_presence": _mean(dmm["presence"]),
        "dmm_at_best": _mean(dmm["at_best"]),
        "dmm_obligation_met": _mean(dmm["obligation_met"]),
        "dmm_stress_share": _mean(dmm["stress_share"]),
        "dmm_stress_presence": _weighted(stress["stress_presence"], stress["stress_share"]),
        "dmm_pay_usd": float(dmm["pay_usd_micro"].sum()) / USD_MICRO,
        "dmm_pnl_usd": float(makers["pnl_usd_micro"].sum()) / USD_MICRO,
    }


def _mean(column: pd.Series) -> float:
    return float(column.mean()) if len(column) else math.nan


def _weighted(column: pd.Series, weight: pd.Series) -> float:
    return float(np.average(column, weights=weight)) if len(column) else math.nan
