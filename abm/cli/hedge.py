"""``sitsim hedge``: which programme a company should take, the evidence, and its page."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from abm.cli.folder_names import plain_name
from abm.cli.hedge_words import basis_source, question, sentences, tables
from abm.cli.wrapping import wrapped
from abm.core.errors import ParameterError
from abm.hedging.advice import advise
from abm.hedging.basis_estimate import BasisEstimate, read_basis
from abm.hedging.company import CompanyTerms, company_study
from abm.hedging.needs_file import CompanyNeeds, read_needs
from abm.hedging.sizing import sized_programmes
from abm.recording import check_place

if TYPE_CHECKING:
    from abm.hedging.result import HedgeResult
    from abm.hedging.study import HedgeStudy
    from abm.scenario import Scenario

MOST_PROGRAMMES = 20
FEWEST_PATHS = 100
"""Judgement, both: a page that can be read, and one path at least beyond the 99 % quantile."""
_OPTIONS = {
    "spend": "--spend", "cash": "--cash", "credit": "--credit", "half_spread": "--half-spread",
    "horizon_months": "--months", "paths": "--paths", "seed": "--seed", "programme": "--programme",
    "programmes": "--programme",
}  # fmt: skip
_LEAST_ROOM = 30
"""Columns that text gets however narrow the terminal is."""


@dataclass(frozen=True, slots=True)
class HedgeOrder:
    """What the user asked ``sitsim hedge`` for; see its options."""

    scenario: Scenario
    scenario_name: str
    overrides: tuple[str, ...]
    spend_usd: float | None
    needs: Path | None
    prices: Path | None
    days_per_year: float
    months: int | None
    cash_usd: float | None
    credit_usd: float
    programmes: tuple[str, ...]
    half_spread: float
    paths: int
    seed: int
    in_market: int
    jobs: int
    out: Path
    with_page: bool
    quiet: bool


def hedge_and_print(order: HedgeOrder) -> None:
    """Study, print the answer and the evidence, and write folder and page; after a mistake nothing."""
    study, source = _study(order)
    if order.in_market:
        from abm.cli.hedge_market import require_market

        require_market(order.scenario, study, order.in_market, order.jobs)
    place = check_place(order.out / _folder_name(order.scenario, order.seed), "--out")
    notices = Console(stderr=True, quiet=order.quiet)
    result = _run(study, notices)
    advice = advise(result)
    sized = sized_programmes(study, advice)
    if sized:
        study = study.replace(programmes=[*study.hedges, *sized])
        result = _run(study, notices)
        advice = advise(result)
    said = sentences(result, advice, sized)
    checks, shown = {"limits": advice.limits}, tables(result, advice)
    if order.in_market:
        from abm.cli.hedge_market import market_sentence, market_table, run_in_market

        name, check = run_in_market(
            order.scenario,
            study,
            advice,
            seeds=order.in_market,
            jobs=order.jobs,
            out=order.out,
            progress=not order.quiet,
        )
        said.append(market_sentence(name, check))
        shown.append(market_table(name, check))
        checks["in_market"] = check.table
    asked = question(result, order.scenario.name, source)
    folder = result.write(
        place,
        advice=advice.as_plain(said),
        question=asked,
        command=command_line(order),
        checks=checks,
    )
    page = _write_page(folder) if order.with_page else None
    if order.quiet:
        print(folder)
        return
    _print(said, shown, asked)
    console = Console()
    console.print(f"run folder  {folder}", soft_wrap=True, highlight=False)
    if page is not None:
        console.print(f"report      {page}", soft_wrap=True, highlight=False)


def command_line(order: HedgeOrder) -> str:
    """Return the command that asks the same again."""
    words = ["sitsim", "hedge"]
    options = {
        "--spend": order.spend_usd, "--needs": order.needs, "--prices": order.prices,
        "--days-per-year": order.days_per_year if order.prices is not None else None,
        "--months": order.months, "--cash": order.cash_usd, "--credit": order.credit_usd or None,
        "--scenario": order.scenario_name, "--programme": ",".join(order.programmes),
        "--half-spread": order.half_spread, "--paths": order.paths, "--seed": order.seed,
        "--in-market": order.in_market or None,
    }  # fmt: skip
    for option, value in options.items():
        if value is not None:
            words += [option, str(value).removesuffix(".0")]
    for assignment in order.overrides:
        words += ["--set", assignment]
    return shlex.join(words)


def _print(said: list[str], shown: list[Table], asked: list[tuple[str, str]]) -> None:
    """Print the answer, the tables, and what was asked."""
    console = Console()
    room = max(console.width, _LEAST_ROOM)
    for number, sentence in enumerate(said):
        for line in wrapped(sentence, room):
            console.print(Text(line, "bold" if number == 0 else ""), soft_wrap=True)
    console.print()
    for table in shown:
        console.print(table)
        console.print()
    width = max(len(label) for label, _ in asked) + 2
    for label, text in asked:
        for number, line in enumerate(wrapped(text, max(room - width, _LEAST_ROOM))):
            start = "" if number else label
            console.print(Text.assemble((f"{start:<{width}}", "dim"), line), soft_wrap=True)


def _study(order: HedgeOrder) -> tuple[HedgeStudy, str]:
    """Return the study that was asked for, and where its provider's basis is from."""
    if (order.spend_usd is None) == (order.needs is None):
        given = "neither is" if order.needs is None else "both are"
        raise ParameterError(f"--spend, --needs: {given} given, one is needed")
    if order.needs is not None and order.months is not None:
        raise ParameterError(f"--months: {order.months} is not allowed with --needs, which holds the months")
    if order.paths < FEWEST_PATHS:
        raise ParameterError(
            f"--paths: {order.paths} is not at least {FEWEST_PATHS}: a worst bill needs them"
        )
    if not 1 <= len(order.programmes) <= MOST_PROGRAMMES:
        raise ParameterError(
            f"--programme: {len(order.programmes)} programmes are not 1 to {MOST_PROGRAMMES}"
        )
    needs = None if order.needs is None else read_needs(order.needs)
    estimate = _estimate(order, needs)
    with _fields_as_options():
        terms = CompanyTerms(
            spend_usd=order.spend_usd,
            needs=needs,
            months=order.months,
            cash_usd=math.inf if order.cash_usd is None else order.cash_usd,
            credit_usd=order.credit_usd,
            basis=None if estimate is None else estimate.basis,
            half_spread=order.half_spread,
        )
        study = company_study(
            order.scenario,
            order.programmes,
            terms,
            paths=order.paths,
            seed=order.seed,
            mark_every_days=1,  # as the clearing house does
            name=f"hedge in {order.scenario.name}",
        )
    return study, basis_source(estimate, () if needs is None else tuple(needs.provider_shares))


