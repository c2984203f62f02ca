"""Recording: tables with declared schemas and units, and the run folder they are kept in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abm.core.public_names import offer

if TYPE_CHECKING:
    from abm.recording.compare_folder import (
        CompareFolder,
        is_compare_folder,
        read_compare_folder,
        write_compare_folder,
    )
    from abm.recording.compare_schemas import COMPARE_FORMAT, COMPARE_TABLES, REQUIRED_COMPARE_KEYS
    from abm.recording.drafts import check_place
    from abm.recording.folder import RunFolder, RunTables, read_run
    from abm.recording.formats import FORMAT
    from abm.recording.hedge_folder import (
        HedgeFolder,
        is_hedge_folder,
        read_hedge_folder,
        write_hedge_folder,
    )
    from abm.recording.hedge_manifest import REQUIRED_HEDGE_KEYS
    from abm.recording.hedge_schemas import HEDGE_FORMAT, HEDGE_TABLES, OPTIONAL_TABLES
    from abm.recording.hedging import HedgeEffect, hedge_effect
    from abm.recording.manifest import REQUIRED_MANIFEST_KEYS
    from abm.recording.metrics import market_metrics
    from abm.recording.recorder import Recorder
    from abm.recording.schemas import PROFILES, SCHEMAS, units

__all__ = [
    "COMPARE_FORMAT",
    "COMPARE_TABLES",
    "FORMAT",
    "HEDGE_FORMAT",
    "HEDGE_TABLES",
    "OPTIONAL_TABLES",
    "PROFILES",
    "REQUIRED_COMPARE_KEYS",
    "REQUIRED_HEDGE_KEYS",
    "REQUIRED_MANIFEST_KEYS",
    "SCHEMAS",
    "CompareFolder",
    "HedgeEffect",
    "HedgeFolder",
    "Recorder",
    "RunFolder",
    "RunTables",
    "check_place",
    "hedge_effect",
    "is_compare_folder",
    "is_hedge_folder",
    "market_metrics",
    "read_compare_folder",
    "read_hedge_folder",
    "read_run",
    "units",
    "write_compare_folder",
    "write_hedge_folder",
]

offer(
    __name__,
    {
        "COMPARE_FORMAT": "compare_schemas",
        "COMPARE_TABLES": "compare_schemas",
        "FORMAT": "formats",
        "HEDGE_FORMAT": "hedge_schemas",
        "HEDGE_TABLES": "hedge_schemas",
        "OPTIONAL_TABLES": "hedge_schemas",
        "PROFILES": "schemas",
        "REQUIRED_COMPARE_KEYS": "compare_schemas",
        "REQUIRED_HEDGE_KEYS": "hedge_manifest",
        "REQUIRED_MANIFEST_KEYS": "manifest",
        "SCHEMAS": "schemas",
        "CompareFolder": "compare_folder",
        "HedgeEffect": "hedging",
        "HedgeFolder": "hedge_folder",
        "Recorder": "recorder",
        "RunFolder": "folder",
        "RunTables": "folder",
        "check_place": "drafts",
        "hedge_effect": "hedging",
        "is_compare_folder": "compare_folder",
        "is_hedge_folder": "hedge_folder",
        "market_metrics": "metrics",
        "read_compare_folder": "compare_folder",
        "read_hedge_folder": "hedge_folder",
        "read_run": "folder",
        "units": "schemas",
        "write_compare_folder": "compare_folder",
        "write_hedge_folder": "hedge_folder",
    },
)
