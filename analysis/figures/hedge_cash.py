"""Cash that each futures programme needs, day by day, and the money that there is."""

from __future__ import annotations

import math
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..hedge_study import HedgeStudyView
from ..style import GREY, INK, VERMILION, day_axis, house_style, new_figure, plain_numbers, say_empty
from ..wording import money_scale, usd
from .fans import draw_fan, fan_colour, fan_key, left_out, panel_grid, panels

TITLE = "Cash needed by day"
_FARTHEST = 2.5
"""Times the largest need up to which the line of money is drawn; beyond it would flatten the fans."""


def caption(study: HedgeStudyView) -> str:
    """Return what the figure shows."""
    names = _candidates(study)
    if not names:
        return "What trades no futures needs no cash for margin."
    return (
        "Initial margin at the day's prices and the losses paid so far, less the gains received, as if money "
        "never ended; below zero the hedge has brought in more than it holds in margin (cut off where that "
        "is much). Shades as above, day by day; paths have their largest need on different days, so that the "
        f"need in the table Cash is more than that of any day here.{left_out(names, study)}"
    )


def _candidates(study: HedgeStudyView) -> list[str]:
    """Return the programmes that trade futures."""
    traded = set(study.folder.tables["cash_fan"]["programme"])
    return [name for name in study.programmes if name in traded]


def draw(study: HedgeStudyView) -> Figure:
    """Return the figure: one panel a futures programme, on common axes."""
    names = study.panels(_candidates(study))
    fans = {name: study.fan("cash_fan", name, "day", "cash_needed_usd") for name in names}
    rows, columns = panel_grid(max(len(names), 1))
    with house_style():
        if not names:
            figure = new_figure(height_inches=1.6)
            say_empty(figure.subplots(), "No programme of this study trades futures: none needs margin.")
            return figure
        figure = new_figure(height_inches=0.7 + 2.5 * rows if columns > 1 else 4.0)
        most = max(float(fans[name].to_numpy().max()) for name in names)
        scale = money_scale(max(most, 0.0))
        is_near = study.money_usd <= _FARTHEST * max(most, 0.0)
        for name, axes in panels(figure, study, names).items():
            draw_fan(axes, fans[name] / scale.divisor, fan_colour(study, name))
            axes.axhline(0.0, color=GREY, linewidth=0.8)
            if is_near:
                axes.axhline(study.money_usd / scale.divisor, color=VERMILION, linestyle="--")
            axes.margins(x=0.0)
            day_axis(axes, "")
            plain_numbers(axes)
        top = max(most, study.money_usd if is_near else 0.0)
        lowest = min(float(fans[name].to_numpy().min()) for name in names)
        bottom = max(lowest, -top) if top > 0.0 else lowest
        room = 0.08 * (top - bottom) or 1.0
        axes.set_ylim((bottom - room) / scale.divisor, (top + room) / scale.divisor)
        figure.supxlabel("trading day", fontsize=10, color=INK)
        figure.supylabel(f"cash needed, {scale.unit}", fontsize=10, color=INK)
        handles, labels = fan_key(study, names)
        if math.isfinite(study.money_usd):
            line: Any = "--" if is_near else ""
            handles.append(Line2D([], [], color=VERMILION, linestyle=line))
            labels.append(money_label(study, is_near=is_near))
        figure.legend(handles, labels, loc="outside upper left", ncols=5)
    return figure


def money_label(study: HedgeStudyView, *, is_near: bool) -> str:
    """Return what the legend calls the money, and that it is not drawn where it is far away."""
    money = f"money there is: {usd(study.money_usd)}"
    return money if is_near else f"{money}, beyond the plot"
