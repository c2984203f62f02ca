"""What the house itself has to front: winners are paid today, whoever has not paid yet.

Variation margin goes out in full at every mark. Where those who lost it miss their call or are in default,
the house pays in their place, out of the margin that it holds of them or its own liquid means. Source:
CPMI-IOSCO, Principles for financial market infrastructures (2012), principle 7, liquidity risk.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.clearing.parts import Parts


class LiquidityNeed:
    """Measures, close by close, what the house had to front since the close before.

    Parameters
    ----------
    parts : Parts
        The house's.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._note()

    def of_the_day(self) -> int:
        """Return the variation margin lost since the last close and not paid by those who lost it, micro-USD.

        Of an account with an open call it is what the call still asks for, at most its loss; of one that was
        in default at some time since then, its loss less what it still paid in.
        """
        variation, paid_in, closed_out = self._variation, self._paid_in, self._closed_out
        self._note()
        lost = np.maximum(variation - self._variation, 0)
        failed = self._parts.books.register.in_default & ~closed_out
        still_called = np.minimum(lost, self._parts.calls.state.outstanding_usd_micro)
        unpaid = np.maximum(lost - (self._paid_in - paid_in), 0)
        return int(np.where(failed, unpaid, still_called).sum())

    def owed_usd_micro(self) -> int:
        """Return what accounts owe the house now beyond all collateral, micro-USD."""
        return int(np.maximum(-self._parts.books.ledger.collateral_usd_micro, 0).sum())

    def _note(self) -> None:
        books = self._parts.books
        self._variation: NDArray[np.int64] = books.variation.total_usd_micro.copy()
        self._paid_in: NDArray[np.int64] = self._parts.funding.paid_in_usd_micro.copy()
        self._closed_out: NDArray[np.bool_] = books.register.closed_out()
