"""House rules that no linter checks: who imports what, names, lengths, stale caches, folders of tests."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Container, Iterator
from functools import cache
from pathlib import Path

import networkx as nx
import pytest

from abm.core.kernel_sources import KernelSources

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("abm", "analysis", "scenarios", "bench")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))

ONLY_THERE = {
    "mesa": ("abm.agents.base", "abm.market"),
    "pydantic": ("abm.scenario", "abm.core.settings", "section"),
    "pydantic_core": ("abm.scenario", "abm.core.settings"),
}
EMPTY_NAMES = {"utils", "util", "manager", "helpers", "helper", "data", "info", "misc", "common"}


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def label(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported_modules(tree: ast.Module) -> Iterator[str]:
    """Every imported module, also those imported late inside a function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def is_in(module: str, allowed: tuple[str, ...]) -> bool:
    """Say whether a module is in one of the places, or the section of a trader class, if these count."""
    section = module.startswith("abm.agents.") and module.endswith("section") and "section" in allowed
    return section or any(module == place or module.startswith(f"{place}.") for place in allowed)


@pytest.mark.parametrize("library", ONLY_THERE)
def test_a_framework_is_imported_only_where_it_belongs(library):
    users = {
        module_name(path)
        for path in SOURCES
        if any(name.split(".")[0] == library for name in imported_modules(parsed(path)))
    }
    assert [user for user in sorted(users) if not is_in(user, ONLY_THERE[library])] == []


def test_no_source_file_has_an_empty_name():
    assert [label(path) for path in SOURCES if path.stem in EMPTY_NAMES] == []


def test_files_stay_under_400_lines():
    lengths = {label(path): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {name: length for name, length in lengths.items() if length >= 400} == {}


def lines_without_docstring(function: ast.FunctionDef) -> int:
    first = function.body[0]
    documented = isinstance(first, ast.Expr) and ast.get_docstring(function) is not None
    docstring = (first.end_lineno or first.lineno) - first.lineno + 1 if documented else 0
    return (function.end_lineno or function.lineno) - function.lineno + 1 - docstring


def test_functions_stay_under_70_lines_docstring_apart():
    lengths = {
        f"{label(path)}:{node.lineno} {node.name}": lines_without_docstring(node)
        for path in SOURCES
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef)
    }
    assert {name: length for name, length in lengths.items() if length >= 70} == {}


def reached_constants(path: Path) -> Iterator[tuple[str, str]]:
    """Constants or whole modules of ours that a file imports, each with the file they come from."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (
                (alias.name, "a plain import") for alias in node.names if alias.name.startswith("abm")
            )
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "abm":
            source = (node.module or "").removeprefix("abm").strip(".").replace(".", "/")
            for alias in node.names:
                if (ROOT / "abm" / source / f"{alias.name}.py").is_file():
                    yield alias.name, f"abm/{source}/{alias.name}.py"
                elif alias.name.isupper():
                    yield alias.name, f"abm/{source}.py"


def test_constants_compiled_into_kernels_come_from_files_the_cache_watches():
    sources = KernelSources(ROOT / "abm")
    unseen = []
    for file in SOURCES:
        if "@kernel" in file.read_text(encoding="utf-8") and file.is_relative_to(ROOT / "abm"):
            watched = {path.relative_to(ROOT).as_posix() for path in sources.reached(file)}
            unseen += [
                f"{name} takes {constant} from {source}"
                for name in sorted(watched)
                for constant, source in reached_constants(ROOT / name)
                if source not in watched
            ]
    assert unseen == []


def our_imports(path: Path, modules: Container[str]) -> Iterator[str]:
    """Our modules that a file imports: as it is loaded, later in a function, or only for types."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                yield submodule if submodule in modules else node.module


def test_no_import_runs_in_a_circle_not_even_for_types():
    modules = {module_name(path): path for path in SOURCES}
    graph = nx.DiGraph(
        (module, name)
        for module, path in modules.items()
        for name in our_imports(path, modules)
        if name in modules and name != module
    )
    circles = [sorted(circle) for circle in nx.strongly_connected_components(graph) if len(circle) > 1]
    assert circles == []


TESTS = sorted((ROOT / "tests").rglob("*.py"))
ACROSS_LAYERS = {"faults", "validation", "wiring"}
MOST_MODULES = 26


def test_no_folder_holds_more_modules_than_one_can_read_at_a_glance():
    modules = [path for path in (*SOURCES, *TESTS) if path.name != "__init__.py"]
    folders = Counter(label(path.parent) for path in modules)
    assert {folder: count for folder, count in folders.items() if count > MOST_MODULES} == {}


def test_each_folder_of_tests_is_named_after_the_room_that_it_tests():
    rooms = {path.parent.relative_to(ROOT).as_posix().removeprefix("abm/") for path in SOURCES}
    tested = {path.parent.relative_to(ROOT / "tests").as_posix() for path in TESTS} - {"."}
    assert tested - rooms - ACROSS_LAYERS == set()


def test_each_module_of_the_tests_has_a_name_of_its_own():
    """Tests import one another by bare names, which the first folder that has one answers."""
    names = Counter(path.name for path in TESTS if path.name != "conftest.py")
    assert {name: times for name, times in names.items() if times > 1} == {}
