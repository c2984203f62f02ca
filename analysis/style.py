"""House style of every figure: colours safe for the colour-blind, units on axes, legends outside the plot."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator, StrMethodFormatter
from numpy.typing import NDArray

BLUE = "#0072B2"
ORANGE = "#E69F00"
GREEN = "#009E73"
VERMILION = "#D55E00"
SKY = "#56B4E9"
PURPLE = "#CC79A7"
INK = "#222222"
GREY = "#8A8A8A"
"""Palette of Okabe and Ito (2008), which readers with any common colour vision can tell apart."""

_WIDTH_INCHES = 8.0
_DOTS_PER_INCH = 100
_RC: Any = {
    "font.size": 10,
    "axes.labelsize": 10,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.8,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "lines.linewidth": 1.5,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "legend.handlelength": 1.4,
    "legend.columnspacing": 1.3,
    "figure.dpi": _DOTS_PER_INCH,
    "svg.fonttype": "path",
    "svg.hashsalt": "sitsim",
}


@contextmanager
def house_style() -> Iterator[None]:
    """Apply the house style to what is drawn or saved inside the block, and to nothing else."""
    with matplotlib.rc_context(_RC):
        yield


def new_figure(*, height_inches: float) -> Figure:
    """Return an empty figure of the house width (800 px)."""
    return Figure(figsize=(_WIDTH_INCHES, height_inches), dpi=_DOTS_PER_INCH, layout="constrained")


def legend_above(axes: Axes, *, columns: int = 4) -> None:
    """Put the legend over the top edge of the plot, where it covers no data."""
    axes.legend(loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=columns, borderaxespad=0.2)


def through_the_day(days: NDArray[np.int64], *levels: Any) -> list[NDArray[Any]]:
    """Return days and daily levels with the last repeated a day later, for steps that last a whole day."""
    ends = np.append(days, days[-1] + 1)
    return [ends, *(np.append(level, np.asarray(level)[-1]) for level in levels)]


def day_axis(axes: Axes, label: str = "trading day") -> None:
    """Name the horizontal axis of days, and mark whole days on it however short the run is."""
    axes.set_xlabel(label)
    axes.xaxis.set_major_locator(MaxNLocator(nbins="auto", steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))


def thousands(axes: Axes, *, axis: str = "y") -> None:
    """Write the numbers of an axis with thousands set apart."""
    getattr(axes, f"{axis}axis").set_major_formatter(StrMethodFormatter("{x:,.0f}"))


def price_scale(axes: Axes) -> None:
    """Make the price axis logarithmic, so that equal relative moves are equally high, if it can be.

    A price of zero or less, which this market allows, keeps the axis linear.
    """
    prices = np.concatenate([np.asarray(line.get_ydata(), dtype=np.float64) for line in axes.lines])
    prices = prices[np.isfinite(prices)]
    if prices.size and prices.min() > 0:
        axes.set_yscale("log")
        axes.set_ylabel(f"{axes.get_ylabel()} (log)")
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 1.5, 2.0, 3.0, 5.0, 7.0)))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_locator(NullLocator())


def sequence(count: int) -> list[str]:
    """Return colours from dark to light for things in an order, e.g. delivery months by time."""
    return [to_hex(colormaps["cividis"](0.9 * i / max(count - 1, 1))) for i in range(count)]


def plain_numbers(axes: Axes, *, axis: str = "y") -> None:
    """Write the numbers of an axis with thousands set apart and no more decimals than they have."""
    getattr(axes, f"{axis}axis").set_major_formatter(FuncFormatter(lambda value, _: f"{value + 0.0:,.6g}"))


def shorter(names: Iterable[str], longest: int) -> dict[str, str]:
    """Return a short form of each name; a longer one is cut in its middle, and two never have the same."""
    short: dict[str, str] = {}
    for name in names:
        form, number = _cut(name, longest), 1
        while form in short.values():
            number += 1
            form = f"{_cut(name, longest - 1 - len(str(number)))} {number}"
        short[name] = form
    return {name: form.replace("$", r"\$") for name, form in short.items()}


def _cut(name: str, longest: int) -> str:
    if len(name) <= longest:
        return name
    tail = longest // 3
    return f"{name[: longest - tail - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}{name[len(name) - tail :].lstrip()}"


def say_empty(axes: Axes, message: str) -> None:
    """Write in an empty plot why there is nothing in it."""
    axes.set_axis_off()
    axes.text(0.5, 0.5, message, transform=axes.transAxes, ha="center", va="center", color=GREY)


def to_svg(figure: Figure) -> bytes:
    """Return a figure as SVG; the same figure gives the same bytes."""
    target = io.BytesIO()
    with house_style():
        figure.savefig(
            target, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
        )
    return target.getvalue()
