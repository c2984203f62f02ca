"""Recording: tables with declared schemas and units, and the run folder they are kept in."""

from abm.recording.drafts import check_place
from abm.recording.folder import RunFolder, RunTables, read_run
from abm.recording.formats import FORMAT
from abm.recording.manifest import REQUIRED_MANIFEST_KEYS
from abm.recording.recorder import Recorder
from abm.recording.schemas import PROFILES, SCHEMAS, units

__all__ = [
    "FORMAT",
    "PROFILES",
    "REQUIRED_MANIFEST_KEYS",
    "SCHEMAS",
    "Recorder",
    "RunFolder",
    "RunTables",
    "check_place",
    "read_run",
    "units",
]
