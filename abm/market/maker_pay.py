"""What a month is worth to a market maker: performance levels, stipend or revenue share, extra for stress."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FULL_SHARE_BPS = 10_000
_SCORE_PARTS = 1_000_000


@dataclass(frozen=True)
class PayTerms:
    """Pay of the contract; all of it is for makers that have reached a level.

    Attributes
    ----------
    stipend_usd_micro : int
        Pay of a month at the full level.
    levels : tuple of (float, int)
        Mean score from which on a level is reached, rising, and its share of the pay in basis points.
    revenue_share_bps : int, optional
        In place of the stipend: what all makers get of the month's fees less rebates, in proportion to the
        share of their level times their score.
    stress_usd_micro : int
        Extra for a day of complying quotes in one stressed month.
    limited_to_fees : bool
        Whether all pay together stops at the month's fees less rebates; it is then cut in proportion.
    """

    stipend_usd_micro: int
    levels: tuple[tuple[float, int], ...]
    revenue_share_bps: int | None = None
    stress_usd_micro: int = 0
    limited_to_fees: bool = False


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
    under_contract: NDArray[np.bool_],
    net_fees_usd_micro: int,
) -> MonthlyPay:
    """Return what each maker is due; fractions of a micro-USD stay with the exchange.

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
    under_contract : array of bool, shape (makers,)
        Makers that have the status.
    net_fees_usd_micro : int
        The month's fees less rebates, of all accounts.
    """
    share = np.where(under_contract, level_share_bps(terms, score), 0)
    fees = max(0, net_fees_usd_micro)
    if terms.revenue_share_bps is None:
        month = [terms.stipend_usd_micro * part // FULL_SHARE_BPS for part in share.tolist()]
    else:
        pool = fees * terms.revenue_share_bps // FULL_SHARE_BPS
        weights = (share * np.rint(score * _SCORE_PARTS).astype(np.int64)).tolist()
        month = [pool * weight // max(1, sum(weights)) for weight in weights]
    stress = [
        terms.stress_usd_micro * rounds // rounds_per_day if part > 0 else 0
        for part, rounds in zip(share.tolist(), stress_rounds.tolist(), strict=True)
    ]
    due = sum(month) + sum(stress)
    if terms.limited_to_fees and due > fees:
        month = [amount * fees // due for amount in month]
        stress = [amount * fees // due for amount in stress]
    return MonthlyPay(np.array(month, dtype=np.int64), np.array(stress, dtype=np.int64))


def announced_pay_usd_micro(terms: PayTerms, *, expected_fees_usd_micro: int | None, makers: int) -> int:
    """Return what a maker can expect of a month at the full level, before any extra.

    Parameters
    ----------
    terms : PayTerms
        Terms.
    expected_fees_usd_micro : int, optional
        Net fees of the whole month at the pace so far; ``None`` before there is one: then the stipend counts.
    makers : int
        Makers under contract.
    """
    if expected_fees_usd_micro is None or makers == 0:
        return terms.stipend_usd_micro
    fees = max(0, expected_fees_usd_micro)
    if terms.revenue_share_bps is not None:
        return fees * terms.revenue_share_bps // FULL_SHARE_BPS // makers
    return min(terms.stipend_usd_micro, fees // makers) if terms.limited_to_fees else terms.stipend_usd_micro
