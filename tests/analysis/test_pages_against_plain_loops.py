"""Every number of the summary and of the report's tables, counted again by plain loops over the run's rows.

The run is a crisis with defaults, breaches and halts. The loops share no code with what they check but the
way numbers are written (``analysis.wording``, tested apart) and, for contagion, the cascade itself, which is
held against the clearing house to the micro-dollar.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from html.parser import HTMLParser
from typing import Any

import pytest

from abm.recording import RunFolder
from analysis import clearing_page, report
from analysis.contagion import cascade
from analysis.summary import summarise
from analysis.wording import basis_points, class_name, decimal, percent, usd, whole

MICRO = 1_000_000
Row = dict[str, Any]


class _Tables(HTMLParser):
    """Rows of every table of a page by the heading over it, head rows included."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.by_heading: dict[str, list[list[str]]] = defaultdict(list)
        self._heading, self._tag, self._cells = "", "", [""]
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = tag
        if tag in ("h2", "h3"):
            self._heading = ""
        elif tag == "tr":
            self._cells = []
        elif tag in ("td", "th"):
            self._cells.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "tr":
            self.by_heading[self._heading].append(self._cells)
        self._tag = ""

    def handle_data(self, data: str) -> None:
        if self._tag in ("h2", "h3"):
            self._heading += data
        elif self._tag in ("td", "th"):
            self._cells[-1] += data


def rows_of(run: RunFolder, table: str) -> list[Row]:
    return run.tables[table].to_dict("records")  # type: ignore[return-value]


@pytest.fixture(scope="module")
def said(crisis: RunFolder) -> dict[str, tuple[str, str]]:
    return {label: (value, note) for label, value, note in summarise(crisis)}


@pytest.fixture(scope="module")
def page(crisis: RunFolder) -> dict[str, list[list[str]]]:
    with pytest.MonkeyPatch.context() as without_figures:
        for module in (report, clearing_page):
            without_figures.setattr(module, "figure", lambda *_: "")
        return _Tables(report.render(crisis)).by_heading


def quoted(crisis: RunFolder) -> dict[tuple[int, int], list[Row]]:
    """Rounds of continuous trading by day and tenor."""
    by_day: dict[tuple[int, int], list[Row]] = defaultdict(list)
    for row in rows_of(crisis, "quotes"):
        by_day[row["day"], row["tenor"]] += [row] if row["phase"] == 0 else []
    return by_day


def is_two_sided(row: Row) -> bool:
    return row["best_bid_ticks"] == row["best_bid_ticks"] and all(
        isinstance(row[side], int) for side in ("best_bid_ticks", "best_ask_ticks")
    )


def test_quotedness_and_spreads_are_those_of_the_rounds(
    crisis: RunFolder, said: dict[str, tuple[str, str]], page: dict[str, list[list[str]]]
) -> None:
    settled = {(row["day"], row["tenor"]): row["settlement_ticks"] for row in rows_of(crisis, "daily")}
    by_tenor: dict[int, list[tuple[float, float, float, float, float]]] = defaultdict(list)
    for (day, tenor), rounds in quoted(crisis).items():
        both = [row for row in rounds if is_two_sided(row)]
        spread = (
            statistics.fmean(row["best_ask_ticks"] - row["best_bid_ticks"] for row in both) if both else 0.0
        )
        scale = max(abs(settled[day, tenor]), 100)
        depth = sum(row["bid_lots"] + row["ask_lots"] for row in rounds) / max(len(rounds), 1)
        share = len(both) / max(len(rounds), 1)
        by_tenor[tenor].append((share, spread, spread / scale, 1.0 / scale, depth))

    def line(tenor: int) -> list[str]:
        days = by_tenor[tenor]
        weight = sum(share for share, *_ in days)
        return [
            str(tenor),
            decimal(sum(share * ticks for share, ticks, *_ in days) / weight, 1),
            basis_points(sum(share * of_price for share, _, of_price, *_ in days) / weight),
            basis_points(statistics.fmean(tick for *_, tick, _ in days)),
            decimal(statistics.fmean(depth for *_, depth in days), 1),
            percent(statistics.fmean(share for share, *_ in days)),
        ]

    shown = page["What each month costs to trade"][1:]
    assert [row[:6] for row in shown] == [line(tenor) for tenor in sorted(by_tenor)]
    last = max(by_tenor)
    assert said["Spread, front month"][0] == f"{line(0)[1]} ticks, {line(0)[2]}"
    assert said["Spread, last month"][0] == f"{line(last)[1]} ticks, {line(last)[2]}"
    assert f"one tick is {line(last)[3]} of the price" in said["Spread, last month"][1]
    assert said["Front month two-sided"][0] == f"{line(0)[5]} of rounds"
    every = statistics.fmean(share for days in by_tenor.values() for share, *_ in days)
    assert said["Whole curve two-sided"][0] == f"{percent(every)} of rounds"
    lowest = min(statistics.fmean(share for share, *_ in days) for days in by_tenor.values())
    assert f"lowest {percent(lowest)}" in said["Whole curve two-sided"][1]


