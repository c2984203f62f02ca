"""Does margin cover, and how fast does it rise: back-test statistics and measures of procyclicality.

Coverage tests: Kupiec, Techniques for verifying the accuracy of risk measurement models, Journal of
Derivatives 3 (1995); Christoffersen, Evaluating interval forecasts, International Economic Review 39 (1998).
Measures of procyclicality: Murphy, Vasios and Vause, Bank of England Financial Stability Paper 29 (2014).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import bdtrc

from abm.core.arguments import finite_number, shown, whole_number
from abm.core.errors import ParameterError
from abm.core.money import USD_MICRO
from abm.recording.margin_metrics import largest_rise

_MEASURES = (
    "observations",
    "breaches",
    "coverage",
    "kupiec_p",
    "independence_p",
    "mean_requirement_usd",
    "largest_exception_usd",
    "average_exception_usd",
)


class LikelihoodRatio(NamedTuple):
    """A likelihood-ratio test.

    Parameters
    ----------
    statistic : float
        Twice the log of the likelihood ratio; NaN if there is nothing to test.
    p_value : float
        Probability of a larger one if the hypothesis is true; NaN likewise.
    """

    statistic: float
    p_value: float


class Procyclicality(NamedTuple):
    """How a requirement moves over time, in its own units and as ratios.

    Parameters
    ----------
    mean : float
        Mean requirement: what calm costs.
    peak_to_trough : float
        Highest over lowest requirement.
    largest_call_ratio : dict of int to float
        Largest ratio of a requirement to that of so many days before, by days; NaN in too short a series.
    """

    mean: float
    peak_to_trough: float
    largest_call_ratio: dict[int, float]


def _log_likelihood(events: int, trials: int, probability: float) -> float:
    """Return the log-likelihood of a count of events; a term with no event counts zero."""
    happened = events * math.log(probability) if events else 0.0
    return happened + ((trials - events) * math.log1p(-probability) if trials > events else 0.0)


def _chi_squared_tail(statistic: float, degrees: int) -> float:
    """Return the probability that a chi-squared variable of one or two degrees of freedom is larger."""
    return math.erfc(math.sqrt(statistic / 2.0)) if degrees == 1 else math.exp(-statistic / 2.0)


def _check(breaches: int, observations: int, confidence: float) -> None:
    whole_number("observations", observations, least=0)
    if not 0 <= whole_number("breaches", breaches) <= observations:
        raise ParameterError(f"breaches: {breaches} is not in 0..{observations}")
    if not 0.0 < finite_number("confidence", confidence) < 1.0:
        raise ParameterError(f"confidence: {confidence} is not in (0, 1)")


def kupiec_test(breaches: int, observations: int, confidence: float) -> LikelihoodRatio:
    """Test whether breaches are as frequent as the confidence level says (proportion of failures).

    Parameters
    ----------
    breaches, observations : int
        Counts.
    confidence : float
        Share of days that margin is meant to cover.

    Returns
    -------
    LikelihoodRatio
        One degree of freedom.
    """
    _check(breaches, observations, confidence)
    if observations == 0:
        return LikelihoodRatio(math.nan, math.nan)
    found = _log_likelihood(breaches, observations, breaches / observations)
    statistic = max(2.0 * (found - _log_likelihood(breaches, observations, 1.0 - confidence)), 0.0)
    return LikelihoodRatio(statistic, _chi_squared_tail(statistic, 1))


def kupiec_bounds(observations: int, confidence: float, significance: float = 0.05) -> tuple[int, int]:
    """Return the fewest and the most breaches that do not reject the confidence level.

    Parameters
    ----------
    observations : int
        Days.
    confidence, significance : float
        Of the margin, and of the test.

    Returns
    -------
    tuple of int
        (1, 6) for 250 days at 99 %.

    Raises
    ------
    ParameterError
        If there is no day, or a share is outside (0, 1).
    """
    if whole_number("observations", observations) < 1:
        raise ParameterError(f"observations: {observations} is not >= 1")
    if not 0.0 < finite_number("significance", significance) < 1.0:
        raise ParameterError(f"significance: {significance} is not in (0, 1)")
    expected = round(observations * (1.0 - confidence))

    def accepted(breaches: int) -> bool:
        return kupiec_test(breaches, observations, confidence).p_value >= significance

    low = high = expected
    while low > 0 and accepted(low - 1):
        low -= 1
    while high < observations and accepted(high + 1):
        high += 1
    return low, high


def breaches_probability(breaches: int, observations: int, confidence: float) -> float:
    """Return the exact probability of so many breaches or more where margin covers as asked (binomial).

    Parameters
    ----------
    breaches, observations : int
        Counts.
    confidence : float
        Share of days that margin is meant to cover.
    """
    if breaches <= 0 or breaches > observations:
        return 1.0 if breaches <= 0 else 0.0
    _check(breaches, observations, confidence)
    return float(bdtrc(breaches - 1, observations, 1.0 - confidence))


def _yes_or_no(breaches: ArrayLike) -> NDArray[np.bool_]:
    """Return breaches as booleans; counts, shares and missing values are refused."""
    given = np.asarray(breaches)
    is_flag = given.dtype.kind == "b" or (given.dtype.kind in "iuf" and bool(np.isin(given, (0, 1)).all()))
    if given.ndim != 1 or not is_flag:
        raise ParameterError(f"breaches: {shown(breaches)} is not a list of yes or no")
    return given.astype(np.bool_)


def christoffersen_test(breaches: ArrayLike) -> LikelihoodRatio:
    """Test whether a breach makes another one the next day more, or less, likely.

    Parameters
    ----------
    breaches : array of bool, shape (days,)
        One account or contract in the order of days. Losses over a margin period of several days overlap, so
        that breaches cluster then even under a good model: pass every n-th day.

    Returns
    -------
    LikelihoodRatio
        One degree of freedom; NaN where no day follows a breach or none follows a day without.
    """
    hit = _yes_or_no(breaches)
    after_breach, after_none = hit[1:][hit[:-1]], hit[1:][~hit[:-1]]
    if len(after_breach) == 0 or len(after_none) == 0:
        return LikelihoodRatio(math.nan, math.nan)
    apart = sum(
        _log_likelihood(int(part.sum()), len(part), float(part.mean())) for part in (after_breach, after_none)
    )
    days, count = len(hit) - 1, int(hit[1:].sum())
    statistic = max(2.0 * (apart - _log_likelihood(count, days, count / days)), 0.0)
    return LikelihoodRatio(statistic, _chi_squared_tail(statistic, 1))


def conditional_coverage_test(breaches: ArrayLike, confidence: float) -> LikelihoodRatio:
    """Test frequency and independence of breaches together: the sum of both statistics.

    Parameters
    ----------
    breaches : array of bool, shape (days,)
        In the order of days.
    confidence : float
        Share of days that margin is meant to cover.

    Returns
    -------
    LikelihoodRatio
        Two degrees of freedom; NaN if either test has none.
    """
    hit = _yes_or_no(breaches)
    statistic = (
        kupiec_test(int(hit.sum()), len(hit), confidence).statistic + christoffersen_test(hit).statistic
    )
    return LikelihoodRatio(statistic, math.nan if math.isnan(statistic) else _chi_squared_tail(statistic, 2))


def backtest_table(
    rows: pd.DataFrame, by: str | Sequence[str], *, confidence: float, mpor_days: int = 1
) -> pd.DataFrame:
    """Return coverage and breaches of margin by account, tenor or any other columns.

    Parameters
    ----------
    rows : DataFrame
        Columns ``day``, ``requirement_usd_micro``, ``loss_usd_micro``, ``breach`` and those of ``by``.
    by : str or sequence of str
        Columns to group by.
    confidence : float
        Share of days that margin is meant to cover.
    mpor_days : int
        Margin period of the losses: independence is tested on every so many days.

    Returns
    -------
    DataFrame, indexed by ``by``
        ``observations``, ``breaches``, ``coverage``, ``kupiec_p``, ``independence_p``,
        ``mean_requirement_usd``, and ``largest_exception_usd`` and ``average_exception_usd``: the loss beyond
        margin in a breach (CPMI-IOSCO quantitative disclosure 6.5), zero without one. The tests take every
        row as a draw of its own, which rows of one day are not: test one account or contract, and read a
        pooled table as a description.

    Raises
    ------
    ParameterError
        If a column is missing.
    """
    mpor_days = whole_number("mpor_days", mpor_days, least=1)
    columns = [by] if isinstance(by, str) else list(by)
    missing = sorted(
        {*columns, "day", "requirement_usd_micro", "loss_usd_micro", "breach"} - set(rows.columns)
    )
    if missing:
        raise ParameterError(f"rows: there is no column {missing[0]!r}")
    groups = [
        {**dict(zip(columns, key, strict=True)), **_coverage(part.sort_values("day"), confidence, mpor_days)}
        for key, part in rows.groupby(columns)
    ]
    return pd.DataFrame(groups, columns=[*columns, *_MEASURES]).set_index(columns)


def _coverage(rows: pd.DataFrame, confidence: float, mpor_days: int) -> dict[str, float]:
    hit = rows["breach"].to_numpy(dtype=np.bool_)
    beyond = (rows["loss_usd_micro"] - rows["requirement_usd_micro"]).to_numpy(dtype=np.float64)[
        hit
    ] / USD_MICRO
    count = int(hit.sum())
    measures = (
        len(hit),
        count,
        1.0 - count / len(hit),
        kupiec_test(count, len(hit), confidence).p_value,
        christoffersen_test(hit[::mpor_days]).p_value,
        float(rows["requirement_usd_micro"].mean()) / USD_MICRO,
        float(beyond.max(initial=0.0)),
        float(beyond.mean()) if count else 0.0,
    )
    return dict(zip(_MEASURES, measures, strict=True))


def procyclicality(requirement: ArrayLike, days: Sequence[int] = (1, 5, 20)) -> Procyclicality:
    """Return how much a requirement rises, over its whole course and within some days.

    Parameters
    ----------
    requirement : array of float, shape (days,)
        Requirement for one unchanged position, e.g. margin per lot over notional; positive.
    days : sequence of int
        Horizons of the call ratios.

    Raises
    ------
    ParameterError
        If the series is empty or not positive throughout, or a horizon is not positive.
    """
    series: NDArray[np.float64] = np.asarray(requirement, dtype=np.float64)
    if series.ndim != 1 or len(series) == 0 or not np.all(series > 0.0):
        raise ParameterError("requirement: not one or more positive numbers")
    days = [whole_number("days", n) for n in days]
    if min(days, default=1) < 1:
        raise ParameterError(f"days: {list(days)} are not all >= 1")
    calls = {n: largest_rise(series, n) for n in days}
    return Procyclicality(float(series.mean()), float(series.max() / series.min()), calls)
