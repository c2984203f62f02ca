"""The report's section about the clearing house."""

from __future__ import annotations

import pandas as pd

from abm.core.money import USD_MICRO
from abm.recording import RunFolder, metrics

from .call_causes import CAUSES, calls_by_cause
from .capital.fronted import liquidity_body
from .clearing_house import (
    account_coverage,
    at,
    cover_two_by_day,
    failure_ranking,
    largest_exposures,
    layers_paid,
    margin_terms,
    said_of_tenors,
    scenario_name,
    tenor_backtest,
    worst_moment,
)
from .figures import call_causes, coverage, exposures, guaranty_fund, waterfall
from .margin_models_page import models_body
from .page import figure, paragraph, section, subsection, table
from .wording import class_name, counted, decimal, percent, usd, whole


def clearing_section(run: RunFolder) -> str:
    """Return the section: back-test of margin, calls by cause, waterfall, guaranty fund and exposures.

    What a run did not record, or what did not happen in it, is said in a sentence.
    """
    return section(
        "Clearing house",
        subsection("Does margin cover?", *_coverage(run)),
        subsection("Every margin model on the same positions", *models_body(run)),
        subsection("Margin calls", *_margin_calls(run)),
        subsection("Defaults", *_defaults(run)),
        subsection("The house's own liquidity", *liquidity_body(run)),
        subsection("Guaranty fund", *_fund(run)),
        subsection("Exposures and contagion", *_exposures(run)),
    )


def _has(run: RunFolder, name: str) -> bool:
    return name in run.tables and not run.tables[name].empty


def _coverage(run: RunFolder) -> list[str]:
    if not (_has(run, "margin_backtest") and _has(run, "contract_backtest")):
        return [paragraph("This run recorded no back-test of margin.")]
    terms, accounts = margin_terms(run), account_coverage(run.tables["margin_backtest"])
    tenors = tenor_backtest(run.tables["contract_backtest"], terms)
    period = counted(terms.mpor_days, "day")
    summary = [
        ("Account-days with margin", whole(accounts.account_days)),
        (f"Losses over {period} beyond margin", whole(accounts.breaches)),
        ("Covered", percent(accounts.covered_share, 2, threshold=terms.confidence)),
        ("Asked for", percent(terms.confidence, 2)),
        ("Largest loss beyond margin", usd(accounts.largest_exception_usd)),
        ("Margin required of all accounts, mean over days", usd(accounts.mean_requirement_usd)),
    ]
    note = (
        f"Below, the margin of one lot: {said_of_tenors(tenors)}. Tested are periods without a common day, "
        "of a long and of a short position, by Kupiec's test at 5 %; where less than one breach was to be "
        "expected, a verdict needs an exact probability under 5 % after multiplying by the number of tests. "
        "Prices of all months move together, and the tests with them. Accounts of one day share its move, so "
        "that their breaches are no independent draws and are not tested."
    )
    course = (
        "Peak is the highest margin over the lowest, five days the largest ratio to the margin of five days "
        "before. The front month's margin falls as its fixings become known."
    )
    return [
        table((), summary, numbers=(1,)),
        paragraph(note),
        _tenors(tenors),
        paragraph(course),
        figure(coverage, run),
    ]


def _tenors(tenors: pd.DataFrame) -> str:
    rows = [
        (
            str(tenor),
            whole(row.days),
            whole(row.long_breaches),
            whole(row.short_breaches),
            f"{row.fewest} to {row.most}",
            str(row.verdict),
            decimal(row.mean_requirement_usd),
            decimal(row.peak_to_trough, 1),
            decimal(row.largest_rise),
        )
        for tenor, row in tenors.iterrows()
    ]
    header = (
        "Months ahead",
        "Periods",
        "Breaches, long",
        "Breaches, short",
        "Accepted",
        "Verdict",
        "Mean, USD a lot",
        "Peak, ratio",
        "Five days, ratio",
    )
    return table(header, rows, numbers=[0, 1, 2, 3, 4, 6, 7, 8])


def _margin_calls(run: RunFolder) -> list[str]:
    table_of_calls = run.tables["margin_calls"]
    calls = metrics.margin_calls(table_of_calls, run.tables["defaults"])
    if not calls.calls:
        return [paragraph("No margin call was made.")]
    met = [
        ("Calls", whole(calls.calls)),
        ("Met in full at once", whole(calls.met_at_once)),
        ("Missed at the deadline", whole(calls.missed)),
        ("Amount called", usd(calls.amount_usd)),
        ("Met at once from cash", usd(calls.met_cash_usd)),
        ("Met at once from credit", usd(calls.met_credit_usd)),
    ]
    by_call = calls_by_cause(table_of_calls)
    by_day = by_call.groupby("day")[list(CAUSES)].sum()
    rows = [
        (
            name.capitalize(),
            usd(by_call[cause].sum()),
            percent(metrics.ratio(by_call[cause].sum(), by_call["amount_usd"].sum())),
            usd(by_day[cause].max()),
            str(by_day[cause].idxmax()) if by_day[cause].max() > 0 else "none",
        )
        for cause, name in CAUSES.items()
    ]
    header = ("Called because of", "Amount", "Share", "Largest day", "Day")
    return [
        table((), met, numbers=(1,)),
        table(header, rows, numbers=(1, 2, 3, 4)),
        figure(call_causes, run),
    ]


