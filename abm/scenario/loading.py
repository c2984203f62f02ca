"""Reading scenario files: packaged names, paths, ``extends`` chains, and who set which field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from abm.core.errors import ScenarioError
from abm.core.neighbours import neighbour_folder
from abm.core.settings.toml_files import parse_toml, read_text, unreadable
from abm.core.settings.wording import MOST_CHARACTERS, printable, shown

TABLE_TAGS = ("kind", "law")
"""Keys that say which kind of table this is; a file that names another kind starts that table afresh."""

MOST_FILES = 100
"""Longest chain of files that extend each other; judgement."""

Tables = dict[str, Any]


@dataclass(frozen=True)
class Layers:
    """Merged content of a scenario file and the files it extends.

    Parameters
    ----------
    tables : dict
        Nested tables, later files over earlier ones.
    origins : dict of str to str
        File that set each dotted field.
    folders : dict of str to Path
        Folder of each file named in ``origins``.
    label : str
        Name of the layer on top.
    """

    tables: Tables = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    folders: dict[str, Path] = field(default_factory=dict)
    label: str = ""

    def setter(self, dotted: str) -> str | None:
        """Return what was last to set a field, a part of it or the table around it, if anything was."""
        here = f"{dotted}."
        labels = [
            label
            for name, label in self.origins.items()
            if f"{name}.".startswith(here) or here.startswith(f"{name}.")
        ]
        return max(labels, key=self._place, default=None)

    def rank(self, dotted: str) -> int:
        """Return how late in the chain that was; -1 if never."""
        label = self.setter(dotted)
        return -1 if label is None else self._place(label)

    def _place(self, label: str) -> int:
        """Return the place of a layer in the chain; an override, which has no folder, comes last."""
        return list(self.folders).index(label) if label in self.folders else len(self.folders)

    def over(self, tables: Mapping[str, Any], label: str, folder: Path | None = None) -> Layers:
        """Return these layers with another one on top."""
        origins = dict(self.origins)
        merged = _merge(self.tables, tables, (), label, origins)
        folders = self.folders if folder is None else {**self.folders, label: folder}
        return Layers(merged, origins, folders, label)

    def with_values(self, tables: Mapping[str, Any]) -> Layers:
        """Return these layers with the given top-level entries in place of their own."""
        return replace(self, tables={**self.tables, **tables})


def packaged_folder() -> Path:
    """Return the folder of the packaged scenario files."""
    return neighbour_folder("scenarios")


def packaged_scenarios() -> list[Path]:
    """Return the packaged scenario files in order of name."""
    return sorted(packaged_folder().glob("*.toml"))


def read_layers(name_or_path: str | Path, base: Layers) -> Layers:
    """Read a scenario file and everything it extends, merged over a base.

    Raises
    ------
    ScenarioError
        If a file is missing or is not TOML, or files extend each other in a circle.
    """
    layers = base
    for path, label, tables in reversed(list(_chain(name_or_path))):
        layers = layers.over(tables, label, path.parent)
    return layers


def read_tables(path: Path, label: str) -> Tables:
    """Read one TOML file; an error names the file and the line."""
    return parse_toml(read_text(path, label), label)


def _chain(name_or_path: str | Path) -> Iterator[tuple[Path, str, Tables]]:
    path, label = _locate(str(name_or_path), Path(), "")
    seen: list[Path] = []
    while True:
        seen.append(path.resolve())
        if len(seen) > MOST_FILES:
            raise ScenarioError(f"{label}: extends: more than {MOST_FILES} files extend each other")
        tables = read_tables(path, label)
        parent = tables.pop("extends", None)
        yield path, label, tables
        if parent is None:
            return
        context = f"{label}: extends: "
        if not isinstance(parent, str) or not parent:
            raise ScenarioError(
                f"{context}{shown(parent)} is not a scenario (allowed: a packaged name or a .toml path)"
            )
        path, label = _locate(parent, path.parent, context)
        if path.resolve() in seen:
            circle = [*seen[seen.index(path.resolve()) :], path]
            raise ScenarioError(f"{context}{' -> '.join(p.name for p in circle)} is a circle")


def _locate(text: str, folder: Path, context: str) -> tuple[Path, str]:
    """Return the file a name or path stands for and the label that messages call it by."""
    packaged = {path.stem: path for path in packaged_scenarios()}
    if text in packaged:
        return packaged[text], packaged[text].name
    if not text.endswith(".toml"):
        near = get_close_matches(text, packaged, n=1)
        hint = f"did you mean {near[0]}?" if near else "or a path ending in .toml"
        allowed = ", ".join(packaged)
        named = printable(text, MOST_CHARACTERS)
        raise ScenarioError(f"{context}{named} is not a packaged scenario (allowed: {allowed}; {hint})")
    path = folder / text
    reason = unreadable(path)
    if reason is not None:
        raise ScenarioError(f"{context}{printable(str(path), 3 * MOST_CHARACTERS)}: {reason}")
    return path, printable(str(path))


def _merge(
    below: Mapping[str, Any],
    above: Mapping[str, Any],
    path: tuple[str, ...],
    label: str,
    origins: dict[str, str],
) -> Tables:
    merged = dict(below)
    for key, value in above.items():
        under, here = merged.get(key), (*path, key)
        dotted = ".".join(here)
        if isinstance(value, Mapping) and value:
            if not isinstance(under, Mapping) or _other_tag(under, value):
                _forget(origins, dotted, under)
                under = {}
            merged[key] = _merge(under, value, here, label, origins)
        elif not (isinstance(value, Mapping) and isinstance(under, Mapping)):
            merged[key] = value
            _forget(origins, dotted, under)
            origins[dotted] = label
    return merged


def _forget(origins: dict[str, str], dotted: str, under: Any) -> None:
    """Forget who set a value that is replaced, and what is inside it; the time is that of its own size."""
    origins.pop(dotted, None)
    if isinstance(under, Mapping):
        for key, value in under.items():
            _forget(origins, f"{dotted}.{key}", value)


def _other_tag(below: Mapping[str, Any], above: Mapping[str, Any]) -> bool:
    return any(tag in above and tag in below and above[tag] != below[tag] for tag in TABLE_TAGS)
