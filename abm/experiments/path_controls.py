"""What the laboratory says of the price paths of a comparison's runs: controls with known expected values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from abm.core.arrays import FloatArray
from abm.core.neighbours import neighbour_module
from abm.experiments.across import ACROSS
from abm.scenario import Scenario

if TYPE_CHECKING:
    # The laboratory and the spot processes are loaded when a hedging measure is compared.
    from abm.experiments.laboratory import Laboratory, Replayed


FEWEST_SEEDS = 8
"""Seeds from which on controls are used, whatever they bring: with one control the expected variance grows by
a fifth there where it is worth nothing, and falls where its squared correlation is above a sixth."""

FEW_SEEDS = f"fewer than {FEWEST_SEEDS} seeds"

_GROUPS = 100
"""Groups of simulated paths over which the error of an expected value across paths is found; judgement: that
error is then known to 7 %."""

THE_SAME = "the replays are the same"

CONTROLLED = {
    "volatility_reduction_within": "within",
    "volatility_reduction_within_pooled": "within",
    "volatility_reduction_within_weighted": "within",
    "volatility_reduction_within_bills": "within_bills",
    "volatility_reduction_within_bills_weighted": "within_bills",
    ACROSS: "across",
}
"""What the laboratory replays for each measure that has a control."""


class Control(NamedTuple):
    """A control of one value a seed.

    Parameters
    ----------
    values : array of float, shape (seeds,)
        Of the runs' own price paths.
    expectation, error : float
        Expected value over price paths, and its standard error.
    slope : float, optional
        Slope that is taken; by least squares if absent.
    """

    values: FloatArray
    expectation: float
    error: float
    slope: float | None = None


class Seen(NamedTuple):
    """A variant as the laboratory sees it: its runs' paths, and simulated ones."""

    laboratory: Laboratory
    runs: Replayed
    simulated: Replayed


class PathControls:
    """Replays of a comparison's runs, made when they are first asked for.

    Parameters
    ----------
    scenarios : mapping of str to Scenario
        Market of each variant.

    Attributes
    ----------
    folders : dict of (str, int) to Path or None
        Run folder by variant and seed; none where the run failed.
    """

    def __init__(self, scenarios: Mapping[str, Scenario]) -> None:
        self._scenarios = dict(scenarios)
        self.folders: dict[tuple[str, int], Path | None] = {}
        self._spots: dict[tuple[str, int], FloatArray | None] = {}
        self._laboratories: dict[str, Laboratory | str] = {}
        self._simulated: list[tuple[Laboratory, Replayed]] = []
        self._seen: dict[tuple[str, tuple[int, ...]], Seen | str] = {}

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take note of where runs are: ``variant``, ``seed`` and ``folder`` of each, none where it failed."""
        for row in rows:
            folder = row.get("folder")
            self.folders[row["variant"], row["seed"]] = None if folder is None else Path(folder)

    def seen(self, variant: str, seeds: Sequence[int]) -> Seen | str:
        """Return the replays of a variant's runs, or why there are none.

        Parameters
        ----------
        variant : str
            Its name.
        seeds : sequence of int
            Seeds of the runs, in order.
        """
        key = (variant, tuple(seeds))
        if key not in self._seen:
            self._seen[key] = self._replayed(variant, seeds)
        return self._seen[key]

    def of_level(self, measure: str, variant: str, seeds: Sequence[int]) -> Control | str:
        """Return the control of a measure's level in a variant, or why there is none."""
        found = self._enough(variant, seeds)
        return found if isinstance(found, str) else _control(measure, found)

    def of_difference(self, measure: str, base: str, variant: str, seeds: Sequence[int]) -> Control | str:
        """Return the control of a difference: that of the replays, or their level where they are the same."""
        sides = [self._enough(name, seeds) for name in (base, variant)]
        for name, side in zip((base, variant), sides, strict=True):
            if isinstance(side, str):
                return side if side == FEW_SEEDS else f"{name}: {side}"
        ours, theirs = (side for side in sides if not isinstance(side, str))
        if ours.laboratory == theirs.laboratory:
            # Across runs the level's slope would have to be estimated, and pseudo-values are no regressors.
            return THE_SAME if measure == ACROSS else _control(measure, ours)
        return _control(measure, theirs, less=ours)

    def _enough(self, variant: str, seeds: Sequence[int]) -> Seen | str:
        return FEW_SEEDS if len(seeds) < FEWEST_SEEDS else self.seen(variant, seeds)

    def _replayed(self, variant: str, seeds: Sequence[int]) -> Seen | str:
        from abm.experiments.laboratory import laboratory_of

        if variant not in self._laboratories:
            self._laboratories[variant] = laboratory_of(self._scenarios[variant])
        laboratory = self._laboratories[variant]
        if isinstance(laboratory, str):
            return laboratory
        spots = [self._spot(variant, seed, laboratory.listing.last_day + 1) for seed in seeds]
        known = [spot for spot in spots if spot is not None]
        if len(known) < len(spots):
            return f"{len(spots) - len(known)} of {len(spots)} runs have no price path"
        return Seen(laboratory, laboratory.replay(np.stack(known, axis=1)), self._expected(laboratory))

    def _expected(self, laboratory: Laboratory) -> Replayed:
        for other, simulated in self._simulated:
            if other == laboratory:
                return simulated
        self._simulated.append((laboratory, laboratory.simulated()))
        return self._simulated[-1][1]

    def _spot(self, variant: str, seed: int, days: int) -> FloatArray | None:
        from abm.experiments.laboratory import spot_of

        key = (variant, seed)
        if key not in self._spots:
            folder = self.folders.get(key)
            self._spots[key] = None if folder is None else spot_of(folder, days)
        return self._spots[key]


