"""How many seeds a comparison takes, how likely so many seeds show an effect, and what a comparison says."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Literal, NamedTuple

import numpy as np
from scipy.special import chdtr, ndtr, ndtri, stdtrit

from abm.core.arguments import finite_number, whole_number
from abm.core.arrays import FloatArray
from abm.core.errors import ParameterError

from .given import share
from .intervals import NOISE, PairedDifference

Word = Literal["up", "down", "no sign yet"]

_LARGE = 1_000_000
"""From here on the normal law stands for Student's: they differ by two seeds."""

_TAIL = 12.0
"""Standard deviations beyond which nothing is left of a normal law."""
_FARTHEST = 1e100
"""Standard deviations over effect from which no number of seeds is worth a name."""


class Verdict(NamedTuple):
    """What a comparison says of the expected difference.

    Parameters
    ----------
    word : {"up", "down", "no sign yet"}
        Direction where the adjusted p-value is significant.
    seeds : int or None
        Seeds that would show the difference seen with the power asked for, if it is the true one; None where
        it is zero or not known.
    text : str
        The same in words, e.g. ``no sign yet, about 40 seeds would show it``.
    """

    word: Word
    seeds: int | None
    text: str


def power(effect: float, sd: float, n: int, confidence: float = 0.95) -> float:
    """Return the chance that the paired t-test of so many seeds finds an effect, in either direction.

    Parameters
    ----------
    effect : float
        Expected difference.
    sd : float
        Standard deviation of the differences over seeds, not negative.
    n : int
        Pairs, two or more.
    confidence : float
        One less the significance of the two-sided test.

    Returns
    -------
    float
        One less the confidence for no effect; exact for normal differences (noncentral t).

    Raises
    ------
    ParameterError
        If an argument is outside its domain.

    References
    ----------
    Cohen, Statistical Power Analysis for the Behavioral Sciences, 1988, chapter 2.
    """
    n = whole_number("n", n, least=2)
    effect, sd = finite_number("effect", effect), finite_number("sd", sd, least=0.0)
    confidence = share("confidence", confidence)
    if sd == 0.0:
        return 1.0 if effect else 1.0 - confidence
    return _power(abs(effect) / sd, n, confidence)


def _power(ratio: float, n: int, confidence: float) -> float:
    """Return the power at an effect in standard deviations of the differences.

    The tails of the noncentral t by quadrature: SciPy's ``nctdtr`` has no value for many effects, in 1.17
    e.g. for 16 pairs and 2.2 standard deviations at 95 %.
    """
    shift = ratio * math.sqrt(n)
    if n > _LARGE:
        beyond = float(ndtri(0.5 + confidence / 2.0))
        return float(ndtr(shift - beyond) + ndtr(-shift - beyond))
    beyond = float(stdtrit(n - 1, 0.5 + confidence / 2.0))
    integral = _over_means if beyond > 2.0 * math.sqrt(2.0 * (n - 1)) else _over_spreads
    return min(integral(shift, beyond, n - 1), 1.0)


def _over_spreads(shift: float, beyond: float, degrees: int) -> float:
    """Integrate over the sample's standard deviation: smooth where Student's t is near the normal law."""
    width = _TAIL / math.sqrt(2.0 * degrees)
    spread, weight = _nodes(max(1.0 - width, 0.0), 1.0 + width)
    log_density = (degrees - 1) * np.log(spread) - degrees * (spread**2 - 1.0) / 2.0
    density = weight * np.exp(log_density - log_density.max())
    found = ndtr(shift - beyond * spread) + ndtr(-shift - beyond * spread)
    return float((density * found).sum() / density.sum())


def _over_means(shift: float, beyond: float, degrees: int) -> float:
    """Integrate over the sample's mean: smooth where few degrees put the bound of the test far out."""
    power = 0.0
    for low, high in ((max(shift - _TAIL, 0.0), shift + _TAIL), (shift - _TAIL, 0.0)):
        if high > low:
            mean, weight = _nodes(low, high)
            density = weight * np.exp(-((mean - shift) ** 2) / 2.0) / math.sqrt(2.0 * math.pi)
            power += float((density * chdtr(degrees, degrees * (mean / beyond) ** 2)).sum())
    return power


@cache
def _unit_nodes() -> tuple[FloatArray, FloatArray]:
    return np.polynomial.legendre.leggauss(200)


def _nodes(low: float, high: float) -> tuple[FloatArray, FloatArray]:
    """Return places and weights of the Gauss-Legendre rule between two bounds."""
    place, weight = _unit_nodes()
    half = (high - low) / 2.0
    return low + half * (place + 1.0), half * weight


