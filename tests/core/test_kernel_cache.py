"""Compiled kernels are cached under a hash of all kernel sources, so stale code cannot run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numba
import pytest

from abm.core import kernel as kernel_module

CORE = Path(kernel_module.__file__).parent

CALLEE = """
from abm.core.kernel import kernel


@kernel
def fee_usd_micro(lots):
    return lots * {fee}
"""
CALLER = """
from abm.core.kernel import kernel, kernels_are_cached
from abm.desk.fees import fee_usd_micro


@kernel
def bill_usd_micro(lots):
    return fee_usd_micro(lots) + 1


if __name__ == "__main__":
    print(kernels_are_cached(), bill_usd_micro(10))
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in for the package folder: two kernel files, what the first imports, and a report."""
    folder = tmp_path / "abm"
    (folder / "core").mkdir(parents=True)
    (folder / "core" / "bounds.py").write_text("LARGEST = 100\n")
    (folder / "core" / "orders.py").write_text("from abm.core.bounds import LARGEST\nLIMIT = LARGEST\n")
    (folder / "first.py").write_text(
        "from abm.core.orders import (\n  LIMIT)\n@kernel\ndef first(x): return LIMIT\n"
    )
    (folder / "second.py").write_text("@kernel\ndef second(x): return x\n")
    (folder / "report.py").write_text("TITLE = 'daily'\n")
    monkeypatch.setattr(kernel_module, "_PACKAGE_FOLDER", folder)
    return folder


def folder_now() -> Path:
    """Ask afresh: the answer is otherwise remembered for the life of a process."""
    return kernel_module.kernel_cache_folder.__wrapped__()


@pytest.mark.parametrize("edited", ["first.py", "second.py", "core/orders.py", "core/bounds.py"])
def test_an_edit_of_a_kernel_or_of_what_it_imports_names_another_folder(package, edited):
    before = folder_now()
    (package / edited).write_text((package / edited).read_text() + "# edited\n")
    assert folder_now() != before


def test_a_renamed_added_or_removed_kernel_file_names_another_folder(package):
    folders = [folder_now()]
    (package / "second.py").rename(package / "third.py")
    folders.append(folder_now())
    (package / "fourth.py").write_text("@kernel\ndef fourth(x): return x\n")
    folders.append(folder_now())
    (package / "first.py").unlink()
    folders.append(folder_now())
    assert len(set(folders)) == 4


def test_another_numba_version_names_another_folder(package, monkeypatch):
    before = folder_now()
    monkeypatch.setattr(numba, "__version__", "0.0.1")
    assert folder_now() != before


def test_an_edit_of_a_file_no_kernel_imports_keeps_the_folder(package):
    before = folder_now()
    (package / "report.py").write_text("TITLE = 'weekly'\n")
    assert folder_now() == before


def test_the_place_of_the_checkout_does_not_matter(package, tmp_path, monkeypatch):
    before = folder_now()
    elsewhere = shutil.copytree(package, tmp_path / "elsewhere" / "abm")
    monkeypatch.setattr(kernel_module, "_PACKAGE_FOLDER", elsewhere)
    assert folder_now().name == before.name


def test_the_user_may_say_where_compiled_kernels_are_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("SITSIM_CACHE_DIR", raising=False)
    assert kernel_module.cache_root() == tmp_path / "xdg" / "sitsim"
    monkeypatch.setenv("SITSIM_CACHE_DIR", str(tmp_path / "mine"))
    assert kernel_module.cache_root() == tmp_path / "mine"
    monkeypatch.delenv("SITSIM_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert kernel_module.cache_root() == Path.home() / ".cache" / "sitsim"


def test_a_changed_helper_in_another_file_is_compiled_afresh_and_an_unchanged_one_is_loaded(tmp_path):
    desk = tmp_path / "abm" / "desk"
    desk.mkdir(parents=True)
    shutil.copytree(CORE, tmp_path / "abm" / "core", ignore=shutil.ignore_patterns("__pycache__"))
    for package in (desk, desk.parent):
        (package / "__init__.py").write_text("")
    (desk / "bills.py").write_text(CALLER)

    def run_with_fee(fee: int) -> str:
        (desk / "fees.py").write_text(CALLEE.format(fee=fee))
        environment = {**os.environ, "PYTHONPATH": str(tmp_path), "SITSIM_CACHE_DIR": str(tmp_path / "cache")}
        command = [sys.executable, "-m", "abm.desk.bills"]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        ).stdout.strip()

    assert run_with_fee(2) == "False 21"
    assert run_with_fee(2) == "True 21"
    assert run_with_fee(3) == "False 31"
