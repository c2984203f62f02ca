"""Stylised facts of a month's returns, beside those of the bare spot price."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import erfc

from abm.core.arrays import FloatArray
from abm.recording import RunFolder

from ..style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    VERMILION,
    house_style,
    legend_above,
    new_figure,
    say_empty,
)
from ..stylised_facts import (
    Returns,
    autocorrelation,
    excess_kurtosis,
    level_of_each_month_apart,
    over_rounds,
    returns_of,
)

TITLE = "Stylised facts of the second month"
CAPTION = (
    "Returns of the mid price from round to round of a day: correlated in size but not in sign, with tails "
    "fatter than a normal law's, less so over longer steps, and larger when more is traded. Sizes are taken "
    "relative to their mean in each month. The spot price moves once a day."
)
_LAGS = 50
_FEWEST_RETURNS = 100
_GROUPS = 10
_SCALES = (1, 2, 4, 8, 16, 32)


def draw(run: RunFolder, tenor: int = 1) -> Figure:
    """Return the figure: memory, tails, kurtosis by scale and volume against size of moves.

    Parameters
    ----------
    run : RunFolder
        With the tables ``quotes``, ``daily`` and ``spot``.
    tenor : int
        Months to delivery.
    """
    with house_style():
        figure = new_figure(height_inches=6.4)
        memory, tails, scales, volume = figure.subplots(2, 2).ravel()
        returns = returns_of(run, tenor)
        rounds = returns.by_round.ravel()
        if np.isfinite(rounds).sum() < _FEWEST_RETURNS:
            say_empty(memory, "No hundred rounds with a price change at this tenor.")
            for axes in (tails, scales, volume):
                say_empty(axes, "")
            return figure
        usd = run.tables["spot"]["spot_usd"].to_numpy(dtype=np.float64)
        spot = np.diff(np.log(np.where(usd > 0.0, usd, math.nan)))
        _draw_memory(memory, rounds, level_of_each_month_apart(returns))
        _draw_tails(tails, rounds, spot)
        _draw_scales(scales, returns)
        _draw_volume(volume, returns)
    return figure


def _draw_memory(axes: Axes, rounds: FloatArray, scaled: FloatArray) -> None:
    lags = np.arange(1, _LAGS + 1)
    band = 2.0 / math.sqrt(np.isfinite(rounds).sum())
    axes.axhspan(-band, band, color=ORANGE, alpha=0.3, linewidth=0.0, label="no correlation (95 %)")
    axes.axhline(0.0, color=INK, linewidth=1.0)
    for series, colour, label in ((rounds, BLUE, "return"), (np.abs(scaled), VERMILION, "|return|")):
        axes.plot(lags, autocorrelation(series, _LAGS), color=colour, marker=".", markersize=4, label=label)
    axes.set_xlabel("lag, rounds of trading")
    axes.set_ylabel("autocorrelation")
    legend_above(axes, columns=3)


def _draw_tails(axes: Axes, rounds: FloatArray, spot: FloatArray) -> None:
    sizes = np.linspace(0.0, 5.0, 100)
    axes.plot(sizes, erfc(sizes / math.sqrt(2.0)), color=GREY, linestyle="--", label="normal law")
    for series, colour, label in ((spot, ORANGE, "spot"), (rounds, BLUE, "future")):
        known = series[np.isfinite(series)]
        spread = known.std() if known.size else 0.0
        if spread > 0.0:
            ordered = np.sort(np.abs(known - known.mean()) / spread)[::-1]
            axes.plot(
                ordered,
                np.arange(1, ordered.size + 1) / ordered.size,
                color=colour,
                drawstyle="steps-post",
                label=label,
            )
    axes.set_yscale("log")
    axes.set_ylim(bottom=1e-5, top=1.2)
    axes.set_xlim(0.0, 12.0)
    axes.set_xlabel("|return|, standard deviations")
    axes.set_ylabel("share of larger ones")
    legend_above(axes, columns=3)


def _draw_scales(axes: Axes, returns: Returns) -> None:
    scales = [scale for scale in _SCALES if scale <= returns.by_round.shape[1]]
    kurtosis = [excess_kurtosis(over_rounds(returns, scale)) for scale in scales]
    axes.axhline(0.0, color=GREY, linestyle="--", label="normal law")
    axes.plot(scales, kurtosis, color=BLUE, marker="o", label="future")
    axes.set_xscale("log", base=2)
    axes.set_xticks(scales, [str(scale) for scale in scales])
    axes.set_xlabel("length of a step, rounds")
    axes.set_ylabel("excess kurtosis")
    legend_above(axes, columns=2)


def _draw_volume(axes: Axes, returns: Returns) -> None:
    """Draw the mean size of a move by tenths of the rounds in order of volume."""
    sizes, lots = np.abs(returns.by_round.ravel()), returns.round_lots.ravel()
    known = np.isfinite(sizes) & np.isfinite(lots)
    order = np.argsort(lots[known], kind="stable")
    groups = np.array_split(order, _GROUPS)
    mean_lots = [float(lots[known][group].mean()) for group in groups]
    in_bps = [1e4 * float(sizes[known][group].mean()) for group in groups]
    axes.plot(mean_lots, in_bps, color=BLUE, marker="o", label="tenths of the rounds")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("volume, lots a round")
    axes.set_ylabel("mean |return|, basis points")
    legend_above(axes, columns=1)
