"""Which kernels a run needs besides the baseline's, named by the scenario fields that call for them."""

from __future__ import annotations

from typing import Any

from abm.agents.classes import PopulationsSection, classes_with
from abm.scenario import Scenario

_WITH_LIMITS = tuple(item.section for item in classes_with("limits"))
_OPTIONAL_CLASSES = tuple(
    item.section for item in classes_with("count") if getattr(PopulationsSection(), item.section).count == 0
)
"""Classes that the baseline does not have."""


def optional_choices(scenario: Scenario) -> tuple[tuple[str, Any], ...]:
    """Return fields and values with which a small market calls every kernel that the scenario calls.

    One trader stands for each class that the baseline does not have, and one class for all risk limits.
    """
    choices: dict[str, Any] = {}
    for name in _OPTIONAL_CLASSES:
        if getattr(scenario.agents, name).count > 0:
            choices[f"agents.{name}.count"] = 1
    if "agents.informed.count" in choices:
        choices["agents.informed.rule"] = scenario.agents.informed.rule
    if scenario.agents.order_flow.tenors:
        choices["agents.order_flow.tenors"] = (0,)
    delayed = scenario.exchange.market_data.delay_days > 0.0  # old quotes of spreads are kept
    if scenario.exchange.spreads.lengths and (delayed or "agents.arbitrageurs.count" in choices):
        choices |= {"exchange.spreads.lengths": (1,), "exchange.market_data.delay_days": 0.5 * delayed}
    limits = [getattr(scenario.agents, name).limits for name in _WITH_LIMITS]
    if any(limit.is_on for limit in limits):
        choices |= {"agents.noise.count": 1, "agents.noise.limits.stop_out": 1.0}
    if any(limit.shrink_above != 0.0 for limit in limits):
        choices |= {"agents.noise.limits.margin_to_equity": 1.0, "agents.noise.limits.shrink_above": 1.0}
    return tuple(choices.items())
