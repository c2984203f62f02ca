"""The market-maker contract: measures each maker's quotes against its duties, and pays for a month kept.

A maker is present in a month in a round that ends with both its quotes in the book; the quote complies if
its spread is within the contract's maximum and both sides show at least the minimum size. Duties count over
all listed months with equal weight, in rounds of continuous trading only: auctions and halts leave the
denominator. A day is kept when the share of complying month-rounds reaches the presence required. The monthly
stipend is paid when the month's mean share reaches it too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.core.kernel import kernel
from abm.core.orders import TradingPhase

_CONTINUOUS = int(TradingPhase.CONTINUOUS)
_PRESENT, _TIGHT, _LARGE, _COMPLYING = range(4)


class DayScore(NamedTuple):
    """A day of every maker, shape (makers,) each; shares are of all month-rounds of the day."""

    presence: NDArray[np.float64]
    spread_compliance: NDArray[np.float64]
    size_compliance: NDArray[np.float64]
    obligation_met: NDArray[np.bool_]


@dataclass(frozen=True)
class MakerTerms:
    """Terms of the contract.

    Attributes
    ----------
    max_spread : array of float, shape (listed months,)
        Widest spread as a share of price, by tenor.
    min_lots : array of int64, shape (listed months,)
        Smallest size on each side, by tenor.
    presence_required : float
        Share of complying month-rounds that the contract asks for.
    monthly_pay_usd_micro : int
        Stipend of a month in which the duty was kept.
    """

    max_spread: NDArray[np.float64]
    min_lots: NDArray[np.int64]
    presence_required: float
    monthly_pay_usd_micro: int


class MakerScores:
    """Running score of every market maker.

    Parameters
    ----------
    terms : MakerTerms
        The contract.
    makers : int
        Market makers under contract.
    """

    def __init__(self, terms: MakerTerms, makers: int) -> None:
        self.terms = terms
        self._kept_rounds: NDArray[np.int64] = np.zeros((makers, 4), dtype=np.int64)
        self._month_rounds = 0
        self._month_complying = np.zeros(makers)
        self._month_days = 0

    def observe(
        self, quote_ticks: NDArray[np.int64], quote_lots: NDArray[np.int64], months: NDArray[Any]
    ) -> None:
        """Take in one round.

        Parameters
        ----------
        quote_ticks, quote_lots : array of int64, shape (makers, slots, 2)
            Price and lots of each maker's resting bid and ask.
        months : structured array, shape (listed months,)
            ``MONTH_DTYPE`` rows in tenor order; spreads are measured against ``scale_ticks``, and a month
            counts if its phase is continuous trading.
        """
        score_round(
            quote_ticks, quote_lots, months, self.terms.max_spread, self.terms.min_lots, self._kept_rounds
        )
        self._month_rounds += int((months["phase"] == _CONTINUOUS).sum())

    def close_day(self) -> DayScore:
        """Return the day's score and start a new day; a day without continuous trading asks nothing."""
        traded = self._month_rounds > 0
        shares = self._kept_rounds / self._month_rounds if traded else np.ones(self._kept_rounds.shape)
        complying = shares[:, _COMPLYING]
        self._month_complying += complying
        self._month_days += 1
        self._kept_rounds[:] = 0
        self._month_rounds = 0
        return DayScore(
            shares[:, _PRESENT],
            shares[:, _TIGHT],
            shares[:, _LARGE],
            complying >= self.terms.presence_required,
        )

    def close_month(self) -> NDArray[np.int64]:
        """Return the pay due to each maker for the month, micro-USD, and start a new month."""
        kept = self._month_complying / max(self._month_days, 1) >= self.terms.presence_required
        self._month_complying[:] = 0.0
        self._month_days = 0
        return np.where(kept, self.terms.monthly_pay_usd_micro, 0).astype(np.int64)


@kernel
def score_round(
    quote_ticks: NDArray[np.int64],
    quote_lots: NDArray[np.int64],
    months: NDArray[Any],
    max_spread: NDArray[np.float64],
    min_lots: NDArray[np.int64],
    kept_rounds: NDArray[np.int64],
) -> None:
    """Count each maker's month-rounds that are present, tight, large, and complying, into four columns.

    A spread of one tick is always tight: nobody can quote a narrower one.
    """
    for maker in range(kept_rounds.shape[0]):
        for tenor in range(months.shape[0]):
            if months[tenor].phase != _CONTINUOUS:
                continue
            slot = months[tenor].slot
            smallest = min(quote_lots[maker, slot, 0], quote_lots[maker, slot, 1])
            if smallest <= 0:
                continue
            spread = quote_ticks[maker, slot, 1] - quote_ticks[maker, slot, 0]
            tight = spread <= max(max_spread[tenor] * months[tenor].scale_ticks, 1.0)
            large = smallest >= min_lots[tenor]
            kept_rounds[maker, _PRESENT] += 1
            kept_rounds[maker, _TIGHT] += tight
            kept_rounds[maker, _LARGE] += large
            kept_rounds[maker, _COMPLYING] += tight and large
