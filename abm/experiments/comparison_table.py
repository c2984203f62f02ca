"""Paired differences of every measure and variant, with what they prove: the table of a comparison."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from abm.experiments.controlled import Sharpened, inference, is_nothing, laboratory_table, sharpened
from abm.experiments.intervals import CONFIDENCE
from abm.experiments.measures import LEFT_OUT, MEASURES, QUESTIONS, Measure, measure_of

if TYPE_CHECKING:
    import pandas as pd

    from abm.experiments.path_controls import PathControls

FACTS = ("variant", "seed", "state_hash", "folder", "error")
"""Columns of the runs that are no metric."""

TABLE_COLUMNS = (
    "question", "measure", "unit", "variant", "base", "difference", "low", "high", "p_value", "p_adjusted",
    "verdict", "seeds_needed", "n", "reason",
)  # fmt: skip

NO_SIGN = "no sign yet"
"""Verdict on a difference whose sign the seeds do not show."""


class Findings(NamedTuple):
    """The table, and the measures that have no row in it.

    Parameters
    ----------
    table : DataFrame
        See ``Comparison``.
    laboratory : DataFrame
        What the replays did; see ``Comparison``.
    unchanged : tuple of str
        Measures whose every difference is zero, in every variant.
    without_value : tuple of str
        Measures that no pair of runs has a value of.
    """

    table: pd.DataFrame
    laboratory: pd.DataFrame
    unchanged: tuple[str, ...]
    without_value: tuple[str, ...]


def measures_of(runs: pd.DataFrame) -> list[Measure]:
    """Return the measures that runs have, in the order of tables."""
    columns = [name for name in runs.columns if name not in (*FACTS, *LEFT_OUT)]
    found = [MEASURES[name] for name in MEASURES if name in columns]
    return found + [measure_of(name) for name in columns if name not in MEASURES]


def find_differences(
    runs: pd.DataFrame, base: str, variants: Sequence[str], controls: PathControls | None = None
) -> Findings:
    """Return what every variant changes in every measure, adjusted over all of them together.

    Parameters
    ----------
    runs : DataFrame
        As for ``sides``.
    base : str
        Its name.
    variants : sequence of str
        The others.
    controls : PathControls, optional
        Replays of these runs.
    """
    found: list[_Compared] = []
    unchanged, without_value = [], []
    for measure in sorted(measures_of(runs), key=lambda one: list(QUESTIONS).index(one.question)):
        of_all = [
            _Compared(measure, variant, sharpened(runs, base, variant, measure.name, controls))
            for variant in variants
        ]
        with_pairs = [one.difference for one in of_all if one.difference.n > 0]
        if not with_pairs:
            without_value.append(measure.name)
        elif all(map(is_nothing, with_pairs)):
            unchanged.append(measure.name)
        else:
            found += of_all
    laboratory = laboratory_table([one.sharpened for one in found])
    return Findings(_table(found), laboratory, tuple(unchanged), tuple(without_value))


def half_widths(
    runs: pd.DataFrame,
    base: str,
    measure: str,
    variants: Sequence[str],
    controls: PathControls | None = None,
) -> Iterator[HalfWidth]:
    """Yield how wide the interval of a measure is in each variant; none where there is no interval."""
    for variant in variants:
        found = sharpened(runs, base, variant, measure, controls).difference
        if math.isfinite(found.low) and math.isfinite(found.high):
            yield HalfWidth(variant, (found.high - found.low) / 2.0, float(found.sd))


class HalfWidth(NamedTuple):
    """Half the width of the interval of a paired difference, and the standard deviation behind it."""

    variant: str
    half_width: float
    sd: float


class _Compared(NamedTuple):
    """One row: a measure, a variant, and its paired difference."""

    measure: Measure
    variant: str
    sharpened: Sharpened

    @property
    def difference(self) -> Any:
        """The paired difference as the table has it."""
        return self.sharpened.difference


def _table(found: Sequence[_Compared]) -> pd.DataFrame:
    """Return the table, p-values adjusted by Holm over all rows, and what each row shows or would take."""
    import pandas as pd

    statistics = inference()
    # A difference that is zero in every seed tests nothing: its p-value of 1 could never be the smallest.
    p_values = np.array(
        [math.nan if is_nothing(one.difference) else one.difference.p_value for one in found],
        dtype=np.float64,
    )
    tests = int(np.isfinite(p_values).sum())
    rows = []
    for one, adjusted in zip(found, statistics.holm(p_values), strict=True):
        judged = statistics.verdict(
            one.difference, adjusted, confidence=CONFIDENCE, comparisons=max(tests, 1)
        )
        numbers = ("base", "difference", "low", "high", "p_value", "n", "reason")
        rows.append(
            {
                "question": one.measure.question,
                "measure": one.measure.name,
                "unit": one.measure.unit,
                "variant": one.variant,
                **{name: getattr(one.difference, name) for name in numbers},
                "p_adjusted": float(adjusted),
                "verdict": judged.word,
                "seeds_needed": judged.seeds if judged.word == NO_SIGN else None,
            }
        )
    floats = ("base", "difference", "low", "high", "p_value", "p_adjusted")
    kinds = dict.fromkeys(floats, "float64") | {"seeds_needed": "Int64", "n": "int64"}
    return pd.DataFrame(rows, columns=list(TABLE_COLUMNS)).astype(kinds)
