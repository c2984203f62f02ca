"""Scenario files: read, merged, validated, explained and hashed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abm.core.public_names import offer

if TYPE_CHECKING:
    from abm.scenario.explain import ExplainedField, ScenarioListing, explain, list_scenarios
    from abm.scenario.model import Scenario

__all__ = [
    "ExplainedField",
    "Scenario",
    "ScenarioListing",
    "explain",
    "list_scenarios",
]

offer(
    __name__,
    {
        "ExplainedField": "explain",
        "Scenario": "model",
        "ScenarioListing": "explain",
        "explain": "explain",
        "list_scenarios": "explain",
    },
)
