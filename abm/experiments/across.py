"""Across-path figures of a sweep: what the hedge does over the seeds of each cell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abm.core.errors import RunFolderError

if TYPE_CHECKING:
    import pandas as pd

ACROSS_COLUMNS = (
    "volatility_reduction_across",
    "variance_reduction_across",
    "volatility_reduction_across_monthly",
    "variance_reduction_across_monthly",
)


def across_columns(folders: Sequence[Path], cells: Sequence[str]) -> list[dict[str, Any]]:
    """Return the reductions across the seeds of each run's cell, the same for all its runs.

    ``paths_across`` says how many runs stand behind them: those that failed are left out. Where no run has a
    table ``hedging``, there are no columns.

    Parameters
    ----------
    folders : sequence of Path
        Folder of each run.
    cells : sequence of str
        Cell of each run.
    """
    from abm.recording.across_paths import across_paths

    by_cell: defaultdict[str, dict[Path, pd.DataFrame]] = defaultdict(dict)
    for folder, cell in zip(folders, cells, strict=True):
        table = _bills(folder)
        if table is not None:
            by_cell[cell][folder] = table
    if not by_cell:
        return [{} for _ in cells]
    columns = {}
    for cell in dict.fromkeys(cells):
        found = across_paths(list(by_cell[cell].values()))
        columns[cell] = {name: getattr(found, name) for name in ACROSS_COLUMNS} | {
            "paths_across": found.paths
        }
    return [columns[cell] for cell in cells]


def _bills(folder: Path) -> pd.DataFrame | None:
    """Return the bills of a finished run, ``None`` without any."""
    from abm.recording import read_run

    if not (folder / "hedging.parquet").is_file():
        return None
    try:
        table = read_run(folder, verify=False).tables["hedging"]
    except RunFolderError:
        return None
    return table if len(table) else None
