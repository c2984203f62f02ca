"""What a class of traders remembers of the reference prices of the last rounds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from abm.agents.base.view import MarketView
from abm.agents.mixture.kernel import remember_prices


class PriceMemory:
    """A ring of reference prices for each month; see :func:`abm.agents.mixture.kernel.remember_prices`.

    Parameters
    ----------
    slots : int
        Listed months.
    days : float
        How long a price is remembered.
    day_share : float
        Length of a round as a share of the trading day.

    Attributes
    ----------
    history : array of float, shape (slots, rounds kept)
        Prices in ticks; the round t stands in column t modulo the rounds kept.
    first_round : array of int64, shape (slots,)
        First round remembered of the month that has the slot now.
    """

    def __init__(self, slots: int, days: float, day_share: float) -> None:
        self.history = np.zeros((slots, 1 + math.ceil(days / day_share)))
        self.first_round = np.zeros(slots, dtype=np.int64)
        self._slot_month = np.full(slots, -1, dtype=np.int64)

    def remember(self, view: MarketView) -> int:
        """Take in the prices of this round and return its number, counted from the first day."""
        now_round = round((view.day / view.day_share) + view.round)
        remember_prices(view.months, self.history, self.first_round, self._slot_month, now_round)
        return now_round

    def update_digest(self, digest: Any) -> None:
        """Feed the remembered prices into a running hash."""
        digest.update(self.history.tobytes())
