"""The folder of a comparison: whole or not there, and what is wrong with one is said in one line."""

from __future__ import annotations

import html
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from abm.core.errors import ParameterError, RunFolderError
from abm.recording import (
    COMPARE_FORMAT,
    COMPARE_TABLES,
    REQUIRED_COMPARE_KEYS,
    is_compare_folder,
    is_hedge_folder,
    read_compare_folder,
    read_hedge_folder,
    read_run,
    write_compare_folder,
)
from abm.recording.formats import schemas_digest
from abm.recording.manifest import OWN_DIGEST, stamped_text
from analysis import write_compare_report

FOLDERS = Path(__file__).parent / "folders"
KEPT = FOLDERS / f"compare-{COMPARE_FORMAT}"
STAMPS = {"kind", "format", "rows", "sha256", OWN_DIGEST}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(KEPT, tmp_path / "comparison")


def facts() -> dict[str, Any]:
    manifest = json.loads((KEPT / "manifest.json").read_text())
    return {key: value for key, value in manifest.items() if key not in STAMPS}


def tables() -> dict[str, pd.DataFrame]:
    return dict(read_compare_folder(KEPT).tables)


def said_of(reading: Callable[[Path], object], folder: Path) -> str:
    with pytest.raises(RunFolderError) as failure:
        reading(folder)
    message = str(failure.value)
    assert "\n" not in message
    assert str(folder) in message
    return message


def test_the_folder_of_the_present_format_stays_readable(folder: Path) -> None:
    found = read_compare_folder(folder)
    assert (found.path, found.manifest["format"]) == (folder, COMPARE_FORMAT)
    assert set(found.tables) == set(COMPARE_TABLES)
    assert {name: len(table) for name, table in found.tables.items()} == found.manifest["rows"]
    assert found.tables["differences"]["seeds_needed"].dtype == "Int64"
    page = write_compare_report(folder).read_text()
    assert "not kept" in page  # its runs were made without a place
    assert "full against technology_breakthrough" in page
    assert "replays the enterprises' hedge" in html.unescape(page)


def test_a_folder_of_before_the_replays_stays_readable(tmp_path: Path) -> None:
    folder = shutil.copytree(FOLDERS / "compare-1", tmp_path / "comparison")
    found = read_compare_folder(folder)
    assert (found.manifest["format"], set(found.tables)) == (1, {"differences", "runs", "metrics"})
    page = write_compare_report(folder).read_text()
    assert "coarse against baseline" in page
    assert "replays" not in page


def test_a_change_of_the_tables_is_a_new_format() -> None:
    """Where this fails, a table has changed: give it a new ``COMPARE_FORMAT`` and keep a folder of it."""
    assert (
        schemas_digest(COMPARE_TABLES) == "5463bc5e67539018a1b93b27ef35be064a11159e13e68fbdba73262d9128ff5a"
    )


def test_what_is_written_is_read_back_and_never_over_another(tmp_path: Path) -> None:
    first, second = (write_compare_folder(tmp_path / "a" / "b", facts(), tables()) for _ in range(2))
    assert (first.name, second.name) == ("b", "b-2")
    again = read_compare_folder(second)
    assert {key: again.manifest[key] for key in facts()} == facts()
    assert all(again.tables[name].equals(table) for name, table in tables().items())
    assert sorted(path.name for path in first.parent.iterdir()) == ["b", "b-2"]


def test_a_kind_of_folder_is_not_read_as_another(folder: Path) -> None:
    assert is_compare_folder(folder)
    assert not is_compare_folder(FOLDERS / "hedge-1")
    assert not is_compare_folder(folder.parent)
    assert not is_hedge_folder(folder)
    assert "which is not a run of the market" in said_of(read_run, folder)
    assert "not of kind 'hedge'" in said_of(read_hedge_folder, folder)
    assert "of kind 'hedge', not of kind 'compare'" in said_of(read_compare_folder, FOLDERS / "hedge-1")
    assert "of a run of the market" in said_of(read_compare_folder, FOLDERS / "format-3")


@pytest.mark.parametrize("part", [*(f"{name}.parquet" for name in COMPARE_TABLES), "manifest.json"])
def test_each_part_that_is_damaged_or_missing_is_named(folder: Path, part: str) -> None:
    whole = (folder / part).read_bytes()
    (folder / part).write_bytes(whole[:-9])
    assert part in said_of(read_compare_folder, folder)
    (folder / part).unlink()
    assert part in said_of(write_compare_report, folder)
    assert not (folder / "report.html").exists()


@pytest.mark.parametrize("key", REQUIRED_COMPARE_KEYS)
def test_a_fact_that_is_missing_or_wrong_is_named_by_writing_and_by_reading(
    folder: Path, tmp_path: Path, key: str
) -> None:
    wrong = facts() | {key: 3.5}
    with pytest.raises(ParameterError, match=f"manifest: key '{key}' is not"):
        write_compare_folder(tmp_path / "x", wrong, tables())
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest[key], manifest[OWN_DIGEST]
    (folder / "manifest.json").write_text(stamped_text(manifest))
    assert f"key '{key}' is missing" in said_of(read_compare_folder, folder)


def test_a_changed_fact_a_newer_format_and_another_table_are_named(folder: Path) -> None:
    path = folder / "manifest.json"
    whole = path.read_text()
    path.write_text(whole.replace('"full"', '"fall"', 1))
    assert "damaged" in said_of(read_compare_folder, folder)
    for change, words in (
        ({"format": 3}, "a newer version has written it"),
        ({"rows": {"runs": 4}}, "key 'rows' is not of differences, laboratory, runs, metrics"),
    ):
        manifest = {key: value for key, value in json.loads(whole).items() if key != OWN_DIGEST}
        path.write_text(stamped_text(manifest | change))
        assert words in said_of(read_compare_folder, folder)
    with pytest.raises(ParameterError, match="tables: laboratory is missing"):
        write_compare_folder(folder / "x", facts(), {"differences": tables()["differences"]})
