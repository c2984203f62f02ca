"""Margins of portfolios that have not changed since they were last computed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from abm.clearing.margin_models.interface import IntArray


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
