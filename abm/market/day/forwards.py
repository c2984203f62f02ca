"""Expected fixings of days to come, from what is known, or believed, of the price today."""

from __future__ import annotations

import numpy as np

from abm.core.arrays import FloatArray, IntArray
from abm.spot.belief.public_belief import PublicBelief, View
from abm.spot.process.premium import Measure
from abm.spot.process.process import SpotProcess
from abm.spot.process.regimes import RegimeSwitchingJumpDiffusion

LARGEST_EXPONENT = 600.0
"""Keeps e^x finite; the price is held long before."""


class Forwards:
    """Values a fixing of each coming day, and remembers what depends on the horizon alone.

    Parameters
    ----------
    process : SpotProcess
        Law of the price.
    days_per_year : int
        Trading days.
    belief : PublicBelief, optional
        Gives what its views add to an expected fixing; none where the state of the price is known.
    """

    def __init__(self, process: SpotProcess, days_per_year: int, belief: PublicBelief | None) -> None:
        self._process, self._days_per_year, self._belief = process, days_per_year, belief
        self._growth: dict[Measure, dict[int, FloatArray]] = {"Q": {}, "P": {}}

    def expected_usd(
        self,
        view: View,
        log_level_usd: FloatArray,
        days_ahead: IntArray,
        years_ahead: FloatArray,
        measure: Measure,
    ) -> FloatArray:
        """Return the expected fixing of each day in one view, USD per mSIT, shape (days,).

        Parameters
        ----------
        view : View
            State of the price, known or believed.
        log_level_usd : array of float, shape (days,)
            Log of the level, with the shifts known.
        days_ahead : array of int64, shape (days,)
            Days from today, at least one.
        years_ahead : array of float, shape (days,)
            The same in years.
        measure : {"Q", "P"}
            Q with the risk premium of the process, P without.
        """
        exponent = log_level_usd + view.x * np.exp(-self._process.kappa * years_ahead) + view.xi
        if self._belief is not None:
            exponent = exponent + self._belief.log_adjustment(view, self.loadings(years_ahead))
        seen = np.exp(np.minimum(exponent, LARGEST_EXPONENT))
        expected: FloatArray = (
            seen * self._grown(view.regime, int(days_ahead.max(initial=0)), measure)[days_ahead - 1]
        )
        return expected

    def loadings(self, years_ahead: FloatArray) -> FloatArray:
        """Return the share of X, xi and the basis of today that is left at each time, shape (3, times)."""
        basis_kappa = 0.0 if self._belief is None else self._belief.index_noise.kappa
        left: FloatArray = np.exp(np.outer([-self._process.kappa, 0.0, -basis_kappa], years_ahead))
        return left

    def _grown(self, regime: int, days: int, measure: Measure) -> FloatArray:
        """Return E[exp(X + xi)] for 1 .. ``days`` days ahead of a state at X = xi = 0 in a regime.

        A forward is that times exp(x e^(-kappa tau) + xi) and the level. It depends on the horizon alone, so
        it is kept: with regimes each call solves a differential equation.
        """
        of_measure = self._growth["Q" if self._process.premium is None else measure]
        known = of_measure.get(regime)
        if known is None or len(known) < days:
            process = self._process
            if isinstance(process, RegimeSwitchingJumpDiffusion):
                process = process.in_regime(regime)
            law = process.risk_neutral() if measure == "Q" else process
            horizons = np.arange(1, days + 1) / self._days_per_year
            known = law.exponential_moment(1.0, horizons, 0.0, xi=0.0)
            of_measure[regime] = known
        return known
