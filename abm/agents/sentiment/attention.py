"""Attention: speculators trade faster while prices move more than usual.

Their clock runs at the pace (v / u)^(theta / 2), between 1 / fastest and fastest. Recent variance v is an
exponentially weighted mean of squared returns a day, averaged over the listed months with the weights by
which speculators pick them. Usual variance u is the geometric mean of v over a longer time: ln u follows
ln v, held to the bounds of the pace, so that a shock is news for some days and does not pass for usual for
weeks after. Trading time that runs with the arrival of news is the subordination of Clark (1973) and of
Tauchen and Pitts (1983); it makes volume and volatility move together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.view import MarketView
from abm.core.kernel import kernel


@dataclass(frozen=True)
class AttentionRule:
    """How the pace follows volatility.

    Attributes
    ----------
    response : float
        Exponent theta: at 1 the pace is the ratio of recent to usual volatility.
    recent_days, usual_days : float
        Time constants of recent variance and of the mean of its logarithm.
    fastest : float
        The pace lies between 1 / this and this.
    """

    response: float
    recent_days: float
    usual_days: float
    fastest: float


class Attention:
    """The pace at which attentive classes of speculators trade, one for all of them.

    Parameters
    ----------
    rule : AttentionRule
        How the pace follows volatility.
    tenor_weights : array of float, shape (listed months,)
        Cumulative weights with which speculators pick a tenor.
    """

    def __init__(self, rule: AttentionRule, tenor_weights: NDArray[np.float64]) -> None:
        self.rule = rule
        self._weights = np.diff(tenor_weights, prepend=0.0)
        self._months = np.full(len(tenor_weights), -1, dtype=np.int64)
        self._ticks = np.zeros(len(tenor_weights))
        self._variance = np.zeros(2)
        self._most_log_ratio = 2.0 * math.log(rule.fastest) / rule.response
        self._seen_at = (-1, -1)
        self._pace = 1.0

    def pace(self, view: MarketView) -> float:
        """Return the pace of this round; the first class of traders that asks brings it up to date."""
        rule = self.rule
        if self._seen_at == (-1, -1):
            usual = float(self._weights @ view.months["volatility_per_day"] ** 2)
            self._variance[:] = usual
        if self._seen_at != (view.day, view.round):
            self._seen_at = (view.day, view.round)
            update_variances(
                view.months, self._weights, self._months, self._ticks, self._variance,
                rule.recent_days, rule.usual_days, self._most_log_ratio, view.day_share,
            )  # fmt: skip
            self._pace = self._pace_now()
        return self._pace

    def _pace_now(self) -> float:
        recent, usual = self._variance.tolist()
        if not (recent > 0.0 and usual > 0.0):
            return 1.0
        pace = math.pow(recent / usual, 0.5 * self.rule.response)
        return min(max(pace, 1.0 / self.rule.fastest), self.rule.fastest)

    def update_digest(self, digest: Any) -> None:
        """Feed remembered prices and variances into a running hash."""
        for part in (self._months, self._ticks, self._variance):
            digest.update(part.tobytes())


@kernel
def update_variances(
    months: NDArray[Any],
    weights: NDArray[np.float64],
    last_month: NDArray[np.int64],
    last_ticks: NDArray[np.float64],
    variance: NDArray[np.float64],
    recent_days: float,
    usual_days: float,
    most_log_ratio: float,
    day_share: float,
) -> None:
    """Take the returns since the last round into recent and usual variance, and remember the prices now.

    A month has moved up by a tenor if the front month has expired since; a month seen for the first time, and
    a price that is no number, has no return.
    """
    total, weight = 0.0, 0.0
    for tenor in range(months.shape[0]):
        at = months[tenor]
        before = math.nan
        if last_month[tenor] == at.month:
            before = last_ticks[tenor]
        elif tenor + 1 < months.shape[0] and last_month[tenor + 1] == at.month:
            before = last_ticks[tenor + 1]
        change = (at.reference_ticks - before) / at.scale_ticks
        if math.isfinite(change):
            total += weights[tenor] * change * change
            weight += weights[tenor]
        last_month[tenor], last_ticks[tenor] = at.month, at.reference_ticks
    if weight > 0.0:
        per_day = total / weight / day_share
        variance[0] -= math.expm1(-day_share / recent_days) * (per_day - variance[0])
        if variance[0] > 0.0 and variance[1] > 0.0:
            log_ratio = math.log(variance[0] / variance[1])
            log_ratio = min(max(log_ratio, -most_log_ratio), most_log_ratio)
            variance[1] *= math.exp(-math.expm1(-day_share / usual_days) * log_ratio)
