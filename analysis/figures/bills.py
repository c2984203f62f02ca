"""An enterprise's monthly bill with and without the hedge."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from abm.core.calendar import TradingCalendar
from abm.recording import RunFolder
from abm.recording.hedging import hedge_effect

from ..style import (
    BLUE,
    GREY,
    VERMILION,
    house_style,
    legend_above,
    new_figure,
    say_empty,
    thousands,
)

TITLE = "A bill with and without the hedge"
CAPTION = (
    "The enterprise whose hedge worked as well as the median one: what it paid for tokens, what it paid "
    "after the result of its futures, and what both were expected to be on day 0. The month in delivery when "
    "the run began, which nobody could hedge, is left out."
)


def typical_enterprise(hedging: pd.DataFrame) -> int | None:
    """Return the account with the median volatility reduction among those that hedge, None without one.

    Of an even number it is the lower of the two in the middle.
    """
    by_enterprise = hedge_effect(hedging).by_enterprise
    known = by_enterprise[by_enterprise["volatility_reduction"].notna()]
    # After a single month nobody has a reduction yet; then one bill is as good an example as another.
    ranked = (known if len(known) else by_enterprise).sort_values("volatility_reduction", kind="stable")
    return int(ranked.index[(len(ranked) - 1) // 2]) if len(ranked) else None


def draw(run: RunFolder) -> Figure:
    """Return the figure: bills by delivery month above, their surprises below."""
    hedging = run.tables["hedging"]
    account = typical_enterprise(hedging)
    with house_style():
        figure = new_figure(height_inches=5.6 if account is not None else 2.0)
        if account is None:
            say_empty(figure.subplots(), "No month in which an enterprise hedges has finished in this run.")
            return figure
        bills, surprises = figure.subplots(2, 1, sharex=True)
        rows = hedging[(hedging["account"] == account) & (hedging["month"] > 0)].sort_values("month")
        _draw_bills(bills, rows, account)
        _draw_surprises(surprises, rows, run.calendar)
    return figure


def _draw_bills(axes: Axes, rows: pd.DataFrame, account: int) -> None:
    thousand = rows.set_index("month")[["expected_bill_usd", "bill_usd", "net_cost_usd"]] / 1_000
    axes.plot(thousand["expected_bill_usd"], color=GREY, linestyle="--", label="expected on day 0")
    axes.plot(thousand["bill_usd"], color=VERMILION, marker="s", markersize=5, label="without the hedge")
    axes.plot(thousand["net_cost_usd"], color=BLUE, marker="o", markersize=5, label="with the hedge")
    axes.set_ylabel(f"account {account}: bill, USD thousand")
    highest, lowest = float(thousand.max().max()), min(0.0, float(thousand.min().min()))
    axes.set_ylim(lowest, highest + 0.08 * (highest - lowest))
    thousands(axes)
    legend_above(axes)


def _draw_surprises(axes: Axes, rows: pd.DataFrame, calendar: TradingCalendar) -> None:
    usable = rows[rows["expected_bill_usd"] > 0]
    expected, months = usable["expected_bill_usd"], usable["month"]
    axes.axhline(0.0, color=GREY, linewidth=0.8)
    without = 100.0 * (usable["bill_usd"] / expected - 1.0)
    with_hedge = 100.0 * (usable["net_cost_usd"] / expected - 1.0)
    axes.bar(months - 0.2, without, width=0.38, color=VERMILION, label="without the hedge")
    axes.bar(months + 0.2, with_hedge, width=0.38, color=BLUE, label="with the hedge")
    axes.set_xticks(months, [calendar.month_code(int(month)) for month in months])
    axes.set_xlabel("delivery month")
    axes.set_ylabel("bill against expected, %")
