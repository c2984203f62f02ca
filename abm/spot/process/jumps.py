"""Laws of the jump sizes in the log price: Gaussian (Merton) and double exponential (Kou).

Both give what the price process asks of a jump law: its raw moments, samples, exponential moments (of one
jump, and integrated over a jump that decays), and the law that investors price by.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abm.core.arguments import whole_number
from abm.core.arrays import FloatArray
from abm.core.errors import ParameterError
from abm.spot.process.domain import require, require_generator, require_number, require_numbers

_NODES_PER_PANEL = 12
_EXPONENT_CHANGE_PER_PANEL = 6.0
_LARGEST_EXPONENT = 700.0


class HeavyTailWarning(UserWarning):
    """A jump law is so heavy-tailed that sample statistics of the price will not settle."""


class JumpLaw(Protocol):
    """What the price process asks of a law of jump sizes J."""

    def moment(self, n: int) -> float:
        """Return E[J^n]."""

    def exponential_moment_integral(self, a: ArrayLike, tau: ArrayLike, kappa: float) -> NDArray[Any]:
        """Return the integral over s in [0, tau] of E[exp(a e^(-kappa s) J)] - 1, in years."""

    def mean_relative_jump(self, a: ArrayLike = 1.0) -> NDArray[Any]:
        """Return E[exp(a J)] - 1: for a = 1 the mean relative jump of the price."""

    def tilted(self, zeta: float) -> JumpLaw:
        """Return the law with density in proportion to e^(zeta J), the Esscher transform."""

    def sample(self, size: int, rng: np.random.Generator) -> FloatArray:
        """Draw jump sizes, shape (size,)."""

    def quantile(self, probability: FloatArray) -> FloatArray:
        """Return the sizes that jumps stay under with given probabilities, each within (0, 1)."""


@dataclass(frozen=True, slots=True)
class GaussianJumps:
    """Jump sizes in the log price are normal.

    Parameters
    ----------
    mean, std : float
        Of one jump of the log price; ``std`` not negative.

    Raises
    ------
    ParameterError
        If a parameter is outside its domain.

    Notes
    -----
    Merton, R. C. (1976), "Option pricing when underlying stock returns are discontinuous".
    """

    mean: float
    std: float

    def __post_init__(self) -> None:
        require_numbers("jumps.", self, "mean", "std")
        require(math.isfinite(self.mean), "jumps.mean", self.mean, "a finite number")
        require(0.0 <= self.std < math.inf, "jumps.std", self.std, "a finite number >= 0")

    def moment(self, n: int) -> float:
        """Return E[J^n] for n >= 0."""
        n = whole_number("n", n, least=0)
        previous, current = 0.0, 1.0
        for order in range(1, n + 1):
            previous, current = current, self.mean * current + (order - 1) * self.std**2 * previous
        return current

    def exponential_moment_integral(self, a: ArrayLike, tau: ArrayLike, kappa: float) -> NDArray[Any]:
        """Return the integral over s in [0, tau] of E[exp(a e^(-kappa s) J)] - 1.

        Parameters
        ----------
        a : array of float or complex
            Exponent; broadcast against ``tau``.
        tau : array of float
            Horizon in years, not negative; infinity is allowed.
        kappa : float
            Mean reversion per year, positive.

        Returns
        -------
        array of float or complex
            Years, in the broadcast shape, accurate to rounding.

        Notes
        -----
        With y = e^(-kappa s) the integral is (1/kappa) times that of (M(a y) - 1) / y over
        [e^(-kappa tau), 1], M the moment generating function. The integrand is entire, so a Gauss-Legendre
        rule reaches rounding; its panels follow the change of the exponent. The power series of the same
        integral would cancel catastrophically for the large imaginary ``a`` of Fourier inversion.
        """
        exponent = np.asarray(a)[..., np.newaxis]
        require_number("kappa", kappa)
        require(0.0 < kappa < math.inf, "kappa", kappa, "a finite number > 0")
        elapsed = -np.expm1(-kappa * np.asarray(tau, dtype=np.float64))
        largest = float(np.max(np.abs(exponent), initial=0.0))
        growth = float(np.max(np.abs(exponent.real), initial=0.0)) * self.std
        steepest = largest * (abs(self.mean) + 3.0 * self.std) + growth**2
        nodes, weights = _unit_interval_rule(max(1, math.ceil(steepest / _EXPONENT_CHANGE_PER_PANEL)))
        y = 1.0 - elapsed[..., np.newaxis] * nodes
        tilt = exponent * y
        integrand = np.expm1(tilt * (self.mean + 0.5 * self.std**2 * tilt)) / y
        integral: NDArray[Any] = (integrand @ weights) * elapsed / kappa
        return integral

    def mean_relative_jump(self, a: ArrayLike = 1.0) -> NDArray[Any]:
        """Return E[exp(a J)] - 1, real or complex, in the shape of a."""
        exponent = np.asarray(a)
        change: NDArray[Any] = np.expm1(exponent * (self.mean + 0.5 * self.std**2 * exponent))
        return change

    def tilted(self, zeta: float) -> GaussianJumps:
        """Return the law with density in proportion to e^(zeta J): its mean moves by zeta std^2.

        Raises
        ------
        ParameterError
            If the weights e^(zeta J) are too large to be represented.
        """
        require_number("premium.jump_tilt", zeta)
        weight = zeta * (self.mean + 0.5 * self.std**2 * zeta)
        allowed = "small enough: E[exp(tilt x J)] overflows and leaves no finite forward"
        require(weight < _LARGEST_EXPONENT, "premium.jump_tilt", zeta, allowed)
        return GaussianJumps(self.mean + zeta * self.std**2, self.std)

    def sample(self, size: int, rng: np.random.Generator) -> FloatArray:
        """Draw jump sizes, shape (size,)."""
        require_generator(rng)
        whole_number("size", size, least=0)
        return self.mean + self.std * rng.standard_normal(size)

    def quantile(self, probability: FloatArray) -> FloatArray:
        """Return the sizes that jumps stay under with given probabilities, each within (0, 1)."""
        from scipy.special import ndtri  # start-up need not pay for it

        quantile: FloatArray = self.mean + self.std * ndtri(probability)
        return quantile


@dataclass(frozen=True, slots=True)
class DoubleExponentialJumps:
    """Jump sizes in the log price are exponential upwards with probability ``p_up``, else downwards.

    Parameters
    ----------
    p_up : float
        Probability that a jump is upwards, in [0, 1].
    eta_up, eta_down : float
        Inverse mean sizes of up and down jumps of the log price (12.5 is a mean of 8 %). ``eta_up`` must
        exceed 1 for a finite forward price, 2 for a finite price variance and 4 for a finite price kurtosis;
        ``eta_down`` must be positive.

    Raises
    ------
    ParameterError
        If a parameter is outside its domain.

    Warns
    -----
    HeavyTailWarning
        If up jumps occur with ``eta_up`` not above 4.

    Notes
    -----
    Kou, S. G. (2002), "A jump-diffusion model for option pricing".
    """

    p_up: float
    eta_up: float
    eta_down: float

    def __post_init__(self) -> None:
        require_numbers("jumps.", self, "p_up", "eta_up", "eta_down")
        require(0.0 <= self.p_up <= 1.0, "jumps.p_up", self.p_up, "in [0, 1]")
        allowed = "a finite number > 1 (the forward price would be infinite)"
        require(1.0 < self.eta_up < math.inf, "jumps.eta_up", self.eta_up, allowed)
        require(0.0 < self.eta_down < math.inf, "jumps.eta_down", self.eta_down, "a finite number > 0")
        if self.eta_up <= 4.0 and self.p_up > 0.0:
            infinite = "variance" if self.eta_up <= 2.0 else "kurtosis"
            warnings.warn(
                f"jumps.eta_up: {self.eta_up} is not > 4: the {infinite} of the price is infinite",
                HeavyTailWarning,
                stacklevel=3,
            )

    def moment(self, n: int) -> float:
        """Return E[J^n] for n >= 0."""
        n = whole_number("n", n, least=0)
        down = (1.0 - self.p_up) * (-1.0) ** n / self.eta_down**n
        return math.factorial(n) * (self.p_up / self.eta_up**n + down)

    def exponential_moment_integral(self, a: ArrayLike, tau: ArrayLike, kappa: float) -> NDArray[Any]:
        """Return the integral over s in [0, tau] of E[exp(a e^(-kappa s) J)] - 1.

        Parameters
        ----------
        a : array of float or complex
            Exponent; broadcast against ``tau``.
        tau : array of float
            Horizon in years, not negative; infinity is allowed.
        kappa : float
            Mean reversion per year, positive.

        Returns
        -------
        array of float or complex
            Years, in the broadcast shape; infinity for a real ``a`` outside (-eta_down, eta_up), where the
            expectation is infinite.

        Raises
        ------
        ParameterError
            If a complex ``a`` has its real part outside that strip: the expectation does not exist.
        """
        exponent = np.asarray(a)
        require_number("kappa", kappa)
        require(0.0 < kappa < math.inf, "kappa", kappa, "a finite number > 0")
        elapsed = -np.expm1(-kappa * np.asarray(tau, dtype=np.float64))
        integral: NDArray[Any] = np.zeros(np.broadcast_shapes(exponent.shape, elapsed.shape))
        for probability, rate in ((self.p_up, self.eta_up), (1.0 - self.p_up, -self.eta_down)):
            if probability > 0.0:
                integral = integral + probability / kappa * _one_sided_log(exponent, rate, elapsed)
        return integral

    def mean_relative_jump(self, a: ArrayLike = 1.0) -> NDArray[Any]:
        """Return E[exp(a J)] - 1 in the shape of a; infinity for a real a outside (-eta_down, eta_up).

        Raises
        ------
        ParameterError
            If a complex ``a`` has its real part outside that strip: the expectation does not exist.
        """
        exponent = np.asarray(a)
        change: NDArray[Any] = np.zeros(exponent.shape)
        for probability, rate in ((self.p_up, self.eta_up), (1.0 - self.p_up, -self.eta_down)):
            if probability > 0.0:
                exists = _exponential_moment_exists(exponent, rate)
                safe = np.where(exists, exponent, 0.0)
                change = change + np.where(exists, probability * safe / (rate - safe), np.inf)
        return change

    def tilted(self, zeta: float) -> DoubleExponentialJumps:
        """Return the law with density in proportion to e^(zeta J), which is of the same family.

        A heavy tail of the tilted law is not warned about: nobody typed it.

        Raises
        ------
        ParameterError
            If the tilt leaves no finite forward: ``eta_up - zeta`` must exceed 1, if there are up jumps, and
            ``eta_down + zeta`` be positive, if there are down jumps.
        """
        require_number("premium.jump_tilt", zeta)
        p_up, eta_up, eta_down = self.p_up, self.eta_up, self.eta_down
        if p_up > 0.0:
            allowed = f"< eta_up - 1 = {eta_up - 1.0}: it leaves no finite forward"
            require(eta_up - zeta > 1.0, "premium.jump_tilt", zeta, allowed)
            eta_up -= zeta
        if p_up < 1.0:
            allowed = f"> -eta_down = {-eta_down}: it leaves no finite forward"
            require(eta_down + zeta > 0.0, "premium.jump_tilt", zeta, allowed)
            eta_down += zeta
        up, down = p_up * self.eta_up / eta_up, (1.0 - p_up) * self.eta_down / eta_down
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", HeavyTailWarning)
            return DoubleExponentialJumps(up / (up + down), eta_up, eta_down)

    def sample(self, size: int, rng: np.random.Generator) -> FloatArray:
        """Draw jump sizes, shape (size,)."""
        require_generator(rng)
        whole_number("size", size, least=0)
        up = rng.random(size) < self.p_up
        return rng.standard_exponential(size) * np.where(up, 1.0 / self.eta_up, -1.0 / self.eta_down)

    def quantile(self, probability: FloatArray) -> FloatArray:
        """Return the sizes that jumps stay under with given probabilities, each within (0, 1)."""
        p_down, above = 1.0 - self.p_up, 1.0 - probability
        up = above < self.p_up
        # Each side divides by its own probability only where there are jumps of that side.
        beyond = np.log(np.where(up, above, probability) / np.where(up, self.p_up, p_down))
        quantile: FloatArray = np.where(up, -beyond / self.eta_up, beyond / self.eta_down)
        return quantile


def _one_sided_log(a: NDArray[Any], rate: float, elapsed: FloatArray) -> NDArray[Any]:
    """Return ln((rate - a e) / (rate - a)) with e = 1 - elapsed, for jumps of mean size 1 / rate.

    The rate of downward jumps is negative. Written with log1p, so that it is exact for short horizons.
    """
    exists = _exponential_moment_exists(a, rate)
    if np.all(exists):
        return _log1p(a * elapsed / (rate - a))
    safe = np.where(exists, a, 0.0)
    outside = np.where(elapsed > 0.0, np.inf, 0.0)
    return np.where(exists, _log1p(safe * elapsed / (rate - safe)), outside)


def _log1p(z: NDArray[Any]) -> NDArray[Any]:
    """Return ln(1 + z) to full relative accuracy; NumPy's own loses it for small complex z."""
    if not np.iscomplexobj(z):
        real: NDArray[Any] = np.log1p(z)
        return real
    x, y = z.real, z.imag
    exact: NDArray[Any] = 0.5 * np.log1p(x * (2.0 + x) + y * y) + 1j * np.arctan2(y, 1.0 + x)
    return exact


def _exponential_moment_exists(a: NDArray[Any], rate: float) -> NDArray[np.bool_]:
    """Say where exponential jumps of mean size 1 / rate have a finite E[exp(a J)]; complex a must have it."""
    exists: NDArray[np.bool_] = a.real * math.copysign(1.0, rate) < abs(rate)
    if np.iscomplexobj(a) and not np.all(exists):
        raise ParameterError(f"a: {a} has a real part that is not within the jump law's rate {rate}")
    return exists


@cache
def _unit_interval_rule(panels: int) -> tuple[FloatArray, FloatArray]:
    """Return nodes and weights of a composite Gauss-Legendre rule on [0, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES_PER_PANEL)
    starts = np.arange(panels)[:, np.newaxis]
    placed = (starts + 0.5 * (nodes + 1.0)) / panels
    return placed.ravel(), np.tile(0.5 * weights / panels, panels)
