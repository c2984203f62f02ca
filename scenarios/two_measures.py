"""What programmes do without frictions, by both measures, and what counts as the cash that a hedge needs.

    python scenarios/two_measures.py --paths 40000

prints the tables of docs/hedging.md; with --markdown as they stand there. The price is a demand explosion
around a flat level: kappa 6, sigma .6, six jumps a year, up with probability .8 and mean sizes 20 and 12.5 %.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from abm.core.errors import ParameterError
from abm.hedging import (
    LIQUIDITY_CONVENTIONS,
    FixedShift,
    Frictions,
    HedgeResult,
    HedgeStudy,
    Need,
    ProviderBasis,
    QuantityRisk,
)
from abm.spot import DoubleExponentialJumps, Level, LevelShift, MeanRevertingJumpDiffusion
from scenarios.one_line_parser import OneLineParser

PRICE = MeanRevertingJumpDiffusion(6.0, 0.6, 6.0, DoubleExponentialJumps(0.8, 5.0, 8.0), Level(1.0))
UNCERTAIN_NEED = Need(1_000.0, QuantityRisk(0.15, 1.0, 0.3))
SHIFT = FixedShift(LevelShift(0.41, 1 / 252, 63 / 252))
STRIPS = ("strip", "strip:0.8", "strip:0.6")
CASH_SHARE = 0.10
"""Of the year's expected bill."""

Rows = list[tuple[str, ...]]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the studies and print their tables."""
    parser = OneLineParser(description=__doc__.splitlines()[0])
    parser.add_argument("--paths", type=int, default=40_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--markdown", action="store_true", help="as in the docs page")
    options = parser.parse_args(arguments)
    for title, header, rows in all_tables(parser, options.paths, options.seed):
        if options.markdown:
            print(markdown(header, rows))
            continue
        table = Table(title=title, title_justify="left")
        for number, column in enumerate(header):
            table.add_column(column, justify="right" if number else "left")
        for row in rows:
            table.add_row(*row)
        Console().print(table)


def all_tables(
    parser: argparse.ArgumentParser, paths: int, seed: int
) -> Sequence[tuple[str, tuple[str, ...], Rows]]:
    """Return title, header and rows of each table; a number that no study takes ends the script."""
    try:
        base = HedgeStudy(PRICE, paths=paths, seed=seed)
    except ParameterError as error:
        parser.error(str(error))
    return (
        (
            "One layered programme, two measures",
            ("layered 75/50/25", "within a path, median", "mean", "across paths, year", "mean of months"),
            measures(base),
        ),
        (
            "Strips: across paths, year / mean of months",
            ("case", "ratio 1", "0.8", "0.6"),
            strips(base),
        ),
        (
            "Other programmes without basis: across paths",
            ("programme", "year", "mean of months"),
            others(base),
        ),
        (
            f"Full strip marked every day, cash of {CASH_SHARE:.0%} of the year's bill",
            ("what counts as the need of cash", "95 %", "99 %", "runs out"),
            conventions(base),
        ),
    )


def measures(base: HedgeStudy) -> Rows:
    """Return both measures of the layered programme in four worlds."""
    cases: dict[str, dict[str, Any]] = {
        "price level constant": {},
        "level shift of 51 % from day 1, unforeseen": {"shifts": SHIFT},
        "the same, built up over 21 days": {"shifts": SHIFT, "frictions": Frictions(ramp_days=21)},
        "the same at once, provider basis 8 %, need 15 %": {
            "shifts": SHIFT, "basis": ProviderBasis(0.08), "need": UNCERTAIN_NEED,
        },
    }  # fmt: skip
    rows = []
    for name, terms in cases.items():
        result = base.replace(programmes=["layered"], **terms).run()
        within = result.within_a_path("layered")
        year, months = _across(result, "layered")
        rows.append((name, *(f"{value:.3f}" for value in (np.median(within), within.mean(), year, months))))
    return rows


def strips(base: HedgeStudy) -> Rows:
    """Return what strips do against basis and quantity risk."""
    cases: dict[str, dict[str, Any]] = {
        "no basis": {},
        "provider basis sd 8 %, reversion 20 a year": {"basis": ProviderBasis(0.08)},
        "basis sd 12 %": {"basis": ProviderBasis(0.12)},
        "basis 8 %, need moving by 15 % a year": {"basis": ProviderBasis(0.08), "need": UNCERTAIN_NEED},
    }
    rows = []
    for name, terms in cases.items():
        result = base.replace(programmes=STRIPS, **terms).run()
        rows.append((name, *(_pair(result, strip) for strip in STRIPS)))
    return rows


def others(base: HedgeStudy) -> Rows:
    """Return what rolling, layered and stacked hedges do without basis."""
    words = ("rolling:1", "rolling:2", "rolling:3", "layered", "stack", "stack:scaled")
    result = base.replace(programmes=words).run()
    return [(word, *(f"{value:.3f}" for value in _across(result, word))) for word in words]


def conventions(base: HedgeStudy) -> Rows:
    """Return the need of cash of a full strip by each convention, and how often it runs out."""
    result = base.replace(programmes=["strip"], mark_every_days=1).run()
    year = float(result.expected_bill_usd.sum(axis=0).mean())
    rows = []
    for name in LIQUIDITY_CONVENTIONS:
        quantiles = (result.peak_liquidity_usd("strip", level, name) / year for level in (0.95, 0.99))
        out = result.run_out_share("strip", CASH_SHARE * year, name)
        rows.append(
            (
                name.replace("_", " "),
                *(f"{100 * one:.1f} % of the bill" for one in quantiles),
                f"{100 * out:.1f} %",
            )
        )
    return rows


def _across(result: HedgeResult, word: str) -> tuple[float, float]:
    (year,) = result.across_paths(word)
    months = [one.volatility for one in result.across_paths(word, "month")]
    return year.volatility, float(np.mean(months))


def _pair(result: HedgeResult, word: str) -> str:
    return " / ".join(f"{value:.3f}" for value in _across(result, word))


def markdown(header: tuple[str, ...], rows: Rows) -> str:
    """Return a table as the docs page holds it."""
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


if __name__ == "__main__":
    main()
