"""The tests notice faults: each patch of this folder, applied to a copy of the sources, makes a test fail.

``pytest -m verify tests/faults -k margin`` plants those of one part: matching, margin, waterfall, spot,
agents or wiring. To add a fault, change a line, see tests fail, and keep the diff with its first line as
``planted_fault`` says; to renew one that no longer applies, do the same again. The copy compiles
kernels of its own, some two minutes in all, and a fault in a kernel has those of its test files compiled
anew: prefer the plain twin where there is one, and test files that need few kernels.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from planted_fault import FAULTS, PlantedFault

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("abm", "analysis", "scenarios", "tests")
SOME_FAILED, ALL_PASSED = 1, 0


def test_each_part_of_the_market_has_its_planted_faults():
    parts = Counter(fault.name.partition("-")[0] for fault in FAULTS)
    assert parts == {"matching": 8, "margin": 6, "waterfall": 5, "spot": 4, "agents": 4, "wiring": 3}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_applies_to_the_sources_of_today(fault: PlantedFault):
    source = (ROOT / fault.source).read_text(encoding="utf-8")
    planted = fault.planted_in(source)
    assert planted != source
    compile(planted, fault.source, "exec")
    assert [name for name in fault.tests if not (ROOT / name).is_file()] == []


def test_a_patch_that_no_longer_applies_is_not_passed_over():
    fault = FAULTS[0]
    source = (ROOT / fault.source).read_text(encoding="utf-8")
    with pytest.raises(AssertionError, match="stand 0 times"):
        fault.planted_in(fault.planted_in(source))
    with pytest.raises(AssertionError, match="stand 2 times"):
        fault.planted_in(source + source)


@pytest.fixture(scope="session")
def copy_of_sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted")
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def _run(folder: Path, tests: tuple[str, ...]) -> tuple[int, str]:
    """Run test files of a copy until one fails; return pytest's exit code and what it printed."""
    environment = os.environ | {
        "PYTHONPATH": str(folder),
        "PYTHONDONTWRITEBYTECODE": "1",
        "SITSIM_CACHE_DIR": str(folder / "kernels"),  # compiled code knows the folder of its sources
    }
    environment.pop("PYTEST_ADDOPTS", None)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "-p",
        "no:cacheprovider",
        "-m",
        "not verify",
        *tests,
    ]
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout + ended.stderr


@cache
def _passes_as_it_is(folder: Path, tests: tuple[str, ...]) -> tuple[int, str]:
    return _run(folder, tests)


@pytest.mark.verify
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_is_noticed(fault: PlantedFault, copy_of_sources: Path):
    code, printed = _passes_as_it_is(copy_of_sources, fault.tests)
    assert code == ALL_PASSED, f"the tests fail without the fault:\n{printed}"
    source = copy_of_sources / fault.source
    sound = source.read_text(encoding="utf-8")
    source.write_text(fault.planted_in(sound), encoding="utf-8")
    try:
        code, printed = _run(copy_of_sources, fault.tests)
    finally:
        source.write_text(sound, encoding="utf-8")
    assert code == SOME_FAILED, f"no test fails although {fault.fault}: exit code {code}\n{printed}"
    # A test failed, and not the collection of tests or what they were to run on.
    assert "\nFAILED " in printed, printed
