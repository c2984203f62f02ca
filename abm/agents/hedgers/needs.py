"""Token needs that differ from month to month, as a treasurer plans them."""

from __future__ import annotations

import numpy as np

from abm.core.arrays import FloatArray


class NeedByMonth:
    """Mean need of each hedger in each month; before and after the plan, its first and last month hold.

    Parameters
    ----------
    msit_a_day : array of float, shape (hedgers, months)
        Mean need from the first month on, mSIT a day.
    lots_per_msit : array of float, shape (hedgers,)
        Lots of a month that hedge a need of one mSIT a day.
    first_month : int
        Delivery month that the plan begins with.
    """

    def __init__(self, msit_a_day: FloatArray, lots_per_msit: FloatArray, first_month: int = 0) -> None:
        assert msit_a_day.ndim == 2, "a plan has a row for each hedger and a column for each month"
        assert msit_a_day.shape[1] > 0, "a plan has a month at least"
        self._msit_a_day, self._lots_per_msit = msit_a_day, lots_per_msit
        self._first_month, self._last = first_month, msit_a_day.shape[1] - 1

    def a_day(self, month: int) -> FloatArray:
        """Return the mean need of a month, mSIT a day, shape (hedgers,)."""
        return self._msit_a_day[:, min(max(month - self._first_month, 0), self._last)].copy()

    def lots(self, front_month: int, listed: int) -> FloatArray:
        """Return the lots that each listed month's need is, in tenor order, shape (hedgers, listed)."""
        months = np.clip(front_month - self._first_month + np.arange(listed), 0, self._last)
        lots: FloatArray = self._msit_a_day[:, months] * self._lots_per_msit[:, None]
        return lots
