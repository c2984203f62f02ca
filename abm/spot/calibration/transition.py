"""Law of one step of the mean-reverting jump diffusion, as calibration needs it: density and distribution.

Over a step of length dt the log deviation moves to X' = X e^(-kappa dt) + innovation, and the law of the
innovation does not depend on X. Steps are equal, so one law describes the whole series.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct, next_fast_len
from scipy.special import gammaln, log_ndtr, ndtr, pdtrc

from abm.core.arrays import FloatArray

FEWEST_JUMPS_COUNTED = 4
LARGEST_POISSON_TAIL = 1e-6

_LOG_SQRT_2PI = 0.5 * math.log(2.0 * math.pi)
_CUTOFF_SDS = 7.5  # the characteristic function is below 1e-12 beyond this many 1/sd
_TAIL_MEANS = 25.0  # an exponential jump exceeds 25 means with probability 1e-11
_RELIABLE_SHARE_OF_PEAK = 1e-9  # below this the Fourier series has lost too many digits to take its log
_GRID_FINENESS = 16  # points of the density grid for each term of its series
_LOCAL_NODES = np.arange(-2.0, 4.0)  # six grid points around the place where the density is wanted
_AGE_NODES, _AGE_WEIGHTS = np.polynomial.legendre.leggauss(5)


class StepLaw(Protocol):
    """What calibration asks of the law of an innovation."""

    def log_density(self, innovation: FloatArray) -> FloatArray:
        """Return the log density."""

    def distribution(self, innovation: FloatArray) -> FloatArray:
        """Return the probability of an innovation not above the given one."""

    def jump_probability(self, innovation: FloatArray) -> FloatArray:
        """Return the probability that the step held a jump, given its innovation."""


def jumps_counted(expected_jumps: float) -> int:
    """Return up to how many jumps a step the mixture counts: 4, or more until it misses less than 1e-6."""
    count = FEWEST_JUMPS_COUNTED
    while pdtrc(count, expected_jumps) >= LARGEST_POISSON_TAIL:
        count += 1
    return count


def decay_moments(kappa: float, dt: float) -> tuple[float, float]:
    """Return E[e^(-kappa U)] and E[e^(-2 kappa U)] for the age U of a jump, uniform on a step."""
    return -math.expm1(-kappa * dt) / (kappa * dt), -math.expm1(-2.0 * kappa * dt) / (2.0 * kappa * dt)


@dataclass(frozen=True, slots=True)
class GaussianJumpStep:
    """Innovation with normal jumps: a Poisson mixture of normals with exact mean and variance each.

    Parameters
    ----------
    kappa, sigma, jump_intensity : float
        Of the process, per year.
    jump_mean, jump_std : float
        Of one jump of the log price.
    dt : float
        Step in years.
    max_jumps : int
        Most jumps a step that are counted; 0 is a pure diffusion.

    Notes
    -----
    Given n jumps the innovation has mean n mu g1 and variance
    sigma^2 dt g2 + n [mu^2 (g2 - g1^2) + delta^2 g2], with g1 and g2 the moments of the decay since the jump.
    Mixture densities for jump diffusions go back to Ball and Torous (1983), "A simplified jump process for
    common stock returns". Only the shape given n is approximate: a decayed normal jump is nearly normal while
    kappa dt is below one.
    """

    kappa: float
    sigma: float
    jump_intensity: float
    jump_mean: float
    jump_std: float
    dt: float
    max_jumps: int

    def log_density(self, innovation: FloatArray) -> FloatArray:
        """Return the log density, in the shape of the innovations."""
        terms = self._log_terms(innovation)
        largest = terms.max(axis=0)
        log_density: FloatArray = largest + np.log(np.exp(terms - largest).sum(axis=0))
        return log_density

    def distribution(self, innovation: FloatArray) -> FloatArray:
        """Return the distribution function, in the shape of the innovations."""
        log_weights, means, deviations = self._components()
        below = ndtr((innovation - means) / deviations)
        distribution: FloatArray = (np.exp(log_weights) * below).sum(axis=0)
        return distribution

    def jump_probability(self, innovation: FloatArray) -> FloatArray:
        """Return the probability of at least one jump in the step, given its innovation."""
        return _share_of_jumps(self._log_terms(innovation)[0] - self.log_density(innovation))

    def _components(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return log weight, mean and standard deviation given 0, 1, ... jumps, as columns."""
        g1, g2 = decay_moments(self.kappa, self.dt)
        n = np.arange(self.max_jumps + 1.0)[:, np.newaxis]
        expected = self.jump_intensity * self.dt
        log_weights = -expected - gammaln(n + 1.0)
        if self.max_jumps > 0:
            log_weights = log_weights + n * math.log(expected)
        jump_variance = self.jump_mean**2 * max(g2 - g1**2, 0.0) + self.jump_std**2 * g2
        deviations = np.sqrt(self.sigma**2 * self.dt * g2 + n * jump_variance)
        return log_weights, n * self.jump_mean * g1, deviations

    def _log_terms(self, innovation: FloatArray) -> FloatArray:
        log_weights, means, deviations = self._components()
        scores = (innovation - means) / deviations
        terms: FloatArray = log_weights - np.log(deviations) - _LOG_SQRT_2PI - 0.5 * scores**2
        return terms


