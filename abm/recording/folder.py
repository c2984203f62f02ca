"""Reads a run folder back: manifest, resolved scenario, and tables loaded when they are first asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from abm.core.calendar import TradingCalendar
from abm.core.contract import ContractSpec
from abm.core.errors import RunFolderError
from abm.recording.recorder import REQUIRED_MANIFEST_KEYS
from abm.recording.schemas import FORMAT, SCHEMAS
from abm.recording.tables import to_frame


class RunTables(Mapping[str, pd.DataFrame]):
    """Tables of a run folder by name, each read from disk once, when it is first asked for.

    Asking for a table that the run does not have raises ``RunFolderError``; ``name in tables`` asks first.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names = tuple(name for name in SCHEMAS if (folder / f"{name}.parquet").is_file())
        self._loaded: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._loaded:
            self._loaded[name] = self._read(name)
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def _read(self, name: str) -> pd.DataFrame:
        if name not in self._names:
            kept = ", ".join(self._names) or "none"
            raise RunFolderError(f"{self._folder}: table {name!r} is not in this run (it has {kept})")
        path = self._folder / f"{name}.parquet"
        try:
            arrow = pq.read_table(path)
        except (OSError, pa.ArrowException) as error:
            raise RunFolderError(f"{path}: not a readable Parquet file ({_first_line(error)})") from error
        if not arrow.schema.equals(SCHEMAS[name]):
            raise RunFolderError(
                f"{path}: its columns are not those of run folder format {FORMAT}: "
                f"{', '.join(SCHEMAS[name].names)}"
            )
        return to_frame(arrow)


@dataclass(frozen=True)
class RunFolder:
    """One finished run on disk.

    Parameters
    ----------
    path : Path
        The folder.
    manifest : dict
        Facts of the run: seed, scenario name and hash, versions, state hash, counts, metrics, CPU seconds.
    scenario_toml : str
        The scenario as resolved.
    tables : RunTables
        Tables by name, loaded when first asked for.
    """

    path: Path
    manifest: dict[str, Any]
    scenario_toml: str
    tables: RunTables

    @cached_property
    def contract(self) -> ContractSpec:
        """The contract that was traded."""
        return ContractSpec(**self.manifest["contract"])

    @cached_property
    def calendar(self) -> TradingCalendar:
        """The calendar of the run."""
        return TradingCalendar(**self.manifest["calendar"])


def read_run(folder: str | Path) -> RunFolder:
    """Open a run folder.

    Parameters
    ----------
    folder : str or Path
        A folder that ``Recorder.write`` made.

    Raises
    ------
    RunFolderError
        If there is no such folder, a file of it is missing or unreadable, or its format is another one.
    """
    path = Path(folder)
    if not path.is_dir():
        raise RunFolderError(f"{path}: there is no such run folder")
    manifest = _manifest(path / "manifest.json")
    scenario = path / "scenario.toml"
    if not scenario.is_file():
        raise RunFolderError(f"{path}: scenario.toml is missing")
    missing = [name for name in manifest["rows"] if not (path / f"{name}.parquet").is_file()]
    if missing:
        raise RunFolderError(f"{path}: {missing[0]}.parquet is missing")
    return RunFolder(path, manifest, scenario.read_text(encoding="utf-8"), RunTables(path))


def _manifest(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise RunFolderError(f"{path.parent}: manifest.json is missing, so this is not a run folder")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise RunFolderError(f"{path}: not valid JSON ({_first_line(error)})") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        found = manifest.get("format") if isinstance(manifest, dict) else None
        raise RunFolderError(f"{path}: format is {found!r}, this version reads format {FORMAT}")
    for key in (*REQUIRED_MANIFEST_KEYS, "profile", "rows"):
        if key not in manifest:
            raise RunFolderError(f"{path}: key {key!r} is missing")
    return manifest


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
