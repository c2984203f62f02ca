"""Money of the classes of traders: its table, what they are paid for risk, and how much of it they take.

The edge of a class is what its trades gain on the model value of their day: the sum of side x (model value -
price) x lots. It is what the class can expect to earn by them where the model is right. Over the standard
deviation of the class's daily profit, by the year, it is the Sharpe ratio to expect. That which came instead
says next to nothing about a year: its standard error is about one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from abm.recording.columns import DAY, money, number, schema, text

CLASS_MONEY_SCHEMAS: dict[str, pa.Schema] = {
    "class_money": schema(
        "Money of each class of traders at the close, one row a day and class.",
        DAY,
        text("agent_class", "Kind of trader."),
        money("equity", "Collateral plus bank money less drawn credit, of all its traders."),
        money("initial_margin", "Initial margin required of them."),
        money("profit", "Futures profit of the day after fees and pay."),
        number(
            "edge_usd",
            "USD",
            "Lots bought times what the model value of the day is above their price, less the same of lots "
            "sold; positions that move without a trade before the close count at their price.",
        ),
        since=6,
    ),
}
"""Schema of each table by name."""

_PAID_FOR_RISK = {
    "fundamentalists": ("fundamentalist",),
    "makers": ("dmm",),
    "makers_and_fundamentalists": ("fundamentalist", "dmm"),
}
_MARGINED = {"fundamentalists": "fundamentalist", "makers": "dmm", "enterprises": "enterprise"}
QUARTERS = 4


def expected_sharpe(class_money: pd.DataFrame, *agent_classes: str, days_per_year: int) -> float:
    """Return the yearly edge of classes together over the yearly standard deviation of their profit.

    Parameters
    ----------
    class_money : DataFrame
        The table of that name.
    *agent_classes : str
        Classes, as the table calls them: ``dmm``, ``fundamentalist``, ...
    days_per_year : int
        Trading days in a year.

    Returns
    -------
    float
        NaN with fewer than two days, or where profit never changes.
    """
    of_classes = class_money[class_money["agent_class"].isin(agent_classes)]
    own = of_classes.groupby("day")[["profit_usd_micro", "edge_usd"]].sum()
    profit_usd = own["profit_usd_micro"].to_numpy(dtype=np.float64) / 1e6
    deviation = float(profit_usd.std(ddof=1)) if len(own) > 1 else 0.0
    if deviation == 0.0:
        return math.nan
    return float(own["edge_usd"].mean()) / deviation * math.sqrt(days_per_year)


def margin_to_equity(class_money: pd.DataFrame) -> pd.DataFrame:
    """Return the mean over days of initial margin over equity, by class and quarter of the run.

    Parameters
    ----------
    class_money : DataFrame
        The table of that name.

    Returns
    -------
    DataFrame, indexed by class
        Columns ``mean`` and ``quarter_1`` to ``quarter_4``, equal parts of the run's days. Days on which a
        class has no equity left are left out; a quarter without any other is NaN.
    """
    columns = ["mean", *(f"quarter_{quarter}" for quarter in range(1, QUARTERS + 1))]
    if class_money.empty:
        return pd.DataFrame(columns=columns, dtype=float)
    equity = class_money["equity_usd_micro"].astype(float)
    share = class_money["initial_margin_usd_micro"].astype(float) / equity.where(equity > 0.0)
    days = class_money["day"]
    place = (days - days.min()) * QUARTERS // (days.max() - days.min() + 1) + 1
    by_quarter = share.groupby([class_money["agent_class"], place]).mean().unstack()
    found = by_quarter.reindex(columns=range(1, QUARTERS + 1))
    found.columns = pd.Index(columns[1:])
    found.insert(0, "mean", share.groupby(class_money["agent_class"]).mean())
    return found


def class_money_metrics(tables: Mapping[str, pd.DataFrame], *, days_per_year: int) -> dict[str, float]:
    """Return expected Sharpe ratios and margin over equity of the classes that bear risk.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        ``class_money`` where there is one.
    days_per_year : int
        Trading days in a year.

    Returns
    -------
    dict of str to float
        ``expected_sharpe_<class>``; ``margin_to_equity_<class>`` is the mean over the run, with
        ``_first_quarter`` and ``_last_quarter`` those of its parts. NaN in a folder without the table (before
        format 6) and where the class has no trader.
    """
    days = tables["class_money"] if "class_money" in tables else pd.DataFrame()
    if days.empty:
        days = pd.DataFrame({name: [] for name in CLASS_MONEY_SCHEMAS["class_money"].names})
    shares = margin_to_equity(days)
    spans = {"": "mean", "_first_quarter": "quarter_1", "_last_quarter": f"quarter_{QUARTERS}"}
    numbers = {
        f"expected_sharpe_{name}": expected_sharpe(days, *classes, days_per_year=days_per_year)
        for name, classes in _PAID_FOR_RISK.items()
    }
    for name, of_table in _MARGINED.items():
        for ending, column in spans.items():
            share = shares[column].get(of_table, math.nan)
            numbers[f"margin_to_equity_{name}{ending}"] = float(share)
    return numbers
