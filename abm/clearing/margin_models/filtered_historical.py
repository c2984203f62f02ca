"""Filtered historical simulation: past moves, rescaled to today's volatility, applied to each portfolio.

Sources: Barone-Adesi, Giannopoulos and Vosper, VaR without correlations for portfolios of derivative
securities, Journal of Futures Markets 19 (1999); Hull and White, Incorporating volatility updating into the
historical simulation method for value-at-risk, Journal of Risk 1 (1998), whose filter is the EWMA used here.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from abm.clearing.margin_models.confidence import check_confidence, empirical_quantile, period_scale
from abm.clearing.margin_models.interface import Digest, MarginBasis, MarginDay
from abm.clearing.margin_models.moves import TenorMoves
from abm.clearing.margin_models.requirement import round_up_usd_micro
from abm.clearing.margin_models.volatility import EwmaCovariance
from abm.core.arrays import FloatArray, IntArray
from abm.core.errors import ParameterError

STARTING_DAYS = 60
"""First days of the history: they start the volatility and are no scenarios."""
MINIMUM_SCENARIOS = 250
"""A year of scenarios is the least from which a 99 % quantile is taken (the EMIR look-back is 12 months)."""


class FilteredHistoricalMargin:
    """Margin is the quantile of what a portfolio would lose under past moves at today's volatility.

    Each day's move of each tenor is divided by the volatility known the evening before; today's scenarios are
    these standardised moves times today's volatility. All tenors of a scenario are of one day, so months
    offset each other as they did. The margin is the empirical quantile of the losses (``larger_losses``
    states the convention) times the square root of the margin period, and never negative. Like every
    quantile it may be more for two portfolios together than for both apart.

    Parameters
    ----------
    basis : MarginBasis
        Contract, and a history of 310 days or more; 810 fill a look-back of 750.
    confidence : float
        Share of scenarios that margin covers.
    mpor_days : int
        Margin period of risk.
    decay : float
        Of the volatility filter.
    lookback_days : int
        Scenarios kept: the last so many days. 750 as in the ICE's second risk model.

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
        lookback_days: int = 750,
    ) -> None:
        check_confidence(confidence)
        if lookback_days < MINIMUM_SCENARIOS:
            raise ParameterError(f"margin.lookback_days: {lookback_days} is not >= {MINIMUM_SCENARIOS}")
        basis.require_history("filtered_historical", STARTING_DAYS + MINIMUM_SCENARIOS)
        self._basis, self._confidence = basis, confidence
        self._period_scale = period_scale(mpor_days)
        self._moves = TenorMoves(basis)
        self._standardised: FloatArray = np.zeros((basis.n_slots, lookback_days))
        self._days_learnt = 0
        self._estimate = EwmaCovariance(basis.history[:STARTING_DAYS], decay)
        for moves in basis.history[STARTING_DAYS:]:
            self._learn(moves)
        self._gains: FloatArray = np.zeros((basis.n_slots, 0))
        self._per_lot: IntArray | None = None
        self._memory = PortfolioMemory(self._portfolio_margin)

    def _learn(self, moves: FloatArray) -> None:
        lookback = self._standardised.shape[1]
        self._standardised[:, self._days_learnt % lookback] = moves / self._estimate.volatility
        self._days_learnt += 1
        self._estimate.learn(moves)

    def observe(self, day: MarginDay) -> None:
        """Learn the day's moves and revalue one lot of each month under every scenario."""
        moves = self._estimate.filled(self._moves.since(day))
        if moves is not None:
            self._learn(moves)
        scenarios = self._standardised[:, : self._days_learnt]
        move = self._period_scale * self._estimate.volatility[day.tenor]
        self._gains = scenarios[day.tenor] * (move * self._basis.exposure_usd_micro(day))[:, None]
        losses = np.maximum(
            empirical_quantile(-self._gains, self._confidence),
            empirical_quantile(self._gains, self._confidence),
        )
        self._per_lot = round_up_usd_micro(np.maximum(losses, 0.0))
        self._memory.forget()

    def per_lot_usd_micro(self) -> IntArray:
        """Return the larger of the margins of one lot long and one lot short, by slot."""
        assert self._per_lot is not None, "no settlement has been observed"
        return self._per_lot.copy()

    def per_account_usd_micro(self, position_lots: IntArray) -> IntArray:
        """Return the quantile of each portfolio's losses; only changed portfolios are computed again."""
        assert self._per_lot is not None, "no settlement has been observed"
        return self._memory.margin_usd_micro(position_lots)

    def _portfolio_margin(self, position_lots: IntArray) -> IntArray:
        # einsum sums in a fixed order; a matrix product of BLAS depends on its count of threads.
        losses = np.einsum("ai,is->as", -position_lots.astype(np.float64), self._gains)
        return round_up_usd_micro(np.maximum(empirical_quantile(losses, self._confidence), 0.0))

    def update_digest(self, digest: Digest) -> None:
        """Feed the estimate, the scenarios and the last day into a running hash."""
        self._estimate.update_digest(digest)
        self._moves.update_digest(digest)
        digest.update(self._standardised.tobytes())
        digest.update(self._gains.tobytes())


class PortfolioMemory:
    """Computes the margin of those accounts only whose positions changed; a flat one has none.

    Margin is asked for several times in a cycle, and most accounts do not trade between two of them.

    Parameters
    ----------
    compute : callable
        Margin of portfolios, each by itself: (accounts, n_slots) signed lots to (accounts,) micro-USD.
    """

    def __init__(self, compute: Callable[[IntArray], IntArray]) -> None:
        self._compute = compute
        self._lots: IntArray = np.zeros((0, 0), dtype=np.int64)
        self._margin: IntArray = np.zeros(0, dtype=np.int64)

    def forget(self) -> None:
        """Compute every portfolio afresh the next time: the risk estimate has changed."""
        self._lots = np.zeros_like(self._lots)
        self._margin = np.zeros_like(self._margin)

    def margin_usd_micro(self, position_lots: IntArray) -> IntArray:
        """Return the margin of each account, shape (n_accounts,)."""
        if position_lots.shape != self._lots.shape:
            self._lots = np.zeros_like(position_lots)
            self._margin = np.zeros(len(position_lots), dtype=np.int64)
        changed = np.flatnonzero((position_lots != self._lots).any(axis=1))
        if len(changed) > 0:
            lots = position_lots[changed]
            self._margin[changed] = self._compute(lots)
            self._lots[changed] = lots
        return self._margin.copy()
