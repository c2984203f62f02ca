"""Facts of the trading day, each beside what a market without it would show.

Memory of the signs of incoming orders and its exponent (Lillo and Farmer 2004), the part of the variance that
comes over night (French and Roll 1986), whether prices know the next fixing, and activity over the day (Jain
and Joh 1988). The null is no range of real markets, as ``stylised_facts`` has them, but the number and its
bounds of two standard errors, or 95 %, where there is nothing but chance: signs in shuffled order, a night
like any other step, days paired with fixings by lot, the same volume in every round. The bounds of shuffling
are in closed form: correlations of shuffled signs and pairs have variance 1/n, whatever their distribution.
Beside the null stands the bare spot process, a price that only follows the fixings.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from abm.core.arrays import FloatArray
from abm.recording import RunFolder

from .runs import Run, load
from .stylised_facts import aggressor_signs, autocorrelation, listed_tenor, sign_memory_exponent

SIGN_LAGS = 10
"""Lags over which the memory of signs is a mean."""
EDGE = 8
"""The first and the last of so many parts of the day are its edges."""
SIGN_MEMORY = f"mean autocorrelation of trade signs to lag {SIGN_LAGS}"
SIGN_EXPONENT = "exponent of the memory of trade signs"
OVERNIGHT = "share of variance over night"
NEXT_FIXING = "correlation of a day's change with the next fixing's"
EDGES = "share of volume in the first and last eighth of the day"
PARTS = ("first", "middle", "last")
LEAST_DAYS = 3
"""Days, nights or rounds below which a fact of the day is no number."""
_CONTINUOUS = 0


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
    spot : float
        The number of a price that only follows the fixings; NaN where such a price has none.
    """

    fact: str
    value: float
    null: float
    null_low: float
    null_high: float
    observations: int
    reason: str = ""
    spot: float = math.nan

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
    log_mid, months = log_mids(opened, tenor)
    signs, volume = aggressor_signs(opened, tenor), volume_by_round(opened, tenor)
    facts = [
        sign_memory(signs),
        sign_exponent(signs),
        overnight_share(log_mid, months),
        next_fixing_correlation(log_mid, fixing_changes(opened)),
        edge_activity(volume),
        *activity_of_parts(volume),
    ]
    return pd.DataFrame([{**fact._asdict(), "beyond_null": fact.beyond_null} for fact in facts])


def sign_memory(signs: FloatArray) -> DayFact:
    """Return the mean autocorrelation of order signs over ``SIGN_LAGS``; independent signs have none."""
    name = SIGN_MEMORY
    value = float(autocorrelation(signs, SIGN_LAGS).mean()) if len(signs) > SIGN_LAGS else math.nan
    if math.isnan(value):
        return DayFact(name, value, 0.0, math.nan, math.nan, len(signs), "too few orders, or all of one side")
    bound = 2.0 / math.sqrt(len(signs) * SIGN_LAGS)
    return DayFact(name, value, 0.0, -bound, bound, len(signs))


def sign_exponent(signs: FloatArray) -> DayFact:
    """Return the exponent of the power law by which the memory of signs falls; independent signs have none.

    Real markets have .3 to .8.
    """
    value = sign_memory_exponent(signs)
    reason = "signs have no memory to lag 100 that a power law fits" if math.isnan(value) else ""
    return DayFact(SIGN_EXPONENT, value, math.nan, math.nan, math.nan, len(signs), reason)


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
    name = OVERNIGHT
    night = (log_mid[1:, 0] - log_mid[:-1, -1])[months[1:] == months[:-1]]
    by_round = np.diff(log_mid, axis=1)
    night, steps = night[np.isfinite(night)], by_round[np.isfinite(by_round)]
    null = 1.0 / max(log_mid.shape[1], 1)
    if len(night) < LEAST_DAYS or len(steps) < LEAST_DAYS:
        return DayFact(name, math.nan, null, math.nan, math.nan, len(night), "too few nights or rounds")
    of_night, of_day = float(np.square(night).mean()), float(np.square(steps).mean()) * by_round.shape[1]
    if of_night + of_day == 0.0:
        return DayFact(name, math.nan, null, math.nan, math.nan, len(night), "the mid never moved")
    ratios = stats.f.ppf([0.025, 0.975], len(night), len(steps))
    low, high = (float(ratio / (ratio + by_round.shape[1])) for ratio in ratios)
    # A price that only follows the fixings moves in the night alone.
    return DayFact(name, of_night / (of_night + of_day), null, low, high, len(night), spot=1.0)


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
    name = NEXT_FIXING
    moved = log_mid[:, -1] - log_mid[:, 0]
    known = np.isfinite(moved) & np.isfinite(fixing_change)
    days = int(known.sum())
    if days < LEAST_DAYS or moved[known].std() == 0.0 or fixing_change[known].std() == 0.0:
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
    first, _, last = (rounds_of_part(volume.shape[1], part) for part in PARTS)
    edge = first | last
    null = float(edge.mean()) if len(edge) else math.nan
    return _even(EDGES, shares_of_volume(volume, edge), null, edge)


