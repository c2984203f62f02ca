"""The folder of a hedging study: whole or not there, and what is wrong with one is said in one line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from abm.core.errors import ParameterError, RunFolderError
from abm.recording import (
    HEDGE_FORMAT,
    HEDGE_TABLES,
    OPTIONAL_TABLES,
    is_hedge_folder,
    read_hedge_folder,
    read_run,
    write_hedge_folder,
)
from abm.recording import parts as parts_module
from abm.recording.formats import schemas_digest
from abm.recording.hedge_schemas import all_tables
from abm.recording.manifest import OWN_DIGEST, stamped_text
from analysis import write_hedge_report, write_report

FOLDERS = Path(__file__).parent / "folders"
KEPT = FOLDERS / "hedge-1"
STAMPS = {"kind", "format", "rows", "sha256", OWN_DIGEST}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(KEPT, tmp_path / "study")


def facts() -> dict[str, Any]:
    manifest = json.loads((KEPT / "manifest.json").read_text())
    return {key: value for key, value in manifest.items() if key not in STAMPS}


def tables() -> dict[str, pd.DataFrame]:
    return dict(read_hedge_folder(KEPT).tables)


def said_of(reading: Callable[[Path], object], folder: Path) -> str:
    with pytest.raises(RunFolderError) as failure:
        reading(folder)
    message = str(failure.value)
    assert "\n" not in message
    assert str(folder) in message
    return message


def test_the_folder_of_the_present_format_stays_readable(folder: Path) -> None:
    study = read_hedge_folder(folder)
    assert (study.path, study.manifest["format"]) == (folder, HEDGE_FORMAT)
    assert set(study.tables) == set(all_tables()) == HEDGE_TABLES.keys() | OPTIONAL_TABLES.keys()
    assert {name: len(table) for name, table in study.tables.items()} == study.manifest["rows"]
    assert study.manifest["advice"]["programme"] == "layered"
    assert study.tables["paths"]["short_day"].dtype == np.int64
    assert write_hedge_report(folder).stat().st_size > 50_000


def test_a_change_of_the_tables_is_a_new_format() -> None:
    """Where this fails, a table has changed: give it a new ``HEDGE_FORMAT`` and keep a folder of it."""
    assert schemas_digest(all_tables()) == "765064530e60ebcbb0bd0718abc379d974e8ca464cf7bb76e726e1a5691ac53b"


def test_what_is_written_is_read_back_and_never_over_another(tmp_path: Path) -> None:
    kept = tables()
    places = [write_hedge_folder(tmp_path / "deep" / "study", facts(), kept) for _ in range(2)]
    assert [place.name for place in places] == ["study", "study-2"]
    again = read_hedge_folder(places[1])
    assert {key: value for key, value in again.manifest.items() if key not in STAMPS} == facts()
    for name, table in again.tables.items():
        pd.testing.assert_frame_equal(table, kept[name])
    assert sorted(path.name for path in (tmp_path / "deep").iterdir()) == ["study", "study-2"]


def test_checks_advice_question_and_command_may_be_missing(tmp_path: Path) -> None:
    few = {key: value for key, value in facts().items() if key not in ("advice", "question", "command")}
    wanted = {name: table for name, table in tables().items() if name in HEDGE_TABLES}
    folder = write_hedge_folder(tmp_path / "study", few, wanted)
    assert set(read_hedge_folder(folder).tables) == set(HEDGE_TABLES)
    page = write_hedge_report(folder).read_text()
    for heading in ("What limits the hedge", "In the market", "What was asked", "How to reproduce"):
        assert heading not in page
    assert "it recommends none" in page


def test_a_kind_of_folder_is_not_read_as_another(folder: Path, tmp_path: Path) -> None:
    run = shutil.copytree(FOLDERS / "format-3", tmp_path / "run")
    assert (is_hedge_folder(folder), is_hedge_folder(run), is_hedge_folder(tmp_path)) == (True, False, False)
    for reading in (read_run, write_report):
        assert "of kind 'hedge', which is not a run of the market" in said_of(reading, folder)
    for opening in (read_hedge_folder, write_hedge_report):
        assert "of a run of the market, not of kind 'hedge'" in said_of(opening, run)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def become_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    "damage",
    [
        cut,
        flip_a_bit,
        become_a_folder,
        Path.unlink,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"\0" * 99),
        lambda path: path.write_bytes(b"[" * 100_000),
    ],
    ids=["cut", "a bit flipped", "a folder", "missing", "emptied", "garbage", "deep"],
)
def test_each_part_that_is_damaged_is_named_by_reading_and_by_the_page(
    folder: Path, damage: Callable[[Path], object]
) -> None:
    for part in sorted(folder.iterdir()):
        kept = part.read_bytes()
        damage(part)
        for reading in (read_hedge_folder, write_hedge_report):
            assert part.name in said_of(reading, folder)
        if part.is_dir():
            part.rmdir()
        part.write_bytes(kept)
    assert len(read_hedge_folder(folder).tables) == 7


def test_a_part_of_another_study_is_named(folder: Path, tmp_path: Path) -> None:
    shorter = {**tables(), "bills": tables()["bills"][:2]}
    other = write_hedge_folder(tmp_path / "other", facts(), shorter)
    shutil.copy(other / "bills.parquet", folder / "bills.parquet")
    assert "bills.parquet: damaged or of another run" in said_of(read_hedge_folder, folder)
    (folder / "trades.parquet").write_bytes(b"")
    assert "trades.parquet is no part of this run" in said_of(read_hedge_folder, folder)


def test_a_table_not_verified_is_refused_when_it_is_asked_for(folder: Path) -> None:
    pq.write_table(pa.table({"month": [1]}), folder / "bills.parquet")
    cut(folder / "paths.parquet")
    whole = pq.read_table(folder / "cash_fan.parquet")
    pq.write_table(whole[:2], folder / "cash_fan.parquet")
    study = read_hedge_folder(folder, verify=False)
    for name, words in (
        ("bills", "its columns are not those of a hedging study of format 1: programme, month"),
        ("paths", "not a readable Parquet file"),
        ("cash_fan", f"it has 2 rows, manifest.json states {len(whole)}"),
        ("trades", "table 'trades' is not in this run (it has measures, bills, "),
    ):
        assert words in said_of(lambda _, table=name: study.tables[table], folder)


WRONG: dict[str, list[Any]] = {
    "kind": ["run", None, 3, ["hedge"]],
    "format": [0, 2, "1", True, None],
    "name": [3, None],
    "seed": [-1, "1", 1.5, True],
    "paths": [0, "20", None],
    "mark_every_days": [0, 2.5],
    "programmes": [[], "none", ["none", "none"], [1], None],
    "process": [[], {}, {"class": 3}],
    "need": [3],
    "basis": [None],
    "listing": [{}, {"horizon_months": 0, "days_per_month": 21}, {"horizon_months": "3"}, []],
    "shifts": [3, "none"],
    "frictions": [
        {},
        {"cash_usd": "1", "credit_usd": 0.0, "liquidity": "variation"},
        {"cash_usd": -1.0, "credit_usd": 0.0, "liquidity": "variation"},
        {"cash_usd": None, "credit_usd": None, "liquidity": "variation"},
        {"cash_usd": None, "credit_usd": 0.0, "liquidity": "net"},
    ],
    "versions": [[], {"numpy": 2}],
    "advice": [
        3,
        {},
        {"programme": "layered"},
        *(
            {
                "programme": "layered",
                "runner_up": None,
                "confidence": 0.99,
                "money_usd": None,
                "sentences": [],
            }
            | change
            for change in (
                {"programme": "strip"},
                {"programme": None},
                {"runner_up": "strip"},
                {"confidence": 99},
                {"confidence": None},
                {"money_usd": "much"},
                {"money_usd": -1},
                {"sentences": "Hedge."},
                {"sentences": [1]},
            )
        ),
    ],
    "question": ["why", [["a"]], [["a", 1]], [["a", "b", "c"]], [3]],
    "command": [3, ["sitsim"]],
    "rows": [5, {}, {"bills": 1}, {"bills": "1"}, dict.fromkeys(all_tables(), -1)],
    "sha256": [5, {"bills.parquet": 5}],
}


def test_a_value_of_a_wrong_kind_is_named_whether_or_not_the_checksum_fits(folder: Path) -> None:
    path = folder / "manifest.json"
    whole = json.loads(path.read_text())
    for key, value in [(name, each) for name, values in WRONG.items() for each in values]:
        changed = whole | {key: value}
        for text in (
            json.dumps(changed),
            stamped_text({k: v for k, v in changed.items() if k != OWN_DIGEST}),
        ):
            path.write_text(text)
            for reading in (read_hedge_folder, write_hedge_report):
                message = said_of(reading, folder)
                assert "manifest.json" in message, (key, value)
                assert "damaged" not in message, (key, value)
    for key in whole.keys() - {"advice", "question", "command", "hedges"}:
        path.write_text(json.dumps({name: value for name, value in whole.items() if name != key}))
        assert "manifest.json" in said_of(read_hedge_folder, folder), key


def test_a_changed_fact_and_an_unknown_table_are_named(folder: Path) -> None:
    path = folder / "manifest.json"
    whole = json.loads(path.read_text())
    path.write_text(json.dumps(whole | {"seed": 2}))
    assert "manifest.json: damaged: its content is not what" in said_of(read_hedge_folder, folder)
    more = {key: value for key, value in whole.items() if key != OWN_DIGEST}
    path.write_text(stamped_text(more | {"rows": whole["rows"] | {"lodger": 1}}))
    assert "there is no table 'lodger' in format 1" in said_of(read_hedge_folder, folder)
    path.write_text(stamped_text(more | {"sha256": {}}))
    assert "measures.parquet: damaged or of another run" in said_of(read_hedge_folder, folder)


@pytest.mark.parametrize("place", [3, None, "a\0b", "x" * 300, "nowhere"])
def test_what_is_no_place_of_a_study_is_one_line(place: Any) -> None:
    for reading in (read_hedge_folder, write_hedge_report):
        with pytest.raises(RunFolderError) as failure:
            reading(place)
        assert "\n" not in str(failure.value)
    assert not is_hedge_folder(place)


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("file/study", "file is not a folder"),
        ("x" * 300, "File name too long"),
        ("a\0b", "null"),
        (None, "folder: None is not a path"),
        ("", "does not name a folder"),
    ],
)
def test_an_unusable_place_is_one_line(tmp_path: Path, place: Any, words: str) -> None:
    (tmp_path / "file").write_text("mine")
    where = tmp_path / place if place else place
    with pytest.raises(RunFolderError) as failure:
        write_hedge_folder(where, facts(), tables())
    assert words in str(failure.value)
    assert "\n" not in str(failure.value)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_write_that_is_interrupted_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, written = tables(), []

    def interrupted(path: Path, content: bytes) -> str:
        written.append(path)
        if len(written) == 4:
            raise KeyboardInterrupt
        path.write_bytes(content)
        assert not any(is_hedge_folder(each) for each in tmp_path.iterdir())
        return ""

    monkeypatch.setattr(parts_module, "write_part", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_hedge_folder(tmp_path / "study", facts(), kept)
    assert len(written) == 4
    assert list(tmp_path.iterdir()) == []


def test_the_draft_of_a_dead_writer_is_removed_by_the_next(tmp_path: Path) -> None:
    draft = tmp_path / ".study.0123abcd.partial"
    draft.mkdir()
    shutil.copy(KEPT / "bills.parquet", draft)
    assert "manifest.json is missing" in said_of(read_hedge_folder, draft)
    write_hedge_folder(tmp_path / "study", facts(), tables())
    assert [path.name for path in tmp_path.iterdir()] == ["study"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"advice": {"programme": "layered"}}, "manifest: key 'advice': key 'runner_up' is missing"),
        ({"question": [("Money",)]}, "manifest: key 'question' is not a list of pairs of texts"),
        ({"advice": {1, 2}}, "manifest: Object of type set is not JSON serializable"),
        ({"name": None}, "manifest: key 'name' is not text"),
    ],
)
def test_a_fact_that_is_wrong_is_not_written(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError) as failure:
        write_hedge_folder(tmp_path / "study", facts() | change, tables())
    assert str(failure.value) == words
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("table", "frame", "words"),
    [
        ("trades", pd.DataFrame(), "tables: 'trades' is not one of measures, bills, "),
        (
            "limits",
            pd.DataFrame({"part": ["a"]}),
            r"table limits: columns \['part'\] are not programme",
        ),
        ("limits", 3, r"table limits: columns \[\] are not"),
        (
            "limits",
            pd.DataFrame({"programme": [1], "part": ["a"], "worst_bill_usd": [1.0], "change_usd": [1.0]}),
            "table limits: column programme: ",
        ),
        (
            "limits",
            pd.DataFrame({"programme": ["a"], "part": ["a"], "worst_bill_usd": [None], "change_usd": [1.0]}),
            "table limits: column worst_bill_usd: a value is missing",
        ),
    ],
)
def test_a_table_that_is_wrong_is_not_written(tmp_path: Path, table: str, frame: Any, words: str) -> None:
    with pytest.raises(ParameterError, match=words) as failure:
        write_hedge_folder(tmp_path / "study", facts(), tables() | {table: frame})
    assert "\n" not in str(failure.value)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ParameterError, match="tables: measures is missing"):
        write_hedge_folder(tmp_path / "study", facts(), {})