def _defaults(run: RunFolder) -> list[str]:
    defaults = run.tables["defaults"]
    if defaults.empty:
        return [paragraph("Nobody defaulted.")]
    layers = [
        (
            str(layer).replace("_", " ").capitalize(),
            usd(row.paid_usd),
            percent(row.share),
            whole(row.close_outs),
        )
        for layer, row in layers_paid(defaults).iterrows()
    ]
    drawn = [figure(waterfall, run)] if (defaults["loss_usd_micro"] > 0).any() else []
    return [
        paragraph("What defaulters' own collateral did not cover, by who bore it, first layer first:"),
        table(("Layer", "Bore", "Share", "Close-outs"), layers, numbers=(1, 2, 3)),
        *drawn,
        _default_events(defaults),
    ]


def _default_events(defaults: pd.DataFrame) -> str:
    amounts = ("loss", "uncovered", "surplus")
    rows = [
        (
            str(line["day"]),
            str(line["account"]),
            str(line["member"]),
            str(line["event"]).replace("_", " "),
            *(decimal(line[f"{name}_usd_micro"] / USD_MICRO, 0) for name in amounts),
        )
        for _, line in defaults.iterrows()
    ]
    header = ("Day", "Account", "Member", "Event", "Loss, USD", "Uncovered, USD", "Surplus, USD")
    return table(header, rows, numbers=(0, 1, 2, 4, 5, 6))


def _fund(run: RunFolder) -> list[str]:
    parts = []
    if _has(run, "exposures"):
        closes = cover_two_by_day(run.tables["exposures"])
        by_day = closes[closes["members"] > 0]
        short = by_day["cover_two_usd"] > by_day["fund_usd"]
        gap = float((by_day["cover_two_usd"] - by_day["fund_usd"]).max())
        rows = [
            (
                "Contributions, smallest and largest",
                f"{usd(by_day.fund_usd.min())} to {usd(by_day.fund_usd.max())}",
            ),
            ("Cover-2 at a close, largest", usd(by_day["cover_two_usd"].max())),
            ("Days on which the fund was below Cover-2", f"{short.sum()} of {len(short)}"),
            ("Largest gap", usd(max(gap, 0.0))),
        ]
        if len(by_day) < len(closes):
            rows.append(("Days without a member that performs", whole(len(closes) - len(by_day))))
        parts = [table((), rows, numbers=(1,)), figure(guaranty_fund, run)]
    sized = run.tables["guaranty_fund"]
    if sized.empty:
        return [
            *parts,
            paragraph("The fund was not sized in this run: contributions are as the scenario says."),
        ]
    by_sizing = sized.groupby("day").agg(
        cover_two=("cover_two_usd_micro", "first"),
        required=("required_usd_micro", "sum"),
        paid_in=("paid_in_usd_micro", "sum"),
        returned=("returned_usd_micro", "sum"),
    )
    sizings = [(str(day), *(usd(amount / USD_MICRO) for amount in row)) for day, row in by_sizing.iterrows()]
    header = ("Sized on day", "Cover-2", "Required", "Paid in", "Returned")
    return [*parts, table(header, sizings, numbers=(0, 1, 2, 3, 4))]


def _exposures(run: RunFolder) -> list[str]:
    if not _has(run, "exposures"):
        return [paragraph("This run recorded no exposures.")]
    rows = run.tables["exposures"]
    moment = worst_moment(rows)
    if not rows["uncovered_usd_micro"].any():
        calm = "In no stress scenario and at no close would anybody have owed more than its collateral."
        return [paragraph(calm), *_ranking(rows)]
    classes = run.tables["agents"].set_index("account")["agent_class"]
    debtors = [
        (
            str(account),
            class_name(str(classes.get(account, "trader"))),
            str(int(row.member)),
            whole(row.lots),
            usd(row.stressed_loss_usd),
            usd(row.uncovered_usd),
            usd(row.shortfall_usd),
        )
        for account, row in largest_exposures(at(rows, moment)).iterrows()
    ]
    header = ("Account", "Class", "Member", "Lots", "Stressed loss", "Beyond collateral", "Beyond all it has")
    return [
        paragraph(
            f"Most would have been beyond collateral on day {moment.day} if "
            f"{scenario_name(moment.scenario)}. The clients that would have owed most then:"
        ),
        table(header, debtors, numbers=(0, 2, 3, 4, 5, 6)),
        figure(exposures, run),
        *_ranking(rows),
    ]


def _ranking(exposure_rows: pd.DataFrame) -> list[str]:
    ranked = failure_ranking(exposure_rows)
    if ranked.empty:
        return [paragraph("No clearing member was left whose failure could be looked at.")]
    rows = [
        (
            str(member),
            percent(row.alone_share),
            usd(row.loss_usd),
            whole(row.brings_down),
            usd(row.loss_unpaid_usd),
            whole(row.brings_down_unpaid),
        )
        for member, row in ranked.iterrows()
    ]
    header = (
        "Member",
        "Failed by the move",
        "Costs others",
        "Brings down",
        "Unpaid: costs others",
        "Brings down",
    )
    note = (
        "What the failure of each clearing member would cost others beyond the price move itself, and how "
        "many other members it would bring down, in the worst of some days and all stress scenarios: first "
        "if clients pay with all they have, then if they pay nothing beyond their collateral. Failed by the "
        "move: in what share of those days and scenarios the price move alone is too much for the member."
    )
    return [paragraph(note), table(header, rows, numbers=range(6))]
