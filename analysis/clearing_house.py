"""What a run says about its clearing house: does margin cover, who paid for defaults, who owes whom."""

from __future__ import annotations

import math
import tomllib
from typing import NamedTuple

import numpy as np
import pandas as pd

from abm.core.arguments import row_number, whole_number
from abm.core.money import USD_MICRO
from abm.recording import RunFolder
from abm.recording.metrics import ratio

from .contagion import cascade, contagion, ranking
from .margin_backtest import breaches_probability, kupiec_bounds, procyclicality
from .wording import counted, decimal

LAYERS = (
    "member_capital",
    "member_fund",
    "skin_in_the_game",
    "survivors_fund",
    "assessments",
    "variation_haircut",
    "tear_up",
    "uncovered",
)
"""Layers of the default waterfall in the order in which they pay; the last is what nobody paid."""
TOO_LITTLE = "too little margin"
"""Verdict on a tenor with more breaches than Kupiec's test accepts."""
TOO_FEW = "too few tests to tell"
"""Verdict on a tenor where fewer than one breach was to be expected and not clearly more were seen."""
SIGNIFICANCE = 0.05
"""Of the tests of margin."""
_ROUNDING = 1e-9
CALL_DAYS = 5
"""Days over which the largest rise of margin is taken: a week, as Murphy, Vasios and Vause (2014) do."""


class MarginTerms(NamedTuple):
    """What margin is meant to cover: a share of the losses over some days."""

    confidence: float
    mpor_days: int


class Coverage(NamedTuple):
    """How the margin of accounts stood up to the losses of the positions it was for.

    Parameters
    ----------
    account_days, breaches : int
        Accounts with a requirement at a close, and those whose loss over the margin period was larger.
    covered_share : float
        Share of account-days without a breach; NaN without any.
    largest_exception_usd : float
        Largest loss beyond margin; zero without a breach.
    mean_requirement_usd : float
        Mean over days of the sum over accounts: what margin costs in tied-up money.
    """

    account_days: int
    breaches: int
    covered_share: float
    largest_exception_usd: float
    mean_requirement_usd: float


def margin_terms(run: RunFolder) -> MarginTerms:
    """Return the confidence and the margin period that a run's scenario asks for."""
    margin = tomllib.loads(run.scenario_toml)["clearing"]["margin"]
    return MarginTerms(float(margin["confidence"]), int(margin["mpor_days"]))


def account_coverage(backtest: pd.DataFrame) -> Coverage:
    """Return how the margin of all accounts stood up, from the table ``margin_backtest``."""
    beyond = (backtest["loss_usd_micro"] - backtest["requirement_usd_micro"])[backtest["breach"]]
    breaches, rows = len(beyond), len(backtest)
    by_day = backtest.groupby("day")["requirement_usd_micro"].sum()
    return Coverage(
        rows,
        breaches,
        1.0 - ratio(breaches, rows),
        float(beyond.max()) / USD_MICRO if breaches else 0.0,
        float(by_day.mean()) / USD_MICRO,
    )


