"""One self-contained HTML page about a hedging study: it needs no script, no other file and no network."""

from __future__ import annotations

import html
from pathlib import Path
from types import ModuleType

from abm.recording import HedgeFolder
from abm.recording.drafts import write_file

from .figures import hedge_bills, hedge_cash, hedge_frontier
from .hedge_study import HedgeStudyView, open_study
from .hedge_tables import conventions, limits_table, market_table, side_by_side
from .hedge_words import said
from .page import document, drawn, paragraph, section, subsection, table
from .wording import counted, whole

FIGURES: tuple[ModuleType, ...] = (hedge_frontier, hedge_bills, hedge_cash)
"""Figures of the page, in order."""


_RULES = """
.programmes { border-collapse: separate; border-spacing: 0; }
.programmes td:first-child, .programmes th:first-child { min-width: 9.5rem; max-width: 16rem;
       position: sticky; left: 0; background: var(--paper); }
.programmes th.number { min-width: 4.5rem; }
th { overflow-wrap: normal; }
.checks td:not(.number) { min-width: 6.5rem; }
.facts td:first-child { min-width: 7rem; }
@media (max-width: 40rem) {
  .programmes td:first-child, .programmes th:first-child { min-width: 9rem; max-width: 9rem; }
}"""
"""Names of programmes stay in sight where a table is wider than the screen."""


def write_hedge_report(folder: HedgeFolder | str | Path) -> Path:
    """Write ``report.html`` into the folder of a hedging study and return its path; an older one is replaced.

    Raises
    ------
    RunFolderError
        If the folder is damaged or of another kind, or the page cannot be written.
    """
    study = open_study(folder)
    page = render(study).encode("utf-8", "backslashreplace")
    return write_file(study.folder.path / "report.html", page)


def render(study: HedgeStudyView) -> str:
    """Return the page as one HTML document."""
    manifest, tables = study.manifest, study.folder.tables
    sections = [
        section("Answer", *_answer(study)),
        section("Programmes side by side", *side_by_side(study)),
        section(
            "Figures", *(drawn(module.TITLE, module.caption(study), module.draw(study)) for module in FIGURES)
        ),
    ]
    if "limits" in tables:
        note = (
            "The worst bill with one thing taken away after another, and what it changes: where a change is "
            "large, that is what limits the hedge."
        )
        sections.append(section("What limits the hedge", paragraph(note), limits_table(tables["limits"])))
    if "in_market" in tables:
        seeds = int(tables["in_market"]["seeds"].max())
        note = (
            f"The same company in the simulated market, over {counted(seeds, 'seed')}: 95 % intervals in "
            "brackets. Each step is the laboratory on the prices of those runs with one friction more; a row "
            "that begins with + is the paired difference to the step before; the last is what trading does."
        )
        sections.append(section("In the market", paragraph(note), market_table(tables["in_market"])))
    sections.append(section("Conventions", *conventions(study)))
    sections.append(section("What was run", *_what_was_run(study)))
    if manifest.get("command"):
        sections.append(section("How to reproduce", *_reproduce(study)))
    title = f"{manifest['name']}, seed {manifest['seed']}"
    return document("Hedging study", title, f"Study {title}: {_length(study)}", sections, rules=_RULES)


def _length(study: HedgeStudyView) -> str:
    months = counted(study.manifest["listing"]["horizon_months"], "month")
    return f"{counted(study.manifest['paths'], 'path')} of {months}"


def _answer(study: HedgeStudyView) -> list[str]:
    sentences = study.advice.get("sentences", [])
    if sentences:
        first, *others = sentences
        parts = [f"<p><strong>{html.escape(first)}</strong></p>", *map(paragraph, others)]
    elif study.recommended:
        parts = [paragraph(f"Recommended: {study.recommended}.")]
    else:
        parts = [paragraph("This study compares programmes; it recommends none.")]
    question = study.manifest.get("question")
    if question:
        parts.append(subsection("What was asked", table((), question, name="facts")))
    return parts


def _what_was_run(study: HedgeStudyView) -> list[str]:
    manifest = study.manifest
    rows = [
        ("Study", manifest["name"]),
        ("Seed", str(manifest["seed"])),
        ("Paths", f"{whole(manifest['paths'])}, marked every {counted(manifest['mark_every_days'], 'day')}"),
        ("Length", counted(manifest["listing"]["horizon_months"], "month")),
        ("Price process", said(manifest["process"])),
        ("Shifts of the level", said(manifest["shifts"])),
        ("Need", said(manifest["need"])),
        ("Own provider's price", said(manifest["basis"])),
        ("Months and contract", said(manifest["listing"])),
        ("Frictions", said(manifest["frictions"])),
        ("Versions", ", ".join(f"{name} {version}" for name, version in manifest["versions"].items())),
    ]
    parts = [table((), rows, name="facts")]
    hedges = manifest.get("hedges")
    if isinstance(hedges, dict):
        rows = [(name, said(fields)) for name, fields in hedges.items()]
        details = table(("Programme", "Parameters"), rows)
        parts.append(f"<details><summary>Parameters of each programme</summary>\n{details}\n</details>")
    return parts


def _reproduce(study: HedgeStudyView) -> list[str]:
    return [
        paragraph("With the versions above:"),
        f"<pre>{html.escape(study.manifest['command'])}</pre>",
    ]
