"""What trading costs, by tenor and over the day, and how much stands behind the best prices."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from abm.recording import RunFolder

from ..liquidity.gathering import liquidity_tables
from ..liquidity.overview import LEVELS, PARTS_OF_DAY, LiquidityOverview, liquidity_overview
from ..style import BLUE, GREEN, GREY, ORANGE, SKY, house_style, legend_above, new_figure, say_empty

TITLE = "What trading costs"
CAPTION = (
    "Quoted: bid-ask spread. Effective: twice the distance from the mid before a trade to its price. Of "
    "it the realised part is left a day later, the rest is impact, how far the mid went with it. Means in "
    "basis points of the mid, those of trades by lots, by months to delivery and eighth of the day; at the "
    "right, lots within the best one and five price levels of both sides."
)
_PARTS = (
    ("quoted", "quoted", GREY, "s"),
    ("effective", "effective", BLUE, "o"),
    ("realised", "realised", ORANGE, "v"),
    ("impact", "impact", GREEN, "^"),
)


def draw(run: RunFolder) -> Figure:
    """Return the figure of one run."""
    return draw_overview(liquidity_overview(liquidity_tables(run)))


def draw_overview(overview: LiquidityOverview) -> Figure:
    """Return the figure: costs by tenor, costs over the day, depth by tenor."""
    with house_style():
        figure = new_figure(height_inches=3.8)
        tenors, day, depth = figure.subplots(1, 3)
        if overview.by_tenor["quoted"].isna().all():
            say_empty(day, "No round had a bid and an ask.")
            say_empty(tenors, "")
            say_empty(depth, "")
            return figure
        _draw_costs(tenors, overview.by_tenor, named=True)
        tenors.set_ylabel("basis points of the mid")
        tenors.set_xlabel("months from the front month")
        eighths = overview.by_part.set_axis(overview.by_part.index + 1)
        _draw_costs(day, eighths, named=False)
        day.set_xlabel(f"part of the day, of {PARTS_OF_DAY}")
        day.set_ylabel("basis points of the mid")
        day.sharey(tenors)
        day.autoscale(axis="y")
        _draw_depth(depth, overview.by_tenor)
        legend_above(tenors, columns=2)
    return figure


def _draw_costs(axes: Axes, means: pd.DataFrame, *, named: bool) -> None:
    axes.axhline(0.0, color=GREY, linewidth=0.8)
    for column, label, colour, mark in _PARTS:
        shown = 1e4 * means[column]
        line = "-" + mark
        name = label if named else "_"
        axes.plot(shown, line, color=colour, markersize=4.5, linewidth=0.9, label=name)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))


def _draw_depth(axes: Axes, means: pd.DataFrame) -> None:
    columns = [f"depth_{level}" for level in LEVELS]
    if means[columns].isna().all(axis=None):
        say_empty(axes, "Depth was not recorded.")
        return
    for column, level, colour in zip(columns, LEVELS, (BLUE, SKY), strict=True):
        label = "best price" if level == 1 else f"best {level} prices"
        axes.plot(means.index, means[column], "o-", color=colour, markersize=4.5, linewidth=0.9, label=label)
    axes.set_xlabel("months from the front month")
    axes.set_ylabel("lots, both sides")
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    legend_above(axes, columns=1)
