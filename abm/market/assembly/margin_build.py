"""Builds the margin model that a scenario asks for, with the history it starts from."""

from __future__ import annotations

from typing import Any, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from abm.clearing.margin_models import (
    MarginBasis,
    MarginModel,
    margin_model,
    margin_model_keywords,
    wrap_margin_model,
)
from abm.core.calendar import TradingCalendar
from abm.core.contract import ContractSpec
from abm.core.errors import ParameterError, ScenarioError
from abm.core.money import BPS
from abm.core.randomness import RandomStreams
from abm.market.assembly.margin_history import launch_history
from abm.scenario.sections.margin import MarginSection
from abm.spot.process.process import SpotProcess


class BuiltMargin(NamedTuple):
    """A margin model and the daily relative moves by tenor that it starts from."""

    model: MarginModel
    history: NDArray[np.float64]


def build_margin(
    section: MarginSection,
    contract: ContractSpec,
    calendar: TradingCalendar,
    process: SpotProcess,
    streams: RandomStreams,
    *,
    final_fixings: int | None = None,
) -> BuiltMargin:
    """Return a new margin model with its tools around it, and the history that it starts from.

    Parameters
    ----------
    section, contract, calendar, process, streams
        Rules, contract, days, law of the price, and random streams.
    final_fixings : int, optional
        Last fixings of a month that its final settlement averages; all by default.

    Raises
    ------
    ScenarioError
        If the registered model is unknown or does not accept the history.
    """
    history = launch_history(
        process,
        calendar,
        days=section.history_days,
        listed_months=contract.listed_months,
        final_fixings=final_fixings or calendar.days_per_month,
        rng=streams.generator("margin-history"),
    )
    basis = margin_basis(section, contract, history)
    return BuiltMargin(_model(section, basis), basis.history)


def margin_basis(section: MarginSection, contract: ContractSpec, history: NDArray[np.float64]) -> MarginBasis:
    """Return what every margin model of a scenario is built on."""
    return MarginBasis(
        tick_value_usd_micro=contract.tick_value_usd_micro,
        floor_price_ticks=max(1, contract.price_to_ticks(section.floor_price_usd)),
        history=history,
    )


def other_models(section: MarginSection, basis: MarginBasis) -> dict[str, MarginModel]:
    """Return the built-in margin models that a scenario does not use, as it would have them, by name.

    They have its confidence, margin period, charges and tools around them. A model that it could not have,
    because its charges contradict each other there, is left out.
    """
    others = {}
    for name in get_args(MarginSection.model_fields["model"].annotation):
        if name == section.model and not section.registered:
            continue
        try:
            others[name] = _model(section.model_copy(update={"model": name, "registered": ""}), basis)
        except ScenarioError:
            continue
    return others


def _model(section: MarginSection, basis: MarginBasis) -> MarginModel:
    """Return the model of a section with its tools around it."""
    period: dict[str, Any] = {"confidence": section.confidence, "mpor_days": section.mpor_days}
    try:
        model = _core_model(section, basis, basis.n_slots, period)
        if section.procyclicality == "buffer":
            model = wrap_margin_model("buffer", model, basis, buffer_bps=_bps(section.buffer_share))
        elif section.procyclicality == "stressed_weight":
            weight = _bps(section.stressed_weight)
            model = wrap_margin_model("stressed_weight", model, basis, weight_bps=weight, **period)
        elif section.procyclicality == "floor":
            model = wrap_margin_model("floor", model, basis, **period)
        if section.concentration_share > 0:
            share = {"volume_share": section.concentration_share, "mpor_days": section.mpor_days}
            model = wrap_margin_model("concentration", model, basis, **share)
    except ParameterError as problem:
        raise ScenarioError(f"clearing.{problem}") from None
    return model


def _core_model(
    section: MarginSection, basis: MarginBasis, listed_months: int, period: dict[str, Any]
) -> MarginModel:
    """Return the model, given those of its keywords that the section has a field for."""
    if section.registered:
        return margin_model(section.registered, basis)
    given = {**period, "lookback_days": min(section.lookback_days, section.history_days)}
    if section.model == "flat":
        given["buckets"] = flat_buckets(section, listed_months)
    keywords = margin_model_keywords(section.model)
    for keyword in keywords:
        share = keyword.removesuffix("_bps")
        if keyword not in given and share in MarginSection.model_fields:
            setting = getattr(section, share)
            given[keyword] = setting if share == keyword else _bps(setting)
    return margin_model(section.model, basis, **{name: given[name] for name in keywords if name in given})


def flat_buckets(section: MarginSection, listed_months: int) -> list[tuple[int, int]]:
    """Return the flat model's rates in basis points by largest tenor."""
    near, far = _bps(section.rate), _bps(section.far_rate)
    if section.far_from_tenor >= listed_months:
        return [(listed_months - 1, near)]
    return [(section.far_from_tenor - 1, near), (listed_months - 1, far)]


def _bps(share: float) -> int:
    return round(share * BPS)
