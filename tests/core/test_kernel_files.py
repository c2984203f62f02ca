"""Files of compiled kernels: a damaged or stale one is never used, and no place for them is no failure."""

from __future__ import annotations

import importlib
import logging
import os
import sys
import tempfile
import time
from pathlib import Path

import pytest

from abm.core import kernel as kernel_module
from abm.core import kernel_cache
from abm.core.kernel_cache import KernelStore, cache_root, temporary_root

FEES = "from abm.core.kernel import kernel\n\n\n@kernel\ndef fee(lots):\n    return lots * {fee}\n"
BILLS = (
    "from abm.core.kernel import kernel\nfrom {fees} import fee\nFIXED = {fixed}\n\n\n"
    "@kernel\ndef bill(lots):\n    return fee(lots) + FIXED\n"
)


class Desk:
    """Two files of a user's kernels, one calling the other, and the store of what is compiled."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.names = f"fees_{folder.name}", f"bills_{folder.name}"
        self._monkeypatch = monkeypatch
        monkeypatch.syspath_prepend(folder)
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
        self.keep_in(folder / "kernels")

    def keep_in(self, folder: Path) -> None:
        self.store = KernelStore(folder)
        self._monkeypatch.setattr(kernel_module, "_store", lambda: self.store)

    def bill(self, *, fee: int = 2, fixed: int = 1) -> tuple[int, bool]:
        """Write both files, import them afresh; return the bill of 10 lots, and if it was compiled."""
        fees, bills = self.names
        (self.folder / f"{fees}.py").write_text(FEES.format(fee=fee))
        (self.folder / f"{bills}.py").write_text(BILLS.format(fees=fees, fixed=fixed))
        for name in self.names:
            sys.modules.pop(name, None)
        importlib.invalidate_caches()
        function = importlib.import_module(bills).bill
        return function(10), bool(function.stats.cache_misses)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(kernel_cache, "_SAID", set())
    return Desk(tmp_path, monkeypatch)


def test_a_kernel_is_compiled_once_and_again_when_anything_it_is_made_of_changes(desk: Desk) -> None:
    assert desk.bill() == (21, True)
    assert desk.bill() == (21, False)
    assert desk.bill(fee=3) == (31, True)
    assert desk.bill(fee=3, fixed=5) == (35, True)


def test_a_damaged_file_is_compiled_again(desk: Desk) -> None:
    desk.bill()
    for path in desk.store.folder.glob("*.nbc"):
        flip_a_byte(path)
    assert desk.bill() == (21, True)
    assert desk.bill() == (21, False)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def put_a_folder_in_its_place(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    "damage",
    [cut, flip_a_byte, lambda path: path.write_bytes(b""), Path.unlink, put_a_folder_in_its_place],
    ids=["cut", "a byte flipped", "emptied", "gone", "a folder"],
)
def test_a_damaged_file_is_not_served_and_another_takes_its_place(desk: Desk, damage) -> None:
    desk.store.save("bill.nbc", b"compiled")
    assert list(desk.store.load("bill.nbc")) == [b"compiled"]
    damage(desk.store.folder / "bill.nbc")
    assert list(desk.store.load("bill.nbc")) == []
    desk.store.save("bill.nbc", b"again")
    assert list(desk.store.load("bill.nbc")) == [b"again"]


def test_where_the_folder_cannot_be_made_kernels_are_kept_elsewhere_and_never_stale(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    (desk.folder / "file").touch()
    desk.keep_in(desk.folder / "file" / "kernels-1")
    with caplog.at_level(logging.WARNING, "sitsim"):
        assert desk.bill() == (21, True)
        assert desk.bill(fee=3) == (31, True)
        assert desk.bill(fee=3) == (31, False)
    elsewhere = desk.folder / f"sitsim-{os.getuid()}" / "kernels-1"
    (line,) = [record.getMessage() for record in caplog.records]
    assert "file/kernels-1 (Not a directory)" in line
    assert f"they are kept in {elsewhere}" in line
    assert elsewhere.stat().st_mode & 0o777 & ~0o755 == 0
    assert elsewhere.parent.stat().st_mode & 0o777 == 0o700
    assert not list(desk.folder.rglob("*.nbi"))


def test_a_folder_that_cannot_be_written_still_serves_what_is_in_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.store.save("bill.nbc", b"compiled")
    desk.keep_in(desk.store.folder)
    replace = os.replace

    def refuse(draft: Path, target: Path) -> None:
        if target.parent == desk.store.folder:
            raise PermissionError(13, "Permission denied")
        replace(draft, target)

    monkeypatch.setattr(os, "replace", refuse)
    desk.store.save("fee.nbc", b"elsewhere")
    assert list(desk.store.load("bill.nbc")) == [b"compiled"]
    assert list(desk.store.load("fee.nbc")) == [b"elsewhere"]
    assert [path.name for path in desk.store.folder.iterdir()] == ["bill.nbc"]


def test_without_any_place_nothing_is_kept_and_that_is_said(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    (desk.folder / f"sitsim-{os.getuid()}").touch()
    (desk.folder / "file").touch()
    desk.keep_in(desk.folder / "file" / "kernels-1")
    with caplog.at_level(logging.WARNING, "sitsim"):
        desk.store.save("bill.nbc", b"compiled")
        desk.store.save("fee.nbc", b"compiled")
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.endswith("every run compiles them again")
    assert list(desk.store.load("bill.nbc")) == []
    assert not list(desk.folder.rglob("*.nbc"))


@pytest.mark.parametrize("fault", ["open to others", "a link", "of another user"])
def test_compiled_code_is_not_taken_from_a_temporary_folder_of_somebody_else(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    root = temporary_root(make=True)
    assert root == tmp_path / f"sitsim-{os.getuid()}"
    if fault == "open to others":
        root.chmod(0o777)
    elif fault == "a link":
        root.rename(tmp_path / "theirs")
        root.symlink_to(tmp_path / "theirs")
    else:
        root.rename(tmp_path / "sitsim-12345")
        monkeypatch.setattr(os, "getuid", lambda: 12345)
        monkeypatch.setattr(Path, "lstat", lambda path: root.with_name("sitsim-12345").stat())
    assert temporary_root(make=True) is None


def test_without_a_home_folder_kernels_are_kept_in_the_temporary_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(Path, "home", nobody)
    for name in ("SITSIM_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert cache_root() == tmp_path / f"sitsim-{os.getuid()}"


def test_versions_and_kernels_that_nobody_has_used_for_long_go(tmp_path: Path) -> None:
    now = tmp_path / "kernels-now"
    for name, age_days in (("kernels-old", 200), ("kernels-new", 2), ("notes", 200)):
        (tmp_path / name).mkdir()
        age(tmp_path / name, age_days)
    store = KernelStore(now)
    for name, age_days in (("unused", 200), ("used", 200), ("new", 2)):
        store.save(f"{name}.nbc", b"compiled")
        age(now / f"{name}.nbc", age_days)
    assert list(KernelStore(now).load("used.nbc")) == [b"compiled"]
    KernelStore(now).save("bill.nbc", b"compiled")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kernels-new", "kernels-now", "notes"]
    assert sorted(path.stem for path in now.iterdir()) == ["bill", "new", "used"]


def age(path: Path, days: int) -> None:
    then = time.time() - days * 24 * 3600
    os.utime(path, (then, then))
