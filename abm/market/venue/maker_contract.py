"""The market-maker contract: its terms, and how each maker's quotes are measured against them.

A maker is present in a month in a round that ends with both its quotes in the book; the quote complies if
its spread is within the contract's maximum and both sides show at least the minimum size. Duties count over
all listed months with equal weight, in rounds of continuous trading only: auctions, halts and months whose
duties are suspended leave the denominator. A day is kept when the share of complying month-rounds reaches
the presence required. A month's score is the mean of its days; a day on which nothing was asked is none.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.agents.makers.contract import MakerTerms
from abm.agents.makers.style import Duties, plain_duties
from abm.core.kernel import kernel
from abm.core.orders import TradingPhase

_CONTINUOUS = int(TradingPhase.CONTINUOUS)
_PRESENT, _TIGHT, _LARGE, _COMPLYING, _BEST_SIDES, _IN_STRESS, _COUNTS = range(7)
_ASKED, _STRESSED = range(2)


class DayScore(NamedTuple):
    """A day of every maker, shape (makers,) each; shares are of the month-rounds in which quotes are asked.

    ``at_best`` is the share of sides that stood at the best price, ``stress_presence`` the share of stressed
    month-rounds with a complying quote (NaN without stress), and ``stress_share`` how many were stressed.
    """

    presence: NDArray[np.float64]
    spread_compliance: NDArray[np.float64]
    size_compliance: NDArray[np.float64]
    at_best: NDArray[np.float64]
    stress_presence: NDArray[np.float64]
    stress_share: NDArray[np.float64]
    obligation_met: NDArray[np.bool_]
    under_contract: NDArray[np.bool_]


class MonthScore(NamedTuple):
    """A month of every maker: its score, and its complying month-rounds in stress, shape (makers,)."""

    score: NDArray[np.float64]
    stress_rounds: NDArray[np.int64]


class MakerScores:
    """Running score of every market maker.

    Parameters
    ----------
    terms : MakerTerms
        The contract.
    makers : int
        Market makers, with or without the status.
    """

    def __init__(self, terms: MakerTerms, makers: int) -> None:
        self.terms = terms
        self._usual = plain_duties(terms.quote_lots, terms.min_lots, terms.max_spread, makers=makers)
        self._counts: NDArray[np.int64] = np.zeros((makers, _COUNTS), dtype=np.int64)
        self._rounds: NDArray[np.int64] = np.zeros(2, dtype=np.int64)
        self.month_complying: NDArray[np.float64] = np.zeros(makers)
        self.month_days = 0
        self.month_stress_rounds: NDArray[np.int64] = np.zeros(makers, dtype=np.int64)

    def observe(
        self,
        quote_ticks: NDArray[np.int64],
        quote_lots: NDArray[np.int64],
        months: NDArray[Any],
        duties: Duties | None = None,
    ) -> None:
        """Take in one round.

        Parameters
        ----------
        quote_ticks, quote_lots : array of int64, shape (makers, slots, 2)
            Price and lots of each maker's resting bid and ask.
        months : structured array, shape (listed months,)
            ``MONTH_DTYPE`` rows in tenor order; spreads are measured against ``scale_ticks``, and a month
            counts if its phase is continuous trading.
        duties : Duties, optional
            What was asked in this round; the usual terms if absent.
        """
        asked = self._usual if duties is None else duties
        score_round(
            quote_ticks, quote_lots, months, asked.max_spread, asked.min_lots, asked.stressed,
            asked.suspended, self._counts, self._rounds,
        )  # fmt: skip

    def close_day(self, under_contract: NDArray[np.bool_] | None = None) -> DayScore:
        """Return the day's score and start a new day; a day on which nothing is asked is kept."""
        asked, stressed = self._rounds.tolist()
        shares = self._counts / asked if asked > 0 else np.ones(self._counts.shape)
        in_stress = self._counts[:, _IN_STRESS]
        complying = shares[:, _COMPLYING]
        if asked > 0:
            self.month_complying += complying
            self.month_days += 1
        self.month_stress_rounds += in_stress
        makers = len(complying)
        score = DayScore(
            presence=shares[:, _PRESENT],
            spread_compliance=shares[:, _TIGHT],
            size_compliance=shares[:, _LARGE],
            at_best=shares[:, _BEST_SIDES] / 2.0 if asked > 0 else np.zeros(makers),
            stress_presence=in_stress / stressed if stressed > 0 else np.full(makers, np.nan),
            stress_share=np.full(makers, stressed / asked if asked > 0 else 0.0),
            obligation_met=complying >= self.terms.presence_required,
            under_contract=np.ones(makers, dtype=np.bool_) if under_contract is None else under_contract,
        )
        self._counts[:] = 0
        self._rounds[:] = 0
        return score

    def close_month(self) -> MonthScore:
        """Return the month's scores and start a new month; one in which nothing was asked is kept."""
        score = self.month_complying / self.month_days if self.month_days > 0 else np.ones(len(self._counts))
        month = MonthScore(score, self.month_stress_rounds.copy())
        self.month_complying[:] = 0.0
        self.month_days = 0
        self.month_stress_rounds[:] = 0
        return month


@kernel
def score_round(
    quote_ticks: NDArray[np.int64],
    quote_lots: NDArray[np.int64],
    months: NDArray[Any],
    max_spread: NDArray[np.float64],
    min_lots: NDArray[np.int64],
    stressed: NDArray[np.bool_],
    suspended: NDArray[np.bool_],
    counts: NDArray[np.int64],
    rounds: NDArray[np.int64],
) -> None:
    """Count the month-rounds asked for, and each maker's that are present, tight, large and complying.

    A spread of one tick is always tight: nobody can quote a narrower one.
    """
    for tenor in range(months.shape[0]):
        at = months[tenor]
        if at.phase != _CONTINUOUS or suspended[tenor]:
            continue
        rounds[_ASKED] += 1
        rounds[_STRESSED] += stressed[tenor]
        widest = max(max_spread[tenor] * at.scale_ticks, 1.0)
        for maker in range(counts.shape[0]):
            bid_lots, ask_lots = quote_lots[maker, at.slot, 0], quote_lots[maker, at.slot, 1]
            bid, ask = quote_ticks[maker, at.slot, 0], quote_ticks[maker, at.slot, 1]
            counts[maker, _BEST_SIDES] += bid_lots > 0 and bid == at.best_bid_ticks
            counts[maker, _BEST_SIDES] += ask_lots > 0 and ask == at.best_ask_ticks
            smallest = min(bid_lots, ask_lots)
            if smallest <= 0:
                continue
            tight = ask - bid <= widest
            large = smallest >= min_lots[tenor]
            counts[maker, _PRESENT] += 1
            counts[maker, _TIGHT] += tight
            counts[maker, _LARGE] += large
            counts[maker, _COMPLYING] += tight and large
            counts[maker, _IN_STRESS] += tight and large and stressed[tenor]
