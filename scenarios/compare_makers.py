"""Compares regimes of market making on the same seeds, in three experiments.

    python scenarios/compare_makers.py --seeds 20 --days 42 --jobs 2

``liquidity`` asks where market makers help: with and without them, in a thin and in a liquid market.
``competition`` asks what cuts spreads: more makers, or a richer rebate for the same ones.
``stress`` asks whether pay for quoting in stress brings more of it.

Prints for each comparison the mean of the base, the mean paired difference and its 95 % bootstrap interval.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from rich.console import Console

from abm import Comparison, compare
from scenarios.paired_table import paired_table

_MAKERS = "agents.market_makers."
# Pace of speculators and spreads of makers are held: they would follow the volatility that makers change.
_STEADY = {"agents.attention.response": 0.0, _MAKERS + "estimates": "public"}
_THIN = _STEADY | {
    "agents.noise.count": 10,
    "agents.fundamentalists.count": 4,
    "agents.chartists.count": 4,
    "agents.enterprises.count": 16,
    "agents.providers.count": 6,
    "agents.providers.capacity_msit_per_day": 8_080.0,  # in all 1.1 times what 16 enterprises need
}
_LIQUID = _STEADY | {
    "agents.noise.count": 240,
    "agents.noise.price_distance": 0.002,
    "agents.fundamentalists.count": 48,
}
# Makers that respond to what they see and are paid: obliged ones quote the same whatever the rebate.
_FREE = _STEADY | {
    _MAKERS + "strategy": "strategic",
    _MAKERS + "estimates": "own",
    _MAKERS + "estimate_days": 5.0,
    _MAKERS + "sample_days": 0.02,
}
_WARY = _FREE | {_MAKERS + "risk_aversion": 2e-4, _MAKERS + "contract.stress_move": 2.0}

CELLS: dict[str, dict[str, Any]] = {
    "thin market without makers": _THIN | {_MAKERS + "count": 0},
    "thin market with four": _THIN | {_MAKERS + "count": 4},
    "liquid market without makers": _LIQUID | {_MAKERS + "count": 0},
    "liquid market with four": _LIQUID | {_MAKERS + "count": 4},
    "two makers, rebate 0.05": _FREE | {_MAKERS + "count": 2},
    "eight makers, rebate 0.05": _FREE | {_MAKERS + "count": 8},
    "two makers, rebate 0.25": _FREE | {_MAKERS + "count": 2, "exchange.dmm_maker_fee_usd": -0.25},
    "no pay for stress": _WARY,
    "250 USD a stressed day and month": _WARY | {_MAKERS + "contract.stress_pay_usd": 250.0},
}
"""What each cell changes in the plain market, which pays nobody for risk and lacks no money."""

_BOOK = {
    "front_spread_ticks": "front spread, ticks",
    "curve_spread": "spread of all months, share of price",
    "curve_two_sided_share": "two-sided share, all months",
    "front_depth_lots": "front depth, lots",
    "volume_lots": "volume, lots",
}
_PROFIT = {"dmm_pnl_usd": "profit of the makers, USD"}


class Question(NamedTuple):
    """A cell against its base, and the measures that tell."""

    base: str
    changed: str
    measures: Mapping[str, str]


EXPERIMENTS = {
    "liquidity": (
        Question("thin market without makers", "thin market with four", _BOOK),
        Question("liquid market without makers", "liquid market with four", _BOOK),
    ),
    "competition": (
        Question("two makers, rebate 0.05", "eight makers, rebate 0.05", _BOOK | _PROFIT),
        Question("two makers, rebate 0.05", "two makers, rebate 0.25", _BOOK | _PROFIT),
    ),
    "stress": (
        Question(
            "no pay for stress",
            "250 USD a stressed day and month",
            {
                "dmm_stress_presence": "complying share in stress",
                "dmm_stress_share": "share of month-rounds in stress",
                "dmm_pay_usd": "pay of the makers, USD",
            }
            | _BOOK
            | _PROFIT,
        ),
    ),
}


def compared(question: Question, *, seeds: int, days: int, jobs: int, out: str | Path) -> Comparison:
    """Return the comparison of a question's two cells; runs that are in ``out`` are not repeated.

    Parameters
    ----------
    question : Question
        One of ``EXPERIMENTS``.
    seeds : int
        Number of seeds, from 1 on.
    days : int
        Trading days.
    jobs : int
        Processes.
    out : str or Path
        Folder of the run folders.
    """
    return compare(
        {cell: ("plain", CELLS[cell]) for cell in (question.base, question.changed)},
        common={"recording.profile": "summary"},
        seeds=range(1, seeds + 1),
        days=days,
        jobs=jobs,
        out=out,
        progress=jobs > 1,
    )


def main() -> None:
    """Run the experiments and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20, help="number of seeds, from 1 on; 2 at least")
    parser.add_argument("--days", type=int, default=42)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--experiment", choices=EXPERIMENTS, help="only this one")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="sitsim-makers-") as out:
        for name in [options.experiment] if options.experiment else list(EXPERIMENTS):
            for question in EXPERIMENTS[name]:
                found = compared(question, seeds=options.seeds, days=options.days, jobs=options.jobs, out=out)
                for note in found.notes:
                    Console(stderr=True).print(note)
                title = f"{name}: {question.changed} against {question.base}"
                Console().print(paired_table(found, question.measures, title))


if __name__ == "__main__":
    main()
