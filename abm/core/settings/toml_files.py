"""Reading TOML that anybody may have written: whatever is wrong with it is one line, soon."""

from __future__ import annotations

import codecs
import os
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from abm.core.errors import ScenarioError
from abm.core.settings.wording import MOST_CHARACTERS, printable

MOST_BYTES = 1_000_000
"""Largest scenario file; judgement: the packaged ones have less than 5,000."""

MOST_LEVELS = 32
"""Deepest nesting of tables and arrays; judgement: no field lies deeper than six."""

_KEY_PART = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_LONG_KEY = re.compile(rf"""(?<![A-Za-z0-9_-]){_KEY_PART}(?:[ \t]*\.[ \t]*{_KEY_PART}){{{MOST_LEVELS}}}""")
"""A dotted key deeper than any field: found before parsing, which takes time with the square of its parts."""

_WIDE_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class NotToml(ScenarioError):
    """A text is not TOML."""


def unreadable(path: Path) -> str | None:
    """Return why a path cannot be read as a file, ``None`` if it can: it is there, plain and accessible."""
    try:
        if path.is_file():
            return None if os.access(path, os.R_OK) else "permission denied"
        return "not a file" if path.exists() else "no such file"
    except OSError as error:
        return str(error.strerror)
    except ValueError:
        return "no such file"  # a name with a NUL byte, which no file has


def read_text(path: Path, label: str, *, most_bytes: int = MOST_BYTES) -> str:
    """Return the text of a UTF-8 file, without a byte-order mark if it begins with one.

    Raises
    ------
    ScenarioError
        If it is no plain file, cannot be read, is larger than ``most_bytes``, or is other than UTF-8.
    """
    reason = unreadable(path)
    if reason is not None:
        raise ScenarioError(f"{label}: {reason}")
    try:
        with path.open("rb") as stream:
            content = stream.read(most_bytes + 1)
    except OSError as error:
        raise ScenarioError(f"{label}: {error.strerror}") from None
    if len(content) > most_bytes:
        raise ScenarioError(f"{label}: larger than {most_bytes:,} bytes, the most that is read")
    if content.startswith(_WIDE_MARKS):
        raise ScenarioError(f"{label}: UTF-16 or UTF-32 text (allowed: UTF-8)")
    marked = len(codecs.BOM_UTF8) if content.startswith(codecs.BOM_UTF8) else 0
    try:
        return content[marked:].decode("utf-8")
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{label}: not UTF-8 text (byte {marked + error.start})") from None


def parse_toml(text: str, label: str) -> dict[str, Any]:
    """Return the tables of a TOML text.

    Raises
    ------
    ScenarioError
        If it is no TOML (``NotToml``), is nested deeper than ``MOST_LEVELS``, or has a number too long.
    """
    long_key = _LONG_KEY.search(text)
    if long_key is not None:
        line = text.count("\n", 0, long_key.start()) + 1
        raise ScenarioError(f"{label}: a key of more than {MOST_LEVELS} parts (line {line})")
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        reason = printable(str(error), 2 * MOST_CHARACTERS)
        raise NotToml(f"{label}: not valid TOML: {reason}") from None
    except RecursionError:
        raise ScenarioError(f"{label}: nested deeper than {MOST_LEVELS} levels") from None
    except ValueError:
        raise ScenarioError(f"{label}: an integer of more digits than can be read") from None
    require_shallow(tables, label)
    return tables


def require_shallow(value: Any, label: str) -> None:
    """Refuse a value nested deeper than ``MOST_LEVELS``, which nothing behind could walk through."""
    level = [value]
    for _ in range(MOST_LEVELS):
        level = [item for outer in level for item in _inside(outer)]
        if not level:
            return
    raise ScenarioError(f"{label}: nested deeper than {MOST_LEVELS} levels")


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, (list, tuple)) else ()
