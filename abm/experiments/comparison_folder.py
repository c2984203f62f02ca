"""Turns a comparison into the tables and the manifest of a folder of kind ``compare``."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from abm.core.settings.wording import shown
from abm.experiments.comparison_table import measures_of
from abm.experiments.measures import QUESTIONS
from abm.experiments.variants import changed_fields
from abm.recording import check_place, write_compare_folder
from abm.scenario import ExplainedField, Scenario, explain
from abm.scenario.model import OVERRIDE

if TYPE_CHECKING:
    import pandas as pd

_TOLD = ("run.days", "run.seed", "run.population_seed", "recording.profile")
_LIBRARIES = ("mesa", "numpy", "numba", "pandas", "scipy")


class _Compared(Protocol):
    """What a folder tells of a comparison: the attributes of ``Comparison`` of the same names."""

    @property
    def base(self) -> str: ...
    @property
    def variants(self) -> tuple[str, ...]: ...
    @property
    def scenarios(self) -> dict[str, Scenario]: ...
    @property
    def seeds(self) -> tuple[int, ...]: ...
    @property
    def runs(self) -> pd.DataFrame: ...
    @property
    def table(self) -> pd.DataFrame: ...
    @property
    def laboratory(self) -> pd.DataFrame: ...
    @property
    def unchanged(self) -> tuple[str, ...]: ...
    @property
    def without_value(self) -> tuple[str, ...]: ...
    @property
    def notes(self) -> tuple[str, ...]: ...
    @property
    def tests(self) -> int: ...
    @property
    def labels(self) -> dict[str, str]: ...


def write_comparison(comparison: _Compared, folder: str | Path, command: str | None) -> Path:
    """Write the folder and return its place; see ``Comparison.write``."""
    place = check_place(folder, "folder")
    manifest = comparison_manifest(comparison)
    if command is not None:
        manifest["command"] = command
    return write_compare_folder(place, manifest, comparison_tables(comparison, place))


def comparison_manifest(comparison: _Compared) -> dict[str, Any]:
    """Return the facts of a comparison."""
    scenarios = comparison.scenarios
    base = scenarios[comparison.base]
    changes = {name: changed_fields(base, scenarios[name]) for name in comparison.variants}
    return {
        "base": comparison.base,
        "variants": list(comparison.variants),
        "changes": {
            name: [[field, ours, own] for field, (ours, own) in fields.items()]
            for name, fields in changes.items()
        },
        "seeds": list(comparison.seeds),
        "asked": asked(comparison),
        "headings": dict(QUESTIONS),
        "labels": comparison.labels,
        "unchanged": list(comparison.unchanged),
        "without_value": list(comparison.without_value),
        "notes": list(comparison.notes),
        "tests": comparison.tests,
        "versions": {
            "sitsim": version("sitsim"),
            "python": platform.python_version(),
            **{name: version(name) for name in _LIBRARIES},
        },
    }


def asked(comparison: _Compared) -> list[list[str]]:
    """Return what was asked as pairs of label and text."""
    base = comparison.scenarios[comparison.base]
    firms = base.run.population_seed
    rows = [
        ["Base", comparison.base],
        ["Days", f"{base.run.days:,}"],
        ["Seeds", seeds_text(comparison.seeds)],
        [
            "Firms",
            "drawn anew with each seed" if firms is None else f"the same in every run, of seed {firms}",
        ],
    ]
    for_all = [f"{row.field} = {shown(row.value)}" for row in explain(base) if _is_set(row)]
    if for_all:
        rows.append(["Set in all", "; ".join(for_all)])
    for name in comparison.variants:
        fields = changed_fields(base, comparison.scenarios[name])
        said = [f"{field} = {own} (base {ours})" for field, (ours, own) in fields.items()]
        rows.append([name, "; ".join(said)])
    return rows


def _is_set(row: ExplainedField) -> bool:
    """Say whether a field of the base was set for this comparison, and is not told otherwise."""
    return row.origin == OVERRIDE and row.field not in _TOLD


def seeds_text(seeds: tuple[int, ...]) -> str:
    """Return seeds in short: ``1 to 16`` where none is left out."""
    if list(seeds) == list(range(seeds[0], seeds[0] + len(seeds))):
        return f"{seeds[0]} to {seeds[-1]}"
    return ", ".join(map(str, seeds))


def comparison_tables(comparison: _Compared, place: Path) -> dict[str, pd.DataFrame]:
    """Return the tables by name; run folders are named as seen from the place."""
    import pandas as pd

    runs = comparison.runs
    names = [measure.name for measure in measures_of(runs)]
    seen = [
        None if folder is None else os.path.relpath(folder, place).replace(os.sep, "/")
        for folder in runs["folder"]
    ]
    metrics = runs.melt(id_vars=["variant", "seed"], value_vars=names, var_name="measure")
    return {
        "differences": comparison.table.assign(label=comparison.table["measure"].map(comparison.labels)),
        "laboratory": comparison.laboratory,
        "runs": runs[["variant", "seed", "state_hash", "error"]].assign(
            folder=pd.Series(seen, index=runs.index, dtype=object)
        ),
        "metrics": metrics.astype({"value": float}),
    }
