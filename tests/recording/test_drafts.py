"""A place is tried before it is needed; what is written appears whole, and dead writers leave nothing."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from test_recorder import MANIFEST, write

from abm.core.errors import RunFolderError
from abm.market import run
from abm.recording import Recorder, check_place, read_run
from abm.recording.drafts import draft_file, draft_folder, remove_abandoned, write_file


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """A folder with what cannot be written to."""
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "circle").symlink_to("circle")
    return tmp_path


PLACES = {
    "file/run": "file is not a folder",
    "file/deeper/run": "file is not a folder",
    "link/run": "link is a link to nothing",
    "link/deeper/run": "link is a link to nothing",
    "circle/run": "circle is a link to nothing",
    "x" * 256: "File name too long",
    "new/" + "x" * 256: "File name too long",
    "new/" + "x" * 256 + "/run": "File name too long",
    "a\0b": "embedded null",
    "a\0b/run": "embedded null",
}


@pytest.mark.parametrize("place", PLACES, ids=lambda place: repr(place[:12]))
@pytest.mark.parametrize(
    "writing",
    [check_place, lambda path: run("plain", out=path), lambda path: write(Recorder("summary"), path)],
    ids=["check", "run", "write"],
)
def test_an_unusable_place_is_named_in_one_line_and_nothing_is_left(room: Path, place: str, writing) -> None:
    before = sorted(room.rglob("*"))
    with pytest.raises(RunFolderError) as failure:
        writing(room / place)
    message = str(failure.value)
    assert "run" in message or "x" * 256 in message or "\\x00" in message
    assert "\n" not in message
    if writing is check_place:
        assert PLACES[place] in message
        assert sorted(room.rglob("*")) == before


@pytest.mark.parametrize("place", ["", ".", "/", "..", "a/..", 3, b"run", None])
def test_a_place_without_a_name_is_refused(place: object) -> None:
    with pytest.raises(RunFolderError, match=r"^out: "):
        check_place(place)


def test_a_place_whose_parents_are_missing_is_usable_and_they_are_not_made_yet(tmp_path: Path) -> None:
    assert check_place(tmp_path / "a" / "b" / "run") == tmp_path / "a" / "b" / "run"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.ENOSPC, errno.EDQUOT])
def test_what_the_system_refuses_is_said_in_its_words(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, *_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code), str(path))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(RunFolderError) as failure:
        check_place(tmp_path / "run")
    assert str(failure.value) == f"{tmp_path / 'run'}: cannot be written: {os.strerror(code)}"


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")  # as a write says it, without a name

    monkeypatch.setattr(Path, "write_bytes", full)
    for writing in (
        lambda: write(Recorder("summary"), tmp_path / "run"),
        lambda: write_file(tmp_path / "p", b""),
    ):
        with pytest.raises(RunFolderError, match="cannot be written: No space left on device"):
            writing()
    assert list(tmp_path.iterdir()) == []


def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("theirs")
    for name in ("report.html", ".report.html.partial"):
        (tmp_path / name).symlink_to("theirs")
    write_file(tmp_path / "report.html", b"ours")
    assert (tmp_path / "theirs").read_text() == "theirs"
    assert (tmp_path / "report.html").read_text() == "ours"
    assert not (tmp_path / "report.html").is_symlink()


def test_a_folder_in_the_place_of_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "report.html").mkdir()
    with pytest.raises(RunFolderError, match=r"report\.html: cannot be written: Is a directory"):
        write_file(tmp_path / "report.html", b"ours")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_writers_at_the_same_time_never_mix(tmp_path: Path) -> None:
    pages = [bytes([number]) * 200_000 for number in range(8)]
    writers = [threading.Thread(target=write_file, args=(tmp_path / "p", page)) for page in pages]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert (tmp_path / "p").read_bytes() in pages
    assert [path.name for path in tmp_path.iterdir()] == ["p"]


def test_drafts_of_living_writers_stay_and_those_of_dead_ones_go(tmp_path: Path) -> None:
    with draft_folder(tmp_path / "run") as folder, draft_file(tmp_path / "p", suffix=".svg") as file:
        (folder / "spot.parquet").touch()
        for name in (".run.0123abcd.partial", ".old.0123abcd.partial"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "spot.parquet").touch()
        for name in (".p.0123abcd.partial", ".report.html.partial", ".fit.0123abcd.partial.svg"):
            (tmp_path / name).touch()
        remove_abandoned(tmp_path)
        assert sorted(tmp_path.iterdir()) == sorted([folder, file])
    assert list(tmp_path.iterdir()) == []


def test_nothing_but_drafts_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".notes.0123abcd.partial").mkdir()
    (tmp_path / ".notes.0123abcd.partial" / "thesis.tex").touch()
    (tmp_path / ".run.partial").mkdir()
    (tmp_path / "run.0123abcd.partial").touch()
    (tmp_path / ".run.89abcdef.partial").symlink_to(tmp_path / ".notes.0123abcd.partial")
    before = sorted(tmp_path.rglob("*"))
    remove_abandoned(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


KILLED_IN_MID_WRITE = """
import os, signal, sys
from pathlib import Path
from abm.recording import Recorder
sys.path.insert(0, {tests!r})
from test_recorder import MANIFEST
wrote = Path.write_bytes
def last(path, content):
    wrote(path, content)
    if path.name == "scenario.toml":
        os.kill(os.getpid(), signal.SIGKILL)
Path.write_bytes = last
Recorder("summary").write({out!r}, manifest=MANIFEST, scenario_toml="")
"""


@pytest.mark.verify
def test_a_killed_writer_leaves_nothing_that_looks_whole_and_the_next_one_cleans_up(tmp_path: Path) -> None:
    code = KILLED_IN_MID_WRITE.format(tests=str(Path(__file__).parent), out=str(tmp_path / "run"))
    killed = subprocess.run([sys.executable, "-c", code], check=False)
    assert killed.returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".run.")
    with pytest.raises(RunFolderError):
        read_run(left)
    assert write(Recorder("summary"), tmp_path / "run") == tmp_path / "run"
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert read_run(tmp_path / "run").manifest["seed"] == MANIFEST["seed"]
