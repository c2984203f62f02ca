"""Draws the figures of docs/clearing-cases.md: five crises of clearing houses.

Run from the repository root: ``.venv/bin/python docs/figures/make_case_figures.py [case ...]``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from abm import Scenario, run
from abm.market import RunResult
from analysis.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    house_style,
    legend_above,
    new_figure,
    thousands,
)

HERE = Path(__file__).parent
TICK_USD = 0.001


def result_of(name: str, **changes: Any) -> RunResult:
    """Run a packaged scenario; ``__`` stands for ``.`` in the name of a field."""
    fields = {key.replace("__", "."): value for key, value in changes.items()}
    return run(Scenario.load(name).replace(fields))


def settlements(result: RunResult) -> pd.DataFrame:
    """Return settlement prices in USD per mSIT by day and tenor."""
    return result.tables["daily"].pivot(index="day", columns="tenor", values="settlement_ticks") * TICK_USD


def class_accounts(result: RunResult, name: str) -> np.ndarray:
    """Return the accounts of a class of traders."""
    agents = result.tables["agents"]
    return agents.loc[agents["agent_class"] == name, "account"].to_numpy()


def of_class(result: RunResult, table: str, name: str) -> pd.DataFrame:
    """Return the rows of a table that belong to a class of traders."""
    rows = result.tables[table]
    return rows[rows["account"].isin(class_accounts(result, name))]


def defaults_so_far(result: RunResult, accounts: np.ndarray, days: int) -> np.ndarray:
    """Return how many of some accounts are in default by the end of each day."""
    rows = result.tables["defaults"]
    day = rows.loc[(rows["event"] == "client_default") & rows["account"].isin(accounts), "day"]
    return np.array([(day <= d).sum() for d in range(days)])


def label_days(axes: Axes) -> None:
    """Label the axis of days, in whole days."""
    axes.set_xlabel("trading day")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def amounts(axes: Axes, paid: dict[str, float], colours: list[str], digits: int) -> None:
    """Draw what each layer paid as bars with their amounts, the first on top."""
    for place, (amount, colour) in enumerate(zip(paid.values(), colours, strict=True)):
        axes.barh(place, amount, color=colour)
        axes.text(amount, place, f" {amount:,.{digits}f}", va="center", fontsize=9, color=INK)
    axes.set_yticks(range(len(paid)), list(paid))
    axes.invert_yaxis()
    axes.grid(axis="x")
    axes.grid(axis="y", visible=False)
    axes.set_xlim(0, 1.25 * max(paid.values()))


def aas() -> Figure:
    """Draw one spread position that goes through the default fund."""
    result = result_of("aas_2018")
    figure = new_figure(height_inches=3.4)
    left, right = figure.subplots(1, 2, width_ratios=[1.25, 1.0])
    prices = settlements(result)
    rows = result.tables["accounts"]
    rows = rows[rows["account"] == class_accounts(result, "holder")[0]].set_index("day")
    value = (prices[1] - prices[5]) * 4_000 / TICK_USD / 1e3
    margin = rows["maintenance_margin_usd_micro"].loc[5] / 1e9
    left.plot(value.index[:13], value.iloc[:13] - value.loc[5], color=BLUE, label="value of the spread")
    left.axhline(-margin, color=VERMILION, linestyle="--", label="loss as large as the margin")
    left.set_ylabel("since day 5, thousand USD")
    label_days(left)
    legend_above(left, columns=1)
    finished = result.tables["defaults"].query("event == 'close_out_finished' and loss_usd_micro > 0").iloc[0]
    paid = {
        "own fund share": finished["member_fund_usd_micro"] / 1e9,
        "clearing house": finished["skin_in_the_game_usd_micro"] / 1e9,
        "other members' fund": finished["survivors_fund_usd_micro"] / 1e9,
    }
    amounts(right, paid, [ORANGE, GREEN, PURPLE], digits=0)
    right.set_xlabel("paid beyond margin, thousand USD")
    return figure


def nickel() -> Figure:
    """Draw four shorts, bought in with and without feedback."""
    figure = new_figure(height_inches=3.6)
    left, right = figure.subplots(1, 2)
    for method, name, colour in (("orders", "in the book", VERMILION), ("auction", "by auction", BLUE)):
        result = result_of("nickel_2022", clearing__close_out_method=method)
        rows = result.tables["daily"].query("tenor == 1").set_index("day")
        left.plot(rows.index, rows["settlement_ticks"] * TICK_USD, color=colour, label=f"closed out {name}")
        if method == "auction":
            left.plot(
                rows.index, rows["model_ticks"] * TICK_USD, color=GREY, linestyle=":", label="model curve"
            )
        shorts = class_accounts(result, "holder")[:4]
        right.step(rows.index, defaults_so_far(result, shorts, len(rows)), where="post", color=colour)
    left.set_ylabel("second month, USD per mSIT")
    right.set_ylabel("shorts in default, of four")
    right.set_ylim(0, 4.3)
    right.yaxis.set_major_locator(MaxNLocator(integer=True))
    for axes in (left, right):
        label_days(axes)
    figure.legend(*left.get_legend_handles_labels(), loc="outside upper left", ncols=3)
    return figure


def energy() -> Figure:
    """Draw solvent producers who run out of cash."""
    result = result_of("energy_squeeze_2022")
    figure = new_figure(height_inches=4.6)
    top, middle, bottom = figure.subplots(3, 1, sharex=True)
    prices = settlements(result)
    top.plot(prices.index, prices[2], color=BLUE)
    top.set_yscale("log")
    top.set_yticks([3, 10, 30, 60], ["3", "10", "30", "60"])
    top.minorticks_off()
    top.set_ylabel("third month,\nUSD per mSIT")
    accounts, daily = result.tables["accounts"], result.tables["daily"]
    open_interest = daily.groupby("day")["open_interest_lots"].sum()
    per_lot = accounts.groupby("day")["initial_margin_usd_micro"].sum() / 2e6 / open_interest
    middle.plot(per_lot.index, per_lot, color=VERMILION)
    middle.set_ylabel("margin,\nUSD per lot")
    thousands(middle)
    short = of_class(result, "accounts", "provider").groupby("day")["gross_lots"].sum()
    bottom.plot(open_interest.index, open_interest, color=INK, label="open interest")
    bottom.plot(short.index, short, color=ORANGE, label="of which sold by providers")
    failed = result.tables["defaults"].query("event == 'client_default'")
    days = failed.loc[failed["account"].isin(class_accounts(result, "provider")), "day"]
    bottom.plot(
        days, np.full(len(days), 800.0), "v", color=VERMILION, label="a provider defaults", clip_on=False
    )
    bottom.set_ylabel("lots")
    bottom.set_ylim(0, None)
    thousands(bottom)
    legend_above(bottom, columns=3)
    label_days(bottom)
    figure.align_ylabels()
    return figure


def metallgesellschaft() -> Figure:
    """Draw a stack and a strip when near prices fall."""
    figure = new_figure(height_inches=3.6)
    left, right = figure.subplots(1, 2)
    for rule, colour in (("stack", VERMILION), ("strip", BLUE)):
        result = result_of("metallgesellschaft_1993", agents__enterprises__programme__rule=rule)
        if rule == "stack":
            prices = settlements(result)
            left.plot(prices.index, prices[1], color=ORANGE, label="second month")
            left.plot(prices.index, prices[8], color=SKY, label="ninth month")
        rows = of_class(result, "accounts", "enterprise").groupby("day")["variation_usd_micro"].sum()
        gone = defaults_so_far(result, class_accounts(result, "enterprise"), len(rows))[-1]
        right.plot(rows.index, rows.cumsum() / 1e12, color=colour, label=f"{rule}: {gone} defaults")
    left.set_ylabel("settlement, USD per mSIT")
    right.set_ylabel("variation margin so far, m USD")
    for axes in (left, right):
        label_days(axes)
        legend_above(axes, columns=2)
    return figure


def negative_price() -> Figure:
    """Draw a contract that settles below zero."""
    figure = new_figure(height_inches=3.6)
    left, right = figure.subplots(1, 2, width_ratios=[1.3, 1.0])
    one, mean = result_of("negative_price_2020"), result_of("negative_price_2020", contract__final_fixings=0)
    for result, colour, name in (
        (one, VERMILION, "one fixing settles"),
        (mean, BLUE, "the month's mean settles"),
    ):
        front = result.tables["daily"].query("month == 0").set_index("day")["settlement_ticks"] * TICK_USD
        left.plot(front.index, front, color=colour, marker=".", label=name)
    spot = one.tables["spot"].set_index("day")["index_fixing_usd_micro"] / 1e6
    left.plot(spot.index, spot, color=GREY, linestyle=":", label="daily fixing")
    left.axhline(0.0, color=INK, linewidth=0.8)
    left.set_ylabel("front month, USD per mSIT")
    label_days(left)
    legend_above(left, columns=2)
    rows = one.tables["defaults"].query("event == 'close_out_finished'")
    layers = {
        "members' capital": "member_capital",
        "their fund shares": "member_fund",
        "clearing house": "skin_in_the_game",
        "other members' fund": "survivors_fund",
        "uncovered": "uncovered",
    }
    paid = {name: float(rows[f"{column}_usd_micro"].sum()) / 1e12 for name, column in layers.items()}
    amounts(right, paid, [ORANGE, SKY, GREEN, PURPLE, INK], digits=2)
    right.set_xlabel("paid for the longs' loss, m USD")
    return figure


CASES: dict[str, Callable[[], Figure]] = {
    "aas_2018": aas,
    "nickel_2022": nickel,
    "energy_squeeze_2022": energy,
    "metallgesellschaft_1993": metallgesellschaft,
    "negative_price_2020": negative_price,
}


def main(names: list[str]) -> None:
    """Run the cases and write their figures beside this script."""
    for name in names or list(CASES):
        with house_style():
            CASES[name]().savefig(HERE / f"case_{name}.png", dpi=110)


if __name__ == "__main__":
    main(sys.argv[1:])
