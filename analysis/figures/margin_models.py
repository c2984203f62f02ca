"""What every margin model would have required of the same positions, through time."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from abm.core.money import USD_MICRO
from abm.recording import RunFolder

from ..style import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    VERMILION,
    day_axis,
    house_style,
    legend_above,
    new_figure,
    say_empty,
    shorter,
)

TITLE = "Margin models on the same positions"
CAPTION = (
    "Above, what each model would have required of all accounts at each close; below, of one lot of the "
    "second month as a share of its value, which only the model moves. The thick line is the model in force."
)
_SECOND_MONTH = 1
_COLOURS = {"flat": BLUE, "ewma": ORANGE, "filtered_historical": VERMILION, "scan": GREEN}
_DASHED = ("scan",)
"""Its ranges are those of ewma, so that one lot needs the same of both: neither line may hide the other."""
_OWN_WIDTH, _OTHER_WIDTH = 2.6, 1.3


def draw(run: RunFolder) -> Figure:
    """Return the figure: requirement of all accounts above, of one lot as a share of its value below."""
    with house_style():
        figure = new_figure(height_inches=6.0)
        accounts, lot = figure.subplots(2, 1, sharex=True)
        if "margin_models" not in run.tables or run.tables["margin_models"].empty:
            say_empty(accounts, "This run did not ask every margin model.")
            say_empty(lot, "")
            return figure
        models, lots = run.tables["margin_models"], run.tables["margin_model_lots"]
        million_usd = models["requirement_usd_micro"] / (1e6 * USD_MICRO)
        _lines(accounts, models.assign(shown=million_usd))
        accounts.set_ylabel("all accounts, USD million")
        legend_above(accounts, columns=5)
        followed = lots[lots["tenor"] == min(_SECOND_MONTH, int(lots["tenor"].max()))]
        value = followed["notional_usd_micro"].where(followed["notional_usd_micro"] > 0)
        _lines(lot, followed.assign(shown=100.0 * followed["requirement_usd_micro"] / value))
        lot.set_ylabel("one lot, % of its value")
        day_axis(lot, "trading day of the close")
    return figure


def _lines(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw a line a model of the column ``shown``, from zero up."""
    names = list(dict.fromkeys(rows["model"]))
    labels = shorter([name.replace("_", " ") for name in names], 24)
    for name in names:
        of_model = rows[rows["model"] == name].sort_values("day")
        own = bool(of_model["own"].iloc[0])
        axes.plot(
            of_model["day"],
            of_model["shown"],
            color=_COLOURS.get(name, PURPLE),
            linestyle="--" if name in _DASHED else "-",
            linewidth=_OWN_WIDTH if own else _OTHER_WIDTH,
            label=labels[name.replace("_", " ")],
        )
    axes.axhline(0.0, color=INK, linewidth=0.6)
    axes.set_ylim(bottom=0.0)
    axes.margins(x=0.01)
