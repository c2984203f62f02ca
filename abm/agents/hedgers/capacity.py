"""Outages of providers: a share of the capacity is lost for a while, and comes back at once."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from abm.core.arrays import FloatArray


class CapacityOutages:
    """Which providers have lost capacity.

    Outages begin at a constant rate and last an exponential time, independently by provider; everybody
    works at the start. The two states are stepped exactly from day to day.

    Parameters
    ----------
    count : int
        Providers.
    per_year : float
        Outages per year of full capacity; 0 for none.
    mean_days : float
        Mean length of an outage in trading days, positive.
    loss : float
        Share of capacity lost.
    days_per_year : int
        Trading days in a year.
    rng : numpy.random.Generator
        Gives one draw a day and provider if there are outages.

    Attributes
    ----------
    is_down : array of bool, shape (count,)
        Providers with an outage now.
    """

    def __init__(
        self,
        count: int,
        *,
        per_year: float,
        mean_days: float,
        loss: float,
        days_per_year: int,
        rng: np.random.Generator,
    ) -> None:
        self.is_down: NDArray[np.bool_] = np.zeros(count, dtype=np.bool_)
        self._loss, self._rng = loss, rng
        begins, ends = per_year / days_per_year, 1.0 / mean_days
        settled = -math.expm1(-(begins + ends))
        self._goes_down = begins / (begins + ends) * settled
        self._stays_down = 1.0 - ends / (begins + ends) * settled

    @property
    def happen(self) -> bool:
        """Whether there are outages at all."""
        return self._goes_down > 0.0

    @property
    def available_share(self) -> FloatArray:
        """Share of each provider's capacity that works today, shape (count,)."""
        return np.where(self.is_down, 1.0 - self._loss, 1.0)

    def step(self) -> None:
        """Move to the next day."""
        if self.happen:
            draws = self._rng.random(self.is_down.size)
            self.is_down = draws < np.where(self.is_down, self._stays_down, self._goes_down)
