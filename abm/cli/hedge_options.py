"""Options of ``sitsim hedge``, with what its help says of each."""

from __future__ import annotations

from typing import Annotated

import typer

from abm.cli.completion import scenario_names

DEFAULT_PROGRAMMES = "layered,strip:0.8,strip,rolling:2,minimum_variance"

Spend = Annotated[
    float | None,
    typer.Option(metavar="USD", help="What your tokens of a month cost at today's price; or --needs."),
]
Needs = Annotated[
    str | None,
    typer.Option(metavar="CSV", help="Needs by month: columns month (1, 2, ... or YYYY-MM), mSIT, provider."),
]
Prices = Annotated[
    str | None,
    typer.Option(
        metavar="CSV",
        help="Price history, from which your provider's basis is estimated: columns date, index, and one for "
        "each provider.",
    ),
]
DaysPerYear = Annotated[float, typer.Option(help="Prices a year in --prices: 252, 365, 52, ...")]
Months = Annotated[int | None, typer.Option(help="Months to look at with --spend; 12 by default.")]
Cash = Annotated[
    float | None, typer.Option(metavar="USD", help="Cash for margin; without it money has no limit.")
]
Credit = Annotated[float, typer.Option(metavar="USD", help="Credit line for margin calls.")]
ScenarioOption = Annotated[
    str,
    typer.Option(
        metavar="SCENARIO",
        help="Name of a packaged scenario, or path of a .toml file.",
        autocompletion=scenario_names,
    ),
]
Programmes = Annotated[
    list[str] | None,
    typer.Option(
        metavar="WORDS",
        help="What to compare, with commas: strip[:COVERAGE], layered[:NEAR/MID/FAR], "
        "rolling[:LEAD[:COVERAGE]], stack[:scaled|KAPPA], minimum_variance[:PRIOR], fixed_price[:MARKUP], "
        "committed_spend[:DISCOUNT[:SHARE]]; `none` is always there. Default: "
        + DEFAULT_PROGRAMMES.replace(",", ", ")
        + ".",
    ),
]
HalfSpread = Annotated[
    float, typer.Option(help="Cost of a trade as a share of the price; the default is judgement.")
]
Paths = Annotated[int, typer.Option(help="Price paths to look at.")]
Seed = Annotated[int, typer.Option(help="Seed of every draw.")]
InMarket = Annotated[
    int,
    typer.Option(metavar="SEEDS", help="Run the company in the market too, on so many seeds, and compare."),
]
Jobs = Annotated[int, typer.Option(help="Processes for --in-market.")]
