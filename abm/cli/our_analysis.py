"""The command's door to the analysis package beside this one, whatever else is called ``analysis``."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abm.core.neighbours import neighbour_module

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from abm.recording import RunFolder
    from analysis.summary import SummaryRow


def write_report(run: RunFolder | Path) -> Path:
    """Write the report page of a run folder and return its path."""
    page: Path = neighbour_module("analysis", "report").write_report(run)
    return page


def write_hedge_report(folder: Path | str) -> Path:
    """Write the page of a hedging study into its folder and return its path."""
    page: Path = neighbour_module("analysis", "hedge_page").write_hedge_report(folder)
    return page


def write_compare_report(folder: Path | str) -> Path:
    """Write the page of a comparison into its folder and return its path."""
    page: Path = neighbour_module("analysis", "comparison.page").write_compare_report(folder)
    return page


def summarise(folder: Path) -> list[SummaryRow]:
    """Return the closing summary of a run folder."""
    rows: list[SummaryRow] = neighbour_module("analysis", "summary").summarise(folder)
    return rows


def calibration_figure(**series: Any) -> Figure:
    """Draw how a calibrated process fits its series."""
    figure: Figure = neighbour_module("analysis", "calibration_figure").draw(**series)
    return figure


def house_style() -> AbstractContextManager[Any]:
    """Return the context in which figures are drawn."""
    style: AbstractContextManager[Any] = neighbour_module("analysis", "style").house_style()
    return style
