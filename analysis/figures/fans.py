"""Fans of quantiles in panels with common axes, one panel a programme."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from ..hedge_study import HedgeStudyView
from ..style import BLUE, GREEN, INK, shorter

BANDS = ((0.01, 0.99, 0.75), (0.05, 0.95, 0.5), (0.25, 0.75, 0.2))
"""Lower and upper quantile, and how much white is mixed into the colour."""

_TITLE_CHARACTERS = {1: 76, 2: 36, 3: 24}


def panel_grid(count: int) -> tuple[int, int]:
    """Return rows and columns of a figure with so many panels."""
    columns = count if count <= 3 else 2 if count == 4 else 3
    return math.ceil(count / columns), columns


def left_out(candidates: Sequence[str], study: HedgeStudyView) -> str:
    """Return a sentence that some have no panel, empty where all have one."""
    drawn = len(study.panels(list(candidates)))
    return f" Drawn are {drawn} of {len(candidates)} programmes." if drawn < len(candidates) else ""


def panels(figure: Figure, study: HedgeStudyView, names: Sequence[str]) -> dict[str, Axes]:
    """Return the axes of each programme, titled, with common axes; places that are left stay empty."""
    rows, columns = panel_grid(len(names))
    layout: Any = figure.get_layout_engine()
    layout.set(wspace=0.05)
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    short = shorter(names, _TITLE_CHARACTERS[columns])
    axes = dict(zip(names, grid, strict=False))
    for name, each in axes.items():
        weight = "bold" if name == study.recommended else "normal"
        each.set_title(short[name], fontsize=10, loc="left", color=INK, fontweight=weight)
    for position in range(len(names), len(grid)):
        grid[position].set_visible(False)
        grid[position - columns].tick_params(labelbottom=True)  # nothing stands under it
    return axes


def fan_colour(study: HedgeStudyView, name: str) -> str:
    """Return the colour of a programme's fan."""
    return GREEN if name == study.recommended else BLUE


def draw_fan(axes: Axes, fan: pd.DataFrame, colour: str) -> None:
    """Draw quantiles, a column each, over the index."""
    for low, high, white in BANDS:
        shade = _mixed(colour, white)
        axes.fill_between(fan.index, fan[low], fan[high], color=shade, linewidth=0.8 if low == 0.01 else 0.0)
    axes.plot(fan.index, fan[0.5], color=_mixed(colour, 0.0, darker=0.35), linewidth=1.6)


def fan_key(study: HedgeStudyView, names: Sequence[str]) -> tuple[list[Any], list[str]]:
    """Return handles and labels that explain the fans of some programmes."""
    others = [name for name in names if name != study.recommended]
    colour = fan_colour(study, (others or list(names))[0])
    handles: list[Any] = [Patch(color=_mixed(colour, white)) for _, _, white in BANDS]
    labels = [f"{100 * (high - low):.0f} % of paths" for low, high, _ in BANDS]
    if study.recommended in names and others:
        handles.append(Patch(color=_mixed(GREEN, BANDS[1][2])))
        labels.append("recommended")
    return handles, labels


def _mixed(colour: str, white: float, darker: float = 0.0) -> tuple[float, float, float]:
    red, green, blue = (part * (1.0 - darker) for part in to_rgb(colour))
    return red + (1.0 - red) * white, green + (1.0 - green) * white, blue + (1.0 - blue) * white
