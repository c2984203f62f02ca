"""``sitsim run``: progress while the market trades, the closing summary, the report."""

from __future__ import annotations

import time
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from abm.cli.folder_names import plain_name
from abm.cli.wrapping import wrapped
from abm.core.arguments import whole_number
from abm.core.kernel_cache import tell_of_compiling
from abm.recording import check_place
from abm.recording.drafts import checkpoint_path
from abm.scenario import Scenario

_LEAST_ROOM = 30
"""Columns that text beside a label gets however narrow the terminal is."""


class DayBar:
    """Progress bar of one run: simulated day, trades so far, messages per second of wall time.

    A warm-up has a bar of its own before that of the run.

    Parameters
    ----------
    console : rich.console.Console
        Where to draw; nothing is drawn if it is not a terminal.
    days : int
        Days of the run.
    warm_up_days : int
        Days before its day 0.
    """

    def __init__(self, console: Console, days: int, warm_up_days: int = 0) -> None:
        self._warm_up_days = warm_up_days
        self._bar = Progress(
            TextColumn("{task.description}"),
            MofNCompleteColumn(),
            BarColumn(),
            TextColumn("{task.fields[flow]}"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        stage, total = ("warm-up day", warm_up_days) if warm_up_days else ("day", days)
        self._task = self._bar.add_task(stage, total=total, flow="")
        self._started = time.perf_counter()

    def __enter__(self) -> DayBar:
        self._bar.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._bar.stop()

    def __call__(self, day: int, days: int, trades: int, messages: int) -> None:
        """Show that a day, negative in a warm-up, of ``days`` has closed, with the totals so far."""
        if day < 0:
            done, total, stage = day + self._warm_up_days + 1, self._warm_up_days, "warm-up day"
        else:
            done, total, stage = day + 1, days, "day"
        if day == 0:
            self._started = time.perf_counter()  # counts begin anew
        rate = messages / max(time.perf_counter() - self._started, 1e-9)
        flow = f"{trades:,} trades, {rate:,.0f} messages/s"
        self._bar.update(self._task, completed=done, total=total, description=stage, flow=flow)


def folder_name(scenario: Scenario) -> str:
    """Return the name of a run's folder: scenario and seed, without characters a path gives meaning to."""
    return f"{plain_name(scenario.name)}-seed{scenario.run.seed}"


def run_and_report(
    scenario: Scenario,
    *,
    out: Path,
    checkpoint_every: int | None,
    resume: bool,
    with_report: bool,
    quiet: bool,
) -> None:
    """Run a scenario into a folder under ``out`` and print the closing summary and the paths."""
    place = check_place(out / folder_name(scenario), "--out")
    if checkpoint_every is not None:
        whole_number("--checkpoint-every", checkpoint_every, least=1)
    from abm.market import run

    notices, saved = Console(stderr=True, quiet=quiet), checkpoint_path(place)
    if resume and not saved.exists():
        notices.print(f"no checkpoint {saved}: beginning on the first day", soft_wrap=True, highlight=False)
    tell_of_compiling(lambda: notices.print("compiling kernels: once, for up to a minute or two"))
    try:
        with DayBar(notices, scenario.run.days, scenario.warm_up_days) as bar:
            result = run(
                scenario,
                seed=scenario.run.seed,
                out=place,
                progress=bar,
                checkpoint_every=checkpoint_every,
                resume=resume,
            )
    except KeyboardInterrupt:
        if not saved.exists():
            raise
        raise KeyboardInterrupt(f"{saved} is kept, --resume goes on from it") from None
    folder = result.folder
    assert folder is not None, "a run with an output folder returns it"
    page = _write_report(folder) if with_report else None
    if quiet:
        print(folder)
        return
    _print_summary(folder)
    Console().print(f"run folder  {folder}", soft_wrap=True, highlight=False)
    if page is not None:
        Console().print(f"report      {page}", soft_wrap=True, highlight=False)


def _write_report(folder: Path) -> Path:
    from abm.cli.our_analysis import write_report

    return write_report(folder)


def _print_summary(folder: Path) -> None:
    from abm.cli.our_analysis import summarise

    rows = summarise(folder)
    console, width = Console(), max(len(row.label) for row in rows)
    room = max(console.width - width - 2, _LEAST_ROOM)
    for row in rows:
        for number, line in enumerate(wrapped(row.value, room)):
            label = "" if number else row.label
            _print_line(console, f"{label:<{width}}  ", line, "bold")
        style = "yellow" if row.warns else "dim"
        for line in wrapped(row.note, room):
            _print_line(console, " " * (width + 2), line, style)


def _print_line(console: Console, label: str, text: str, style: str) -> None:
    console.print(Text.assemble(label, (text, style)), soft_wrap=True, highlight=False)