def _control(measure: str, seen: Seen, less: Seen | None = None) -> Control | str:
    """Return a control of a measure, of one variant or of what lies between two."""
    if measure == ACROSS:
        mine = _across(seen)
        return mine if less is None else _between(mine, _across(less))
    kind = CONTROLLED[measure]
    runs, simulated = (getattr(side, kind) for side in (seen.runs, seen.simulated))
    if less is not None:
        runs, simulated = runs - getattr(less.runs, kind), simulated - getattr(less.simulated, kind)
    if not np.isfinite(simulated).all():
        return "fewer than two months"
    return Control(runs, float(simulated.mean()), float(simulated.std(ddof=1)) / len(simulated) ** 0.5)


def _across(seen: Seen) -> Control:
    """Return the replay across paths as one value a seed, and what it is over all simulated paths.

    It measures on the scale of the market, scatter included, and is subtracted as it is: with a slope by
    least squares on pseudo-values, intervals held 80 to 93 % in synthetic markets, subtracted 91 to 96 %.
    """
    laboratory, simulated = seen.laboratory, seen.simulated
    paths = len(simulated.hedged)
    values = neighbour_module("analysis", "inference").jackknife_values(
        partial(laboratory.across, seen.runs), len(seen.runs.hedged)
    )
    everything = laboratory.across(simulated, np.ones((1, paths)))
    # The error over groups of paths: leaving out each of them in turn would take a square of their number.
    groups = np.repeat(np.eye(_GROUPS), paths // _GROUPS, axis=1)
    spread = laboratory.across(simulated, groups).std(ddof=1)
    return Control(values, float(everything[0]), float(spread) / _GROUPS**0.5, slope=1.0)


def _between(of_variant: Control, of_base: Control) -> Control:
    # The errors as if they were independent: those of common paths are smaller.
    error = float(np.hypot(of_variant.error, of_base.error))
    return Control(
        of_variant.values - of_base.values, of_variant.expectation - of_base.expectation, error, 1.0
    )
