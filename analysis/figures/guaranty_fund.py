"""The guaranty fund against the losses it is meant to cover."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from abm.core.money import USD_MICRO
from abm.recording import RunFolder

from ..clearing_house import cover_two_by_day
from ..style import (
    BLUE,
    INK,
    ORANGE,
    day_axis,
    house_style,
    legend_above,
    new_figure,
    say_empty,
    thousands,
    through_the_day,
)

TITLE = "Guaranty fund and Cover-2"
CAPTION = (
    "The members' contributions at each close against the two largest members' stressed losses beyond "
    "margin, which the fund is sized to where the scenario asks for that."
)


def draw(run: RunFolder) -> Figure:
    """Return the figure: contributions and Cover-2 by day, and each sizing."""
    with house_style():
        figure = new_figure(height_inches=3.4)
        axes = figure.subplots()
        if "exposures" not in run.tables or run.tables["exposures"].empty:
            say_empty(axes, "This run recorded no exposures.")
            return figure
        by_day = cover_two_by_day(run.tables["exposures"])[["fund_usd", "cover_two_usd"]] / 1_000
        days, fund, cover = through_the_day(
            by_day.index.to_numpy(), by_day["fund_usd"], by_day["cover_two_usd"]
        )
        axes.step(days, fund, where="post", color=BLUE, label="guaranty fund")
        axes.step(days, cover, where="post", color=ORANGE, label="Cover-2 at the close")
        _mark_sizings(axes, run)
        day_axis(axes)
        axes.set_ylabel("USD thousand")
        axes.set_ylim(bottom=0.0)
        axes.margins(x=0.01)
        thousands(axes)
        legend_above(axes)
    return figure


def _mark_sizings(axes: Axes, run: RunFolder) -> None:
    sized = run.tables["guaranty_fund"].groupby("day")["cover_two_usd_micro"].first()
    if len(sized) > 0:
        axes.plot(
            sized.index, sized / (USD_MICRO * 1_000), "o", color=INK, markersize=4, label="fund sized to it"
        )
