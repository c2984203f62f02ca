"""``sitsim compare``: what a changed rule changes, how sure that is, the evidence, and its page."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from abm.cli.compare_tables import key_lines, laboratory_table, plain_lines, question_tables
from abm.cli.folder_names import plain_name
from abm.cli.variant_words import parse_grid, parse_precision, parse_variants
from abm.cli.wrapping import wrapped
from abm.core.errors import ParameterError, SitsimError
from abm.core.neighbours import neighbour_module
from abm.experiments.compare import compare
from abm.experiments.comparison_folder import asked
from abm.recording import check_place
from abm.scenario import Scenario

if TYPE_CHECKING:
    from abm.experiments.compare import Comparison

_OPTIONS = {
    "seeds": "--seeds", "jobs": "--jobs", "precision": "--precision", "grid": "--grid", "common": "--set",
}  # fmt: skip
_LEAST_ROOM = 30


@dataclass(frozen=True, slots=True)
class CompareOrder:
    """What the user asked ``sitsim compare`` for; see its options."""

    scenarios: tuple[str, ...]
    variants: tuple[str, ...]
    grid: tuple[str, ...]
    common: dict[str, Any]
    overrides: tuple[str, ...]
    seeds: int
    days: int | None
    population_seed: int | None
    precision: tuple[str, ...]
    jobs: int
    out: Path
    with_page: bool
    quiet: bool


def compare_and_print(order: CompareOrder) -> None:
    """Compare, print the answer and the evidence, and write folder and page; after a mistake nothing."""
    variants = _variants(order)
    grid, precision = parse_grid(order.grid), parse_precision(order.precision)
    if len(variants) == 1 and not grid:
        raise ParameterError(
            f"nothing to compare {next(iter(variants))!r} with: name a second scenario, or give "
            "--variant or --grid"
        )
    place = check_place(order.out / _folder_name(variants), "--out")
    with _arguments_as_options():
        found = compare(
            variants,
            grid=grid or None,
            common=order.common,
            seeds=range(1, order.seeds + 1),
            days=order.days,
            population_seed=order.population_seed,
            precision=precision or None,
            jobs=order.jobs,
            out=order.out,
            progress=not order.quiet and Console(stderr=True).is_terminal,
        )
    folder = found.write(place, command=command_line(order))
    page = _write_page(folder) if order.with_page else None
    if order.quiet:
        print(folder)
        return
    _print(found)
    console = Console()
    console.print(f"comparison  {folder}", soft_wrap=True, highlight=False)
    if page is not None:
        console.print(f"report      {page}", soft_wrap=True, highlight=False)


def command_line(order: CompareOrder) -> str:
    """Return the command that makes the same comparison again."""
    words = ["sitsim", "compare", *order.scenarios]
    for option, given in (
        ("--variant", order.variants),
        ("--grid", order.grid),
        ("--set", order.overrides),
        ("--precision", order.precision),
    ):
        for word in given:
            words += [option, word]
    numbers = {"--seeds": order.seeds, "--days": order.days, "--population-seed": order.population_seed}
    for option, number in numbers.items():
        if number is not None:
            words += [option, str(number)]
    return shlex.join(words)


def _variants(order: CompareOrder) -> dict[str, Any]:
    """Return the base, the other scenarios and the changed bases, each by its name."""
    loaded = [Scenario.load(name) for name in order.scenarios]
    named: list[tuple[str, Any]] = [(scenario.name, scenario) for scenario in loaded]
    named += parse_variants(order.variants)
    variants: dict[str, Any] = {}
    for name, given in named:
        if name in variants:
            raise ParameterError(f"variants: two are called {name!r}")
        variants[name] = given
    return variants


@contextmanager
def _arguments_as_options() -> Iterator[None]:
    """Call an argument of the comparison what the user knows it as."""
    try:
        yield
    except SitsimError as error:
        argument, colon, rest = str(error).partition(":")
        first, *others = argument.split(" ")
        option = " ".join([_OPTIONS.get(first, first), *others])
        raise type(error)(f"{option}{colon}{rest}") from None


def _print(found: Comparison) -> None:
    words: Any = neighbour_module("analysis", "comparison.words")
    labels = found.labels
    console = Console()
    room = max(console.width, _LEAST_ROOM)
    said = words.sentences(
        found.table, labels, base=found.base, variants=found.variants, seeds=len(found.seeds)
    )
    _say(console, said[0], room, "bold")
    for sentence in (*said[1:], *words.warnings(found.table, len(found.seeds))):
        _say(console, sentence, room)
    console.print()
    keys = list(key_lines(found.variants))
    for line in keys:
        _say(console, line, room)
    if keys:
        console.print()
    laboratory = laboratory_table(found, words, labels)
    for table in (*question_tables(found, words, labels), *([] if laboratory is None else [laboratory])):
        console.print(table)
        console.print()
    for line in plain_lines(found, words, labels):
        _say(console, line, room)
    console.print()
    rows = asked(found)
    width = max(len(label) for label, _ in rows) + 2
    for label, text in rows:
        for number, line in enumerate(wrapped(text, max(room - width, _LEAST_ROOM))):
            start = "" if number else label
            console.print(Text.assemble((f"{start:<{width}}", "dim"), line), soft_wrap=True)


def _say(console: Console, sentence: str, room: int, style: str = "") -> None:
    for line in wrapped(sentence, room):
        console.print(Text(line, style), soft_wrap=True)


def _folder_name(variants: dict[str, Any]) -> str:
    return f"compare-{plain_name(next(iter(variants)))}"


def _write_page(folder: Path) -> Path:
    from abm.cli import our_analysis

    return our_analysis.write_compare_report(folder)
