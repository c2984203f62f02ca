"""The manifest of a run folder: what it must say, its checksums, and what is wrong with one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from abm.core.calendar import TradingCalendar
from abm.core.contract import ContractSpec
from abm.core.errors import ParameterError, RunFolderError
from abm.recording.drafts import failures_named, reason, shown
from abm.recording.formats import FIRST_WITH_CHECKSUMS, FORMAT
from abm.recording.schemas import PROFILES

NAME = "manifest.json"
REQUIRED_MANIFEST_KEYS = (
    "seed",
    "scenario_name",
    "scenario_sha256",
    "state_hash",
    "versions",
    "counts",
    "metrics",
    "cpu_seconds",
    "contract",
    "calendar",
)
"""What every manifest must say. ``contract`` and ``calendar`` are the fields of ``ContractSpec`` and
``TradingCalendar``; ``counts`` has at least ``messages``; ``cpu_seconds`` is by phase, no phase inside
another."""

OWN_DIGEST = "manifest_sha256"
"""Key of the manifest's own checksum."""

Wanted = Mapping[str, tuple[Callable[[Any], bool], str]]
"""By key of a manifest, what its value must fit, and the words for that."""


def stamped_text(manifest: Mapping[str, Any]) -> str:
    """Return a manifest as JSON text with a checksum of its own; a number that is not finite becomes null."""
    content = plain(dict(manifest))
    content[OWN_DIGEST] = _own_digest(content)
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def read_manifest(path: Path) -> dict[str, Any]:
    """Read and check the manifest of a run of the market.

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


def kind_fault(manifest: Mapping[str, Any], kind: str) -> str | None:
    """Return what is wrong with the kind that a manifest says its folder is of, or None."""
    if manifest.get("kind") == kind:
        return None
    own = f"of kind {manifest['kind']!r}" if "kind" in manifest else "of a run of the market"
    return f"{own}, not of kind {kind!r}"


def parsed_manifest(path: Path) -> dict[str, Any]:
    """Read a manifest of any kind, unchecked but for being a table of keys and values."""
    with failures_named(path, "read"):
        if not path.is_file():
            raise RunFolderError(f"{shown(path.parent)}: {NAME} is missing, so this is not a run folder")
        content = path.read_bytes()
    try:
        manifest = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise RunFolderError(f"{shown(path)}: not valid JSON ({reason(error)})") from error
    if not isinstance(manifest, dict):
        raise RunFolderError(f"{shown(path)}: not a table of keys and values but {_kind(manifest)}")
    return manifest


def _fault(manifest: Mapping[str, Any]) -> str | None:
    """Return what is wrong with a manifest, or None."""
    if "kind" in manifest:
        return f"of kind {manifest['kind']!r}, which is not a run of the market"
    number: Any = manifest.get("format")
    wrong = format_fault(number, FORMAT)
    if wrong:
        return wrong
    wanted = dict(_WANTED)
    if number >= FIRST_WITH_CHECKSUMS:
        wanted |= CHECKSUMS
    wrong = key_fault(manifest, wanted)
    if wrong:
        return wrong
    if not is_count(manifest["counts"].get("messages")):
        return "key 'counts' has no number of messages"
    for key, kind in (("contract", ContractSpec), ("calendar", TradingCalendar)):
        try:
            kind(**manifest[key])
        except (TypeError, ParameterError) as error:
            return f"key {key!r}: {reason(error)}"
    return digest_fault(manifest) if number >= FIRST_WITH_CHECKSUMS else None


def format_fault(number: Any, newest: int) -> str | None:
    """Return why a format cannot be read, or None."""
    if is_count(number) and 1 <= number <= newest:
        return None
    hint = "; a newer version has written it" if is_count(number) and number > newest else ""
    return f"format is {number!r}, this version reads formats 1 to {newest}{hint}"


def key_fault(manifest: Mapping[str, Any], wanted: Wanted) -> str | None:
    """Return the first key that is missing or has a value of a wrong kind, or None."""
    for key, (fits, allowed) in wanted.items():
        if key not in manifest:
            return f"key {key!r} is missing"
        if not fits(manifest[key]):
            return f"key {key!r} is not {allowed}"
    return None


def digest_fault(manifest: Mapping[str, Any]) -> str | None:
    """Return that the content of a manifest is not what its own checksum says, or None."""
    if manifest[OWN_DIGEST] != _own_digest(manifest):
        return "damaged: its content is not what its checksum says"
    return None


def _own_digest(manifest: Mapping[str, Any]) -> str:
    content = {key: value for key, value in manifest.items() if key != OWN_DIGEST}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _kind(value: Any) -> str:
    return {list: "a list", str: "text", type(None): "null"}.get(type(value), "a number")


def is_text(value: Any) -> bool:
    """Say whether a value is text."""
    return isinstance(value, str)


def is_count(value: Any) -> bool:
    """Say whether a value is a whole number from 0."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def is_number(value: Any) -> bool:
    """Say whether a value is a number or null, which stands for one that is not finite."""
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _is_whole_or_text(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))


def is_map_of(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Return the question whether a value is a table whose values all fit."""
    return lambda value: isinstance(value, dict) and all(fits(item) for item in value.values())


def _is_count_or_map(value: Any) -> bool:
    return is_count(value) or is_map_of(is_count)(value)


CHECKSUMS: Wanted = {
    "sha256": (is_map_of(is_text), "a table of texts"),
    OWN_DIGEST: (is_text, "text"),
}

_WANTED: Wanted = {
    "seed": (is_count, "a whole number from 0"),
    "scenario_name": (is_text, "text"),
    "scenario_sha256": (is_text, "text"),
    "state_hash": (is_text, "text"),
    "versions": (is_map_of(is_text), "a table of texts"),
    "counts": (is_map_of(_is_count_or_map), "a table of whole numbers from 0"),
    "metrics": (is_map_of(is_number), "a table of numbers"),
    "cpu_seconds": (is_map_of(is_number), "a table of numbers"),
    "contract": (is_map_of(_is_whole_or_text), "a table of whole numbers and text"),
    "calendar": (is_map_of(_is_whole_or_text), "a table of whole numbers and text"),
    "profile": (lambda value: isinstance(value, str) and value in PROFILES, f"one of {', '.join(PROFILES)}"),
    "rows": (is_map_of(is_count), "a table of whole numbers from 0"),
}


def plain(value: Any) -> Any:
    """Return a value as JSON knows it: NumPy scalars unwrapped, numbers that are not finite as None."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
