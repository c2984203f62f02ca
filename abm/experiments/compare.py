"""What changes if a rule changes, everything else equal: variants on common seeds, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abm.core.arguments import finite_number, shown, whole_number
from abm.core.errors import ParameterError, SitsimError
from abm.experiments.across import with_across
from abm.experiments.comparison_table import find_differences, half_widths, measures_of
from abm.experiments.controlled import inference
from abm.experiments.measures import MEASURES, OF_ALL_RUNS
from abm.experiments.path_controls import PathControls
from abm.experiments.sweep import (
    RunFunction,
    market_run,
    place_of_runs,
    results_of,
    run_unfinished,
    seed_list,
    spec_of,
)
from abm.experiments.variants import Given, named_scenarios, require_each_feasible
from abm.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

FEWEST_SEEDS = 2
MOST_SEEDS = 128
"""Seeds up to which ``precision`` adds more; judgement: eight times the default."""


@dataclass(frozen=True)
class Comparison:
    """What variants of a market change against their base, over paired seeds.

    Attributes
    ----------
    base : str
        Name of the base.
    variants : tuple of str
        Names of the others, in order.
    scenarios : dict of str to Scenario
        The market of each, base first, all with the days, firms and profile that were asked for.
    seeds : tuple of int
        Seeds that were run, those that ``precision`` added included.
    runs : DataFrame
        A row a run: ``variant``, ``seed``, the metrics of its manifest, ``state_hash``, ``folder`` (none
        where ``out`` was absent), ``error``.
    table : DataFrame
        A row a measure and variant, grouped by question: ``question``, ``measure``, ``unit``, ``variant``,
        ``base`` (its mean over the pairs), ``difference`` (mean of variant less base), ``low``, ``high``
        (95 % interval by Student's t), ``p_value``, ``p_adjusted`` (Holm, over all rows with a difference in
        some seed), ``verdict`` (``up``, ``down`` or ``no sign yet``), ``seeds_needed`` (would show a
        difference as large as this one, 80 times in 100, among so many comparisons; null where there is a
        sign), ``n`` (pairs), ``reason`` (why a number is missing or to be doubted). Base and difference of
        hedging measures are those of ``laboratory`` where it has a value.
    laboratory : DataFrame
        What the laboratory's replay of each run's price path does for the volatility reductions, as control
        variate from 8 seeds on: a row a measure's level (``variant`` is the base) and one a difference, with
        ``value``, ``low``, ``high`` (95 % interval), the same without the replay (``plain``, ``plain_low``,
        ``plain_high``), ``variance_ratio`` (squared standard error with over without), ``expected`` (the
        replay over 10,000 simulated paths), ``seen`` (over these), ``n``, ``reason`` (why there is none).
    unchanged : tuple of str
        Measures that differ in no pair of runs; they have no rows.
    without_value : tuple of str
        Measures that no pair of runs has a value of; they have no rows.
    notes : tuple of str
        What a reader has to know: failed runs, precision reached or not.
    """

    base: str
    variants: tuple[str, ...]
    scenarios: dict[str, Scenario]
    seeds: tuple[int, ...]
    runs: pd.DataFrame
    table: pd.DataFrame
    laboratory: pd.DataFrame
    unchanged: tuple[str, ...]
    without_value: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def tests(self) -> int:
        """Number of comparisons that p-values are adjusted for."""
        return int(self.table["p_adjusted"].notna().sum())

    @property
    def labels(self) -> dict[str, str]:
        """Plain name of each measure of the runs."""
        found = {measure.name: measure.label for measure in measures_of(self.runs)}
        return found | {name: MEASURES[name].label for name in OF_ALL_RUNS}

    def write(self, folder: str | Path, *, command: str | None = None) -> Path:
        """Write a folder of kind ``compare`` and return where it stands; ``sitsim report`` makes its page.

        Parameters
        ----------
        folder : str or Path
            Wanted place; an existing folder is never touched, the new one takes the next free name.
        command : str, optional
            Command that makes the same comparison, for the page.

        Raises
        ------
        RunFolderError
            If it cannot be written.
        """
        from abm.experiments.comparison_folder import write_comparison

        return write_comparison(self, folder, command)


def compare(
    variants: Mapping[str, Given] | Sequence[Scenario | str | Path],
    *,
    grid: Mapping[str, Sequence[Any]] | None = None,
    common: Mapping[str, Any] | None = None,
    seeds: Iterable[int] = range(1, 17),
    days: int | None = None,
    population_seed: int | None = None,
    precision: Mapping[str, float] | None = None,
    most_seeds: int = MOST_SEEDS,
    jobs: int = 2,
    out: Path | str | None = None,
    progress: bool = False,
    run_function: RunFunction | None = None,
) -> Comparison:
    """Run variants of a market on common seeds and return their paired differences to the first of them.

    Parameters
    ----------
    variants : mapping of str to object, or sequence
        By name: a scenario, its name or path; fields that change the base; or a pair of both. The first is
        the base; fields alone there change ``baseline``. A sequence holds scenarios, which have names of
        their own.
    grid : mapping of str to sequence, optional
        Values of dotted fields: each combination is one more variant of the base, named by its values; the
        base's own is left out.
    common : mapping of str to object, optional
        Values of fields for all variants; a variant's own go before them.
    seeds : iterable of int
        Two at least, the same for every variant.
    days : int, optional
        Trading days, instead of ``run.days``.
    population_seed : int, optional
        Seed of who is there: every run has the same firms on another price path.
    precision : mapping of str to float, optional
        Half-width that the interval of a measure shall have, in its unit, in every variant: seeds are added,
        at most as many again each time, until it is so narrow or there are ``most_seeds``.
    most_seeds : int
        Bound of the seeds that ``precision`` adds.
    jobs : int
        Processes; with 1 the runs are made one by one in this process.
    out : Path or str, optional
        Folder of the run folders. Runs finished there before are read, not repeated. A temporary one if
        absent.
    progress : bool
        Draw a progress bar on stderr.
    run_function : callable, optional
        What makes one run; ``abm.market.run`` if absent.

    Returns
    -------
    Comparison

    Raises
    ------
    ParameterError, ScenarioError, RunFolderError
        Before anything runs: fewer than two seeds, no variant, two of one name or of one market, a field or a
        value that is not allowed, a market that cannot be built, an ``out`` that cannot be written.
    SitsimError
        If no pair of runs is left.
    KeyboardInterrupt
        If interrupted, saying how many runs are kept where; the same call goes on from there.

    Notes
    -----
    Intervals are of one comparison each; the verdicts hold for all of them together (Holm 1979). Stopping at
    a width that was asked for makes intervals a little too narrow. Processes are started afresh, as for
    ``sweep``.
    """
    jobs = whole_number("jobs", jobs, least=1)
    chosen = seed_list(seeds)
    if len(chosen) < FEWEST_SEEDS:
        raise ParameterError(f"seeds: {len(chosen)} is not >= {FEWEST_SEEDS}: one alone has no interval")
    widths = _widths(precision)
    most = whole_number("most_seeds", most_seeds, least=FEWEST_SEEDS)
    fixed = _fixed(common, days, population_seed, out)
    scenarios = named_scenarios(variants, grid, fixed)
    if run_function is None:
        require_each_feasible(scenarios, chosen[0])
    design = _Design(scenarios, run_function or market_run, jobs, progress, out)
    base, *others = scenarios
    with place_of_runs(out) as folder:
        rows = design.rows(chosen, folder)
        runs = design.frame(rows)
        controls = PathControls(scenarios)
        controls.add(rows)
        while more := _more_seeds(runs, base, others, chosen, widths, most, controls):
            chosen = chosen + more
            rows += design.rows(more, folder, made=len(rows))
            runs = design.frame(rows)
            controls.add(rows)
        notes = _failures(runs, base) + [
            _reached(runs, base, others, name, width, len(chosen), controls) for name, width in widths.items()
        ]
        # Bills and price paths are read where the runs are, which may be for the time being only.
        together, said = with_across(runs, controls.folders)
        found = find_differences(together, base, others, controls)
    return Comparison(
        base, tuple(others), scenarios, tuple(chosen), runs, found.table, found.laboratory, found.unchanged,
        found.without_value, (*notes, *said),
    )  # fmt: skip


@dataclass(frozen=True)
class _Design:
    """The markets, and how their runs are made."""

    scenarios: dict[str, Scenario]
    run_function: RunFunction
    jobs: int
    progress: bool
    out: Path | str | None

    def rows(self, seeds: Sequence[int], folder: Path, made: int = 0) -> list[dict[str, Any]]:
        """Make the runs that are not there yet, after so many others, and return a row each."""
        # Seed by seed, so that what an interruption leaves is made of pairs.
        specs = {
            (name, seed): spec_of(scenario, seed, {}, folder)
            for seed in seeds
            for name, scenario in self.scenarios.items()
        }
        try:
            errors = run_unfinished(list(specs.values()), self.run_function, self.jobs, self.progress)
        except KeyboardInterrupt:
            kept = made + sum(spec.folder.is_dir() for spec in specs.values())
            where = f"kept in {self.out}" if self.out is not None else "made, none kept without out"
            raise KeyboardInterrupt(f"{kept} of {made + len(specs)} runs {where}") from None
        rows = []
        for (name, seed), spec in specs.items():
            error = errors.get(spec.folder)
            found = results_of(spec) if error is None else {"error": error}
            rows.append({"variant": name, "seed": seed, **found})
        return rows

    def frame(self, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
        """Return the runs, variants outermost, seeds in their order."""
        import pandas as pd

        runs = pd.DataFrame([row for name in self.scenarios for row in rows if row["variant"] == name])
        last = ["state_hash", "folder", "error"]
        runs = runs.reindex(columns=[*(name for name in runs.columns if name not in last), *last])
        runs[last] = runs[last].astype(object).where(runs[last].notna(), None)
        return runs if self.out is not None else runs.assign(folder=None)


def _fixed(
    common: Any, days: int | None, population_seed: int | None, out: Path | str | None
) -> dict[str, Any]:
    """Return the values that hold for all variants."""
    if common is not None and not isinstance(common, Mapping):
        raise ParameterError(f"common: {shown(common)} is not a mapping of fields to values")
    fixed: dict[str, Any] = dict(common or {})
    if out is None:
        fixed["recording.profile"] = "summary"
    if days is not None:
        fixed["run.days"] = days
    if population_seed is not None:
        fixed["run.population_seed"] = population_seed
    return fixed


def _widths(precision: Any) -> dict[str, float]:
    if precision is None:
        return {}
    if not isinstance(precision, Mapping):
        raise ParameterError(f"precision: {shown(precision)} is not a mapping of measures to half-widths")
    for name in precision:
        if name not in MEASURES:
            raise ParameterError(f"precision: {shown(name)} is not a measure{_near(name)}")
        if name in OF_ALL_RUNS:
            raise ParameterError(f"precision: {name} is not a measure of one run, whose seeds can be added")
    return {
        name: finite_number(f"precision of {name}", width, above=0.0) for name, width in precision.items()
    }


def _near(name: Any) -> str:
    from difflib import get_close_matches

    near = get_close_matches(str(name), MEASURES, n=1)
    return f" (did you mean {near[0]}?)" if near else f" (e.g. {', '.join(list(MEASURES)[:3])})"


def _more_seeds(
    runs: pd.DataFrame,
    base: str,
    variants: Sequence[str],
    seeds: Sequence[int],
    widths: Mapping[str, float],
    most: int,
    controls: PathControls,
) -> list[int]:
    """Return the seeds to add: as many as the spread so far asks for, at most as many as there are."""
    wanted = len(seeds)
    for measure, width in widths.items():
        if measure not in runs:
            continue
        for found in half_widths(runs, base, measure, variants, controls):
            if found.half_width > width:
                needed = int(inference().seeds_needed(found.sd, half_width=width))
                wanted = max(wanted, needed, len(seeds) + 1)
    wanted = min(wanted, 2 * len(seeds), max(most, len(seeds)))
    first = max(seeds) + 1
    return list(range(first, first + wanted - len(seeds)))


def _reached(
    runs: pd.DataFrame,
    base: str,
    variants: Sequence[str],
    measure: str,
    width: float,
    seeds: int,
    controls: PathControls,
) -> str:
    """Say how narrow the interval of a measure has become."""
    label, unit = MEASURES[measure].label, MEASURES[measure].unit
    found = list(half_widths(runs, base, measure, variants, controls)) if measure in runs else []
    if not found:
        return f"{label}: no interval to narrow"
    widest = max(found, key=lambda one: one.half_width)
    said = f"{label}: with {seeds} seeds the widest interval is +/- {widest.half_width:.3g} {unit}"
    if widest.half_width <= width:
        return f"{said}, as asked for (+/- {width:g})"
    return f"{said} ({widest.variant}), wider than the +/- {width:g} asked for: no more seeds are added"


def _failures(runs: pd.DataFrame, base: str) -> list[str]:
    """Say which runs failed; raise if no pair is left."""
    failed = runs[runs["error"].notna()]
    lines = [f"{row.variant}, seed {row.seed} failed: {row.error}" for row in failed.itertuples()]
    lost = set(failed.loc[failed["variant"] == base, "seed"])
    others = runs[(runs["variant"] != base) & runs["error"].isna() & ~runs["seed"].isin(lost)]
    if others.empty:
        raise SitsimError(f"no pair of runs is left; {lines[0]}")
    if not lines:
        return []
    count = "1 of" if len(lines) == 1 else f"{len(lines)} of"
    return [f"{count} {len(runs)} runs failed; their pairs are left out", *lines]
