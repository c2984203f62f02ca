"""What ``sitsim hedge`` says: the recommendation in sentences, what was asked, and the tables."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from abm.core.neighbours import neighbour_module
from abm.hedging.alternatives import FixedPrice
from abm.hedging.shifts import FixedShift

if TYPE_CHECKING:
    from abm.hedging.advice import Advice, Standing
    from abm.hedging.basis_estimate import BasisEstimate
    from abm.hedging.programmes import FuturesHedge
    from abm.hedging.result import HedgeResult

wording: Any = neighbour_module("analysis", "wording")

_SMALL_CHANGE = 0.001


def sentences(result: HedgeResult, advice: Advice, sized: Sequence[FuturesHedge] = ()) -> list[str]:
    """Return the answer: what to take, its worst and expected bill, the runner-up, and what limits it.

    Parameters
    ----------
    result : HedgeResult
        The study.
    advice : Advice
        What came of it.
    sized : sequence of FuturesHedge
        Programmes in it that nobody asked for, at a size that the money carries.
    """
    return [
        _recommended(result, advice),
        *_sized(sized),
        _runner_up(result, advice),
        _plan_against_futures(result, advice),
        *_money(result, advice),
        *_too_small(result),
        *_most_in_the_way(advice),
        *_foreseen(result),
    ]


def _recommended(result: HedgeResult, advice: Advice) -> str:
    usd, percent = wording.usd, wording.percent
    best, none = advice.standings[advice.programme], advice.standings["none"]
    months = wording.counted(result.study.listing.horizon_months, "month")
    confidence = percent(advice.confidence, 0)
    if advice.programme == "none":
        return (
            f"Do not hedge with any of these: without a hedge the bill of {months} is at most "
            f"{usd(none.worst_bill_usd)} in {confidence} of paths and {usd(none.expected_bill_usd)} "
            "expected, and no programme that the money carries makes the worst bill lower."
        )
    return (
        f"Take {advice.programme}: the bill of {months} is at most {usd(best.worst_bill_usd)} in "
        f"{confidence} of paths, against {usd(none.worst_bill_usd)} without a hedge; expected it is "
        f"{usd(best.expected_bill_usd)}, {_against(best.expected_bill_usd, none.expected_bill_usd)} "
        "without."
    )


def _sized(sized: Sequence[FuturesHedge]) -> Iterator[str]:
    """Say that programmes were added."""
    if sized:
        names = ", ".join(hedge.name for hedge in sized)
        yield f"The money carries none of the futures programmes asked for; at a size that it does: {names}."


def _runner_up(result: HedgeResult, advice: Advice) -> str:
    if advice.runner_up is None:
        return "There is no runner-up: the money carries nothing else."
    second = advice.standings[advice.runner_up]
    name = "no hedge" if second.programme == "none" else second.programme
    tie = ""
    if second.programme in advice.tied:
        paths = f"{result.bill_usd.shape[1]:,}"
        tie = f"; over {paths} paths the two worst bills cannot be told apart, and the cheaper is taken"
    return (
        f"Runner-up: {name}, at most {wording.usd(second.worst_bill_usd)}, expected "
        f"{wording.usd(second.expected_bill_usd)}{tie}."
    )


def _plan_against_futures(result: HedgeResult, advice: Advice) -> str:
    """Say up to which markup a provider's plan is the better choice."""
    name = "no hedge" if advice.futures_programme == "none" else advice.futures_programme
    markup = advice.break_even_markup
    if markup <= 0.0:
        return (
            f"A provider's plan at a fixed price would have to be {wording.percent(-markup)} cheaper than "
            f"the futures curve to have a lower worst bill than {name}."
        )
    asked = [hedge for hedge in result.study.hedges if isinstance(hedge, FixedPrice)]
    known = "" if asked else " (price yours by --programme fixed_price:MARKUP)"
    return (
        f"A provider's plan at a fixed price has a lower worst bill than {name} up to a markup of "
        f"{wording.percent(markup)} on the futures curve{known}."
    )


