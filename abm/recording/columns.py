"""Kinds of columns that the tables of a run folder are made of, and those that many share."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pyarrow as pa

_SINCE, _FILLED = "since format", "filled with"


def column(name: str, kind: pa.DataType, units: str, description: str, *, nullable: bool = False) -> pa.Field:
    """Return a column with its units and description."""
    return pa.field(name, kind, nullable, metadata={"units": units, "description": description})


def whole_number(name: str, units: str, description: str) -> pa.Field:
    """Return a column of integers."""
    return column(name, pa.int64(), units, description)


def money(name: str, description: str) -> pa.Field:
    """Return a column of integer micro-USD."""
    return whole_number(f"{name}_usd_micro", "micro-USD", description)


def price(name: str, description: str) -> pa.Field:
    """Return a column of prices in ticks, null where there is none."""
    return column(f"{name}_ticks", pa.int64(), "ticks", description, nullable=True)


def number(name: str, units: str, description: str) -> pa.Field:
    """Return a column of floats."""
    return column(name, pa.float64(), units, description)


def flag(name: str, description: str) -> pa.Field:
    """Return a column of truth values."""
    return column(name, pa.bool_(), "true or false", description)


def text(name: str, description: str) -> pa.Field:
    """Return a column of text."""
    return column(name, pa.string(), "text", description)


DAY = whole_number("day", "trading day", "Trading day, from 0.")
ROUND = whole_number("round", "round of the day", "Trading round within the day, from 0.")
MONTH = whole_number("month", "delivery month", "Absolute number of the delivery month.")
TENOR = whole_number("tenor", "months", "Months between the front month (0) and this one.")
ACCOUNT = whole_number("account", "account number", "Trading account.")
MEMBER = whole_number("member", "member number", "Clearing member of the account.")
NAME = text("name", "Name of the company if the scenario names one; empty for all others.")


def schema(description: str, *fields: pa.Field, since: int = 1) -> pa.Schema:
    """Return the schema of a table, and the format of the run folder since which there is one."""
    declared = {} if since == 1 else {_SINCE: str(since)}
    return pa.schema(fields, metadata={"description": description} | declared)


def since(number: int, new: pa.Field, *, filled: object = None) -> pa.Field:
    """Return a column that the run folder has since a format; in older folders it is filled.

    Parameters
    ----------
    number : int
        Format, one more than the newest one if the column is the first of it.
    new : pyarrow.Field
        The column.
    filled : object
        Value in folders of older formats: null, or what JSON has a word for.
    """
    return new.with_metadata(dict(new.metadata) | {_SINCE: str(number), _FILLED: json.dumps(filled)})


def declared_since(metadata: Mapping[bytes, bytes] | None) -> int:
    """Return the format that a column's or table's metadata name; 1 if they name none."""
    return int((metadata or {}).get(_SINCE.encode(), b"1"))


def declared_filling(metadata: Mapping[bytes, bytes]) -> object:
    """Return what a column is filled with in folders of formats that have it not."""
    return json.loads(metadata.get(_FILLED.encode(), b"null"))
