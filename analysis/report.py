"""One self-contained HTML page about a run: it needs no script, no other file and no network."""

from __future__ import annotations

import html
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from abm.core.money import USD_MICRO
from abm.recording import RunFolder, metrics
from abm.recording.drafts import write_file

from .capital.owners import owners_body
from .clearing_page import clearing_section
from .figures import activity, bills, liquidity, margin, prices, profit
from .liquidity_page import liquidity_section
from .page import document, figure, paragraph, section, table
from .runs import Run, load
from .summary import summarise
from .wording import class_name, counted, percent, phase_name, usd, whole

FIGURES: tuple[ModuleType, ...] = (prices, liquidity, activity, margin, bills, profit)
"""Figures of the whole run, in order; those of the clearing house stand in its section."""


def write_report(run: Run) -> Path:
    """Write ``report.html`` into the run folder and return its path; an older report is replaced.

    Raises
    ------
    RunFolderError
        If the folder is not a readable run, or the page cannot be written.
    """
    opened = load(run)
    page = render(opened).encode("utf-8", "backslashreplace")
    return write_file(opened.path / "report.html", page)


def render(run: RunFolder) -> str:
    """Return the report as one HTML document."""
    title = f"{run.manifest['scenario_name']}, seed {run.manifest['seed']}"
    sections = (
        section("Summary", _summary(run)),
        section("Figures", *(figure(module, run) for module in FIGURES)),
        liquidity_section(run),
        section(
            "Profit and loss by class", _profit(run.tables["agents"]), *owners_body(run.tables["agents"])
        ),
        clearing_section(run),
        section("What was run", _what_was_run(run)),
        section("How to reproduce", _reproduce(run)),
    )
    return document("SIT futures market", title, f"Scenario {title}: {_length(run)}", sections)


def _length(run: RunFolder) -> str:
    days = counted(run.tables["daily"]["day"].nunique(), "trading day")
    before = int(run.manifest.get("warm_up_days", 0))
    warm_up = f" after {counted(before, 'day')} of warm-up" if before else ""
    return f"{days} of {counted(run.calendar.rounds_per_day, 'round')}{warm_up}"


def _what_was_run(run: RunFolder) -> str:
    manifest = run.manifest
    versions = ", ".join(f"{name} {version}" for name, version in manifest["versions"].items())
    phases = ", ".join(
        f"{phase_name(phase)} {float(spent):.1f}" for phase, spent in manifest["cpu_seconds"].items()
    )
    rows = [
        ("Scenario", f"{manifest['scenario_name']} (SHA-256 {manifest['scenario_sha256']})"),
        ("Seed", str(manifest["seed"])),
        ("State hash", str(manifest["state_hash"])),
        ("Length", _length(run)),
        (
            "Contract",
            f"{run.contract.product_code}, {whole(run.contract.contract_size_msit)} mSIT, tick USD "
            f"{run.contract.tick_size_usd_micro / USD_MICRO:g} per mSIT",
        ),
        ("Counts", ", ".join(_counts(manifest["counts"]))),
        ("CPU-seconds", phases),
        ("Recorded", f"profile {manifest['profile']}"),
        ("Versions", versions),
    ]
    return table((), rows)


def _counts(counts: Mapping[str, Any]) -> Iterator[str]:
    """Yield each count with its name; a count by kind is a mapping inside the mapping."""
    for name, number in counts.items():
        words = name.replace("_", " ")
        if isinstance(number, Mapping):
            yield f"{words} ({', '.join(_counts(number)) or 'none'})"
        else:
            yield f"{words} {whole(number)}"


def _summary(run: RunFolder) -> str:
    note = (
        "Days are counted from 0. One mSIT is one million Standard Inference Tokens; prices are in USD per "
        "mSIT. A basis point (bp) is a hundredth of a percent."
    )
    return table(("Question", "Answer", "Note"), summarise(run), name="answers") + paragraph(note)


def _profit(agents: pd.DataFrame) -> str:
    if agents.empty:
        return paragraph("Nobody traded: this market has no account.")
    rows = []
    for name, group in agents.groupby("agent_class"):
        pnl, fees = group["pnl_usd_micro"].sum() / USD_MICRO, group["fees_usd_micro"].sum() / USD_MICRO
        lots = group["lots_traded"].sum()
        rows.append(
            (
                class_name(str(name)),
                whole(len(group)),
                usd(pnl),
                usd(fees),
                whole(lots),
                percent(metrics.ratio(group["maker_lots"].sum(), lots)),
                whole(group["messages"].sum()),
                whole(group["in_default"].sum()),
            )
        )
    header = ("Class", "Accounts", "Profit", "Fees", "Lots", "Resting", "Messages", "In default")
    return table(header, rows, numbers=range(1, len(header)))


def _reproduce(run: RunFolder) -> str:
    state_hash = html.escape(str(run.manifest["state_hash"]))
    command = f"sitsim run scenario.toml --seed {shlex.quote(str(run.manifest['seed']))}"
    return (
        "<p>Inside this run folder, with the versions above:</p>\n"
        f"<pre>{html.escape(command)}</pre>\n"
        f"<p>The new run has the same state hash, <code>{state_hash}</code>. "
        "The scenario as resolved:</p>\n"
        f"<details><summary>scenario.toml</summary>\n<pre>{html.escape(run.scenario_toml)}</pre>\n</details>"
    )
