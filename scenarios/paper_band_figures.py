"""Figures of ``paper_band.py``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from PIL import Image

from analysis.style import BLUE, GREEN, GREY, INK, ORANGE, SKY, VERMILION, house_style, new_figure
from scenarios.paper_band_closed_form import BAND, TREND, volatility_reduction
from scenarios.paper_band_studies import (
    BOUGHT_ONCE,
    MAP_BASIS_SDS,
    RISING_SHARE,
    Estimate,
    LineResult,
    MapPoint,
    Rises,
)

PAPERS = "the paper's (Xing, arXiv:2603.21690)"
STANDS_IN = (
    "Stands in, judgement: kappa 6, sigma 0.6, 6 jumps a year, 80 % up, mean sizes 20 and 12.5 %,\n"
    "level falling by 0.5 log points a year. We have not seen the paper's parameter table."
)
_COLOURS = {"strip": BLUE, "strip:0.8": ORANGE, "layered": GREEN, "rolling": VERMILION}
_READABLE: Any = {"font.size": 12, "axes.labelsize": 12, "xtick.labelsize": 11, "ytick.labelsize": 11,
             "legend.fontsize": 11}  # fmt: skip
_PERCENT = PercentFormatter(1.0, decimals=0, symbol=" %")


@contextmanager
def _style() -> Iterator[None]:
    """The house style with letters that can be read at half the width."""
    with house_style(), matplotlib.rc_context(_READABLE):
        yield


def draw_map(points: list[MapPoint], file: Path) -> None:
    """Draw reduction over coverage and correlation, with the band and the simulated points."""
    with _style():
        figure = new_figure(height_inches=6.4)
        axes = figure.add_subplot()
        h, rho = np.meshgrid(np.linspace(0.0, 1.25, 501), np.linspace(0.85, 1.004, 309))
        reduced = volatility_reduction(h, np.minimum(rho, 1.0))
        axes.contourf(h, rho, reduced, levels=list(BAND), colors=[SKY], alpha=0.45)
        lines = axes.contour(h, rho, reduced, levels=[0.2, 0.4, 0.5, *BAND], colors=[GREY], linewidths=0.9)
        places = [(0.2, 0.9), (0.44, 0.9), (0.6, 0.9), (0.68, 0.965), (0.89, 0.978)]
        axes.clabel(lines, fmt=lambda level: f"{100 * level:.0f} %", manual=places, fontsize=11)
        _simulated(axes, points)
        axes.set_xlim(0.0, 1.25)
        axes.set_ylim(0.85, 1.004)
        axes.set_xlabel("scaled coverage h' = coverage x sd of a full strip's gains / sd of the bill")
        axes.set_ylabel("correlation of gains and bill over paths")
        axes.grid(visible=False)
        axes.set_title(
            "A reduction of 62-78 % takes a correlation of 0.925 or more;\n"
            "above 0.9755 only a coverage that is too small or too large",
            loc="left", fontsize=13, pad=30,
        )  # fmt: skip
        band = matplotlib.patches.Patch(color=SKY, alpha=0.45, label=f"62-78 %: {PAPERS}")
        handles, _ = axes.get_legend_handles_labels()
        axes.legend(
            handles=[band, *handles],
            loc="lower left",
            bbox_to_anchor=(-0.01, 1.0),
            ncols=3,
            borderaxespad=0.2,
        )
        _note(figure, f"Lines: closed form, for any price. Points: one year of the laboratory.\n{STANDS_IN}")
        _save(figure, file)


def _simulated(axes: Axes, points: list[MapPoint]) -> None:
    for inside, face, label in ((True, BLUE, "simulated inside"), (False, "white", "outside")):
        chosen = [p for p in points if (BAND[0] <= p.simulated.value <= BAND[1]) == inside]
        axes.plot(
            [p.scaled_coverage for p in chosen], [p.correlation for p in chosen], "o", markersize=7,
            markerfacecolor=face, markeredgecolor=BLUE, label=label, clip_on=False,
        )  # fmt: skip
    for point in points:
        if not point.word.startswith("strip"):
            beside = {"ha": "left", "va": "center", "xytext": (8, 0)}
            below = {"ha": "center", "va": "top", "xytext": (0, -7)}
            where: Any = below if point.word == "layered" else beside
            place = (point.scaled_coverage, point.correlation)
            axes.annotate(point.word, place, textcoords="offset points", fontsize=11, **where)
    for basis_sd in MAP_BASIS_SDS:
        row = [p.correlation for p in points if p.basis_sd == basis_sd and p.word.startswith("strip")]
        axes.annotate(
            f"basis {100 * basis_sd:.0f} %" if basis_sd else "no basis", (1.0, row[0]), (6, 0),
            xycoords=("axes fraction", "data"), textcoords="offset points", va="center", fontsize=11,
            annotation_clip=False,
        )  # fmt: skip


def draw_lines(results: list[LineResult], file: Path) -> None:
    """Draw what one thing at a time does, closed forms as lines and simulations as points."""
    found = {result.line.name: result for result in results}
    beside = {"need": "need, rho .3", "jumps": "Gaussian jumps"}
    with _style():
        figure = new_figure(height_inches=11.0)
        grid = figure.subplots(4, 2, sharey=True)
        panels = [name for name in found if name not in beside.values()]
        for axes, name in zip(grid.flat, panels, strict=False):
            axes.axhspan(*BAND, color=SKY, alpha=0.45, linewidth=0)
            _line(axes, found[name])
            if name in beside:
                _line(axes, found[beside[name]], second=True)
            axes.set_xlabel(found[name].line.axis)
            axes.set_ylim(0.25, 1.05)
            axes.yaxis.set_major_formatter(_PERCENT)
        for axes in grid[:, 0]:
            axes.set_ylabel("volatility reduction")
        _key(grid[-1, 1])
        figure.suptitle(
            "The hedge and the bill's own risks move a year's reduction;\n"
            "jumps and trend hardly do without a basis",
            x=0.01, ha="left", fontsize=13,
        )  # fmt: skip
        _note(figure, f"No basis, and a need as expected, where they are not varied.\n{STANDS_IN}")
        _save(figure, file)


def _line(axes: Axes, result: LineResult, *, second: bool = False) -> None:
    values = [cell.value for cell in result.line.cells]
    for label, estimates in result.simulated.items():
        colour = _COLOURS[label]
        if result.closed:
            axes.plot(values, result.closed[label], "--" if second else "-", color=colour)
        axes.errorbar(
            values, [one.value for one in estimates], yerr=[1.96 * one.error for one in estimates],
            fmt="D" if second else "o", markersize=5 if second else 6, color=colour, linewidth=1.2,
            markerfacecolor="white" if second else colour, clip_on=False,
        )  # fmt: skip


def _key(axes: Axes) -> None:
    """Fill an empty panel with the legend."""
    axes.set_axis_off()
    names = {
        "strip": "strip",
        "strip:0.8": "strip of 0.8",
        "layered": "layered 75/50/25 %",
        "rolling": "rolling",
    }
    for label, name in names.items():
        axes.plot([], [], "-o", markersize=6, color=_COLOURS[label], label=name)
    axes.plot([], [], "D", markersize=5, markerfacecolor="white", color=INK,
              label="need: correlation 0.3 with prices;\njumps: Gaussian, same two moments")  # fmt: skip
    axes.plot([], [], "-", color=INK, label="closed form (points: simulated)")
    axes.fill_between([], [], color=SKY, alpha=0.45, label="62-78 %: the paper's\n(Xing, arXiv:2603.21690)")
    axes.legend(loc="center", bbox_to_anchor=(0.5, 0.45))


def draw_stand_in(found: Rises, by_kappa: dict[float, dict[str, list[Estimate]]], file: Path) -> None:
    """Draw the share of paths that double, by trend, and the reductions of three years."""
    with _style():
        figure = new_figure(height_inches=8.6)
        above, below = figure.subplots(2, 1)
        _doubling(above, found)
        _three_years(below, by_kappa)
        _note(figure, STANDS_IN)
        _save(figure, file)


def _doubling(axes: Axes, found: Rises) -> None:
    trends = np.linspace(0.0, 1.84, 185)
    share, low, high = np.array([found.share(trend) for trend in trends]).T
    axes.fill_between(trends, low, high, color=BLUE, alpha=0.25, linewidth=0, label="Wilson's 95 % interval")
    axes.plot(trends, share, color=BLUE, label="simulated")
    axes.axhline(RISING_SHARE, color=INK, linestyle="--", label=f"15 %: {PAPERS}")
    at = 100 * found.share(TREND)[0]
    axes.plot(
        [TREND],
        [at / 100],
        "o",
        color=VERMILION,
        markersize=8,
        label=f"stands in: {at:.1f} % at trend {TREND:g}",
    )
    axes.set_xlim(0.0, 1.84)
    axes.set_ylim(0.0, 0.8)
    axes.set_xlabel("trend, log points a year down")
    axes.set_ylabel("share of paths")
    axes.yaxis.set_major_formatter(_PERCENT)
    axes.set_title("Paths that rise by more than 100 % within 36 months", loc="left", fontsize=13)
    axes.legend(loc="upper right")


def _three_years(axes: Axes, by_kappa: dict[float, dict[str, list[Estimate]]]) -> None:
    axes.axhspan(*BAND, color=SKY, alpha=0.45, linewidth=0)
    colours = (BLUE, GREEN, VERMILION)
    for (kappa, found), filled in zip(by_kappa.items(), (True, False), strict=True):
        for year, colour in enumerate(colours):
            places = np.arange(len(found)) + 0.22 * (year - 1) + (0.0 if filled else 0.09)
            values = [estimates[year].value for estimates in found.values()]
            axes.plot(
                places, values, "o" if filled else "D", color=colour, markersize=8 if filled else 6,
                markerfacecolor=colour if filled else "white", clip_on=False,
                label=f"year {year + 1}, kappa {kappa:g}",
            )  # fmt: skip
    names = {"strip:0.8": "strip\nof 0.8", BOUGHT_ONCE: "strip of\nday 0", "rolling:1": "rolling\n1 month"}
    words = list(next(iter(by_kappa.values())))
    ticks = [
        names.get(word, word.replace(":", "\n") + " months" * word.startswith("rolling")) for word in words
    ]
    axes.set_xticks(range(len(words)), ticks)
    axes.set_xlabel("programme")
    axes.set_ylim(-0.03, 1.05)
    axes.yaxis.set_major_formatter(_PERCENT)
    axes.set_ylabel("volatility reduction")
    axes.set_title("Three years, 12 months listed, no basis", loc="left", fontsize=13, pad=64)
    handles, _ = axes.get_legend_handles_labels()
    band = matplotlib.patches.Patch(color=SKY, alpha=0.45, label="62-78 %: the paper's")
    empty = matplotlib.patches.Patch(alpha=0.0, label=" ")
    axes.legend(
        handles=[*handles, band, empty, empty], loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=3,
        borderaxespad=0.2,
    )  # fmt: skip


def _note(figure: Figure, text: str) -> None:
    figure.supxlabel(text, x=0.01, ha="left", fontsize=11, color=INK)


def _save(figure: Figure, file: Path) -> None:
    drawn = BytesIO()
    figure.savefig(drawn, format="png", dpi=120)
    image = Image.open(drawn).convert("RGB")
    # 128 colours are plenty for a few lines, and a third of the bytes.
    image.quantize(128, dither=Image.Dither.NONE).save(file, optimize=True)
