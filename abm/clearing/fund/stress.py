"""Stress scenarios for sizing the guaranty fund and for exposures: price moves in ticks by month slot."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from abm.core.errors import ParameterError


def price_moves(settlement_ticks: NDArray[np.int64], share_of_price: float) -> NDArray[np.int64]:
    """Return a rise and a fall of all prices by a share, rounded away from zero.

    Parameters
    ----------
    settlement_ticks : array of int64, shape (n_slots,)
        Settlement prices; the share is of their absolute value.
    share_of_price : float
        Not negative.

    Returns
    -------
    array of int64, shape (2, n_slots)
        Ticks; the rise first.
    """
    if not share_of_price >= 0.0:
        raise ParameterError(f"share_of_price: {share_of_price} is not >= 0")
    move = _away_from_zero(np.abs(settlement_ticks) * share_of_price)
    return np.stack([move, -move])


def historical_moves(
    settlement_ticks: NDArray[np.int64],
    tenor: NDArray[np.int64],
    history: NDArray[np.float64],
    *,
    period_days: int,
) -> NDArray[np.int64]:
    """Return the largest rise and the largest fall of a history, applied to today's prices.

    The worst period is the one with the largest mean move over all tenors; its moves by tenor are kept, so
    that the scenario is one that happened.

    Parameters
    ----------
    settlement_ticks, tenor : array of int64, shape (n_slots,)
        Settlement price of each slot and its months to delivery.
    history : array of float, shape (days, n_tenors)
        Daily relative moves by tenor, oldest first; at least ``period_days`` days.
    period_days : int
        Days over which moves add up: the time a close-out takes.

    Returns
    -------
    array of int64, shape (2, n_slots)
        Ticks, rounded away from zero; the rise first.
    """
    if not 1 <= period_days <= len(history):
        raise ParameterError(f"period_days: {period_days} is not in 1..{len(history)}, the days of history")
    log_moves = np.log1p(np.maximum(history, -0.999))
    summed = np.cumsum(np.vstack([np.zeros(history.shape[1]), log_moves]), axis=0)
    moves = np.expm1(summed[period_days:] - summed[:-period_days])
    mean = moves.mean(axis=1)
    worst = moves[[int(mean.argmax()), int(mean.argmin())]][:, np.minimum(tenor, moves.shape[1] - 1)]
    return _away_from_zero(worst * np.abs(settlement_ticks))


def _away_from_zero(ticks: NDArray[np.float64]) -> NDArray[np.int64]:
    """Round to whole ticks away from zero; a millionth of a tick is a float's error, not a move."""
    whole: NDArray[np.int64] = (np.sign(ticks) * np.ceil(np.abs(ticks) - 1e-6)).astype(np.int64)
    return whole
