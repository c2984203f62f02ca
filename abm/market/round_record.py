"""A round as it has been matched."""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.typing import NDArray

from abm.exchange import MatchResult, TopOfBook


class RoundRecord(NamedTuple):
    """A round as it has been matched, looked at once for everybody.

    Parameters
    ----------
    batch : array of ORDER_DTYPE
        Messages in order of arrival.
    result : MatchResult
        Their outcomes, all trades and cancellations.
    top : TopOfBook
        Best prices after it, by slot.
    months : structured array, shape (listed months,)
        ``MONTH_DTYPE`` rows after it, in tenor order.
    """

    batch: NDArray[Any]
    result: MatchResult
    top: TopOfBook
    months: NDArray[Any]
