"""Open interest and volume."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from abm.core.calendar import TradingCalendar
from abm.recording import RunFolder

from ..style import (
    BLUE,
    ORANGE,
    SKY,
    day_axis,
    house_style,
    legend_above,
    new_figure,
    say_empty,
    sequence,
    thousands,
    through_the_day,
)

TITLE = "Open interest and volume"
CAPTION = (
    "Each band is the open interest of one delivery month, nearest at the bottom; the bars below are the "
    "lots traded each day, by how far away delivery was."
)
_NEARBY = 3


def draw(run: RunFolder) -> Figure:
    """Return the figure: open interest by delivery month above, daily volume by tenor below."""
    daily = run.tables["daily"]
    with house_style():
        figure = new_figure(height_inches=6.0)
        interest, volume = figure.subplots(2, 1, sharex=True)
        if daily.empty:
            say_empty(interest, "No trading day was recorded.")
            say_empty(volume, "")
            return figure
        _draw_open_interest(interest, daily, run.calendar)
        _draw_volume(volume, daily)
    return figure


def _draw_open_interest(axes: Axes, daily: pd.DataFrame, calendar: TradingCalendar) -> None:
    lots = daily.pivot(index="day", columns="month", values="open_interest_lots")
    tops = lots.fillna(0).cumsum(axis="columns")
    # A legend of all months would be longer than the plot is high: it names the first, middle and last.
    named = {0, len(lots.columns) // 2, len(lots.columns) - 1}
    for place, colour in enumerate(sequence(len(lots.columns))):
        listed = lots.iloc[:, place].dropna()
        top = tops.loc[listed.index].iloc[:, place]
        code = calendar.month_code(int(lots.columns[place]))
        # Steps, because a month leaves at once at its expiry and not by and by over the next day.
        days, low, high = through_the_day(listed.index.to_numpy(), top - listed, top)
        axes.fill_between(
            days,
            low,
            high,
            step="post",
            color=colour,
            edgecolor="white",
            linewidth=0.4,
            label=f"delivery {code}" if place in named else None,
        )
    axes.margins(y=0.02)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("open interest, lots")
    thousands(axes)
    legend_above(axes)


def _draw_volume(axes: Axes, daily: pd.DataFrame) -> None:
    day = np.unique(daily["day"])
    tenor = daily["tenor"]
    front = _lots_by_day(daily[tenor == 0], day)
    nearby = _lots_by_day(daily[(tenor > 0) & (tenor < _NEARBY)], day)
    later = _lots_by_day(daily[tenor >= _NEARBY], day)
    # One stepped area a group, not one bar a day: a year of bars would make the page ten times larger.
    axes.stackplot(
        *through_the_day(day, front, nearby, later),
        step="post",
        colors=[BLUE, SKY, ORANGE],
        labels=["front month", f"next {_NEARBY - 1} months", "later months"],
        linewidth=0,
    )
    day_axis(axes)
    axes.set_ylabel("volume, lots a day")
    axes.margins(x=0.01)
    thousands(axes)
    legend_above(axes)


def _lots_by_day(daily: pd.DataFrame, days: NDArray[np.int64]) -> NDArray[np.float64]:
    return daily.groupby("day")["volume_lots"].sum().reindex(days, fill_value=0).to_numpy(dtype=np.float64)
