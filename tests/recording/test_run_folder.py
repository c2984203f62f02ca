"""A run folder opens whole, loads tables when asked, and says in one line what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from abm.core.calendar import TradingCalendar
from abm.core.contract import ContractSpec
from abm.core.errors import RunFolderError
from abm.recording import REQUIRED_MANIFEST_KEYS, Recorder, read_run
from abm.recording.schemas import PROFILES, SCHEMAS

CONTRACT = ContractSpec(product_code="GPU", tick_size_usd_micro=500)
CALENDAR = TradingCalendar(rounds_per_day=6)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    recorder = Recorder("summary")
    recorder.append(
        "dmm",
        day=0,
        account=1,
        presence=0.9,
        spread_compliance=0.9,
        size_compliance=1.0,
        at_best=0.5,
        stress_presence=1.0,
        stress_share=0.0,
        obligation_met=True,
        under_contract=True,
        pay_usd_micro=5,
    )
    manifest = dict.fromkeys(REQUIRED_MANIFEST_KEYS, 0)
    manifest |= {"contract": asdict(CONTRACT), "calendar": asdict(CALENDAR)}
    return recorder.write(tmp_path / "run", manifest=manifest, scenario_toml="[run]\nname = 'é'\n")


def test_a_run_folder_gives_back_manifest_scenario_contract_and_calendar(folder: Path) -> None:
    run = read_run(str(folder))
    assert run.path == folder
    assert run.scenario_toml == "[run]\nname = 'é'\n"
    assert run.contract == CONTRACT
    assert run.calendar == CALENDAR
    assert run.tables["dmm"]["pay_usd_micro"].tolist() == [5]


def test_a_table_is_read_when_first_asked_for_and_once(folder: Path) -> None:
    run = read_run(folder)
    first = run.tables["dmm"]
    (folder / "dmm.parquet").unlink()
    assert run.tables["dmm"] is first
    assert "daily" in run.tables
    assert "orders" not in run.tables


def rewrite_manifest(folder: Path, change: Callable[[dict[str, object]], object]) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (
            lambda folder: (folder / "manifest.json").unlink(),
            "manifest.json is missing, so this is not a run",
        ),
        (lambda folder: (folder / "manifest.json").write_text("{"), "not valid JSON (Expecting"),
        (lambda folder: (folder / "manifest.json").write_text("[]"), "format is None, this version reads"),
        (lambda folder: rewrite_manifest(folder, lambda m: m.update(format=99)), "format is 99"),
        (lambda folder: rewrite_manifest(folder, lambda m: m.pop("seed")), "key 'seed' is missing"),
        (lambda folder: (folder / "scenario.toml").unlink(), "scenario.toml is missing"),
        (lambda folder: (folder / "dmm.parquet").unlink(), "dmm.parquet is missing"),
    ],
)
def test_a_damaged_folder_is_named_in_one_line(
    folder: Path, damage: Callable[[Path], object], words: str
) -> None:
    damage(folder)
    with pytest.raises(RunFolderError) as failure:
        read_run(folder)
    message = str(failure.value)
    assert words in message
    assert str(folder) in message
    assert "\n" not in message


def test_a_folder_that_does_not_exist_is_named_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match=r"nowhere: there is no such run folder$"):
        read_run(tmp_path / "nowhere")


def test_a_table_that_the_profile_dropped_is_named_with_those_there_are(folder: Path) -> None:
    kept = ", ".join(table for table in SCHEMAS if table in PROFILES["summary"])
    with pytest.raises(RunFolderError) as failure:
        read_run(folder).tables["trades"]
    assert str(failure.value) == f"{folder}: table 'trades' is not in this run (it has {kept})"


def test_a_table_of_other_columns_or_bytes_is_refused(folder: Path) -> None:
    pq.write_table(pa.table({"day": [1]}), folder / "dmm.parquet")
    (folder / "spot.parquet").write_bytes(b"not a table")
    run = read_run(folder)
    with pytest.raises(
        RunFolderError, match="its columns are not those of run folder format 1: day, account"
    ):
        run.tables["dmm"]
    with pytest.raises(RunFolderError, match=r"spot\.parquet: not a readable Parquet file"):
        run.tables["spot"]
