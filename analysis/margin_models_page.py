"""The report's part about all margin models on the same positions."""

from __future__ import annotations

from typing import Any

import pandas as pd

from abm.recording import RunFolder

from .clearing_house import MarginTerms, margin_terms
from .figures import margin_models as models_figure
from .margin_backtest import kupiec_bounds
from .margin_models import SECOND_MONTH, margin_model_table, said_of_models, two_sided
from .margin_power import AFTER_BREACH, TIMES
from .page import figure, paragraph, table
from .wording import counted, decimal, decimal_or_less, percent, usd, whole


def models_body(run: RunFolder) -> list[str]:
    """Return what the report says of all margin models, or that the run did not ask them."""
    if "margin_models" not in run.tables:
        return [
            paragraph(
                "This run did not record what other margin models would have required; with "
                "recording.margin_models = true it does."
            )
        ]
    found = model_table_of(run)
    if found.empty:
        return [paragraph("No margin period was over in this run, so that margin models cannot be compared.")]
    terms = margin_terms(run)
    return [
        paragraph(said_of_models(found, terms)),
        _costs(found),
        paragraph(_said_of_tests(found, terms)),
        _tests(found, terms),
        *_not_measured(found),
        figure(models_figure, run),
    ]


def model_table_of(run: RunFolder) -> pd.DataFrame:
    """Return the table of a run that asked every margin model, of a lot of its second month or its only."""
    lots = run.tables["margin_model_lots"]
    tenor = min(SECOND_MONTH, int(lots["tenor"].max())) if len(lots) else SECOND_MONTH
    return margin_model_table(run.tables["margin_models"], lots, margin_terms(run), tenor=tenor)


def _name(name: Any, row: Any) -> str:
    return str(name).replace("_", " ") + (" (in force)" if row.own else "")


def _costs(found: pd.DataFrame) -> str:
    rows = [
        (
            _name(name, row),
            usd(row.mean_requirement_usd),
            percent(row.share_of_notional),
            whole(row.account_breaches),
            percent(row.coverage, 2),
            usd(row.largest_excess_usd),
            decimal(row.peak_to_trough),
            decimal(row.largest_rise_1),
            decimal(row.largest_rise_5),
            decimal(row.largest_rise_20),
        )
        for name, row in found.iterrows()
    ]
    header = (
        "Model",
        "Mean margin",
        "Of notional",
        "Accounts beyond",
        "Covered",
        "Largest excess",
        "Peak, ratio",
        "1 day",
        "5 days",
        "20 days",
    )
    return table(header, rows, numbers=range(1, len(header)))


def _tests(found: pd.DataFrame, terms: MarginTerms) -> str:
    rows = []
    for name, row in found.iterrows():
        fewest, most = kupiec_bounds(int(row.periods), two_sided(terms)) if row.periods else (0, 0)
        rows.append(
            (
                _name(name, row),
                whole(row.periods),
                whole(row.lot_breaches),
                f"{fewest} to {most}",
                decimal_or_less(row.kupiec_p, 3),
                decimal(row.kupiec_power),
                decimal_or_less(row.independence_p, 3),
                decimal(row.independence_power),
            )
        )
    header = ("Model", "Periods", "Breaches", "Accepted", "Kupiec, p", "Power", "Independence, p", "Power")
    return table(header, rows, numbers=range(1, len(header)))


def _said_of_tests(found: pd.DataFrame, terms: MarginTerms) -> str:
    return (
        "Above, accounts whose loss over the margin period was beyond their margin, over all closes, and the "
        "margin of a lot of the second month as a share of its value: peak over trough, and the largest "
        "ratio to that of so many days before. Below, that lot in periods of "
        f"{counted(terms.mpor_days, 'day')} without a common day, long and short together: one side at most "
        f"can lose more than its margin, so {percent(1.0 - two_sided(terms))} of them may. Power is the "
        f"chance to reject at 5 % if breaches were {TIMES:g} times as frequent (Kupiec), or if "
        f"{percent(AFTER_BREACH, 0)} of them were followed by another (Christoffersen, independence). "
        "Accounts of one day share its move and are not tested."
    )


def _not_measured(found: pd.DataFrame) -> list[str]:
    """Return a sentence for each reason why something has no value, with the models it holds for."""
    reasons: dict[str, list[str]] = {}
    for name, said in found["not_measured"].items():
        for reason in filter(None, str(said).split("; ")):
            reasons.setdefault(reason, []).append(str(name).replace("_", " "))
    lines = [
        reason if len(names) == len(found) else f"{reason} ({', '.join(names)})"
        for reason, names in reasons.items()
    ]
    return [paragraph(f"Not measured: {'; '.join(lines)}.")] if lines else []