@contextmanager
def _fields_as_options() -> Iterator[None]:
    """Call a field of the study what the user knows it as."""
    try:
        yield
    except ParameterError as error:
        field, colon, rest = str(error).partition(":")
        raise ParameterError(f"{_OPTIONS.get(field, field)}{colon}{rest}") from None


def _estimate(order: HedgeOrder, needs: CompanyNeeds | None) -> BasisEstimate | None:
    """Return what the price history says of the basis; without one the provider is a typical one."""
    if order.prices is None:
        return None
    shares = {} if needs is None else needs.provider_shares
    return read_basis(order.prices, shares, days_per_year=order.days_per_year)


def _run(study: HedgeStudy, notices: Console) -> HedgeResult:
    bar = Progress(
        TextColumn("paths"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn(),
        console=notices, transient=True, disable=not notices.is_terminal,
    )  # fmt: skip
    with bar:
        task = bar.add_task("paths", total=study.paths)

        def show(done: int, of: int) -> None:
            bar.update(task, completed=done, total=of)

        return study.run(progress=show)


def _folder_name(scenario: Scenario, seed: int) -> str:
    return f"hedge-{plain_name(scenario.name)}-seed{seed}"


def _write_page(folder: Path) -> Path:
    from abm.cli import our_analysis

    return our_analysis.write_hedge_report(folder)
