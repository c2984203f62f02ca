"""A run folder opens whole, loads tables when asked, and says in one line what is wrong with it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from abm.core.calendar import TradingCalendar
from abm.core.contract import ContractSpec
from abm.core.errors import RunFolderError
from abm.recording import FORMAT, PROFILES, REQUIRED_MANIFEST_KEYS, SCHEMAS, Recorder, read_run
from analysis.report import write_report

FORMAT_1 = Path(__file__).parent / "folders" / "format-1"

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
    manifest = dict.fromkeys(REQUIRED_MANIFEST_KEYS, "0")
    manifest |= {"contract": asdict(CONTRACT), "calendar": asdict(CALENDAR), "counts": {"messages": 1}}
    manifest |= {"seed": 1, "versions": {}, "metrics": {}, "cpu_seconds": {}}
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
        (lambda folder: (folder / "manifest.json").write_text(""), "not valid JSON (Expecting"),
        (
            lambda folder: (folder / "manifest.json").write_text("[]"),
            "not a table of keys and values but a list",
        ),
        (lambda folder: (folder / "manifest.json").write_text("{}"), "format is None, this version reads"),
        (lambda folder: (folder / "manifest.json").write_text("[" * 100_000), "not valid JSON (maximum rec"),
        (lambda folder: (folder / "manifest.json").write_bytes(b"\xff"), "not valid JSON ('utf-8' codec"),
        (lambda folder: rewrite_manifest(folder, lambda m: m.update(format=99)), "format is 99"),
        (lambda folder: rewrite_manifest(folder, lambda m: m.pop("seed")), "key 'seed' is missing"),
        (lambda folder: rewrite_manifest(folder, lambda m: m.update(seed=2)), "json: damaged: its content"),
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


def test_a_table_of_other_columns_rows_or_bytes_is_refused_when_it_is_read(folder: Path) -> None:
    run = read_run(folder)
    pq.write_table(pa.table({"day": [1]}), folder / "dmm.parquet")
    (folder / "spot.parquet").write_bytes(b"not a table")
    pq.write_table(SCHEMAS["daily"].empty_table(), folder / "agents.parquet")
    with pytest.raises(
        RunFolderError, match=f"its columns are not those of run folder format {FORMAT}: day, account"
    ):
        run.tables["dmm"]
    with pytest.raises(RunFolderError, match=r"spot\.parquet: not a readable Parquet file"):
        run.tables["spot"]
    with pytest.raises(RunFolderError, match=r"agents\.parquet: its columns"):
        run.tables["agents"]
    pq.write_table(pa.Table.from_pylist([], schema=SCHEMAS["dmm"]), folder / "dmm.parquet")
    with pytest.raises(RunFolderError, match=r"dmm\.parquet: it has 0 rows, manifest\.json states 1"):
        run.tables["dmm"]


WRONG = {
    "seed": [-1, "1", 1.5, True, None],
    "scenario_name": [3, None, []],
    "scenario_sha256": [3],
    "state_hash": [3],
    "versions": [[], {"numpy": 2}],
    "counts": [0, {}, {"messages": "5"}, {"messages": 1, "rejected": {"x": "y"}}],
    "metrics": [[], {"spread": "wide"}],
    "cpu_seconds": [0, {"match": "long"}],
    "contract": [[], {}, {"tick": 1}, {"contract_size_msit": 0}, {"contract_size_msit": "1000"}, {"a": 1.5}],
    "calendar": ["", {"rounds_per_day": -1}, {"rounds": 1}, {"listed_months": None}],
    "profile": ["all", 3, ["daily"], None],
    "rows": [5, [], {"dmm": "1"}, {"dmm": -1}, {"lodger": 1}],
    "sha256": [5, {"dmm.parquet": 5}, {}],
    "manifest_sha256": [5, "00"],
}


def test_a_value_of_a_wrong_kind_is_named(folder: Path) -> None:
    whole = (folder / "manifest.json").read_text()
    for key, value in [(name, each) for name, values in WRONG.items() for each in values]:
        (folder / "manifest.json").write_text(json.dumps(json.loads(whole) | {key: value}))
        with pytest.raises(RunFolderError) as failure:
            read_run(folder)
        message = str(failure.value)
        assert "manifest.json" in message, (key, value)
        assert "\n" not in message, (key, value)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    "damage",
    [
        cut,
        flip_a_bit,
        lambda path: path.write_bytes(b""),
        Path.unlink,
        lambda path: path.write_bytes(b"\0" * 99),
    ],
    ids=["cut", "a bit flipped", "emptied", "missing", "garbage"],
)
def test_each_part_that_is_damaged_is_named_by_reading_and_by_the_report(
    folder: Path, damage: Callable[[Path], object]
) -> None:
    for part in sorted(folder.iterdir()):
        kept = part.read_bytes()
        damage(part)
        for reading in (read_run, write_report):
            with pytest.raises(RunFolderError) as failure:
                reading(folder)
            assert part.name in str(failure.value)
            assert "\n" not in str(failure.value)
        part.write_bytes(kept)
    assert read_run(folder).tables["dmm"]["pay_usd_micro"].tolist() == [5]


def test_a_part_of_another_run_is_named(folder: Path, tmp_path: Path) -> None:
    recorder = Recorder("full")
    manifest = json.loads((folder / "manifest.json").read_text())
    other = recorder.write(tmp_path / "other", manifest=manifest, scenario_toml="")
    shutil.copy(other / "dmm.parquet", folder / "dmm.parquet")
    with pytest.raises(RunFolderError, match=r"dmm\.parquet: damaged or of another run"):
        read_run(folder)
    shutil.copy(other / "orders.parquet", folder / "orders.parquet")
    with pytest.raises(RunFolderError, match=r"orders\.parquet is no part of this run"):
        read_run(folder)


def test_a_cut_table_of_a_folder_without_checksums_is_named(tmp_path: Path) -> None:
    folder = shutil.copytree(FORMAT_1, tmp_path / "run")
    for part in sorted(folder.glob("*.parquet")):
        kept = part.read_bytes()
        cut(part)
        with pytest.raises(RunFolderError, match=f"{part.name}: not a readable Parquet file"):
            read_run(folder)
        part.write_bytes(kept)
    pq.write_table(pq.read_table(folder / "spot.parquet")[:2], folder / "spot.parquet")
    with pytest.raises(RunFolderError, match=r"spot\.parquet: it has 2 rows, manifest\.json states 3"):
        read_run(folder)


@pytest.mark.parametrize("place", [3, None, "a\0b", "x" * 300])
def test_what_is_no_place_of_a_run_is_one_line(place: object) -> None:
    with pytest.raises(RunFolderError) as failure:
        read_run(place)
    assert "\n" not in str(failure.value)
