"""Spread and depth by tenor."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from abm.recording import RunFolder
from abm.recording.maker_metrics import price_scale_ticks
from abm.recording.metrics import liquidity_by_tenor

from ..style import BLUE, ORANGE, SKY, house_style, legend_above, new_figure, say_empty

TITLE = "Spread and depth by tenor"
CAPTION = (
    "What it costs to trade at once, in ticks and in basis points of the settlement price, and how many lots "
    "stand at the best prices, by months to delivery: dots are means over the run, bars the range of the "
    "middle 80 % of days. The dashed line is what one tick is of the price."
)


def draw(run: RunFolder) -> Figure:
    """Return the figure: bid-ask spread in ticks and in basis points, depth at the best prices."""
    daily = run.tables["daily"]
    means = liquidity_by_tenor(daily)
    in_bps = (1e4 * daily["spread_ticks"] / price_scale_ticks(daily)).rename("spread_bps")
    with house_style():
        figure = new_figure(height_inches=3.6)
        ticks, bps, depth = figure.subplots(1, 3)
        if daily.empty:
            say_empty(bps, "No trading day was recorded.")
            say_empty(ticks, "")
            say_empty(depth, "")
            return figure
        tenor = daily["tenor"]
        _draw_range(
            ticks, daily["spread_ticks"], tenor, means["spread_ticks"], "bid-ask spread, ticks", named=True
        )
        bps.plot(1e4 * means["tick_share"], "--", color=ORANGE, linewidth=1.2, label="one tick")
        _draw_range(bps, in_bps, tenor, 1e4 * means["spread_share"], "bid-ask spread, basis points")
        _draw_range(depth, daily["depth_lots"], tenor, means["depth_lots"], "best bid + best ask, lots")
        # The three panels share their signs: each is explained once, where there is room for it.
        legend_above(ticks, columns=2)
        legend_above(bps)
    return figure


def _draw_range(
    axes: Axes, by_day: pd.Series, tenor: pd.Series, means: pd.Series, label: str, *, named: bool = False
) -> None:
    days = by_day.groupby(tenor)
    low, high = days.quantile(0.1), days.quantile(0.9)
    axes.vlines(low.index, low, high, color=SKY, linewidth=5, label="80 % of days" if named else "_")
    axes.plot(means.index, means, "o", color=BLUE, label="mean" if named else "_")
    axes.set_xlabel("months from the front month")
    axes.set_ylabel(label)
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
