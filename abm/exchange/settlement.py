"""Settlement prices: the daily one in tiers of evidence, the final one from the fixings.

The tiers follow the exchanges' usual procedure for futures: the volume-weighted average price of a closing
window, else the last trade held inside the bid and the ask, else the move of a month that did trade.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from abm.core.arguments import whole_number
from abm.core.errors import ParameterError
from abm.core.orders import NO_PRICE


class SettlementTier(IntEnum):
    """What a daily settlement price rests on."""

    WINDOW_VWAP = 1
    """Volume-weighted average price of the closing window."""
    LAST_TRADE = 2
    """Last trade of the day, held inside bid and ask."""
    NEAREST_MONTH = 3
    """Prior settlement moved like the nearest month that traded today, held inside bid and ask."""
    MODEL_CURVE = 4
    """No month traded: the model curve, held inside bid and ask."""
    PRIOR_SETTLEMENT = 5
    """No month traded and no curve was given: the prior settlement, held inside bid and ask."""


def daily_settlement(
    *,
    months: NDArray[np.int64],
    window_trades: NDArray[np.void],
    last_trade_ticks: NDArray[np.int64],
    best_bid_ticks: NDArray[np.int64],
    best_ask_ticks: NDArray[np.int64],
    prior_ticks: NDArray[np.int64],
    low_ticks: NDArray[np.int64],
    high_ticks: NDArray[np.int64],
    model_ticks: NDArray[np.int64] | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the day's settlement price of every listed month and the tier it rests on.

    All arrays but ``window_trades`` have one row per month in tenor order, front month first (an exchange's
    arrays are in slot order: index them with ``months % n_slots``).

    Parameters
    ----------
    months : array of int64, shape (n,)
        Absolute delivery months.
    window_trades : array of TRADE_DTYPE
        Trades of the closing window, any month, any order.
    last_trade_ticks, best_bid_ticks, best_ask_ticks : array of int64, shape (n,)
        Last trade of today and the book at the close; ``NO_PRICE`` where there is none.
    prior_ticks : array of int64, shape (n,)
        Settlement prices of the day before (of a new month: its listing price).
    low_ticks, high_ticks : array of int64, shape (n,)
        The day's price range, which holds every result.
    model_ticks : array of int64, shape (n,), optional
        Prices for a day on which no month traded.

    Returns
    -------
    settlement_ticks : array of int64, shape (n,)
    tier : array of int64, shape (n,)
        Values of ``SettlementTier``.

    Notes
    -----
    An average between two ticks goes to the nearer one, a tie to the tick nearer the prior settlement.
    Between two equally distant traded months the earlier delivery is the nearest.
    """
    n_months = len(months)
    settlement = np.zeros(n_months, dtype=np.int64)
    tier = np.zeros(n_months, dtype=np.int64)
    for i in range(n_months):
        prior = int(prior_ticks[i])
        assert prior != NO_PRICE, f"month {months[i]} has no prior settlement"
        own_trades = window_trades[window_trades["month"] == months[i]]
        if len(own_trades):
            settlement[i] = _window_vwap(own_trades, prior)
            tier[i] = SettlementTier.WINDOW_VWAP
        elif last_trade_ticks[i] != NO_PRICE:
            settlement[i] = _inside(int(last_trade_ticks[i]), int(best_bid_ticks[i]), int(best_ask_ticks[i]))
            tier[i] = SettlementTier.LAST_TRADE
    settlement = np.where(tier > 0, np.clip(settlement, low_ticks, high_ticks), settlement)
    traded = np.flatnonzero(tier)
    for i in np.flatnonzero(tier == 0).tolist():
        if len(traded):
            nearest = traded[np.argmin(np.abs(traded - i))]
            candidate = int(prior_ticks[i] + settlement[nearest] - prior_ticks[nearest])
            tier[i] = SettlementTier.NEAREST_MONTH
        elif model_ticks is not None:
            candidate = int(model_ticks[i])
            tier[i] = SettlementTier.MODEL_CURVE
        else:
            candidate = int(prior_ticks[i])
            tier[i] = SettlementTier.PRIOR_SETTLEMENT
        settlement[i] = _inside(candidate, int(best_bid_ticks[i]), int(best_ask_ticks[i]))
    return np.clip(settlement, low_ticks, high_ticks), tier


def final_settlement_ticks(
    fixings_usd_micro: Sequence[int] | NDArray[np.int64], tick_size_usd_micro: int, *, scheduled_fixings: int
) -> int:
    """Return the arithmetic mean of a delivery month's index fixings, rounded to the tick.

    Parameters
    ----------
    fixings_usd_micro : sequence of int
        Every scheduled fixing of the month, in micro-USD per mSIT.
    tick_size_usd_micro : int
        Smallest price step.
    scheduled_fixings : int
        Number of fixings that the month has.

    Returns
    -------
    int
        Signed ticks; a mean halfway between two ticks goes to the even one.

    Raises
    ------
    ParameterError
        If there are more or fewer fixings than scheduled.
    """
    whole_number("scheduled_fixings", scheduled_fixings)
    whole_number("tick_size_usd_micro", tick_size_usd_micro)
    if scheduled_fixings <= 0 or len(fixings_usd_micro) != scheduled_fixings:
        raise ParameterError(
            f"fixings_usd_micro: {len(fixings_usd_micro)} fixings given, {scheduled_fixings} are scheduled"
        )
    if tick_size_usd_micro <= 0:
        raise ParameterError(f"tick_size_usd_micro: {tick_size_usd_micro} is not > 0")
    total = sum(whole_number("fixings_usd_micro", fixing) for fixing in fixings_usd_micro)
    whole, rest = divmod(total, scheduled_fixings * tick_size_usd_micro)
    twice = 2 * rest
    divisor = scheduled_fixings * tick_size_usd_micro
    rounds_up = twice > divisor or (twice == divisor and whole % 2 == 1)
    return whole + int(rounds_up)


def _window_vwap(trades: NDArray[np.void], prior_ticks: int) -> int:
    """Return the volume-weighted average price on the nearest tick, a tie towards the prior settlement."""
    lots = int(trades["lots"].sum())
    # Sums are taken of moves from the prior settlement: rounding half towards zero is then the tie rule.
    moved = int(np.dot(trades["price_ticks"] - prior_ticks, trades["lots"]))
    size = -(-(2 * abs(moved) - lots) // (2 * lots))
    return prior_ticks + (size if moved >= 0 else -size)


def _inside(price_ticks: int, bid_ticks: int, ask_ticks: int) -> int:
    """Return a price moved into the quoted bid and ask; an empty side sets no bound."""
    if bid_ticks != NO_PRICE:
        price_ticks = max(price_ticks, bid_ticks)
    if ask_ticks != NO_PRICE:
        price_ticks = min(price_ticks, ask_ticks)
    return price_ticks
