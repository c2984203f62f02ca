"""Position limits of the exchange: a largest net position in a month, from which some accounts are exempt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.exchange.interface import UNLIMITED_LOTS


@dataclass
class PositionLimits:
    """Largest absolute net position of an account in one month.

    Parameters
    ----------
    month_lots, front_month_lots : int
        Limit in any month, and in the month in delivery where it may be lower; 0 for none.
    exempt : array of bool, shape (n_accounts,)
        Accounts that no limit binds: recognised hedgers.
    """

    month_lots: int
    front_month_lots: int
    exempt: NDArray[np.bool_]

    def change_to(self, other: PositionLimits) -> None:
        """Take over the limits of others, from the next open on."""
        self.month_lots, self.front_month_lots = other.month_lots, other.front_month_lots
        self.exempt = other.exempt

    def by_slot(self, n_slots: int, front_slot: int) -> NDArray[np.int64]:
        """Return the limit of every month, shape (n_slots,)."""
        limits = np.full(n_slots, self.month_lots or UNLIMITED_LOTS, dtype=np.int64)
        if self.front_month_lots:
            limits[front_slot] = min(int(limits[front_slot]), self.front_month_lots)
        return limits
