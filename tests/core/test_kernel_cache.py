"""Compiled kernels are cached under a hash of what they are made of, so stale code cannot run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numba
import pytest

from abm.core import kernel as kernel_module
from abm.core.kernel_sources import KernelSources

CORE = Path(kernel_module.__file__).parent

CALLEE = """
from abm.core.kernel import kernel


@kernel
def fee_usd_micro(lots):
    return lots * {fee}
"""
CALLER = """
from abm.core.kernel import kernel
from abm.core.kernel_cache import tell_of_compiling
from abm.desk.fees import fee_usd_micro


@kernel
def bill_usd_micro(lots):
    return fee_usd_micro(lots) + 1


@kernel
def lots_of_two(lots):
    return lots + 1


if __name__ == "__main__":
    tell_of_compiling(lambda: print("compiling", end=" "))
    print(bill_usd_micro(10), lots_of_two(1))
"""


FILES = {
    "core/bounds.py": "LARGEST = 100\n",
    "core/orders.py": "from abm.core.bounds import LARGEST\nLIMIT = LARGEST\n",
    "first.py": "from abm.core.orders import (\n    LIMIT,\n)\n",
    "second.py": "import numpy as np\n",
    "typed.py": "if TYPE_CHECKING:\n    from abm.core.bounds import Bounds as B\n",
    "whole.py": "from abm.core import bounds\n",
    "desk/__init__.py": "from abm.second import x\n",
    "desk/caller.py": "from abm.desk import report  # the whole module\n",
    "desk/report.py": "TITLE = 'daily'\n",
}
MADE_OF = {
    "first.py": {"core/orders.py", "core/bounds.py"},
    "second.py": set(),
    "typed.py": {"core/bounds.py"},
    "whole.py": {"core/bounds.py"},
    "desk/caller.py": {"desk/__init__.py", "desk/report.py", "second.py"},
}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Stand in for the package folder."""
    folder = tmp_path / "abm"
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


def digests(folder: Path) -> dict[str, str]:
    """Ask afresh: a process reads each file once."""
    sources = KernelSources(folder)
    return {name: sources.digest(folder / name) for name in MADE_OF}


@pytest.mark.parametrize("edited", FILES)
def test_an_edit_touches_the_kernels_that_depend_on_the_file_and_no_others(package, edited):
    before = digests(package)
    (package / edited).write_text((package / edited).read_text() + "# edited\n")
    changed = {name for name, digest in digests(package).items() if digest != before[name]}
    assert changed == {name for name, parts in MADE_OF.items() if edited in {name, *parts}}


def test_a_renamed_file_is_another(package):
    before = digests(package)["second.py"]
    (package / "second.py").rename(package / "third.py")
    assert KernelSources(package).digest(package / "third.py") != before


def test_another_numba_version_names_another_folder(monkeypatch):
    before = kernel_module.kernel_cache_folder()
    monkeypatch.setattr(numba, "__version__", "0.0.1")
    assert kernel_module.kernel_cache_folder() != before


def test_the_place_of_the_checkout_does_not_matter(package, tmp_path):
    elsewhere = shutil.copytree(package, tmp_path / "elsewhere" / "abm")
    assert digests(elsewhere) == digests(package)


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

    assert run_with_fee(2) == "compiling 21 2"
    assert run_with_fee(2) == "21 2"
    assert run_with_fee(3) == "compiling 31 2"
