"""What a stranger's machine relies on: pinned versions, no trace of ours, a wheel with its scenario files."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import abm

ROOT = Path(__file__).resolve().parents[1]
PYTHONS = ("3.11", "3.12", "3.13")
NOT_OURS = re.compile(r"\.git|\.venv.*|__pycache__|.*_cache|\.hypothesis|.*\.egg-info|runs|build|dist")
TEXT = {
    "",
    ".cff",
    ".py",
    ".toml",
    ".txt",
    ".md",
    ".ipynb",
    ".csv",
    ".json",
    ".cfg",
    ".yml",
    ".yaml",
    ".html",
    ".css",
}

MACHINE_PATH = re.compile(r"(?<![\w.])/(?:root|work|home|Users)/\w")
REGISTRY = re.compile(
    r"pypi\.org|python[h]osted|index[-]url|find[-]links|file:/{2}|artifac[t]ory", re.IGNORECASE
)


def text_files(folder: Path = ROOT) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if NOT_OURS.fullmatch(path.name):
            continue
        if path.is_dir():
            yield from text_files(path)
        elif path.suffix in TEXT:
            yield path


def pins() -> list[Requirement]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if not line.startswith("#")]


def direct_requirements() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    groups = [project["dependencies"], extras["dev"], extras["notebook"]]
    return [Requirement(line) for group in groups for line in group]


def pins_on(python: str) -> dict[str, str]:
    """Pinned version by package for a Python, each pinned once."""
    environment = {**default_environment(), "python_version": python, "python_full_version": f"{python}.0"}
    applicable = [pin for pin in pins() if pin.marker is None or pin.marker.evaluate(environment)]
    versions = {canonicalize_name(pin.name): next(iter(pin.specifier)).version for pin in applicable}
    assert len(versions) == len(applicable), "a package is pinned twice"
    return versions


@pytest.mark.parametrize("pattern", [MACHINE_PATH, REGISTRY], ids=["machine path", "registry"])
def test_no_file_names_a_machine_path_or_a_package_registry(pattern):
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path in text_files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if pattern.search(line)
    ]
    assert found == []


def test_the_search_covers_sources_documents_and_the_build():
    names = {str(path.relative_to(ROOT)) for path in text_files()}
    assert {
        "Makefile",
        ".ci/run",
        "constraints.txt",
        "pyproject.toml",
        "README.md",
        "abm/core/money.py",
    } <= names


def test_pins_are_bare_versions_in_order():
    names = [pin.name for pin in pins()]
    assert names == sorted(names)
    for pin in pins():
        assert [specifier.operator for specifier in pin.specifier] == ["=="], str(pin)
        assert "+" not in str(pin.specifier), f"{pin}: a local version exists on one machine only"
        assert pin.url is None, str(pin)


@pytest.mark.parametrize("python", PYTHONS)
def test_each_direct_dependency_is_pinned_within_what_the_project_allows(python):
    versions = pins_on(python)
    for requirement in direct_requirements():
        version = versions.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement.name} has no line in constraints.txt"
        assert requirement.specifier.contains(version), f"{requirement} does not allow the pinned {version}"


def test_the_citation_names_the_version_licence_and_paper():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    top = dict(re.findall(r"^([a-z-]+): (.+)$", citation, flags=re.MULTILINE))
    assert top["cff-version"] == "1.2.0"
    assert top["version"] == project["version"] == abm.__version__
    assert top["license"] == project["license"]
    assert {"message", "title", "type"} <= set(top)
    assert re.search(r"^authors:\n  - name: ", citation, flags=re.MULTILINE)
    assert "https://arxiv.org/abs/2603.21690" in citation


def test_the_packages_are_marked_as_typed():
    assert [name for name in ("abm", "analysis") if not (ROOT / name / "py.typed").is_file()] == []


@pytest.mark.verify
def test_the_wheel_contains_every_scenario_and_its_price_files(tmp_path):
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, text=True)
    (wheel,) = tmp_path.glob("sitsim-*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    shipped = {
        str(path.relative_to(ROOT))
        for pattern in ("*.toml", "*.csv")
        for path in (ROOT / "scenarios").rglob(pattern)
    }
    assert "scenarios/baseline.toml" in shipped
    assert shipped - packed == set()
    assert {"abm/py.typed", "analysis/py.typed"} <= packed
    assert not [name for name in packed if name.startswith("tests/")]
