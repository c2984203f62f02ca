"""Tables of ``sitsim compare``, one a question, and what has no row in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from abm.experiments.measures import QUESTIONS

if TYPE_CHECKING:
    import pandas as pd

    from abm.experiments.compare import Comparison

LONGEST_NAME = 14
"""Characters of a variant's name up to which it stands in the table itself, not a letter for it."""

MOST_ROWS = 80
"""Rows up to which all are printed; of more only measures in which a variant has a sign (judgement)."""


def question_tables(found: Comparison, words: Any, labels: Mapping[str, str]) -> Iterator[Table]:
    """Yield the table of each question that has rows to print."""
    printed = rows_to_print(found.table)
    keys = variant_keys(found.variants)
    printed = printed.assign(variant=printed["variant"].map(keys))
    for question, heading in QUESTIONS.items():
        rows = printed[printed["question"] == question]
        if not rows.empty:
            yield _table(heading, rows, words, labels, has_one=len(found.variants) == 1)


def laboratory_table(found: Comparison, words: Any, labels: Mapping[str, str]) -> Table | None:
    """Return what the laboratory's replays brought; None where no measure was printed that has one."""
    printed = rows_to_print(found.table)
    mine = found.laboratory[found.laboratory["measure"].isin(printed["measure"])]
    if not mine["variance_ratio"].notna().any():
        return None
    keys = variant_keys(found.variants) | {found.base: found.base}
    rows = words.laboratory_rows(mine, found.table, labels, found.base)
    has_one = len(found.variants) == 1
    table = Table(
        title=words.LABORATORY_HEADING, title_justify="left", title_style="bold", box=SIMPLE_HEAD,
        pad_edge=False,
    )  # fmt: skip
    for number, name in enumerate(words.LABORATORY_HEADER):
        if number != 1 or not has_one:
            table.add_column(name, overflow="fold", justify="right" if number > 1 else "left")
    for label, variant, *cells in rows:
        table.add_row(*([label] if has_one else [label, keys[variant]]), *cells)
    return table


def variant_keys(variants: Sequence[str]) -> dict[str, str]:
    """Return what stands for each variant in the tables: its name, or a number where names are long."""
    if max(map(len, variants)) <= LONGEST_NAME:
        return {name: name for name in variants}
    return {name: str(number) for number, name in enumerate(variants, start=1)}


def key_lines(variants: Sequence[str]) -> Iterator[str]:
    """Yield what the numbers in the tables stand for."""
    if len(variants) > 1:
        keys = variant_keys(variants)
        yield from (f"{key}: {name}" for name, key in keys.items() if key != name)


def rows_to_print(table: pd.DataFrame) -> pd.DataFrame:
    """Return all rows, or, of too many, those of measures in which some variant has a sign."""
    if len(table) <= MOST_ROWS:
        return table
    signed = table.loc[table["verdict"].isin(("up", "down")), "measure"].unique()
    return table[table["measure"].isin(signed)]


def plain_lines(found: Comparison, words: Any, labels: Mapping[str, str]) -> Iterator[str]:
    """Yield what has no row, how the table is meant, and what a reader has to know."""
    printed = len(rows_to_print(found.table))
    if printed < len(found.table):
        yield (
            f"Not printed: {len(found.table) - printed} rows of measures without a sign in any variant; the "
            "page and the folder have them."
        )
    if found.unchanged:
        yield f"No difference in any seed: {words.listed(found.unchanged, labels)}."
    if found.without_value:
        yield f"No value in these runs: {words.listed(found.without_value, labels)}."
    if len(found.laboratory):
        yield words.laboratory_words(found.laboratory)
    for note in found.notes:
        yield f"{note[:1].upper()}{note[1:]}."
    yield words.conventions(found.tests)


def _table(
    heading: str, rows: pd.DataFrame, words: Any, labels: Mapping[str, str], *, has_one: bool
) -> Table:
    table = Table(title=heading, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("measure", overflow="fold")
    if not has_one:
        table.add_column("variant", overflow="fold")
    for name in ("base", "difference", "95 % interval"):
        table.add_column(name, justify="right", no_wrap=name != "95 % interval")
    table.add_column("verdict, seeds to show it", overflow="fold")
    before = ""
    for row in rows.to_dict("records"):
        unit = words.named_unit(row["unit"])
        label = f"{labels[row['measure']]}{f', {unit}' if unit else ''}"
        cells = [label if label != before or has_one else ""]
        if not has_one:
            cells.append(row["variant"])
        doubted = " *" if words.is_doubted(row) else ""
        table.add_row(
            *cells,
            words.value(row["base"], row["unit"]),
            words.change(row["difference"], row["unit"]),
            words.interval(row["low"], row["high"], row["unit"]).removesuffix(" pp") + doubted,
            words.judgement(row).removesuffix(" would show it"),
        )
        before = label
    return table
