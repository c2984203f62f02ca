"""Under which conditions trading happens: part of the day, and calm or turbulent days."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from abm.core.arguments import finite_number, whole_number

from .gathering import LiquidityTables

CALM, TURBULENT, UNKNOWN = "calm", "turbulent", "unknown"
LEAST_DAYS = 5
"""Days with a realised volatility below which a run is not divided."""


def part_of_day(round_of_day: pd.Series, rounds_per_day: int, parts: int) -> pd.Series:
    """Return which of some equal parts of the day each round begins in, from 0."""
    parts = whole_number("parts_of_day", parts, least=1)
    return round_of_day * parts // rounds_per_day


def day_regimes(tables: LiquidityTables, tenor: int = 1, turbulent_share: float = 0.2) -> pd.DataFrame:
    """Divide the days of each run into calm and turbulent ones by realised volatility.

    The realised volatility of a day is the root of the sum of squared changes of the log mid price from
    round to round (Andersen, Bollerslev, Diebold and Labys 2003), of the month at one tenor; the step over
    night is left out. Turbulent are the days above the quantile ``1 - turbulent_share`` of their own run.

    Parameters
    ----------
    tables : LiquidityTables
        Of one run or several.
    tenor : int
        Months to delivery; the front month, in delivery, moves less and less.
    turbulent_share : float
        Share of days, above 0 and below 1.

    Returns
    -------
    DataFrame
        One row a run and day: ``run``, ``day``, ``realised_volatility``, ``regime`` (``calm``,
        ``turbulent`` or ``unknown``) and ``reason``, empty unless the regime is unknown.
    """
    tenor = whole_number("tenor", tenor, least=0)
    share = finite_number("turbulent_share", turbulent_share, above=0.0)
    finite_number("turbulent_share", turbulent_share, most=1.0)
    days = tables.quotes[["run", "day"]].drop_duplicates().sort_values(["run", "day"], ignore_index=True)
    own = tables.quotes[(tables.quotes["tenor"] == tenor) & tables.quotes["mid_ticks"].notna()]
    volatility = own.groupby(["run", "day"])["mid_ticks"].agg(_realised_volatility)
    at = pd.MultiIndex.from_frame(days)
    days["realised_volatility"] = volatility.reindex(at).to_numpy(dtype=np.float64)
    by_run = days.groupby("run")["realised_volatility"]
    bound, known = by_run.transform("quantile", 1.0 - share), by_run.transform("count")
    has_value = days["realised_volatility"].notna()
    is_divided = has_value & (known >= LEAST_DAYS)
    days["regime"] = np.where(
        is_divided, np.where(days["realised_volatility"] > bound, TURBULENT, CALM), UNKNOWN
    )
    without = f"fewer than two mids above zero at tenor {tenor} on that day"
    too_few = f"fewer than {LEAST_DAYS} days with a realised volatility"
    days["reason"] = np.where(is_divided, "", np.where(has_value, too_few, without))
    return days


def _realised_volatility(mid: pd.Series) -> float:
    if len(mid) < 2 or (mid <= 0).any():
        return math.nan
    return float(np.sqrt(np.square(np.diff(np.log(mid.to_numpy(dtype=np.float64)))).sum()))
