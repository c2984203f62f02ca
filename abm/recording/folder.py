"""Reads a run folder back: manifest, resolved scenario, and tables loaded when they are first asked for."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from abm.core.calendar import TradingCalendar
from abm.core.contract import ContractSpec
from abm.core.errors import RunFolderError
from abm.recording.drafts import failures_named, reason, shown
from abm.recording.formats import FIRST_WITH_CHECKSUMS, FORMAT, filled, said_of, schemas_of
from abm.recording.manifest import NAME, read_manifest
from abm.recording.parts import FolderTables, check_parts, check_rows, verify_digests

_SCENARIO = "scenario.toml"


class RunTables(FolderTables):
    """Tables of a run folder by name, each read from disk once, when it is first asked for.

    Asking for a table that the run does not have raises ``RunFolderError``; ``name in tables`` asks first.
    """

    def __init__(self, folder: Path, rows: Mapping[str, int], number: int) -> None:
        super().__init__(folder, rows, schemas_of(number), f"run folder format {number}")
        self._format = number

    def arrow(self, name: str) -> pa.Table:
        """Read a table from disk, with the columns of the present format."""
        return filled(super().arrow(name), name, self._format)


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
    filled : tuple of str
        What a folder of an older format did not have or had in another meaning, a line each; empty where the
        format is the present one.
    """

    path: Path
    manifest: dict[str, Any]
    scenario_toml: str
    tables: RunTables
    filled: tuple[str, ...] = ()

    @cached_property
    def contract(self) -> ContractSpec:
        """The contract that was traded."""
        return ContractSpec(**self.manifest["contract"])

    @cached_property
    def calendar(self) -> TradingCalendar:
        """The calendar of the run."""
        return TradingCalendar(**self.manifest["calendar"])


def read_run(folder: str | Path, *, verify: bool = True) -> RunFolder:
    """Open a run folder.

    Parameters
    ----------
    folder : str or Path
        A folder that ``Recorder.write`` made.
    verify : bool
        Compare every part with its checksum (some 1 ms a megabyte), so that a damaged one is named now. A
        folder of format 1 has none: the rows of its tables are counted instead.

    Raises
    ------
    RunFolderError
        If there is no such folder, a part of it is missing, damaged, unreadable or does not belong to it, or
        its format is a newer one.
    """
    try:
        path = Path(folder)
    except TypeError:
        raise RunFolderError(f"run folder: {folder!r} is not a path") from None
    with failures_named(path, "read"):
        if not path.is_dir():
            raise RunFolderError(f"{shown(path)}: there is no such run folder")
    manifest = read_manifest(path / NAME)
    number, rows = manifest["format"], manifest["rows"]
    _check_parts(path, rows, number)
    if verify:
        _verify(path, manifest)
    scenario = _scenario(path / _SCENARIO)
    ordered = {name: rows[name] for name in schemas_of(number) if name in rows}
    said = said_of(number, frozenset(rows)) if number < FORMAT else ()
    return RunFolder(path, manifest, scenario, RunTables(path, ordered, number), said)


def _check_parts(path: Path, rows: Mapping[str, int], number: int) -> None:
    """Refuse a folder that lacks a part, or has a table of another run."""
    unknown = sorted(rows.keys() - schemas_of(number).keys())
    if unknown:
        raise RunFolderError(f"{shown(path / NAME)}: there is no table {unknown[0]!r} in format {number}")
    check_parts(path, rows, (_SCENARIO,))


def _verify(path: Path, manifest: Mapping[str, Any]) -> None:
    """Compare the parts with their checksums; those of format 1 with the rows that the manifest states."""
    names = [f"{name}.parquet" for name in manifest["rows"]]
    if manifest["format"] < FIRST_WITH_CHECKSUMS:
        for name, file in zip(manifest["rows"], names, strict=True):
            try:
                found = pq.read_metadata(path / file).num_rows
            except (OSError, ValueError, pa.ArrowException) as error:
                raise RunFolderError(
                    f"{shown(path / file)}: not a readable Parquet file ({reason(error)})"
                ) from error
            check_rows(path / file, found, manifest["rows"][name])
        return
    verify_digests(path, (_SCENARIO, *names), manifest["sha256"])


def _scenario(path: Path) -> str:
    with failures_named(path, "read"):
        content = path.read_bytes()
    try:
        text = content.decode("utf-8")
        tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise RunFolderError(f"{shown(path)}: not a readable scenario ({reason(error)})") from error
    return text
