"""A hedging study as its page needs it: measures by programme, the advice, and the money that there is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from abm.recording import HedgeFolder, read_hedge_folder

BENCHMARK = "none"
USUAL_CONFIDENCE = 0.99
MOST_PANELS = 6
"""Programmes with a panel of their own; of more only those advised have one."""


@dataclass(frozen=True)
class HedgeStudyView:
    """What the page of a hedging study is made of.

    Parameters
    ----------
    folder : HedgeFolder
        The folder.
    """

    folder: HedgeFolder

    @property
    def manifest(self) -> dict[str, Any]:
        """Facts of the study."""
        return self.folder.manifest

    @property
    def programmes(self) -> list[str]:
        """Names of the programmes, in the order of the study."""
        names: list[str] = self.manifest["programmes"]
        return names

    @property
    def advice(self) -> dict[str, Any]:
        """The advice, empty where none was given."""
        return self.manifest.get("advice") or {}

    @property
    def recommended(self) -> str | None:
        """Programme that is recommended."""
        return self.advice.get("programme")

    @property
    def runner_up(self) -> str | None:
        """Programme that comes next."""
        return self.advice.get("runner_up")

    @property
    def confidence(self) -> float:
        """Share of paths that a worst case covers."""
        return float(self.advice.get("confidence", USUAL_CONFIDENCE))

    @property
    def convention(self) -> str:
        """What counts as cash needed in this study."""
        return str(self.manifest["frictions"]["liquidity"])

    @property
    def study_funds_usd(self) -> float:
        """Cash and credit of the study; infinite without a limit."""
        frictions = self.manifest["frictions"]
        cash = frictions["cash_usd"]
        return math.inf if cash is None else float(cash) + float(frictions["credit_usd"])

    @property
    def money_usd(self) -> float:
        """Money that the advice goes by, or that of the study; infinite without a limit."""
        advised = self.advice.get("money_usd")
        return self.study_funds_usd if advised is None else float(advised)

    def measure(self, programme: str, name: str) -> float:
        """Return a column of ``HedgeResult.summary``; NaN where it is not defined."""
        return self._measures.get((programme, name), math.nan)

    def worst_bill_usd(self, programme: str) -> float:
        """Return the bill of the horizon at the confidence."""
        return self._quantile(programme, "bill_usd")

    def peak_usd(self, programme: str) -> float:
        """Return the cash needed at the confidence, by the convention of the study."""
        return self._quantile(programme, f"peak_{self.convention}_usd")

    def beyond_share(self, programme: str, money_usd: float) -> float:
        """Return the share of paths that need more cash than there is, to a millionth of a dollar."""
        peaks = self._by_programme[programme][f"peak_{self.convention}_usd"].to_numpy()
        return float((peaks - money_usd > 1e-6).mean())

    def marked(self, programme: str) -> str:
        """Return a programme's name, and whether it is advised."""
        if programme == self.recommended:
            return f"{programme} (recommended)"
        return f"{programme} (runner-up)" if programme == self.runner_up else programme

    def panels(self, candidates: list[str]) -> list[str]:
        """Return those that have a panel of their own in a figure."""
        if len(candidates) <= MOST_PANELS:
            return candidates
        advised = [name for name in (self.recommended, self.runner_up) if name in candidates]
        return advised or candidates[:MOST_PANELS]

    def fan(self, table: str, programme: str, by: str, value: str) -> pd.DataFrame:
        """Return quantiles of a programme: a row a month or day, a column a quantile; empty without any."""
        rows = self.folder.tables[table]
        mine = rows[rows["programme"] == programme]
        return mine.pivot(index=by, columns="quantile", values=value)

    def _quantile(self, programme: str, column: str) -> float:
        return float(np.quantile(self._by_programme[programme][column], self.confidence))

    @cached_property
    def _measures(self) -> dict[tuple[str, str], float]:
        rows = self.folder.tables["measures"]
        keys = zip(rows["programme"], rows["measure"], strict=True)
        return dict(zip(keys, rows["value"].astype(float), strict=True))

    @cached_property
    def _by_programme(self) -> dict[str, pd.DataFrame]:
        return {str(name): rows for name, rows in self.folder.tables["paths"].groupby("programme")}


def open_study(folder: HedgeFolder | str | Path) -> HedgeStudyView:
    """Return the view of a study, opened already or the place of its folder.

    Raises
    ------
    RunFolderError
        If the folder is missing, damaged or of another kind.
    """
    return HedgeStudyView(folder if isinstance(folder, HedgeFolder) else read_hedge_folder(folder))
