"""Recording: tables with declared schemas and units, and the run folder they are kept in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abm.core.public_names import offer

if TYPE_CHECKING:
    from abm.recording.folder import RunFolder, RunTables, read_run
    from abm.recording.hedging import HedgeEffect, hedge_effect
    from abm.recording.metrics import market_metrics
    from abm.recording.recorder import REQUIRED_MANIFEST_KEYS, Recorder
    from abm.recording.schemas import PROFILES, SCHEMAS, units

__all__ = [
    "PROFILES",
    "REQUIRED_MANIFEST_KEYS",
    "SCHEMAS",
    "HedgeEffect",
    "Recorder",
    "RunFolder",
    "RunTables",
    "hedge_effect",
    "market_metrics",
    "read_run",
    "units",
]

offer(
    __name__,
    {
        "PROFILES": "schemas",
        "REQUIRED_MANIFEST_KEYS": "recorder",
        "SCHEMAS": "schemas",
        "HedgeEffect": "hedging",
        "Recorder": "recorder",
        "RunFolder": "folder",
        "RunTables": "folder",
        "hedge_effect": "hedging",
        "market_metrics": "metrics",
        "read_run": "folder",
        "units": "schemas",
    },
)
