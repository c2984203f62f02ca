"""One company in the agent-based market against the laboratory on the same prices, friction by friction."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from abm.core.errors import ParameterError, SitsimError
from abm.experiments.company_terms import futures_programme, market_process, replay_listing, with_company
from abm.experiments.intervals import Estimate, jackknifed, mean_of
from abm.experiments.sweep import sweep
from abm.hedging import FuturesHedge, HedgeStudy
from abm.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

    from abm.experiments.company_replay import Replay, Step

COMPANY = "my_company"
PER_SEED = ("volatility_reduction_within", "hedged_bill_usd", "peak_cash_usd")
ACROSS = "volatility_reduction_across"
MEASURES = (*PER_SEED, ACROSS)
"""Measures of the table: the first three are means over seeds, the last is one number of all seeds."""


@dataclass(frozen=True)
class MarketCheck:
    """What a company's hedge came to in the market and, step by step, in the laboratory on the same prices.

    Attributes
    ----------
    table : DataFrame
        ``step``, ``measure``, ``mean``, ``low``, ``high`` (95 % interval) and ``seeds``. The steps are the
        replays in order, each followed by its paired difference to the one before (``+ fees``); the last is
        the market.
    by_seed : DataFrame
        ``seed``, ``step``, the measures of one run, ``given_up`` (the treasury gave up, or the account
        failed), ``unhedged_bill_usd`` and ``budget_usd``.
    bills : DataFrame
        ``seed``, ``step``, ``month``, ``hedged_bill_usd``, ``unhedged_bill_usd`` and ``budget_usd``.
    scenario : Scenario
        The market that was run, with the company.
    folders : tuple of Path
        Run folders, one a seed; none where ``out`` was absent.
    """

    table: pd.DataFrame
    by_seed: pd.DataFrame
    bills: pd.DataFrame
    scenario: Scenario
    folders: tuple[Path, ...]


def company_in_market(
    scenario: Scenario | str | Path,
    study: HedgeStudy,
    hedge: FuturesHedge | str,
    *,
    seeds: Iterable[int] = range(8),
    jobs: int = 2,
    out: Path | str | None = None,
    progress: bool = False,
    name: str = COMPANY,
    provider: int = 0,
    execution: Mapping[str, Any] | None = None,
) -> MarketCheck:
    """Run a company in the market, replay its hedge on the same prices, and part what lies between.

    Every seed is one run of the market with the company in it. The laboratory then hedges on that run's own
    index fixings, which contracts settle on and curves are made from, with the need and the bills that the
    company had there. Compared are bills less gains plus costs: in the replays trades are made once a day at
    the model curve, in the market at traded prices over the day. The steps add up: (1) the ideal hedge:
    fractions of lots, all at once; (2) building up over the programme's days, whole lots, the no-trade band;
    (3) the taker's fee of the scenario; (4) the cost of the money in margin; (5) cash, credit and a treasury
    that gives up; (6) the market. The last difference is what trading does: spread, waiting for fills, prices
    beside the model, ticks and price limits, margin by tenor where the replay has one average rate, credit
    that has a rate of its own, and default where the replay gives up in another way or not at all. A loss in
    default counts as the company's own, also where it is beyond its money and borne by others.

    Parameters
    ----------
    scenario : Scenario or str
        The market, or its name or path. Its days and profile are set to what the study needs, and
        ``run.population_seed``, where it names none, to ``run.seed``: the firms are the same in every run.
        The company trades by the execution fields of the enterprises' programme.
    study : HedgeStudy
        The company: need by month and its risk, usual price as a multiple of the index, cash, credit, cost of
        funds, days of building up, treasury. Its price process and contract are those of the scenario; how
        the own price moves about the index, and the need from what is expected on day 0, is up to the market.
        Cash without a limit becomes twenty times what the largest month's need in all listed months is worth.
    hedge : FuturesHedge or str
        The programme; futures by one of the market's own rules.
    seeds : iterable of int
        One run each, two at least for intervals.
    jobs : int
        Processes.
    out : Path or str, optional
        Folder of the run folders; finished runs there are read, not repeated. A temporary one if absent.
    progress : bool
        Draw a progress bar on stderr.
    name : str
        What the company is called in the tables of the runs.
    provider : int
        The provider it buys from, from 0.
    execution : mapping, optional
        Execution fields of the company's programme that differ from those of the scenario's enterprises.

    Returns
    -------
    MarketCheck
        Volatility reduction within a run (over months, of the bill's surprise against the budget), the hedged
        bill, and the largest need of cash (variation paid plus initial margin at marks, at the closes; in
        replays as if money never ended): means over seeds with intervals by Student's t. Volatility reduction
        across seeds, of the whole bill as a share of its budget: jackknife intervals, from three seeds on.

    Raises
    ------
    ParameterError, ScenarioError
        Before anything runs: what the market or a replay cannot have.
    SitsimError
        If a run failed, with its seed and its error.
    """
    market = scenario if isinstance(scenario, Scenario) else Scenario.load(scenario)
    programme = futures_programme(hedge)
    if not isinstance(study, HedgeStudy):
        raise ParameterError(f"study: {type(study).__name__} is not a HedgeStudy")
    listing = replay_listing(market, study)
    process = market_process(market, study)
    programme.terms(listing, process.kappa)
    joined = with_company(market, study, programme, name=name, provider=provider, execution=execution)
    from abm.experiments.company_replay import Replay, observe_run, replay_steps

    with ExitStack() as stack:
        place = out
        if place is None:
            place = stack.enter_context(tempfile.TemporaryDirectory(prefix="sitsim-company-"))
        runs = sweep(joined, {}, seeds=seeds, jobs=jobs, out=place, progress=progress)
        folders = _finished(runs)
        seen = [
            observe_run(folder, joined.replace({"run.seed": int(seed)}), process, listing, name)
            for seed, folder in zip(runs["seed"], folders, strict=True)
        ]
    steps = replay_steps(joined, study, programme, listing)
    replay = Replay(seen, joined, study, process, listing)
    by_seed, bills = _frames(replay, steps, [int(seed) for seed in runs["seed"]])
    kept = folders if out is not None else ()
    return MarketCheck(_table(by_seed, steps), by_seed, bills, joined, kept)


def _finished(runs: pd.DataFrame) -> tuple[Path, ...]:
    """Return the folder of every run.

    Raises
    ------
    SitsimError
        If one failed.
    """
    failed = runs[runs["error"].notna()]
    if len(failed):
        first = failed.iloc[0]
        raise SitsimError(f"{len(failed)} of {len(runs)} runs failed; seed {first['seed']}: {first['error']}")
    return tuple(Path(folder) for folder in runs["folder"])


def _frames(replay: Replay, steps: Sequence[Step], seeds: Sequence[int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the frames of measures and of bills, seeds outermost, the market as the last step."""
    import pandas as pd

    from abm.experiments.company_replay import MARKET

    found = {step.name: replay.laboratory(step) for step in steps} | {MARKET: replay.market()}
    rows, bills = [], []
    for row, seed in enumerate(seeds):
        unhedged, budget = replay.used.bill_usd[:, row], replay.budget_usd[:, row]
        for step, outcome in found.items():
            key, hedged = {"seed": seed, "step": step}, outcome.hedged_usd[:, row]
            rows.append(
                {
                    **key,
                    "volatility_reduction_within": float(outcome.volatility_reduction_within[row]),
                    "hedged_bill_usd": float(hedged.sum()),
                    "peak_cash_usd": float(outcome.peak_cash_usd[row]),
                    "given_up": bool(outcome.given_up[row]),
                    "unhedged_bill_usd": float(unhedged.sum()),
                    "budget_usd": float(budget.sum()),
                }
            )
            months = {"month": np.arange(1, len(hedged) + 1), "hedged_bill_usd": hedged}
            bills.append(pd.DataFrame({**key, **months, "unhedged_bill_usd": unhedged, "budget_usd": budget}))
    return pd.DataFrame(rows), pd.concat(bills, ignore_index=True)


def _table(by_seed: pd.DataFrame, steps: Sequence[Step]) -> pd.DataFrame:
    import pandas as pd

    from abm.experiments.company_replay import EXECUTION_STEP, MARKET

    names = [*((step.name, step.adds) for step in steps), (MARKET, EXECUTION_STEP)]
    rows: list[dict[str, Any]] = []

    def add(step: str, measure: str, estimate: Estimate) -> None:
        rows.append({"step": step, "measure": measure, **estimate._asdict()})

    before = ""
    for name, adds in names:
        for measure in MEASURES:
            add(name, measure, _level(by_seed, measure, name))
        for measure in MEASURES if before else ():
            add(adds, measure, _difference(by_seed, measure, before, name))
        before = name
    return pd.DataFrame(rows)


def _level(by_seed: pd.DataFrame, measure: str, step: str) -> Estimate:
    own = by_seed[by_seed["step"] == step]
    if measure != ACROSS:
        return mean_of(own[measure].to_numpy(dtype=np.float64))
    return jackknifed(lambda kept: _across(own, kept), len(own))


def _difference(by_seed: pd.DataFrame, measure: str, before: str, after: str) -> Estimate:
    first, then = (by_seed[by_seed["step"] == step].reset_index(drop=True) for step in (before, after))
    if measure != ACROSS:
        return mean_of((then[measure] - first[measure]).to_numpy(dtype=np.float64))
    return jackknifed(lambda kept: _across(then, kept) - _across(first, kept), len(then))


def _across(rows: pd.DataFrame, kept: NDArray[np.intp]) -> float:
    """Return 1 - sd(hedged) / sd(unhedged) over some seeds, bills as shares of their budget."""
    if len(kept) < 2:
        return math.nan
    chosen = rows.iloc[kept]
    budget = chosen["budget_usd"].to_numpy(dtype=np.float64)
    hedged, unhedged = (
        (chosen[f"{kind}_bill_usd"].to_numpy(dtype=np.float64) / budget).std(ddof=1)
        for kind in ("hedged", "unhedged")
    )
    return float(1.0 - hedged / unhedged) if unhedged > 0.0 else math.nan
