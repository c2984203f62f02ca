"""Recording: tables with declared schemas and units, and the run folder they are kept in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abm.core.public_names import offer

if TYPE_CHECKING:
    from abm.recording.drafts import check_place
    from abm.recording.folder import RunFolder, RunTables, read_run
    from abm.recording.formats import FORMAT
    from abm.recording.hedging import HedgeEffect, hedge_effect
    from abm.recording.manifest import REQUIRED_MANIFEST_KEYS
    from abm.recording.metrics import market_metrics
    from abm.recording.recorder import Recorder
    from abm.recording.schemas import PROFILES, SCHEMAS, units

__all__ = [
    "FORMAT",
    "PROFILES",
    "REQUIRED_MANIFEST_KEYS",
    "SCHEMAS",
    "HedgeEffect",
    "Recorder",
    "RunFolder",
    "RunTables",
    "check_place",
    "hedge_effect",
    "market_metrics",
    "read_run",
    "units",
]

offer(
    __name__,
    {
        "FORMAT": "formats",
        "PROFILES": "schemas",
        "REQUIRED_MANIFEST_KEYS": "manifest",
        "SCHEMAS": "schemas",
        "HedgeEffect": "hedging",
        "Recorder": "recorder",
        "RunFolder": "folder",
        "RunTables": "folder",
        "check_place": "drafts",
        "hedge_effect": "hedging",
        "market_metrics": "metrics",
        "read_run": "folder",
        "units": "schemas",
    },
)