def test_volumes_are_those_of_the_trades(
    crisis: RunFolder, said: dict[str, tuple[str, str]], page: dict[str, list[list[str]]]
) -> None:
    trades, days = rows_of(crisis, "trades"), {row["day"] for row in rows_of(crisis, "daily")}
    lots: dict[int, int] = defaultdict(int)
    for row in trades:
        lots[row["tenor"]] += row["lots"]
    shown = {int(row[0]): row[6] for row in page["What each month costs to trade"][1:]}
    assert shown == {tenor: decimal(lots[tenor] / len(days), 1) for tenor in shown}
    in_auctions = sum(row["lots"] for row in trades if row["aggressor_side"] == 0)
    assert said["Traded in auctions"][0] == f"{percent(in_auctions / sum(lots.values()))} of lots"
    months, listed = {row["month"] for row in trades}, {row["month"] for row in rows_of(crisis, "daily")}
    assert said["Delivery months that traded"][0] == f"{len(months)} of {len(listed)}"


def test_open_interest_convergence_and_halts(crisis: RunFolder, said: dict[str, tuple[str, str]]) -> None:
    daily = rows_of(crisis, "daily")
    total: dict[int, int] = defaultdict(int)
    for row in daily:
        total[row["day"]] += row["open_interest_lots"]
    carried, distances = [], []
    for final in (row for row in daily if row["final"]):
        later = sum(
            row["open_interest_lots"] for row in daily if row["day"] == final["day"] and not row["final"]
        )
        carried.append(later / total[final["day"] - 1])
        (before,) = (
            row for row in daily if row["month"] == final["month"] and row["day"] == final["day"] - 1
        )
        distances.append(abs(before["settlement_ticks"] - final["settlement_ticks"]))
    last = max(total)
    assert said["Open interest at the end"][0] == f"{whole(total[last])} lots"
    for part in (
        f"from {whole(total[0])} on the first day (peak {whole(max(total.values()))})",
        f"across an expiry {percent(statistics.median(carried))} stays",
    ):
        assert part in said["Open interest at the end"][1]
    assert said["Convergence at expiry"][0] == f"{decimal(statistics.median(distances), 1)} ticks"
    halts = [row for row in rows_of(crisis, "halts") if row["is_cause"]]
    kinds = [sum(row["kind"] == kind for row in halts) for kind in ("limit", "interruption")]
    assert said["Halts, interruptions"][0] == f"{kinds[0]} and {kinds[1]}"
    assert f"on {len({row['day'] for row in halts})} day" in said["Halts, interruptions"][1]


def test_makers_are_judged_by_their_days(
    crisis: RunFolder, said: dict[str, tuple[str, str]], page: dict[str, list[list[str]]]
) -> None:
    rows = rows_of(crisis, "dmm")
    by_maker = defaultdict(list)
    for row in rows:
        by_maker[row["account"]].append(row)
    per_month = crisis.calendar.days_per_month
    ends = [row for row in rows if (row["day"] + 1) % per_month == 0]
    expected = [
        [
            str(account),
            *(
                percent(statistics.fmean(row[name] for row in own))
                for name in ("presence", "spread_compliance", "size_compliance")
            ),
            f"{sum(row['obligation_met'] for row in own)} of {len(own)}",
            f"{sum(row['pay_usd_micro'] > 0 for row in own)} of {len(ends) // len(by_maker)}",
            usd(sum(row["pay_usd_micro"] for row in own) / MICRO),
        ]
        for account, own in sorted(by_maker.items())
    ]
    assert page["Market makers and their contract"][1:-1] == expected
    met = sum(row["obligation_met"] for row in rows)
    value, note = said["Market makers' duty met"]
    assert value == f"{percent(met / len(rows))} of maker-days"
    assert f"paid {usd(sum(row['pay_usd_micro'] for row in rows) / MICRO)}, in" in note
    assert note.startswith("warning: not met on") == (met < len(rows))


