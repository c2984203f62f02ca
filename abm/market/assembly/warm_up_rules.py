"""Which rules hold in a warm-up that has those of the baseline, and which of them can change after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from abm.core.settings.wording import shown
from abm.market.assembly.extent import Infeasible
from abm.scenario import Scenario

CHANGE_IN_A_LIVING_MARKET = (
    "clearing.margin",
    "exchange.maker_fee_usd",
    "exchange.taker_fee_usd",
    "exchange.auction_fee_usd",
    "exchange.dmm_maker_fee_usd",
    "exchange.daily_limit",
    "exchange.final_day_band",
    "exchange.price_band",
    "exchange.market_protection",
    "exchange.position_limits",
)
"""Rules that can change while positions are held and orders rest; the makers' contract is one more."""

_CANNOT = ("clearing.margin.client_ratio",)
"""Among them what a part of the clearing house has for good."""

_NO_RULES = ("exchange.engine",)


def warm_up_scenario(scenario: Scenario) -> Scenario:
    """Return a scenario with the rules that hold in its warm-up: its own, or those of the baseline.

    Raises
    ------
    Infeasible
        If the warm-up is to have the baseline's, and one that cannot change afterwards is another.
    """
    if scenario.run.warm_up_rules == "own" or scenario.run.warm_up_months == 0:
        return scenario
    base = Scenario.load("baseline")
    _require_changeable(scenario, base)
    sections = {
        "clearing": scenario.clearing.model_copy(update={"margin": base.clearing.margin}),
        "exchange": base.exchange.model_copy(update={"engine": scenario.exchange.engine}),
        "agents": scenario.agents.model_copy(update={"market_makers": base.agents.market_makers}),
    }
    return scenario.model_copy(update=sections)


def _require_changeable(scenario: Scenario, base: Scenario) -> None:
    own, usual = dict(_fields(scenario)), dict(_fields(base))
    for field in sorted({*own, *usual}):
        if own.get(field) != usual.get(field) and not _can_change(field):
            raise Infeasible(
                field,
                f"it cannot follow the baseline's {shown(usual.get(field))} in a market "
                'that trades (run.warm_up_rules = "base")',
            )


def _can_change(field: str) -> bool:
    if field in _CANNOT:
        return False
    return field in _NO_RULES or any(f"{field}.".startswith(f"{rule}.") for rule in CHANGE_IN_A_LIVING_MARKET)


def _fields(scenario: Scenario) -> Iterator[tuple[str, Any]]:
    """Yield the fields of the venue's sections by dotted name."""
    for name in ("clearing", "exchange"):
        yield from _flat(getattr(scenario, name).model_dump(), f"{name}.")


def _flat(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