def _money(result: HedgeResult, advice: Advice) -> Iterator[str]:
    """Say what the money does not carry, or how much of it is used."""
    usd, percent = wording.usd, wording.percent
    if math.isinf(advice.money_usd):
        if advice.standings[advice.programme].cash_needed_usd > 0.0:
            needed = usd(advice.standings[advice.programme].cash_needed_usd)
            yield (
                f"Money is taken to be without limit: it needs {needed} of cash in "
                f"{percent(advice.confidence, 0)} of paths."
            )
        return
    left_out = [one for one in advice.standings.values() if not one.is_carried]
    if left_out:
        yield _not_carried(min(left_out, key=lambda one: one.cash_needed_usd), len(left_out), advice)
        return
    needed = advice.standings[advice.programme].cash_needed_usd
    given_up = result.abandonment_share(advice.programme)
    if given_up > 1.0 - advice.confidence:
        least = percent(result.study.frictions.abandonment.abandon_below, 0)
        yield (
            f"Money limits it: {usd(advice.money_usd)} is there, and {advice.programme} is given up in "
            f"{percent(given_up)} of paths, when free funds fall under {least} of margin."
        )
        return
    yield (
        f"Money does not limit it: {usd(needed)} is needed in {percent(advice.confidence, 0)} of paths, "
        f"{usd(advice.money_usd)} is there."
    )


def _not_carried(one: Standing, count: int, advice: Advice) -> str:
    usd, percent = wording.usd, wording.percent
    whole = "" if count == 1 else f" (of {count} that the money does not carry it needs least)"
    return (
        f"Money limits the choice: {one.programme}{whole} needs {usd(one.cash_needed_usd)} in "
        f"{percent(advice.confidence, 0)} of paths, {usd(advice.money_usd)} is there, and it runs out in "
        f"{percent(one.out_of_money_share, threshold=1.0 - advice.confidence)} of them. Money would carry "
        f"about {percent(advice.money_usd / one.cash_needed_usd, 0)} of it."
    )


def _too_small(result: HedgeResult) -> Iterator[str]:
    """Say that a company whose months are smaller than half a lot trades nothing."""
    study = result.study
    size = study.listing.contract_size_msit
    largest = float(study.demand.by_month(study.listing).max()) * study.basis.multiple
    if study.frictions.whole_lots and largest < 0.5 * size:
        yield (
            f"A lot is {wording.whole(size)} mSIT and the largest month needs {largest:,.3g}: in whole lots "
            "there is nothing to trade; --set contract.contract_size_msit=1 makes lots smaller."
        )


def _most_in_the_way(advice: Advice) -> Iterator[str]:
    """Say which part of its world raises the worst bill most."""
    if not len(advice.limits):
        return
    first = advice.limits.iloc[0]
    gain = -float(first["change_usd"])
    present = float(first["worst_bill_usd"]) + gain
    if gain < _SMALL_CHANGE * abs(present):
        yield "Nothing that can be switched off would lower its worst bill by a thousandth."
        return
    yield (
        f"What limits it most is {first['part']}: without it the worst bill would be "
        f"{wording.usd(gain)} lower ({wording.percent(gain / present)})."
    )


def _foreseen(result: HedgeResult) -> Iterator[str]:
    """Say that a shift which is in every path pays whoever hedges against it."""
    shifts = result.study.shifts
    if isinstance(shifts, FixedShift) and not shifts.foreseen:
        move = math.expm1(shifts.shift.log_size)
        yield (
            f"In this scenario the price level moves by {wording.percent(move, 0)} on every path and the "
            "futures curve does not see it coming: that part of a gain or loss is the scenario's, no risk."
        )


def _against(value: float, other: float) -> str:
    gap = value - other
    if abs(gap) < 0.0005 * abs(other):
        return "the same as"
    return f"{wording.usd(abs(gap))} {'more' if gap > 0 else 'less'} than"


