"""What the hedge did for the enterprises: their bills with and without it, and who had to give it up.

Volatility is measured here **within a run**: over the months of one run. What the same hedge does across
runs, which is another measure with other numbers, is in :mod:`abm.recording.across_paths`.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

Against = Literal["realised_need", "expected_need"]


class HedgeEffect(NamedTuple):
    """Effect of the hedge on the surprise in the monthly bills of hedging enterprises, within a run.

    The fields ``volatility_reduction`` and ``variance_reduction``, with or without ``_pooled``, are earlier
    names of the same with ``_within``; this version is the last that has them.

    Parameters
    ----------
    by_enterprise : DataFrame, indexed by account
        ``months``, ``expected_usd`` (expected cost a month), ``unhedged_sd``, ``hedged_sd`` (shares of it),
        ``volatility_reduction_within`` and ``variance_reduction_within`` (and both by their earlier names).
    unhedged_sd, hedged_sd : float
        Standard deviation of the surprise over all enterprises and months together.
    volatility_reduction_within, variance_reduction_within : float
        Medians over enterprises.
    volatility_reduction_within_pooled, variance_reduction_within_pooled : float
        From the two pooled standard deviations.
    volatility_reduction_within_weighted, variance_reduction_within_weighted : float
        From the two means over enterprises of the standard deviations, weighted by expected cost: what a
        dollar of cost gains, not an account.
    """

    by_enterprise: pd.DataFrame
    unhedged_sd: float
    hedged_sd: float
    volatility_reduction_within: float
    variance_reduction_within: float
    volatility_reduction_within_pooled: float
    variance_reduction_within_pooled: float
    volatility_reduction_within_weighted: float
    variance_reduction_within_weighted: float

    @property
    def volatility_reduction(self) -> float:
        """Earlier name of ``volatility_reduction_within``."""
        return self.volatility_reduction_within

    @property
    def variance_reduction(self) -> float:
        """Earlier name of ``variance_reduction_within``."""
        return self.variance_reduction_within

    @property
    def volatility_reduction_pooled(self) -> float:
        """Earlier name of ``volatility_reduction_within_pooled``."""
        return self.volatility_reduction_within_pooled

    @property
    def variance_reduction_pooled(self) -> float:
        """Earlier name of ``variance_reduction_within_pooled``."""
        return self.variance_reduction_within_pooled


def surprises(hedging: pd.DataFrame, *, against: Against = "realised_need") -> pd.DataFrame:
    """Return the monthly surprises of every enterprise, as shares of its expected bill.

    Parameters
    ----------
    hedging : DataFrame
        The table of that name.
    against : {"realised_need", "expected_need"}
        What was expected: the expected price of the tokens that were bought in the end, which leaves price
        risk alone, or the budget, which is the expected price of the expected need: then a need that comes
        out otherwise is a surprise of the bill too.

    Returns
    -------
    DataFrame
        ``account``, ``month``, ``hedges``, ``expected_usd``, ``unhedged`` = bill / expected - 1 and
        ``hedged`` = net cost / expected - 1. Left out are months in which nothing was expected, and month 0:
        it is in delivery when the run begins, so that nobody could hedge it.
    """
    column = {"realised_need": "expected_bill_usd", "expected_need": "budget_usd"}[against]
    rows = hedging[(hedging[column] > 0) & (hedging["month"] > 0)]
    expected = rows[column]
    return rows[["account", "month", "hedges"]].assign(
        expected_usd=expected,
        unhedged=rows["bill_usd"] / expected - 1.0,
        hedged=rows["net_cost_usd"] / expected - 1.0,
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


def hedge_effect(hedging: pd.DataFrame, *, against: Against = "realised_need") -> HedgeEffect:
    """Return how much the hedge lowered the volatility of the bills of those who hedge, within a run.

    The volatility reduction is 1 - sd(hedged surprise) / sd(unhedged surprise), the variance reduction the
    same with variances (Ederington 1979); the two are not the same number and are never exchanged. NaN
    where no enterprise hedges over two finished months.

    Parameters
    ----------
    hedging : DataFrame
        The table of that name.
    against : {"realised_need", "expected_need"}
        As for :func:`surprises`.
    """
    hedgers = surprises(hedging, against=against).query("hedges")
    by_account = hedgers.groupby("account")
    spread = by_account[["unhedged", "hedged"]].std(ddof=1)
    by_enterprise = pd.DataFrame(
        {
            "months": by_account.size(),
            "expected_usd": by_account["expected_usd"].mean(),
            "unhedged_sd": spread["unhedged"],
            "hedged_sd": spread["hedged"],
        }
    )
    relative = by_enterprise["hedged_sd"] / by_enterprise["unhedged_sd"].replace(0.0, np.nan)
    for name in ("volatility_reduction_within", "volatility_reduction"):
        by_enterprise[name] = 1.0 - relative
    for name in ("variance_reduction_within", "variance_reduction"):
        by_enterprise[name] = 1.0 - relative**2
    enough = len(hedgers) > 1
    unhedged_sd = float(hedgers["unhedged"].std(ddof=1)) if enough else math.nan
    hedged_sd = float(hedgers["hedged"].std(ddof=1)) if enough else math.nan
    pooled = hedged_sd / unhedged_sd if unhedged_sd else math.nan
    weighted = weighted_ratio(by_enterprise)
    return HedgeEffect(
        by_enterprise=by_enterprise,
        unhedged_sd=unhedged_sd,
        hedged_sd=hedged_sd,
        volatility_reduction_within=float(by_enterprise["volatility_reduction_within"].median()),
        variance_reduction_within=float(by_enterprise["variance_reduction_within"].median()),
        volatility_reduction_within_pooled=1.0 - pooled,
        variance_reduction_within_pooled=1.0 - pooled**2,
        volatility_reduction_within_weighted=1.0 - weighted,
        variance_reduction_within_weighted=1.0 - weighted**2,
    )


def weighted_ratio(spread: pd.DataFrame) -> float:
    """Return the mean of ``hedged_sd`` over that of ``unhedged_sd``, both weighted by ``expected_usd``."""
    known = spread.dropna(subset=["hedged_sd", "unhedged_sd"])
    unhedged = float((known["expected_usd"] * known["unhedged_sd"]).sum())
    return float((known["expected_usd"] * known["hedged_sd"]).sum()) / unhedged if unhedged else math.nan
