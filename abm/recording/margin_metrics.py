"""Numbers about a run that say what margin cost: what was tied up, called and borrowed, how fast it rose."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm.core.arguments import whole_number
from abm.core.money import USD_MICRO

RISE_DAYS = 5
"""Days over which the largest rise of margin is taken: a week, as Murphy, Vasios and Vause (2014) do."""


def largest_rise(series: NDArray[np.float64], days: int) -> float:
    """Return the largest ratio of a value to that of so many days before; NaN in too short a series.

    Parameters
    ----------
    series : array of float, shape (n,)
        Positive values, a day each.
    days : int
        How many days before.
    """
    days = whole_number("days", days, least=1)
    return float((series[days:] / series[:-days]).max()) if len(series) > days else math.nan


def called_by_day_usd(calls: pd.DataFrame) -> pd.Series:
    """Return what margin calls asked for by day, USD; only days with a call.

    Parameters
    ----------
    calls : DataFrame
        The table ``margin_calls``. A call that is computed again while it is open asks for no more than what
        it rose by since; what it fell by is taken off the day on which it fell.
    """
    rows = calls.sort_values(["day", "round"], kind="stable")
    restated = rows.groupby(["account", "deadline_round"])["outstanding_usd_micro"].shift(fill_value=0)
    asked = (rows["amount_usd_micro"] - restated) / USD_MICRO
    by_day: pd.Series = asked.groupby(rows["day"]).sum()
    return by_day


def margin_metrics(tables: Mapping[str, pd.DataFrame]) -> dict[str, float]:
    """Return margin and its funding in money, and how procyclical the run's own margin model was.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        At least ``margin_calls`` and ``agents``; ``clearing_days`` where there is one.

    Returns
    -------
    dict of str to float
        ``initial_margin_mean_usd`` and ``initial_margin_peak_usd`` are of all accounts together, over closes;
        ``initial_margin_share`` is their sum over that of the value of the positions, and
        ``initial_margin_peak_share`` the largest of a close. ``variation_largest_day_usd`` is what those who
        lost paid on the day when that was most. ``margin_called_usd`` and ``margin_called_largest_day_usd``
        count a call once. ``margin_funding_usd`` is the interest on credit, which nobody draws but for
        margin. ``lot_margin_peak_to_trough`` and ``lot_margin_largest_rise``, over five days, are of the
        margin of a lot over its value, mean over months but the front one: neither prices, fixings nor
        positions move it, only the model.

        All but the two of calls and the interest are NaN in a folder without ``clearing_days`` (before
        format 5) and in a run without a day; shares are NaN where nobody held a position, the last two where
        no other month than the front one is listed, and the rise in a run of five days or fewer. The
        interest is NaN in a folder of format 1, which did not keep it.
    """
    called = called_by_day_usd(tables["margin_calls"])
    interest = tables["agents"]["credit_interest_usd_micro"]
    known = not interest.isna().any()
    days = tables["clearing_days"] if "clearing_days" in tables else pd.DataFrame()
    return {
        **(_of_days(days) if len(days) else dict.fromkeys(_OF_DAYS, math.nan)),
        "margin_called_usd": float(called.sum()),
        "margin_called_largest_day_usd": max(float(called.max()), 0.0) if len(called) else 0.0,
        "margin_funding_usd": float(interest.sum()) / USD_MICRO if known else math.nan,
    }


_OF_DAYS = (
    "initial_margin_mean_usd",
    "initial_margin_peak_usd",
    "initial_margin_share",
    "initial_margin_peak_share",
    "variation_largest_day_usd",
    "lot_margin_peak_to_trough",
    "lot_margin_largest_rise",
)


def _of_days(days: pd.DataFrame) -> dict[str, float]:
    days = days.sort_values("day")
    margin, notional = (
        days[f"{name}_usd_micro"].to_numpy(dtype=np.float64) for name in ("initial_margin", "notional")
    )
    held = notional > 0.0
    lot = days["lot_margin_share"].to_numpy(dtype=np.float64)
    is_course = bool((lot > 0.0).all())  # NaN is not
    course = lot if is_course else np.zeros(0)
    numbers = (
        float(margin.mean()) / USD_MICRO,
        float(margin.max()) / USD_MICRO,
        float(margin[held].sum() / notional[held].sum()) if held.any() else math.nan,
        float((margin[held] / notional[held]).max()) if held.any() else math.nan,
        float(days["variation_usd_micro"].max()) / USD_MICRO,
        float(course.max() / course.min()) if is_course else math.nan,
        largest_rise(course, RISE_DAYS),
    )
    return dict(zip(_OF_DAYS, numbers, strict=True))
