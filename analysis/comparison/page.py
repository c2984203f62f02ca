"""One self-contained HTML page about a comparison: it needs no script, no other file and no network."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from abm.recording import CompareFolder
from abm.recording.drafts import write_file

from ..figures import compare_differences
from ..page import document, drawn, paragraph, section, subsection, table
from ..wording import counted
from .view import ComparisonView, open_comparison
from .words import (
    LABORATORY_HEADER,
    change,
    conventions,
    interval,
    is_doubted,
    judgement,
    laboratory_rows,
    laboratory_words,
    listed,
    named_unit,
    sentences,
    value,
    warnings,
)

_RULES = """
.differences td, .differences th { padding-right: .7rem; }
.differences td:first-child, .differences th:first-child { min-width: 10rem; }
.differences td:last-child, .differences th:last-child { min-width: 8rem; }
.several td:nth-child(2) { min-width: 6rem; overflow-wrap: normal; }
.facts td:first-child { min-width: 7rem; }
.runs td { font-size: .85rem; }
@media (max-width: 40rem) { .differences td:first-child { min-width: 8rem; } }"""


def write_compare_report(folder: CompareFolder | str | Path) -> Path:
    """Write ``report.html`` into the folder of a comparison and return its path; an older one is replaced.

    Raises
    ------
    RunFolderError
        If the folder is damaged or of another kind, or the page cannot be written.
    """
    view = open_comparison(folder)
    page = render(view).encode("utf-8", "backslashreplace")
    return write_file(view.folder.path / "report.html", page)


def render(view: ComparisonView) -> str:
    """Return the page as one HTML document."""
    manifest = view.manifest
    sections = [section("Answer", *_answer(view))]
    sections += [section(heading, *_question(view, question)) for question, heading in view.questions()]
    if view.laboratory is not None and len(view.laboratory):
        sections.append(section("The laboratory's replay", *_laboratory(view, view.laboratory)))
    sections += [
        section("How to read this", *_conventions(view)),
        section("Runs", *_runs(view)),
    ]
    if manifest.get("command"):
        command = f"<pre>{html.escape(manifest['command'])}</pre>"
        sections.append(section("How to reproduce", paragraph("With the versions above:"), command))
    against = view.variants[0] if len(view.variants) == 1 else counted(len(view.variants), "variant")
    title = f"{against} against {view.base}"
    lead = f"{title}, {counted(len(manifest['seeds']), 'seed')}, all else equal."
    return document("Comparison", title, lead, sections, rules=_RULES)


def _answer(view: ComparisonView) -> list[str]:
    manifest = view.manifest
    seeds = len(manifest["seeds"])
    first, *others = sentences(view.table, view.labels, base=view.base, variants=view.variants, seeds=seeds)
    parts = [f"<p><strong>{html.escape(first)}</strong></p>"]
    if others:
        items = "\n".join(f"<li>{html.escape(line)}</li>" for line in others)
        parts.append(f"<ul>\n{items}\n</ul>")
    parts += map(paragraph, warnings(view.table, seeds))
    parts += [paragraph(f"{note[:1].upper()}{note[1:]}.") for note in manifest["notes"]]
    parts.append(subsection("What was compared", table((), manifest["asked"], name="facts")))
    return parts


def _question(view: ComparisonView, question: str) -> list[str]:
    picture = compare_differences.draw(view, question)
    parts = []
    if picture is not None:
        heading = view.manifest["headings"].get(question, question)
        parts.append(drawn(f"Differences: {heading}", compare_differences.caption(view, question), picture))
    return [*parts, _table(view, view.rows(question))]


def _table(view: ComparisonView, rows: pd.DataFrame) -> str:
    """Return the rows of a question; a column that says the same everywhere is left out."""
    seeds = len(view.manifest["seeds"])
    kept = [True, len(view.variants) > 1, True, True, True, bool((rows["n"] < seeds).any()), True]
    names = [
        "Measure",
        "Variant",
        "Base",
        "Difference",
        "95 % interval",
        "Pairs",
        "Verdict, seeds to show it",
    ]
    lines = []
    before = ""
    for row in rows.to_dict("records"):
        unit = named_unit(row["unit"])
        label = f"{view.labels[row['measure']]}{f', {unit}' if unit else ''}"
        cells = [
            "" if label == before and kept[1] else label,
            row["variant"],
            value(row["base"], row["unit"]),
            change(row["difference"], row["unit"]),
            interval(row["low"], row["high"], row["unit"]).removesuffix(" pp")
            + (" *" if is_doubted(row) else ""),
            str(row["n"]),
            judgement(row).removesuffix(" would show it"),
        ]
        lines.append([cell for cell, is_kept in zip(cells, kept, strict=True) if is_kept])
        before = label
    header = [name for name, is_kept in zip(names, kept, strict=True) if is_kept]
    numbers = [header.index(name) for name in names[2:6] if name in header]
    return table(header, lines, numbers=numbers, name="differences several" if kept[1] else "differences")


def _laboratory(view: ComparisonView, laboratory: pd.DataFrame) -> list[str]:
    """Return what the replays brought, a column of one variant left out."""
    parts = [paragraph(laboratory_words(laboratory))]
    if not laboratory["variance_ratio"].notna().any():
        return parts
    rows = laboratory_rows(laboratory, view.table, view.labels, view.base)
    kept = [number for number in range(len(LABORATORY_HEADER)) if number != 1 or len(view.variants) > 1]
    header = [LABORATORY_HEADER[number].capitalize() for number in kept]
    cells = [[row[number] for number in kept] for row in rows]
    numbers = list(range(len(kept) - 3, len(kept)))
    return [*parts, table(header, cells, numbers=numbers, name="differences")]


def _conventions(view: ComparisonView) -> list[str]:
    manifest, parts = view.manifest, [paragraph(conventions(view.manifest["tests"]))]
    for words, names in (
        ("No difference in any seed", manifest["unchanged"]),
        ("No value in these runs", manifest["without_value"]),
    ):
        if names:
            parts.append(paragraph(f"{words}: {listed(names, view.labels)}."))
    return parts


def _runs(view: ComparisonView) -> list[str]:
    """Return a table of run folders, a row a seed and a column a variant, and the versions."""
    runs = view.folder.tables["runs"]
    cells = {(row.variant, row.seed): _link(row.folder, row.error) for row in runs.itertuples()}
    names = [view.base, *view.variants]
    head = "".join(f"<th>{html.escape(name)}</th>" for name in ("Seed", *names))
    body = "\n".join(
        f"<tr><td>{seed}</td>{''.join(f'<td>{cells[name, seed]}</td>' for name in names)}</tr>"
        for seed in view.manifest["seeds"]
    )
    marked = f'<table class="runs">\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>'
    grid = f'<div class="wide">\n{marked}\n</div>'
    versions = ", ".join(f"{name} {number}" for name, number in view.manifest["versions"].items())
    return [
        paragraph("Each is a run folder: sitsim report makes its page."),
        f"<details><summary>{counted(len(runs), 'run')}</summary>\n{grid}\n</details>",
        paragraph(f"Versions: {versions}."),
    ]


def _link(folder: Any, error: Any) -> str:
    if isinstance(error, str):
        return f"failed: {html.escape(error)}"
    if not isinstance(folder, str):
        return "not kept"
    return f'<a href="{html.escape(quote(folder))}/">{html.escape(folder.rpartition("/")[2][:8])}</a>'
