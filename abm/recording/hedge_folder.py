"""The folder of a hedging study: written whole or not at all, and read back with every part checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abm.core.errors import ParameterError, RunFolderError
from abm.recording.drafts import (
    check_place,
    draft_folder,
    failures_named,
    move_to_free_name,
    reason,
    remove_abandoned,
    shown,
)
from abm.recording.hedge_manifest import content_fault, read_hedge_manifest
from abm.recording.hedge_schemas import HEDGE_FORMAT, HEDGE_TABLES, KIND, all_tables
from abm.recording.manifest import NAME, parsed_manifest, plain, stamped_text
from abm.recording.parts import (
    FolderTables,
    arrow_of,
    check_parts,
    verify_digests,
    write_part,
    write_table,
)

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class HedgeFolder:
    """One finished hedging study on disk.

    Parameters
    ----------
    path : Path
        The folder.
    manifest : dict
        Facts of the study: name, seed, paths, programmes, fields of its parts, versions; ``advice``,
        ``question`` and ``command`` where they were given.
    tables : FolderTables
        Tables by name, loaded when first asked for; see ``HEDGE_TABLES`` and ``OPTIONAL_TABLES``.
    """

    path: Path
    manifest: dict[str, Any]
    tables: FolderTables


def write_hedge_folder(
    folder: str | Path, manifest: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]
) -> Path:
    """Write the folder of a hedging study and return where it stands.

    It is filled under a hidden name beside its place and moved in one step: a reader sees a whole folder or
    none. An existing folder is never touched: the new one takes the next free name, ``NAME-2`` onward.

    Parameters
    ----------
    folder : str or Path
        Wanted place; parents are made.
    manifest : mapping
        Facts of the study, with ``REQUIRED_HEDGE_KEYS``. Kind, format, rows and checksums are added; a number
        that is not finite is written as null.
    tables : mapping of str to DataFrame
        All of ``HEDGE_TABLES`` and any of ``OPTIONAL_TABLES``; other columns than theirs are an error.

    Raises
    ------
    ParameterError
        If the manifest or a table is not what it must be, in one line that names the key or the column.
    RunFolderError
        If the folder cannot be written, in one line with its path.
    """
    place = check_place(folder, "folder")
    stamps = {"kind": KIND, "format": HEDGE_FORMAT}
    content = _content(manifest)
    missing = [name for name in HEDGE_TABLES if name not in tables]
    if missing:
        raise ParameterError(f"tables: {missing[0]} is missing")
    arrows = {name: arrow_of(name, frame, all_tables()) for name, frame in tables.items()}
    with failures_named(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        remove_abandoned(place.parent)
        with draft_folder(place) as draft:
            sha256 = {
                f"{name}.parquet": write_table(draft / f"{name}.parquet", arrow)
                for name, arrow in arrows.items()
            }
            rows = {name: arrow.num_rows for name, arrow in arrows.items()}
            text = stamped_text({**stamps, **content, "rows": rows, "sha256": sha256})
            write_part(draft / NAME, text.encode("utf-8"))
            return move_to_free_name(draft, place)


def read_hedge_folder(folder: str | Path, verify: bool = True) -> HedgeFolder:
    """Open the folder of a hedging study.

    Parameters
    ----------
    folder : str or Path
        A folder that ``write_hedge_folder`` made.
    verify : bool
        Compare every table with its checksum, so that a damaged one is named now and not when it is read.

    Raises
    ------
    RunFolderError
        If there is no such folder, a part of it is missing, damaged, unreadable or does not belong to it, or
        it is of another kind or a newer format.
    """
    try:
        path = Path(folder)
    except TypeError:
        raise RunFolderError(f"hedge folder: {folder!r} is not a path") from None
    with failures_named(path, "read"):
        if not path.is_dir():
            raise RunFolderError(f"{shown(path)}: there is no such run folder")
    manifest = read_hedge_manifest(path / NAME)
    schemas = all_tables()
    rows = {name: manifest["rows"][name] for name in schemas if name in manifest["rows"]}
    check_parts(path, rows)
    if verify:
        verify_digests(path, [f"{name}.parquet" for name in rows], manifest["sha256"])
    layout = f"a hedging study of format {manifest['format']}"
    return HedgeFolder(path, manifest, FolderTables(path, rows, schemas, layout))


def is_hedge_folder(folder: str | Path) -> bool:
    """Say whether a folder is of kind ``hedge``; False where there is no readable manifest."""
    try:
        return parsed_manifest(Path(folder) / NAME).get("kind") == KIND
    except (RunFolderError, TypeError):
        return False


def _content(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of a study as JSON knows them, checked."""
    try:
        content: dict[str, Any] = json.loads(json.dumps(plain(dict(manifest))))
    except (TypeError, ValueError, RecursionError) as error:
        raise ParameterError(f"manifest: {reason(error)}") from None
    wrong = content_fault(content)
    if wrong:
        raise ParameterError(f"manifest: {wrong}")
    return content
