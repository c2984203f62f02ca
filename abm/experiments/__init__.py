"""Designs of many runs: sweeps over scenario fields and seeds, and a company in market and laboratory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abm.core.public_names import offer

if TYPE_CHECKING:
    from abm.experiments.company_in_market import MarketCheck, company_in_market
    from abm.experiments.sweep import RunFunction, RunSpec, design, sweep

__all__ = [
    "MarketCheck",
    "RunFunction",
    "RunSpec",
    "company_in_market",
    "design",
    "sweep",
]

offer(
    __name__,
    {
        "MarketCheck": "company_in_market",
        "RunFunction": "sweep",
        "RunSpec": "sweep",
        "company_in_market": "company_in_market",
        "design": "sweep",
        "sweep": "sweep",
    },
)
