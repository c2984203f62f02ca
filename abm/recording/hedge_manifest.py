"""What the manifest of a folder of kind ``hedge`` must say, and what it may."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from abm.core.errors import RunFolderError
from abm.recording.drafts import shown
from abm.recording.hedge_schemas import CONVENTIONS, HEDGE_FORMAT, HEDGE_TABLES, KIND, all_tables
from abm.recording.manifest import (
    CHECKSUMS,
    Wanted,
    digest_fault,
    format_fault,
    is_count,
    is_map_of,
    is_number,
    is_text,
    key_fault,
    kind_fault,
    parsed_manifest,
)


def read_hedge_manifest(path: Path) -> dict[str, Any]:
    """Read and check the manifest of a hedging study.

    Raises
    ------
    RunFolderError
        If it is missing, unreadable, damaged, of another kind or a newer format, or lacks what it must say.
    """
    manifest = parsed_manifest(path)
    wrong = _fault(manifest)
    if wrong:
        raise RunFolderError(f"{shown(path)}: {wrong}")
    return manifest


def content_fault(manifest: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the facts of a study, as JSON knows them, or None."""
    wrong = key_fault(manifest, _WANTED)
    if wrong:
        return wrong
    allowed = {key: wanted for key, wanted in _ALLOWED.items() if manifest.get(key) is not None}
    wrong = key_fault(manifest, allowed)
    if wrong:
        return wrong
    for key, wanted in _INSIDE.items():
        wrong = key_fault(manifest[key], wanted)
        if wrong:
            return f"key {key!r}: {wrong}"
    advice = manifest.get("advice")
    return None if advice is None else _advice_fault(advice, manifest["programmes"])


def _fault(manifest: Mapping[str, Any]) -> str | None:
    wrong = (
        kind_fault(manifest, KIND)
        or format_fault(manifest.get("format"), HEDGE_FORMAT)
        or content_fault(manifest)
        or key_fault(manifest, _STAMPS)
    )
    if wrong:
        return wrong
    rows = manifest["rows"]
    lacking = [name for name in HEDGE_TABLES if name not in rows]
    if lacking:
        return f"key 'rows': table {lacking[0]!r} is missing"
    unknown = sorted(rows.keys() - all_tables().keys())
    if unknown:
        return f"there is no table {unknown[0]!r} in format {manifest['format']}"
    return digest_fault(manifest)


def _advice_fault(advice: Mapping[str, Any], programmes: list[str]) -> str | None:
    wrong = key_fault(advice, _ADVICE)
    if wrong:
        return f"key 'advice': {wrong}"
    for key in ("programme", "runner_up"):
        name = advice[key]
        if name is not None and name not in programmes:
            return f"key 'advice': {key} {name!r} is not one of {', '.join(programmes)}"
    return None


def _is_length(value: Any) -> bool:
    return is_count(value) and value >= 1


def _is_money(value: Any) -> bool:
    return is_number(value) and value is not None and value >= 0.0


def _is_confidence(value: Any) -> bool:
    return is_number(value) and value is not None and 0.0 < value < 1.0


def _is_convention(value: Any) -> bool:
    return is_text(value) and value in CONVENTIONS


def _or_null(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or fits(value)


def _is_map(value: Any) -> bool:
    return isinstance(value, dict)


def _is_list_of_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(is_text, value))


def _are_names(value: Any) -> bool:
    return _is_list_of_texts(value) and 0 < len(value) == len(set(value))


def _are_pairs(value: Any) -> bool:
    return isinstance(value, list) and all(_is_list_of_texts(pair) and len(pair) == 2 for pair in value)


_TABLE = (_is_map, "a table of keys and values")
_WANTED: Wanted = {
    "name": (is_text, "text"),
    "seed": (is_count, "a whole number from 0"),
    "paths": (_is_length, "a whole number from 1"),
    "mark_every_days": (_is_length, "a whole number from 1"),
    "programmes": (_are_names, "a list of different texts"),
    "process": _TABLE,
    "need": _TABLE,
    "basis": _TABLE,
    "listing": _TABLE,
    "shifts": (_or_null(_is_map), "null or a table of keys and values"),
    "frictions": _TABLE,
    "versions": (is_map_of(is_text), "a table of texts"),
}
REQUIRED_HEDGE_KEYS = tuple(_WANTED)
"""What the manifest of every hedging study must say; the fields of the study's parts are tables."""

_ALLOWED: Wanted = {
    "advice": _TABLE,
    "question": (_are_pairs, "a list of pairs of texts"),
    "command": (is_text, "text"),
}
_INSIDE: dict[str, Wanted] = {
    "process": {"class": (is_text, "text")},
    "listing": {
        "horizon_months": (_is_length, "a whole number from 1"),
        "days_per_month": (_is_length, "a whole number from 1"),
    },
    "frictions": {
        "cash_usd": (_or_null(_is_money), "null or a number from 0"),
        "credit_usd": (_is_money, "a number from 0"),
        "liquidity": (
            lambda value: is_text(value) and value in CONVENTIONS,
            f"one of {', '.join(CONVENTIONS)}",
        ),
    },
}
_ADVICE: Wanted = {
    "programme": (is_text, "text"),
    "runner_up": (_or_null(is_text), "null or text"),
    "confidence": (_is_confidence, "a number between 0 and 1"),
    "money_usd": (_or_null(_is_money), "null or a number from 0"),
    "sentences": (_is_list_of_texts, "a list of texts"),
}
_STAMPS: Wanted = {"rows": (is_map_of(is_count), "a table of whole numbers from 0"), **CHECKSUMS}
