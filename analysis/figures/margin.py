"""Margin calls and collateral."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from abm.core.money import USD_MICRO
from abm.recording import RunFolder

from ..style import (
    BLUE,
    INK,
    ORANGE,
    SKY,
    VERMILION,
    day_axis,
    house_style,
    legend_above,
    new_figure,
    say_empty,
    thousands,
    through_the_day,
)

TITLE = "Margin calls and collateral"
CAPTION = (
    "Margin calls by how they were paid, cash first and credit next: what is still owed when the deadline "
    "passes is a default."
)


def draw(run: RunFolder) -> Figure:
    """Return the figure: calls by day, and below collateral against margin if the run recorded accounts."""
    with_accounts = "accounts" in run.tables
    with house_style():
        figure = new_figure(height_inches=6.0 if with_accounts else 3.4)
        panels = figure.subplots(2 if with_accounts else 1, 1, squeeze=False, sharex=True)[:, 0]
        _draw_calls(panels[0], run.tables["margin_calls"], run.tables["spot"]["day"])
        if with_accounts:
            _draw_collateral(panels[1], run.tables["accounts"])
        day_axis(panels[-1])
    return figure


def _draw_calls(axes: Axes, calls: pd.DataFrame, days: pd.Series) -> None:
    if calls.empty:
        say_empty(axes, "No margin call was made in this run.")
        return
    # A call that stays open is computed again: only its last row of the day says what is still owed.
    owed = calls.sort_values(["day", "round"], kind="stable").groupby(["day", "account", "deadline_round"])
    columns = {
        "met_cash_usd_micro": owed["met_cash_usd_micro"].sum(),
        "met_credit_usd_micro": owed["met_credit_usd_micro"].sum(),
        "outstanding_usd_micro": owed["outstanding_usd_micro"].last(),
    }
    by_day = pd.DataFrame(columns).groupby("day").sum().reindex(days, fill_value=0)
    thousand_usd = by_day / (USD_MICRO * 1_000)
    axes.stackplot(
        *through_the_day(by_day.index.to_numpy(), *(thousand_usd[column] for column in columns)),
        step="post",
        colors=[BLUE, ORANGE, VERMILION],
        labels=["met from cash", "met from credit", "still owed"],
        linewidth=0,
    )
    axes.set_ylabel("calls, USD thousand a day")
    axes.margins(x=0.01)
    thousands(axes)
    legend_above(axes)


def _draw_collateral(axes: Axes, accounts: pd.DataFrame) -> None:
    total = accounts.groupby("day")[["equity_usd_micro", "initial_margin_usd_micro"]].sum() / (
        USD_MICRO * 1_000_000
    )
    drawn = accounts.groupby("day")["credit_drawn_usd_micro"].sum() / (USD_MICRO * 1_000_000)
    axes.fill_between(total.index, total["equity_usd_micro"], color=SKY, alpha=0.5, label="collateral")
    axes.plot(total.index, total["initial_margin_usd_micro"], color=INK, label="initial margin required")
    axes.plot(drawn.index, drawn, color=ORANGE, label="credit drawn")
    axes.set_ylabel("all accounts, USD million")
    axes.set_ylim(bottom=min(0.0, float(total["equity_usd_micro"].min())))
    axes.margins(x=0.01)
    legend_above(axes)
