"""Margin models by name: the built-in ones, a user's own, and the anti-procyclicality tools around them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from abm.clearing.margin_models.concentration import Concentration
from abm.clearing.margin_models.ewma import EwmaMargin
from abm.clearing.margin_models.filtered_historical import FilteredHistoricalMargin
from abm.clearing.margin_models.flat import FlatMargin, calibrated_buckets
from abm.clearing.margin_models.interface import MarginBasis, MarginModel
from abm.clearing.margin_models.procyclicality import Buffer, Floor, StressedWeight
from abm.clearing.margin_models.scan import ScanMargin
from abm.core.arguments import shown
from abm.core.arrays import FloatArray
from abm.core.errors import ParameterError

MarginFactory = Callable[..., MarginModel]
"""Called as ``factory(basis, **parameters)``."""

TEN_YEARS_DAYS = 2_520
"""Look-back of the floor in EMIR's Art. 28(1)(c), in trading days."""
STRESSED_DAYS = 250
"""Length of a stressed period; the ICE takes the highest 250-day volatility."""


def _flat(
    basis: MarginBasis,
    *,
    buckets: Sequence[tuple[int, int]] = (),
    bucket_tenors: Sequence[int] = (5, 11),
    confidence: float = 0.99,
    mpor_days: int = 2,
) -> MarginModel:
    """Rates as given, or else those that would have covered the history."""
    if not buckets:
        tenors = sorted({min(tenor, basis.n_slots - 1) for tenor in bucket_tenors})
        buckets = calibrated_buckets(basis.history, tenors, confidence=confidence, mpor_days=mpor_days)
    return FlatMargin(basis, buckets=buckets)


def _scan(
    basis: MarginBasis,
    *,
    buckets: Sequence[tuple[int, int]] = (),
    confidence: float = 0.99,
    mpor_days: int = 2,
    decay: float = 0.97,
    **charges: Any,
) -> MarginModel:
    """Scan ranges from rates by tenor if given, else from a quantile of volatility."""
    ranges: MarginModel
    if buckets:
        ranges = FlatMargin(basis, buckets=buckets)
    else:
        ranges = EwmaMargin(basis, confidence=confidence, mpor_days=mpor_days, decay=decay)
    return ScanMargin(ranges, **charges)


def _floored(
    model: MarginModel, basis: MarginBasis, *, confidence: float = 0.99, mpor_days: int = 2
) -> MarginModel:
    ten_years = replace(basis, history=basis.history[-TEN_YEARS_DAYS:])
    least = EwmaMargin(ten_years, confidence=confidence, mpor_days=mpor_days, decay=1.0)
    return Floor(model, least)


def _stressed(
    model: MarginModel,
    basis: MarginBasis,
    *,
    weight_bps: int = 2_500,
    confidence: float = 0.99,
    mpor_days: int = 2,
) -> MarginModel:
    worst = replace(basis, history=most_volatile_days(basis.history))
    stressed = EwmaMargin(worst, confidence=confidence, mpor_days=mpor_days, decay=1.0, learns=False)
    return StressedWeight(model, stressed, weight_bps=weight_bps)


_BUILT_IN: dict[str, MarginFactory] = {
    "flat": _flat,
    "ewma": EwmaMargin,
    "filtered_historical": FilteredHistoricalMargin,
    "scan": _scan,
}
_PASSES_ON: dict[MarginFactory, MarginFactory] = {_scan: ScanMargin}
"""Factories that pass further keywords on, and to what."""
_REGISTERED: dict[str, MarginFactory] = {}
_WRAPPERS: dict[str, MarginFactory] = {
    "buffer": Buffer,
    "stressed_weight": _stressed,
    "floor": _floored,
    "concentration": Concentration,
}


def most_volatile_days(history: FloatArray, days: int = STRESSED_DAYS) -> FloatArray:
    """Return the consecutive days of a history with the largest mean square move over all tenors."""
    if len(history) <= days:
        return history
    total = np.cumsum(np.concatenate([[0.0], np.square(history).mean(axis=1)]))
    first = int(np.argmax(total[days:] - total[:-days]))
    return history[first : first + days]


