"""What the shell offers at the Tab key: packaged scenarios, tables and fields.

A shell asks anew at each key, so that what is imported here is waited for each time: names of scenarios are
read from the folder, and the model of a scenario is imported only where its fields are asked for.
"""

from __future__ import annotations

from pathlib import Path

_SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"


def scenario_names(incomplete: str) -> list[str]:
    """Return the packaged scenarios and, of the folder being typed, its scenario files and folders."""
    packaged = sorted(path.stem for path in _SCENARIOS.glob("*.toml"))
    return [name for name in packaged if name.startswith(incomplete)] + _files(incomplete)


def table_and_field_names(incomplete: str) -> list[str]:
    """Return the tables and fields whose name begins so."""
    from abm.scenario import Scenario, explain
    from abm.scenario.explain import section_descriptions

    baseline = Scenario()
    names = [*section_descriptions(baseline), *(row.field for row in explain(baseline))]
    return sorted(name for name in names if name.startswith(incomplete))


def assignments(incomplete: str) -> list[str]:
    """Return the fields whose name begins so, each ready for its value."""
    from abm.scenario import Scenario, explain

    if "=" in incomplete:
        return []
    return sorted(f"{row.field}=" for row in explain(Scenario()) if row.field.startswith(incomplete))


def _files(incomplete: str) -> list[str]:
    """Return the paths that may follow; a folder that cannot be read has none."""
    folder, _, start = incomplete.rpartition("/")
    place = Path(f"{folder}/" if "/" in incomplete else ".")
    try:
        found = sorted(path for path in place.iterdir() if path.name.startswith(start))
    except OSError:
        return []
    prefix = f"{folder}/" if "/" in incomplete else ""
    return [
        f"{prefix}{path.name}{'/' if path.is_dir() else ''}"
        for path in found
        if (path.suffix == ".toml" or path.is_dir()) and (start or not path.name.startswith("."))
    ]
