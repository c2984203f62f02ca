"""How differences between variants read: numbers with their units, verdicts, and the answer in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from ..wording import NOT_AVAILABLE, counted

NO_SIGN = "no sign yet"
DOUBT = "few and skewed"
"""How the reason begins where an interval rests on few, skewed differences."""

MOST_SENTENCES = 5
MOST_SENTENCES_EACH = 3
"""Differences with a sign that are told in sentences: of a variant alone, and of each of several."""

_SHARE = "share"


def value(number: float, unit: str) -> str:
    """Return a value of a measure without its unit, a share in percent, e.g. ``0.00292`` or ``31.2 %``."""
    if not math.isfinite(number):
        return NOT_AVAILABLE
    return f"{_digits(100.0 * number)} %" if unit == _SHARE else _digits(number)


def change(number: float, unit: str) -> str:
    """Return a difference with its sign, of shares in percentage points."""
    if not math.isfinite(number):
        return NOT_AVAILABLE
    shown = _digits(100.0 * abs(number) if unit == _SHARE else abs(number), 3)
    return f"{'-' if number < 0 else '+' if number > 0 else ''}{shown}{' pp' if unit == _SHARE else ''}"


def interval(low: float, high: float, unit: str) -> str:
    """Return the interval of a difference."""
    if not math.isfinite(low) or not math.isfinite(high):
        return NOT_AVAILABLE
    return f"{change(low, unit).removesuffix(' pp')} to {change(high, unit)}"


def named_unit(unit: str) -> str:
    """Return a unit as it follows a comma after the label; a share has none of its own."""
    return "" if unit in ("", _SHARE) else unit


def in_percent(difference: float, base: float) -> float:
    """Return a difference in percent of the base, NaN where that says nothing."""
    return 100.0 * difference / abs(base) if base and math.isfinite(base) else math.nan


def judgement(row: Mapping[Any, Any]) -> str:
    """Return what a row shows: ``up``, ``down``, how many seeds would show it, or why that is not known."""
    if row["verdict"] != NO_SIGN:
        return str(row["verdict"])
    seeds = row["seeds_needed"]
    if not pd.isna(seeds):
        return f"{NO_SIGN}, {about(int(seeds))} seeds would show it"
    if row["difference"] == 0.0:
        return "no difference in any seed" if row["low"] == row["high"] else NO_SIGN
    return f"{NO_SIGN}: {row['reason']}" if row["reason"] else NO_SIGN


def about(seeds: int) -> str:
    """Return a number of seeds, an estimate, rounded up: ``about 40``."""
    if seeds > 1_000_000:
        return "more than a million"
    step = 1 if seeds < 20 else 5 if seeds < 100 else 10 ** (len(str(seeds)) - 2)
    return f"about {-(-seeds // step) * step:,}"


def is_doubted(row: Mapping[Any, Any]) -> bool:
    """Say whether the interval of a row rests on few, skewed differences."""
    return str(row["reason"]).startswith(DOUBT)


def sentences(
    table: pd.DataFrame, labels: Mapping[str, str], *, base: str, variants: Sequence[str], seeds: int
) -> list[str]:
    """Return the answer: how many differences have a sign, and the surest of each variant.

    Parameters
    ----------
    table : DataFrame
        ``Comparison.table``.
    labels : mapping of str to str
        Plain name of each measure.
    base : str
        Name of the base.
    variants : sequence of str
        Names of the others.
    seeds : int
        Seeds that were run.
    """
    signed = table[table["verdict"] != NO_SIGN]
    tests = int(table["p_adjusted"].notna().sum())
    against = variants[0] if len(variants) == 1 else counted(len(variants), "variant")
    has = "has" if len(signed) == 1 else "have"
    found = f"{len(signed)} of {counted(tests, 'difference')} {has} a sign" if len(signed) else "none"
    if not len(signed):
        found = f"none of {counted(tests, 'difference')} has a sign yet"
    said = [f"{against} against {base}, over {counted(seeds, 'paired seed')}: {found}."]
    is_alone = len(variants) == 1
    for variant in variants:
        mine = signed[signed["variant"] == variant]
        told = _surest(mine, labels, MOST_SENTENCES if is_alone else MOST_SENTENCES_EACH)
        said += [f"{line[:1].upper()}{line[1:]}" if is_alone else f"{variant}: {line}" for line in told]
    return said


def _surest(rows: pd.DataFrame, labels: Mapping[str, str], most: int) -> Iterable[str]:
    """Yield a sentence for each of the differences that are farthest from zero in their own error."""
    error = (rows["high"] - rows["low"]) / 2.0
    order = (rows["difference"].abs() / error.where(error > 0.0)).fillna(math.inf)
    ranked = rows.loc[order.sort_values(ascending=False, kind="stable").index]
    for row in ranked.head(most).to_dict("records"):
        label, unit = labels[row["measure"]], named_unit(row["unit"])
        share = in_percent(row["difference"], row["base"])
        relative = f", {share:+,.3g} %" if math.isfinite(share) and abs(share) < 1e4 else ""
        if row["unit"] == _SHARE:
            relative = ""
        yield (
            f"{label} {row['verdict']} by {change(abs(row['difference']), row['unit']).lstrip('+')}"
            f"{f' {unit}' if unit else ''}{relative}, from {value(row['base'], row['unit'])} "
            f"(95 % interval {interval(row['low'], row['high'], row['unit'])})."
        )
    if len(ranked) > most:
        yield f"and {len(ranked) - most:,} more in the table."


ENOUGH_SEEDS = 16
"""Seeds from which intervals of skewed differences hold the truth in nine cases of ten or more."""


def warnings(table: pd.DataFrame, seeds: int) -> list[str]:
    """Return what is to be doubted: intervals of skewed differences over few seeds."""
    doubted = sum(is_doubted(row) for row in table.to_dict("records"))
    if not doubted:
        return []
    are = "difference is" if doubted == 1 else "differences are"
    more = f"{ENOUGH_SEEDS} seeds or more help" if seeds < ENOUGH_SEEDS else "more seeds help"
    return [
        f"Warning: {doubted} {are} skewed and {counted(seeds, 'seed')} few for that: an interval marked * "
        f"may be too short ({more})."
    ]


LABORATORY_HEADER = ("measure", "variant", "base level, 95 % interval", "its variance", "of the difference")
LABORATORY_HEADING = "What the laboratory's replay of each run's price path brings"


def laboratory_rows(
    laboratory: pd.DataFrame, table: pd.DataFrame, labels: Mapping[str, str], base: str
) -> list[list[str]]:
    """Return rows of ``LABORATORY_HEADER``: level and gain of each measure, and the gain of each difference.

    Parameters
    ----------
    laboratory, table : DataFrame
        ``Comparison.laboratory`` and ``Comparison.table``.
    labels : mapping of str to str
        Plain name of each measure.
    base : str
        Name of the base.
    """
    units = dict(zip(table["measure"], table["unit"], strict=True))
    found = []
    for measure, rows in laboratory.groupby("measure", sort=False):
        own = rows[rows["variant"] == base].iloc[0]
        first = [labels.get(str(measure), str(measure)), _level(own, units[measure]), _gain(own)]
        for row in rows[rows["variant"] != base].to_dict("records"):
            found.append([first[0], str(row["variant"]), *first[1:], _gain(row)])
            first = ["", "", ""]
    return found


def laboratory_words(laboratory: pd.DataFrame) -> str:
    """Return what the replay is and how its gain is meant."""
    used = laboratory["variance_ratio"].notna()
    if not used.any():
        return f"No replay of the laboratory: {'; '.join(dict.fromkeys(laboratory['reason']))}."
    return (
        "The laboratory replays the enterprises' hedge without frictions on the price path of each run. How "
        "far that is from its expected value over simulated paths is taken off level and difference, above "
        "too (a control variate). Variance x 0.25 is what four times as many seeds would give; above x 1 "
        "the replay costs more than it brings, and stays: choosing by the result would deceive."
    )


def _level(row: Mapping[Any, Any] | pd.Series, unit: str) -> str:
    with_replay = math.isfinite(row["value"])
    names = ("value", "low", "high") if with_replay else ("plain", "plain_low", "plain_high")
    mean, low, high = (float(row[name]) for name in names)
    if not math.isfinite(low):
        return value(mean, unit)
    return f"{value(mean, unit)} ({value(low, unit).removesuffix(' %')} to {value(high, unit)})"


def _gain(row: Mapping[Any, Any] | pd.Series) -> str:
    ratio = float(row["variance_ratio"])
    return f"x {ratio:.2f}" if math.isfinite(ratio) else f"no replay: {row['reason']}"


def conventions(tests: int) -> str:
    """Return how intervals and verdicts are meant."""
    return (
        "Differences are means over pairs of runs with the same seed, variant less base; intervals are 95 % "
        "(Student's t), each for itself. Up and down hold for all "
        f"{counted(tests, 'comparison')} of the table together, at 5 % (Holm 1979): an interval may leave "
        "out zero where there is no sign yet. About so many seeds would show it: that takes the difference "
        "seen for the true one."
    )


def listed(names: Iterable[str], labels: Mapping[str, str]) -> str:
    """Return the plain names of measures, with semicolons."""
    return "; ".join(labels.get(name, name) for name in names)


def _digits(number: float, digits: int = 4) -> str:
    """Return a number with so many digits, or all before the point, never with an exponent above 1e-6."""
    if number == 0.0:
        return "0"
    size = math.floor(math.log10(abs(number)))
    if size < -7:
        return f"{number:.1e}"
    places = max(digits - 1 - size, 0)
    text = f"{number:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