def margin_model_names() -> tuple[str, ...]:
    """Return the names of all models, the built-in ones first."""
    return (*_BUILT_IN, *_REGISTERED)


def margin_model_keywords(name: str) -> tuple[str, ...]:
    """Return the keywords of a built-in model, in the order of its signature.

    A scenario hands a model those that the section ``clearing.margin`` has a field for.

    Parameters
    ----------
    name : str
        As of ``margin_model_names``, but none that is registered.
    """
    names = _keywords(_BUILT_IN[name], given=1)
    assert names is not None, f"{name} takes any keyword"
    return tuple(names)


def register_margin_model(name: str, factory: MarginFactory) -> None:
    """Make a margin model of one's own available by name; the same name again replaces it.

    Parameters
    ----------
    name : str
        Any name but a built-in one.
    factory : callable
        Called as ``factory(basis, **parameters)`` with a ``MarginBasis``; often the class itself.

    Raises
    ------
    ParameterError
        If the name is a built-in one or empty.
    """
    if not isinstance(name, str) or not name or name in _BUILT_IN:
        raise ParameterError(
            f"margin.model: {shown(name)} is empty or one of the built-in {', '.join(_BUILT_IN)}, or no text"
        )
    if not callable(factory):
        raise ParameterError(f"margin.model: {name}: {shown(factory)} cannot be called as factory(basis)")
    _REGISTERED[name] = factory


def margin_model(name: str, basis: MarginBasis, **parameters: Any) -> MarginModel:
    """Return a new margin model.

    Parameters
    ----------
    name : str
        ``flat``, ``ewma``, ``filtered_historical``, ``scan`` or a registered name.
    basis : MarginBasis
        Contract and history.
    **parameters
        Keywords of the model.

    Raises
    ------
    ParameterError
        If there is no such model, or it has no such parameter, or does not accept its value.
    """
    factories = {**_BUILT_IN, **_REGISTERED}
    if name not in factories:
        raise ParameterError(f"margin.model: {name!r} is not one of {', '.join(factories)}")
    _check_keywords(name, factories[name], parameters, given=1)
    return factories[name](basis, **parameters)


def wrap_margin_model(name: str, model: MarginModel, basis: MarginBasis, **parameters: Any) -> MarginModel:
    """Return a margin model with an anti-procyclicality tool or an add-on around it.

    Parameters
    ----------
    name : str
        ``buffer``, ``stressed_weight`` (the most volatile 250 days of the history), ``floor`` (volatility of
        the last 2,520 days of the history and of all days since) or ``concentration``.
    model : MarginModel
        Any model, also one that is wrapped already.
    basis : MarginBasis
        Contract and history.
    **parameters
        Keywords of the wrapper; ``stressed_weight`` and ``floor`` take ``confidence`` and ``mpor_days``,
        which should be the model's.

    Raises
    ------
    ParameterError
        If there is no such wrapper, or it has no such parameter, or does not accept its value.
    """
    if name not in _WRAPPERS:
        raise ParameterError(f"margin.wrapper: {name!r} is not one of {', '.join(_WRAPPERS)}")
    _check_keywords(name, _WRAPPERS[name], parameters, given=2)
    return _WRAPPERS[name](model, basis, **parameters)


def _check_keywords(name: str, factory: MarginFactory, parameters: dict[str, Any], *, given: int) -> None:
    names = _keywords(factory, given=given)
    unknown = [] if names is None else sorted(set(parameters) - set(names))
    if names is not None and unknown:
        raise ParameterError(f"margin.{unknown[0]}: {name} has no such parameter; it has {', '.join(names)}")


def _keywords(factory: MarginFactory, *, given: int) -> list[str] | None:
    """Return the keywords of a factory after its first arguments; None where it takes any."""
    accepted = list(inspect.signature(factory).parameters.values())[given:]
    names = [parameter.name for parameter in accepted if parameter.kind is not parameter.VAR_KEYWORD]
    if len(names) == len(accepted):
        return names
    if factory not in _PASSES_ON:
        return None
    return names + list(inspect.signature(_PASSES_ON[factory]).parameters)[1:]
