"""Who bore the loss of each default."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from abm.core.money import USD_MICRO
from abm.recording import RunFolder

from ..clearing_house import LAYERS
from ..style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    house_style,
    legend_above,
    new_figure,
    say_empty,
    thousands,
)

TITLE = "Default waterfall"
CAPTION = (
    "What each close-out lost beyond the defaulter's own collateral, by who bore it, in the order of the "
    "waterfall; the largest losses of the run, in the order of time."
)
MOST_BARS = 16
"""Close-outs drawn; more would not be readable."""
_COLOURS = dict(zip(LAYERS, (BLUE, SKY, INK, GREEN, "#B8DCCB", ORANGE, PURPLE, VERMILION), strict=True))


def draw(run: RunFolder) -> Figure:
    """Return the figure: one bar per close-out that left a loss, layers stacked, its loss marked."""
    defaults = run.tables["defaults"]
    lossy = defaults[(defaults["event"] == "close_out_finished") & (defaults["loss_usd_micro"] > 0)]
    shown = lossy.nlargest(MOST_BARS, "loss_usd_micro").sort_values(["day", "round"], kind="stable")
    with house_style():
        figure = new_figure(height_inches=1.6 + 0.34 * max(len(shown), 3))
        axes = figure.subplots()
        if shown.empty:
            say_empty(axes, "No close-out of this run left a loss.")
            return figure
        places, left = np.arange(len(shown)), np.zeros(len(shown))
        for layer, colour in _COLOURS.items():
            paid = shown[f"{layer}_usd_micro"].to_numpy(dtype=np.float64) / (USD_MICRO * 1_000)
            if paid.any():
                axes.barh(places, paid, left=left, height=0.66, color=colour, label=layer.replace("_", " "))
                left += paid
        loss = shown["loss_usd_micro"].to_numpy(dtype=np.float64) / (USD_MICRO * 1_000)
        axes.plot(loss, places, "|", color=INK, markersize=15, markeredgewidth=1.6, label="loss in all")
        for place, amount in zip(places, loss, strict=True):
            axes.annotate(
                f"{amount:,.0f}", (amount, place), (6, 0), textcoords="offset points", va="center", fontsize=9
            )
        labels = [
            f"day {day}, account {account}"
            for day, account in zip(shown["day"], shown["account"], strict=True)
        ]
        axes.set_yticks(places, labels)
        axes.set_ylabel("close-out")
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.grid(visible=True, axis="x", color=GREY, alpha=0.25)
        axes.margins(x=0.08)
        axes.set_xlim(left=0.0)
        axes.set_xlabel("loss beyond the defaulter's collateral, USD thousand")
        thousands(axes, axis="x")
        legend_above(axes, columns=4)
    return figure
