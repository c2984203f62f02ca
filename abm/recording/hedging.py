"""What the hedge did for the enterprises: their bills with and without it, and who had to give it up."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pandas as pd


class HedgeEffect(NamedTuple):
    """Effect of the hedge on the surprise in the monthly bills of hedging enterprises.

    Parameters
    ----------
    by_enterprise : DataFrame, indexed by account
        ``months``, ``unhedged_sd``, ``hedged_sd`` (shares of the expected bill), ``volatility_reduction``
        and ``variance_reduction``.
    unhedged_sd, hedged_sd : float
        Standard deviation of the surprise over all enterprises and months together.
    volatility_reduction, variance_reduction : float
        Medians over enterprises.
    volatility_reduction_pooled, variance_reduction_pooled : float
        From the two pooled standard deviations.
    """

    by_enterprise: pd.DataFrame
    unhedged_sd: float
    hedged_sd: float
    volatility_reduction: float
    variance_reduction: float
    volatility_reduction_pooled: float
    variance_reduction_pooled: float


def surprises(hedging: pd.DataFrame) -> pd.DataFrame:
    """Return the monthly surprises of every enterprise, as shares of its expected bill.

    Parameters
    ----------
    hedging : DataFrame
        The table of that name.

    Returns
    -------
    DataFrame
        ``account``, ``month``, ``hedges``, ``unhedged`` = bill / expected bill - 1 and ``hedged`` = net
        cost / expected bill - 1. Left out are months without an expected bill, and month 0: it is in delivery
        when the run begins, so that nobody could hedge it.
    """
    rows = hedging[(hedging["expected_bill_usd"] > 0) & (hedging["month"] > 0)]
    expected = rows["expected_bill_usd"]
    return rows[["account", "month", "hedges"]].assign(
        unhedged=rows["bill_usd"] / expected - 1.0, hedged=rows["net_cost_usd"] / expected - 1.0
    )


def hedge_abandonment(hedging: pd.DataFrame, events: pd.DataFrame, defaults: pd.DataFrame) -> float:
    """Return the share of hedging enterprises that gave their hedge up or defaulted; NaN where nobody hedges.

    Parameters
    ----------
    hedging, events, defaults : DataFrame
        The tables ``hedging``, ``hedge_events`` and ``defaults``.
    """
    hedgers = hedging.loc[hedging["hedges"], "account"].unique()
    ended = pd.concat(
        [
            events.loc[events["event"] == "abandoned", "account"],
            defaults.loc[defaults["event"] == "client_default", "account"],
        ]
    )
    return float(np.isin(hedgers, ended).mean()) if len(hedgers) > 0 else math.nan


def hedge_effect(hedging: pd.DataFrame) -> HedgeEffect:
    """Return how much the hedge lowered the volatility of the bills of those who hedge.

    The volatility reduction is 1 - sd(hedged surprise) / sd(unhedged surprise), the variance reduction the
    same with variances (Ederington 1979); the two are not the same number and are never exchanged. NaN
    where no enterprise hedges over two finished months.
    """
    hedgers = surprises(hedging).query("hedges")
    spread = hedgers.groupby("account")[["unhedged", "hedged"]].std(ddof=1)
    by_enterprise = pd.DataFrame(
        {
            "months": hedgers.groupby("account").size(),
            "unhedged_sd": spread["unhedged"],
            "hedged_sd": spread["hedged"],
        }
    )
    relative = by_enterprise["hedged_sd"] / by_enterprise["unhedged_sd"].replace(0.0, np.nan)
    by_enterprise["volatility_reduction"] = 1.0 - relative
    by_enterprise["variance_reduction"] = 1.0 - relative**2
    enough = len(hedgers) > 1
    unhedged_sd = float(hedgers["unhedged"].std(ddof=1)) if enough else math.nan
    hedged_sd = float(hedgers["hedged"].std(ddof=1)) if enough else math.nan
    pooled = hedged_sd / unhedged_sd if unhedged_sd else math.nan
    return HedgeEffect(
        by_enterprise=by_enterprise,
        unhedged_sd=unhedged_sd,
        hedged_sd=hedged_sd,
        volatility_reduction=float(by_enterprise["volatility_reduction"].median()),
        variance_reduction=float(by_enterprise["variance_reduction"].median()),
        volatility_reduction_pooled=1.0 - pooled,
        variance_reduction_pooled=1.0 - pooled**2,
    )