def activity_of_parts(volume: FloatArray) -> list[DayFact]:
    """Return the volume of the first, the middle and the last eighth of the day over that of an even day.

    Parameters
    ----------
    volume : array of float, shape (days, rounds)
        Lots traded in each round.
    """
    facts = []
    for part in PARTS:
        rounds = rounds_of_part(volume.shape[1], part)
        even = float(rounds.mean()) if len(rounds) else math.nan
        facts.append(_even(activity_name(part), shares_of_volume(volume, rounds) / even, 1.0, rounds))
    return facts


def activity_name(part: str) -> str:
    """Return the name of the fact about the first, middle or last eighth."""
    return f"volume in the {part} eighth of the day over an even day's"


def rounds_of_part(rounds: int, part: str) -> NDArray[np.bool_]:
    """Return which rounds are in the first, the middle or the last eighth of the day, at least one.

    The middle is as far from both ends, so that it may have a round less.
    """
    number = np.arange(rounds)
    if part == "middle":
        from_centre = np.abs(2 * number + 1 - rounds)
        found = from_centre < max(rounds / EDGE, from_centre.min(initial=rounds) + 0.5)
    else:
        found = (number if part == "first" else number[::-1]) * EDGE < rounds
    return np.asarray(found, dtype=np.bool_)


def shares_of_volume(volume: FloatArray, rounds: NDArray[np.bool_]) -> FloatArray:
    """Return the share of each day's volume in some rounds; days without trades are left out."""
    traded = volume[np.nansum(volume, axis=1) > 0.0]
    shares: FloatArray = np.nansum(traded[:, rounds], axis=1) / np.nansum(traded, axis=1)
    return shares


def _even(name: str, by_day: FloatArray, null: float, rounds: NDArray[np.bool_]) -> DayFact:
    """Return the mean of days beside that of the same volume in every round."""
    days = len(by_day)
    if days < LEAST_DAYS or rounds.all():
        reason = "too few days or rounds with trades"
        return DayFact(name, math.nan, null, math.nan, math.nan, days, reason)
    reach = 2.0 * float(by_day.std(ddof=1)) / math.sqrt(days)
    return DayFact(name, float(by_day.mean()), null, null - reach, null + reach, days)


def log_mids(run: RunFolder, tenor: int) -> tuple[FloatArray, NDArray[np.int64]]:
    """Return log mids, shape (days, rounds), NaN where there is none, and the delivery month of each day."""
    quotes = run.tables["quotes"]
    own = quotes[quotes["tenor"] == tenor]
    mid = 0.5 * (own["best_bid_ticks"].astype(float) + own["best_ask_ticks"].astype(float))
    usable = (own["phase"] == _CONTINUOUS) & (mid > 0.0)
    wide = own.assign(log_mid=np.log(mid.where(usable)))
    by_round = wide.pivot(index="day", columns="round", values="log_mid").to_numpy(dtype=np.float64)
    return by_round, wide.groupby("day")["month"].first().to_numpy(dtype=np.int64)


def volume_by_round(run: RunFolder, tenor: int) -> FloatArray:
    """Return the lots traded in each round, shape (days, rounds)."""
    quotes = run.tables["quotes"]
    own = quotes[quotes["tenor"] == tenor]
    return own.pivot(index="day", columns="round", values="volume_lots").to_numpy(dtype=np.float64)


def fixing_changes(run: RunFolder) -> FloatArray:
    """Return the change of the log fixing from each day to the next; a fixing brought forward is no news."""
    spot = run.tables["spot"].sort_values("day")
    fixing = spot["index_fixing_usd_micro"].astype(float)
    fixing = fixing.where(spot["index_available"] & (fixing > 0.0))
    return np.append(np.diff(np.log(fixing.to_numpy(dtype=np.float64))), math.nan)
