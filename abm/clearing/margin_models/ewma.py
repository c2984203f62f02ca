"""Volatility margin: a normal quantile times the portfolio's exponentially weighted volatility."""

from __future__ import annotations

import numpy as np

from abm.clearing.margin_models.confidence import normal_quantile, period_scale
from abm.clearing.margin_models.interface import Digest, MarginBasis, MarginDay
from abm.clearing.margin_models.moves import TenorMoves
from abm.clearing.margin_models.requirement import gross_usd_micro, round_up_usd_micro
from abm.clearing.margin_models.volatility import EwmaCovariance
from abm.core.arrays import FloatArray, IntArray

MINIMUM_DAYS = 60
"""Days of history from which the volatility starts."""


class EwmaMargin:
    """Margin is a normal quantile x daily volatility x square root of the margin period, per portfolio.

    The volatility of a portfolio comes from the covariance of moves between tenors, so that months offset
    each other as far as they have moved together; it is a norm, hence the margin of two portfolios together
    is never more than that of both apart. After volatility has doubled, the margin is up by
    ``sqrt(4 - 3 decay**n)`` on day n. Source: J.P. Morgan, RiskMetrics (1996).

    Parameters
    ----------
    basis : MarginBasis
        Contract, and a history of 60 days or more.
    confidence : float
        Of the normal quantile.
    mpor_days : int
        Margin period of risk.
    decay : float
        Weight of a day over that of the next; at 1 all days count alike.
    learns : bool
        False keeps the volatility of the history for ever: margin of a stressed period, or a floor.

    Raises
    ------
    ParameterError
        If the history is too short or a parameter is outside its domain.
    """

    def __init__(
        self,
        basis: MarginBasis,
        *,
        confidence: float = 0.99,
        mpor_days: int = 2,
        decay: float = 0.97,
        learns: bool = True,
    ) -> None:
        basis.require_history("ewma", MINIMUM_DAYS)
        self._basis = basis
        self._quantile = normal_quantile(confidence) * period_scale(mpor_days)
        self._estimate = EwmaCovariance(basis.history, decay)
        self._moves = TenorMoves(basis)
        self._learns = learns
        self._per_lot: IntArray | None = None
        self._covariance: FloatArray = np.zeros((basis.n_slots, basis.n_slots))

    def observe(self, day: MarginDay) -> None:
        """Learn the day's moves and value the covariance of one lot of each month."""
        moves = self._estimate.filled(self._moves.since(day))
        if self._learns and moves is not None:
            self._estimate.learn(moves)
        scale = self._quantile * self._basis.exposure_usd_micro(day)
        by_slot = self._estimate.covariance[np.ix_(day.tenor, day.tenor)]
        self._covariance = by_slot * np.outer(scale, scale)
        self._per_lot = round_up_usd_micro(scale * self._estimate.volatility[day.tenor])

    def per_lot_usd_micro(self) -> IntArray:
        """Return quantile x volatility of the tenor x value of a lot x remaining share, by slot."""
        assert self._per_lot is not None, "no settlement has been observed"
        return self._per_lot.copy()

    def per_account_usd_micro(self, position_lots: IntArray) -> IntArray:
        """Return quantile x volatility of the portfolio, in money; never more than the sum over lots."""
        gross = gross_usd_micro(position_lots, self.per_lot_usd_micro())
        lots = position_lots.astype(np.float64)
        # einsum sums in a fixed order; a matrix product of BLAS depends on its count of threads.
        variance = np.einsum("ai,ai->a", np.einsum("ai,ij->aj", lots, self._covariance), lots)
        return np.minimum(round_up_usd_micro(np.sqrt(np.maximum(variance, 0.0))), gross)

    def update_digest(self, digest: Digest) -> None:
        """Feed the estimate and the last day into a running hash."""
        self._estimate.update_digest(digest)
        self._moves.update_digest(digest)
        digest.update(self._covariance.tobytes())
