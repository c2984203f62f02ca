"""Whatever stands in a scenario file, what is wrong with it is said in one line, soon."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from abm.cli.overrides import parse_overrides
from abm.core.errors import ScenarioError
from abm.scenario import Scenario

SOON_CPU_SECONDS = 2.0
LONGEST_LINE = 1_500

HOSTILE: dict[str, tuple[bytes, str]] = {
    "arrays nested 5,000 deep": (b"name = " + b"[" * 5000 + b"]" * 5000, "nested deeper than 32 levels"),
    "tables nested 5,000 deep": (
        b"a = " + b"{a = " * 5000 + b"1" + b"}" * 5000,
        "nested deeper than 32 levels",
    ),
    "arrays nested 40 deep": (b"name = " + b"[" * 40 + b"]" * 40, "nested deeper than 32 levels"),
    "a key of 20,000 parts": (b".".join([b"a"] * 20_000) + b" = 1", "a key of more than 32 parts (line 1)"),
    "a header of 20,000 parts": (b"\n[" + b". 'a'" * 20_000 + b"]", "a key of more than 32 parts (line 2)"),
    "an integer of 5,000 digits": (
        b"[run]\ndays = " + b"1" * 5000,
        "an integer of more digits than can be read",
    ),
    "an integer of 4,000 digits": (b"[run]\ndays = " + b"1" * 4000, "is not in [1, 25200]"),
    "an integer of 5,000 hexadecimal digits": (b"[run]\ndays = 0x" + b"f" * 5000, "is not in [1, 25200]"),
    "a number of 4,000 digits": (b"[spot]\nkappa = " + b"1" * 4000, "spot.kappa: 1111"),
    "a number beyond floats": (
        b"[spot]\nkappa = 1e999999",
        "spot.kappa: inf is not a finite number in (0, 1000]",
    ),
    "a NUL byte": (b"name = 'a\0b'", "character '\\x00' (at line 1, column 10)"),
    "UTF-16": ("name = 'x'".encode("utf-16"), "UTF-16 or UTF-32 text (allowed: UTF-8)"),
    "20,000 unknown keys": (b"\n".join(b"k%d = 1" % i for i in range(20_000)), "k0: unknown key (allowed: "),
    "5,000 unknown tables": (
        b"\n".join(b"[k%d]\na = 1" % i for i in range(5_000)),
        "k0: unknown key (allowed: ",
    ),
    "20 MB": (b"#" + b" " * 20_000_000, "larger than 1,000,000 bytes, the most that is read"),
    "a key of 300,000 characters": (b"a" * 300_000 + b" = 1", "aaa...: unknown key (allowed: "),
    "a text of 300,000 characters": (
        b"[run]\ndays = '" + b"a" * 300_000 + b"'",
        "aaa... is not an integer in [1",
    ),
    "a key with a line break": (b'"a\\nb\\u001b[31m" = 1', '"a\\nb\\u001b[31m": unknown key (allowed: '),
    "a key with a dot and a quote": (
        b"[agents]\n'noise.\"count' = 1",
        'agents."noise.\\"count": unknown key',
    ),
    "a text with a line break": (
        b'[run]\ndays = "a\\nb\\u202e"',
        'run.days: "a\\nb\\u202e" is not an integer',
    ),
    "a date for a number": (
        b"[run]\ndays = 2027-01-01",
        "run.days: 2027-01-01 is not an integer in [1, 25200]",
    ),
    "a time for a text": (b"name = 10:00:00", "name: 10:00:00 is not a string"),
    "a table twice": (b"[run]\ndays = 1\n[run]\nseed = 1", "not valid TOML: Cannot declare ('run',) twice"),
    "20,000 numbers": (b"[order]\nx = [" + b"1," * 20_000 + b"]", "order: unknown key (allowed: "),
    "extends a table": (b"[extends]\na = 1", "extends: {a = 1} is not a scenario"),
    "extends a very long name": (b"extends = '" + b"x" * 100_000 + b"'", "xxx... is not a packaged scenario"),
    "extends a path too long": (b"extends = '" + b"x" * 100_000 + b".toml'", "File name too long"),
    "extends a name with a NUL": (b'extends = "a\\u0000b.toml"', "a\\x00b.toml: no such file"),
    "extends a name with a line break": (b'extends = "a\\nb.toml"', "a\\nb.toml: no such file"),
    "a price list's name with a NUL": (
        b'[index]\nprovider_prices = "a\\u0000b.csv"',
        "a\\x00b.csv: no such file",
    ),
    "a price list's name too long": (
        b"[index]\nprovider_prices = '" + b"x" * 9_000 + b"'",
        "File name too long",
    ),
}


def one_line(action: Callable[[], object]) -> str:
    started = time.process_time()
    with pytest.raises(ScenarioError) as caught:
        action()
    assert time.process_time() - started < SOON_CPU_SECONDS
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < LONGEST_LINE
    return message


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_refused_in_one_line_and_soon(case: str, tmp_path: Path) -> None:
    content, expected = HOSTILE[case]
    path = tmp_path / "hostile.toml"
    path.write_bytes(content)
    message = one_line(lambda: Scenario.load(path))
    assert message.startswith(f"{path}: ")
    assert expected in message


def test_a_byte_order_mark_and_windows_line_ends_are_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "windows.toml"
    path.write_bytes(b"\xef\xbb\xbf[run]\r\ndays = 3\r\n")
    assert Scenario.load(path).run.days == 3


def test_an_empty_file_is_the_baseline(tmp_path: Path) -> None:
    path = tmp_path / "empty.toml"
    path.write_bytes(b"")
    assert Scenario.load(path).sha256() == Scenario().sha256()


def test_what_is_no_plain_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "device.toml").symlink_to("/dev/zero")
    for name in ("pipe", "folder", "device"):
        path = tmp_path / f"{name}.toml"
        assert one_line(lambda path=path: Scenario.load(path)) == f"{path}: not a file"
    for name in ("pipe", "folder", "device"):
        prices = {"index.provider_prices": str(tmp_path / f"{name}.toml")}
        assert one_line(lambda prices=prices: Scenario().replace(prices)).endswith(f"{name}.toml: not a file")


def test_a_chain_of_a_thousand_files_is_refused_and_one_of_fifty_is_read(tmp_path: Path) -> None:
    for i in range(1000):
        (tmp_path / f"f{i}.toml").write_text(f"extends = 'f{i + 1}.toml'\n[run]\nseed = {i}\n")
    (tmp_path / "f1000.toml").write_text("[run]\ndays = 7\n")
    message = one_line(lambda: Scenario.load(tmp_path / "f0.toml"))
    assert message.endswith("more than 100 files extend each other")
    scenario = Scenario.load(tmp_path / "f950.toml")
    assert (scenario.run.days, scenario.run.seed) == (7, 950)


def test_a_table_replaced_by_a_value_belongs_to_the_file_that_replaced_it(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text("[spot]\njumps = 5\n")
    (tmp_path / "top.toml").write_text("extends = 'base.toml'\n[spot.jumps]\nkind = 'gaussian'\nstd = 9\n")
    message = one_line(lambda: Scenario.load(tmp_path / "top.toml"))
    assert message == f"{tmp_path}/top.toml: spot.jumps.std: 9 is not in [0, 5]"


@pytest.mark.parametrize(
    ("assignment", "expected"),
    [
        ("run.days=" + "1" * 5000, "--set run.days: an integer of more digits than can be read"),
        ("run.days=" + "[" * 5000 + "]" * 5000, "--set run.days: nested deeper than 32 levels"),
        ("run.days=" + "[" * 40 + "]" * 40, "--set run.days: nested deeper than 32 levels"),
        (".".join(["a"] * 5000) + "=1", "more than 32 parts"),
        (
            "run..days=1",
            'run."": unknown key (allowed: days, warm_up_months, warm_up_rules, ',
        ),
        ("run.days=1\n[spot]", '"1\\n[spot]" is not an integer in [1, 25200]'),
        ("run.days=\udcff", "run.days: "),
        ("run\n.days=1", '"run\\n": unknown key (did you mean run?)'),
        ("run\x1b[31m", "--set: 'run\\x1b[31m' is not of the form section.field=value"),
        ("name=\udcff", "name: "),
        ("agents=5", "agents: 5 is not a table"),
        ("spot.seasonality.weekly=[" + "1," * 20_000 + "]", "spot.seasonality.weekly: [1, 1, 1"),
    ],
)
def test_a_hostile_override_is_refused_in_one_line_and_soon(assignment: str, expected: str) -> None:
    assert expected in one_line(lambda: Scenario().replace(parse_overrides([assignment])))


def test_a_change_is_named_by_text() -> None:
    assert one_line(lambda: Scenario().replace({5: 1})) == (  # type: ignore[dict-item]
        "5: unknown key (fields are named by text)"
    )


def test_a_file_of_links_is_read_like_a_scenario_file(tmp_path: Path) -> None:
    graph = {"kind": "edge_list", "edge_list": str(tmp_path / "links.txt")}
    herd = {"agents.sentiment.strength": 0.5, "agents.sentiment.graph": graph}
    (tmp_path / "links.txt").write_bytes(b"\xef\xbb\xbf0 1\r\n")
    Scenario().replace(herd)
    (tmp_path / "links.txt").write_bytes(b"0 " + b"1" * 5000)
    assert "line 1: '0 111" in one_line(lambda: Scenario().replace(herd))
    (tmp_path / "links.txt").write_bytes("0 1".encode("utf-16"))
    assert one_line(lambda: Scenario().replace(herd)).endswith("UTF-16 or UTF-32 text (allowed: UTF-8)")
