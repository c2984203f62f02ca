"""Profit and loss by class of trader."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from abm.core.money import USD_MICRO
from abm.recording import RunFolder

from ..style import BLUE, GREY, VERMILION, house_style, new_figure, say_empty, thousands
from ..wording import class_name, counted

TITLE = "Profit and loss by class"
CAPTION = (
    "What one class of traders gained another lost, less the fees; for a hedger this is the price of the "
    "hedge, to be read beside its bill."
)


def draw(run: RunFolder) -> Figure:
    """Return the figure: futures profit of each class over the run, fees paid."""
    by_class = (
        run.tables["agents"].groupby("agent_class")["pnl_usd_micro"].agg(["sum", "size"]).sort_values("sum")
    )
    thousand_usd = by_class["sum"].to_numpy(dtype=float) / (USD_MICRO * 1_000)
    with house_style():
        figure = new_figure(height_inches=1.4 + 0.42 * max(len(by_class), 2))
        axes = figure.subplots()
        if by_class.empty:
            say_empty(axes, "This market has no account.")
            return figure
        colours = np.where(thousand_usd < 0, VERMILION, BLUE)
        bars = axes.barh(np.arange(len(by_class)), thousand_usd, color=colours, height=0.62)
        axes.bar_label(bars, labels=[f"{amount:+,.0f}" for amount in thousand_usd], padding=4, fontsize=9)
        labels = [
            f"{class_name(str(name))}\n{counted(size, 'account')}"
            for name, size in zip(by_class.index, by_class["size"], strict=True)
        ]
        axes.set_yticks(np.arange(len(by_class)), labels)
        axes.axvline(0.0, color=GREY, linewidth=0.8)
        axes.grid(visible=False, axis="y")
        axes.grid(visible=True, axis="x")
        axes.margins(x=0.15)
        axes.set_xlabel("futures profit after fees, USD thousand")
        thousands(axes, axis="x")
    return figure
