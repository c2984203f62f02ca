"""How often and by how much providers change their list prices: a time-dependent repricing rule.

Each provider reviews its price at exponential times (Calvo 1983, "Staggered prices in a utility-maximizing
framework") and sets it to its target, apart from a pricing error. A fixed menu cost is not the rule: it
bunches the sizes of changes at its trigger, while measured sizes spread more widely than an exponential law.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

import numpy as np

from abm.core.arrays import FloatArray
from abm.core.errors import ParameterError
from abm.spot.process.domain import require

_NODES = 160
_SMALLEST_PROBABILITY = 0.01
_BISECTIONS = 50


class ChangeStatistics(NamedTuple):
    """What an observer of list prices measures over many changes; sizes are in log price."""

    changes_per_year: float
    share_down: float
    mean_log_change: float
    mean_abs_log_change: float
    sd_log_change: float


@dataclass(frozen=True, slots=True)
class ListPriceDynamics:
    """Repricing of list prices, from four measured numbers about their changes.

    A change is D = -b a + W + E' - E: the trend b over the exponential age a of the old price, the news W of
    the target meanwhile, and the new less the old pricing error. An error is zero, or with probability
    ``error_probability`` a deliberate deviation with a Laplace law of scale ``error_scale``.

    By construction, where the level falls by ``consistent_trend_per_year``: the frequency, the mean change,
    the mean size and the standard deviation. The share of cuts and the equal mean size of cuts and rises
    emerge (0.65, against the 0.68 given; cuts 0.31 and rises 0.27). At any other trend the frequency and the
    errors stay, the mean change is -b / frequency by necessity, and the rest emerges: see ``predicted``.

    Parameters
    ----------
    changes_per_year : float
        Price changes per provider and year, positive.
    share_down : float
        Share of changes that are cuts, in (0, 1).
    mean_abs_log_change : float
        Mean size of a change, in log price, positive.
    sd_log_change : float
        Standard deviation of the signed changes.
    target_change_sd : float
        Standard deviation of the news W in the market where the four numbers were measured, trend apart.
        The default is that of the baseline spot price (kappa 4, sigma 0.25, 4 jumps a year) and of a basis
        of sd 0.08 and kappa 20.

    Attributes
    ----------
    error_probability : float
        Probability that a price is set off its target.
    error_scale : float
        Mean absolute deviation of such a price, in log price; below 1.

    Raises
    ------
    ParameterError
        If an argument is outside its domain or no error law has these moments.

    Notes
    -----
    The defaults are measured on 1,053 provider endpoints in July and August 2026. They imply a fall of
    4.6 x (2 x 0.68 - 1) x 0.30 = 0.50 a year, and a level that falls by the 1.84 of Xing (2026), arXiv
    2603.21690, cannot come from them: 4.6 changes a year would need a mean change of -0.40, beyond the mean
    size 0.30; even if all were cuts they would carry 1.38, and at the measured mean change it would take
    17 changes a year. The rest of the measured fall is new models that replace old ones.
    """

    changes_per_year: float = 4.6
    share_down: float = 0.68
    mean_abs_log_change: float = 0.30
    sd_log_change: float = 0.45
    target_change_sd: float = 0.16
    error_probability: float = field(init=False)
    error_scale: float = field(init=False)

    def __post_init__(self) -> None:
        for name in ("changes_per_year", "mean_abs_log_change", "sd_log_change"):
            value = getattr(self, name)
            require(0.0 < value < math.inf, f"list_prices.{name}", value, "a finite number > 0")
        require(0.0 < self.share_down < 1.0, "list_prices.share_down", self.share_down, "in (0, 1)")
        news = self.target_change_sd
        require(0.0 <= news < math.inf, "list_prices.target_change_sd", news, "a finite number >= 0")
        mean_change = self.consistent_trend_per_year / self.changes_per_year
        explained = math.hypot(mean_change, news)
        allowed = f">= {explained:.4g}, what the trend and the news of the target give without errors"
        require(self.sd_log_change >= explained, "list_prices.sd_log_change", self.sd_log_change, allowed)
        probability, scale = _error_law(mean_change, self.mean_abs_log_change, self.sd_log_change, news)
        object.__setattr__(self, "error_probability", probability)
        object.__setattr__(self, "error_scale", scale)

    @property
    def consistent_trend_per_year(self) -> float:
        """Yearly fall of the log level that the measured changes imply, frequency x mean fall."""
        return self.changes_per_year * (2.0 * self.share_down - 1.0) * self.mean_abs_log_change

    @property
    def mean_error_multiple(self) -> float:
        """E[exp(error)], the mean price over the target at the moment it is set."""
        q = self.error_probability
        return 1.0 - q + q / (1.0 - self.error_scale**2)

    def predicted(self, trend_per_year: float, target_change_sd: float | None = None) -> ChangeStatistics:
        """Return the statistics of changes around a level that falls by a trend.

        Parameters
        ----------
        trend_per_year : float
            Yearly fall of the log level.
        target_change_sd : float, optional
            Standard deviation of the news between two changes; the dynamics' own by default.

        Notes
        -----
        Closed form up to a quadrature, with the news as a Brownian motion over the exponential age.
        """
        require(math.isfinite(trend_per_year), "trend_per_year", trend_per_year, "a finite number")
        news = self.target_change_sd if target_change_sd is None else target_change_sd
        fall = trend_per_year / self.changes_per_year
        mean_size, share_down = _size_and_share(fall, news, self.error_probability, self.error_scale)
        error_variance = 4.0 * self.error_probability * self.error_scale**2
        return ChangeStatistics(
            self.changes_per_year,
            share_down,
            -fall,
            mean_size,
            math.sqrt(fall**2 + news**2 + error_variance),
        )


def _error_law(fall: float, mean_size: float, sd: float, news_sd: float) -> tuple[float, float]:
    """Return the probability and scale of pricing errors that give changes their mean size and deviation."""
    variance = max(0.0, sd**2 - fall**2 - news_sd**2)

    def size(probability: float) -> float:
        scale = math.sqrt(variance / (4.0 * probability))
        return _size_and_share(fall, news_sd, probability, scale)[0]

    low, high = _SMALLEST_PROBABILITY, 1.0
    smallest, largest = size(low), size(high)
    if not smallest <= mean_size <= largest:
        raise ParameterError(
            f"list_prices.mean_abs_log_change: {mean_size} is not in [{smallest:.4g}, {largest:.4g}], "
            "the mean sizes that changes of this standard deviation can have"
        )
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if size(middle) < mean_size else (low, middle)
    probability = 0.5 * (low + high)
    scale = math.sqrt(variance / (4.0 * probability))
    allowed = "small enough for prices of finite mean: the scale of pricing errors would reach 1"
    require(scale < 1.0, "list_prices.sd_log_change", sd, allowed)
    return probability, scale


def _size_and_share(fall: float, news_sd: float, probability: float, scale: float) -> tuple[float, float]:
    """Return E|D| and P(D < 0) of a change with the given mean fall over its age.

    Both are integrals of the characteristic function: (2 / pi) int (1 - Re phi) / u^2 du (von Bahr 1965) and
    1/2 - (1 / pi) int Im phi / u du (Gil-Pelaez 1951), with u = tan(theta) / width to make them finite.
    """
    width = math.sqrt(fall**2 + news_sd**2 + 4.0 * probability * scale**2)
    if width == 0.0:
        return 0.0, 0.0
    theta, weights = _quarter_turn()
    u = np.tan(theta) / width
    error = 1.0 - probability + probability / (1.0 + (scale * u) ** 2)
    phi = error**2 / (1.0 + 1j * fall * u + 0.5 * (news_sd * u) ** 2)
    sine, cosine = np.sin(theta), np.cos(theta)
    mean_size = 2.0 / math.pi * width * float(weights @ ((1.0 - phi.real) / sine**2))
    share_down = 0.5 - float(weights @ (phi.imag / (sine * cosine))) / math.pi
    return mean_size, share_down


@cache
def _quarter_turn() -> tuple[FloatArray, FloatArray]:
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    quarter = 0.25 * math.pi
    return quarter * (nodes + 1.0), quarter * weights
