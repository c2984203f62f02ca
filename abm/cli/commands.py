"""The commands of ``sitsim``; each imports what it needs when it is called, so that help is instant."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from abm.cli import compare_options as compared
from abm.cli import hedge_options as asked
from abm.cli.completion import assignments, scenario_names, table_and_field_names
from abm.cli.failures import MISTAKE, one_line_failures, path_given, told
from abm.cli.overrides import parse_overrides

if TYPE_CHECKING:
    from abm.scenario import Scenario

app = typer.Typer(
    name="sitsim",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

ScenarioArgument = Annotated[
    str,
    typer.Argument(
        metavar="SCENARIO",
        help="Name of a packaged scenario, or path of a .toml file.",
        autocompletion=scenario_names,
    ),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="FIELD=VALUE",
        help="Override one field; may be repeated.",
        autocompletion=assignments,
    ),
]
OutOption = Annotated[str, typer.Option(metavar="PATH", help="Folder under which the run folder is made.")]
ReportOption = Annotated[bool, typer.Option(help="Write the report page.")]
QuietOption = Annotated[bool, typer.Option("--quiet", help="Print the run folder only.")]


def main() -> None:
    """Run the command line."""
    with suppress(AttributeError):  # a path may hold bytes that are no text
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        app()
    except OSError as error:  # before or after a command, as of its help
        typer.echo(f"sitsim: {told(error)}", err=True)
        os._exit(MISTAKE)  # what is held back cannot be written


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"sitsim {version('sitsim')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """Simulate a futures market on AI inference tokens."""


@app.command()
@one_line_failures
def run(
    scenario: ScenarioArgument,
    seed: Annotated[int | None, typer.Option(help="Seed, instead of run.seed.")] = None,
    days: Annotated[int | None, typer.Option(help="Trading days, instead of run.days.")] = None,
    rounds_per_day: Annotated[
        int | None, typer.Option(help="Rounds a day, instead of calendar.rounds_per_day.")
    ] = None,
    profile: Annotated[str | None, typer.Option(help="Tables to keep: summary, daily or full.")] = None,
    checkpoint_every: Annotated[
        int | None,
        typer.Option(
            metavar="DAYS",
            help="Save the market every so many trading days, beside the run folder, until the run ends.",
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Go on from the last checkpoint of the same run; without one, begin on day 0."
        ),
    ] = False,
    out: OutOption = "runs",
    overrides: SetOption = None,
    report: ReportOption = True,
    quiet: QuietOption = False,
) -> None:
    """Simulate a scenario, then print a closing summary and where the report is."""
    from abm.cli.running import run_and_report

    changes = parse_overrides(overrides or [])
    options = {
        "run.seed": seed,
        "run.days": days,
        "calendar.rounds_per_day": rounds_per_day,
        "recording.profile": profile,
    }
    changes |= {field: value for field, value in options.items() if value is not None}
    run_and_report(
        _load(scenario).replace(changes),
        out=path_given(out, "--out"),
        checkpoint_every=checkpoint_every,
        resume=resume,
        with_report=report,
        quiet=quiet,
    )


@app.command()
@one_line_failures
def validate(scenario: ScenarioArgument, overrides: SetOption = None) -> None:
    """Check a scenario file and print the hash of its resolved content."""
    checked = _load(scenario).replace(parse_overrides(overrides or []))
    from abm.market.assembly.foundations import (
        require_feasible,  # a mistake in the file is told without NumPy
    )

    require_feasible(checked)
    typer.echo(f"{checked.name}: valid, sha256 {checked.sha256()}")


@app.command()
@one_line_failures
def explain(
    scenario: ScenarioArgument,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="A table or a field, e.g. clearing.margin, or frictions; all fields by default.",
            autocompletion=table_and_field_names,
        ),
    ] = None,
    overrides: SetOption = None,
) -> None:
    """Print the resolved scenario as TOML: of every field its meaning, unit, bounds, source and origin.

    With the name frictions: what parts the market from the frictionless laboratory, and how to switch it off.
    """
    from abm.cli.explained import FRICTIONS_NAME, explained_frictions, explained_toml

    resolved = _load(scenario).replace(parse_overrides(overrides or []))
    typer.echo(explained_frictions(resolved) if name == FRICTIONS_NAME else explained_toml(resolved, name))


@app.command("list")
@one_line_failures
def list_packaged() -> None:
    """List the packaged scenarios."""
    from abm.scenario import list_scenarios

    rows = list_scenarios()
    width = max(len(row.name) for row in rows)
    for row in rows:
        typer.echo(f"{row.name:<{width}}  {row.description}")


@app.command()
@one_line_failures
def report(
    run_folder: Annotated[
        str, typer.Argument(metavar="RUN_FOLDER", help="Folder of a run, a hedging study or a comparison.")
    ],
) -> None:
    """Write the report page of a run folder and print its path."""
    from abm.cli.our_analysis import write_compare_report, write_hedge_report, write_report
    from abm.recording import is_compare_folder, is_hedge_folder, read_run

    folder = path_given(run_folder, "RUN_FOLDER")
    if is_compare_folder(folder):
        typer.echo(write_compare_report(folder))
        return
    if is_hedge_folder(folder):
        typer.echo(write_hedge_report(folder))
        return
    run = read_run(folder)
    for line in run.filled:
        typer.echo(f"sitsim: {line}", err=True)
    typer.echo(write_report(run))


@app.command()
@one_line_failures
def calibrate(
    csv: Annotated[str, typer.Argument(metavar="CSV", help="Price series, one line a step, with a header.")],
    column: Annotated[str, typer.Option(help="Column of the prices.")] = "price",
    date_column: Annotated[
        str | None, typer.Option(help="Column of dates YYYY-MM-DD, to check that the steps are equal.")
    ] = None,
    days_per_year: Annotated[float, typer.Option(help="Prices a year: 252, 365, 52, ...")] = 252.0,
    model: Annotated[
        str, typer.Option(help="Jumps: gaussian, double_exponential or diffusion.")
    ] = "gaussian",
    trend: Annotated[
        str, typer.Option(help="Yearly fall of the log level: none, fitted or a known number.")
    ] = "none",
    week: Annotated[int, typer.Option(help="Take out a weekly pattern of 5 or 7 days; 0 for none.")] = 0,
    bound: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=LOW,HIGH", help="Bounds of a parameter; may be repeated."),
    ] = None,
    write: Annotated[
        str | None,
        typer.Option(
            metavar="PATH", help="Write a scenario .toml that extends the baseline (replaced if there)."
        ),
    ] = None,
    with_level: Annotated[
        bool, typer.Option("--with-level", help="Its initial price too: for a series in USD per mSIT.")
    ] = False,
    figure: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="Draw the fit: .png, .svg or .pdf (replaced if there)."),
    ] = None,
) -> None:
    """Fit the spot process to a price series, with standard errors, tests and warnings."""
    from abm.cli.calibrate import CalibrationOrder, calibrate_and_print

    order = CalibrationOrder(
        csv=path_given(csv, "CSV"),
        column=column,
        date_column=date_column,
        days_per_year=days_per_year,
        model=model,
        trend=trend,
        days_a_week=week,
        bounds=tuple(bound or ()),
        write=None if write is None else path_given(write, "--write"),
        with_level=with_level,
        figure=None if figure is None else path_given(figure, "--figure"),
    )
    calibrate_and_print(order)


@app.command()
@one_line_failures
def hedge(
    spend: asked.Spend = None,
    needs: asked.Needs = None,
    prices: asked.Prices = None,
    days_per_year: asked.DaysPerYear = 252.0,
    months: asked.Months = None,
    cash: asked.Cash = None,
    credit: asked.Credit = 0.0,
    scenario: asked.ScenarioOption = "demand_explosion",
    programme: asked.Programmes = None,
    half_spread: asked.HalfSpread = 0.002,
    paths: asked.Paths = 10_000,
    seed: asked.Seed = 1,
    in_market: asked.InMarket = 0,
    jobs: asked.Jobs = 2,
    out: OutOption = "runs",
    overrides: SetOption = None,
    report: ReportOption = True,
    quiet: QuietOption = False,
) -> None:
    """Recommend a hedge programme for a company: its worst bill, its cost, the cash it needs."""
    from abm.cli.hedge import HedgeOrder, hedge_and_print

    order = HedgeOrder(
        scenario=_load(scenario).replace(parse_overrides(overrides or [])),
        scenario_name=scenario,
        overrides=tuple(overrides or ()),
        spend_usd=spend,
        needs=None if needs is None else path_given(needs, "--needs"),
        prices=None if prices is None else path_given(prices, "--prices"),
        days_per_year=days_per_year,
        months=months,
        cash_usd=cash,
        credit_usd=credit,
        programmes=tuple(
            word for words in programme or [asked.DEFAULT_PROGRAMMES] for word in words.split(",")
        ),
        half_spread=half_spread,
        paths=paths,
        seed=seed,
        in_market=in_market,
        jobs=jobs,
        out=path_given(out, "--out"),
        with_page=report,
        quiet=quiet,
    )
    hedge_and_print(order)


@app.command()
@one_line_failures
def compare(
    scenarios: compared.Scenarios,
    variant: compared.Variants = None,
    grid: compared.Grid = None,
    overrides: compared.Sets = None,
    seeds: compared.Seeds = 16,
    days: compared.Days = None,
    population_seed: compared.PopulationSeed = None,
    precision: compared.Precision = None,
    jobs: compared.Jobs = 2,
    out: compared.OutOption = "runs",
    report: ReportOption = True,
    quiet: compared.QuietOption = False,
) -> None:
    """Say what changes if a rule changes, everything else equal, and how sure that is."""
    from abm.cli.compare import CompareOrder, compare_and_print

    order = CompareOrder(
        scenarios=tuple(scenarios),
        variants=tuple(variant or ()),
        grid=tuple(grid or ()),
        common=parse_overrides(overrides or []),
        overrides=tuple(overrides or ()),
        seeds=seeds,
        days=days,
        population_seed=population_seed,
        precision=tuple(precision or ()),
        jobs=jobs,
        out=path_given(out, "--out"),
        with_page=report,
        quiet=quiet,
    )
    compare_and_print(order)


@app.command()
@one_line_failures
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    from abm.scenario import Scenario

    typer.echo(json.dumps(Scenario.json_schema(), indent=2))


def _load(name_or_path: str) -> Scenario:
    from abm.scenario import Scenario

    return Scenario.load(name_or_path)
