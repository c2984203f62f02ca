"""Levels and paired differences of a comparison, sharpened by the laboratory's replay where there is one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from abm.core.arrays import FloatArray
from abm.core.neighbours import neighbour_module
from abm.experiments.intervals import CONFIDENCE
from abm.experiments.path_controls import CONTROLLED, Control, PathControls

if TYPE_CHECKING:
    import pandas as pd


LABORATORY_COLUMNS = (
    "measure", "variant", "value", "low", "high", "plain", "plain_low", "plain_high", "variance_ratio",
    "expected", "seen", "n", "reason",
)  # fmt: skip


class Sharpened(NamedTuple):
    """A paired difference as the table has it, and how its two parts were found.

    Parameters
    ----------
    difference : PairedDifference
        Of the analysis package; base and difference with the replay where there is one.
    level_line, difference_line : dict or None
        Rows of ``Comparison.laboratory``; None for a measure without a control.
    """

    difference: Any
    level_line: dict[str, Any] | None
    difference_line: dict[str, Any] | None


def inference() -> Any:
    """Return the statistics that the analysis package has of paired differences."""
    return neighbour_module("analysis", "inference")


def sides(runs: pd.DataFrame, base: str, variant: str, measure: str) -> tuple[FloatArray, FloatArray]:
    """Return a measure of base and variant, seed by seed; NaN where a run failed or has no value.

    Parameters
    ----------
    runs : DataFrame
        ``variant``, ``seed``, metrics, ``error``; every variant with the same seeds in the same order.
    base, variant : str
        Their names.
    measure : str
        Column of the runs.
    """
    known = runs[measure].astype(float).where(runs["error"].isna())
    first, second = (
        np.asarray(known[(runs["variant"] == name).to_numpy()], dtype=np.float64) for name in (base, variant)
    )
    return first, second


def is_nothing(found: Any) -> bool:
    """Say whether a paired difference is zero in every seed."""
    return bool(found.difference == found.sd == 0.0)


def sharpened(
    runs: pd.DataFrame, base: str, variant: str, measure: str, controls: PathControls | None
) -> Sharpened:
    """Return the paired difference of a measure, with the laboratory's replay as control where there is one.

    Parameters
    ----------
    runs, base, variant, measure
        As for ``sides``.
    controls : PathControls, optional
        Replays of these runs; without them all differences are plain.
    """
    first, second = sides(runs, base, variant, measure)
    found = inference().paired_difference(first, second, confidence=CONFIDENCE)
    if controls is None or measure not in CONTROLLED or found.n == 0 or is_nothing(found):
        return Sharpened(found, None, None)
    seeds = runs.loc[runs["variant"] == base, "seed"].tolist()
    level, level_line = _estimate(measure, base, first, controls.of_level(measure, base, seeds))
    change, line = _estimate(
        measure, variant, second - first, controls.of_difference(measure, base, variant, seeds)
    )
    if level is not None:
        found = found._replace(base=level.mean)
    if change is not None:
        found = found._replace(
            difference=change.mean,
            low=change.low,
            high=change.high,
            p_value=change.p_value,
            sd=change.sd,
            reason=change.reason,
        )
    return Sharpened(found, level_line, line)


def _estimate(
    measure: str, variant: str, values: FloatArray, control: Control | str
) -> tuple[Any | None, dict[str, Any]]:
    """Return the estimate with its control, None where there is none, and the row that tells of it."""
    plain = inference().mean_interval(values, confidence=CONFIDENCE)
    line = dict.fromkeys(LABORATORY_COLUMNS, math.nan) | {
        "measure": measure,
        "variant": variant,
        "plain": plain.mean,
        "plain_low": plain.low,
        "plain_high": plain.high,
        "n": plain.n,
    }
    if isinstance(control, str):
        return None, line | {"reason": control}
    missing = int((~np.isfinite(values)).sum())
    if missing:
        return None, line | {"reason": f"{missing} of {len(values)} seeds have no value"}
    found = inference().control_variate(
        values,
        control.values,
        control.expectation,
        expectation_error=control.error,
        slopes=control.slope,
        confidence=CONFIDENCE,
    )
    if not math.isfinite(found.low):
        return None, line | {"reason": found.reason}
    return found, line | {
        "value": found.mean,
        "low": found.low,
        "high": found.high,
        "variance_ratio": found.variance_ratio,
        "expected": control.expectation,
        "seen": float(control.values.mean()),
        "reason": "",
    }


def laboratory_table(found: Sequence[Sharpened]) -> pd.DataFrame:
    """Return what the replays did: a row a measure's level, and one a difference, in the table's order."""
    import pandas as pd

    rows = pd.DataFrame(list(_lines(found)), columns=list(LABORATORY_COLUMNS))
    texts = ("measure", "variant", "reason")
    kinds = {name: "float64" for name in LABORATORY_COLUMNS if name not in texts} | {"n": "int64"}
    return rows.astype(kinds)


def _lines(found: Sequence[Sharpened]) -> Iterator[dict[str, Any]]:
    told = set()
    for each in found:
        if each.level_line is not None and each.level_line["measure"] not in told:
            told.add(each.level_line["measure"])
            yield each.level_line
        if each.difference_line is not None:
            yield each.difference_line
