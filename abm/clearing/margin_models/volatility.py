"""Exponentially weighted covariance of the relative moves by tenor (J.P. Morgan, RiskMetrics, 1996)."""

from __future__ import annotations

import numpy as np

from abm.clearing.margin_models.interface import Digest
from abm.core.arrays import FloatArray
from abm.core.errors import ParameterError

SMALLEST_VOLATILITY = 0.001
"""No tenor counts as calmer than 0.1 % a day, whatever a stale price says (judgement)."""


class EwmaCovariance:
    """Weighted mean of the outer products of daily moves, each day back weighing ``decay`` times less.

    The weights are divided by their sum, so the estimate needs no starting value, and with ``decay`` 1 it is
    the plain mean over all days. The mean move is taken as zero.

    Parameters
    ----------
    history : array of float, shape (days, tenors)
        At least one day of moves, oldest first.
    decay : float
        In (0, 1].

    Raises
    ------
    ParameterError
        If ``decay`` is outside its domain.
    """

    def __init__(self, history: FloatArray, decay: float) -> None:
        if not 0.0 < decay <= 1.0:
            raise ParameterError(f"margin.decay: {decay} is not in (0, 1]")
        assert len(history) > 0, "a volatility needs a day to start from"
        self._decay = decay
        weights = decay ** np.arange(len(history) - 1, -1, -1, dtype=np.float64)
        self._sum: FloatArray = np.einsum("t,ti,tj->ij", weights, history, history)
        self._weight = float(weights.sum())

    @property
    def covariance(self) -> FloatArray:
        """Daily covariance of moves between tenors, shape (tenors, tenors)."""
        covariance = self._sum / self._weight
        missing = np.maximum(SMALLEST_VOLATILITY**2 - np.diag(covariance), 0.0)
        floored: FloatArray = covariance + np.diag(missing)
        return floored

    @property
    def volatility(self) -> FloatArray:
        """Daily volatility of moves by tenor, shape (tenors,)."""
        variance = np.diag(self._sum) / self._weight
        return np.sqrt(np.maximum(variance, SMALLEST_VOLATILITY**2))

    def filled(self, moves: FloatArray) -> FloatArray | None:
        """Return the moves with each missing one (NaN) replaced; None if all are missing.

        A missing move is that of the nearest tenor, the longer of two, scaled by the ratio of volatilities.
        """
        known = np.flatnonzero(~np.isnan(moves))
        if len(known) == 0:
            return None
        filled, volatility = moves.copy(), self.volatility
        for tenor in np.flatnonzero(np.isnan(moves)).tolist():
            nearest = min(known.tolist(), key=lambda other: (abs(other - tenor), -other))
            filled[tenor] = moves[nearest] / volatility[nearest] * volatility[tenor]
        return filled

    def learn(self, moves: FloatArray) -> None:
        """Take in a day of moves without gaps."""
        self._sum = self._decay * self._sum + np.outer(moves, moves)
        self._weight = self._decay * self._weight + 1.0

    def update_digest(self, digest: Digest) -> None:
        """Feed the estimate into a running hash."""
        digest.update(self._sum.tobytes())
        digest.update(np.float64(self._weight).tobytes())
