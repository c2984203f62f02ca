"""What each variant changes in the measures of one question, in percent of the base."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from ..comparison.view import ComparisonView
from ..comparison.words import NO_SIGN, listed
from ..style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    VERMILION,
    house_style,
    new_figure,
    sequence,
    shorter,
)

_COLOURS = (BLUE, VERMILION, GREEN, ORANGE, PURPLE)
_ROW_INCHES = 0.19
_GAP = 0.75
"""Room between measures, in rows."""
_LABEL_CHARACTERS = 44
_NAME_CHARACTERS = 28
_LINEAR_PERCENT = 1.0
"""Within so many percent the scale is linear, beyond logarithmic."""
_FARTHEST = 1e5


def caption(view: ComparisonView, question: str) -> str:
    """Return what the figure of a question shows."""
    _, without, unsigned = view.drawn(question)
    said = (
        "Mean difference to the base with its 95 % interval, in percent of the base's mean; faint marks are "
        "the pairs of runs, one a seed. A filled dot has a sign among all comparisons, an open one none "
        "yet. The scale is logarithmic beyond 1 %."
    )
    if without:
        said += f" Not drawn, as the base is 0 or has no value: {listed(without, view.labels)}."
    if unsigned:
        said += f" Not drawn, as no variant has a sign: {listed(unsigned, view.labels)}."
    return said


def draw(view: ComparisonView, question: str) -> Figure | None:
    """Return the figure of a question, None where it would be empty."""
    rows, _, _ = view.drawn(question)
    if rows.empty:
        return None
    measures = list(dict.fromkeys(rows["measure"]))
    variants = view.variants
    step = len(variants) + _GAP
    with house_style():
        figure = new_figure(height_inches=1.0 + _ROW_INCHES * step * len(measures))
        axes = figure.subplots()
        axes.axvline(0.0, color=INK, linewidth=1.0)
        for number, measure in enumerate(measures):
            mine = rows[rows["measure"] == measure].set_index("variant")
            for place, variant in enumerate(variants):
                _draw_row(axes, view, measure, variant, mine.loc[variant], number * step + place)
        _set_axes(axes, view, measures, step)
        _explain(figure, variants)
    return figure


def _draw_row(
    axes: Axes, view: ComparisonView, measure: str, variant: str, row: pd.Series, height: float
) -> None:
    scale = 100.0 / abs(float(row["base"]))
    colour = _colours(view.variants)[variant]
    pairs = scale * view.pair_differences(measure, variant)
    axes.plot(pairs, np.full(len(pairs), height), "|", color=colour, alpha=0.35, markersize=7)
    if np.isfinite(row["low"]) and np.isfinite(row["high"]):
        axes.plot([scale * row["low"], scale * row["high"]], [height, height], color=colour, linewidth=1.8)
    fill = "white" if row["verdict"] == NO_SIGN else colour
    axes.plot(scale * row["difference"], height, "o", color=colour, markerfacecolor=fill, markersize=6)


def _set_axes(axes: Axes, view: ComparisonView, measures: list[str], step: float) -> None:
    axes.set_xscale("symlog", linthresh=_LINEAR_PERCENT, linscale=0.6)
    low, high = axes.dataLim.intervalx
    reach = [10.0**power for power in range(6)]
    left = next((-edge for edge in reach if low >= -edge), -_FARTHEST)
    right = next((edge for edge in reach if high <= edge), _FARTHEST)
    axes.set_xlim(left if low < 0.0 else -_LINEAR_PERCENT, right if high > 0.0 else _LINEAR_PERCENT)
    inside = [edge for edge in [-edge for edge in reversed(reach)] + [0.0, *reach] if left <= edge <= right]
    axes.xaxis.set_major_locator(FixedLocator(inside))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:+,.0f}" if value else "0"))
    axes.set_xlabel("difference to the base, % of the base's mean")
    axes.set_ylim(len(measures) * step - _GAP, -1.0)
    middle = (len(view.variants) - 1) / 2.0
    axes.set_yticks([number * step + middle for number in range(len(measures))])
    short = shorter((view.labels[measure] for measure in measures), _LABEL_CHARACTERS)
    axes.set_yticklabels([short[view.labels[measure]] for measure in measures])
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=True, axis="x")
    axes.grid(visible=False, axis="y")
    for number in range(1, len(measures)):
        axes.axhline(number * step - (1.0 + _GAP) / 2.0, color="#EEEEEE", linewidth=0.8, zorder=0.5)


def _colours(variants: list[str]) -> dict[str, str]:
    colours = _COLOURS if len(variants) <= len(_COLOURS) else sequence(len(variants))
    return dict(zip(variants, colours, strict=False))


def _explain(figure: Figure, variants: list[str]) -> None:
    colours, names = _colours(variants), shorter(variants, _NAME_CHARACTERS)
    handles = [Line2D([], [], marker="o", color=colours[name], markersize=6) for name in variants]
    handles.append(
        Line2D([], [], marker="o", linestyle="", color=GREY, markerfacecolor="white", markersize=6)
    )
    figure.legend(handles, [*names.values(), "no sign yet"], loc="outside upper left", ncols=3)
