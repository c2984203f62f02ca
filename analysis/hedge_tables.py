"""Tables of a hedging study's page: its programmes side by side, what limits the hedge, and the market."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from abm.recording.hedge_schemas import CONVENTIONS

from .hedge_study import HedgeStudyView
from .hedge_words import ACROSS, CONVENTION_MEANINGS, CONVENTION_NAMES, OFFSET, WITHIN
from .page import paragraph, subsection, table
from .wording import MoneyScale, decimal, decimal_or_less, money_scale, percent, usd

_OF = {share: f"{share}\N{NO-BREAK SPACE}%" for share in (95, 99)}
COST_PARTS = {
    "premium": "Premium",
    "spread": "Spread",
    "fees": "Fees",
    "roll": "Rolling",
    "funding": "Funding",
    "total": "Total",
}


def side_by_side(study: HedgeStudyView) -> Iterator[str]:
    """Yield the tables that compare the programmes: bills, cash, costs, effectiveness."""
    yield _bills(study)
    yield _cash(study)
    yield _costs(study)
    yield _effectiveness(study)


def _bills(study: HedgeStudyView) -> str:
    names = ("mean_bill_usd", "bill_95_usd", "bill_99_usd")
    scale = _scale(study, names)
    rows = [
        (
            study.marked(name),
            *(scale.amount(study.measure(name, measure)) for measure in names),
            percent(study.measure(name, "volatility_reduction_across_years")),
            percent(study.measure(name, "volatility_reduction_within_median")),
        )
        for name in study.programmes
    ]
    header = (
        "Programme", "Expected", f"Worst, {_OF[95]}", f"Worst, {_OF[99]}",
        "Volatility reduction across paths", "Volatility reduction within the median path",
    )  # fmt: skip
    note = (
        "Bills of all months with every cost of the hedge; on 95 % and 99 % of paths they are no more than "
        "the worst ones. The two last columns are different measures (see Conventions)."
    )
    return subsection(f"Bills, {scale.unit}", paragraph(note), _numbers(header, rows))


def _cash(study: HedgeStudyView) -> str:
    measures = tuple(f"peak_{study.convention}_{share}_usd" for share in (95, 99))
    scale = _scale(study, measures)
    limited = math.isfinite(study.study_funds_usd)
    rows = [
        (
            study.marked(name),
            *(scale.amount(study.measure(name, measure)) for measure in measures),
            _out_of_money(study, name),
            percent(study.measure(name, "abandonment_share")),
        )
        for name in study.programmes
    ]
    header = ("Programme", f"Needed, {_OF[95]}", f"Needed, {_OF[99]}", "Money runs out", "Hedge given up")
    named = CONVENTION_NAMES[study.convention]
    note = f"Largest need of cash on the way, {named}. "
    if limited:
        note += (
            f"Money runs out where the need, with the costs of trading, is more than the "
            f"{usd(study.study_funds_usd)} of cash and credit. The need is counted as if money never ended."
        )
    elif math.isfinite(study.money_usd):
        note += (
            f"The paths were walked without a limit of money; it runs out where the need is more than the "
            f"{usd(study.money_usd)} that there is."
        )
    else:
        note += "There is no limit to money in this study, so that it never runs out."
    return subsection(f"Cash, {scale.unit}", paragraph(note), _numbers(header, rows))


def _out_of_money(study: HedgeStudyView, name: str) -> str:
    if math.isfinite(study.study_funds_usd):
        return percent(study.measure(name, "out_of_money_share"))
    return percent(study.beyond_share(name, study.money_usd))


def _costs(study: HedgeStudyView) -> str:
    measures = tuple(f"cost_{part}_usd" for part in COST_PARTS)
    scale = _scale(study, measures)
    rows = [
        (study.marked(name), *(scale.amount(study.measure(name, measure)) for measure in measures))
        for name in study.programmes
    ]
    note = (
        "Means over paths. The premium is what was paid beyond the expected settlement, of a provider's "
        "plan what it asks beyond the curve; rolling is spread and fees of moving lots from month to month; "
        "funding is interest on margin and losses, less than nothing where gains bore interest."
    )
    return subsection(
        f"What the hedge costs, {scale.unit}",
        paragraph(note),
        _numbers(("Programme", *COST_PARTS.values()), rows),
    )


def _effectiveness(study: HedgeStudyView) -> str:
    rows = [
        (
            study.marked(name),
            decimal_or_less(study.measure(name, "dollar_offset_median"), 2),
            percent(study.measure(name, "dollar_offset_in_band")),
            percent(study.measure(name, "r_squared_years")),
        )
        for name in study.programmes
    ]
    header = ("Programme", "Dollar offset, median", "Offset within 0.80 to 1.25", "R\N{SUPERSCRIPT TWO}")
    return subsection("Effectiveness, by year", paragraph(OFFSET), _numbers(header, rows))


def conventions(study: HedgeStudyView) -> Iterator[str]:
    """Yield what the numbers mean, and the cash needed by each convention."""
    yield paragraph(ACROSS)
    yield paragraph(WITHIN)
    yield paragraph("What counts as cash needed is a convention; this study goes by the one with a star.")
    meanings = [
        (f"{_named(study, convention)}", CONVENTION_MEANINGS[convention]) for convention in CONVENTIONS
    ]
    yield table(("Convention", "What counts"), meanings)
    scale = _scale(study, [f"peak_{name}_{share}_usd" for name in CONVENTIONS for share in (95, 99)])
    header = ("Programme", *(_named(study, convention).capitalize() for convention in CONVENTIONS))
    for share in (95, 99):
        rows = [
            (
                study.marked(name),
                *(scale.amount(study.measure(name, f"peak_{each}_{share}_usd")) for each in CONVENTIONS),
            )
            for name in study.programmes
        ]
        yield subsection(f"Cash needed on {share} % of paths at most, {scale.unit}", _numbers(header, rows))


def _named(study: HedgeStudyView, convention: str) -> str:
    return f"{CONVENTION_NAMES[convention]}{' *' if convention == study.convention else ''}"


def limits_table(rows: pd.DataFrame) -> str:
    """Return what the worst bill would be with one thing taken away after another."""
    scale = money_scale(float(rows["worst_bill_usd"].abs().max()))
    cells = [
        (str(programme), str(part), scale.amount(float(bill)), scale.amount(float(change)))
        for programme, part, bill, change in _lines(rows, "programme", "part", "worst_bill_usd", "change_usd")
    ]
    header = ("Programme", "Part", f"Worst bill, {scale.unit}", f"Change, {scale.unit}")
    return table(header, cells, numbers=(2, 3), name="checks")


def market_table(rows: pd.DataFrame) -> str:
    """Return what was measured in the simulated market, a row a step, with intervals over seeds."""
    measures = [str(measure) for measure in rows["measure"].unique()]
    scales = {
        measure: money_scale(
            float(rows.loc[rows["measure"] == measure, ["mean", "low", "high"]].abs().max().max())
        )
        for measure in measures
        if measure.endswith("_usd")
    }
    shown: dict[str, dict[str, str]] = {}
    for step, measure, *values in _lines(rows, "step", "measure", "mean", "low", "high"):
        mean, low, high = (_measured(str(measure), float(value), scales) for value in values)
        known = math.isfinite(float(values[1])) and not low == mean == high
        shown.setdefault(str(step), {})[str(measure)] = f"{mean} ({low} to {high})" if known else mean
    header = ("Step", *(_measure_name(measure, scales) for measure in measures))
    cells = [(step, *(found.get(measure, "") for measure in measures)) for step, found in shown.items()]
    return table(header, cells, numbers=range(1, len(header)), name="checks")


def _lines(rows: pd.DataFrame, *columns: str) -> Iterator[tuple[Any, ...]]:
    return zip(*(rows[column] for column in columns), strict=True)


def _measure_name(measure: str, scales: Mapping[str, MoneyScale]) -> str:
    words = measure.replace("_", " ")
    return f"{words.removesuffix(' usd')}, {scales[measure].unit}" if measure in scales else words


def _measured(measure: str, value: float, scales: Mapping[str, MoneyScale]) -> str:
    if measure in scales:
        return scales[measure].amount(value)
    if measure.endswith("share") or "reduction" in measure:
        return percent(value)
    return decimal(value, 3)


def _scale(study: HedgeStudyView, measures: Sequence[str]) -> MoneyScale:
    """Return the scale of a table: that of its largest amount in any row."""
    amounts = [abs(study.measure(name, each)) for name in study.programmes for each in measures]
    return money_scale(max((amount for amount in amounts if math.isfinite(amount)), default=0.0))


def _numbers(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return table(header, rows, numbers=range(1, len(header)), name="programmes")
