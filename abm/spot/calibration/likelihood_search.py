"""The search for the most likely parameters, and how sharply the likelihood determines them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from abm.core.arrays import FloatArray
from abm.spot.calibration.likelihood import Bounds, Likelihood, Values, to_natural, to_working

_QUICK_STEP = 1e-6
_GRADIENT_STEP = 1e-4
_HESSIAN_STEP = 1e-3
_AT_BOUND = 1e-5
_NEWTON_STEPS = 20
_SHARES_OF_A_STEP = (1.0, 0.5, 0.25, 0.1, 0.01)
_CLOSE_ENOUGH = 1e-4  # of log-likelihood still to be gained
_NOTHING_LEFT = 1e-9
_LEAST_CURVATURE = 1e-2
_LEAST_EIGENVALUE = 1e-4
_FLAT = 1e-4  # curvature by a log or logit that numerical second derivatives cannot tell from none
_SINGULAR = 1e-6
_LIKELIHOOD_OF_NOTHING = -1e15


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """The end of a likelihood search.

    Attributes
    ----------
    values : dict of str to float
        Parameters in their units, held ones included.
    deviations : dict of str to float
        Standard errors on the working scale of the parameters that were free; NaN where unknown.
    at_bounds : tuple of str
        Free parameters that ended at a bound.
    bounds : mapping of str to (float, float)
        Bounds of every parameter.
    vague : str or None
        Parameter along which the likelihood has no maximum that a normal law describes.
    log_likelihood : float
        At the end.
    converged : bool
        Whether the end is a maximum.
    """

    values: Values
    deviations: dict[str, float]
    at_bounds: tuple[str, ...]
    bounds: Bounds
    vague: str | None
    log_likelihood: float
    converged: bool


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """Climbs the likelihood on the working scale of the parameters that are not held."""

    likelihood: Likelihood
    names: tuple[str, ...]
    bounds: Bounds

    @property
    def free(self) -> list[str]:
        """Names of the parameters that are searched for."""
        return [name for name in self.names if self.bounds[name][0] < self.bounds[name][1]]

    def limits(self) -> NDArray[np.float64]:
        """Return working bounds of the free parameters, shape (k, 2)."""
        pairs = [[to_working(name, end) for end in self.bounds[name]] for name in self.free]
        return np.array(pairs).reshape(-1, 2)

    def point(self, start: Values) -> FloatArray:
        """Return the working values of the free parameters, moved inside the bounds."""
        inside = {
            name: min(max(value, self.bounds[name][0]), self.bounds[name][1]) for name, value in start.items()
        }
        return np.array([to_working(name, inside[name]) for name in self.free])

    def values(self, point: FloatArray) -> Values:
        """Return every parameter in its unit, the held ones included."""
        values = {name: self.bounds[name][0] for name in self.names}
        for name, working, (low, high) in zip(
            self.free, point, (self.bounds[n] for n in self.free), strict=True
        ):
            values[name] = min(max(to_natural(name, float(working)), low), high)
        return values

    def value(self, point: FloatArray) -> float:
        """Return the log-likelihood, or a very small number where it underflows."""
        value = self.likelihood(self.values(point))
        return value if math.isfinite(value) else _LIKELIHOOD_OF_NOTHING

    def best_of(self, starts: list[FloatArray]) -> FloatArray:
        """Return the highest point to which any of the starts leads."""
        return max((self.climb(start) for start in starts), key=self.value)

    def climb(self, start: FloatArray) -> FloatArray:
        """Return the point to which a quasi-Newton search within the bounds leads."""
        limits = self.limits()
        steps = self.likelihood.log_prices.size - 1
        found = minimize(
            lambda point: (-self.value(point) / steps, -self.quick_gradient(point) / steps),
            start,
            jac=True,
            method="SLSQP",
            bounds=limits,
            options={"maxiter": 300, "ftol": 1e-9},
        )
        inside: FloatArray = np.clip(found.x, limits[:, 0], limits[:, 1])
        return inside

    def quick_gradient(self, point: FloatArray) -> FloatArray:
        """Return the gradient by one-sided differences, away from the upper bounds."""
        here, inwards = self.value(point), point + _QUICK_STEP > self.limits()[:, 1]
        slopes = np.empty(point.size)
        for i, step in enumerate(np.where(inwards, -_QUICK_STEP, _QUICK_STEP)):
            moved = point.copy()
            moved[i] += step
            slopes[i] = (self.value(moved) - here) / step
        return slopes

    def gradient(self, point: FloatArray) -> FloatArray:
        """Return the gradient by central differences, one-sided at a bound."""
        limits = self.limits()
        slopes = np.empty(point.size)
        for i in range(point.size):
            ends = []
            for step in (_GRADIENT_STEP, -_GRADIENT_STEP):
                moved = point.copy()
                moved[i] = min(max(point[i] + step, limits[i, 0]), limits[i, 1])
                ends.append(moved)
            slopes[i] = (self.value(ends[0]) - self.value(ends[1])) / (ends[0][i] - ends[1][i])
        return slopes

    def at_bound(self, point: FloatArray) -> NDArray[np.bool_]:
        """Return which of the free parameters lie at a bound."""
        limits = self.limits()
        margin = _AT_BOUND * np.maximum(1.0, limits[:, 1] - limits[:, 0])
        close: NDArray[np.bool_] = (point - limits[:, 0] < margin) | (limits[:, 1] - point < margin)
        return close

    def hessian(self, point: FloatArray, moving: NDArray[np.intp]) -> FloatArray:
        """Return the matrix of second derivatives by the moving parameters."""
        steps = np.eye(point.size)[moving] * _HESSIAN_STEP
        here = self.value(point)
        hessian = np.empty((moving.size, moving.size))
        for i, along in enumerate(steps):
            both = self.value(point + along) + self.value(point - along) - 2.0 * here
            hessian[i, i] = both / _HESSIAN_STEP**2
            for j, across in enumerate(steps[:i]):
                crossed = (
                    self.value(point + along + across)
                    - self.value(point + along - across)
                    - self.value(point - along + across)
                    + self.value(point - along - across)
                )
                hessian[i, j] = hessian[j, i] = crossed / (4.0 * _HESSIAN_STEP**2)
        return hessian

    def judge(self, point: FloatArray) -> Fit:
        """Finish a search with Newton steps and return the fit with its standard errors."""
        free = self.free
        for _ in range(_NEWTON_STEPS):
            moving = np.flatnonzero(~self.at_bound(point))
            information = -self.hessian(point, moving)
            step, gain = _newton_step(information, self.gradient(point)[moving])
            if gain < _NOTHING_LEFT:
                break
            higher = self._higher(point, moving, step)
            if higher is None:
                break
            point = higher
        moving = np.flatnonzero(~self.at_bound(point))
        information = -self.hessian(point, moving)
        gradient = self.gradient(point)
        gain = _newton_step(information, gradient[moving])[1]
        vaguest = _vaguest(information)
        deviations = dict.fromkeys(free, math.nan)
        if vaguest is None:
            for i, variance in zip(moving, np.diag(np.linalg.inv(information)), strict=True):
                deviations[free[i]] = math.sqrt(variance)
        return Fit(
            values=self.values(point),
            deviations=deviations,
            at_bounds=tuple(free[i] for i in np.flatnonzero(self.at_bound(point))),
            bounds=self.bounds,
            vague=None if vaguest is None else free[moving[vaguest]],
            log_likelihood=self.value(point),
            converged=gain < _CLOSE_ENOUGH and not self._could_leave_a_bound(point, gradient),
        )

    def _could_leave_a_bound(self, point: FloatArray, gradient: FloatArray) -> bool:
        """Return whether the likelihood rises from a bound into the allowed range."""
        nearer_low = np.abs(point - self.limits()[:, 0]) < np.abs(point - self.limits()[:, 1])
        inwards = np.where(nearer_low, gradient, -gradient)
        return bool(np.any(inwards[self.at_bound(point)] > _LEAST_CURVATURE))

    def _higher(self, point: FloatArray, moving: NDArray[np.intp], step: FloatArray) -> FloatArray | None:
        """Return the first higher point on the way back from a step, or None."""
        limits, here = self.limits(), self.value(point)
        for share in _SHARES_OF_A_STEP:
            moved = point.copy()
            moved[moving] += share * step
            moved = np.clip(moved, limits[:, 0], limits[:, 1])
            if self.value(moved) > here:
                return moved
        return None


def _newton_step(information: FloatArray, gradient: FloatArray) -> tuple[FloatArray, float]:
    """Return the step to where a quadratic would have its maximum, and what it would gain.

    Where the likelihood is flat or bends the wrong way, the step goes uphill as if it bent slightly down.
    """
    scale = np.sqrt(np.maximum(np.abs(np.diag(information)), _LEAST_CURVATURE))
    eigenvalues, vectors = np.linalg.eigh(information / np.outer(scale, scale))
    slopes = vectors.T @ (gradient / scale)
    moves = slopes / np.maximum(np.abs(eigenvalues), _LEAST_EIGENVALUE)
    step: FloatArray = (vectors @ moves) / scale
    longest = float(np.abs(step).max(initial=0.0))
    return step / max(1.0, longest), 0.5 * float(slopes @ moves)


def _vaguest(information: FloatArray) -> int | None:
    """Return which parameter spoils a matrix that is not positive definite, or None if it is."""
    diagonal = np.diag(information)
    if np.any(diagonal <= _FLAT):
        return int(np.argmin(diagonal))
    scale = np.sqrt(diagonal)
    eigenvalues, vectors = np.linalg.eigh(information / np.outer(scale, scale))
    if eigenvalues.min(initial=1.0) > _SINGULAR:
        return None
    return int(np.argmax(np.abs(vectors[:, 0])))
