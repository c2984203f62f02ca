"""The frontier: the worst bill of each programme against the cash that it needs."""

from __future__ import annotations

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..hedge_study import BENCHMARK, HedgeStudyView
from ..hedge_words import CONVENTION_NAMES
from ..style import BLUE, GREEN, GREY, VERMILION, house_style, new_figure, plain_numbers, shorter
from ..wording import money_scale, percent
from .hedge_cash import money_label
from .label_places import place_labels

TITLE = "Worst bill against cash needed"
_DOT_POINTS = 9.0
_LABEL_CHARACTERS = 34
_FARTHEST = 2.5
"""As for the cash needed by day."""


def caption(study: HedgeStudyView) -> str:
    """Return what the figure shows."""
    money = " Right of the dashed line there is not money enough." if _is_near(study) else ""
    return (
        "Each dot is a programme: farther down, bad luck costs less; farther left, less money must stand "
        f"ready. What trades no futures needs none.{money}"
    )


def draw(study: HedgeStudyView) -> Figure:
    """Return the figure: one labelled dot a programme."""
    names = study.programmes
    cash = {name: study.peak_usd(name) for name in names}
    bills = {name: study.worst_bill_usd(name) for name in names}
    across, up = money_scale(max(cash.values())), money_scale(max(map(abs, bills.values())))
    share = percent(study.confidence, 0 if round(100 * study.confidence, 6).is_integer() else 2)
    with house_style():
        figure = new_figure(height_inches=max(4.6, 3.4 + 0.16 * len(names)))
        axes = figure.subplots()
        for name in names:
            axes.plot(
                cash[name] / across.divisor,
                bills[name] / up.divisor,
                "D" if name == study.recommended else "o",
                color=_colour(study, name),
                markersize=_DOT_POINTS,
                markeredgecolor="white",
                clip_on=False,
                zorder=3.0,
            )
        line = study.money_usd / across.divisor if _is_near(study) else None
        if line is not None:
            axes.axvline(line, color=VERMILION, linestyle="--")
        _set_limits(axes)
        axes.grid(visible=True, axis="both")
        named = CONVENTION_NAMES[study.convention]
        axes.set_xlabel(f"cash needed ({share}, {named}), {across.unit}")
        axes.set_ylabel(f"worst bill of all months ({share}), {up.unit}")
        plain_numbers(axes)
        plain_numbers(axes, axis="x")
        _explain(figure, study, is_near=line is not None)
        points = [(cash[name] / across.divisor, bills[name] / up.divisor) for name in names]
        short = shorter(names, _LABEL_CHARACTERS)
        labels = [short[name] for name in names]
        place_labels(figure, axes, points, labels, dot_points=_DOT_POINTS, upright_line=line)
    return figure


def _colour(study: HedgeStudyView, name: str) -> str:
    return GREEN if name == study.recommended else GREY if name == BENCHMARK else BLUE


def _is_near(study: HedgeStudyView) -> bool:
    """Say whether the money is near enough to the needs of cash to be drawn beside them."""
    return study.money_usd <= _FARTHEST * max(map(study.peak_usd, study.programmes))


def _set_limits(axes: Axes) -> None:
    """Leave room around the dots; cash begins at nothing."""
    left, right = axes.dataLim.intervalx
    left, right = min(left, 0.0), right if right > 0.0 else 1.0
    axes.set_xlim(left - 0.06 * (right - left), right + 0.12 * (right - left))
    low, high = axes.dataLim.intervaly
    room = 0.12 * (high - low) if high > low else 0.1 * (abs(high) or 1.0)
    axes.set_ylim(low - room, high + room)


def _explain(figure: Figure, study: HedgeStudyView, *, is_near: bool) -> None:
    dots = {"recommended": ("D", GREEN), "other programmes": ("o", BLUE), "no hedge": ("o", GREY)}
    if study.recommended is None:
        del dots["recommended"]
    if study.recommended == BENCHMARK:
        del dots["no hedge"]
    handles = [
        Line2D([], [], marker=marker, linestyle="", color=colour, markersize=7)
        for marker, colour in dots.values()
    ]
    labels = list(dots)
    if math.isfinite(study.money_usd):
        handles.append(Line2D([], [], color=VERMILION, linestyle="--" if is_near else ""))
        labels.append(money_label(study, is_near=is_near))
    figure.legend(handles, labels, loc="outside upper left", ncols=4)
