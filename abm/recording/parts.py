"""Parts of a folder of any kind: tables written with their digest, checked, and read when first asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from abm.core.errors import ParameterError, RunFolderError
from abm.recording.drafts import failures_named, reason, shown
from abm.recording.manifest import NAME
from abm.recording.tables import to_frame

if TYPE_CHECKING:
    import pandas as pd


def write_part(path: Path, content: Any) -> str:
    """Write a part and return its SHA-256."""
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def write_table(path: Path, arrow: pa.Table) -> str:
    """Write a table as Parquet and return the SHA-256 of the file."""
    sink = pa.BufferOutputStream()
    pq.write_table(arrow, sink, compression="zstd", write_statistics=False)  # nobody reads a part
    return write_part(path, sink.getvalue())


def arrow_of(name: str, frame: pd.DataFrame, schemas: Mapping[str, pa.Schema]) -> pa.Table:
    """Return a frame as a table of its schema.

    Raises
    ------
    ParameterError
        If there is no such table, or columns or values are not those of its schema.
    """
    schema = schemas.get(name)
    if schema is None:
        raise ParameterError(f"tables: {name!r} is not one of {', '.join(schemas)}")
    columns = list(getattr(frame, "columns", ()))
    if sorted(map(str, columns)) != sorted(schema.names):
        raise ParameterError(f"table {name}: columns {columns} are not {', '.join(schema.names)}")
    arrays = []
    for field in schema:
        try:
            array = pa.array(frame[field.name], type=field.type)
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            raise ParameterError(f"table {name}: column {field.name}: {reason(error)}") from None
        if array.null_count and not field.nullable:
            raise ParameterError(f"table {name}: column {field.name}: a value is missing")
        arrays.append(array)
    return pa.Table.from_arrays(arrays, schema=schema)


def check_parts(path: Path, tables: Iterable[str], others: Iterable[str] = ()) -> None:
    """Refuse a folder that lacks a part, or has a table that its manifest does not know."""
    known = [f"{name}.parquet" for name in tables]
    for part in (*others, *known):
        if not (path / part).is_file():
            raise RunFolderError(f"{shown(path)}: {part} is missing")
    with failures_named(path, "read"):
        there = sorted(file.name for file in path.glob("*.parquet"))
    extra = [name for name in there if name not in known]
    if extra:
        raise RunFolderError(f"{shown(path)}: {extra[0]} is no part of this run")


def verify_digests(path: Path, parts: Iterable[str], sha256: Mapping[str, str]) -> None:
    """Compare parts with the checksums that a manifest states."""
    for part in parts:
        with failures_named(path / part, "read"), (path / part).open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        if digest != sha256.get(part):
            raise RunFolderError(
                f"{shown(path / part)}: damaged or of another run (its checksum is not that of {NAME})"
            )


def check_rows(path: Path, found: int, stated: int) -> None:
    """Refuse a table with another number of rows than its manifest states."""
    if found != stated:
        raise RunFolderError(f"{shown(path)}: it has {found} rows, {NAME} states {stated}")


class FolderTables(Mapping[str, "pd.DataFrame"]):
    """Tables of a folder by name, each read from disk once, when it is first asked for.

    Asking for a table that the folder does not have raises ``RunFolderError``; ``name in tables`` asks first.

    Parameters
    ----------
    folder : Path
        Where they are.
    rows : mapping of str to int
        Rows of each table, as the manifest states them.
    schemas : mapping of str to Schema
        Columns that each must have.
    layout : str
        What messages call the layout, e.g. ``run folder format 3``.
    """

    def __init__(
        self, folder: Path, rows: Mapping[str, int], schemas: Mapping[str, pa.Schema], layout: str
    ) -> None:
        self._folder = folder
        self._rows = dict(rows)
        self._schemas = schemas
        self._layout = layout
        self._loaded: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._loaded:
            self._loaded[name] = to_frame(self.arrow(name))
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, name: object) -> bool:
        return name in self._rows

    def arrow(self, name: str) -> pa.Table:
        """Read a table from disk, whatever was read before."""
        if name not in self._rows:
            kept = ", ".join(self._rows) or "none"
            raise RunFolderError(f"{shown(self._folder)}: table {name!r} is not in this run (it has {kept})")
        path = self._folder / f"{name}.parquet"
        try:
            arrow = pq.read_table(path)
        except (OSError, ValueError, TypeError, pa.ArrowException) as error:
            raise RunFolderError(f"{shown(path)}: not a readable Parquet file ({reason(error)})") from error
        schema = self._schemas[name]
        if not arrow.schema.equals(schema):
            raise RunFolderError(
                f"{shown(path)}: its columns are not those of {self._layout}: {', '.join(schema.names)}"
            )
        check_rows(path, arrow.num_rows, self._rows[name])
        return arrow
