"""Outages of providers' price feeds: while a feed is silent its last quote stands and grows stale."""

from __future__ import annotations

import math

import numpy as np

from abm.core.arguments import whole_number
from abm.core.arrays import BoolArray, FloatArray
from abm.core.errors import ParameterError
from abm.spot.process.domain import require, require_generator


class QuoteOutages:
    """Which of n providers publish no quote, and since when.

    Outages begin at a constant rate and last an exponential time, independently by provider; everybody
    publishes at the start.

    Parameters
    ----------
    count : int
        Providers.
    rate_per_year : float
        Outages per year of publishing; 0 for none.
    mean_days : float
        Mean length of an outage, in days; positive if there are outages.
    days_per_year : float
        Days in a year, positive.
    rng : numpy.random.Generator or None
        Source of the draws, n a step whatever the parameters; needed if there are outages.

    Attributes
    ----------
    ages_days : array of float, shape (n,)
        Age of each provider's quote: 0 for one published at the last step.

    Raises
    ------
    ParameterError
        If an argument is outside its domain.
    """

    def __init__(
        self,
        count: int,
        *,
        rate_per_year: float = 0.0,
        mean_days: float = 0.0,
        days_per_year: float = 252.0,
        rng: np.random.Generator | None = None,
    ) -> None:
        whole_number("count", count, least=0)
        if rng is not None:
            require_generator(rng)
        finite = "a finite number >= 0"
        require(0.0 <= rate_per_year < math.inf, "outage_rate_per_year", rate_per_year, finite)
        require(0.0 <= mean_days < math.inf, "outage_days", mean_days, finite)
        require(0.0 < days_per_year < math.inf, "days_per_year", days_per_year, "a finite number > 0")
        if rate_per_year > 0.0:
            require(mean_days > 0.0, "outage_days", mean_days, "> 0 when there are outages")
            if rng is None:
                raise ParameterError("outage_rng: None is not a generator, which outages need")
        self.rate_per_year = rate_per_year
        self.mean_days = mean_days
        self.days_per_year = days_per_year
        self.ages_days: FloatArray = np.zeros(count)
        self._silent: BoolArray = np.zeros(count, dtype=np.bool_)
        self._rng = rng

    @property
    def silent(self) -> BoolArray:
        """Providers without a quote since their last one, shape (n,)."""
        return self._silent.copy()

    def advance(self, dt: float) -> BoolArray:
        """Move dt years ahead, exactly at the ends of the step, and return who is silent, shape (n,)."""
        if self._rng is None:
            return self._silent
        draws = self._rng.random(self._silent.size)
        if self.rate_per_year > 0.0:
            end_rate = self.days_per_year / self.mean_days
            both = self.rate_per_year + end_rate
            settled = -math.expm1(-both * dt)
            falls_silent = self.rate_per_year / both * settled
            stays_silent = 1.0 - end_rate / both * settled
            self._silent = draws < np.where(self._silent, stays_silent, falls_silent)
        self.ages_days = np.where(self._silent, self.ages_days + dt * self.days_per_year, 0.0)
        return self._silent
