"""What a buyer can do instead of trading futures: a provider's fixed price, or a commitment to spend."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from abm.core.arrays import FloatArray
from abm.hedging.need import Consumption
from abm.spot.process.domain import require


@dataclass(frozen=True)
class FixedPrice:
    """A provider's annual plan: one price for all that is needed in a year, fixed when the year begins.

    The price is what the curve expects the year's need to cost per mSIT, times 1 + ``markup``; at the end of
    a year it is fixed anew. No margin, no cash, no quantity to keep.

    Parameters
    ----------
    markup : float
        Over the curve, above -1.
    name : str
        What results call it.
    """

    markup: float = 0.05
    name: str = "fixed_price"

    def __post_init__(self) -> None:
        require(-1.0 < self.markup < math.inf, "fixed_price.markup", self.markup, "a finite number > -1")

    def bills(
        self,
        used: Consumption,
        expected_unit_usd: FloatArray,
        need_msit: FloatArray,
        study_years: list[slice],
    ) -> FloatArray:
        """Return the bill of every month, shape (months, paths).

        Parameters
        ----------
        used : Consumption
            What was needed.
        expected_unit_usd : array of float, shape (months, paths)
            Expected price of each month when its year began, at the own provider.
        need_msit : array of float, shape (months,)
            Expected need.
        study_years : list of slice
            Years of the study.
        """
        bills = np.empty(used.bill_usd.shape)
        for year in study_years:
            weights = need_msit[year]
            price = weights @ expected_unit_usd[year] / max(weights.sum(), 1e-300)
            bills[year] = used.need_msit[year] * price * (1.0 + self.markup)
        return bills

    def premium(self, bill_usd: FloatArray, used: Consumption) -> FloatArray:
        """Return what the plan asks beyond the curve, shape (months, paths)."""
        del used
        return bill_usd * (self.markup / (1.0 + self.markup))


@dataclass(frozen=True)
class CommittedSpend:
    """A discount on everything, for a promise to spend a share of the year's expected bill at least.

    What is missing at the end of a year is paid in its last month.

    Parameters
    ----------
    discount : float
        Off the list price, in [0, 1). The default is judgement.
    share : float
        Of the expected bill of the year at list price that is promised, not negative. Judgement.
    name : str
        What results call it.
    """

    discount: float = 0.10
    share: float = 0.80
    name: str = "committed_spend"

    def __post_init__(self) -> None:
        require(0.0 <= self.discount < 1.0, "committed_spend.discount", self.discount, "in [0, 1)")
        require(0.0 <= self.share <= 10.0, "committed_spend.share", self.share, "in [0, 10]")

    def bills(
        self,
        used: Consumption,
        expected_unit_usd: FloatArray,
        need_msit: FloatArray,
        study_years: list[slice],
    ) -> FloatArray:
        """Return the bill of every month, shape (months, paths); arguments as for ``FixedPrice``."""
        bills = used.bill_usd * (1.0 - self.discount)
        for year in study_years:
            promised = self.share * (need_msit[year] @ expected_unit_usd[year])
            bills[year.stop - 1] += np.maximum(promised - bills[year].sum(axis=0), 0.0)
        return bills

    def premium(self, bill_usd: FloatArray, used: Consumption) -> FloatArray:
        """Return what is paid beyond the list price: less than nothing where the discount is worth it."""
        return bill_usd - used.bill_usd
