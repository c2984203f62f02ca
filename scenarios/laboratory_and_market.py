"""Holds the laboratory against the market with its frictions off: strips of three ratios, on the same prices.

    python scenarios/laboratory_and_market.py --seeds 12 --jobs 2

runs a market of a year for each seed with every friction switched off (those that `sitsim explain SCENARIO
frictions` lists), in which only companies of several sizes hedge, a third of them by a strip of each ratio.
It replays each run's own fixings in the laboratory and prints what parts the two: whole lots, the time that
buying takes, and what was paid beyond the model's curve (entry cost), which it prints by month too.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from abm.core.money import USD_MICRO
from abm.experiments.intervals import mean_of
from abm.experiments.sweep import sweep
from abm.hedging import FixedShift, Frictions, FuturesHedge, HedgeStudy, Need, ProviderBasis, observed_paths
from abm.market.assembly.foundations import build_calendar
from abm.recording import RunFolder, read_run
from abm.recording.hedging import hedge_effect, weighted_ratio
from abm.scenario import Scenario
from abm.scenario.frictions import without_frictions
from abm.scenario.price_model import fixed_shifts

RATIOS = (1.0, 0.8, 0.6)
NEEDS_MSIT_PER_DAY = (500, 2_000, 8_000)
"""Sizes of the companies: the usual enterprise, a quarter and four times of it.

