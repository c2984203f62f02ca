"""The folder of a comparison: written whole or not at all, and read back with every part checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abm.core.errors import ParameterError, RunFolderError
from abm.recording.compare_schemas import (
    COMPARE_FORMAT,
    COMPARE_KIND,
    COMPARE_TABLES,
    content_fault,
    manifest_fault,
    tables_of,
)
from abm.recording.drafts import (
    check_place,
    draft_folder,
    failures_named,
    move_to_free_name,
    remove_abandoned,
    shown,
)
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
class CompareFolder:
    """One finished comparison on disk.

    Parameters
    ----------
    path : Path
        The folder.
    manifest : dict
        Base, variants and what each changes, seeds, notes, versions; ``command`` where it was given.
    tables : FolderTables
        ``differences``, ``laboratory`` (from format 2 on), ``runs`` and ``metrics``, loaded when first asked
        for; see ``COMPARE_TABLES``.
    """

    path: Path
    manifest: dict[str, Any]
    tables: FolderTables


def write_compare_folder(
    folder: str | Path, manifest: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]
) -> Path:
    """Write the folder of a comparison in one move and return where it stands.

    An existing folder is never touched: the new one takes the next free name, ``NAME-2`` onward.

    Parameters
    ----------
    folder : str or Path
        Wanted place; parents are made.
    manifest : mapping
        Facts, with ``REQUIRED_COMPARE_KEYS``. Kind, format, rows and checksums are added.
    tables : mapping of str to DataFrame
        All of ``COMPARE_TABLES``.

    Raises
    ------
    ParameterError
        If the manifest or a table is not what it must be.
    RunFolderError
        If the folder cannot be written.
    """
    place = check_place(folder, "folder")
    content: dict[str, Any] = json.loads(json.dumps(plain(dict(manifest))))
    wrong = content_fault(content)
    if wrong:
        raise ParameterError(f"manifest: {wrong}")
    missing = [name for name in COMPARE_TABLES if name not in tables]
    if missing:
        raise ParameterError(f"tables: {missing[0]} is missing")
    arrows = {name: arrow_of(name, frame, COMPARE_TABLES) for name, frame in tables.items()}
    stamps = {"kind": COMPARE_KIND, "format": COMPARE_FORMAT}
    with failures_named(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        remove_abandoned(place.parent)
        with draft_folder(place) as draft:
            sha256 = {
                f"{name}.parquet": write_table(draft / f"{name}.parquet", arrow)
                for name, arrow in arrows.items()
            }
            rows = {name: arrow.num_rows for name, arrow in arrows.items()}
            text = stamped_text({**content, **stamps, "rows": rows, "sha256": sha256})
            write_part(draft / NAME, text.encode("utf-8"))
            return move_to_free_name(draft, place)


def read_compare_folder(folder: str | Path, verify: bool = True) -> CompareFolder:
    """Open the folder of a comparison.

    Parameters
    ----------
    folder : str or Path
        A folder that ``write_compare_folder`` made.
    verify : bool
        Compare every table with its checksum now.

    Raises
    ------
    RunFolderError
        If there is no such folder, a part is missing, damaged or unreadable, or it is of another kind or a
        newer format.
    """
    try:
        path = Path(folder)
    except TypeError:
        raise RunFolderError(f"compare folder: {folder!r} is not a path") from None
    with failures_named(path, "read"):
        if not path.is_dir():
            raise RunFolderError(f"{shown(path)}: there is no such run folder")
    manifest = parsed_manifest(path / NAME)
    wrong = manifest_fault(manifest)
    if wrong:
        raise RunFolderError(f"{shown(path / NAME)}: {wrong}")
    rows = {name: manifest["rows"][name] for name in tables_of(manifest["format"])}
    check_parts(path, rows)
    if verify:
        verify_digests(path, [f"{name}.parquet" for name in rows], manifest["sha256"])
    layout = f"a comparison of format {manifest['format']}"
    return CompareFolder(path, manifest, FolderTables(path, rows, COMPARE_TABLES, layout))


def is_compare_folder(folder: str | Path) -> bool:
    """Say whether a folder is of kind ``compare``; False where there is no readable manifest."""
    try:
        return parsed_manifest(Path(folder) / NAME).get("kind") == COMPARE_KIND
    except (RunFolderError, TypeError):
        return False