def test_profit_is_summed_over_the_accounts_of_a_class(
    crisis: RunFolder, page: dict[str, list[list[str]]]
) -> None:
    classes: dict[str, list[Row]] = defaultdict(list)
    for row in rows_of(crisis, "agents"):
        classes[row["agent_class"]].append(row)

    def total(rows: list[Row], name: str) -> int:
        return sum(row[name] for row in rows)

    assert sorted(page["Profit and loss by class"][1:]) == sorted(
        [
            class_name(name),
            whole(len(rows)),
            usd(total(rows, "pnl_usd_micro") / MICRO),
            usd(total(rows, "fees_usd_micro") / MICRO),
            whole(total(rows, "lots_traded")),
            percent(total(rows, "maker_lots") / total(rows, "lots_traded")),
            whole(total(rows, "messages")),
            whole(total(rows, "in_default")),
        ]
        for name, rows in classes.items()
    )


def test_margin_is_held_against_the_losses_of_each_account_and_lot(
    crisis: RunFolder, said: dict[str, tuple[str, str]], page: dict[str, list[list[str]]]
) -> None:
    accounts = rows_of(crisis, "margin_backtest")
    beyond = [row["loss_usd_micro"] - row["requirement_usd_micro"] for row in accounts]
    breaches = [amount for amount in beyond if amount > 0]
    required: dict[int, int] = defaultdict(int)
    for row in accounts:
        required[row["day"]] += row["requirement_usd_micro"]
    assert breaches
    covered = percent(1 - len(breaches) / len(accounts), 2, threshold=0.99)
    shown = page["Does margin cover?"]
    assert [cells[1] for cells in shown[:6]] == [
        whole(len(accounts)),
        whole(len(breaches)),
        covered,
        "99.00 %",
        usd(max(breaches) / MICRO),
        usd(statistics.fmean(required.values()) / MICRO),
    ]
    value, note = said["Losses covered by margin"]
    assert value == f"{covered} of account-days"
    assert f"{whole(len(breaches))} of {whole(len(accounts))} lost more than their margin" in note
    lots = rows_of(crisis, "contract_backtest")
    first = {tenor: min(row["day"] for row in lots if row["tenor"] == tenor) for tenor in range(12)}
    for cells in shown[7:]:
        tenor = int(cells[0])
        own = [row for row in lots if row["tenor"] == tenor]
        tested = [row for row in own if (row["day"] - first[tenor]) % 2 == 0]
        by_day = [max(r["requirement_usd_micro"] for r in own if r["day"] == day) for day in range(40)]
        assert cells[1] == str(len({row["day"] for row in tested}))
        for cell, side in ((cells[2], 1), (cells[3], -1)):
            assert cell == str(
                sum(r["loss_usd_micro"] > r["requirement_usd_micro"] for r in tested if r["side"] == side)
            )
        assert cells[6] == decimal(statistics.fmean(by_day) / MICRO)
        assert cells[7] == decimal(max(by_day) / min(by_day), 1)
        assert cells[8] == decimal(max(by_day[day] / by_day[day - 5] for day in range(5, 40)))