All their strips together are a ninth of what the plain market's enterprises need. More of them wait longer
for sellers; what waiting costs a full strip is a fact of the market, not of the laboratory.
"""

ROUNDS_PER_DAY = 48
"""The usual resolution: a run of a year costs 5 CPU seconds."""

ALONE = {"run.population_seed": 1, "run.warm_up_months": 0, "agents.enterprises.hedging_share": 0.0}
"""Only the companies hedge, the same ones in every run, and what they buy is bought on recorded days."""
HURRY = {"ramp_days": 1, "band_share": 0.0, "slice_share": 1.0, "cross_probability": 1.0}
"""Execution of the companies, which decide in each round: they take what they want as soon as it is there."""


class Seen(NamedTuple):
    """What one run says.

    Attributes
    ----------
    bills : DataFrame
        Of the companies: ``ratio``, ``account``, ``month``, ``expected_bill_usd``, ``bill_usd``,
        ``expected_need_msit``, ``traded_usd`` and ``modelled_usd`` (gains at traded prices, and at the model
        curve of the days of trading).
    entry : DataFrame
        By ratio and month: ``lots`` bought on balance, ``beyond_usd`` paid for them beyond the model,
        ``model_usd`` and ``first_lots``, of the first day.
    fixings_usd : array of float, shape (days,)
        What contracts settle on.
    """

    bills: pd.DataFrame
    entry: pd.DataFrame
    fixings_usd: np.ndarray


def market(scenario: str, rounds_per_day: int = ROUNDS_PER_DAY) -> Scenario:
    """Return the market of a scenario with every friction switched off, in which companies hold strips."""
    programme = {"rule": "strip", **HURRY, "actions_per_day": float(rounds_per_day)}
    companies = [
        {
            "name": f"strip-{ratio}-{need}".replace(".", "_"),
            "need_msit_per_day": need,
            "cash_usd": 1e9,
            "provider": row,
            "programme": programme | {"ratio": ratio},
        }
        for ratio in RATIOS
        for row, need in enumerate(NEEDS_MSIT_PER_DAY)
    ]
    fields = {"agents.companies": companies, "calendar.rounds_per_day": rounds_per_day}
    return without_frictions(Scenario.load(scenario)).replace(ALONE | fields)


def see(folder: Path) -> Seen:
    """Read a run."""
    run = read_run(folder, verify=False)
    rows = run.tables["hedging"].query("hedges and month > 0").set_index(["account", "month"])
    ratios = rows["name"].str.split("-").str[1].str.replace("_", ".").astype(float).rename("ratio")
    of_account = ratios.groupby("account").first()
    trades = _trades_of(run, of_account)
    gains = trades.groupby(["account", "month"])[["traded_usd", "modelled_usd"]].sum()
    bills = rows[["expected_bill_usd", "bill_usd", "expected_need_msit"]].join(gains).join(ratios).fillna(0.0)
    assert np.allclose(bills["traded_usd"], rows["futures_pnl_usd"]), "gains come from these trades"
    for ratio, mine in bills.groupby("ratio"):
        known = hedge_effect(rows[ratios == ratio].reset_index()).volatility_reduction_within_weighted
        same = np.isclose(weighted(mine, "traded_usd"), known)
        assert same, "without fees and interest all is in the gains"
    bought = trades.assign(beyond_usd=trades["modelled_usd"] - trades["traded_usd"])
    bought["first_lots"] = bought["lots"].where(bought["day"] == 0, 0)
    entry = bought.groupby(["ratio", "month"])[["lots", "beyond_usd", "model_usd", "first_lots"]].sum()
    fixings = run.tables["spot"]["index_fixing_usd_micro"].to_numpy(dtype=np.float64) / USD_MICRO
    return Seen(bills.reset_index(), entry, fixings)


def _trades_of(run: RunFolder, ratios: pd.Series) -> pd.DataFrame:
    """Return the trades of some accounts, lots signed, with gains at traded and at model prices."""
    trades, daily = run.tables["trades"], run.tables["daily"]
    sides = [
        trades.assign(account=trades["buyer"], lots=trades["lots"]),
        trades.assign(account=trades["seller"], lots=-trades["lots"]),
    ]
    own = pd.concat(sides)
    own = own[["day", "month", "account", "price_ticks", "lots"]].join(ratios, on="account", how="inner")
    keys = ["day", "month"]
    models = daily.drop_duplicates(keys).set_index(keys)["model_ticks"].astype("float64").rename("model")
    finals = daily[daily["final"]].set_index("month")["settlement_ticks"].astype("float64").rename("last")
    own = own.join(models, on=keys).join(finals, on="month").dropna(subset=["last"])
    contract = run.manifest["contract"]
    worth = contract["tick_size_usd_micro"] * contract["contract_size_msit"] / USD_MICRO * own["lots"]
    return own.assign(
        traded_usd=worth * (own["last"] - own["price_ticks"]),
        modelled_usd=worth * (own["last"] - own["model"]),
        model_usd=worth * own["model"],
    )


def weighted(bills: pd.DataFrame, gains: str) -> float:
    """Return the volatility reduction within a run, accounts weighted by expected cost."""
    surprises = bills.assign(
        unhedged=bills["bill_usd"] / bills["expected_bill_usd"],
        hedged=(bills["bill_usd"] - bills[gains]) / bills["expected_bill_usd"],
    ).groupby("account")
    spread = pd.DataFrame(
        {
            "expected_usd": surprises["expected_bill_usd"].mean(),
            "unhedged_sd": surprises["unhedged"].std(ddof=1),
            "hedged_sd": surprises["hedged"].std(ddof=1),
        }
    )
    return 1.0 - weighted_ratio(spread)


class Laboratory:
    """The same strips on the same prices in the laboratory: each run is a path, each account a study."""

    def __init__(self, terms: Scenario, runs: Sequence[Seen]) -> None:
        study = HedgeStudy.from_scenario(terms, [])
        days = study.listing.days_per_month
        months = len(runs[0].fixings_usd) // days - 1
        (shift,) = fixed_shifts(terms.spot, build_calendar(terms))
        self._moves = FixedShift(shift)
        self._study = study.replace(
            listing=replace(study.listing, horizon_months=months, first_day=0), shifts=self._moves, need=1.0
        )
        fixings = np.column_stack([run.fixings_usd for run in runs])
        self._paths = observed_paths(study.process, self._study.listing, fixings, shift=self._moves)
        self._means_usd = fixings[days : (months + 1) * days].reshape(months, days, -1).mean(axis=1)
        self._runs = runs

    def gains(self) -> list[pd.DataFrame]:
        """Return the bills of each run with what the strip gains in fractions of lots, and in whole ones.

        Columns ``fraction_usd`` and ``whole_usd``.
        """
        found = [run.bills.set_index(["account", "month"]) for run in self._runs]
        fractions: list[list[pd.Series]] = [[] for _ in found]
        wholes: list[list[pd.Series]] = [[] for _ in found]
        for _, rows in found[0].groupby("account"):
            months = rows["expected_need_msit"].to_numpy()
            multiple = float((rows["bill_usd"].to_numpy() / months / self._means_usd[:, 0]).mean())
            own = self._study.replace(
                programmes=[FuturesHedge("strip", "hedge", coverage=float(rows["ratio"].iloc[0]))],
                need=Need(months),
                basis=ProviderBasis(multiple=multiple),
            )
            for lots, whole_lots in ((fractions, False), (wholes, True)):
                gain = self._gain(own.replace(frictions=Frictions(whole_lots=whole_lots)))
                for run, mine in enumerate(lots):
                    mine.append(pd.Series(gain[:, run], index=rows.index))
        return [
            bills.assign(fraction_usd=pd.concat(fraction), whole_usd=pd.concat(whole)).reset_index()
            for bills, fraction, whole in zip(found, fractions, wholes, strict=True)
        ]

    def _gain(self, study: HedgeStudy) -> np.ndarray:
        """Return the gains by month and run; nothing else of the study counts."""
        return study.run(self._paths)["hedge"].gain_usd


LEVELS = {
    "fraction_usd": "laboratory",
    "whole_usd": "laboratory, whole lots",
    "modelled_usd": "market, at the model curve",
    "traded_usd": "market",
}


class Comparison(NamedTuple):
    """What was measured.

    Attributes
    ----------
    reductions : DataFrame
        ``ratio``, ``seed`` and one column a level (``LEVELS``): volatility reduction within the run, accounts
        weighted by expected cost.
    entry : DataFrame
        ``ratio``, ``month``, ``lots`` bought on balance in all runs, ``first_day_share`` (of them on day
        0) and ``entry_bp`` (paid beyond the model curve of the day of the trade).
    """

    reductions: pd.DataFrame
    entry: pd.DataFrame


def compare(
    scenario: str,
    seeds: Sequence[int],
    *,
    rounds_per_day: int = ROUNDS_PER_DAY,
    jobs: int = 1,
    progress: bool = False,
) -> Comparison:
    """Run the markets and return what parts them from the laboratory."""
    terms = market(scenario, rounds_per_day)
    with tempfile.TemporaryDirectory(prefix="sitsim-laboratory-") as place:
        runs = sweep(terms, {}, seeds=seeds, jobs=jobs, out=place, progress=progress)
        failed = runs.loc[runs["error"].notna(), "error"]
        if len(failed):
            raise SystemExit(f"{scenario}: {failed.iloc[0]}")
        seen = [see(Path(folder)) for folder in runs["folder"]]
    rows = [
        {"ratio": ratio, "seed": seed} | {level: weighted(mine, level) for level in LEVELS}
        for seed, bills in zip(seeds, Laboratory(terms, seen).gains(), strict=True)
        for ratio, mine in bills.groupby("ratio", sort=False)
    ]
    bought = pd.concat([run.entry for run in seen]).groupby(["ratio", "month"]).sum()
    entry = pd.DataFrame(
        {
            "lots": bought["lots"],
            "first_day_share": bought["first_lots"] / bought["lots"],
            "entry_bp": 1e4 * bought["beyond_usd"] / bought["model_usd"],
        }
    )
    return Comparison(pd.DataFrame(rows), entry.reset_index())


def main() -> None:
    """Run the comparison and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenario", default="demand_explosion")
    parser.add_argument("--seeds", type=int, default=12, help="number of seeds, from 1 on")
    parser.add_argument("--rounds", type=int, default=ROUNDS_PER_DAY, help="trading rounds a day")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    seeds = range(1, options.seeds + 1)
    found = compare(options.scenario, seeds, rounds_per_day=options.rounds, jobs=options.jobs, progress=True)
    Console().print(_reductions(found.reductions, options.scenario), _entry(found.entry))


