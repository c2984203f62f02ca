"""Where a command writes: an unusable place is found before the work, and every failure is one line."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from test_command_line import ToyMarket, market, sitsim  # noqa: F401  (market is a fixture)

from abm.cli.failures import told
from abm.recording import drafts

FORMAT_1 = Path(__file__).parents[1] / "recording" / "folders" / "format-1"


@pytest.mark.parametrize(
    ("out", "words"),
    [
        ("", "--out: '' is not a path"),
        ("file", "file is not a folder"),
        ("file/deeper", "file is not a folder"),
        ("link", "link is a link to nothing"),
        ("x" * 256, "File name too long"),
        ("a\0b", "null"),
        ("/dev/null/x", "/dev/null is not a folder"),
    ],
)
def test_an_unusable_out_is_one_line_before_the_run(
    market: ToyMarket,  # noqa: F811
    tmp_path: Path,
    out: str,
    words: str,
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("nowhere")
    market.failure = AssertionError("the run has begun")
    result = sitsim("run", "baseline", "--out", out)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert words in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "link"]


def test_a_scenario_name_too_long_for_a_folder_is_found_before_the_run(
    market: ToyMarket,  # noqa: F811
) -> None:
    market.failure = AssertionError("the run has begun")
    result = sitsim("run", "baseline", "--set", f"name='{'x' * 250}'")
    assert (result.exit_code, "File name too long" in result.stderr) == (2, True)


@pytest.mark.parametrize("error", [OSError(errno.EIO, "Input/output error", "spot.csv"), OSError(28, "full")])
def test_what_the_system_refuses_in_a_run_is_one_line(
    market: ToyMarket,  # noqa: F811
    error: OSError,
) -> None:
    market.failure = error
    result = sitsim("run", "baseline")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == f"sitsim: {told(error)}"
    assert told(error) in ("spot.csv: Input/output error", "standard output: full")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["report", ""], "RUN_FOLDER: '' is not a path"),
        (["report", "a\0b"], "there is no such run folder"),
        (["report", "x" * 300], "File name too long"),
        (["report", "file"], "file: there is no such run folder"),
        (["calibrate", ""], "CSV: '' is not a path"),
        (["calibrate", "file", "--write", ""], "--write: '' is not a path"),
        (["calibrate", "file", "--figure", ""], "--figure: '' is not a path"),
        (["calibrate", "file", "--write", "x" * 252 + ".toml"], "File name too long"),
        (["calibrate", "file", "--write", "a\0b.toml"], "null"),
        (["calibrate", "file", "--write", "/proc/a.toml"], "/proc/a.toml: cannot be written: No such file"),
        (["calibrate", "file", "--figure", "file/a.png"], "file/a.png is not a file in an existing folder"),
        (["calibrate", "nowhere.csv"], "nowhere.csv: "),
        (["calibrate", "/proc/self/mem"], "/proc/self/mem: cannot be read: Input/output error"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_place_that_is_none_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    result = sitsim(*arguments)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert words in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_report_says_what_an_older_folder_did_not_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from analysis import report

    monkeypatch.setattr(report, "render", lambda run: "page")
    folder = shutil.copytree(FORMAT_1, tmp_path / "run")
    result = sitsim("report", str(folder))
    assert (result.exit_code, result.stdout) == (0, f"{folder / 'report.html'}\n")
    assert "sitsim: run folder of format 1: there was no table transfers yet\n" in result.stderr


def test_a_report_that_cannot_be_written_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from analysis import report

    monkeypatch.setattr(report, "render", lambda run: "page")
    folder = shutil.copytree(FORMAT_1, tmp_path / "run")
    (folder / "report.html").mkdir()
    result = sitsim("report", str(folder))
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{folder / 'report.html'}: cannot be written: Is a directory\n" in result.stderr

    def full(path: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(drafts.Path, "write_bytes", full)
    result = sitsim("report", str(folder))
    assert f"{folder / 'report.html'}: cannot be written: No space left on device\n" in result.stderr
    assert not [path for path in folder.iterdir() if "partial" in path.name]


@pytest.mark.verify
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no device that is always full")
def test_an_output_that_takes_nothing_is_one_line_without_a_trace_of_ours() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-c", "from abm.cli import main; main()", "schema"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (2, "sitsim: standard output: No space left on device\n")


def test_a_reader_that_is_gone_is_one_line_and_a_failing_stderr_no_more_than_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))

    monkeypatch.setattr("abm.scenario.list_scenarios", gone)
    result = sitsim("list")
    assert (result.exit_code, result.stderr) == (2, "sitsim: standard output: Broken pipe\n")


def test_a_reader_that_is_gone_while_a_summary_is_printed_is_one_line_too(
    market: ToyMarket,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def as_rich_does(folder: Path) -> None:
        try:
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
        except BrokenPipeError:
            raise SystemExit(1)  # noqa: B904

    monkeypatch.setattr("abm.cli.running._print_summary", as_rich_does)
    result = sitsim("run", "baseline")
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (2, "sitsim: standard output: Broken pipe")
