"""Margin calls by what raised them."""

from __future__ import annotations

from matplotlib.figure import Figure

from abm.recording import RunFolder

from ..call_causes import CAUSES, calls_by_cause
from ..style import (
    BLUE,
    GREY,
    ORANGE,
    VERMILION,
    day_axis,
    house_style,
    legend_above,
    new_figure,
    say_empty,
    thousands,
    through_the_day,
)

TITLE = "Why margin was called"
CAPTION = (
    "Each call is shared among what raised it since the last margin cycle: variation margin lost, more "
    "margin asked per lot, a bigger position, and what was missing before or went in fees."
)
_COLOURS = (VERMILION, ORANGE, BLUE, GREY)


def draw(run: RunFolder) -> Figure:
    """Return the figure: amounts called by day, stacked by cause."""
    calls, days = run.tables["margin_calls"], run.tables["spot"]["day"]
    with house_style():
        figure = new_figure(height_inches=3.4)
        axes = figure.subplots()
        if calls.empty:
            say_empty(axes, "No margin call was made in this run.")
            return figure
        by_day = (
            calls_by_cause(calls).groupby("day")[list(CAUSES)].sum().reindex(days, fill_value=0.0) / 1_000
        )
        axes.stackplot(
            *through_the_day(by_day.index.to_numpy(), *(by_day[cause] for cause in CAUSES)),
            step="post",
            colors=_COLOURS,
            labels=CAUSES.values(),
            linewidth=0,
        )
        day_axis(axes)
        axes.set_ylabel("called, USD thousand a day")
        axes.margins(x=0.01)
        thousands(axes)
        legend_above(axes)
    return figure
