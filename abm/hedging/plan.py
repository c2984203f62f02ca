"""What each programme wants to hold at every close of a study, where prices do not matter for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from abm.agents.hedgers.programmes import Programme
from abm.core.arrays import FloatArray
from abm.hedging.listing import Listing
from abm.hedging.programmes import FuturesHedge


@dataclass(frozen=True)
class Plan:
    """A hedgers' rule laid out over the days and months of a study.

    Parameters
    ----------
    programme : Programme
        The rule.
    listing : Listing
        Days and months.
    need_lots : array of float, shape (horizon months + 1,)
        Expected need by month of the study, month 0 without one.
    """

    programme: Programme
    listing: Listing
    need_lots: FloatArray

    def targets(self, day: int, ratios: FloatArray | None = None) -> FloatArray:
        """Return the lots wanted in the months that can be traded at a close, shape (k, 1) or (k, paths).

        Parameters
        ----------
        day : int
            Day of the study.
        ratios : array of float, shape (paths, tenors), optional
            Estimated ratios of ``minimum_variance``.
        """
        front, tenors = self.listing.front_month(day), self.listing.tenors(day)
        months = front + np.arange(tenors)
        there = (months >= 1) & (months < len(self.need_lots))
        need = np.where(there, self.need_lots[np.where(there, months, 0)], 0.0)
        day_of_month = self.listing.day_of_month(day)
        if ratios is not None:
            ratios = ratios[:, :tenors]
        wanted = self.programme.target_lots(need[None], day_of_month, ratios)
        tradable = self.listing.tradable(day)
        return wanted[:, tradable.start - front : tradable.stop - front].T


def trading_days(hedge: FuturesHedge, listing: Listing, ramp_days: int) -> set[int]:
    """Return the days on which a rule may want something new, beyond ends and beginnings of months."""
    days = set(range(min(ramp_days, listing.last_day)))
    if hedge.kind in ("rolling", "stack") and hedge.roll_days > 1:
        for month in range(listing.horizon_months + 1):
            days |= set(listing.fixing_days(month)[-hedge.roll_days :].tolist())
    return {day for day in days if 0 <= day <= listing.last_day}