def _reductions(reductions: pd.DataFrame, scenario: str) -> Table:
    seeds = reductions["seed"].nunique()
    table = Table(
        title=f"volatility reduction within a run, weighted by cost: {scenario}, {seeds} paired seeds",
        title_justify="left",
    )
    for heading in ("strip", *LEVELS.values(), "market less laboratory", "95 % interval"):
        table.add_column(heading, justify="right")
    for ratio, rows in reductions.groupby("ratio", sort=False):
        apart = mean_of((rows["traded_usd"] - rows["fraction_usd"]).to_numpy())
        table.add_row(
            f"{ratio:g}",
            *(f"{rows[level].mean():.4f}" for level in LEVELS),
            f"{apart.mean:+.4f}",
            f"{apart.low:+.4f} to {apart.high:+.4f}",
        )
    return table


def _entry(entry: pd.DataFrame) -> Table:
    table = Table(
        title="entry cost: paid beyond the model curve of the day, bp (share bought on day 0)",
        title_justify="left",
    )
    table.add_column("delivery month", justify="right")
    ratios = sorted(entry["ratio"].unique(), reverse=True)
    for ratio in ratios:
        table.add_column(f"strip {ratio:g}", justify="right")
    for month, rows in entry.groupby("month"):
        cells = (rows[rows["ratio"] == ratio].iloc[0] for ratio in ratios)
        table.add_row(str(month), *(f"{at['entry_bp']:.1f} ({at['first_day_share']:.0%})" for at in cells))
    return table


if __name__ == "__main__":
    main()