@dataclass(frozen=True, slots=True)
class DoubleExponentialJumpStep:
    """Innovation with double-exponential jumps, by Fourier-cosine inversion of its characteristic function.

    Parameters
    ----------
    kappa, sigma, jump_intensity : float
        Of the process, per year; ``sigma`` positive.
    p_up, eta_up, eta_down : float
        Of the jump law.
    dt : float
        Step in years.

    Notes
    -----
    The characteristic function is exact, so the density is exact to the absolute error of the series, about
    1e-10 of its peak: Fang and Oosterlee (2008), "A novel pricing method for European options based on
    Fourier-cosine series expansions". Where the density is too small for that error, the terms of no jump and
    of one jump stand for it: they are known in closed form, and far out one jump is likelier than two.
    """

    kappa: float
    sigma: float
    jump_intensity: float
    p_up: float
    eta_up: float
    eta_down: float
    dt: float

    def log_density(self, innovation: FloatArray) -> FloatArray:
        """Return the log density, in the shape of the innovations."""
        density = self._density(innovation)
        reliable = density > _RELIABLE_SHARE_OF_PEAK / (self._diffusion_deviation * math.sqrt(2.0 * math.pi))
        log_density = np.log(np.where(reliable, density, 1.0))
        far = innovation[~reliable]
        if far.size:
            log_density[~reliable] = np.logaddexp(self._log_no_jump(far), self._log_one_jump(far))
        return log_density

    def distribution(self, innovation: FloatArray) -> FloatArray:
        """Return the distribution function, in the shape of the innovations."""
        start, width, coefficients = self._cosine_series(innovation)
        distance = innovation - start
        frequencies = np.arange(1, coefficients.size) * (math.pi / width)
        waves = np.sin(np.multiply.outer(distance, frequencies)) @ (coefficients[1:] / frequencies)
        distribution: FloatArray = np.clip(coefficients[0] * distance + waves, 0.0, 1.0)
        return distribution

    def jump_probability(self, innovation: FloatArray) -> FloatArray:
        """Return the probability of at least one jump in the step, given its innovation."""
        return _share_of_jumps(self._log_no_jump(innovation) - self.log_density(innovation))

    @property
    def _diffusion_deviation(self) -> float:
        return self.sigma * math.sqrt(self.dt * decay_moments(self.kappa, self.dt)[1])

    def _density(self, innovation: FloatArray) -> FloatArray:
        """Return the cosine series at the innovations: on a fine grid by FFT, then by local quintics.

        The grid is so fine that the interpolation error, 1e-11 of the peak, does not show in numerical second
        derivatives of the likelihood.
        """
        start, width, coefficients = self._cosine_series(innovation)
        cells = next_fast_len(_GRID_FINENESS * coefficients.size, real=True)
        padded = np.zeros(cells + 1)
        padded[: coefficients.size] = coefficients
        padded[1:] *= 0.5
        grid = dct(padded, type=1)
        place = (innovation - start) * (cells / width)
        cell = np.floor(place).astype(np.intp)
        within = place - cell
        density = np.zeros(innovation.size)
        for node in _LOCAL_NODES:
            weight = np.ones(innovation.size)
            for other in _LOCAL_NODES:
                if other != node:
                    weight *= (within - other) / (node - other)
            density += weight * grid[cell + int(node)]
        return density

    def _cosine_series(self, innovation: FloatArray) -> tuple[float, float, FloatArray]:
        """Return start and width of the interval that holds all the mass, and the cosine coefficients."""
        deviation = self._diffusion_deviation
        core = 10.0 * deviation
        start = min(-core - _TAIL_MEANS / self.eta_down, float(innovation.min()) - core)
        end = max(core + _TAIL_MEANS / self.eta_up, float(innovation.max()) + core)
        width = end - start
        terms = math.ceil(_CUTOFF_SDS / deviation * width / math.pi)
        frequencies: FloatArray = np.arange(float(terms)) * (math.pi / width)
        transform = np.exp(self._log_characteristic(frequencies) - 1j * frequencies * start)
        coefficients: FloatArray = transform.real * (2.0 / width)
        coefficients[0] *= 0.5
        return start, width, coefficients

    def _log_characteristic(self, u: FloatArray) -> NDArray[np.complex128]:
        elapsed = -math.expm1(-self.kappa * self.dt)
        up = np.log1p(1j * u * elapsed / (self.eta_up - 1j * u))
        down = np.log1p(-1j * u * elapsed / (self.eta_down + 1j * u))
        jumps = self.jump_intensity / self.kappa * (self.p_up * up + (1.0 - self.p_up) * down)
        return np.asarray(jumps - 0.5 * (self._diffusion_deviation * u) ** 2, dtype=np.complex128)

    def _log_no_jump(self, innovation: FloatArray) -> FloatArray:
        deviation = self._diffusion_deviation
        log_term: FloatArray = (
            -self.jump_intensity * self.dt
            - math.log(deviation)
            - _LOG_SQRT_2PI
            - 0.5 * (innovation / deviation) ** 2
        )
        return log_term

    def _log_one_jump(self, innovation: FloatArray) -> FloatArray:
        """Return the log of P(one jump) x density given it: a normal plus a decayed exponential.

        A jump of rate eta and age U has rate eta e^(kappa U); the rule over the age is exact to rounding.
        """
        deviation = self._diffusion_deviation
        ages = 0.5 * self.dt * (_AGE_NODES + 1.0)
        rates, shares = np.exp(self.kappa * ages)[:, np.newaxis], 0.5 * _AGE_WEIGHTS[:, np.newaxis]
        terms = []
        for probability, eta, sign in ((self.p_up, self.eta_up, 1.0), (1.0 - self.p_up, self.eta_down, -1.0)):
            if probability == 0.0:
                continue
            rate, distance = eta * rates, sign * innovation
            log_law = np.log(rate) + 0.5 * (rate * deviation) ** 2 - rate * distance
            log_law = log_law + log_ndtr(distance / deviation - rate * deviation)
            terms.append(np.log(probability * shares) + log_law)
        expected = self.jump_intensity * self.dt
        log_term: FloatArray = math.log(expected) - expected + np.logaddexp.reduce(np.vstack(terms), axis=0)
        return log_term


def _share_of_jumps(log_share_without: FloatArray) -> FloatArray:
    """Return 1 - exp of the log share of the no-jump term, which rounding may take past 1."""
    share: FloatArray = -np.expm1(np.minimum(log_share_without, 0.0))
    return share
