"""Matched-model Token Price Index: a chain of Fisher links over the models quoted on both days of a link."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from abm.core.arguments import whole_array, whole_number
from abm.core.arrays import BoolArray, FloatArray, IntArray
from abm.spot.index.index import (
    IndexFixing,
    IndexUnavailable,
    UnavailableReason,
    cap_can_hold,
    capped_weights,
    qualified_quotes,
    sit_equivalent_price,
)
from abm.spot.process.domain import real_numbers, require, require_number


class FisherLink(NamedTuple):
    """Price change of a fixed list of models between two days, as a ratio."""

    laspeyres: float
    """Arithmetic mean of the price ratios, with the earlier day's weights."""
    paasche: float
    """Harmonic mean of the price ratios, with the later day's weights."""
    fisher: float
    """Geometric mean of the two."""
    weights: FloatArray
    """Mean weight of each model over the two days, shape (n,)."""


def fisher_link(
    prices_then: ArrayLike,
    prices_now: ArrayLike,
    volumes_then: ArrayLike,
    volumes_now: ArrayLike,
    *,
    cap: float = 1.0,
    provider_of: ArrayLike | None = None,
) -> FisherLink:
    """Return the capped Fisher price link of models that have a price and a volume on both days.

    A weight is a share of the value (price x volume) of a day, none above the cap. Without a binding cap the
    two means are the textbook Laspeyres and Paasche indices, sum(p1 q0) / sum(p0 q0) and
    sum(p1 q1) / sum(p0 q1).

    Parameters
    ----------
    prices_then, prices_now : array of float, shape (n,)
        Positive prices of the two days, in one unit.
    volumes_then, volumes_now : array of float, shape (n,)
        Positive volumes of the two days, in one unit.
    cap : float
        Largest weight of one provider, in (0, 1], at least 1 / number of providers.
    provider_of : array of int, shape (n,), optional
        Provider of each model; by default every model is its own.

    Raises
    ------
    ParameterError
        If a price or volume is not positive and finite, the arrays differ in length, or the cap cannot hold.

    Notes
    -----
    Fisher, I. (1922), "The Making of Index Numbers"; superlative in the sense of Diewert, W. E. (1976),
    "Exact and superlative index numbers". With or without the cap the link keeps the axioms of identity,
    proportionality, commensurability and time reversal: swapping the days turns each mean into the
    reciprocal of the other.

    One provider that moves its price by the factor e^d while nobody else moves shifts the log link by at
    most B(d) = [ln(1 + cap (e^d - 1)) - ln(1 + cap (e^-d - 1))] / 2, that is cap x d to first order; a rise
    by a fraction r never lifts the link by more than cap x r.
    """
    then, now = real_numbers("prices_then", prices_then), real_numbers("prices_now", prices_now)
    require(then.ndim == 1 and then.size > 0, "prices_then", prices_then, "a non-empty list")
    positive = "a list of finite numbers > 0, as long as prices_then"
    require(_positive(then, then.size), "prices_then", prices_then, positive)
    require(_positive(now, then.size), "prices_now", prices_now, positive)
    sold_then, sold_now = (np.asarray(v, dtype=np.float64) for v in (volumes_then, volumes_now))
    require(_positive(sold_then, then.size), "volumes_then", volumes_then, positive)
    require(_positive(sold_now, then.size), "volumes_now", volumes_now, positive)
    providers = np.arange(then.size) if provider_of is None else whole_array("provider_of", provider_of)
    require(providers.shape == then.shape, "provider_of", provider_of, f"a list of {then.size}")
    earlier = _capped_value_weights(then, sold_then, cap, providers)
    later = _capped_value_weights(now, sold_now, cap, providers)
    ratios = now / then
    # Divided by the sum of weights, one up to rounding: prices that stand still then give exactly one.
    laspeyres = math.fsum(earlier * ratios) / math.fsum(earlier)
    paasche = math.fsum(later) / math.fsum(later / ratios)
    return FisherLink(laspeyres, paasche, math.sqrt(laspeyres * paasche), 0.5 * (earlier + later))


