"""Compares rules of the venue: each study scenario against the one it changes, on the same seeds.

    python scenarios/compare_rules.py --seeds 8 --days 252 --jobs 2

prints for each rule the mean of the base, the mean paired difference and its 95 % bootstrap interval.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from abm.experiments.sweep import sweep

STUDIES = {
    "rule_no_circuit_breakers": "demand_explosion",
    "rule_pro_rata": "baseline",
    "rule_coarse_tick": "baseline",
    "rule_no_opening_auction": "baseline",
    "rule_interruptions": "baseline",
}
MEASURES = {
    "front_spread_usd": "front spread, USD/mSIT",
    "front_depth_lots": "front depth, lots",
    "volume_lots": "volume, lots",
    "auction_volume_share": "share traded in auctions",
    "limit_halts": "halts at a limit",
    "interruptions": "interruptions",
    "front_settlement_volatility": "volatility of settlements",
    "margin_calls": "margin calls",
    "client_defaults": "client defaults",
    "volatility_reduction_within": "volatility reduction of hedgers within a run",
}


def main() -> None:
    """Run the studies and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=8, help="number of seeds, from 1 on")
    parser.add_argument("--days", type=int, default=252)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--study", choices=STUDIES, help="only this one")
    options = parser.parse_args()
    chosen = [options.study] if options.study else list(STUDIES)
    runs = {name: _runs(name, options) for name in sorted({*chosen, *(STUDIES[study] for study in chosen)})}
    for study in chosen:
        Console().print(_table(study, runs[STUDIES[study]], runs[study]))


def _runs(scenario: str, options: argparse.Namespace) -> pd.DataFrame:
    seeds = range(1, options.seeds + 1)
    runs = sweep(scenario, {}, seeds=seeds, days=options.days, jobs=options.jobs, progress=True)
    failed = runs.loc[runs["error"].notna(), "error"]
    if len(failed):
        raise SystemExit(f"{scenario}: {failed.iloc[0]}")
    return runs


def _table(study: str, base: pd.DataFrame, changed: pd.DataFrame) -> Table:
    table = Table(title=f"{study} against {STUDIES[study]}, {len(base)} paired seeds", title_justify="left")
    table.add_column("measure")
    for heading in ("base", "difference", "95 % interval"):
        table.add_column(heading, justify="right")
    for column, name in MEASURES.items():
        difference = (changed[column] - base[column]).to_numpy(dtype=float)
        difference = difference[np.isfinite(difference)]
        if len(difference) == 0:
            continue
        table.add_row(
            name, f"{base[column].mean():,.4g}", f"{difference.mean():+,.3g}", _interval(difference)
        )
    return table


def _interval(difference: np.ndarray) -> str:
    """Return the percentile interval of the mean paired difference."""
    if len(difference) < 2 or np.ptp(difference) == 0.0:
        return "-"
    drawn = np.random.default_rng(1).choice(difference, size=(9_999, len(difference)))
    low, high = np.quantile(drawn.mean(axis=1), [0.025, 0.975])
    return f"{low:+,.3g} to {high:+,.3g}"


if __name__ == "__main__":
    main()
