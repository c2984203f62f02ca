"""Bills of the months so far, programme by programme, against no hedge."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from ..hedge_study import BENCHMARK, HedgeStudyView
from ..style import INK, house_style, new_figure, plain_numbers
from ..wording import money_scale
from .fans import draw_fan, fan_colour, fan_key, left_out, panel_grid, panels

TITLE = "What the months so far have cost"


def caption(study: HedgeStudyView) -> str:
    """Return what the figure shows."""
    return (
        "Bills less gains, with all costs of the hedge, added up from the first month: the line is the "
        "median path, the shades hold 50, 90 and 98 % of paths at each month. Dashed: the same 98 % without "
        f"a hedge.{left_out(_candidates(study), study)}"
    )


def _candidates(study: HedgeStudyView) -> list[str]:
    return [name for name in study.programmes if name != BENCHMARK] or [BENCHMARK]


def draw(study: HedgeStudyView) -> Figure:
    """Return the figure: one panel a programme, on common axes."""
    names = study.panels(_candidates(study))
    bare = _from_zero(study.fan("bill_fan", BENCHMARK, "month", "cumulative_usd"))
    fans = {name: _from_zero(study.fan("bill_fan", name, "month", "cumulative_usd")) for name in names}
    scale = money_scale(max(float(fan.abs().to_numpy().max()) for fan in (bare, *fans.values())))
    rows, columns = panel_grid(len(names))
    with house_style():
        figure = new_figure(height_inches=0.7 + 2.5 * rows if columns > 1 else 4.0)
        for name, axes in panels(figure, study, names).items():
            draw_fan(axes, fans[name] / scale.divisor, fan_colour(study, name))
            for quantile in (0.01, 0.99):
                axes.plot(
                    bare.index, bare[quantile] / scale.divisor, color=INK, linestyle="--", linewidth=1.0
                )
            axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
            axes.margins(x=0.0)
            plain_numbers(axes)
        figure.supxlabel("months so far", fontsize=10, color=INK)
        figure.supylabel(f"bills so far, {scale.unit}", fontsize=10, color=INK)
        handles, labels = fan_key(study, names)
        handles.append(Line2D([], [], color=INK, linestyle="--", linewidth=1.0))
        figure.legend(handles, [*labels, "98 % of paths without a hedge"], loc="outside upper left", ncols=5)
    return figure


def _from_zero(fan: pd.DataFrame) -> pd.DataFrame:
    """Return the fan with month 0, at which nothing has been paid."""
    nothing = pd.DataFrame(0.0, index=[0], columns=fan.columns)
    return pd.concat([nothing, fan])
