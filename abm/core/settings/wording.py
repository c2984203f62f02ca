"""How a value, a field and a file are written in a message: in one line of bounded length."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, time
from typing import Any

from abm.core.settings.toml_text import BARE_KEY, toml_value

MOST_CHARACTERS = 120
"""Longest value or key in a message; judgement: a line that a terminal still shows whole."""


def printable(text: str, most: int | None = None) -> str:
    """Return a text with what cannot be printed escaped, and its tail left out beyond ``most`` characters."""
    kept = text if most is None or len(text) <= most else f"{text[:most]}..."
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in kept)


def shown(value: Any) -> str:
    """Return a value as a message shows it, in short: as TOML, or as Python where TOML has no word for it."""
    known = value is None or isinstance(value, (bool, int, float, str, tuple, list, Mapping, date, time))
    return printable(toml_value(value) if known else repr(value), MOST_CHARACTERS)


def dotted_name(path: Iterable[str | int]) -> str:
    """Return a field's place as a message names it: parts with a dot, a quote or a blank are quoted."""
    parts = [part if BARE_KEY.fullmatch(part) else json.dumps(part) for part in map(str, path)]
    return ".".join(printable(part, MOST_CHARACTERS) for part in parts)
