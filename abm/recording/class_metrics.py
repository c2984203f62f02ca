"""Numbers about a run that say how tight money was: refusals, orders that shrink positions, who stayed in."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

SPECULATORS = ("noise", "fundamentalist", "chartist", "arbitrageur", "informed", "mixture", "switching")
"""Classes with risk limits, by the name in the tables."""

_OF_DAYS = ("refused", "refused_for_margin", "shrinking_orders")


def class_metrics(tables: Mapping[str, pd.DataFrame]) -> dict[str, float]:
    """Return what the tables ``class_days`` and ``credit_events`` come to over a run.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Those two, where there are any.

    Returns
    -------
    dict of str to float
        ``refused_per_day``, ``refused_for_margin_per_day`` and ``shrinking_orders_per_day`` are means over
        days of the sums of all classes; ``active_<class>`` is the mean number of its traders that are in, 0
        for a class without any; ``credit_lines_ended`` counts lines. All are NaN in a folder without the
        tables (before format 6) and in a run without a day.
    """
    days = tables["class_days"] if "class_days" in tables else pd.DataFrame()
    number = days["day"].nunique() if len(days) else 0
    sums = {name: float(days[name].sum()) / number if number else math.nan for name in _OF_DAYS}
    active = days.groupby("agent_class")["active"].mean() if number else pd.Series(dtype=float)
    absent = 0.0 if number else math.nan
    ended = float(len(tables["credit_events"])) if number and "credit_events" in tables else math.nan
    return {
        **{f"{name}_per_day": value for name, value in sums.items()},
        **{f"active_{name}": float(active.get(name, absent)) for name in SPECULATORS},
        "credit_lines_ended": ended,
    }
