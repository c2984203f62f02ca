"""The recorder keeps what its profile asks for, checks every column, and writes all of a run or nothing."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from abm.core.calendar import TradingCalendar
from abm.core.contract import ContractSpec
from abm.core.errors import ParameterError, RunFolderError
from abm.core.orders import NO_PRICE
from abm.recording import PROFILES, SCHEMAS, Recorder, read_run, units

MANIFEST = {
    "seed": 1,
    "scenario_name": "plain",
    "scenario_sha256": "00",
    "state_hash": "ff",
    "versions": {},
    "counts": {"messages": np.int64(5)},
    "metrics": {"spread": float("nan"), "share": np.float64(0.5)},
    "cpu_seconds": {"exchange": 1.0},
    "contract": asdict(ContractSpec()),
    "calendar": asdict(TradingCalendar()),
}
SAMPLES = {"int64": [3, -4], "double": [0.5, float("nan")], "bool": [True, False], "string": ["a", "b é"]}


def two_rows(table: str) -> dict[str, np.ndarray]:
    """Two rows of a table; each price that may be absent is absent in the second."""
    rows = {}
    for field in SCHEMAS[table]:
        values = np.array(SAMPLES[str(field.type)])
        rows[field.name] = np.where([False, field.nullable], NO_PRICE, values) if field.nullable else values
    return rows


def write(recorder: Recorder, folder: Path) -> Path:
    return recorder.write(folder, manifest=MANIFEST, scenario_toml="[run]\ndays = 1\n")


@pytest.mark.parametrize("table", SCHEMAS)
def test_a_table_comes_back_as_it_was_recorded(table: str, tmp_path: Path) -> None:
    recorder = Recorder("full", margin_models=True)
    recorder.append(table, **two_rows(table))
    folder = write(recorder, tmp_path / "run")

    in_memory, on_disk = recorder.table(table), read_run(folder).tables[table]
    pd.testing.assert_frame_equal(in_memory, on_disk)
    for field in SCHEMAS[table]:
        first, second = on_disk[field.name]
        sample = SAMPLES[str(field.type)]
        assert first == sample[0]
        if field.nullable:
            assert second is pd.NA
        else:
            assert second == sample[1] or (np.isnan(second) and np.isnan(sample[1]))


@pytest.mark.parametrize("table", SCHEMAS)
def test_the_file_on_disk_names_the_units_of_every_column(table: str, tmp_path: Path) -> None:
    folder = write(Recorder("full", margin_models=True), tmp_path / "run")
    schema = pq.read_schema(folder / f"{table}.parquet")
    assert schema.metadata[b"description"]
    assert {field.name: field.metadata[b"units"].decode() for field in schema} == units(table)
    assert all(units(table).values())


def test_units_follow_the_column_names() -> None:
    for table in SCHEMAS:
        for column, unit in units(table).items():
            if column.endswith("_usd_micro"):
                assert unit == "micro-USD", f"{table}.{column}"
            elif column.endswith("_ticks"):
                assert unit == "ticks", f"{table}.{column}"
            elif column.endswith("_lots"):
                assert unit == "lots", f"{table}.{column}"
            elif column.endswith("_usd"):
                assert unit in ("USD", "USD per mSIT"), f"{table}.{column}"


def test_column_types_do_not_depend_on_the_rows() -> None:
    empty, filled = Recorder("full", margin_models=True), Recorder("full", margin_models=True)
    for table in SCHEMAS:
        filled.append(table, **two_rows(table))
        assert list(empty.table(table).dtypes) == list(filled.table(table).dtypes), table


def test_scalars_stand_on_every_row_and_pieces_may_mix_scalars_and_arrays() -> None:
    recorder = Recorder("full", margin_models=True)
    recorder.append(
        "ledger", day=1, round=2, debit=np.array([5, 6], np.int32), credit=7, amount_usd_micro=9, kind="fee"
    )
    recorder.append("ledger", day=1, round=3, debit=8, credit=7, amount_usd_micro=1, kind="variation")
    recorder.append(
        "ledger", day=2, round=0, debit=np.empty(0, np.int32), credit=1, amount_usd_micro=1, kind="nothing"
    )
    table = recorder.table("ledger")
    assert table["day"].tolist() == [1, 1, 1]
    assert table["round"].tolist() == [2, 2, 3]
    assert table["debit"].tolist() == [5, 6, 8]
    assert table["kind"].tolist() == ["fee", "fee", "variation"]


def test_a_recorded_row_does_not_move_with_the_state_it_was_taken_from() -> None:
    recorder = Recorder("full", margin_models=True)
    amounts = np.array([10, 20])
    recorder.append("ledger", day=0, round=0, debit=1, credit=2, amount_usd_micro=amounts, kind="fee")
    amounts[:] = 0
    assert recorder.table("ledger")["amount_usd_micro"].tolist() == [10, 20]


def test_amounts_beyond_the_exact_floats_survive(tmp_path: Path) -> None:
    recorder = Recorder("full", margin_models=True)
    amount = 2**62 + 1
    recorder.append("ledger", day=0, round=0, debit=1, credit=2, amount_usd_micro=amount, kind="fee")
    price = two_rows("quotes") | {"best_bid_ticks": np.array([2**60 + 1, NO_PRICE])}
    recorder.append("quotes", **price)
    run = read_run(write(recorder, tmp_path / "run"))
    assert run.tables["ledger"]["amount_usd_micro"].tolist() == [amount]
    assert run.tables["quotes"]["best_bid_ticks"][0] == 2**60 + 1


@pytest.mark.parametrize(
    ("profile", "kept", "dropped"),
    [
        ("summary", {"spot", "daily", "hedging", "agents", "defaults", "dmm", "margin_calls"}, {"quotes"}),
        ("daily", {"quotes", "trades", "accounts", "daily"}, {"orders", "ledger"}),
        ("full", set(SCHEMAS) - {"margin_models", "margin_model_lots"}, set()),
    ],
)
def test_a_profile_keeps_its_tables_and_drops_the_others(
    profile: str, kept: set[str], dropped: set[str], tmp_path: Path
) -> None:
    recorder = Recorder(profile)
    for table in SCHEMAS:
        recorder.append(table, **two_rows(table))
    assert all(recorder.keeps(table) for table in kept)
    assert not any(recorder.keeps(table) for table in dropped)

    run = read_run(write(recorder, tmp_path / "run"))
    assert set(run.tables) == set(PROFILES[profile])
    assert run.manifest["rows"] == dict.fromkeys(PROFILES[profile], 2)


def test_an_unknown_profile_is_the_users_mistake() -> None:
    with pytest.raises(ParameterError, match=r"recording\.profile: 'all' is not one of summary, daily, full"):
        Recorder("all")


LEDGER_ROW = {"day": 0, "round": 0, "debit": 1, "credit": 2, "amount_usd_micro": 3, "kind": "fee"}


@pytest.mark.parametrize("profile", ["full", "summary"])
@pytest.mark.parametrize(
    ("table", "changes", "words"),
    [
        ("lodger", {}, "there is no table 'lodger'"),
        ("ledger", {"memo": 1}, "unknown columns ['memo'], missing columns []"),
        ("ledger", {"kind": None}, "missing columns ['kind']"),
    ],
)
def test_a_wrong_name_is_our_bug_whether_or_not_the_table_is_kept(
    profile: str, table: str, changes: dict[str, object], words: str
) -> None:
    row = {name: value for name, value in (LEDGER_ROW | changes).items() if value is not None}
    with pytest.raises(AssertionError) as failure:
        Recorder(profile).append(table, **row)
    assert words in str(failure.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"debit": np.array([1, 2]), "credit": np.array([1, 2, 3])}, "ledger.credit: 3 rows"),
        ({"debit": np.ones((2, 2), np.int64)}, "not one-dimensional"),
        ({"amount_usd_micro": 1.5}, "ledger.amount_usd_micro: values of type float64"),
        ({"amount_usd_micro": np.array([1.0])}, "ledger.amount_usd_micro: values of type float64"),
        ({"kind": 3}, "ledger.kind: values of type int64"),
    ],
)
def test_wrong_lengths_and_types_are_our_bug(changes: dict[str, object], words: str) -> None:
    def record() -> None:
        recorder = Recorder("full", margin_models=True)
        recorder.append("ledger", **(LEDGER_ROW | changes))
        recorder.table("ledger")

    with pytest.raises(AssertionError) as failure:
        record()
    assert words in str(failure.value)


def test_a_folder_that_exists_is_never_touched(tmp_path: Path) -> None:
    first = write(Recorder("summary"), tmp_path / "run")
    before = {path.name: path.read_bytes() for path in first.iterdir()}
    second, third = (write(Recorder("summary"), tmp_path / "run") for _ in range(2))
    assert [first.name, second.name, third.name] == ["run", "run-2", "run-3"]
    assert {path.name: path.read_bytes() for path in first.iterdir()} == before


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch], ids=["empty folder", "file"])
def test_an_empty_folder_or_a_file_of_the_same_name_is_never_replaced(
    make: Callable[[Path], None], tmp_path: Path
) -> None:
    taken = tmp_path / "run"
    make(taken)
    assert write(Recorder("summary"), taken).name == "run-2"
    assert taken.is_file() or list(taken.iterdir()) == []


def test_a_name_taken_in_the_last_moment_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    move = os.rename

    def rival_first(source: Path, target: Path) -> None:
        if target.name == "run":
            target.mkdir()
            (target / "rival").touch()
        move(source, target)

    monkeypatch.setattr(os, "rename", rival_first)
    assert write(Recorder("summary"), tmp_path / "run").name == "run-2"
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["rival"]


@pytest.mark.parametrize("stop", [OSError("disk full"), KeyboardInterrupt()])
@pytest.mark.parametrize("moment", ["first table", "third table", "manifest", "move"])
def test_an_interrupted_write_leaves_nothing_behind(
    stop: BaseException, moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables_written = 0

    def fail(*_: object, **__: object) -> None:
        raise stop

    def fail_at_table(table: object, path: Path, **options: object) -> None:
        nonlocal tables_written
        tables_written += 1
        if tables_written == {"first table": 1, "third table": 3}[moment]:
            fail()
        write_table(table, path, **options)

    write_table = pq.write_table
    if moment == "manifest":
        monkeypatch.setattr(json, "dumps", fail)
    elif moment == "move":
        monkeypatch.setattr(os, "rename", fail)
    else:
        monkeypatch.setattr(pq, "write_table", fail_at_table)
    named = RunFolderError if isinstance(stop, OSError) else type(stop)
    with pytest.raises(named, match="run: cannot be written: disk full" if named is RunFolderError else None):
        write(Recorder("summary"), tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_a_manifest_without_a_fact_that_readers_need_is_our_bug(tmp_path: Path) -> None:
    short = {key: value for key, value in MANIFEST.items() if key != "state_hash"}
    with pytest.raises(AssertionError, match="manifest lacks state_hash"):
        Recorder("summary").write(tmp_path / "run", manifest=short, scenario_toml="")
    assert list(tmp_path.iterdir()) == []


def test_the_manifest_is_standard_json_with_plain_numbers(tmp_path: Path) -> None:
    folder = write(Recorder("summary"), tmp_path / "deep" / "run")
    text = (folder / "manifest.json").read_text()
    manifest = json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
    assert manifest["metrics"] == {"spread": None, "share": 0.5}
    assert manifest["counts"] == {"messages": 5}
    assert manifest["profile"] == "summary"


def test_recording_a_year_of_rounds_is_cheap() -> None:
    def cpu_seconds_of_a_year() -> float:
        recorder, row = Recorder("daily"), np.arange(12)
        names = [name for name in SCHEMAS["quotes"].names if name not in ("day", "round")]
        start = time.process_time()
        for number in range(12_000):
            recorder.append("quotes", day=number // 48, round=number % 48, **dict.fromkeys(names, row))
        return time.process_time() - start

    assert min(cpu_seconds_of_a_year() for _ in range(3)) < 0.3


def test_rows_before_the_record_begins_are_in_no_table_and_months_count_from_its_first() -> None:
    recorder = Recorder("full")
    recorder.wait()
    recorder.append("orders", **two_rows("orders"))
    recorder.begin(months_before=3, rounds_before=40)
    rows = two_rows("orders") | {"month": np.array([3, -1])}  # -1: all months
    recorder.append("orders", **rows)
    recorder.append("margin_calls", **(two_rows("margin_calls") | {"deadline_round": np.array([40, 52])}))
    assert recorder.table("orders")["month"].tolist() == [0, -1]
    assert recorder.table("margin_calls")["deadline_round"].tolist() == [0, 12]
