"""Spot price, index and the futures curve through time."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from abm.core.calendar import TradingCalendar
from abm.core.contract import ContractSpec
from abm.core.money import USD_MICRO
from abm.recording import RunFolder
from abm.recording.metrics import prices_usd

from ..style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    VERMILION,
    day_axis,
    house_style,
    legend_above,
    new_figure,
    price_scale,
    say_empty,
    sequence,
)

TITLE = "Prices and the futures curve"
CAPTION = (
    "The front-month future beside the index, whose average over the delivery month settles it; marks at the "
    "bottom are days on which some month halted at its price limit or was interrupted. Below, the curve of "
    "all listed months on some days: black dots are the final prices of expired months."
)
_CURVES = 6


def draw(run: RunFolder) -> Figure:
    """Return the figure: prices by day above, futures curves of some days below."""
    with house_style():
        figure = new_figure(height_inches=6.6)
        by_day, by_month = figure.subplots(2, 1)
        _draw_prices(by_day, run.tables["spot"], run.tables["daily"], run.contract)
        _mark_halts(by_day, run.tables["halts"])
        _draw_curves(by_month, run.tables["daily"], run.contract, run.calendar)
    return figure


def _draw_prices(axes: Axes, spot: pd.DataFrame, daily: pd.DataFrame, contract: ContractSpec) -> None:
    day = spot["day"]
    axes.plot(day, spot["spot_usd"], color=GREY, linewidth=1.0, label="spot price")
    axes.plot(day, spot["index_fixing_usd_micro"] / USD_MICRO, color=BLUE, label="index (TPI)")
    front = daily[daily["tenor"] == 0]
    settlement = prices_usd(front["settlement_ticks"], contract)
    axes.plot(front["day"], settlement, color=VERMILION, label="front-month future")
    day_axis(axes)
    axes.set_ylabel("price, USD per mSIT")
    price_scale(axes)
    axes.margins(x=0.01)


def _mark_halts(axes: Axes, halts: pd.DataFrame) -> None:
    """Mark the days of halts and interruptions along the bottom, and draw the legend."""
    kinds = (("limit", "halt at a limit", ORANGE, 0.015), ("interruption", "interruption", PURPLE, 0.045))
    for kind, label, colour, height in kinds:
        days = np.unique(halts.loc[halts["kind"] == kind, "day"])
        if len(days):
            place = np.full(len(days), height)
            axes.scatter(
                days, place, transform=axes.get_xaxis_transform(), marker="|", s=60, color=colour, label=label
            )
    legend_above(axes, columns=5)


def _draw_curves(axes: Axes, daily: pd.DataFrame, contract: ContractSpec, calendar: TradingCalendar) -> None:
    if daily.empty:
        say_empty(axes, "No trading day was recorded.")
        return
    days = np.unique(daily["day"])
    chosen = days[np.unique(np.linspace(0, len(days) - 1, _CURVES).astype(int))]
    for day, colour in zip(chosen, sequence(len(chosen)), strict=True):
        curve = daily[daily["day"] == day].sort_values("month")
        prices = prices_usd(curve["settlement_ticks"], contract)
        axes.plot(curve["month"], prices, color=colour, marker=".", label=f"day {day}")
    final = daily[daily["final"]]
    if len(final):
        prices = prices_usd(final["settlement_ticks"], contract)
        axes.plot(final["month"], prices, "o", color=INK, markersize=5, label="final price", zorder=5)
    months = np.unique(daily["month"])
    shown = months[:: max(1, -(-len(months) // 12))]
    axes.set_xticks(shown, [calendar.month_code(int(month)) for month in shown])
    axes.set_xlabel("delivery month")
    axes.set_ylabel("settlement, USD per mSIT")
    price_scale(axes)
    axes.margins(x=0.02)
    legend_above(axes, columns=_CURVES + 1)
