"""Margin against the losses it was for."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from abm.core.money import USD_MICRO
from abm.recording import RunFolder

from ..style import (
    BLUE,
    GREY,
    INK,
    SKY,
    VERMILION,
    day_axis,
    house_style,
    legend_above,
    new_figure,
    say_empty,
    thousands,
)

TITLE = "Margin and realised losses"
CAPTION = (
    "Above, what a lot of the second month gained over the margin period from each close, between the margin "
    "asked of a long position (below zero) and of a short one (above); below, the worst account of each day. "
    "A loss beyond margin is marked."
)
SECOND_MONTH = 1
"""Tenor of the upper panel: the front month's margin falls with its fixings, whatever the model does."""
_LEAST_SHARE = 0.01


def draw(run: RunFolder) -> Figure:
    """Return the figure: one lot against its margin above, the worst account of each day below."""
    with house_style():
        figure = new_figure(height_inches=6.0)
        lot, accounts = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        if "margin_backtest" not in run.tables or run.tables["margin_backtest"].empty:
            say_empty(lot, "This run recorded no back-test of margin.")
            say_empty(accounts, "")
            return figure
        _draw_lot(lot, run.tables["contract_backtest"])
        _draw_accounts(accounts, run.tables["margin_backtest"])
    return figure


def _draw_lot(axes: Axes, backtest: pd.DataFrame) -> None:
    of_tenor = backtest[backtest["tenor"] == SECOND_MONTH].set_index("day").sort_index()
    longs, shorts = (of_tenor[of_tenor["side"] == side] for side in (1, -1))
    margin_long, margin_short = (rows["requirement_usd_micro"] / USD_MICRO for rows in (longs, shorts))
    gain = -longs["loss_usd_micro"] / USD_MICRO
    axes.fill_between(
        longs.index, -margin_long, margin_short, color=SKY, alpha=0.35, linewidth=0, label="covered by margin"
    )
    axes.plot(longs.index, -margin_long, color=BLUE, label="margin, long and short")
    axes.plot(shorts.index, margin_short, color=BLUE)
    axes.plot(longs.index, gain, ".", color=INK, markersize=3.5, label="gain of a long lot")
    breach = (longs["breach"] | shorts["breach"]).to_numpy(dtype=np.bool_)
    axes.plot(
        longs.index[breach], gain[breach], "o", color=VERMILION, markersize=5, label="loss beyond margin"
    )
    axes.axhline(0.0, color=GREY, linewidth=0.8)
    axes.set_ylabel("USD per lot")
    axes.margins(x=0.01)
    thousands(axes)
    legend_above(axes)


def _draw_accounts(axes: Axes, backtest: pd.DataFrame) -> None:
    asked = backtest[backtest["requirement_usd_micro"] > 0]
    share = 100.0 * asked["loss_usd_micro"] / asked["requirement_usd_micro"]
    worst = share.groupby(asked["day"]).max().clip(lower=100.0 * _LEAST_SHARE)
    beyond = worst > 100.0
    axes.plot(worst.index[~beyond], worst[~beyond], ".", color=INK, markersize=4, label="worst account")
    axes.plot(
        worst.index[beyond],
        worst[beyond],
        "o",
        color=VERMILION,
        markersize=5,
        label="worst account, beyond margin",
    )
    axes.axhline(100.0, color=BLUE, label="margin")
    axes.set_ylabel("loss, % of margin")
    day_axis(axes, "trading day of the close")
    axes.set_ylim(bottom=0.0)
    thousands(axes)
    legend_above(axes)
