"""What market makers know besides the market: their style of quoting and their duties of the moment.

Plain arrays and numbers, so that decision kernels read them; the venue writes the duties in place.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.core.arrays import FloatArray, IntArray


class MakerStyle(NamedTuple):
    """Choices that all makers of a market share, 0 or 1 each.

    Attributes
    ----------
    glft : int
        Quotes of Gueant, Lehalle and Fernandez-Tapia rather than of Avellaneda and Stoikov.
    to_session_end : int
        The horizon of inventory risk is what is left of the day, not a fixed one.
    by_distance : int
        Two months are correlated the less, the farther they are apart.
    own_estimates : int
        Volatility and fill rates are estimated from what the maker saw itself.
    strategic : int
        Quotes only where it pays.
    to_delivery : int
        Inventory is held to delivery: quotes stand around the value less the premium for that.
    """

    glft: int = 0
    to_session_end: int = 0
    by_distance: int = 0
    own_estimates: int = 0
    strategic: int = 0
    to_delivery: int = 0

    @property
    def learns(self) -> bool:
        """Whether anything has to be estimated."""
        return bool(self.own_estimates or self.strategic)


class Duties(NamedTuple):
    """The contract as it stands this round; arrays by tenor unless by maker.

    Attributes
    ----------
    quote_lots, min_lots : array of int64, shape (listed months,)
        Lots that a willing maker shows on each side, and the smallest size that complies.
    max_spread : array of float, shape (listed months,)
        Widest spread that complies, a share of price; infinite while duties are suspended.
    stressed, suspended : array of bool, shape (listed months,)
        Months in stress, where the terms are relaxed, and months in which nothing is asked.
    under_contract : array of bool, shape (makers,)
        Who has the status of a designated market maker.
    maker_fee_usd : array of float, shape (makers,)
        Fee of a lot of a resting order, negative for a rebate.
    score_days : array of float, shape (makers,)
        Sum of the daily scores of the month so far.
    full_pay_usd, stress_pay_usd : array of float, shape (makers,)
        What the month can be expected to pay at the full level, and for a stressed month and day of
        complying quotes.
    days : array of int64, shape (2,)
        Days left in the month, today included, and days that the month's score is the mean of.
    level_score, level_share : array of float, shape (levels,)
        Mean score from which on a level is reached, and its share of the full pay.
    """

    quote_lots: IntArray
    min_lots: IntArray
    max_spread: FloatArray
    stressed: NDArray[np.bool_]
    suspended: NDArray[np.bool_]
    under_contract: NDArray[np.bool_]
    maker_fee_usd: FloatArray
    score_days: FloatArray
    full_pay_usd: FloatArray
    days: IntArray
    level_score: FloatArray
    level_share: FloatArray
    stress_pay_usd: FloatArray


def plain_duties(
    quote_lots: IntArray,
    min_lots: IntArray,
    max_spread: FloatArray,
    *,
    makers: int,
    maker_fee_usd: float = 0.0,
) -> Duties:
    """Return the duties of makers under contract in a market without stress; nothing has been scored yet."""
    tenors = len(quote_lots)
    return Duties(
        quote_lots=quote_lots.astype(np.int64),
        min_lots=min_lots.astype(np.int64),
        max_spread=max_spread.astype(np.float64),
        stressed=np.zeros(tenors, dtype=np.bool_),
        suspended=np.zeros(tenors, dtype=np.bool_),
        under_contract=np.ones(makers, dtype=np.bool_),
        maker_fee_usd=np.full(makers, maker_fee_usd, dtype=np.float64),
        score_days=np.zeros(makers),
        full_pay_usd=np.zeros(makers),
        days=np.ones(2, dtype=np.int64),
        level_score=np.ones(1),
        level_share=np.ones(1),
        stress_pay_usd=np.zeros(makers),
    )
