"""Recording: tables with declared schemas and units, and the run folder they are kept in."""

from abm.recording.folder import RunFolder, RunTables, read_run
from abm.recording.recorder import REQUIRED_MANIFEST_KEYS, Recorder
from abm.recording.schemas import PROFILES, SCHEMAS, units

__all__ = [
    "PROFILES",
    "REQUIRED_MANIFEST_KEYS",
    "SCHEMAS",
    "Recorder",
    "RunFolder",
    "RunTables",
    "read_run",
    "units",
]