def tenor_backtest(backtest: pd.DataFrame, terms: MarginTerms) -> pd.DataFrame:
    """Return how the margin of one lot stood up, by months to delivery.

    Losses over a margin period of several days overlap, so the test looks at every so many days only: those
    losses have no day in common.

    Parameters
    ----------
    backtest : DataFrame
        The table ``contract_backtest``.
    terms : MarginTerms
        What margin is meant to cover.

    Returns
    -------
    DataFrame, indexed by tenor
        ``days`` tested; ``long_breaches`` and ``short_breaches`` on them; ``fewest`` and ``most``, the
        numbers that Kupiec's test accepts at 5 %; ``verdict``, and ``false_alarm``, how many of the two sides
        are expected to be called too little where margin covers as asked; and over all days
        ``mean_requirement_usd`` of a lot, ``peak_to_trough`` and ``largest_rise``, the largest ratio of a
        requirement to that of five days before, both NaN where a requirement is zero.

    Notes
    -----
    Kupiec's test is one of many days. Where less than one breach is to be expected in those tested, the
    verdict is ``TOO_FEW`` unless the exact probability of so many breaches stays under 5 % when it is
    multiplied by the number of tests, two a tenor (Bonferroni).
    """
    rows = {}
    tests = 2 * backtest["tenor"].nunique()
    for tenor, of_tenor in backtest.sort_values("day").groupby("tenor"):
        apart = of_tenor[(of_tenor["day"] - of_tenor["day"].min()) % terms.mpor_days == 0]
        count = {side: int(apart.loc[apart["side"] == side, "breach"].sum()) for side in (1, -1)}
        days = apart["day"].nunique()
        fewest, most = kupiec_bounds(days, terms.confidence)
        alarm, few = _alarm_from(most, days, terms.confidence, tests)
        lot = of_tenor.groupby("day")["requirement_usd_micro"].max().to_numpy(dtype=np.float64) / USD_MICRO
        course = procyclicality(lot, (CALL_DAYS,)) if (lot > 0.0).all() else None
        rows[tenor] = {
            "days": days,
            "long_breaches": count[1],
            "short_breaches": count[-1],
            "fewest": fewest,
            "most": most,
            "false_alarm": min(1.0, 2.0 * breaches_probability(alarm, days, terms.confidence)),
            "verdict": _verdict(max(count.values()), fewest, alarm, few=few),
            "mean_requirement_usd": float(lot.mean()),
            "peak_to_trough": course.peak_to_trough if course else math.nan,
            "largest_rise": course.largest_call_ratio[CALL_DAYS] if course else math.nan,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("tenor")


def _alarm_from(most: int, days: int, confidence: float, tests: int) -> tuple[int, bool]:
    """Return from how many breaches on margin is called too little, and whether there are few tests."""
    few = days * (1.0 - confidence) < 1.0 - _ROUNDING
    alarm = most + 1
    while few and alarm <= days and tests * breaches_probability(alarm, days, confidence) >= SIGNIFICANCE:
        alarm += 1
    return alarm, few


def _verdict(breaches: int, fewest: int, alarm: int, *, few: bool) -> str:
    if breaches >= alarm:
        return TOO_LITTLE
    if few:
        return TOO_FEW
    return "more than asked for" if breaches < fewest else "as asked for"


def said_of_tenors(tenors: pd.DataFrame) -> str:
    """Return in words what the tests of margin say, how many they are and how many fail by chance.

    Parameters
    ----------
    tenors : DataFrame
        As of ``tenor_backtest``.
    """
    months, few = len(tenors), int((tenors["verdict"] == TOO_FEW).sum())
    fewest, most = int(tenors["days"].min()), int(tenors["days"].max())
    periods = f"{fewest}" if fewest == most else f"{fewest} to {most}"
    tests = f"{2 * months} tests of {periods} {'period' if most == 1 else 'periods'} each"
    too_little = int((tenors["verdict"] == TOO_LITTLE).sum())
    said = f"{TOO_LITTLE} at {too_little} of {counted(months, 'month')}"
    if few:
        said += f", {TOO_FEW} at {few}"
    chance = float(tenors["false_alarm"].sum())
    false = decimal(chance, 1) if chance >= 0.05 else "under 0.1"
    return f"{said} ({tests}, {false} false alarms expected)"


def layers_paid(defaults: pd.DataFrame) -> pd.DataFrame:
    """Return what each layer of the default waterfall paid over a run.

    Parameters
    ----------
    defaults : DataFrame
        The table of that name.

    Returns
    -------
    DataFrame, indexed by layer in the order of the waterfall
        ``paid_usd``, its ``share`` of all losses, and ``close_outs`` that reached the layer.
    """
    finished = defaults[defaults["event"] == "close_out_finished"]
    loss = float(finished["loss_usd_micro"].sum()) / USD_MICRO
    rows = {}
    for layer in LAYERS:
        paid = finished[f"{layer}_usd_micro"]
        total = float(paid.sum()) / USD_MICRO
        rows[layer] = {"paid_usd": total, "share": ratio(total, loss), "close_outs": int((paid > 0).sum())}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("layer")


def cover_two_by_day(exposures: pd.DataFrame) -> pd.DataFrame:
    """Return the guaranty fund at each close against the two largest stressed losses beyond margin.

    It is the number that a Cover-2 fund is sized to at a month's end, of every day: losses of clients that
    perform, each beyond its own initial margin, summed by member; the two largest members of the worst
    stress scenario.

    Parameters
    ----------
    exposures : DataFrame
        The table of that name.

    Returns
    -------
    DataFrame, indexed by day
        ``fund_usd``, the contributions of members that perform, ``cover_two_usd``, and ``members``, how many
        perform; where none does there is neither a fund nor anything to cover.
    """
    performing = exposures[~exposures["in_default"].astype(bool)]
    clients, members = (performing[performing["level"] == level] for level in ("client", "member"))
    beyond = (clients["stressed_loss_usd_micro"] - clients["margin_usd_micro"]).clip(lower=0)
    of_member = beyond.groupby([clients["day"], clients["scenario"], clients["creditor"]]).sum()
    alive = pd.MultiIndex.from_frame(members[["day", "scenario", "node"]])
    by_member = of_member.reindex(alive, fill_value=0).unstack("node", fill_value=0)
    two = np.sort(by_member.to_numpy(dtype=np.int64), axis=1)[:, -2:].sum(axis=1)
    by_scenario = pd.Series(two, index=by_member.index).unstack("scenario", fill_value=0)
    one_scenario = members[members["scenario"] == members["scenario"].min()]
    by_close = one_scenario.groupby("day")["fund_usd_micro"]
    days = pd.Index(np.unique(exposures["day"]), name="day")
    return pd.DataFrame(
        {
            "fund_usd": by_close.sum().reindex(days, fill_value=0) / USD_MICRO,
            "cover_two_usd": by_scenario.max(axis=1).reindex(days, fill_value=0) / USD_MICRO,
            "members": by_close.size().reindex(days, fill_value=0),
        }
    )


class Moment(NamedTuple):
    """A close and a stress scenario."""

    day: int
    scenario: int


def worst_moment(exposures: pd.DataFrame) -> Moment:
    """Return when most of a stressed loss would have been beyond collateral, the first among equals."""
    house = exposures[exposures["level"] == "house"]
    worst = int(house["uncovered_usd_micro"].argmax())
    return Moment(int(house["day"].iloc[worst]), int(house["scenario"].iloc[worst]))


def scenario_name(scenario: int) -> str:
    """Return what happens in a stress scenario, by its number in the table ``exposures``."""
    names = (
        "all prices rise",
        "all prices fall",
        "prices rise as they did most before the launch",
        "prices fall as they did most before the launch",
    )
    return names[row_number("scenario", scenario, len(names))]


def at(exposures: pd.DataFrame, moment: Moment) -> pd.DataFrame:
    """Return the rows of ``exposures`` of one close and stress scenario."""
    return exposures[(exposures["day"] == moment.day) & (exposures["scenario"] == moment.scenario)]


def largest_exposures(exposures: pd.DataFrame, count: int = 8) -> pd.DataFrame:
    """Return the clients that would owe most beyond their collateral, at one close and stress scenario.

    Parameters
    ----------
    exposures : DataFrame
        Rows as of ``at``.
    count : int
        Clients at most; only those that would owe something.

    Returns
    -------
    DataFrame, indexed by account, the largest first
        ``member``, ``lots``, and in USD ``stressed_loss``, ``collateral``, ``uncovered`` and ``shortfall``.
    """
    count = whole_number("count", count, least=1)
    clients = exposures[(exposures["level"] == "client") & (exposures["uncovered_usd_micro"] > 0)]
    largest = clients.nlargest(count, "uncovered_usd_micro")
    money = {
        f"{name}_usd": largest[f"{name}_usd_micro"] / USD_MICRO
        for name in ("stressed_loss", "collateral", "uncovered", "shortfall")
    }
    table = pd.DataFrame(
        {"account": largest["node"], "member": largest["creditor"], "lots": largest["lots"]} | money
    )
    return table.set_index("account")


def failure_ranking(exposures: pd.DataFrame, *, days: int = 12) -> pd.DataFrame:
    """Rank members by what their failure would cost others, on some days and in every stress scenario.

    Parameters
    ----------
    exposures : DataFrame
        The table of that name.
    days : int
        Days looked at: the worst moment's and others evenly spread over the run.

    Returns
    -------
    DataFrame, indexed by member, the most dangerous first
        ``alone_share``, the share of days and scenarios in which the price move fails the member by itself,
        of those at which it was not yet in default; ``loss_usd`` to others in the worst case and
        ``brings_down``, how many members fall with it, where clients pay with all they have;
        ``loss_unpaid_usd`` and ``brings_down_unpaid`` where they pay nothing beyond their collateral.
    """
    days = whole_number("days", days, least=1)
    known = np.unique(exposures["day"])
    spread = known[np.linspace(0, len(known) - 1, max(days - 1, 1)).round().astype(int)]
    chosen = np.union1d(spread, worst_moment(exposures).day)
    nodes = exposures[exposures["day"].isin(chosen) & (exposures["level"] != "client")]
    paid, unpaid = (ranking(contagion(nodes, loss=loss)) for loss in ("shortfall", "uncovered"))
    if unpaid.empty:
        return unpaid
    table = pd.DataFrame(  # the two rankings are in orders of their own, so every column brings its index
        {
            "alone_share": _alone_share(nodes),
            "loss_usd": paid["worst_loss_usd"],
            "brings_down": paid["most_brought_down"],
            "loss_unpaid_usd": unpaid["worst_loss_usd"],
            "brings_down_unpaid": unpaid["most_brought_down"],
        }
    ).rename_axis("member")
    return table.sort_values(["loss_usd", "loss_unpaid_usd"], ascending=False, kind="stable")


def _alone_share(nodes: pd.DataFrame) -> pd.Series:
    """Return, by member, in what share of the days and scenarios it lives to see the move alone fails it."""
    failed: dict[int, int] = {}
    seen: dict[int, int] = {}
    for _, rows in nodes.groupby(["day", "scenario"]):
        gone = cascade(rows).failed_in_step
        for member in rows.loc[(rows["level"] == "member") & ~rows["in_default"].astype(bool), "node"]:
            seen[member] = seen.get(member, 0) + 1
            failed[member] = failed.get(member, 0) + (member in gone)
    return pd.Series({member: failed[member] / seen[member] for member in seen}, dtype=np.float64)
