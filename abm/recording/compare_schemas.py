"""What a folder of kind ``compare`` holds: one Arrow schema a table, and what its manifest must say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from abm.recording.columns import column, schema, text, whole_number
from abm.recording.manifest import (
    CHECKSUMS,
    Wanted,
    digest_fault,
    format_fault,
    is_count,
    is_map_of,
    is_text,
    key_fault,
    kind_fault,
)

COMPARE_KIND = "compare"
COMPARE_FORMAT = 2
"""Version of the layout; it changes when a table or column changes."""

ADDED_IN = {"laboratory": 2}
"""Format that brought each table which folders of the first do not have; it is empty for them."""

_BY_UNIT = "that of the row"


def _maybe(name: str, units: str, description: str) -> pa.Field:
    return column(name, pa.float64(), units, description, nullable=True)


def _maybe_text(name: str, description: str) -> pa.Field:
    return column(name, pa.string(), "text", description, nullable=True)


_VARIANT = text("variant", "Name of the variant.")
_SEED = whole_number("seed", "seed", "Seed of the run.")
_MEASURE = text("measure", "Key of the run's metrics.")

COMPARE_TABLES: dict[str, pa.Schema] = {
    "differences": schema(
        "What each variant changes in each measure, over paired seeds.",
        text("question", "What the measure is about."),
        _MEASURE,
        text("label", "Its plain name."),
        text("unit", "Its unit; share is a share of one."),
        _VARIANT,
        _maybe("base", _BY_UNIT, "Mean of the base over the pairs."),
        _maybe("difference", _BY_UNIT, "Mean of variant less base."),
        _maybe("low", _BY_UNIT, "Lower end of its 95 % interval."),
        _maybe("high", _BY_UNIT, "Upper end of its 95 % interval."),
        _maybe("p_value", "probability", "Two-sided, of no difference."),
        _maybe("p_adjusted", "probability", "The same by Holm, over all rows together."),
        text("verdict", "up, down or no sign yet."),
        column("seeds_needed", pa.int64(), "seeds", "Would show a difference as large.", nullable=True),
        whole_number("n", "pairs", "Pairs of runs."),
        text("reason", "Why a number is missing or to be doubted; empty if it is not."),
    ),
    "laboratory": schema(
        "What the replay of each run's price path does for a level of the base or for a difference.",
        _MEASURE,
        text("variant", "Name of the variant of a difference; that of the base for its level."),
        _maybe("value", _BY_UNIT, "Estimate with the replay as control variate; null without one."),
        _maybe("low", _BY_UNIT, "Lower end of its 95 % interval."),
        _maybe("high", _BY_UNIT, "Upper end of its 95 % interval."),
        _maybe("plain", _BY_UNIT, "Mean over the seeds without the replay."),
        _maybe("plain_low", _BY_UNIT, "Lower end of its 95 % interval."),
        _maybe("plain_high", _BY_UNIT, "Upper end of its 95 % interval."),
        _maybe("variance_ratio", "1", "Squared standard error with the replay over that without."),
        _maybe("expected", _BY_UNIT, "Expected value of the replay."),
        _maybe("seen", _BY_UNIT, "Mean of the replay over these seeds."),
        whole_number("n", "seeds", "Seeds with a value."),
        text("reason", "Why there is no replay; empty if there is one."),
    ),
    "runs": schema(
        "One row a run.",
        _VARIANT,
        _SEED,
        _maybe_text("folder", "Run folder, as seen from this folder; null where none was kept."),
        _maybe_text("state_hash", "State hash of the run; null where it failed."),
        _maybe_text("error", "Why it failed; null where it did not."),
    ),
    "metrics": schema(
        "One row a run and measure.",
        _VARIANT,
        _SEED,
        _MEASURE,
        _maybe("value", "that of the measure", "Value; null where the run has none."),
    ),
}
"""Tables of such a folder; an older one lacks those of ``ADDED_IN``."""


def _is_list_of_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(is_text, value))


def _are_seeds(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 1 and all(map(is_count, value))


def _are_rows(width: int) -> Any:
    return lambda value: (
        isinstance(value, list) and all(_is_list_of_texts(row) and len(row) == width for row in value)
    )


_TEXTS = (_is_list_of_texts, "a list of texts")
_WANTED: Wanted = {
    "base": (is_text, "text"),
    "variants": _TEXTS,
    "changes": (is_map_of(_are_rows(3)), "a table of lists of field, value in the base, and own value"),
    "seeds": (_are_seeds, "a list of two seeds or more"),
    "asked": (_are_rows(2), "a list of pairs of texts"),
    "headings": (is_map_of(is_text), "a table of texts"),
    "labels": (is_map_of(is_text), "a table of texts"),
    "unchanged": _TEXTS,
    "without_value": _TEXTS,
    "notes": _TEXTS,
    "tests": (is_count, "a whole number from 0"),
    "versions": (is_map_of(is_text), "a table of texts"),
}
REQUIRED_COMPARE_KEYS = tuple(_WANTED)
"""What the manifest of every comparison must say; ``command`` it may."""

_STAMPS: Wanted = {"rows": (is_map_of(is_count), "a table of whole numbers from 0"), **CHECKSUMS}


def tables_of(number: int) -> tuple[str, ...]:
    """Return the names of the tables that folders of a format have."""
    return tuple(name for name in COMPARE_TABLES if ADDED_IN.get(name, 1) <= number)


def content_fault(manifest: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the facts of a comparison, as JSON knows them, or None."""
    allowed: Wanted = {"command": (is_text, "text")} if manifest.get("command") is not None else {}
    return key_fault(manifest, _WANTED) or key_fault(manifest, allowed)


def manifest_fault(manifest: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the manifest of a comparison, or None."""
    wrong = (
        kind_fault(manifest, COMPARE_KIND)
        or format_fault(manifest.get("format"), COMPARE_FORMAT)
        or content_fault(manifest)
        or key_fault(manifest, _STAMPS)
    )
    if wrong:
        return wrong
    tables = tables_of(manifest["format"])
    if manifest["rows"].keys() != set(tables):
        return f"key 'rows' is not of {', '.join(tables)}"
    return digest_fault(manifest)