class _Quotes(NamedTuple):
    """One day as the next link sees it; each array has shape (n,)."""

    prices: FloatArray
    volumes: FloatArray
    qualities: FloatArray
    models: IntArray
    qualified: BoolArray

    def matched(self, later: _Quotes) -> BoolArray:
        """Return the slots that hold the same qualified model on a later day."""
        same_model = (self.qualities == later.qualities) & (self.models == later.models)
        matched: BoolArray = self.qualified & later.qualified & same_model
        return matched


class ChainedFisherIndex:
    """Token Price Index that only sees price changes of models quoted on both days.

    The first day with enough providers has the base value; every later fixing is the last one times the
    Fisher link from its day to today over the matched models. A model that enters, leaves or replaces
    another moves nothing that day, and what it charges meanwhile is never seen.

    Days without an index: with fewer than ``min_providers`` matched providers, or too few for the cap, the
    outcome is ``IndexUnavailable`` and the prior fixing stands. If enough providers qualify today although
    too few of them match, the chain restarts from today's quotes at the last value; otherwise the next link
    reaches back over the gap to the last fixing.

    Parameters
    ----------
    base_value_usd : float
        Index on the first day, USD per mSIT, positive.
    cap : float
        Largest weight of a provider in either mean of a link, in (0, 1].
    min_providers : int
        Fewest matched providers for a link.
    reference_quality, minimum_quality : float
        Quality of the Standard Inference Token, and the gate to qualify.
    stale_after_days : float, optional
        A quote older than this drops out; needs ages at every fixing.
    provider_of : array of int, shape (n,), optional
        Provider of each quoted model; by default every slot is its own provider.

    Attributes
    ----------
    value_usd : float
        Last fixing, USD per mSIT; NaN before the first.
    restarts : int
        How often the chain has restarted because too few providers matched.

    Raises
    ------
    ParameterError
        If an argument is outside its domain.

    Notes
    -----
    Chaining and the treatment of new and vanished products follow the practice of price statistics: ILO et
    al. (2004), "Consumer Price Index Manual", chapters 15 and 22.
    """

    def __init__(
        self,
        base_value_usd: float,
        cap: float = 0.30,
        min_providers: int = 4,
        *,
        reference_quality: float,
        minimum_quality: float,
        stale_after_days: float | None = None,
        provider_of: ArrayLike | None = None,
    ) -> None:
        for name, value in (
            ("base_value_usd", base_value_usd),
            ("cap", cap),
            ("reference_quality", reference_quality),
            ("minimum_quality", minimum_quality),
            ("stale_after_days", 0.0 if stale_after_days is None else stale_after_days),
        ):
            require_number(name, value)
            require(not math.isnan(value), name, value, "a number")
        allowed = "a finite number > 0"
        require(0.0 < reference_quality < math.inf, "reference_quality", reference_quality, allowed)
        require(
            stale_after_days is None or stale_after_days >= 0.0, "stale_after_days", stale_after_days, ">= 0"
        )
        require(0.0 < base_value_usd < math.inf, "base_value_usd", base_value_usd, "a finite number > 0")
        require(0.0 < cap <= 1.0, "cap", cap, "in (0, 1]")
        whole_number("min_providers", min_providers, least=1)
        self.base_value_usd = base_value_usd
        self.cap = cap
        self.min_providers = min_providers
        self.reference_quality = reference_quality
        self.minimum_quality = minimum_quality
        self.stale_after_days = stale_after_days
        self.value_usd = math.nan
        self.restarts = 0
        self._provider_of = None if provider_of is None else whole_array("provider_of", provider_of)
        self._last: _Quotes | None = None

    def fix(
        self,
        prices_usd: ArrayLike,
        volumes: ArrayLike,
        qualities: ArrayLike,
        ages: ArrayLike | None = None,
        *,
        models: ArrayLike | None = None,
    ) -> IndexFixing | IndexUnavailable:
        """Return today's index, or why there is none; call it once a day.

        Parameters
        ----------
        prices_usd : array of float, shape (n,)
            Raw quotes in USD per million tokens, n the same every day; NaN is no quote, and neither is a free
            model (0), which has no price ratio.
        volumes, qualities : array of float, shape (n,)
            As for ``token_price_index``. A slot whose quality has changed holds another model.
        ages : array of float, shape (n,), optional
            Age of each quote in days; needed if there is a ``stale_after_days``.
        models : array of int, shape (n,), optional
            Model in each slot, for replacements that leave the quality as it was.

        Returns
        -------
        IndexFixing or IndexUnavailable
            Weights are those of the link, zero for a model that is not in it; ``n_qualified`` counts its
            providers.

        Raises
        ------
        ParameterError
            If an argument is outside its domain or has another length than the day before.
        """
        today = self._qualified(prices_usd, volumes, qualities, ages, models)
        providers = (
            np.arange(today.prices.size, dtype=np.int64) if self._provider_of is None else self._provider_of
        )
        last = self._last
        if last is None:
            return self._start(today, providers)
        require(today.prices.shape == last.prices.shape, "prices_usd", prices_usd, f"{last.prices.size} long")
        matched = last.matched(today)
        refusal = self._refusal(_count(providers[matched]), UnavailableReason.TOO_FEW_MATCHED)
        if refusal is not None:
            if self._refusal(_count(providers[today.qualified]), refusal.reason) is None:
                self._last = today
                self.restarts += 1
            return refusal
        link = fisher_link(
            last.prices[matched],
            today.prices[matched],
            last.volumes[matched],
            today.volumes[matched],
            cap=self.cap,
            provider_of=providers[matched],
        )
        self.value_usd *= link.fisher
        self._last = today
        weights = np.zeros(today.prices.size)
        weights[matched] = link.weights
        return IndexFixing(self.value_usd, weights, _count(providers[matched]))

    def _start(self, today: _Quotes, providers: IntArray) -> IndexFixing | IndexUnavailable:
        chosen = today.qualified
        count = _count(providers[chosen])
        refusal = self._refusal(count, UnavailableReason.TOO_FEW_PROVIDERS)
        if refusal is not None:
            return refusal
        weights = np.zeros(today.prices.size)
        weights[chosen] = _capped_value_weights(
            today.prices[chosen], today.volumes[chosen], self.cap, providers[chosen]
        )
        self._last = today
        self.value_usd = self.base_value_usd
        return IndexFixing(self.value_usd, weights, count)

    def _refusal(self, count: int, too_few: UnavailableReason) -> IndexUnavailable | None:
        if count < self.min_providers:
            return IndexUnavailable(count, too_few)
        if not cap_can_hold(self.cap, count):
            return IndexUnavailable(count, UnavailableReason.CAP_CANNOT_HOLD)
        return None

    def _qualified(
        self,
        prices_usd: ArrayLike,
        volumes: ArrayLike,
        qualities: ArrayLike,
        ages: ArrayLike | None,
        models: ArrayLike | None,
    ) -> _Quotes:
        prices = np.array(prices_usd, dtype=np.float64)
        scores = np.array(qualities, dtype=np.float64)
        qualified = qualified_quotes(
            prices, volumes, scores, self.minimum_quality, ages, self.stale_after_days
        )
        with np.errstate(invalid="ignore"):
            qualified = qualified & (prices > 0.0)
        names = (
            np.zeros(prices.size, dtype=np.int64) if models is None else whole_array("models", models).copy()
        )
        require(names.shape == prices.shape, "models", models, f"a list of {prices.size}")
        if self._provider_of is not None:
            allowed = f"a list of {prices.size}"
            require(self._provider_of.shape == prices.shape, "provider_of", self._provider_of, allowed)
        equivalent = np.full(prices.size, math.nan)
        equivalent[qualified] = sit_equivalent_price(
            prices[qualified], scores[qualified], self.reference_quality
        )
        return _Quotes(equivalent, np.array(volumes, dtype=np.float64), scores, names, qualified)


def _count(providers: IntArray) -> int:
    return int(np.unique(providers).size)


def _positive(values: FloatArray, size: int) -> bool:
    return values.shape == (size,) and bool(np.all((values > 0.0) & (values < np.inf)))


def _capped_value_weights(
    prices: FloatArray, volumes: FloatArray, cap: float, providers: IntArray
) -> FloatArray:
    """Return value shares with no provider above the cap, split among its models by value."""
    values = (prices / prices.max()) * (volumes / volumes.max())
    _, provider = np.unique(providers, return_inverse=True)
    by_provider = np.bincount(provider, weights=values)
    weights: FloatArray = values * (capped_weights(by_provider, cap) / by_provider)[provider]
    return weights
