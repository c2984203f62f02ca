"""Scenario files: read, merged, validated, explained and hashed."""

from abm.scenario.explain import ExplainedField, ScenarioListing, explain, list_scenarios
from abm.scenario.model import Scenario

__all__ = ["ExplainedField", "Scenario", "ScenarioListing", "explain", "list_scenarios"]
