"""A comparison as its page needs it: rows by question, and the difference of every pair of runs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm.recording import CompareFolder, read_compare_folder

from .words import NO_SIGN, in_percent

MOST_DRAWN = 4
"""Variants up to which a figure has every measure; of more only those in which some variant has a sign."""


@dataclass(frozen=True)
class ComparisonView:
    """What the page of a comparison is made of.

    Parameters
    ----------
    folder : CompareFolder
        The folder.
    """

    folder: CompareFolder

    @property
    def manifest(self) -> dict[str, Any]:
        """Facts of the comparison."""
        return self.folder.manifest

    @property
    def base(self) -> str:
        """Name of the base."""
        return str(self.manifest["base"])

    @property
    def variants(self) -> list[str]:
        """Names of the variants, in order."""
        names: list[str] = self.manifest["variants"]
        return names

    @property
    def labels(self) -> dict[str, str]:
        """Plain name of each measure."""
        names: dict[str, str] = self.manifest["labels"]
        return names

    @property
    def table(self) -> pd.DataFrame:
        """Differences, a row a measure and variant."""
        return self.folder.tables["differences"]

    @property
    def laboratory(self) -> pd.DataFrame | None:
        """What the laboratory's replays brought; None in a folder of before there were any."""
        tables = self.folder.tables
        if "laboratory" not in tables:
            return None
        return tables["laboratory"]

    def questions(self) -> list[tuple[str, str]]:
        """Return the questions that have rows, each with its heading."""
        asked = list(dict.fromkeys(self.table["question"]))
        return [(question, self.manifest["headings"].get(question, question)) for question in asked]

    def rows(self, question: str) -> pd.DataFrame:
        """Return the rows of a question."""
        return self.table[self.table["question"] == question]

    def drawn(self, question: str) -> tuple[pd.DataFrame, list[str], list[str]]:
        """Return the rows that a figure can show, and the measures it leaves out: no base, and no sign."""
        rows = self.rows(question)
        percent = [in_percent(*pair) for pair in zip(rows["difference"], rows["base"], strict=True)]
        has_percent = np.isfinite(percent)
        without = list(dict.fromkeys(rows.loc[~has_percent, "measure"]))
        rows = rows[has_percent & ~rows["measure"].isin(without)]
        if len(self.variants) <= MOST_DRAWN:
            return rows, without, []
        signed = rows.loc[rows["verdict"] != NO_SIGN, "measure"].unique()
        kept = rows["measure"].isin(signed)
        return rows[kept], without, list(dict.fromkeys(rows.loc[~kept, "measure"]))

    def pair_differences(self, measure: str, variant: str) -> NDArray[np.float64]:
        """Return variant less base of every pair of runs that has both."""
        values = self._values
        if (measure, variant) not in values or (measure, self.base) not in values:
            return np.empty(0)
        ours, theirs = values[measure, self.base], values[measure, variant]
        found: NDArray[np.float64] = np.asarray(theirs - ours, dtype=np.float64)
        return found[np.isfinite(found)]

    @cached_property
    def _values(self) -> pd.DataFrame:
        return self.folder.tables["metrics"].pivot(
            index="seed", columns=["measure", "variant"], values="value"
        )


def open_comparison(folder: CompareFolder | str | Path) -> ComparisonView:
    """Return the view of a comparison, opened already or the place of its folder.

    Raises
    ------
    RunFolderError
        If the folder is missing, damaged or of another kind.
    """
    return ComparisonView(folder if isinstance(folder, CompareFolder) else read_compare_folder(folder))
