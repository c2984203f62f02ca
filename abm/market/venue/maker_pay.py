"""What a month is worth to a market maker: performance levels, stipend or revenue share, extra for stress."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.agents.makers.contract import PayTerms
from abm.core.arrays import IntArray
from abm.core.money import BPS

_SCORE_PARTS = 1_000_000


class MonthlyPay(NamedTuple):
    """Pay due to each maker, micro-USD, shape (makers,): for the month, and the extra for stress."""

    month: IntArray
    stress: IntArray


def level_share_bps(terms: PayTerms, score: NDArray[np.float64]) -> IntArray:
    """Return the share of the highest level that each score reaches, 0 below all of them."""
    share = np.zeros(len(score), dtype=np.int64)
    for reached_from, level_bps in terms.levels:
        share[score >= reached_from] = level_bps
    return share


def monthly_pay(
    terms: PayTerms,
    *,
    score: NDArray[np.float64],
    stress_rounds: IntArray,
    rounds_per_day: int,
    entitled: NDArray[np.bool_],
    net_fees_usd_micro: int,
    revenue_usd_micro: int,
) -> MonthlyPay:
    """Return what each maker is paid.

    Where all claims together exceed what may be paid, each is cut by the same ratio, whatever the order of
    the makers. Every amount is rounded down: fractions of a micro-USD stay with the exchange.

    Parameters
    ----------
    terms : PayTerms
        Terms.
    score : array of float, shape (makers,)
        Mean share of complying quotes.
    stress_rounds : array of int64, shape (makers,)
        Complying month-rounds in stress.
    rounds_per_day : int
        Rounds that make a day.
    entitled : array of bool, shape (makers,)
        Makers that have the status and can be paid; the others have no claim.
    net_fees_usd_micro : int
        The month's fees less rebates, of all accounts.
    revenue_usd_micro : int
        All that the exchange has earned and not paid out yet; negative after rebates above fees.
    """
    share = np.where(entitled, level_share_bps(terms, score), 0)
    fees = max(0, net_fees_usd_micro)
    if terms.revenue_share_bps is None:
        month = [terms.stipend_usd_micro * part // BPS for part in share.tolist()]
    else:
        pool = fees * terms.revenue_share_bps // BPS
        weights = (share * np.rint(score * _SCORE_PARTS).astype(np.int64)).tolist()
        month = [pool * weight // max(1, sum(weights)) for weight in weights]
    stress = [
        terms.stress_usd_micro * rounds // rounds_per_day if part > 0 else 0
        for part, rounds in zip(share.tolist(), stress_rounds.tolist(), strict=True)
    ]
    due, most = sum(month) + sum(stress), _most_usd_micro(terms, fees, revenue_usd_micro)
    if due > most:
        month = [amount * most // due for amount in month]
        stress = [amount * most // due for amount in stress]
    return MonthlyPay(np.array(month, dtype=np.int64), np.array(stress, dtype=np.int64))


class MonthOutlook(NamedTuple):
    """How the month is going to end if it goes on as it has begun.

    Attributes
    ----------
    net_fees_usd_micro : int
        Fees less rebates of the whole month.
    revenue_usd_micro : int
        What the exchange will have earned and not paid out, when it pays.
    stress_rounds : int
        Complying month-rounds in stress, of all makers that will be due.
    makers : int
        Makers that will be due.
    """

    net_fees_usd_micro: int
    revenue_usd_micro: int
    stress_rounds: int
    makers: int


class AnnouncedPay(NamedTuple):
    """What a maker can expect, micro-USD: of a month at the full level, and of a stressed month and day."""

    month_usd_micro: int
    stress_usd_micro: int


def announced_pay(terms: PayTerms, outlook: MonthOutlook | None, *, rounds_per_day: int) -> AnnouncedPay:
    """Return what a maker can expect of the pay, if all that will be due are so at the full level.

    It is cut as :func:`monthly_pay` cuts it: nobody is to plan on pay that nobody can earn.

    Parameters
    ----------
    terms : PayTerms
        Terms.
    outlook : MonthOutlook, optional
        ``None`` before there is anything to go by: then what is written counts.
    rounds_per_day : int
        Rounds that make a day.
    """
    if outlook is None or outlook.makers == 0:
        return AnnouncedPay(terms.stipend_usd_micro, terms.stress_usd_micro)
    fees = max(0, outlook.net_fees_usd_micro)
    month = terms.stipend_usd_micro
    if terms.revenue_share_bps is not None:
        month = fees * terms.revenue_share_bps // BPS // outlook.makers
    due = month * outlook.makers + terms.stress_usd_micro * outlook.stress_rounds // rounds_per_day
    most = _most_usd_micro(terms, fees, outlook.revenue_usd_micro)
    if due <= most:
        return AnnouncedPay(month, terms.stress_usd_micro)
    return AnnouncedPay(month * most // due, terms.stress_usd_micro * most // due)


def _most_usd_micro(terms: PayTerms, fees_usd_micro: int, revenue_usd_micro: int) -> int:
    """Return what all pay of a month together cannot exceed."""
    most = max(0, revenue_usd_micro)
    return min(most, fees_usd_micro) if terms.limited_to_fees else most
