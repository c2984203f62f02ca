"""Collects a run's tables in memory and writes them as one run folder, all or nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from abm.core.errors import ParameterError
from abm.recording.drafts import (
    draft_folder,
    failures_named,
    move_to_free_name,
    place_of,
    remove_abandoned,
)
from abm.recording.formats import FORMAT
from abm.recording.manifest import NAME, REQUIRED_MANIFEST_KEYS, stamped_text
from abm.recording.margin_schemas import ON_REQUEST
from abm.recording.parts import write_part, write_table
from abm.recording.schemas import PROFILES, SCHEMAS
from abm.recording.tables import TableBuffer, check_column_names, to_frame

if TYPE_CHECKING:
    import pandas as pd


class Recorder:
    """Keeps the tables that a profile asks for and drops the others at once.

    Parameters
    ----------
    profile : str
        ``summary``, ``daily`` or ``full`` (see ``PROFILES``).
    margin_models : bool
        Keep the requirements of every margin model as well (the tables of ``ON_REQUEST``).

    Raises
    ------
    ParameterError
        If there is no such profile.
    """

    def __init__(self, profile: str, *, margin_models: bool = False) -> None:
        if profile not in PROFILES:
            raise ParameterError(f"recording.profile: {profile!r} is not one of {', '.join(PROFILES)}")
        self.profile = profile
        names = (*PROFILES[profile], *(ON_REQUEST if margin_models else ()))
        self._buffers = {name: TableBuffer(name) for name in names}
        self._before_reading: list[Callable[[], None]] = []
        self._is_on = True
        self._before = {"month": 0, "deadline_round": 0}

    @property
    def table_names(self) -> tuple[str, ...]:
        """Names of the tables that are kept."""
        return tuple(self._buffers)

    @property
    def nbytes(self) -> int:
        """Size of the arrays kept so far."""
        return sum(buffer.nbytes for buffer in self._buffers.values())

    def keeps(self, table: str) -> bool:
        """Say whether a table is kept, so that a caller can spare the work of filling it."""
        assert table in SCHEMAS, f"recorder: there is no table {table!r}"
        return table in self._buffers

    def ask_before_reading(self, hand_over: Callable[[], None]) -> None:
        """Have a function called before tables are read or written, which appends rows still to come.

        So that whoever gathers rows, because many at once are cheaper, leaves no reader without them.
        """
        self._before_reading.append(hand_over)

    def end_run(self) -> None:
        """Take the rows that are still to come, and ask nobody for more.

        A recorder and those whom it asks hold each other, and rows are much memory for the garbage collector
        to wait with.
        """
        self._hand_over()
        self._before_reading.clear()

    def wait(self) -> None:
        """Drop all rows until :meth:`begin`: what happens before the record begins is in no table."""
        self._is_on = False

    def begin(self, *, months_before: int, rounds_before: int) -> None:
        """Keep rows from now on; delivery months and rounds of the run are counted from those of now."""
        self._is_on = True
        self._before = {"month": months_before, "deadline_round": rounds_before}

    def append(self, table: str, **columns: Any) -> None:
        """Add rows to a table, or nothing when it is not kept.

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
        if buffer is not None and self._is_on:
            buffer.append(columns | self._counted_from_the_first(columns))

    def _counted_from_the_first(self, columns: dict[str, Any]) -> dict[str, Any]:
        """Return months and rounds as the record counts them; a negative one stands for none or for all."""
        return {
            name: np.where(np.asarray(columns[name]) >= 0, columns[name] - before, columns[name])[()]
            for name, before in self._before.items()
            if before and name in columns
        }

    def table(self, name: str) -> pd.DataFrame:
        """Return the rows recorded so far; integer columns that may be null have the ``Int64`` type."""
        assert name in self._buffers, f"recorder: profile {self.profile} does not keep table {name!r}"
        self._hand_over()
        return to_frame(self._buffers[name].to_arrow())

    def write(
        self,
        folder: Path | str,
        *,
        manifest: dict[str, Any],
        scenario_toml: str,
        when_written: Callable[[], None] | None = None,
    ) -> Path:
        """Write the run folder and return where it stands.

        The folder is filled under a hidden temporary name beside its final place and renamed in one step:
        a reader sees a whole run or none. If anything stops the writing, the temporary folder is removed;
        what a process that was killed left beside it is removed too. An existing folder is never touched:
        the new one then takes the next free name, ``NAME-2`` onward.

        Parameters
        ----------
        folder : Path
            Wanted place of the run folder; parents are made.
        manifest : dict
            Facts of the run, with ``REQUIRED_MANIFEST_KEYS``. A number that is not finite is written as
            null, because JSON has no other word for it. Format, profile, and the rows and checksums of the
            parts are added.
        scenario_toml : str
            The scenario as resolved.
        when_written : callable, optional
            Called after the tables are written and before the manifest is, which it may still complete.

        Raises
        ------
        RunFolderError
            If the folder cannot be written, in one line with its path.
        """
        missing = [key for key in REQUIRED_MANIFEST_KEYS if key not in manifest]
        assert not missing, f"manifest lacks {', '.join(missing)}"
        folder = place_of(folder, "folder")
        with failures_named(folder):
            folder.parent.mkdir(parents=True, exist_ok=True)
            remove_abandoned(folder.parent)
            with draft_folder(folder) as draft:
                self._write_parts(draft, manifest, scenario_toml, when_written)
                return move_to_free_name(draft, folder)

    def _hand_over(self) -> None:
        for hand_over in self._before_reading:
            hand_over()

    def _write_parts(
        self,
        draft: Path,
        manifest: dict[str, Any],
        scenario_toml: str,
        when_written: Callable[[], None] | None,
    ) -> None:
        self._hand_over()
        rows, sha256 = {}, {}
        for name, buffer in self._buffers.items():
            arrow = buffer.to_arrow()
            rows[name] = arrow.num_rows
            sha256[f"{name}.parquet"] = write_table(draft / f"{name}.parquet", arrow)
        sha256["scenario.toml"] = write_part(draft / "scenario.toml", scenario_toml.encode("utf-8"))
        if when_written is not None:
            when_written()
        stamped = {**manifest, "format": FORMAT, "profile": self.profile, "rows": rows, "sha256": sha256}
        write_part(draft / NAME, stamped_text(stamped).encode("utf-8"))