def question(result: HedgeResult, scenario: str, basis_source: str) -> list[tuple[str, str]]:
    """Return what was asked, as labels and texts."""
    study = result.study
    listing, basis, terms = study.listing, study.basis, study.frictions
    usd, percent = wording.usd, wording.percent
    price = study.process.level.initial_price_usd
    months = study.demand.by_month(listing)
    money = "without limit" if math.isinf(terms.funds_usd) else usd(terms.funds_usd)
    if not math.isinf(terms.funds_usd) and terms.credit_usd > 0.0:
        money += f" ({usd(terms.cash_usd)} cash, {usd(terms.credit_usd)} credit)"
    need_sd = study.demand.risk.volatility / math.sqrt(2.0 * study.demand.risk.kappa)
    return [
        ("Scenario", scenario),
        (
            "Need",
            f"{wording.whole(months.sum())} mSIT in {wording.counted(len(months), 'month')}; at the price of "
            f"day 0, USD {price:.4g} per mSIT, the first costs {usd(months[0] * price * basis.multiple)}",
        ),
        ("Budget", f"{usd(result.expected_bill_usd.sum(axis=0).mean())}: expected need at expected prices"),
        ("Uncertain need", f"standard deviation {percent(need_sd)} of a month"),
        (
            "Provider",
            f"price {basis.multiple:.4g} times the index on average, standard deviation "
            f"{percent(basis.sd)}, half-life {wording.decimal(_half_life_days(study), 1)} trading days",
        ),
        ("Basis from", basis_source),
        ("Money for margin", money),
        (
            "Margin",
            f"{percent(terms.initial_margin_rate)} of notional, marked every "
            f"{'day' if study.mark_every_days == 1 else f'{study.mark_every_days} days'}",
        ),
        (
            "Costs",
            f"half spread {wording.basis_points(terms.half_spread)}, fee USD {terms.fee_usd_per_lot:g} a "
            f"lot, {percent(terms.funding_rate)} a year on money in margin",
        ),
        ("Paths", f"{result.bill_usd.shape[1]:,}, seed {study.seed}"),
    ]


def _half_life_days(study: Any) -> float:
    return math.log(2.0) / float(study.basis.kappa) * float(study.listing.days_per_year)


def basis_source(estimate: BasisEstimate | None, providers: Sequence[str]) -> str:
    """Return where the numbers of the provider's price are from."""
    if estimate is None:
        whose = f" (no --prices, a history of {', '.join(providers)})" if providers else ""
        return f"a typical provider of the scenario{whose}"
    said = (
        f"{estimate.observations:,} prices over {wording.decimal(estimate.years, 1)} years: multiple "
        f"{estimate.multiple:.4g} ± {estimate.multiple_error:.2g}, standard deviation "
        f"{wording.percent(estimate.sd)} ± {wording.percent(estimate.sd_error)}, reversion "
        f"{estimate.kappa:.3g} ± {estimate.kappa_error:.2g} a year (standard errors)"
    )
    return "; ".join((said, *estimate.warnings))


def tables(result: HedgeResult, advice: Advice) -> list[Table]:
    """Return the programmes side by side: bills first, then money, cost and what an auditor asks."""
    summary = result.summary().loc[list(advice.standings)]
    percent, decimal = wording.percent, wording.decimal
    convention = result.study.frictions.liquidity
    bills = ["mean_bill_usd", "bill_95_usd", "bill_99_usd"]
    cash = [f"peak_{convention}_{level}_usd" for level in (95, 99)]
    summary[cash] = summary[cash].clip(lower=0.0)
    bill_scale, cash_scale, cost_scale = (
        wording.money_scale(float(summary[columns].abs().to_numpy().max()))
        for columns in (bills, cash, ["cost_total_usd"])
    )
    bill_table = _table(
        f"Bills, {bill_scale.unit}, and volatility reduction by two measures",
        "expected", "95 % worst", "99 % worst", "across paths", "within",
    )  # fmt: skip
    cash_table = _table(
        f"Cash for margin, {cash_scale.unit}", "needed, 95 %", "needed, 99 %", "runs out", "given up"
    )
    audit_table = _table(
        f"Cost, {cost_scale.unit}, and effectiveness by year",
        "cost of the hedge", "dollar offset", "in 0.80-1.25", "R²",
    )  # fmt: skip
    for name, row in summary.iterrows():
        shown = f"{name} *" if name == advice.programme else str(name)
        bill_table.add_row(
            shown,
            *(bill_scale.amount(row[column]) for column in bills),
            percent(row["volatility_reduction_across_years"]),
            percent(row["volatility_reduction_within_median"]),
        )
        cash_table.add_row(
            shown,
            *(cash_scale.amount(row[column]) for column in cash),
            percent(row["out_of_money_share"]),
            percent(row["abandonment_share"]),
        )
        audit_table.add_row(
            shown,
            cost_scale.amount(row["cost_total_usd"]),
            decimal(row["dollar_offset_median"]),
            percent(row["dollar_offset_in_band"]),
            decimal(row["r_squared_years"]),
        )
    audit_table.caption = f"* recommended; lowest worst bill at {percent(advice.confidence, 0)} first"
    audit_table.caption_justify = "left"
    return [bill_table, cash_table, audit_table]


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("programme", overflow="fold")
    for column in columns:
        table.add_column(column, justify="right")
    return table
