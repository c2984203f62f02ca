"""``sitsim hedge --in-market``: the same company among all others, and what parts it from the laboratory."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from abm.core.errors import ParameterError
from abm.core.neighbours import neighbour_module
from abm.experiments.company_in_market import COMPANY, company_in_market
from abm.experiments.company_terms import (
    futures_programme,
    market_process,
    replay_listing,
    with_company,
)
from abm.hedging.programmes import FuturesHedge

if TYPE_CHECKING:
    from abm.experiments.company_in_market import MarketCheck
    from abm.hedging.advice import Advice
    from abm.hedging.study import HedgeStudy
    from abm.scenario import Scenario

MOST_SEEDS = 1_000
FEWEST_SEEDS = 2
RUNS = "company-runs"
"""Folder beside the study's in which the market's runs are kept: finished ones are not made again."""

wording: Any = neighbour_module("analysis", "wording")

_HEADINGS = {
    "volatility_reduction_within": "reduction within",
    "hedged_bill_usd": "hedged bill",
    "peak_cash_usd": "cash needed",
}


def require_market(scenario: Scenario, study: HedgeStudy, seeds: int, jobs: int) -> None:
    """Refuse, before any long work, what the market cannot run.

    Raises
    ------
    ParameterError, ScenarioError
        In one line.
    """
    if not FEWEST_SEEDS <= seeds <= MOST_SEEDS:
        raise ParameterError(f"--in-market: {seeds} is not in [{FEWEST_SEEDS}, {MOST_SEEDS}]")
    if jobs < 1:
        raise ParameterError(f"--jobs: {jobs} is not >= 1")
    hedges = _futures(study)
    if not hedges:
        raise ParameterError("--in-market: none of the programmes trades futures: there is nothing to run")
    replay_listing(scenario, study)
    market_process(scenario, study)
    for hedge in hedges:
        joined = with_company(scenario, study, futures_programme(hedge), name=COMPANY)
    from abm.market.assembly.foundations import require_feasible

    require_feasible(joined)


def run_in_market(
    scenario: Scenario,
    study: HedgeStudy,
    advice: Advice,
    *,
    seeds: int,
    jobs: int,
    out: Path,
    progress: bool,
) -> tuple[str, MarketCheck]:
    """Return the programme that was run in the market, and what came of it.

    It is the recommended one, or, where that trades no futures, the best that does.
    """
    hedges = {hedge.name: hedge for hedge in _futures(study)}
    order = [advice.programme, *advice.standings]
    name = next(each for each in order if each in hedges)
    first = study.seed
    check = company_in_market(
        scenario,
        study,
        hedges[name],
        seeds=range(first, first + seeds),
        jobs=jobs,
        out=out / RUNS,
        progress=progress,
    )
    return name, check


def _futures(study: HedgeStudy) -> list[FuturesHedge]:
    return [hedge for hedge in study.hedges if isinstance(hedge, FuturesHedge) and hedge.kind != "none"]


def market_sentence(name: str, check: MarketCheck) -> str:
    """Return the answer of the market in a sentence."""
    usd, decimal = wording.usd, wording.decimal
    steps = list(dict.fromkeys(check.table["step"]))
    found = {
        (str(step), str(measure)): (float(mean), float(low), float(high))
        for step, measure, mean, low, high in check.table[
            ["step", "measure", "mean", "low", "high"]
        ].itertuples(index=False)
    }
    bill, _, _ = found[steps[-2], "hedged_bill_usd"]
    cost, low, high = found[steps[-1], "hedged_bill_usd"]
    within, ideal = (found[step, "volatility_reduction_within"][0] for step in (steps[-2], steps[0]))
    seeds = wording.counted(int(check.table["seeds"].max()), "seed")
    return (
        f"In the market, over {seeds}, {name} leaves a bill of {usd(bill)}. Trading it there costs "
        f"{usd(cost)} (95 % interval {usd(low)} to {usd(high)}) beside the laboratory on the same prices "
        f"with all its frictions; the volatility reduction within a run is {decimal(within)}, without any "
        f"friction {decimal(ideal)}."
    )


def market_table(name: str, check: MarketCheck) -> Table:
    """Return the steps from the ideal hedge to the market, with 95 % intervals."""
    measures = list(_HEADINGS)
    money = check.table.loc[check.table["measure"].str.endswith("_usd"), "mean"].abs().max()
    scale = wording.money_scale(float(money))
    table = Table(
        title=f"{name} in the market, step by step on the same prices; money in {scale.unit}",
        title_justify="left", box=SIMPLE_HEAD, pad_edge=False, show_edge=False,
    )  # fmt: skip
    table.add_column("step", overflow="fold")
    for measure in measures:
        table.add_column(_HEADINGS[measure], justify="right")
    for step, rows in check.table.groupby("step", sort=False):
        values = {
            str(measure): (float(mean), float(low), float(high))
            for measure, mean, low, high in rows[["measure", "mean", "low", "high"]].itertuples(index=False)
        }
        table.add_row(str(step), *(_cell(*values[measure], scale, measure) for measure in measures))
    return table


def _cell(mean: float, low: float, high: float, scale: Any, measure: str) -> str:
    def shown(value: float) -> str:
        return str(scale.amount(value) if measure.endswith("_usd") else wording.decimal(value, 3))

    return shown(mean) if math.isnan(low) or low == high else f"{shown(mean)} ({shown(low)} to {shown(high)})"
