"""Token needs that differ from month to month, as a treasurer plans them."""

from __future__ import annotations

import numpy as np

from abm.core.arrays import FloatArray


class NeedByMonth:
    """Mean need of each hedger in each month; after the last month of the plan, the last one holds on.

    Parameters
    ----------
    msit_a_day : array of float, shape (hedgers, months)
        Mean need from month 0 on, mSIT a day.
    lots_per_msit : array of float, shape (hedgers,)
        Lots of a month that hedge a need of one mSIT a day.
    """

    def __init__(self, msit_a_day: FloatArray, lots_per_msit: FloatArray) -> None:
        assert msit_a_day.ndim == 2, "a plan has a row for each hedger and a column for each month"
        assert msit_a_day.shape[1] > 0, "a plan has a month at least"
        self._msit_a_day, self._lots_per_msit = msit_a_day, lots_per_msit

    def a_day(self, month: int) -> FloatArray:
        """Return the mean need of a month, mSIT a day, shape (hedgers,)."""
        return self._msit_a_day[:, min(month, self._msit_a_day.shape[1] - 1)].copy()

    def lots(self, front_month: int, listed: int) -> FloatArray:
        """Return the lots that each listed month's need is, in tenor order, shape (hedgers, listed)."""
        months = np.minimum(front_month + np.arange(listed), self._msit_a_day.shape[1] - 1)
        lots: FloatArray = self._msit_a_day[:, months] * self._lots_per_msit[:, None]
        return lots
