"""Spread and depth by tenor."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from abm.recording import RunFolder
from abm.recording.metrics import liquidity_by_tenor

from ..style import BLUE, SKY, house_style, legend_above, new_figure

TITLE = "Spread and depth by tenor"
CAPTION = (
    "What it costs to trade at once and how many lots stand at the best prices, by months to delivery: dots "
    "are means over the run, bars the range of the middle 80 % of days."
)


def draw(run: RunFolder) -> Figure:
    """Return the figure: bid-ask spread on the left, depth at the best prices on the right."""
    daily = run.tables["daily"]
    means = liquidity_by_tenor(daily)
    with house_style():
        figure = new_figure(height_inches=3.6)
        left, right = figure.subplots(1, 2)
        _draw_range(left, daily, means, "spread_ticks", "bid-ask spread, ticks")
        _draw_range(right, daily, means, "depth_lots", "best bid + best ask, lots")
    return figure


def _draw_range(axes: Axes, daily: pd.DataFrame, means: pd.DataFrame, column: str, label: str) -> None:
    by_tenor = daily.groupby("tenor")[column]
    low, high = by_tenor.quantile(0.1), by_tenor.quantile(0.9)
    axes.vlines(means.index, low, high, color=SKY, linewidth=5, label="middle 80 % of days")
    axes.plot(means.index, means[column], "o", color=BLUE, label="mean")
    axes.set_xlabel("tenor, months from the front month")
    axes.set_ylabel(label)
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    legend_above(axes)