def test_calls_are_counted_once_and_shared_among_what_raised_them(
    crisis: RunFolder, said: dict[str, tuple[str, str]], page: dict[str, list[list[str]]]
) -> None:
    calls: dict[tuple[int, int], list[Row]] = defaultdict(list)
    for row in sorted(rows_of(crisis, "margin_calls"), key=lambda row: (row["day"], row["round"])):
        calls[row["account"], row["deadline_round"]].append(row)
    shares: dict[str, dict[int, float]] = {
        name: defaultdict(float) for name in ("loss", "model", "size", "rest")
    }
    amounts, at_once = 0.0, 0
    for rows in calls.values():
        owed = [0, *(row["outstanding_usd_micro"] for row in rows)]
        amount = sum(row["amount_usd_micro"] - before for row, before in zip(rows, owed, strict=False))
        raised = {
            "loss": sum(row["loss_usd_micro"] for row in rows),
            "model": sum(row["model_rise_usd_micro"] for row in rows),
            "size": sum(row["position_rise_usd_micro"] for row in rows),
            "rest": sum(row["carried_usd_micro"] for row in rows) - sum(owed[:-1]),
        }
        positive = sum(max(part, 0) for part in raised.values())
        for name, part in raised.items():
            shares[name][rows[0]["day"]] += max(part, 0) / positive * amount / MICRO
        amounts += amount / MICRO
        at_once += rows[0]["outstanding_usd_micro"] == 0
    missed = sum(row["event"] == "client_default" for row in rows_of(crisis, "defaults"))
    cash, credit = (
        sum(row[f"met_{name}_usd_micro"] for rows in calls.values() for row in rows) / MICRO
        for name in ("cash", "credit")
    )
    shown = page["Margin calls"]
    assert [cells[1] for cells in shown[:6]] == [
        whole(len(calls)), whole(at_once), whole(missed), usd(amounts), usd(cash), usd(credit),
    ]  # fmt: skip
    for cells, by_day in zip(shown[7:11], shares.values(), strict=True):
        worst = max(by_day, key=lambda day: (by_day[day], -day))
        total = sum(by_day.values())
        assert cells[1:] == [usd(total), percent(total / amounts), usd(by_day[worst]), str(worst)]
    assert said["Margin calls"][0] == f"{whole(len(calls))} for {usd(amounts)}"
    assert said["Margin calls"][1] == f"{percent(at_once / len(calls))} met at once, {missed} missed"


def test_losses_of_defaults_stand_beside_the_layer_that_bore_them(
    crisis: RunFolder, said: dict[str, tuple[str, str]], page: dict[str, list[list[str]]]
) -> None:
    events = rows_of(crisis, "defaults")
    finished = [row for row in events if row["event"] == "close_out_finished"]
    loss = sum(row["loss_usd_micro"] for row in finished)
    shown = page["Defaults"]
    assert loss > 0
    for cells in shown[1:9]:
        bore = [row[f"{cells[0].lower().replace(' ', '_')}_usd_micro"] for row in finished]
        assert cells[1:] == [usd(sum(bore) / MICRO), percent(sum(bore) / loss), str(sum(b > 0 for b in bore))]
    assert [cells[:3] for cells in shown[10:]] == [
        [str(row[name]) for name in ("day", "account", "member")] for row in events
    ]
    counts = [sum(row["event"] == f"{who}_default" for row in events) for who in ("client", "member")]
    assert said["Defaults"][0].split(", ")[0].startswith(f"{counts[0]} client")
    assert said["Defaults"][0].split(", ")[1].startswith(f"{counts[1]} member")
    uncovered = sum(row["uncovered_usd_micro"] for row in finished)
    assert said["Defaults"][1] == (
        f"loss beyond collateral {usd(loss / MICRO)}, of which uncovered {usd(uncovered / MICRO)}"
    )


def test_the_bill_surprise_is_the_sd_over_months_of_those_who_hedge(
    crisis: RunFolder, said: dict[str, tuple[str, str]]
) -> None:
    by_account = defaultdict(list)
    for row in rows_of(crisis, "hedging"):
        if row["month"] > 0 and row["hedges"]:
            expected = row["expected_bill_usd"]
            by_account[row["account"]].append(
                (row["bill_usd"] / expected - 1, row["net_cost_usd"] / expected - 1)
            )
    pooled = [statistics.stdev(pair[side] for own in by_account.values() for pair in own) for side in (0, 1)]
    value, note = said["Bill surprise within run"]
    if {len(own) for own in by_account.values()} == {1}:  # one month tells nothing of its volatility
        assert "volatility reduction n/a (median of 0 hedging enterprises)" in note
    assert value == f"sd {percent(pooled[0])} unhedged, {percent(pooled[1])} hedged"
    assert f"pooled {decimal(1 - pooled[1] / pooled[0])}" in note


