"""Options of ``sitsim compare``, with what its help says of each."""

from __future__ import annotations

from typing import Annotated

import typer

from abm.cli.completion import assignments, scenario_names

Scenarios = Annotated[
    list[str],
    typer.Argument(
        metavar="SCENARIO",
        help="Names of packaged scenarios, or paths of .toml files. The first is the base, the others are "
        "compared with it.",
        autocompletion=scenario_names,
    ),
]
Variants = Annotated[
    list[str] | None,
    typer.Option(
        "--variant",
        metavar="NAME:FIELD=VALUE,...",
        help="The base with other values; may be repeated. Values are written as in TOML, a plain word needs "
        "no quotes; commas inside brackets, braces and quotes belong to the value. Put the whole in single "
        "quotes for the shell: 'long:run.days=99,clearing.members=2'. Without NAME, the assignment is the "
        "name.",
        autocompletion=assignments,
    ),
]
Grid = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FIELD=V1,V2",
        help="Values of a field; several --grid make a full factorial. Each combination is a variant of the "
        "base, but for the base's own. Commas as in --variant.",
        autocompletion=assignments,
    ),
]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="FIELD=VALUE",
        help="Override one field for base and variants alike; may be repeated.",
        autocompletion=assignments,
    ),
]
Seeds = Annotated[
    int, typer.Option(metavar="N", help="Seeds 1 to N for base and variants; 2 at least, 16 are a start.")
]
Days = Annotated[int | None, typer.Option(metavar="N", help="Trading days, instead of run.days.")]
PopulationSeed = Annotated[
    int | None,
    typer.Option(
        metavar="N", help="Seed of who is there: the same firms in every run, on other price paths."
    ),
]
Precision = Annotated[
    list[str] | None,
    typer.Option(
        metavar="METRIC=WIDTH",
        help="Add seeds until the 95 % interval of a metric is +/- WIDTH, in its unit (a share as 0.01), for "
        "every variant; at most 128 seeds. May be repeated.",
    ),
]
Jobs = Annotated[int, typer.Option(help="Processes.")]
OutOption = Annotated[
    str,
    typer.Option(
        metavar="DIR",
        help="Folder of the run folders, and of the comparison's own. Runs finished there are not repeated.",
    ),
]
QuietOption = Annotated[bool, typer.Option("--quiet", help="Print the comparison's folder only.")]
