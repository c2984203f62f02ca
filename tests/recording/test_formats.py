"""Folders of every format that was ever written stay readable, and a new schema is a new format."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from abm.core.errors import RunFolderError
from abm.recording import FORMAT, SCHEMAS, read_run
from abm.recording import formats as formats_module
from abm.recording.columns import DAY, number, schema, since, text
from abm.recording.formats import HISTORY, Format, schemas_digest, schemas_of
from analysis.report import write_report

FOLDERS = Path(__file__).parent / "folders"
DIGESTS = (
    "91e07be9544d1fdae584eeef46dd79e9dfba780ad8a9e32e98901618de879548",
    "a6c6e06cf187af3dcbd9604f824e5e199bd0575f4b8af4df89fbb8ce892e6071",
    "9767fc20736b7e07c3463151bb0fef5277a64c644510129e124f1e2ef15e0775",
    "c79f26d2ae5fd9246e18658624392a3e7dc42c591c5fec43d3a75008ef9b1a5e",
    "7d90f2bba3f246a042c800a66a3cce0d091c4e30675dd1f2fee6f10df1245d5b",
    "ea4f61d51b00a7eb581f2da21002ec0e8d1b327be0d842da32a28b705a6b5ba8",
)
"""Of the schemas of each format, see ``schemas_digest``."""


def test_the_schemas_are_those_of_the_newest_format() -> None:
    """Where this fails, a schema has changed: that is a new format, see ``abm.recording.formats``."""
    assert schemas_digest(SCHEMAS) == DIGESTS[FORMAT - 1]


@pytest.mark.parametrize("known", HISTORY, ids=lambda known: f"format {known.number}")
def test_the_schemas_of_every_format_follow_from_its_history(known: Format) -> None:
    assert schemas_digest(schemas_of(known.number)) == DIGESTS[known.number - 1]
    assert [each.number for each in HISTORY] == list(range(1, FORMAT + 1))


def changed(name: str, schema: pa.Schema) -> str:
    return schemas_digest(SCHEMAS | {name: schema})


def test_the_digest_sees_a_new_column_a_type_a_unit_and_a_null() -> None:
    spot, column = SCHEMAS["spot"], SCHEMAS["spot"].field("tpi_usd")
    at = spot.get_field_index("tpi_usd")
    others = {
        changed("spot", spot.append(pa.field("new", pa.int64(), metadata={"units": "lots"}))),
        changed("spot", spot.set(at, column.with_type(pa.int64()))),
        changed("spot", spot.set(at, column.with_metadata({"units": "EUR per mSIT"}))),
        changed("spot", spot.set(at, column.with_nullable(True))),
        changed("spot", spot.set(at, column.with_name("index_usd"))),
        changed("new_table", spot),
    }
    assert len(others - {schemas_digest(SCHEMAS)}) == 6


def test_a_folder_of_each_format_is_kept() -> None:
    kept = sorted(path.name for path in FOLDERS.glob("format-*"))
    assert kept == [f"format-{known.number}" for known in HISTORY]
    for folder in FOLDERS.glob("format-*"):
        assert sum(path.stat().st_size for path in folder.iterdir()) < 175_000


@pytest.mark.parametrize("number", range(1, FORMAT + 1))
def test_a_folder_of_each_format_is_read_with_the_columns_of_today(number: int) -> None:
    run = read_run(FOLDERS / f"format-{number}")
    assert run.manifest["format"] == number
    for name, table in run.tables.items():
        assert list(table.columns) == SCHEMAS[name].names, name
        assert len(table) == run.manifest["rows"][name], name
    assert tomllib.loads(run.scenario_toml)["calendar"]["days_per_month"] == run.calendar.days_per_month
    assert bool(run.filled) == (number < FORMAT)


def test_what_format_1_did_not_have_is_null_and_said() -> None:
    run = read_run(FOLDERS / "format-1")
    agents = run.tables["agents"]
    assert agents["credit_interest_usd_micro"].isna().all()
    assert agents["credit_interest_usd_micro"].dtype == pd.Int64Dtype()
    assert agents["final_equity_usd_micro"].sum() > 0
    said = "\n".join(run.filled)
    assert "there was no table transfers yet" in said
    assert "table agents had no pay_usd_micro, levies_usd_micro, credit_interest_usd_micro" in said
    assert "agents.pnl_usd_micro was all that changed the equity" in said
    with pytest.raises(RunFolderError, match="table 'transfers' is not in this run"):
        run.tables["transfers"]


@pytest.mark.verify
@pytest.mark.parametrize("number", range(1, FORMAT + 1))
def test_a_report_is_written_of_a_folder_of_each_format(number: int, tmp_path: Path) -> None:
    folder = shutil.copytree(FOLDERS / f"format-{number}", tmp_path / "run")
    assert "Summary" in write_report(folder).read_text(encoding="utf-8")


def test_a_default_that_is_not_null_fills_a_column(monkeypatch: pytest.MonkeyPatch) -> None:
    later = Format(FORMAT + 1, columns_added={"spot": {"tpi_usd": 0.5, "month": None}})
    monkeypatch.setattr(formats_module, "HISTORY", (*HISTORY, later))
    old = pa.table({"day": [3]}).cast(pa.schema([SCHEMAS["spot"].field("day")]))
    for name in set(SCHEMAS["spot"].names) - {"day", "tpi_usd", "month"}:
        field = SCHEMAS["spot"].field(name)
        old = old.append_column(field, pa.array([1]).cast(field.type))
    filled = formats_module.filled(old, "spot", FORMAT)
    assert filled.column_names == SCHEMAS["spot"].names
    assert (filled["tpi_usd"].to_pylist(), filled["month"].to_pylist()) == ([0.5], [None])
    assert "tpi_usd yet (filled with 0.5)" in "\n".join(formats_module.said_of(FORMAT, frozenset({"spot"})))


def test_a_column_or_table_says_itself_since_which_format_it_is_there() -> None:
    spot, next_one = SCHEMAS["spot"], FORMAT + 1
    more = spot.append(since(next_one, number("new", "USD", "New."))).append(
        since(next_one + 1, text("kind", "Kind."), filled="none")
    )
    grown = SCHEMAS | {"spot": more, "later": schema("Later.", since(next_one, DAY), since=next_one)}
    assert formats_module._declared(SCHEMAS, FORMAT) == ()
    assert formats_module._declared(grown, FORMAT) == (
        Format(next_one, ("later",), {"spot": {"new": None}}),
        Format(next_one + 1, (), {"spot": {"kind": "none"}}),
    )


@pytest.mark.parametrize("number", [FORMAT + 1, 0, -1, True, 1.0, "1", None])
def test_a_newer_format_and_what_is_none_is_refused_in_one_line(number: object, tmp_path: Path) -> None:
    folder = shutil.copytree(FOLDERS / f"format-{FORMAT}", tmp_path / "run")
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": number}))
    with pytest.raises(RunFolderError) as failure:
        read_run(folder)
    assert f"format is {number!r}, this version reads formats 1 to {FORMAT}" in str(failure.value)
    assert ("a newer version" in str(failure.value)) == (number == FORMAT + 1)
