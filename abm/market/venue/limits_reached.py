"""Kernel that finds the months whose price limit is reached."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from abm.core.arrays import BoolArray
from abm.core.kernel import kernel


@kernel
def find_limits_reached(trades: NDArray[Any], months: NDArray[Any], reached: BoolArray) -> bool:
    """Mark the slots whose limit a trade of the round or a best quote has reached; say whether any has.

    Parameters
    ----------
    trades : array of TRADE_DTYPE
        Trades of the round; legs of spread trades say nothing of their months' prices.
    months : structured array
        ``MONTH_DTYPE`` rows in tenor order, with the book as it is now.
    reached : array of bool, shape (n_slots,)
        Filled.
    """
    found = False
    n_slots, front = reached.shape[0], months[0].month
    for tenor in range(months.shape[0]):
        at = months[tenor]
        if at.best_bid_ticks == at.high_ticks or at.best_ask_ticks == at.low_ticks:
            reached[at.slot] = True
            found = True
    for k in range(trades.shape[0]):
        at = months[trades[k].month - front]
        if trades[k].spread_months == 0 and not at.low_ticks < trades[k].price_ticks < at.high_ticks:
            reached[trades[k].month % n_slots] = True
            found = True
    return found
