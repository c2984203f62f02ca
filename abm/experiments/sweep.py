"""Sweeps: a full factorial of scenario fields times seeds, each run in its own folder, none repeated."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from abm.core.arguments import shown, whole_number
from abm.core.errors import ParameterError, RunFolderError, SitsimError
from abm.core.settings.plain_values import plain_value
from abm.experiments.across import across_columns
from abm.experiments.executors import run_tasks
from abm.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd


class RunFunction(Protocol):
    """What a sweep calls for one run: simulate, and write the run folder ``out`` in one move.

    A stored run is used again only if its manifest names the scenario given here.
    """

    def __call__(self, scenario: Scenario, *, seed: int, out: Path) -> object:
        """Run one scenario with one seed."""


@dataclass(frozen=True)
class RunSpec:
    """One independent run of a design.

    Parameters
    ----------
    scenario : Scenario
        Resolved, with the seed in ``run.seed``.
    varied : dict
        The varied fields and their values in this cell.
    folder : Path
        Where its results are; named by the hash of the resolved scenario, seed and profile included.
    """

    scenario: Scenario
    varied: dict[str, Any]
    folder: Path

    @property
    def seed(self) -> int:
        """Seed of the run."""
        return self.scenario.run.seed

    def check_result(self) -> None:
        """Find out whether the results of exactly this run are on disk.

        Raises
        ------
        RunFolderError
            If they are not there, damaged, of another format, or of another scenario, seed or profile.
        """
        from abm.recording import FORMAT, read_run

        facts = read_run(self.folder).manifest
        wanted = {
            "format": FORMAT,
            "profile": self.scenario.recording.profile,
            "scenario_sha256": self.scenario.sha256(),
            "seed": self.seed,
        }
        for name, value in wanted.items():
            if facts[name] != value:
                raise RunFolderError(f"{self.folder}: {name} is {facts[name]!r}, not {value!r}")

    def make_room(self) -> bool:
        """Say whether the run is still to be made; a folder in its place that is no result is set aside."""
        if not os.path.lexists(self.folder):
            return True
        try:
            self.check_result()
        except RunFolderError:
            aside = self.folder.with_name(f"{self.folder.name}.unfit-{secrets.token_hex(4)}")
            try:
                os.rename(self.folder, aside)
            except OSError as error:
                raise RunFolderError(f"{self.folder}: cannot be moved: {error.strerror}") from error
            return True
        return False


def sweep(
    scenario: Scenario | str | Path,
    vary: Mapping[str, Sequence[Any]],
    *,
    seeds: Iterable[int] = range(8),
    jobs: int = 2,
    out: Path | str | None = None,
    days: int | None = None,
    population_seed: int | None = None,
    progress: bool = False,
    run_function: RunFunction | None = None,
) -> pd.DataFrame:
    """Run every combination of the varied fields with every seed and return one row a run.

    Every cell sees the same seeds: differences between cells are differences on common random numbers.

    Parameters
    ----------
    scenario : Scenario or str
        Base scenario, or its name or path.
    vary : mapping of str to sequence
        Values to try for each dotted field, e.g. ``{"clearing.margin.rate": [0.08, 0.12]}``.
    seeds : iterable of int
        Seeds, the same for every cell.
    jobs : int
        Processes; with 1 the runs are made one by one in this process.
    out : Path or str, optional
        Folder of the run folders, with the tables of ``recording.profile``. Runs finished there before are
        read, not repeated, unless they are damaged: take another folder after a change of the simulator
        itself. A temporary folder if absent, deleted at the end, for which profile ``summary`` is enough.
    days : int, optional
        Trading days, instead of ``run.days``.
    population_seed : int, optional
        Seed of who is there, so that every seed has the same firms on another price path; instead of
        ``run.population_seed``.
    progress : bool
        Draw a progress bar on stderr.
    run_function : callable, optional
        What makes one run; ``abm.market.run`` if absent. It has to be importable by name.

    Returns
    -------
    pandas.DataFrame
        Columns: the varied fields, ``seed``, the run's metrics, the reductions of volatility across the seeds
        of the cell (``volatility_reduction_across`` and others, see ``abm.recording.across_paths``; the same
        on each row of a cell, ``paths_across`` runs behind them), ``state_hash``, ``folder`` (path of the run
        folder; none where ``out`` is absent), ``error``. Rows are in the order of the design, seeds fastest.
        A failed run has its error as one line and no metrics.

    Raises
    ------
    ScenarioError, ParameterError
        Before anything runs, if a field, a value, a seed or ``jobs`` is not allowed.
    RunFolderError
        Before anything runs, if ``out`` cannot be written.

    Notes
    -----
    Processes are started afresh ("spawn"): a script that calls this with ``jobs`` > 1 needs the usual
    ``if __name__ == "__main__":`` guard.
    """
    jobs = whole_number("jobs", jobs, least=1)
    base = scenario if isinstance(scenario, Scenario) else Scenario.load(scenario)
    fixed: dict[str, Any] = {} if days is None else {"run.days": days}
    if population_seed is not None:
        fixed |= {"run.population_seed": population_seed}
    if out is None:
        fixed |= {"recording.profile": "summary"}
    with place_of_runs(out) as folder:
        specs = design(base.replace(fixed), vary, seeds=seeds, out=folder)
        errors = run_unfinished(specs, run_function or market_run, jobs, progress)
        return frame_of(specs, errors, keeps_folders=out is not None)


@contextmanager
def place_of_runs(out: Path | str | None) -> Iterator[Path]:
    """Yield the folder of the run folders, found to be writable, or a temporary one."""
    from abm.recording import check_place  # late: worker processes import this file

    if out is None:
        try:
            temporary = tempfile.TemporaryDirectory(prefix="sitsim-sweep-")
        except OSError as error:
            raise RunFolderError(f"no temporary folder can be made: {error.strerror}") from error
        with temporary as folder:
            yield Path(folder)
    else:
        if not isinstance(out, str | Path) or not str(out):
            raise RunFolderError(f"out: {out!r} is not a path")
        yield check_place(Path(out) / "run").parent


def design(
    scenario: Scenario, vary: Mapping[str, Sequence[Any]], *, seeds: Iterable[int], out: Path
) -> list[RunSpec]:
    """Return the runs of a full factorial times seeds, validated, in order, seeds fastest."""
    if not isinstance(vary, Mapping):
        raise ParameterError(f"vary: {shown(vary)} is not a mapping of fields to their values")
    if "run.seed" in vary:
        raise ParameterError("vary: run.seed is not allowed (pass seeds)")
    choices = {field: values_to_try("vary", field, values) for field, values in vary.items()}
    chosen = seed_list(seeds)
    specs = []
    for values in product(*choices.values()):
        varied = dict(zip(choices, values, strict=True))
        cell = scenario.replace(varied)
        specs += [spec_of(cell, seed, varied, out) for seed in chosen]
    return specs


def spec_of(cell: Scenario, seed: int, varied: dict[str, Any], out: Path) -> RunSpec:
    """Return one run of a cell; its folder is named by the hash of the resolved scenario."""
    seeded = cell.replace({"run.seed": seed})
    return RunSpec(seeded, varied, out / seeded.sha256()[:24])


def values_to_try(argument: str, field: str, values: Any) -> list[Any]:
    """Return the values to try for a field, in their order, as plain ones."""
    in_order = hasattr(values, "__getitem__") and getattr(values, "ndim", 1) > 0
    if not in_order or isinstance(values, (str, bytes, Mapping)) or len(values) == 0:
        raise ParameterError(f"{argument}: {field}: {shown(values)} is not a sequence of at least one value")
    return [dict(value) if isinstance(value, Mapping) else plain_value(value) for value in values]


def seed_list(seeds: Any) -> list[int]:
    """Return seeds as plain whole numbers, each once.

    Raises
    ------
    ParameterError
        If there is none, one stands twice, or one is no seed.
    """
    if isinstance(seeds, (str, bytes)) or not isinstance(seeds, Iterable):
        raise ParameterError(f"seeds: {shown(seeds)} is not a sequence of at least one seed")
    listed = [whole_number("seeds", seed) for seed in seeds]
    if not listed:
        raise ParameterError("seeds: [] is not a sequence of at least one seed")
    if len(set(listed)) < len(listed):
        raise ParameterError(f"seeds: one stands twice in {shown(listed)}: its run would count double")
    return listed


def run_unfinished(
    specs: list[RunSpec], run_function: RunFunction, jobs: int, progress: bool
) -> dict[Path, str]:
    """Make the runs that are not on disk yet and return the error of each folder that failed."""
    todo = [spec for spec in {spec.folder: spec for spec in specs}.values() if spec.make_room()]
    tasks = [(run_function, spec.scenario, spec.folder) for spec in todo]
    errors: dict[Path, str] = {}
    for position, error in _with_bar(run_tasks(_run_one, tasks, jobs=jobs), len(todo), progress):
        if error is not None:
            errors[todo[position].folder] = error
    return errors


def _run_one(run_function: RunFunction, scenario: Scenario, folder: Path) -> str | None:
    """Make one run; return its error as one line, or None."""
    try:
        run_function(scenario, seed=scenario.run.seed, out=folder)
    except SitsimError as error:
        return str(error)
    except Exception as error:  # a fault of one run must not cost the others
        notes = "".join(f" ({note})" for note in getattr(error, "__notes__", ()))
        return f"{type(error).__name__}: {' '.join(f'{error}{notes}'.split())}"
    return None


def market_run(scenario: Scenario, *, seed: int, out: Path) -> object:
    """Make one run of the market."""
    from abm.market import run

    return run(scenario, seed=seed, out=out)


def frame_of(specs: list[RunSpec], errors: Mapping[Path, str], *, keeps_folders: bool) -> pd.DataFrame:
    """Return one row a run, in order; see ``sweep``."""
    import pandas as pd

    rows = []
    across = across_columns([spec.folder for spec in specs], [repr(spec.varied) for spec in specs])
    for spec, over_seeds in zip(specs, across, strict=True):
        found: dict[str, Any] = (
            results_of(spec) if spec.folder not in errors else {"error": errors[spec.folder]}
        )
        if not keeps_folders:
            found["folder"] = None
        rows.append({**spec.varied, "seed": spec.seed, **found, **over_seeds})
    frame = pd.DataFrame(rows)
    last = ["state_hash", "folder", "error"]
    for name in last:
        if name not in frame:
            frame[name] = None
    frame[last] = frame[last].astype(object).where(frame[last].notna(), None)
    return frame[[name for name in frame.columns if name not in last] + last]


def results_of(spec: RunSpec) -> dict[str, Any]:
    """Return metrics, state hash and folder of a finished run, or its error."""
    from abm.recording import read_run

    try:
        facts = read_run(spec.folder, verify=False).manifest
    except RunFolderError as error:
        return {"error": str(error)}
    known = {"state_hash": facts["state_hash"], "folder": str(spec.folder), "error": None}
    return {**facts["metrics"], **known}


def _with_bar(
    results: Iterator[tuple[int, str | None]], total: int, progress: bool
) -> Iterator[tuple[int, str | None]]:
    if not progress:
        yield from results
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("runs", total=total)
        for result in results:
            bar.advance(task)
            yield result
