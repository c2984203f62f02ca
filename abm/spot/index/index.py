"""Token Price Index: capped volume-weighted mean of the SIT-equivalent prices of qualified providers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abm.core.arguments import whole_number
from abm.core.arrays import FloatArray
from abm.core.errors import ParameterError
from abm.spot.process.domain import real_numbers, require, require_number

_ROUNDING = 1e-12


class UnavailableReason(Enum):
    """Why there is no index on a day."""

    TOO_FEW_PROVIDERS = "fewer qualified providers than the minimum"
    CAP_CANNOT_HOLD = "too few qualified providers for the weight cap to hold"
    TOO_FEW_MATCHED = "fewer providers quoted on both days of a link than the minimum"


@dataclass(frozen=True, slots=True, eq=False)
class IndexFixing:
    """The index of one day.

    Attributes
    ----------
    value_usd : float
        USD per mSIT.
    weights : array of float, shape (n,)
        Weight of each provider in input order; zero for one that dropped out that day.
    n_qualified : int
        Providers in the index that day.
    """

    value_usd: float
    weights: FloatArray
    n_qualified: int


@dataclass(frozen=True, slots=True)
class IndexUnavailable:
    """There is no index on a day: a market outcome, not an error."""

    n_qualified: int
    reason: UnavailableReason


def sit_equivalent_price(raw_usd: ArrayLike, quality: ArrayLike, reference_quality: float) -> FloatArray:
    """Return the price of one mSIT of reference quality, raw price x reference / quality.

    Parameters
    ----------
    raw_usd : array of float
        Provider price, USD per million tokens.
    quality : array of float
        Quality of the provider's model, positive, in the unit of the reference (MMLU percent).
    reference_quality : float
        Quality of the Standard Inference Token.

    Notes
    -----
    Definition of Xing (2026), arXiv 2603.21690.
    """
    scores = real_numbers("quality", quality)
    require_number("reference_quality", reference_quality)
    require(not bool(np.any(scores <= 0.0)), "quality", quality, "> 0")
    allowed = "a finite number > 0"
    require(0.0 < reference_quality < math.inf, "reference_quality", reference_quality, allowed)
    raw = real_numbers("raw_usd", raw_usd)
    require(not bool(np.any((raw < 0.0) | np.isinf(raw))), "raw_usd", raw_usd, "finite and >= 0, or NaN")
    fits = scores.ndim == 0 or raw.ndim == 0 or scores.shape == raw.shape
    require(fits, "quality", quality, f"one number, or as many as prices: {raw.shape}")
    equivalent: FloatArray = raw * (reference_quality / scores)
    return equivalent


def capped_weights(volumes: ArrayLike, cap: float) -> FloatArray:
    """Return weights in proportion to volume, none above the cap, summing to one.

    The excess of a capped provider goes to the uncapped ones in proportion to their volume, again and again
    until nobody is above the cap.

    Parameters
    ----------
    volumes : array of float, shape (n,)
        Positive; only their ratios matter.
    cap : float
        Largest weight, in (0, 1], at least 1 / n.

    Raises
    ------
    ParameterError
        If a volume is not positive and finite, or n providers cannot be held under the cap.
    """
    amounts = real_numbers("volumes", volumes)
    require_number("cap", cap)
    allowed = "a non-empty list of finite numbers > 0"
    positive = amounts.ndim == 1 and amounts.size > 0 and bool(np.all((amounts > 0.0) & (amounts < np.inf)))
    require(positive, "volumes", volumes, allowed)
    require(0.0 < cap <= 1.0, "cap", cap, "in (0, 1]")
    allowed = f">= 1/{amounts.size}: the weights of {amounts.size} providers could not sum to one"
    require(cap_can_hold(cap, amounts.size), "cap", cap, allowed)
    capped = np.zeros(amounts.size, dtype=np.bool_)
    while True:
        weights = np.full(amounts.size, cap)
        if capped.all():
            return weights
        # The largest free volume scales the rest: no volume is then too large or too small to be summed.
        free = amounts[~capped] / amounts[~capped].max()
        weights[~capped] = free * (max(0.0, 1.0 - cap * int(capped.sum())) / math.fsum(free))
        over = weights > cap
        if not over.any():
            return weights
        capped |= over


def token_price_index(
    prices_usd: ArrayLike,
    volumes: ArrayLike,
    *,
    qualities: ArrayLike,
    reference_quality: float,
    minimum_quality: float,
    cap: float = 0.30,
    min_providers: int = 4,
    age_days: ArrayLike | None = None,
    stale_after_days: float | None = None,
) -> IndexFixing | IndexUnavailable:
    """Return the Token Price Index of one day, or why there is none.

    A provider drops out that day if it has no quote, a stale quote, no volume, no published quality or a
    quality under the gate.

    Parameters
    ----------
    prices_usd : array of float, shape (n,)
        Raw quotes in USD per million tokens, not negative; NaN is no quote. For quotes that are
        SIT-equivalent already, give the reference quality as every quality.
    volumes : array of float, shape (n,)
        Volume or volume share of each provider, finite, not negative.
    qualities : array of float, shape (n,)
        Quality of each provider's model; NaN is unpublished.
    reference_quality, minimum_quality : float
        Quality of the Standard Inference Token, and the gate to qualify, in the same unit.
    cap : float
        Largest weight of a provider, in (0, 1].
    min_providers : int
        Fewest qualified providers for an index.
    age_days : array of float, shape (n,), optional
        Age of each quote; needs ``stale_after_days``.
    stale_after_days : float, optional
        A quote older than this is stale.

    Returns
    -------
    IndexFixing or IndexUnavailable
        The second when fewer than ``min_providers`` qualify, or so few that the cap cannot hold: the index is
        then not renormalised over whoever is left.

    Raises
    ------
    ParameterError
        If an argument is outside its domain or the arrays differ in length.

    Notes
    -----
    Index of Xing (2026), arXiv 2603.21690; what happens to the excess over the cap and with too few providers
    is this project's own rule.
    """
    prices, amounts = real_numbers("prices_usd", prices_usd), real_numbers("volumes", volumes)
    scores = real_numbers("qualities", qualities)
    require_number("cap", cap)
    require(0.0 < cap <= 1.0, "cap", cap, "in (0, 1]")
    whole_number("min_providers", min_providers, least=1)
    qualified = qualified_quotes(prices_usd, volumes, qualities, minimum_quality, age_days, stale_after_days)
    n_qualified = int(qualified.sum())
    if n_qualified < min_providers:
        return IndexUnavailable(n_qualified, UnavailableReason.TOO_FEW_PROVIDERS)
    if not cap_can_hold(cap, n_qualified):
        return IndexUnavailable(n_qualified, UnavailableReason.CAP_CANNOT_HOLD)
    weights = np.zeros(prices.size)
    weights[qualified] = capped_weights(amounts[qualified], cap)
    equivalent = sit_equivalent_price(prices[qualified], scores[qualified], reference_quality)
    return IndexFixing(math.fsum(weights[qualified] * equivalent), weights, n_qualified)


def qualified_quotes(
    prices_usd: ArrayLike,
    volumes: ArrayLike,
    qualities: ArrayLike,
    minimum_quality: float,
    age_days: ArrayLike | None = None,
    stale_after_days: float | None = None,
) -> NDArray[np.bool_]:
    """Return which quotes count today: given, fresh, with volume, and of published sufficient quality.

    Parameters
    ----------
    prices_usd, volumes, qualities, age_days : array of float, shape (n,)
        As for ``token_price_index``.
    minimum_quality : float
        Gate to qualify.
    stale_after_days : float, optional
        A quote older than this is stale; needs ``age_days``.

    Returns
    -------
    array of bool, shape (n,)

    Raises
    ------
    ParameterError
        If an argument is outside its domain or the arrays differ in length.
    """
    prices, amounts = real_numbers("prices_usd", prices_usd), real_numbers("volumes", volumes)
    scores = real_numbers("qualities", qualities)
    require_number("minimum_quality", minimum_quality)
    require(minimum_quality == minimum_quality, "minimum_quality", minimum_quality, "a number")
    require(prices.ndim == 1, "prices_usd", prices_usd, "a list")
    require(amounts.shape == prices.shape, "volumes", volumes, f"a list of {prices.size}")
    require(scores.shape == prices.shape, "qualities", qualities, f"a list of {prices.size}")
    require(not bool(np.any((prices < 0.0) | np.isinf(prices))), "prices_usd", prices_usd, "finite and >= 0")
    require(bool(np.all((amounts >= 0.0) & (amounts < np.inf))), "volumes", volumes, "finite and >= 0")
    with np.errstate(invalid="ignore"):
        counts = ~np.isnan(prices) & (amounts > 0.0) & (scores >= minimum_quality)
    qualified: NDArray[np.bool_] = counts & _fresh(prices.size, age_days, stale_after_days)
    return qualified


def cap_can_hold(cap: float, n_providers: int) -> bool:
    """Return whether the weights of so many providers can sum to one with none above the cap."""
    return cap * n_providers >= 1.0 - _ROUNDING


def _fresh(size: int, age_days: ArrayLike | None, stale_after_days: float | None) -> NDArray[np.bool_]:
    """Return which quotes are not stale; a quote of unknown (NaN) age is stale."""
    if age_days is None and stale_after_days is None:
        return np.ones(size, dtype=np.bool_)
    if age_days is None or stale_after_days is None:
        raise ParameterError("age_days and stale_after_days: only one of them is given, both are needed")
    ages = real_numbers("age_days", age_days)
    require_number("stale_after_days", stale_after_days)
    require(not bool(np.any(ages < 0.0)), "age_days", age_days, ">= 0, or NaN")
    require(ages.shape == (size,), "age_days", age_days, f"a list of {size}")
    require(stale_after_days >= 0.0, "stale_after_days", stale_after_days, ">= 0")
    fresh: NDArray[np.bool_] = ages <= stale_after_days
    return fresh
