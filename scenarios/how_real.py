"""Holds the baseline against what markets do: measures over seeds, each with the range that it should be in.

    python scenarios/how_real.py --seeds 16 --jobs 2

The ranges are practitioners' general knowledge of futures on power, carbon and oil: judgement, made before
the baseline's numbers were chosen. A measure is ``in`` where its mean over seeds is in the range.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from abm import sweep

FIRST_SEED = 201
"""Seeds of the report begin here: those before it were used to choose the baseline's numbers."""


class Row(NamedTuple):
    """A measure with its range.

    Attributes
    ----------
    label, unit : str
        Plain name, and unit of the range.
    metrics : tuple of str
        Metrics of a run; their sum counts.
    scale : float
        Factor from the metric's unit to the range's.
    low, high : float
        Range of the mean over seeds.
    """

    label: str
    unit: str
    metrics: tuple[str, ...]
    scale: float
    low: float
    high: float


PERCENT = 100.0

ROWS = (
    Row("volatility of tenor 1, a year", "%", ("next_settlement_volatility",), PERCENT, 25, 45),
    Row("volatility of tenor 6, a year", "%", ("volatility_tenor_6",), PERCENT, 18, 28),
    Row("volatility of tenor 11, a year", "%", ("volatility_tenor_11",), PERCENT, 18, 28),
    Row("spread of tenor 1", "bp", ("spread_bp_tenor_1",), 1, 15, 40),
    Row("spread of tenor 6", "bp", ("spread_bp_tenor_6",), 1, 15, 40),
    Row("spread of tenor 11", "bp", ("spread_bp_tenor_11",), 1, 15, 40),
    Row("risk premium of tenor 1", "%", ("risk_premium_tenor_1",), PERCENT, 1, 5),
    Row("risk premium of tenor 3", "%", ("risk_premium_tenor_3",), PERCENT, 1, 5),
    Row("risk premium of tenor 6", "%", ("risk_premium_tenor_6",), PERCENT, 1, 5),
    Row("expected Sharpe, fundamentalists", "1", ("expected_sharpe_fundamentalists",), 1, 0.2, 0.6),
    Row(
        "expected Sharpe, with the makers", "1", ("expected_sharpe_makers_and_fundamentalists",), 1, 0.3, 0.8
    ),
    Row("margin over equity, fundamentalists", "%", ("margin_to_equity_fundamentalists",), PERCENT, 10, 20),
    Row("margin over equity, makers", "%", ("margin_to_equity_makers",), PERCENT, 15, 40),
    Row("margin over equity, enterprises", "%", ("margin_to_equity_enterprises",), PERCENT, 15, 30),
    Row("defaults in a calm year", "", ("client_defaults", "member_defaults"), 1, 0, 1),
    Row("time the front is two-sided", "%", ("front_two_sided_share",), PERCENT, 95, 100),
    Row("time all months are two-sided", "%", ("curve_two_sided_share",), PERCENT, 90, 100),
)
"""Measures of the whole baseline year, warm-up left out."""


def measured(rows: Sequence[Row], runs: pd.DataFrame) -> pd.DataFrame:
    """Return a row a measure: mean over seeds, its standard error, extremes, and whether it is in range.

    Parameters
    ----------
    rows : sequence of Row
        What to measure.
    runs : DataFrame
        A row a run, with the metrics of its manifest.
    """
    found = []
    for row in rows:
        values = row.scale * runs[list(row.metrics)].sum(axis=1, min_count=len(row.metrics)).to_numpy(float)
        known = values[~np.isnan(values)]
        mean = float(known.mean()) if len(known) else math.nan
        error = float(known.std(ddof=1) / math.sqrt(len(known))) if len(known) > 1 else math.nan
        inside = row.low <= mean <= row.high
        found.append(
            {
                "measure": row.label, "unit": row.unit, "mean": mean, "error": error, "seeds": len(known),
                "least": known.min(initial=math.inf), "most": known.max(initial=-math.inf),
                "low": row.low, "high": row.high, "inside": inside,
            }
        )  # fmt: skip
    return pd.DataFrame(found)


def table_of(found: pd.DataFrame, title: str) -> Table:
    """Return the measures as a table."""
    table = Table(title=title, title_justify="left")
    table.add_column("measure")
    for heading in ("unit", "mean", "+-", "over seeds", "range"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for row in found.to_dict("records"):
        table.add_row(
            row["measure"], row["unit"], f"{row['mean']:.3g}", f"{1.96 * row['error']:.2g}",
            f"{row['least']:.3g} to {row['most']:.3g}", f"{row['low']:g} to {row['high']:g}",
            "in" if row["inside"] else "OUT",
        )  # fmt: skip
    return table


def main() -> None:
    """Run the baseline and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=16, help=f"number of seeds, from {FIRST_SEED} on")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", help="folder of the run folders; a temporary one by default")
    options = parser.parse_args()
    seeds = range(FIRST_SEED, FIRST_SEED + options.seeds)
    with TemporaryDirectory(prefix="sitsim-real-") as temporary:
        runs = sweep("baseline", vary={}, seeds=seeds, jobs=options.jobs, out=options.out or temporary)
    found = measured(ROWS, runs)
    Console().print(table_of(found, f"The baseline on seeds {seeds[0]} to {seeds[-1]}"))


if __name__ == "__main__":
    main()
