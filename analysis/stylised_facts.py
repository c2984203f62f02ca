"""Stylised facts of prices: does a run look like a market, and is that the market's doing or the spot's.

The facts are those of Cont, Empirical properties of asset returns, Quantitative Finance 1 (2001), and for the
signs of trades Lillo and Farmer (2004). They are read on two clocks. On the clock of rounds a return is the
change of the log mid price between two rounds of a day that both end in continuous trading with a bid and an
ask; the step over night, on which the fixing brings all the news of the day, is left out, and a lag counts
trading time. On the clock of days a return is the change of the log settlement price of one month.

Each fact stands beside the same number of the bare spot process, whose clock is the day: a fact that the spot
price has already is not made by the market.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm.core.arguments import finite_number, whole_number
from abm.core.arrays import FloatArray
from abm.recording import RunFolder

from .runs import Run, load

TAIL_SHARE = 0.05
"""Share of the largest absolute returns that the tail index is estimated on."""
COARSE_ROUNDS = 16
"""Rounds of the coarse scale on which kurtosis is to be lower."""
_BY_CHANCE = 3 / 19
"""Share of the lags 2 to 20 that may seem correlated: more have a chance of 1 % without correlation."""
_LAST_LAG = 50
LAST_SIGN_LAG = 100
"""Lags that the exponent of a memory of signs is fitted to."""
_CONTINUOUS = 0


class Returns(NamedTuple):
    """Returns of one tenor with the volume traded in each step; NaN where there is no return.

    Attributes
    ----------
    by_round, round_lots : array of float, shape (days, rounds - 1)
        Within each day.
    by_day, day_lots : array of float, shape (days,)
        From settlement to settlement of one month.
    month : array of int64, shape (days,)
        Delivery month at the tenor.
    """

    by_round: FloatArray
    round_lots: FloatArray
    by_day: FloatArray
    day_lots: FloatArray
    month: NDArray[np.int64]


class Fact(NamedTuple):
    """One stylised fact: its value, the range in which markets have it, and its value for the spot price."""

    clock: str
    name: str
    value: float
    low: float
    high: float
    spot: float

    @property
    def holds(self) -> bool:
        """Whether the value is in the range."""
        return self.low <= self.value <= self.high


def returns_of(run: RunFolder, tenor: int = 1) -> Returns:
    """Return the returns of the month at a tenor.

    Parameters
    ----------
    run : RunFolder
        With the tables ``quotes`` and ``daily``.
    tenor : int
        Months to delivery.
    """
    tenor = listed_tenor(run, tenor)
    quotes = run.tables["quotes"]
    quotes = quotes[quotes["tenor"] == tenor]
    mid = 0.5 * (quotes["best_bid_ticks"].astype(float) + quotes["best_ask_ticks"].astype(float))
    usable = (quotes["phase"] == _CONTINUOUS) & (mid > 0)
    wide = quotes.assign(log_mid=np.log(mid.where(usable)))
    log_mid = wide.pivot(index="day", columns="round", values="log_mid").to_numpy(dtype=np.float64)
    lots = wide.pivot(index="day", columns="round", values="volume_lots").to_numpy(dtype=np.float64)
    daily = run.tables["daily"]
    daily = daily[(daily["tenor"] == tenor)].sort_values("day")
    settlement = daily["settlement_ticks"].astype(float)
    logs = settlement.where((settlement > 0) & ~daily["final"]).map(math.log, na_action="ignore")
    return Returns(
        by_round=np.diff(log_mid, axis=1),
        round_lots=lots[:, 1:],
        by_day=np.asarray(logs.groupby(daily["month"]).diff(), dtype=np.float64),
        day_lots=daily["volume_lots"].to_numpy(dtype=np.float64),
        month=wide.groupby("day")["month"].first().to_numpy(dtype=np.int64),
    )


def listed_tenor(run: RunFolder, tenor: int) -> int:
    """Return a tenor that is one of a month listed in the run, or raise ``ParameterError``."""
    daily = run.tables.get("daily")
    listed = daily["tenor"].max() if daily is not None and len(daily) else None
    return whole_number("tenor", tenor, least=0, most=None if listed is None else int(listed))


def over_rounds(returns: Returns, rounds: int) -> FloatArray:
    """Return the overlapping returns over several rounds of a day, those across a missing one left NaN."""
    rounds = whole_number("rounds", rounds, least=1)
    by_round = returns.by_round
    if by_round.shape[1] < rounds:
        return np.full(1, math.nan)
    windows = np.lib.stride_tricks.sliding_window_view(by_round, rounds, axis=1)
    total: FloatArray = windows.sum(axis=-1).ravel()
    return total


def level_of_each_month_apart(returns: Returns) -> FloatArray:
    """Return the returns by round in units of the mean absolute return while their month was at the tenor.

    A price that falls for a year on a fixed tick size moves in ever coarser steps; that alone would look
    like a memory of the size of returns.
    """
    scaled = returns.by_round.copy()
    for month in np.unique(returns.month):
        days = returns.month == month
        sizes = np.abs(scaled[days])
        level = float(sizes[np.isfinite(sizes)].mean()) if np.isfinite(sizes).any() else 0.0
        scaled[days] = scaled[days] / level if level > 0.0 else math.nan
    return scaled.ravel()


def aggressor_signs(run: RunFolder, tenor: int = 1) -> FloatArray:
    """Return the side of each incoming order that traded in a month, in order; 1 bought, -1 sold."""
    return incoming_orders(run, tenor)["aggressor_side"].to_numpy(dtype=np.float64)


def incoming_orders(run: RunFolder, tenor: int = 1) -> pd.DataFrame:
    """Return the first trade of each incoming order in a month, without auctions and spread legs."""
    tenor = listed_tenor(run, tenor)
    trades = run.tables["trades"]
    own = trades[
        (trades["tenor"] == tenor) & (trades["aggressor_side"] != 0) & (trades["spread_months"] == 0)
    ]
    first = own["taker_order_id"].ne(own["taker_order_id"].shift())
    return own.loc[first]


def autocorrelation(series: FloatArray, last_lag: int) -> FloatArray:
    """Return the autocorrelation at lags 1 to ``last_lag``; pairs with a NaN are left out.

    Returns
    -------
    array of float, shape (last_lag,)
        NaN where a lag has no pair or the series does not vary.
    """
    last_lag = whole_number("last_lag", last_lag, least=1)
    known = np.isfinite(series)
    centred = np.where(known, series - (series[known].mean() if known.any() else 0.0), 0.0)
    variance = float(centred @ centred) / max(int(known.sum()), 1)
    correlations = np.full(last_lag, math.nan)
    for lag in range(1, min(last_lag, len(series) - 1) + 1):
        pairs = int((known[lag:] & known[:-lag]).sum())
        if pairs > 0 and variance > 0.0:
            correlations[lag - 1] = float(centred[lag:] @ centred[:-lag]) / pairs / variance
    return correlations


def excess_kurtosis(series: FloatArray) -> float:
    """Return the excess kurtosis, NaN for a series that does not vary."""
    known = series[np.isfinite(series)]
    if known.size == 0:
        return math.nan
    centred = known - known.mean()
    variance = float((centred**2).mean())
    return float((centred**4).mean()) / variance**2 - 3.0 if variance > 0.0 else math.nan


def tail_index(series: FloatArray, tail_share: float = TAIL_SHARE) -> float:
    """Return the index of the power law in the tail of absolute values, by the estimator of Hill (1975)."""
    sizes = np.sort(np.abs(series[np.isfinite(series)]))[::-1]
    tail = round(finite_number("tail_share", tail_share, least=0.0, most=1.0) * sizes.size)
    if tail < 2 or tail >= sizes.size or sizes[tail] <= 0.0:
        return math.nan
    mean = float(np.log(sizes[:tail] / sizes[tail]).mean())
    return 1.0 / mean if mean > 0.0 else math.nan


def share_of_lags_correlated(series: FloatArray) -> float:
    """Return the share of lags 2 to 20 at which the autocorrelation is beyond .05 and beyond 2 / sqrt(n).

    One lag of twenty is expected beyond the second bound when there is no correlation at all.
    """
    beyond = np.abs(autocorrelation(series, 20)[1:])
    if not np.isfinite(beyond).all():
        return math.nan
    bound = max(0.05, 2.0 / math.sqrt(np.isfinite(series).sum()))
    return float((beyond > bound).mean())


def lowest_memory_of_size(series: FloatArray) -> float:
    """Return the autocorrelation of absolute values up to lag 50: the lowest of its means over ten lags."""
    correlations = autocorrelation(np.abs(series), _LAST_LAG)
    return float(correlations.reshape(-1, 10).mean(axis=1).min())


def correlation_with_size(lots: FloatArray, series: FloatArray) -> float:
    """Return the correlation of volume and absolute return over the steps that have a return."""
    known = np.isfinite(series) & np.isfinite(lots)
    sizes, volume = np.abs(series[known]), lots[known]
    if known.sum() < 3 or sizes.std() == 0.0 or volume.std() == 0.0:
        return math.nan
    return float(np.corrcoef(volume, sizes)[0, 1])


def sign_memory_exponent(signs: FloatArray) -> float:
    """Return gamma of a power law lag^-gamma fitted to the autocorrelation of trade signs up to lag 100.

    The fit is a straight line through logs of means over lags that double. NaN when one of the means is not
    above two standard errors: signs without memory have no exponent.
    """
    return memory_exponent(autocorrelation(signs, LAST_SIGN_LAG), signs.size)


def memory_exponent(correlations: FloatArray, observations: int) -> float:
    """Return gamma of a power law fitted to autocorrelations of a series of so many observations.

    Parameters
    ----------
    correlations : array of float, shape (100,)
        At lags 1 to 100.
    observations : int
        Length of the series.
    """
    ends = [1, 2, 4, 8, 16, 32, 64, LAST_SIGN_LAG]
    groups = [np.arange(low, high) for low, high in pairwise(ends)]
    means = np.array([correlations[lags - 1].mean() for lags in groups])
    errors = np.array([1.0 / math.sqrt(max(observations, 1) * lags.size) for lags in groups])
    if not (means > 2.0 * errors).all():
        return math.nan
    centres = np.array([np.log(lags).mean() for lags in groups])
    slope, _ = np.polyfit(centres, np.log(means), 1)
    return float(-slope)


def stylised_facts(run: Run, tenor: int = 1) -> list[Fact]:
    """Return the stylised facts of a run.

    Parameters
    ----------
    run : RunFolder or path
        Of at least the profile ``daily``.
    tenor : int
        Months to delivery; the front month is in delivery and moves less and less.

    Raises
    ------
    RunFolderError
        If the folder is not a readable run or lacks a table.
    """
    opened = load(run)
    returns = returns_of(opened, tenor)
    rounds = returns.by_round.ravel()
    spot = np.diff(np.log(opened.tables["spot"]["spot_usd"].where(lambda usd: usd > 0).to_numpy(dtype=float)))
    coarse = over_rounds(returns, COARSE_ROUNDS)
    uncorrelated, finest = "share of lags 2-20 with correlated returns", excess_kurtosis(rounds)
    spot_correlated, spot_kurtosis = share_of_lags_correlated(spot), excess_kurtosis(spot)
    volume_and_size, nothing = "correlation of volume and |return|", math.nan
    return [
        Fact("round", uncorrelated, share_of_lags_correlated(rounds), 0.0, _BY_CHANCE, spot_correlated),
        Fact("round", "tail index", tail_index(rounds), 2.0, 5.0, tail_index(spot)),
        Fact("round", "excess kurtosis", finest, 3.0, math.inf, spot_kurtosis),
        Fact(
            "round",
            f"excess kurtosis over {COARSE_ROUNDS} rounds",
            excess_kurtosis(coarse),
            0.0,
            finest,
            nothing,
        ),
        Fact(
            "round",
            "autocorrelation of |return| to lag 50",
            lowest_memory_of_size(level_of_each_month_apart(returns)),
            0.05,
            1.0,
            lowest_memory_of_size(spot),
        ),
        Fact(
            "round",
            volume_and_size,
            correlation_with_size(returns.round_lots.ravel(), rounds),
            0.1,
            0.7,
            nothing,
        ),
        Fact(
            "round",
            "exponent of the memory of trade signs",
            sign_memory_exponent(aggressor_signs(opened, tenor)),
            0.3,
            0.8,
            nothing,
        ),
        Fact("day", uncorrelated, share_of_lags_correlated(returns.by_day), 0.0, _BY_CHANCE, spot_correlated),
        Fact("day", "excess kurtosis", excess_kurtosis(returns.by_day), 3.0, math.inf, spot_kurtosis),
        Fact(
            "day", volume_and_size, correlation_with_size(returns.day_lots, returns.by_day), 0.1, 0.7, nothing
        ),
    ]


def facts_over_runs(runs: Sequence[Run], tenor: int = 1) -> pd.DataFrame:
    """Return the median of each fact over runs of one scenario, such as several seeds.

    Returns
    -------
    DataFrame
        One row a fact: ``clock``, ``fact``, ``median``, ``lowest`` and ``highest`` of the runs, the range
        ``low`` to ``high``, the median of the ``spot`` process, ``holds`` (whether more than half of the
        runs hold it, each against its own range) and ``runs_that_hold``. Runs in which a number cannot be
        computed count as not holding it.
    """
    by_run = [stylised_facts(run, tenor) for run in runs]
    rows = []
    for facts in zip(*by_run, strict=True):
        values = np.array([fact.value for fact in facts])
        known = values[np.isfinite(values)]
        median = float(np.median(known)) if 2 * known.size > values.size else math.nan
        holding = sum(fact.holds for fact in facts)
        spot = np.array([fact.spot for fact in facts])
        rows.append(
            {
                "clock": facts[0].clock,
                "fact": facts[0].name,
                "median": median,
                "lowest": float(known.min()) if known.size else math.nan,
                "highest": float(known.max()) if known.size else math.nan,
                "low": facts[0].low,
                "high": float(np.median([fact.high for fact in facts])),
                "spot": float(np.median(spot)),
                "holds": 2 * holding > len(facts),
                "runs_that_hold": holding,
            }
        )
    return pd.DataFrame(rows)
