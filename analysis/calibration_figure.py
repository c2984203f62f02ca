"""A calibrated price series beside its fit, and three looks at the residuals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.special import ndtri

from abm.core.arrays import FloatArray

from .style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    VERMILION,
    house_style,
    legend_above,
    new_figure,
    price_scale,
)

_BINS = 20
_FLAGGED = 0.5
_LAGS = 20
_CENTRAL_95 = 1.96


def draw(
    *,
    when: NDArray[Any],
    prices: FloatArray,
    level: FloatArray,
    jump_probability: FloatArray,
    pit: FloatArray,
    normal_scores: FloatArray,
    price_label: str = "price",
) -> Figure:
    """Return the figure: the series with its level and jumps above, residuals below.

    Parameters
    ----------
    when : array of float or datetime64, shape (n,)
        Years since the first price, or dates.
    prices, level : array of float, shape (n,)
        The series and the level that it reverts to.
    jump_probability, pit, normal_scores : array of float, shape (n - 1,)
        Of each step: probability of a jump in it, probability integral transform, and its normal quantile.
    price_label : str
        Name and unit of the price.
    """
    with house_style():
        figure = new_figure(height_inches=6.2)
        grid = figure.add_gridspec(2, 3, height_ratios=(1.35, 1.0))
        _draw_series(
            figure.add_subplot(grid[0, :]), when, prices, level, jump_probability > _FLAGGED, price_label
        )
        _draw_pit(figure.add_subplot(grid[1, 0]), pit)
        _draw_quantiles(figure.add_subplot(grid[1, 1]), normal_scores)
        _draw_autocorrelation(figure.add_subplot(grid[1, 2]), normal_scores)
    return figure


def _draw_series(
    axes: Axes,
    when: NDArray[Any],
    prices: FloatArray,
    level: FloatArray,
    flagged: NDArray[np.bool_],
    price_label: str,
) -> None:
    axes.plot(when, prices, color=BLUE, linewidth=1.0, label="price")
    axes.plot(when, level, color=GREY, linestyle="--", linewidth=1.2, label="level")
    jumped = np.flatnonzero(flagged) + 1
    label = f"after a jump, more likely than not ({jumped.size})"
    axes.plot(when[jumped], prices[jumped], "o", color=VERMILION, markersize=3.5, label=label)
    axes.set_ylabel(price_label)
    price_scale(axes)
    if np.issubdtype(when.dtype, np.datetime64):
        locator = AutoDateLocator()  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    else:
        axes.set_xlabel("years since the first price")
    axes.margins(x=0.01)
    legend_above(axes)


def _draw_pit(axes: Axes, pit: FloatArray) -> None:
    axes.hist(pit, bins=_BINS, range=(0.0, 1.0), color=BLUE, alpha=0.75)
    expected = pit.size / _BINS
    spread = _CENTRAL_95 * math.sqrt(expected * (1.0 - 1.0 / _BINS))
    axes.axhspan(
        max(expected - spread, 0.0), expected + spread, color=ORANGE, alpha=0.3, linewidth=0.0, zorder=0.8
    )
    axes.axhline(expected, color=INK, linewidth=1.0)
    axes.set_title("flat if the law fits (band: 95 %)", fontsize=9)
    axes.set_xlabel("probability of a smaller change")
    axes.set_ylabel("steps")


def _draw_quantiles(axes: Axes, normal_scores: FloatArray) -> None:
    ordered = np.sort(normal_scores)
    expected = ndtri((np.arange(ordered.size) + 0.5) / ordered.size)
    ends = np.array([expected[0], expected[-1]])
    axes.plot(ends, ends, color=INK, linewidth=1.0)
    axes.plot(expected, ordered, ".", color=BLUE, markersize=3)
    axes.set_title("on the line if the law fits", fontsize=9)
    axes.set_xlabel("normal quantile")
    axes.set_ylabel("residual quantile")


def _draw_autocorrelation(axes: Axes, normal_scores: FloatArray) -> None:
    lags = np.arange(1, min(_LAGS, normal_scores.size // 3) + 1)
    band = _CENTRAL_95 / math.sqrt(normal_scores.size)
    axes.axhspan(-band, band, color=ORANGE, alpha=0.3, linewidth=0.0)
    axes.axhline(0.0, color=INK, linewidth=1.0)
    squares = normal_scores**2
    for offset, series, colour, label in (
        (-0.15, normal_scores, BLUE, "residuals"),
        (0.15, squares, VERMILION, "squares"),
    ):
        centred = series - series.mean()
        total = float(centred @ centred) or 1.0
        correlations = [float(centred[lag:] @ centred[:-lag]) / total for lag in lags]
        axes.vlines(lags + offset, 0.0, correlations, color=colour, linewidth=2.0, label=label)
    axes.set_xlabel("lag, steps")
    axes.set_ylabel("autocorrelation")
    legend_above(axes, columns=2)