def seeds_needed(
    sd: float,
    *,
    half_width: float | None = None,
    effect: float | None = None,
    power: float = 0.8,
    confidence: float = 0.95,
) -> int:
    """Return the fewest seeds for an interval so narrow, or for finding an effect so large.

    Parameters
    ----------
    sd : float
        Standard deviation over seeds: of the differences for a comparison in pairs, of the values for a mean.
    half_width : float, optional
        Largest half width of the interval of Student's t, at the standard deviation given.
    effect : float, optional
        Expected difference that the paired t-test is to find. Either this or ``half_width`` is asked for.
    power : float
        Chance of finding it.
    confidence : float
        Of the interval; one less the significance of the two-sided test.

    Returns
    -------
    int
        Two or more; 34 for an effect of half a standard deviation with power 0.8 at 95 %.

    Raises
    ------
    ParameterError
        If both or neither of ``half_width`` and ``effect`` are given, one of them is zero or so small that no
        number of seeds is large enough, or an argument is outside its domain.
    """
    sd = finite_number("sd", sd, least=0.0)
    confidence, power = share("confidence", confidence), share("power", power)
    if (half_width is None) == (effect is None):
        raise ParameterError("seeds_needed: half_width or effect, one of them, has to be given")
    name = "effect" if half_width is None else "half_width"
    target = (
        abs(finite_number(name, effect)) if half_width is None else finite_number(name, half_width, above=0.0)
    )
    if target == 0.0 or sd / target > _FARTHEST:
        raise ParameterError(f"{name}: {target:g} is too small: no number of seeds shows it")
    normal = float(ndtri(0.5 + confidence / 2.0)) + (float(ndtri(power)) if half_width is None else 0.0)
    first = (max(normal, 0.0) * sd / target) ** 2
    if first > _LARGE:
        return math.ceil(first) + 2

    def enough(n: int) -> bool:
        if half_width is None:
            return sd == 0.0 or _power(target / sd, n, confidence) >= power
        return float(stdtrit(n - 1, 0.5 + confidence / 2.0)) * sd <= target * math.sqrt(n)

    return _fewest(enough, 2)


def _fewest(enough: Callable[[int], bool], least: int) -> int:
    """Return the smallest number, from the least on, that is enough; every larger one is too."""
    low, high = least - 1, least
    while not enough(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def verdict(
    difference: PairedDifference,
    p_adjusted: float | None = None,
    *,
    confidence: float = 0.95,
    power: float = 0.8,
    comparisons: int = 1,
) -> Verdict:
    """Return what a comparison says: up, down, or no sign yet and how many seeds would show it.

    Parameters
    ----------
    difference : PairedDifference
        Of the comparison.
    p_adjusted : float, optional
        Its p-value among all of the table, from ``holm``; its own if it is the only one.
    confidence : float
        One less the significance that the adjusted p-value has to reach. That of the interval may be another.
    power : float
        Chance with which the number of seeds would show the difference seen.
    comparisons : int
        Size of the table, for which the number of seeds is meant (Bonferroni).

    Returns
    -------
    Verdict
        The number of seeds takes the difference and the spread seen for the true ones. Both are estimates: of
        few seeds they may be far off, and a difference that is zero in truth is never shown.

    Raises
    ------
    ParameterError
        If the p-value is not in [0, 1], or an option is outside its domain.
    """
    significance = 1.0 - share("confidence", confidence)
    power = share("power", power)
    count = whole_number("comparisons", comparisons, least=1)
    p_value = difference.p_value if p_adjusted is None else p_adjusted
    if not (isinstance(p_value, float) and math.isnan(p_value)):
        p_value = finite_number("p_adjusted", p_value, least=0.0, most=1.0)
    # Holm multiplies by fewer than the whole table once larger effects are found.
    times = max(float(count), p_value / difference.p_value if difference.p_value > 0.0 else 1.0)
    seeds = _seeds_for(difference, 1.0 - significance / min(times, 1e9), power)
    if p_value <= significance and difference.difference != 0.0:
        word: Word = "up" if difference.difference > 0.0 else "down"
        return Verdict(word, seeds, word)
    if seeds is None:
        return Verdict("no sign yet", None, f"no sign yet: {_why_no_number(difference)}")
    seeds = max(seeds, difference.n + 1)
    return Verdict("no sign yet", seeds, f"no sign yet, {_about(seeds)} seeds would show it")


def _seeds_for(difference: PairedDifference, confidence: float, power: float) -> int | None:
    """Return how many seeds would show the difference seen, None where it is zero or not known."""
    effect, sd = difference.difference, difference.sd
    if math.isnan(effect) or math.isnan(sd) or abs(effect) <= NOISE * sd:
        return None
    if sd == 0.0:  # the p-value of n equal differences is 2 ** (1 - n)
        return max(math.ceil(1.0 - math.log2(1.0 - confidence)), 2)
    return seeds_needed(sd, effect=effect, power=power, confidence=confidence)


def _why_no_number(difference: PairedDifference) -> str:
    if difference.difference == 0.0 and difference.n > 1:
        return "no difference in any seed" if difference.sd == 0.0 else "the mean difference is zero"
    return difference.reason or "the mean difference is zero"


def _about(seeds: int) -> str:
    """Return a number of seeds in words: rounded up, as it is an estimate."""
    if seeds > _LARGE:
        return "more than a million"
    step = 1 if seeds < 20 else 5 if seeds < 100 else 10 ** (len(str(seeds)) - 2)
    return f"about {-(-seeds // step) * step:,}"
