"""Facts of the trading day, each beside what a market without it would show.

Memory of the signs of incoming orders (Lillo and Farmer 2004), the part of the variance that comes over night
(French and Roll 1986), whether prices know the next fixing, and activity over the day (Jain and Joh 1988).
The null is no range of real markets, as ``stylised_facts`` has them, but the number and its bounds of two
standard errors, or 95 %, where there is nothing but chance.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from abm.recording import RunFolder

from .runs import Run, load
from .stylised_facts import aggressor_signs, autocorrelation, listed_tenor

FloatArray = NDArray[np.float64]

SIGN_LAGS = 10
"""Lags over which the memory of signs is a mean."""
EDGE = 8
"""The first and the last of so many parts of the day are its edges."""
_CONTINUOUS = 0
_LEAST_DAYS = 3


class DayFact(NamedTuple):
    """A number beside the same number under its null.

    Attributes
    ----------
    fact : str
        Its name.
    value : float
        NaN where the run does not give it.
    null, null_low, null_high : float
        What chance alone gives, and its bounds.
    observations : int
        Orders or days.
    reason : str
        Why the value is NaN; empty otherwise.
    """

    fact: str
    value: float
    null: float
    null_low: float
    null_high: float
    observations: int
    reason: str = ""

    @property
    def beyond_null(self) -> bool:
        """Whether the value is outside the bounds of chance; not where there is none."""
        return self.value < self.null_low or self.value > self.null_high


def day_facts(run: Run, tenor: int = 1) -> pd.DataFrame:
    """Return the facts of the trading day of the month at one tenor.

    Parameters
    ----------
    run : RunFolder or path
        Of at least the profile ``daily``.
    tenor : int
        Months to delivery.

    Returns
    -------
    DataFrame
        One row a fact: the columns of ``DayFact`` and ``beyond_null``.

    Raises
    ------
    RunFolderError
        If the folder is not a readable run or lacks a table.
    """
    opened = load(run)
    tenor = listed_tenor(opened, tenor)
    log_mid, months = _log_mids(opened, tenor)
    facts = [
        sign_memory(aggressor_signs(opened, tenor)),
        overnight_share(log_mid, months),
        next_fixing_correlation(log_mid, _fixing_changes(opened)),
        edge_activity(_volume(opened, tenor)),
    ]
    return pd.DataFrame([{**fact._asdict(), "beyond_null": fact.beyond_null} for fact in facts])


def sign_memory(signs: FloatArray) -> DayFact:
    """Return the mean autocorrelation of order signs over ``SIGN_LAGS``; independent signs have none."""
    name = f"mean autocorrelation of trade signs to lag {SIGN_LAGS}"
    value = float(autocorrelation(signs, SIGN_LAGS).mean()) if len(signs) > SIGN_LAGS else math.nan
    if math.isnan(value):
        return DayFact(name, value, 0.0, math.nan, math.nan, len(signs), "too few orders, or all of one side")
    bound = 2.0 / math.sqrt(len(signs) * SIGN_LAGS)
    return DayFact(name, value, 0.0, -bound, bound, len(signs))


def overnight_share(log_mid: FloatArray, months: NDArray[np.int64]) -> DayFact:
    """Return the share of the variance of log mids that comes between the last round and the next first one.

    Where the night is a step like those between rounds it is one of as many as the day has rounds; the
    bounds are those of the ratio of two variances of independent normal steps.

    Parameters
    ----------
    log_mid : array of float, shape (days, rounds)
        NaN where there is no mid.
    months : array of int64, shape (days,)
        Delivery month of each day: a night between two of them has no step.
    """
    name = "share of variance over night"
    night = (log_mid[1:, 0] - log_mid[:-1, -1])[months[1:] == months[:-1]]
    by_round = np.diff(log_mid, axis=1)
    night, steps = night[np.isfinite(night)], by_round[np.isfinite(by_round)]
    null = 1.0 / max(log_mid.shape[1], 1)
    if len(night) < _LEAST_DAYS or len(steps) < _LEAST_DAYS:
        return DayFact(name, math.nan, null, math.nan, math.nan, len(night), "too few nights or rounds")
    of_night, of_day = float(np.square(night).mean()), float(np.square(steps).mean()) * by_round.shape[1]
    if of_night + of_day == 0.0:
        return DayFact(name, math.nan, null, math.nan, math.nan, len(night), "the mid never moved")
    ratios = stats.f.ppf([0.025, 0.975], len(night), len(steps))
    low, high = (float(ratio / (ratio + by_round.shape[1])) for ratio in ratios)
    return DayFact(name, of_night / (of_night + of_day), null, low, high, len(night))


def next_fixing_correlation(log_mid: FloatArray, fixing_change: FloatArray) -> DayFact:
    """Return the correlation of a day's change of the mid with that of the fixing the next morning.

    Trading that knows nothing of the news to come has none.

    Parameters
    ----------
    log_mid : array of float, shape (days, rounds)
        NaN where there is no mid.
    fixing_change : array of float, shape (days,)
        Change of the log fixing from each day to the next; NaN on the last one.
    """
    name = "correlation of a day's change with the next fixing's"
    moved = log_mid[:, -1] - log_mid[:, 0]
    known = np.isfinite(moved) & np.isfinite(fixing_change)
    days = int(known.sum())
    if days < _LEAST_DAYS or moved[known].std() == 0.0 or fixing_change[known].std() == 0.0:
        return DayFact(name, math.nan, 0.0, math.nan, math.nan, days, "too few days, or nothing moved")
    bound = 2.0 / math.sqrt(days)
    return DayFact(
        name, float(np.corrcoef(moved[known], fixing_change[known])[0, 1]), 0.0, -bound, bound, days
    )


def edge_activity(volume: FloatArray) -> DayFact:
    """Return the mean share of a day's volume in its first and last eighth; even trading has a quarter there.

    With rounds that are not a multiple of eight, the null is the share of rounds that the edges have.

    Parameters
    ----------
    volume : array of float, shape (days, rounds)
        Lots traded in each round.
    """
    name = "share of volume in the first and last eighth of the day"
    rounds = volume.shape[1]
    edge = np.minimum(np.arange(rounds), np.arange(rounds)[::-1]) * EDGE < rounds
    null = float(edge.mean()) if rounds else math.nan
    of_day = np.nansum(volume, axis=1)
    traded = volume[of_day > 0.0]
    if len(traded) < _LEAST_DAYS or edge.all():
        return DayFact(
            name, math.nan, null, math.nan, math.nan, len(traded), "too few days or rounds with trades"
        )
    shares = np.nansum(traded[:, edge], axis=1) / np.nansum(traded, axis=1)
    error = float(shares.std(ddof=1)) / math.sqrt(len(shares))
    return DayFact(name, float(shares.mean()), null, null - 2.0 * error, null + 2.0 * error, len(shares))


def _log_mids(run: RunFolder, tenor: int) -> tuple[FloatArray, NDArray[np.int64]]:
    quotes = run.tables["quotes"]
    own = quotes[quotes["tenor"] == tenor]
    mid = 0.5 * (own["best_bid_ticks"].astype(float) + own["best_ask_ticks"].astype(float))
    usable = (own["phase"] == _CONTINUOUS) & (mid > 0.0)
    wide = own.assign(log_mid=np.log(mid.where(usable)))
    by_round = wide.pivot(index="day", columns="round", values="log_mid").to_numpy(dtype=np.float64)
    return by_round, wide.groupby("day")["month"].first().to_numpy(dtype=np.int64)


def _volume(run: RunFolder, tenor: int) -> FloatArray:
    quotes = run.tables["quotes"]
    own = quotes[quotes["tenor"] == tenor]
    return own.pivot(index="day", columns="round", values="volume_lots").to_numpy(dtype=np.float64)


def _fixing_changes(run: RunFolder) -> FloatArray:
    """Return the change of the log fixing from each day to the next; a fixing brought forward is no news."""
    spot = run.tables["spot"].sort_values("day")
    fixing = spot["index_fixing_usd_micro"].astype(float)
    fixing = fixing.where(spot["index_available"] & (fixing > 0.0))
    return np.append(np.diff(np.log(fixing.to_numpy(dtype=np.float64))), math.nan)
