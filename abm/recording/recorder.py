"""Collects a run's tables in memory and writes them as one run folder, all or nothing."""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from abm.core.errors import ParameterError
from abm.recording.schemas import FORMAT, PROFILES, SCHEMAS
from abm.recording.tables import TableBuffer, check_column_names, to_frame

REQUIRED_MANIFEST_KEYS = (
    "seed",
    "scenario_name",
    "scenario_sha256",
    "state_hash",
    "versions",
    "counts",
    "metrics",
    "cpu_seconds",
    "contract",
    "calendar",
)
"""What every manifest must say. ``contract`` and ``calendar`` are the fields of ``ContractSpec`` and
``TradingCalendar``; ``counts`` has at least ``messages``; ``cpu_seconds`` is by phase, no phase inside
another."""


class Recorder:
    """Keeps the tables that a profile asks for and drops the others at once.

    Parameters
    ----------
    profile : str
        ``summary``, ``daily`` or ``full`` (see ``PROFILES``).

    Raises
    ------
    ParameterError
        If there is no such profile.
    """

    def __init__(self, profile: str) -> None:
        if profile not in PROFILES:
            raise ParameterError(f"recording.profile: {profile!r} is not one of {', '.join(PROFILES)}")
        self.profile = profile
        self._buffers = {name: TableBuffer(name) for name in PROFILES[profile]}

    @property
    def table_names(self) -> tuple[str, ...]:
        """Names of the tables that this profile keeps."""
        return tuple(self._buffers)

    def keeps(self, table: str) -> bool:
        """Say whether the profile keeps a table, so that a caller can spare the work of filling it."""
        assert table in SCHEMAS, f"recorder: there is no table {table!r}"
        return table in self._buffers

    def append(self, table: str, **columns: Any) -> None:
        """Add rows to a table, or nothing when the profile does not keep it.

        Parameters
        ----------
        table : str
            Name of the table.
        **columns : scalar or array, shape (n,)
            Every column of the table. Arrays are equally long and are copied; scalars are repeated on
            every row; with scalars only, one row is added. ``NO_PRICE`` in a price column becomes null.

        Raises
        ------
        AssertionError
            If the table or a column is unknown, a column is missing, or lengths or types differ.
        """
        check_column_names(table, columns)
        buffer = self._buffers.get(table)
        if buffer is not None:
            buffer.append(columns)

    def table(self, name: str) -> pd.DataFrame:
        """Return the rows recorded so far; integer columns that may be null have the ``Int64`` type."""
        assert name in self._buffers, f"recorder: profile {self.profile} does not keep table {name!r}"
        return to_frame(self._buffers[name].to_arrow())

    def write(
        self,
        folder: Path,
        *,
        manifest: dict[str, Any],
        scenario_toml: str,
        when_written: Callable[[], None] | None = None,
    ) -> Path:
        """Write the run folder and return where it stands.

        The folder is filled under a hidden temporary name beside its final place and renamed in one step:
        a reader sees a whole run or none. If anything stops the writing, the temporary folder is removed.
        An existing folder is never touched: the new one then takes the next free name, ``NAME-2`` onward.

        Parameters
        ----------
        folder : Path
            Wanted place of the run folder; parents are made.
        manifest : dict
            Facts of the run, with ``REQUIRED_MANIFEST_KEYS``. A number that is not finite is written as
            null, because JSON has no other word for it.
        scenario_toml : str
            The scenario as resolved.
        when_written : callable, optional
            Called after the tables are written and before the manifest is, which it may still complete.
        """
        missing = [key for key in REQUIRED_MANIFEST_KEYS if key not in manifest]
        assert not missing, f"manifest lacks {', '.join(missing)}"
        folder = Path(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.partial")
        try:
            partial.mkdir()
            rows = {}
            for name, buffer in self._buffers.items():
                arrow = buffer.to_arrow()
                rows[name] = arrow.num_rows
                pq.write_table(arrow, partial / f"{name}.parquet", compression="zstd")
            (partial / "scenario.toml").write_text(scenario_toml, encoding="utf-8")
            if when_written is not None:
                when_written()
            stamped = {**manifest, "format": FORMAT, "profile": self.profile, "rows": rows}
            text = json.dumps(_plain(stamped), indent=2, allow_nan=False) + "\n"
            (partial / "manifest.json").write_text(text, encoding="utf-8")
            return _move_to_free_name(partial, folder)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise


def _candidates(folder: Path) -> Iterator[Path]:
    yield folder
    for number in count(2):
        yield folder.with_name(f"{folder.name}-{number}")


def _move_to_free_name(partial: Path, folder: Path) -> Path:
    for candidate in _candidates(folder):
        if candidate.exists():
            continue
        try:
            os.rename(partial, candidate)
        except OSError as error:
            # Another process took the name between the question and the move: try the next one.
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                raise
        else:
            return candidate
    raise AssertionError("the names of run folders never run out")


def _plain(value: Any) -> Any:
    """Return a value as JSON knows it: NumPy scalars unwrapped, numbers that are not finite as None."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