def test_the_fund_and_the_exposures_are_those_of_the_worst_close(
    crisis: RunFolder, page: dict[str, list[list[str]]]
) -> None:
    rows = rows_of(crisis, "exposures")
    alive = {
        (row["day"], row["scenario"], row["node"])
        for row in rows
        if row["level"] == "member" and not row["in_default"]
    }
    fund: dict[int, int] = defaultdict(int)
    beyond: dict[tuple[int, int], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        if row["level"] == "member" and row["scenario"] == 0 and not row["in_default"]:
            fund[row["day"]] += row["fund_usd_micro"]
        key = (row["day"], row["scenario"])
        if row["level"] == "client" and not row["in_default"] and (*key, row["creditor"]) in alive:
            beyond[key][row["creditor"]] += max(row["stressed_loss_usd_micro"] - row["margin_usd_micro"], 0)
    cover = {
        day: max(sum(sorted(beyond[day, scenario].values())[-2:]) for scenario in (0, 1, 2, 3))
        for day in fund
    }
    shown = [cells[1] for cells in page["Guaranty fund"][:5]]
    days = {row["day"] for row in rows}
    assert len(fund) < len(days)  # in the end no member performs
    assert shown == [
        f"{usd(min(fund.values()) / MICRO)} to {usd(max(fund.values()) / MICRO)}",
        usd(max(cover.values()) / MICRO),
        f"{sum(cover[day] > fund[day] for day in fund)} of {len(fund)}",
        usd(max(0, *(cover[day] - fund[day] for day in fund)) / MICRO),
        str(len(days) - len(fund)),
    ]
    house = [row for row in rows if row["level"] == "house"]
    worst = max(house, key=lambda row: row["uncovered_usd_micro"])
    debtors = sorted(
        (
            row
            for row in rows
            if row["level"] == "client" and (row["day"], row["scenario"]) == (worst["day"], worst["scenario"])
        ),
        key=lambda row: -row["uncovered_usd_micro"],
    )
    classes = {row["account"]: row["agent_class"] for row in rows_of(crisis, "agents")}
    table = page["Exposures and contagion"]
    assert [[cells[0], cells[1], cells[2], cells[5]] for cells in table[1:9]] == [
        [
            str(row["node"]),
            class_name(classes[row["node"]]),
            str(row["creditor"]),
            usd(row["uncovered_usd_micro"] / MICRO),
        ]
        for row in debtors[:8]
    ]


def test_each_member_stands_beside_its_own_contagion(
    crisis: RunFolder, page: dict[str, list[list[str]]]
) -> None:
    table = crisis.tables["exposures"]
    days = sorted(table["day"].unique())
    worst = table[table["level"] == "house"].sort_values("uncovered_usd_micro", kind="stable").iloc[-1]["day"]
    places = [round(place * (len(days) - 1) / 10) for place in range(11)]
    chosen = {days[place] for place in places} | {worst}
    moves = [
        part
        for (day, _), part in table[table["level"] != "client"].groupby(["day", "scenario"])
        if day in chosen
    ]
    alone = {loss: [cascade(move, loss=loss) for move in moves] for loss in ("shortfall", "uncovered")}
    ranked = page["Exposures and contagion"][10:]
    assert len(ranked) == 6
    for place, cells in enumerate(ranked):
        member, fails, lived = int(cells[0]), 0, 0
        cost = {"shortfall": [0.0], "uncovered": [0.0]}
        for number, move in enumerate(moves):
            own = move[(move["level"] == "member") & (move["node"] == member)].iloc[0]
            if own["in_default"]:
                continue
            lived += 1
            fails += member in alone["shortfall"][number].failed_in_step
            if place not in (0, 3):  # what it costs others is the slow part
                continue
            for loss, found in cost.items():
                added = cascade(move, failing=member, loss=loss).borne_by_others_usd_micro
                found.append((added - alone[loss][number].borne_by_others_usd_micro) / MICRO)
        assert cells[1] == percent(fails / lived), member
        if place in (0, 3):
            assert (cells[2], cells[4]) == (usd(max(cost["shortfall"])), usd(max(cost["uncovered"]))), member


def test_nothing_of_the_page_is_not_a_number(page: dict[str, list[list[str]]]) -> None:
    cells = [cell for rows in page.values() for row in rows for cell in row]
    assert len(cells) > 300
    assert not [cell for cell in cells if cell.strip() in ("nan", "inf", "None", "<NA>")]
