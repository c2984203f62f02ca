"""What the hedge does across paths: over the seeds of a sweep's cell, or of a comparison's variant."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from abm.core.errors import RunFolderError
from abm.core.neighbours import neighbour_module
from abm.experiments.measures import MEASURES

if TYPE_CHECKING:
    import pandas as pd

ACROSS = "volatility_reduction_across"

FEWEST_ACROSS = 8
"""Seeds from which on the measure across runs is compared (judgement): a standard deviation of 8 values has
an error of 27 %."""

ACROSS_COLUMNS = (
    ACROSS,
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
        table = bills_of(folder)
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


def with_across(
    runs: pd.DataFrame, folders: Mapping[tuple[str, int], Path | None]
) -> tuple[pd.DataFrame, list[str]]:
    """Return runs with the hedge across them as one value a run, and what a reader has to know of it.

    The values are the pseudo-values of each variant's seeds (see ``analysis.inference.jackknife_values``).
    There are none where nobody hedges in a month that is over.

    Parameters
    ----------
    runs : DataFrame
        ``variant``, ``seed``.
    folders : mapping of (str, int) to Path
        Folder of each run; none where it failed.
    """
    from abm.recording.across_paths import reduction_across, run_bills

    tables: dict[str, dict[int, pd.DataFrame]] = {}
    for variant, seed in zip(runs["variant"], runs["seed"], strict=True):
        folder = folders.get((variant, seed))
        table = None if folder is None else bills_of(folder)
        if table is not None:
            tables.setdefault(variant, {})[seed] = table
    # The same seeds in every variant: what a seed is worth depends on the others.
    common = [seed for seed in runs["seed"].unique() if all(seed in mine for mine in tables.values())]
    values: dict[tuple[str, int], float] = {}
    for variant, mine in tables.items():
        bills = run_bills([mine[seed] for seed in common])
        found = neighbour_module("analysis", "inference").jackknife_values(
            partial(reduction_across, bills), len(common)
        )
        values |= {(variant, seed): value for seed, value in zip(common, found, strict=True)}
    if not np.isfinite(list(values.values())).any():
        return runs, []
    label = MEASURES[ACROSS].label
    if len(common) < FEWEST_ACROSS:
        return runs, [f"{label}: {len(common)} seeds are too few, it takes {FEWEST_ACROSS}"]
    error = 100.0 / math.sqrt(2.0 * (len(common) - 1))
    pairs = zip(runs["variant"], runs["seed"], strict=True)
    known = runs.assign(**{ACROSS: [values.get(pair, math.nan) for pair in pairs]})
    return known, [
        f"{label}: interval by the jackknife over seeds (Tukey 1958); {len(common)} seeds alone know a "
        f"standard deviation to {error:.0f} %"
    ]


def bills_of(folder: Path) -> pd.DataFrame | None:
    """Return the table ``hedging`` of a finished run, ``None`` without any."""
    from abm.recording import read_run

    if not (folder / "hedging.parquet").is_file():
        return None
    try:
        table = read_run(folder, verify=False).tables["hedging"]
    except RunFolderError:
        return None
    return table if len(table) else None
