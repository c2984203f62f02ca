"""A passing move of the price in USD, for congestion that a log process cannot show."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from abm.core.arguments import whole_array, whole_number
from abm.core.arrays import FloatArray
from abm.spot.process.domain import require, require_number


@dataclass(frozen=True, slots=True)
class PriceDislocation:
    """USD per mSIT added to the price on some days, whatever the price is: the sum may be zero or negative.

    A commodity that nobody can store or refuse may trade below zero, as crude oil did on 20 April 2020 with
    storage full at Cushing (CFTC 2020, interim report on NYMEX WTI crude oil trading). The exponential of a
    log process never does, so the amount is added to it.

    Parameters
    ----------
    size_usd : float
        Amount at full size, USD per mSIT, of either sign; 0 for none.
    start_day : int
        First day, at full size.
    duration_days : int
        Days at full size, at least one.
    fade_days : int
        Days after those on which the amount falls in equal steps, not negative; the day after them is the
        first without. 0 ends it at once.

    Raises
    ------
    ParameterError
        If an argument is outside its domain.
    """

    size_usd: float
    start_day: int = 0
    duration_days: int = 1
    fade_days: int = 0

    def __post_init__(self) -> None:
        size = self.size_usd
        require_number("dislocation.size_usd", size)
        require(math.isfinite(size), "dislocation.size_usd", size, "a finite number")
        for name, least in (("start_day", 0), ("duration_days", 1), ("fade_days", 0)):
            whole_number(f"dislocation.{name}", getattr(self, name), least=least)

    def amount_usd(self, days: ArrayLike) -> FloatArray:
        """Return the amount on each of some days, USD per mSIT, in the shape of ``days``."""
        since = whole_array("days", days) - self.start_day
        faded = (since - (self.duration_days - 1)) / (self.fade_days + 1)
        share = np.where(since >= 0, 1.0 - np.clip(faded, 0.0, 1.0), 0.0)
        amounts: FloatArray = self.size_usd * share
        return amounts

    def foreseen_usd(self, today: int, days: ArrayLike) -> FloatArray:
        """Return the amount that the market of a day expects on later days, in the shape of ``days``.

        Nothing before the first day; from then on the rest of the course is known.
        """
        whole_number("today", today)
        amounts = self.amount_usd(days)
        return amounts if today >= self.start_day else np.zeros(amounts.shape)
