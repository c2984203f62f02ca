"""Writing scenario values as TOML (the standard library reads TOML and does not write it)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
"""A key that needs no quotes."""

_MOST_DECIMAL_BITS = 14_000
"""Python refuses to write longer integers in decimal digits (4,300 of them)."""


def toml_value(value: Any) -> str:
    """Return one value as TOML text: string, boolean, number, array or inline table."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, int) and value.bit_length() > _MOST_DECIMAL_BITS:
        return hex(value)
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)} = {toml_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    return str(value)  # dates and times, which no scenario field accepts, appear in error messages


def toml_document(tables: Mapping[str, Any]) -> str:
    """Return nested tables as a TOML document: plain values first, then one header per table."""
    return "\n\n".join(_table(tables, ())) + "\n"


def _table(table: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    lines = [f"[{'.'.join(map(_key, path))}]"] if path else []
    lines += [f"{_key(key)} = {toml_value(item)}" for key, item in table.items() if not _is_table(item)]
    blocks = ["\n".join(lines)] if lines else []
    for key, item in table.items():
        if _is_table(item):
            blocks += _table(item, (*path, key))
    return blocks


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping)


def _key(key: str) -> str:
    return key if BARE_KEY.fullmatch(key) else json.dumps(key, ensure_ascii=False)
