"""Designs of many runs: sweeps, comparisons of variants, and a company in market and laboratory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abm.core.public_names import offer

if TYPE_CHECKING:
    from abm.experiments.company_in_market import MarketCheck, company_in_market
    from abm.experiments.compare import Comparison, compare
    from abm.experiments.measures import LEFT_OUT, MEASURES, QUESTIONS, Measure, measure_of
    from abm.experiments.sweep import RunFunction, RunSpec, design, sweep

__all__ = [
    "LEFT_OUT",
    "MEASURES",
    "QUESTIONS",
    "Comparison",
    "MarketCheck",
    "Measure",
    "RunFunction",
    "RunSpec",
    "company_in_market",
    "compare",
    "design",
    "measure_of",
    "sweep",
]

offer(
    __name__,
    {
        "LEFT_OUT": "measures",
        "MEASURES": "measures",
        "QUESTIONS": "measures",
        "Comparison": "compare",
        "MarketCheck": "company_in_market",
        "Measure": "measures",
        "RunFunction": "sweep",
        "RunSpec": "sweep",
        "company_in_market": "company_in_market",
        "compare": "compare",
        "design": "sweep",
        "measure_of": "measures",
        "sweep": "sweep",
    },
)
